-- relation: calls_population
-- from: calls, sources
-- stored: yes
-- meaning: One row per call: its stage with callbacks told apart by time, its waits, and whether it counts. METRICS "B". Outbound, internal, unfinished and set-aside calls are left out and counted.
WITH stated AS (
    SELECT
        c.*,
        lpad(CAST((isodow(c.local_date) - 1) * 24 + c.local_hour AS VARCHAR), 3, '0') AS hour_of_week,
        COALESCE(c.callback_asked_at, c.ended_at) AS asked_at,
        COALESCE(CASE WHEN s.resend = 'delta' THEN s.as_at END, c.observed_at) AS known_until
    FROM calls AS c
    LEFT JOIN sources AS s ON s.table_name = 'calls' AND s.source = c.source
),
staged AS (
    SELECT
        t.*,
        t.direction = 'inbound' AND t.ended_at IS NOT NULL AND t.set_aside IS NULL AS counted,
        CASE
            WHEN t.stage IS NULL THEN 'unknown'
            WHEN t.stage <> 'callback' THEN t.stage
            WHEN date_diff('millisecond', t.asked_at, t.callback_connected_at) <= 86400000 THEN 'callback_served'
            WHEN date_diff('millisecond', t.asked_at, t.known_until) >= 86400000 THEN 'callback_unserved'
            ELSE 'callback_pending'
        END AS final_stage
    FROM stated AS t
),
reached AS (
    SELECT
        g.*,
        g.final_stage IN ('queue', 'switchboard_queue', 'skill_queue', 'ringing') AS left_in_queue,
        g.final_stage IN ('network', 'ivr', 'ivr_before_alternative', 'ivr_after_alternative', 'queue', 'switchboard_queue', 'skill_queue', 'ringing') AS hung_up,
        g.first_answered_at IS NOT NULL OR g.final_stage = 'answered' AS live_answer,
        -- A telephone that rang counts as a queue.
        COALESCE(g.first_queued_at, g.ringing_at) AS queue_entered_at
    FROM staged AS g
)
SELECT
    r.local_date,
    r.hour_of_week,
    r.line,
    COALESCE(r.queue, 'none') AS queue,
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
FROM reached AS r
