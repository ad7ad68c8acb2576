-- One row per curve of attendance: the newest $months months, and the year to date and the rolling year that end with
-- the newest, each as shares in thousandths at the times asked about, in order. The shares are cut where nobody can know
-- them any more, and the first so many of them are settled.
WITH newest AS (
    SELECT
        max(period_end) FILTER (WHERE period_kind = 'month') AS newest_end,
        max_by(grade_scheme, CAST(period_end AS VARCHAR) || grade_scheme) FILTER (WHERE grade <> 'all') AS grade_scheme
    FROM attendance_curve
)
SELECT
    c.period_kind,
    c.period_label,
    c.grade,
    c.population,
    c.area,
    list(c.after_s ORDER BY c.after_s) AS after_s,
    list(CAST(round(c.attended_share * 1000) AS INTEGER) ORDER BY c.after_s) FILTER (WHERE c.attended_share IS NOT NULL) AS thousandths,
    count(*) FILTER (WHERE c.complete) AS settled
FROM attendance_curve AS c
CROSS JOIN newest AS n
WHERE c.grade_basis IN ('all', 'initial')
    AND c.population IN ('domestic_abuse', 'other', 'all')
    AND (c.grade = 'all' OR c.grade_scheme = n.grade_scheme)
    AND (
        (c.period_kind = 'month' AND c.period_start >= n.newest_end - to_months($months))
        OR (c.period_kind IN ('fy_to_date', 'rolling_12m') AND c.period_end = n.newest_end)
    )
GROUP BY c.period_kind, c.period_label, c.grade, c.population, c.area
ORDER BY ALL
