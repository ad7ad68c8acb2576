-- Restatements: what had been published as complete and differs now. A pure function of two consecutive versions of a
-- result object (METRICS "Restatements"), so a crash between them loses none. Becoming complete is no restatement.
-- A value that is gone altogether is restated to NULL.
SELECT
    {keys},
    o.period_start,
    o.period_end,
    o.value AS old_value,
    n.value AS new_value,
    CAST($restated_at AS TIMESTAMP_MS) AS restated_at,
    v.cause,
    v.detail AS cause_detail,
    $family AS family,
    v.month
FROM ({old_values}) AS o
INNER JOIN versions AS v ON v.old_file = o.file
LEFT JOIN ({new_values}) AS n
    ON n.file = v.new_file AND n.period_end = o.period_end AND {same_keys}
WHERE o.complete
  AND o.value IS DISTINCT FROM n.value
  -- Equal to the last digits: means and shares depend on the order of addition.
  AND NOT coalesce(abs(o.value - n.value) <= 1e-9 * greatest(abs(o.value), abs(n.value), 1e-9), false)
