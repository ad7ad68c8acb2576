-- relation: attendance_in_cell
-- from: attendance_population, attendance_configured, attendance_in_cells, period_days
-- stored: no
-- meaning: Each incident with its waits, once for every period and cell that it counts in, both in one number (a million for each period, and the cell); areas for month and longer, hours of the week for months. Few: a cell of one day or of one hour of the week.
SELECT
    g.few, g.group_no,
    r.state_no, r.attend_ms, r.so_far_ms, r.call_to_answer_ms, r.created_to_dispatch_ms, r.dispatch_to_arrival_ms
FROM attendance_population AS r
INNER JOIN (
    -- What is the same for all of one day and kind is joined for one of them.
    SELECT k.day_kind_no, p.period_kind = 'day' AS few, p.period_no * 1000000 + c.cell_no AS group_no
    FROM (SELECT DISTINCT local_date, kind_no, day_kind_no FROM attendance_configured) AS k
    INNER JOIN period_days AS p ON p.local_date = k.local_date
    INNER JOIN attendance_in_cells AS c ON c.kind_no = k.kind_no AND (NOT c.by_area OR p.period_kind NOT IN ('day', 'week'))
) AS g ON g.day_kind_no = r.day_kind_no
UNION ALL
SELECT
    true AS few, p.period_no * 1000000 + c.cell_no AS group_no,
    r.state_no, r.attend_ms, r.so_far_ms, r.call_to_answer_ms, r.created_to_dispatch_ms, r.dispatch_to_arrival_ms
FROM attendance_population AS r
INNER JOIN period_days AS p ON p.local_date = r.local_date AND p.period_kind = 'month'
INNER JOIN attendance_in_cells AS c ON c.kind_no = r.hour_kind_no
