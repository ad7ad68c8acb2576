-- The figure of each part of one metric by one dimension at two period ends, of those that have one at both.
SELECT
    o.{dimension},
    o.value AS old_value,
    o.n AS old_n,
    w.value AS new_value,
    w.n AS new_n
FROM (SELECT * FROM metric_values WHERE period_end = $old_end AND {dimension} <> 'all' {where}) AS o
INNER JOIN (SELECT * FROM metric_values WHERE period_end = $new_end AND {dimension} <> 'all' {where}) AS w
    ON w.metric = o.metric AND w.period_kind = o.period_kind AND w.{dimension} = o.{dimension}
WHERE o.metric = $metric AND o.period_kind = $period AND o.value IS NOT NULL AND w.value IS NOT NULL
ORDER BY o.{dimension}
