-- relation: calls_in_period
-- from: calls_population, periods
-- stored: no
-- meaning: Each call once for every period that holds its start.
SELECT
    p.period_kind,
    p.period_label,
    r.line,
    r.queue,
    CASE WHEN p.period_kind = 'month' THEN r.hour_of_week ELSE 'all' END AS hour_of_week,
    r.counted,
    r.stage,
    r.hung_up,
    r.live_answer,
    r.queued,
    r.left_in_queue,
    r.wait_first_ms,
    r.wait_final_ms,
    r.queue_wait_first_ms,
    r.gave_up_ms,
    r.queue_gave_up_ms,
    r.last_event_at
FROM calls_population AS r
INNER JOIN periods AS p ON r.started_at >= p.start_at AND r.started_at < p.end_at
