-- relation: attendance_in_cell
-- from: attendance_population, attendance_cuts, period_days
-- stored: no
-- meaning: Each incident that counts, with its waits, once for every cell that it counts in.
SELECT
    c.period_kind,
    c.period_label,
    c.grade_basis,
    CASE WHEN c.grade_basis = 'either' THEN 'all' ELSE r.grade_scheme END AS grade_scheme,
    CASE c.grade_basis WHEN 'initial' THEN r.grade_initial WHEN 'final' THEN r.grade_final ELSE 'all' END AS grade,
    CASE WHEN c.by_population THEN r.population ELSE 'all' END AS population,
    CASE WHEN c.by_area THEN r.area ELSE 'all' END AS area,
    CASE WHEN c.by_hour THEN r.hour_of_week ELSE 'all' END AS hour_of_week,
    r.attend_ms,
    r.created_to_dispatch_ms,
    r.dispatch_to_arrival_ms
FROM attendance_population AS r
INNER JOIN period_days AS p ON p.local_date = r.local_date
INNER JOIN attendance_cuts AS c ON c.period_kind = p.period_kind AND c.period_label = p.period_label
WHERE r.counted
