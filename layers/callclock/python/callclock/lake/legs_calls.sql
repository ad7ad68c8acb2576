-- The legs of a call, each at its newest, make one call (METRICS "B"): the first of what happens once, the last of what
-- the caller was left with. A leg of a callback tells of the callback only; the call itself had ended before it. A row
-- of a source that told no legs then is a leg without a name.
WITH told AS (
    SELECT
        f.*,
        -- The leg that the call is named after is its first, whatever else began in the same second.
        row_number() OVER (
            PARTITION BY f.source, f.record_key
            ORDER BY f.call_started_at, f.leg <> f.record_key, f.leg
        ) AS nth,
        row_number() OVER (
            PARTITION BY f.source, f.record_key
            ORDER BY f.record_updated_at NULLS FIRST, f.exported_at NULLS FIRST, f.export_id, f.record_no
        ) AS version,
        greatest(f.queued_at, f.switchboard_queued_at, f.skill_queued_at) AS entered_at,
        coalesce(f.leg <> '' AND f.callback_asked_at <= f.call_started_at, false) AS of_callback
    FROM folded AS f
)
SELECT
    source,
    record_key,
    arg_min(call_id, nth) AS call_id,
    -- A later leg may not know which number was dialled.
    coalesce(arg_min(line, nth) FILTER (WHERE line <> 'unknown'), 'unknown') AS line,
    arg_min(direction, nth) AS direction,
    min(call_started_at) AS call_started_at,
    arg_min(caller_key, nth) AS caller_key,
    arg_min(key_epoch, nth) AS key_epoch,
    min(ivr_entered_at) AS ivr_entered_at,
    min(alternative_offered_at) AS alternative_offered_at,
    min(ivr_left_at) AS ivr_left_at,
    min(queued_at) FILTER (WHERE NOT of_callback) AS queued_at,
    min(queue_left_at) FILTER (WHERE NOT of_callback) AS queue_left_at,
    min(switchboard_queued_at) FILTER (WHERE NOT of_callback) AS switchboard_queued_at,
    min(switchboard_answered_at) FILTER (WHERE NOT of_callback) AS switchboard_answered_at,
    min(skill_queued_at) FILTER (WHERE NOT of_callback) AS skill_queued_at,
    max(greatest(entered_at, last_queued_at)) FILTER (WHERE NOT of_callback) AS last_queued_at,
    max(ringing_at) FILTER (WHERE NOT of_callback) AS ringing_at,
    min(first_answered_at) FILTER (WHERE NOT of_callback) AS first_answered_at,
    -- Whoever was put through to a further queue and hung up there was not helped by the answer before it.
    arg_max_null(final_answered_at, nth) FILTER (
        WHERE NOT of_callback
            AND coalesce(entered_at, switchboard_answered_at, first_answered_at, final_answered_at) IS NOT NULL
    ) AS final_answered_at,
    min(callback_asked_at) AS callback_asked_at,
    min(callback_connected_at) AS callback_connected_at,
    -- While the last leg goes on, so does the call.
    CASE
        WHEN arg_max_null(ended_at, nth) FILTER (WHERE NOT of_callback) IS NOT NULL
            THEN max(ended_at) FILTER (WHERE NOT of_callback)
    END AS ended_at,
    arg_max(end_cause, nth) AS end_cause,
    coalesce(arg_max(queue, nth) FILTER (WHERE queue <> 'none' AND NOT of_callback), 'none') AS queue,
    arg_max(priority, nth) AS priority,
    arg_max(stage, nth) AS stage,
    CAST(sum(reported_ivr_ms) FILTER (WHERE NOT of_callback) AS BIGINT) AS reported_ivr_ms,
    CAST(sum(reported_queue_ms) FILTER (WHERE NOT of_callback) AS BIGINT) AS reported_queue_ms,
    CAST(sum(reported_talk_ms) FILTER (WHERE NOT of_callback) AS BIGINT) AS reported_talk_ms,
    arg_max(nullif(leg, ''), nth) AS leg,
    nullif(count(nullif(leg, '')), 0) AS legs,
    min(started_at) AS started_at,
    arg_min(local_date, nth) AS local_date,
    arg_min(local_hour, nth) AS local_hour,
    max(record_updated_at) AS record_updated_at,
    arg_max(exported_at, version) AS exported_at,
    arg_max(export_id, version) AS export_id,
    arg_max(record_no, version) AS record_no,
    max(observed_at) AS observed_at,
    arg_max(resend, version) AS resend,
    arg_max(selected_by, version) AS selected_by,
    arg_max(retracts, version) AS retracts,
    arg_min(set_aside, nth) AS set_aside,
    arg_max(tells, version) AS tells,
    CAST(sum(conflicts) AS BIGINT) AS conflicts,
    arg_min(time_flags, nth) AS time_flags
FROM told
GROUP BY source, record_key
