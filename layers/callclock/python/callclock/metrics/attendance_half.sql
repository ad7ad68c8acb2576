-- relation: attendance_half
-- from: attendance_middle, attendance_weighed, attendance_late, attendance_in_cells
-- stored: yes
-- meaning: Of the cells whose half is reached only after the first open incident was last seen: when, and how many open ones had been lost sight of before.
WITH reached AS (
    -- The first interval, and point in it, at the end of which half are attended.
    SELECT w.period_kind, w.period_label, w.cell_no, MIN(w.interval_no * 64 + w.point_no) AS step
    FROM attendance_weighed AS w
    INNER JOIN attendance_middle AS m
        ON m.period_kind = w.period_kind AND m.period_label = w.period_label AND m.cell_no = w.cell_no
    WHERE m.first_open_ms < m.middle_ms AND w.attended > 0 AND w.attended_weight_by >= (0.5E0 - 1.0E-9) * w.placed
    GROUP BY w.period_kind, w.period_label, w.cell_no
),
wanted AS (
    -- How many of those attended in it that takes.
    SELECT
        w.period_kind, w.period_label, w.cell_no, w.interval_no, w.point_no, w.still_open_by,
        CEIL(((0.5E0 - 1.0E-9) * w.placed - w.attended_weight_by + w.attended * w.weight) / NULLIF(w.weight, 0)) AS wanted
    FROM reached AS r
    INNER JOIN attendance_weighed AS w
        ON w.period_kind = r.period_kind AND w.period_label = r.period_label AND w.cell_no = r.cell_no
        AND w.interval_no * 64 + w.point_no = r.step
),
attended AS (
    SELECT r.period_kind, r.period_label, i.cell_no, r.interval_no, r.point_no, r.so_far_ms
    FROM attendance_late AS r
    INNER JOIN attendance_in_cells AS i ON i.kind_no = r.kind_no
    WHERE r.attended
    UNION ALL
    SELECT r.period_kind, r.period_label, i.cell_no, r.interval_no, r.point_no, r.so_far_ms
    FROM attendance_late AS r
    INNER JOIN attendance_in_cells AS i ON i.kind_no = r.hour_kind_no
    WHERE r.attended
),
ordered AS (
    SELECT
        w.period_kind, w.period_label, w.cell_no, w.still_open_by, w.wanted, r.so_far_ms,
        COUNT(*) OVER (PARTITION BY w.period_kind, w.period_label, w.cell_no ORDER BY r.so_far_ms) AS attended_by
    FROM attended AS r
    INNER JOIN wanted AS w
        ON w.period_kind = r.period_kind AND w.period_label = r.period_label AND w.cell_no = r.cell_no
        AND w.interval_no = r.interval_no AND w.point_no = r.point_no
)
SELECT period_kind, period_label, cell_no, MIN(so_far_ms) AS half_ms, MIN(still_open_by) AS still_open_by
FROM ordered
WHERE attended_by >= wanted
GROUP BY period_kind, period_label, cell_no
