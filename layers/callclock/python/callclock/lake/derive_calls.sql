-- What follows from a folded call (METRICS "B"): when the queues began, the waits, and the one stage it ended in.
WITH legs AS (
    SELECT
        p.* REPLACE (
            coalesce(p.direction, 'inbound') AS direction,
            coalesce(p.queue, 'none') AS queue,
            greatest(p.last_queued_at, p.queued_at, p.switchboard_queued_at, p.skill_queued_at) AS last_queued_at
        ),
        -- least() and greatest() leave NULLs out: the first and the last of those that are known.
        least(p.queued_at, p.switchboard_queued_at, p.skill_queued_at) AS first_queued_at,
        least(p.switchboard_answered_at, p.first_answered_at, p.final_answered_at) AS live_at
    FROM placed AS p
),
answered AS (
    SELECT
        l.*,
        -- "The switchboard was the help": a live answer after which no queue was entered (ringing counts as in a queue),
        -- unless the call was transferred out or a callback was asked for.
        l.live_at IS NOT NULL
            AND coalesce(greatest(l.last_queued_at, l.ringing_at) <= l.live_at, true)
            AND coalesce(l.end_cause NOT IN ('transferred_out', 'callback'), true)
            AND l.callback_asked_at IS NULL AS first_was_help
    FROM legs AS l
),
ended AS (
    SELECT
        a.*,
        a.final_answered_at IS NOT NULL OR a.first_was_help OR coalesce(a.end_cause = 'answered', false) AS helped
    FROM answered AS a
),
caused AS (
    SELECT
        e.* REPLACE (
            CASE
                WHEN e.end_cause IS NOT NULL THEN e.end_cause
                WHEN e.helped THEN 'answered'
                WHEN e.callback_asked_at IS NOT NULL THEN 'callback'
                WHEN e.ended_at IS NOT NULL THEN 'hung_up'
                ELSE 'unknown'
            END AS end_cause
        )
    FROM ended AS e
)
SELECT
    c.* EXCLUDE (live_at, first_was_help, helped) REPLACE (
        c.live_at AS first_answered_at,
        CASE
            WHEN c.stage IS NOT NULL THEN c.stage
            WHEN c.end_cause = 'failed' THEN 'failed'
            WHEN c.helped THEN 'answered'
            WHEN c.end_cause = 'transferred_out' THEN 'transferred_out'
            WHEN c.callback_asked_at IS NOT NULL OR c.end_cause = 'callback' THEN 'callback'
            WHEN c.end_cause = 'flow_ended' THEN 'ivr_contained'
            WHEN c.end_cause <> 'hung_up' THEN 'unknown'
            -- The last leg reached: a telephone that rang before a later queue was entered was not it.
            WHEN c.ringing_at >= coalesce(c.last_queued_at, c.ringing_at) THEN 'ringing'
            WHEN c.skill_queued_at IS NOT NULL THEN 'skill_queue'
            WHEN c.switchboard_queued_at IS NOT NULL THEN 'switchboard_queue'
            WHEN c.queued_at IS NOT NULL THEN 'queue'
            WHEN c.alternative_offered_at <= c.ended_at THEN 'ivr_after_alternative'
            WHEN c.ivr_entered_at IS NULL THEN 'network'
            -- Without a mapped alternative nobody can say whether the caller hung up before or after it.
            WHEN coalesce(c.tells, '') LIKE '%alternative_offered_at%' THEN 'ivr_before_alternative'
            ELSE 'ivr'
        END AS stage
    ),
    date_diff('millisecond', c.started_at, c.live_at) AS wait_first_ms,
    date_diff(
        'millisecond',
        c.started_at,
        CASE WHEN c.final_answered_at IS NOT NULL THEN c.final_answered_at WHEN c.first_was_help THEN c.live_at END
    ) AS wait_final_ms,
    -- A queue entered after the first live answer was no wait for it.
    CASE WHEN c.first_queued_at <= c.live_at THEN date_diff('millisecond', c.first_queued_at, c.live_at) END
        AS queue_wait_first_ms,
    date_diff('millisecond', c.started_at, c.ended_at) AS end_ms
FROM caused AS c
