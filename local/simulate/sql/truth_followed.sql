-- What became of those whose first call was hung up: where the last of their attempts on 101 led them. Without the
-- withheld numbers, of which nobody can tell; ids of one person's attempts differ by whole billions of thousands.
WITH attempts_101 AS (
    SELECT *, id % 1000000000000 AS first_id
    FROM calls
    WHERE line = '101' AND direction = 'In'
), ended AS (
    SELECT
        first_id,
        local_month(min(start)) AS month,
        arg_min(route, attempt) IS NOT NULL AND NOT any_value(withheld) AS followed,
        arg_max(coalesce(route, CASE WHEN coalesce(answer, switchboard_answer) IS NULL THEN 'vanish' ELSE 'answered_101' END), attempt) AS led_to
    FROM attempts_101
    GROUP BY first_id
)
SELECT
    month,
    CASE led_to WHEN 'dial_999' THEN 'call_999' WHEN 'vanish' THEN 'none_found' ELSE led_to END AS outcome,
    count(*) AS hang_ups
FROM ended
WHERE followed
GROUP BY ALL
ORDER BY ALL
