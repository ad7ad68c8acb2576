-- relation: attendance_percentiles
-- from: attendance_in_cell, attendance_cells, periods
-- stored: yes
-- meaning: The percentiles of the waits of each cell of attendance_cell that has any, which no sum can give; exact, by linear interpolation, in ms.
WITH found AS (
    SELECT
        period_no,
        cell_no,
        quantile_cont(attend_ms, 0.5) AS attend_median_ms,
        quantile_cont(attend_ms, 0.9) AS attend_p90_ms,
        quantile_cont(attend_ms, 0.95) AS attend_p95_ms
    FROM attendance_in_cell
    WHERE attend_ms IS NOT NULL
    GROUP BY period_no, cell_no
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
INNER JOIN periods AS p ON p.period_no = f.period_no
INNER JOIN attendance_cells AS c ON c.cell_no = f.cell_no
INNER JOIN (VALUES ('initial'), ('final')) AS b(grade_basis) ON c.grade_basis IN ('either', b.grade_basis)
