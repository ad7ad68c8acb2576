-- relation: attendance_middle
-- from: attendance_placed, attendance_in_cells, periods, period_days
-- stored: yes
-- meaning: Of each cell's incidents of known outcome: how many, the time by which half of them were attended if no open one stood in the way (past every time where they were not), and when the first and the last open one was last seen.
WITH placed_in_cell AS (
    SELECT p.period_no, c.cell_no, r.so_far_ms, r.attended, r.still_open
    FROM attendance_placed AS r
    INNER JOIN period_days AS p ON p.local_date = r.local_date
    INNER JOIN attendance_in_cells AS c ON c.kind_no = r.kind_no AND NOT c.by_area
    UNION ALL
    SELECT p.period_no, c.cell_no, r.so_far_ms, r.attended, r.still_open
    FROM attendance_placed AS r
    INNER JOIN period_days AS p ON p.local_date = r.local_date AND p.period_kind NOT IN ('day', 'week')
    INNER JOIN attendance_in_cells AS c ON c.kind_no = r.kind_no AND c.by_area
    UNION ALL
    SELECT p.period_no, c.cell_no, r.so_far_ms, r.attended, r.still_open
    FROM attendance_placed AS r
    INNER JOIN period_days AS p ON p.local_date = r.local_date AND p.period_kind = 'month'
    INNER JOIN attendance_in_cells AS c ON c.kind_no = r.hour_kind_no
),
found AS (
    SELECT
        period_no,
        cell_no,
        COUNT(*) AS placed,
        COUNT(*) FILTER (WHERE still_open) AS still_open,
        quantile_disc(CASE WHEN attended THEN so_far_ms ELSE 9000000000000000000 END, 0.5) AS middle_ms,
        MIN(CASE WHEN still_open THEN so_far_ms END) AS first_open_ms,
        MAX(CASE WHEN still_open THEN so_far_ms END) AS last_open_ms,
        MAX(so_far_ms) AS last_ms
    FROM placed_in_cell
    GROUP BY period_no, cell_no
)
SELECT
    p.period_kind,
    p.period_label,
    f.cell_no,
    f.placed,
    f.still_open,
    f.middle_ms,
    f.first_open_ms,
    f.last_open_ms,
    f.last_ms
FROM found AS f
INNER JOIN periods AS p ON p.period_no = f.period_no
