-- What the page shows: the newest $months months of every metric asked for, the year to date and the rolling year that
-- end with the newest month, the backlog of two months by day, and the whole history of what is drawn as an XmR chart (force level only).
-- Grades of two schemes are never in one table (METRICS "Grade"): the scheme of the newest month speaks.
WITH newest AS (
    SELECT
        max(period_end) AS newest_end,
        max_by(grade_scheme, CAST(period_end AS VARCHAR) || grade_scheme) FILTER (WHERE grade <> 'all') AS grade_scheme
    FROM metric_values
    WHERE period_kind = 'month'
)
SELECT
    v.metric, v.period_kind, v.period_label, v.period_start, v.period_end, v.grade, v.population, v.area, v.line,
    v.stage, v.channel, v.source, v.hour_of_week, v.outcome, v.reason, v.age_band, v.window_label, v.risk_level,
    v.value, v.unit, v.n, v.n_immature, v.n_unknown, v.complete, v.target, v.as_at, v.definition_version, v.notes
FROM metric_values AS v
CROSS JOIN newest
WHERE list_contains($metrics, v.metric)
    AND v.grade_basis IN ('all', 'initial')
    AND (v.grade = 'all' OR v.grade_scheme = newest.grade_scheme)
    AND v.population <> 'unknown'
    AND v.queue = 'all'
    AND v.reason = 'all'
    AND v.basis = 'record'
    AND (v.hour_of_week = 'all' OR (v.metric = 'calls.abandonment_rate' AND v.period_kind = 'month'))
    AND CASE
        WHEN v.period_kind = 'month' THEN
            v.period_start >= newest.newest_end - to_months($months)
            OR (list_contains($charted, v.metric) AND v.area = 'all' AND v.hour_of_week = 'all')
        WHEN v.period_kind = 'day' THEN
            v.metric = 'attendance.backlog' AND v.population = 'all' AND v.area = 'all' AND v.period_end > newest.newest_end - INTERVAL 60 DAY
        ELSE v.period_kind IN ('fy_to_date', 'rolling_12m') AND v.period_end = newest.newest_end
    END
ORDER BY
    v.period_end, v.metric, v.period_kind, v.period_label, v.grade, v.population, v.area, v.line, v.stage, v.outcome,
    v.window_label, v.hour_of_week, v.age_band, v.channel, v.source, v.risk_level
