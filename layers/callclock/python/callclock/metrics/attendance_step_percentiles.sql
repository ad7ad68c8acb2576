-- relation: attendance_step_percentiles
-- from: attendance_in_cell, attendance_cells, periods
-- stored: yes
-- meaning: The percentiles of call to answer, of created to dispatch and of dispatch to arrival, by cell, as attendance_percentiles.
WITH found AS (
    SELECT
        group_no,
        quantile_cont(call_to_answer_ms, 0.5) AS call_to_answer_median_ms,
        quantile_cont(call_to_answer_ms, 0.9) AS call_to_answer_p90_ms,
        quantile_cont(created_to_dispatch_ms, 0.5) AS created_to_dispatch_median_ms,
        quantile_cont(created_to_dispatch_ms, 0.9) AS created_to_dispatch_p90_ms,
        quantile_cont(dispatch_to_arrival_ms, 0.5) AS dispatch_to_arrival_median_ms,
        quantile_cont(dispatch_to_arrival_ms, 0.9) AS dispatch_to_arrival_p90_ms
    FROM attendance_in_cell
    WHERE call_to_answer_ms IS NOT NULL OR created_to_dispatch_ms IS NOT NULL OR dispatch_to_arrival_ms IS NOT NULL
    GROUP BY group_no
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
    f.call_to_answer_median_ms,
    f.call_to_answer_p90_ms,
    f.created_to_dispatch_median_ms,
    f.created_to_dispatch_p90_ms,
    f.dispatch_to_arrival_median_ms,
    f.dispatch_to_arrival_p90_ms
FROM found AS f
INNER JOIN periods AS p ON p.period_no = FLOOR(CAST(f.group_no AS DOUBLE) / 1000000)
INNER JOIN attendance_cells AS c ON c.cell_no = f.group_no % 1000000
INNER JOIN (VALUES ('initial'), ('final')) AS b(grade_basis) ON c.grade_basis IN ('either', b.grade_basis)
