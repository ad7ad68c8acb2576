-- name: attendance_curve
-- table: incidents
-- from: attendance_cell, attendance_cells, attendance_middle, attendance_weighed, periods, run
-- result: attendance_curve
-- kinds: month, quarter, fy_to_date, rolling_12m
-- settled_after: 29
-- events_settle: 0
-- keys: grade_basis, grade_scheme, grade, population, area, after_s
-- look_behind: 0
-- look_ahead: 0
-- definition_version: 1
WITH points AS (
    SELECT
        point_no,
        CASE
            WHEN point_no = 0 THEN 900000
            WHEN point_no <= 24 THEN point_no * 3600000
            ELSE 86400000 + (point_no - 24) * 21600000
        END AS after_ms
    FROM (VALUES
        (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15), (16), (17), (18), (19),
        (20), (21), (22), (23), (24), (25), (26), (27), (28), (29), (30), (31), (32), (33), (34), (35), (36), (37), (38),
        (39), (40), (41), (42), (43), (44), (45), (46), (47), (48)
    ) AS p(point_no)
),
found AS (
    SELECT
        period_kind, period_label, cell_no, point_no,
        SUM(attended * weight) AS attended_weight,
        SUM((n - attended - still_open) * weight) AS closed_weight,
        SUM(still_open) AS still_open
    FROM attendance_weighed
    GROUP BY period_kind, period_label, cell_no, point_no
),
drawn AS (
    SELECT
        m.period_kind, m.period_label, m.cell_no, m.placed, p.after_ms,
        -- What comes after the last known time nobody can say while an incident was open at it.
        COALESCE(p.after_ms > m.last_ms AND m.last_open_ms = m.last_ms, false) AS past_all_knowledge,
        SUM(COALESCE(f.attended_weight, 0.0E0)) OVER (
            PARTITION BY m.period_kind, m.period_label, m.cell_no ORDER BY p.point_no
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS attended_weight,
        SUM(COALESCE(f.closed_weight, 0.0E0)) OVER (
            PARTITION BY m.period_kind, m.period_label, m.cell_no ORDER BY p.point_no
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS closed_weight,
        CAST(SUM(COALESCE(f.still_open, 0)) OVER (
            PARTITION BY m.period_kind, m.period_label, m.cell_no ORDER BY p.point_no
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS BIGINT) AS n_immature
    FROM attendance_middle AS m
    INNER JOIN attendance_cells AS k ON k.cell_no = m.cell_no AND k.hour_of_week = 'all'
    CROSS JOIN points AS p
    LEFT JOIN found AS f
        ON f.period_kind = m.period_kind AND f.period_label = m.period_label AND f.cell_no = m.cell_no AND f.point_no = p.point_no
    WHERE m.period_kind NOT IN ('day', 'week')
)
SELECT
    c.period_kind,
    c.period_label,
    c.grade_basis,
    c.grade_scheme,
    c.grade,
    c.population,
    c.area,
    CAST(d.after_ms AS DOUBLE) / 1000.0E0 AS after_s,
    p.period_start,
    p.period_end,
    CASE WHEN NOT d.past_all_knowledge THEN CAST(d.attended_weight AS DOUBLE) / NULLIF(d.placed, 0) END AS attended_share,
    CASE WHEN NOT d.past_all_knowledge THEN CAST(d.closed_weight AS DOUBLE) / NULLIF(d.placed, 0) END AS closed_share,
    d.placed AS n,
    d.n_immature,
    c.not_placed AS n_unknown,
    c.excluded AS n_excluded,
    c.clock_fallback AS n_clock_fallback,
    run.force_as_at >= p.end_at AND d.n_immature = 0 AND NOT p.hole AS complete,
    -- As of any value: while a record is open the row moves with its table, else it is settled 29 days after its period, or with its last event.
    CASE
        WHEN c.still_open > 0 OR run.force_as_at < p.end_at + INTERVAL '29' DAY OR run.force_as_at < c.last_event_at THEN run.force_as_at
        WHEN c.last_event_at > p.end_at + INTERVAL '29' DAY THEN c.last_event_at
        ELSE p.end_at + INTERVAL '29' DAY
    END AS as_at,
    CONCAT_WS(
        ';',
        CASE WHEN c.clock_fallback > 0.95E0 * c.incidents THEN 'created_clock' WHEN c.clock_fallback >= 0.05E0 * c.incidents AND c.clock_fallback > 0 THEN 'mixed_clock' END,
        CASE WHEN c.unknown_origin_counted > 0 THEN 'unknown_origin_counted' END,
        CASE WHEN c.not_placed > 0.05E0 * c.incidents THEN 'unknown_outcomes' END
    ) AS notes
FROM attendance_cell AS c
INNER JOIN attendance_cells AS k
    ON k.grade_basis = CASE c.grade WHEN 'all' THEN 'either' ELSE c.grade_basis END AND k.grade_scheme = c.grade_scheme
    AND k.grade = c.grade AND k.population = c.population AND k.area = c.area AND k.hour_of_week = c.hour_of_week
INNER JOIN drawn AS d ON d.period_kind = c.period_kind AND d.period_label = c.period_label AND d.cell_no = k.cell_no
INNER JOIN periods AS p ON p.period_kind = c.period_kind AND p.period_label = c.period_label
CROSS JOIN run
