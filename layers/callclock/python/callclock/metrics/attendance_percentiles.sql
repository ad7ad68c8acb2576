-- relation: attendance_percentiles
-- from: attendance_few, attendance_many, attendance_cells, periods
-- stored: yes
-- meaning: The percentiles of the waits of each cell of attendance_cell that has any, which no sum can give; exact, by linear interpolation, in ms.
WITH found AS (
    SELECT group_no, attend_median_ms, attend_p90_ms, attend_p95_ms FROM attendance_few
    UNION ALL
    SELECT group_no, attend_median_ms, attend_p90_ms, attend_p95_ms FROM attendance_many
)
SELECT
    p.period_kind,
    p.period_label,
    b.grade_basis,
    c.grade_scheme,
    c.grade,
    c.population,
    c.area,
    c.hour_of_week,
    f.attend_median_ms,
    f.attend_p90_ms,
    f.attend_p95_ms
FROM found AS f
INNER JOIN periods AS p ON p.period_no = FLOOR(CAST(f.group_no AS DOUBLE) / 1000000)
INNER JOIN attendance_cells AS c ON c.cell_no = f.group_no % 1000000
INNER JOIN (VALUES ('initial'), ('final')) AS b(grade_basis) ON c.grade_basis IN ('either', b.grade_basis)
