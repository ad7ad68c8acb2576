-- relation: attendance_in_cell
-- from: attendance_population, attendance_in_cells, period_days
-- stored: no
-- meaning: Each incident with its waits, once for every cell that it counts in; areas for month and longer, hours of the week for months. Cells by area are asked for by themselves: one condition for both costs as much as all else here.
SELECT p.period_no, c.cell_no, r.attend_ms, r.call_to_answer_ms, r.created_to_dispatch_ms, r.dispatch_to_arrival_ms
FROM attendance_population AS r
INNER JOIN period_days AS p ON p.local_date = r.local_date
INNER JOIN attendance_in_cells AS c ON c.kind_no = r.kind_no AND NOT c.by_area
UNION ALL
SELECT p.period_no, c.cell_no, r.attend_ms, r.call_to_answer_ms, r.created_to_dispatch_ms, r.dispatch_to_arrival_ms
FROM attendance_population AS r
INNER JOIN period_days AS p ON p.local_date = r.local_date AND p.period_kind NOT IN ('day', 'week')
INNER JOIN attendance_in_cells AS c ON c.kind_no = r.kind_no AND c.by_area
UNION ALL
SELECT p.period_no, c.cell_no, r.attend_ms, r.call_to_answer_ms, r.created_to_dispatch_ms, r.dispatch_to_arrival_ms
FROM attendance_population AS r
INNER JOIN period_days AS p ON p.local_date = r.local_date AND p.period_kind = 'month'
INNER JOIN attendance_in_cells AS c ON c.kind_no = r.hour_kind_no
