-- relation: calls_cell
-- from: calls_in_period
-- stored: no
-- meaning: One row per cell with all that the call families count: line x queue, line, and line x hour of the week (month). Lines are never added up: a 999 and a 101 call are two things.
SELECT
    period_kind,
    period_label,
    line,
    CASE WHEN GROUPING(queue) = 1 THEN 'all' ELSE queue END AS queue,
    CASE WHEN GROUPING(hour_of_week) = 1 THEN 'all' ELSE hour_of_week END AS hour_of_week,
    COUNT(*) FILTER (WHERE counted) AS offered,
    COUNT(*) FILTER (WHERE NOT counted) AS excluded,
    COUNT(*) FILTER (WHERE stage = 'answered') AS answered,
    COUNT(*) FILTER (WHERE stage = 'unknown') AS unknown_stage,
    COUNT(*) FILTER (WHERE hung_up) AS hung_up,
    COUNT(*) FILTER (WHERE hung_up AND NOT live_answer) AS abandoned,
    COUNT(*) FILTER (WHERE stage = 'callback_pending') AS pending,
    COUNT(*) FILTER (WHERE counted AND NOT live_answer AND stage NOT IN ('callback_served', 'callback_pending')) AS no_person,
    MAX(last_event_at) AS last_event_at,

    -- the queue
    COUNT(*) FILTER (WHERE queued) AS queued,
    COUNT(*) FILTER (WHERE left_in_queue) AS left_in_queue,
    COUNT(*) FILTER (WHERE queued AND stage = 'callback_pending') AS queued_pending,
    COUNT(*) FILTER (WHERE queued AND stage = 'callback_unserved') AS queued_unserved,
    COUNT(*) FILTER (WHERE left_in_queue AND queue_gave_up_ms IS NULL) AS left_unknown_when,
    COUNT(*) FILTER (WHERE queue_gave_up_ms < 5000) AS left_under_5s,
    COUNT(*) FILTER (WHERE queue_gave_up_ms < 10000) AS left_under_10s,
    COUNT(*) FILTER (WHERE queue_gave_up_ms < 30000) AS left_under_30s,
    COUNT(*) FILTER (WHERE queue_gave_up_ms < 60000) AS left_under_60s,

    -- waits in ms
    COUNT(wait_first_ms) AS wait_first_n,
    CAST(SUM(wait_first_ms) AS DOUBLE) / NULLIF(COUNT(wait_first_ms), 0) AS wait_first_mean_ms,
    quantile_cont(wait_first_ms, 0.5) AS wait_first_median_ms,
    quantile_cont(wait_first_ms, 0.9) AS wait_first_p90_ms,
    quantile_cont(wait_first_ms, 0.95) AS wait_first_p95_ms,
    COUNT(wait_final_ms) AS wait_final_n,
    CAST(SUM(wait_final_ms) AS DOUBLE) / NULLIF(COUNT(wait_final_ms), 0) AS wait_final_mean_ms,
    quantile_cont(wait_final_ms, 0.5) AS wait_final_median_ms,
    quantile_cont(wait_final_ms, 0.9) AS wait_final_p90_ms,
    quantile_cont(wait_final_ms, 0.95) AS wait_final_p95_ms,
    COUNT(queue_wait_first_ms) AS queue_wait_first_n,
    CAST(SUM(queue_wait_first_ms) AS DOUBLE) / NULLIF(COUNT(queue_wait_first_ms), 0) AS queue_wait_first_mean_ms,
    quantile_cont(queue_wait_first_ms, 0.5) AS queue_wait_first_median_ms,
    quantile_cont(queue_wait_first_ms, 0.9) AS queue_wait_first_p90_ms,
    quantile_cont(queue_wait_first_ms, 0.95) AS queue_wait_first_p95_ms,
    COUNT(*) FILTER (WHERE live_answer AND wait_first_ms IS NULL) AS answered_unknown_when,
    COUNT(*) FILTER (WHERE wait_first_ms < 10000) AS first_under_10s,
    COUNT(*) FILTER (WHERE wait_first_ms < 30000) AS first_under_30s,
    COUNT(*) FILTER (WHERE wait_first_ms < 60000) AS first_under_60s,
    COUNT(*) FILTER (WHERE wait_first_ms > 300000 OR (gave_up_ms > 300000 AND NOT live_answer)) AS waited_over_5m,
    COUNT(*) FILTER (WHERE wait_first_ms > 900000 OR (gave_up_ms > 900000 AND NOT live_answer)) AS waited_over_15m
FROM calls_in_period
GROUP BY GROUPING SETS (
    (period_kind, period_label, line, queue),
    (period_kind, period_label, line),
    (period_kind, period_label, line, hour_of_week)
)
HAVING GROUPING(hour_of_week) = 1 OR period_kind = 'month'
