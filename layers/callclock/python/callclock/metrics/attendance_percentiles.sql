-- relation: attendance_percentiles
-- from: attendance_in_period
-- stored: no
-- meaning: The percentiles of each cell of attendance_cell, which no sum can give; exact, by linear interpolation, in ms.
SELECT
    period_kind,
    period_label,
    grade_basis,
    CASE WHEN GROUPING(grade) = 1 THEN 'all' ELSE grade_scheme END AS grade_scheme,
    CASE WHEN GROUPING(grade) = 1 THEN 'all' ELSE grade END AS grade,
    CASE WHEN GROUPING(population) = 1 THEN 'all' ELSE population END AS population,
    CASE WHEN GROUPING(area) = 1 THEN 'all' ELSE area END AS area,
    CASE WHEN GROUPING(hour_of_week) = 1 THEN 'all' ELSE hour_of_week END AS hour_of_week,
    quantile_cont(attend_ms, 0.5) AS attend_median_ms,
    quantile_cont(attend_ms, 0.9) AS attend_p90_ms,
    quantile_cont(attend_ms, 0.95) AS attend_p95_ms,
    quantile_cont(created_to_dispatch_ms, 0.5) AS created_to_dispatch_median_ms,
    quantile_cont(created_to_dispatch_ms, 0.9) AS created_to_dispatch_p90_ms,
    quantile_cont(dispatch_to_arrival_ms, 0.5) AS dispatch_to_arrival_median_ms,
    quantile_cont(dispatch_to_arrival_ms, 0.9) AS dispatch_to_arrival_p90_ms
FROM attendance_in_period
GROUP BY GROUPING SETS (
    (period_kind, period_label, grade_basis, grade_scheme, grade, population, area),
    (period_kind, period_label, grade_basis, grade_scheme, grade, population),
    (period_kind, period_label, grade_basis, grade_scheme, grade, area),
    (period_kind, period_label, grade_basis, grade_scheme, grade),
    (period_kind, period_label, grade_basis, population, area),
    (period_kind, period_label, grade_basis, population),
    (period_kind, period_label, grade_basis, area),
    (period_kind, period_label, grade_basis),
    (period_kind, period_label, grade_basis, grade_scheme, grade, hour_of_week),
    (period_kind, period_label, grade_basis, hour_of_week)
)
HAVING (GROUPING(area) = 1 OR period_kind NOT IN ('day', 'week'))
    AND (GROUPING(hour_of_week) = 1 OR period_kind = 'month')
