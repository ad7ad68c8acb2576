-- relation: calls_percentiles
-- from: calls_population, calls_cuts, period_days
-- stored: yes
-- meaning: The percentiles of each cell of calls_cell, which no sum can give; exact, by linear interpolation, in ms. By stage only how long people waited before they gave up.
WITH in_cell AS (
    SELECT
        c.period_kind,
        c.period_label,
        r.line,
        CASE WHEN c.by_queue THEN r.queue ELSE 'all' END AS queue,
        CASE WHEN c.by_hour THEN r.hour_of_week ELSE 'all' END AS hour_of_week,
        CASE WHEN c.by_stage THEN r.stage ELSE 'all' END AS stage,
        CASE WHEN NOT c.by_stage THEN r.wait_first_ms END AS wait_first_ms,
        CASE WHEN NOT c.by_stage THEN r.wait_final_ms END AS wait_final_ms,
        CASE WHEN NOT c.by_stage THEN r.queue_wait_first_ms END AS queue_wait_first_ms,
        r.gave_up_ms
    FROM calls_population AS r
    INNER JOIN period_days AS p ON p.local_date = r.local_date
    INNER JOIN calls_cuts AS c
        ON c.period_kind = p.period_kind AND c.period_label = p.period_label AND (NOT c.by_stage OR r.gave_up_ms IS NOT NULL)
    WHERE r.counted
)
SELECT
    period_kind,
    period_label,
    line,
    queue,
    hour_of_week,
    stage,
    quantile_cont(wait_first_ms, 0.5) AS wait_first_median_ms,
    quantile_cont(wait_first_ms, 0.9) AS wait_first_p90_ms,
    quantile_cont(wait_first_ms, 0.95) AS wait_first_p95_ms,
    quantile_cont(wait_final_ms, 0.5) AS wait_final_median_ms,
    quantile_cont(wait_final_ms, 0.9) AS wait_final_p90_ms,
    quantile_cont(wait_final_ms, 0.95) AS wait_final_p95_ms,
    quantile_cont(queue_wait_first_ms, 0.5) AS queue_wait_first_median_ms,
    quantile_cont(queue_wait_first_ms, 0.9) AS queue_wait_first_p90_ms,
    quantile_cont(queue_wait_first_ms, 0.95) AS queue_wait_first_p95_ms,
    quantile_cont(gave_up_ms, 0.5) AS gave_up_median_ms
FROM in_cell
GROUP BY period_kind, period_label, line, queue, hour_of_week, stage
