-- name: attendance_regrades
-- table: incidents
-- also: regrades
-- from: attendance_downgraded, attendance_cuts, period_days
-- settled_after: 29
-- events_settle: 0
-- keys: grade_basis, grade_scheme, grade, population, area, hour_of_week
-- look_behind: 0
-- look_ahead: 31
-- definition_version: 1
--
-- metric: attendance.downgraded_before_target_share
-- definition: Share regraded before somebody came and before its first target ran out, to a grade with a longer target or none
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's, with a target for that grade, known outcome, mature at it in what is known of incidents and of regrades; where regrades are sent at all
-- numerator: A regrade of that kind
-- denominator: Mature at the target of the initial grade
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded; unknown outcomes
-- unit: share
-- direction: lower_is_better
WITH finest AS (
    SELECT
        p.period_kind, p.period_label, h.by_hour, r.grade_scheme, r.grade_initial, r.grade_final,
        CASE WHEN h.by_hour THEN 'all' ELSE r.population END AS population,
        CASE WHEN h.by_hour OR p.period_kind IN ('day', 'week') THEN 'all' ELSE r.area END AS area,
        CASE WHEN h.by_hour THEN lpad(CAST(r.hour_no AS VARCHAR), 3, '0') ELSE 'all' END AS hour_of_week,
        COUNT(*) FILTER (WHERE r.counted) AS incidents,
        COUNT(*) FILTER (WHERE NOT r.counted) AS excluded,
        COUNT(*) FILTER (WHERE r.counted AND NOT r.placed) AS not_placed,
        COUNT(*) FILTER (WHERE r.targeted) AS targeted,
        COUNT(*) FILTER (WHERE r.mature) AS mature,
        COUNT(*) FILTER (WHERE r.downgraded) AS downgraded,
        COUNT(*) FILTER (WHERE r.clock_fallback) AS clock_fallback,
        COUNT(*) FILTER (WHERE r.unknown_origin_counted) AS unknown_origin_counted,
        COUNT(*) FILTER (WHERE r.still_open) AS still_open,
        MAX(r.last_event_at) AS last_event_at
    FROM attendance_downgraded AS r
    INNER JOIN period_days AS p ON p.local_date = r.local_date
    INNER JOIN (VALUES (false), (true)) AS h(by_hour) ON NOT h.by_hour OR p.period_kind = 'month'
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
),
in_cell AS (
    SELECT
        f.period_kind, f.period_label, c.grade_basis,
        CASE WHEN c.grade_basis = 'either' THEN 'all' ELSE f.grade_scheme END AS grade_scheme,
        CASE c.grade_basis WHEN 'initial' THEN f.grade_initial WHEN 'final' THEN f.grade_final ELSE 'all' END AS grade,
        CASE WHEN c.by_population THEN f.population ELSE 'all' END AS population,
        CASE WHEN c.by_area THEN f.area ELSE 'all' END AS area,
        f.hour_of_week,
        CAST(SUM(f.incidents) AS BIGINT) AS incidents,
        CAST(SUM(f.excluded) AS BIGINT) AS excluded,
        CAST(SUM(f.not_placed) AS BIGINT) AS not_placed,
        CAST(SUM(f.targeted) AS BIGINT) AS targeted,
        CAST(SUM(f.mature) AS BIGINT) AS mature,
        CAST(SUM(f.downgraded) AS BIGINT) AS downgraded,
        CAST(SUM(f.clock_fallback) AS BIGINT) AS clock_fallback,
        CAST(SUM(f.unknown_origin_counted) AS BIGINT) AS unknown_origin_counted,
        CAST(SUM(f.still_open) AS BIGINT) AS still_open,
        MAX(f.last_event_at) AS last_event_at
    FROM finest AS f
    INNER JOIN attendance_cuts AS c
        ON c.period_kind = f.period_kind AND c.period_label = f.period_label AND c.by_hour = f.by_hour
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
)
SELECT
    'attendance.downgraded_before_target_share' AS metric,
    c.period_kind,
    c.period_label,
    b.grade_basis,
    c.grade_scheme,
    c.grade,
    c.population,
    c.area,
    c.hour_of_week,
    CAST(NULL AS DOUBLE) AS value,
    c.mature AS n,
    c.downgraded AS numerator,
    c.mature AS denominator,
    c.targeted - c.mature AS n_immature,
    c.not_placed AS n_unknown,
    c.excluded AS n_excluded,
    c.clock_fallback AS n_clock_fallback,
    c.still_open AS open_records,
    c.last_event_at,
    CAST(NULL AS DOUBLE) AS ci_low,
    CAST(NULL AS DOUBLE) AS ci_high,
    CONCAT_WS(
        ';',
        CASE WHEN c.clock_fallback > 0.95E0 * c.incidents THEN 'created_clock' WHEN c.clock_fallback >= 0.05E0 * c.incidents AND c.clock_fallback > 0 THEN 'mixed_clock' END,
        CASE WHEN c.unknown_origin_counted > 0 THEN 'unknown_origin_counted' END
    ) AS notes
FROM in_cell AS c
INNER JOIN (VALUES ('initial'), ('final')) AS b(grade_basis) ON c.grade_basis IN ('either', b.grade_basis)
WHERE c.incidents > 0
