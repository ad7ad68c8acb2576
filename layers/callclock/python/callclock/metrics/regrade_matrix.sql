-- name: regrade_matrix
-- table: incidents
-- from: attendance_alike, attendance_states, attendance_kinds, period_days, periods, run
-- result: regrade_matrix
-- kinds: month, quarter, fy_to_date, rolling_12m
-- settled_after: 29
-- events_settle: 0
-- keys: grade_scheme, grade_initial, grade_final, population, area
-- look_behind: 0
-- look_ahead: 0
-- definition_version: 1
WITH finest AS (
    SELECT
        p.period_kind, p.period_label, k.grade_scheme, k.grade_initial, k.grade_final, k.population, k.area,
        SUM(r.n) AS incidents,
        SUM(CASE WHEN s.fate = 'open' THEN r.n ELSE 0 END) AS still_open,
        SUM(CASE WHEN s.unknown_origin_counted THEN r.n ELSE 0 END) AS unknown_origin_counted,
        MAX(r.last_event_at) AS last_event_at
    FROM attendance_alike AS r
    INNER JOIN attendance_states AS s ON s.state_no = r.state_no AND s.counted
    INNER JOIN attendance_kinds AS k ON k.kind_no = r.kind_no
    INNER JOIN period_days AS p ON p.local_date = r.local_date
    GROUP BY 1, 2, 3, 4, 5, 6, 7
),
in_cell AS (
    SELECT
        f.period_kind, f.period_label, f.grade_scheme, f.grade_initial, f.grade_final,
        CASE WHEN c.by_population THEN f.population ELSE 'all' END AS population,
        CASE WHEN c.by_area THEN f.area ELSE 'all' END AS area,
        CAST(SUM(f.incidents) AS BIGINT) AS incidents,
        CAST(SUM(f.still_open) AS BIGINT) AS still_open,
        CAST(SUM(f.unknown_origin_counted) AS BIGINT) AS unknown_origin_counted,
        MAX(f.last_event_at) AS last_event_at
    FROM finest AS f
    CROSS JOIN (VALUES (false, false), (true, false), (false, true), (true, true)) AS c(by_population, by_area)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
),
of_grade AS (
    SELECT
        c.*,
        SUM(c.incidents) OVER (PARTITION BY c.period_kind, c.period_label, c.grade_scheme, c.grade_initial, c.population, c.area) AS of_initial
    FROM in_cell AS c
)
SELECT
    c.period_kind,
    c.period_label,
    c.grade_scheme,
    c.grade_initial,
    c.grade_final,
    c.population,
    c.area,
    p.period_start,
    p.period_end,
    c.incidents,
    CAST(c.of_initial AS BIGINT) AS of_initial,
    CAST(c.incidents AS DOUBLE) / NULLIF(c.of_initial, 0) AS share,
    run.force_as_at >= p.end_at AND NOT p.hole AS complete,
    CASE
        WHEN c.still_open > 0 OR run.force_as_at < p.end_at + INTERVAL '29' DAY OR run.force_as_at < c.last_event_at THEN run.force_as_at
        WHEN c.last_event_at > p.end_at + INTERVAL '29' DAY THEN c.last_event_at
        ELSE p.end_at + INTERVAL '29' DAY
    END AS as_at,
    CASE WHEN c.unknown_origin_counted > 0 THEN 'unknown_origin_counted' ELSE '' END AS notes
FROM of_grade AS c
INNER JOIN periods AS p ON p.period_kind = c.period_kind AND p.period_label = c.period_label
CROSS JOIN run
