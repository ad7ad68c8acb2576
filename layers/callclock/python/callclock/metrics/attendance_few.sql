-- relation: attendance_few
-- from: attendance_in_cell
-- stored: no
-- meaning: The percentiles of the waits of each cell of one day or of one hour of the week, in ms.
SELECT
    group_no,
    quantile_cont(attend_ms, 0.5) AS attend_median_ms,
    quantile_cont(attend_ms, 0.9) AS attend_p90_ms,
    quantile_cont(attend_ms, 0.95) AS attend_p95_ms
FROM attendance_in_cell
WHERE few AND attend_ms IS NOT NULL
GROUP BY group_no
