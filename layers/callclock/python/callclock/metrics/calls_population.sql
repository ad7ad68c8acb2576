-- relation: calls_population
-- from: calls_stated
-- stored: yes
-- meaning: One row per call: its cell, the stage it ended in and its waits, NULL where it does not count. METRICS "B". Outbound, internal, unfinished and set-aside calls are left out and counted.
SELECT
    r.local_date,
    r.hour_of_week,
    r.line,
    r.queue,
    r.counted,
    CASE WHEN r.counted THEN r.final_stage END AS stage,
    r.counted AND r.hung_up AS hung_up,
    r.counted AND r.live_answer AS live_answer,
    r.counted AND (r.left_in_queue OR r.queue_entered_at IS NOT NULL) AS queued,
    r.counted AND r.left_in_queue AS left_in_queue,
    CASE WHEN r.counted AND r.live_answer THEN r.wait_first_ms END AS wait_first_ms,
    CASE WHEN r.counted THEN r.wait_final_ms END AS wait_final_ms,
    CASE WHEN r.counted AND r.live_answer THEN r.queue_wait_first_ms END AS queue_wait_first_ms,
    CASE WHEN r.counted AND r.hung_up THEN r.end_ms END AS gave_up_ms,
    CASE WHEN r.counted AND r.left_in_queue THEN date_diff('millisecond', r.queue_entered_at, r.ended_at) END AS queue_gave_up_ms,
    CASE WHEN r.counted THEN r.ended_at END AS last_event_at
FROM calls_stated AS r
