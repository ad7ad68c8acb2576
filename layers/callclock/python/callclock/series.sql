-- One series: a metric over the periods of one kind in one cell, with what was last published where it has changed.
-- Grades of two schemes are never in one run (METRICS "Grade"): the scheme of the newest period speaks.
WITH cell AS (
    SELECT *
    FROM metric_values
    WHERE metric = $metric AND period_kind = $period {where}
),
newest AS (
    SELECT grade_scheme FROM cell ORDER BY period_end DESC, grade_scheme DESC LIMIT 1
),
said AS (
    SELECT r.period_end, {said_keys}, max_by(r.old_value, r.restated_at) AS restated_from
    FROM restatements AS r
    WHERE r.metric = $metric AND r.period_kind = $period
    GROUP BY r.period_end, {said_keys}
)
SELECT
    c.period_start, c.period_end, c.value, c.n, c.complete, c.as_at, s.restated_from, c.definition_version,
    c.numerator, c.denominator, c.n_immature, c.n_excluded, c.n_unknown, c.unit
FROM cell AS c
JOIN newest USING (grade_scheme)
LEFT JOIN said AS s ON s.period_end = c.period_end AND {same_keys}
ORDER BY c.period_end
