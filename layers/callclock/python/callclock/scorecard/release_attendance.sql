-- The public table of attendance: one row per month and for the year so far, by grade and domestic abuse, force level.
SELECT
    period_kind,
    period_label,
    period_start,
    period_end,
    grade,
    population,
    max(value) FILTER (WHERE metric = 'attendance.incidents') AS incidents,
    max(value) FILTER (WHERE metric = 'attendance.attended') AS attended,
    max(value) FILTER (WHERE metric = 'attendance.closed_unattended') AS never_attended,
    max(value) FILTER (WHERE metric = 'attendance.open') AS still_open,
    max(value) FILTER (WHERE metric = 'attendance.unknown') AS outcome_unknown,
    max(value) FILTER (WHERE metric = 'attendance.mean_s') AS mean_s,
    max(value) FILTER (WHERE metric = 'attendance.median_s') AS median_s,
    max(value) FILTER (WHERE metric = 'attendance.p90_s') AS p90_s,
    max(denominator - numerator) FILTER (WHERE metric = 'attendance.within_target') AS outside_target,
    max(denominator) FILTER (WHERE metric = 'attendance.within_target') AS with_target,
    max(n_excluded) FILTER (WHERE metric = 'attendance.incidents') AS left_out,
    bool_and(complete) AS complete,
    max(as_at) AS as_at
FROM metric_values
WHERE metric IN (
        'attendance.incidents', 'attendance.attended', 'attendance.closed_unattended', 'attendance.open', 'attendance.unknown',
        'attendance.mean_s', 'attendance.median_s', 'attendance.p90_s', 'attendance.within_target'
    )
    AND period_kind IN ('month', 'fy_to_date')
    AND grade_basis = 'initial' AND area = 'all' AND hour_of_week = 'all' AND reason = 'all' AND basis = 'record'
GROUP BY period_kind, period_label, period_start, period_end, grade_scheme, grade, population
ORDER BY period_end, period_kind DESC, grade, population, grade_scheme
