-- Restatements: what had been published as complete and differs now. A pure function of two consecutive versions of
-- result objects (METRICS "Restatements"), so a crash between them loses none. Becoming complete is no restatement.
-- A value that is gone altogether is restated to NULL.
WITH moved AS MATERIALIZED (
    -- Most values stand as they stood: to tell them by one number costs a third of joining twenty keys.
    SELECT o.*
    FROM (
        SELECT o.*, v.*, hash({old_keys}, o.period_end, o.value, v.new_file) AS row_hash
        FROM ({old_values}) AS o
        INNER JOIN versions AS v ON v.old_file = o.file
        WHERE o.complete
    ) AS o
    ANTI JOIN (
        SELECT hash({new_keys}, n.period_end, n.value, n.file) AS row_hash
        FROM ({new_values}) AS n
    ) AS n ON n.row_hash = o.row_hash
)
SELECT
    {old_keys},
    o.period_start,
    o.period_end,
    o.value AS old_value,
    n.value AS new_value,
    CAST($restated_at AS TIMESTAMP_MS) AS restated_at,
    o.cause,
    o.detail AS cause_detail,
    o.family,
    o.month
FROM moved AS o
LEFT JOIN ({new_values}) AS n
    ON n.file = o.new_file AND n.period_end = o.period_end AND {same_keys}
WHERE o.value IS DISTINCT FROM n.value
  -- Equal to the last digits: means and shares depend on the order of addition.
  AND NOT coalesce(abs(o.value - n.value) <= 1e-9 * greatest(abs(o.value), abs(n.value), 1e-9), false)
