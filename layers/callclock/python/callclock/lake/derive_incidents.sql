-- What follows from a folded incident (METRICS "A", "Readings settled"). Configuration is joined by measure, never here.
WITH clocked AS (
    SELECT
        p.*,
        coalesce(p.submitted_at, p.call_received_at, p.created_at) AS clock_start_at,
        p.submitted_at IS NULL AND p.call_received_at IS NULL AS clock_fallback
    FROM placed AS p
),
timed AS (
    SELECT
        c.*,
        -coalesce(c.tolerance_ms, $tolerance_ms) AS earliest_ms,
        -- A source that reports how long it took, and not when, is believed.
        coalesce(date_diff('millisecond', c.clock_start_at, c.first_arrived_at), c.reported_arrival_ms) AS to_arrival_ms,
        date_diff('millisecond', c.clock_start_at, c.closed_at) AS close_ms,
        date_diff('millisecond', c.call_received_at, c.call_answered_at) AS call_to_answer_ms,
        date_diff('millisecond', c.created_at, c.first_dispatched_at) AS created_to_dispatch_ms,
        date_diff('millisecond', c.first_dispatched_at, c.first_arrived_at) AS dispatch_to_arrival_ms
    FROM clocked AS c
)
SELECT
    t.* EXCLUDE (to_arrival_ms, earliest_ms) REPLACE (
        CASE
            WHEN t.to_arrival_ms IS NOT NULL THEN 'attended'
            WHEN t.outcome IS NOT NULL THEN t.outcome
            WHEN t.closed_at IS NOT NULL THEN 'closed_unattended'
            -- Nobody came, and the source never says that an incident is over: that is not "open".
            WHEN coalesce(t.tells, '') NOT LIKE '%closed_at%' THEN 'unknown'
            ELSE 'open'
        END AS outcome
    ),
    CASE WHEN t.to_arrival_ms >= t.earliest_ms THEN greatest(t.to_arrival_ms, 0) END AS attend_ms,
    CASE
        WHEN t.set_aside = 'officer_made' OR t.origin = 'officer' THEN 'officer_made'
        WHEN t.set_aside IN ('training', 'pre_planned', 'duplicate') THEN t.set_aside
        WHEN t.set_aside = 'external' OR t.origin = 'external' THEN 'external'
        WHEN t.set_aside = 'origin_unknown' OR coalesce(t.origin, 'unknown') = 'unknown' THEN 'origin_unknown'
        WHEN t.set_aside IN ('other_service', 'appointment', 'attendance_not_expected') THEN t.set_aside
        WHEN t.set_aside = 'already_on_scene' OR t.to_arrival_ms BETWEEN t.earliest_ms AND 0 THEN 'already_on_scene'
        WHEN t.set_aside = 'negative_interval' OR t.to_arrival_ms < t.earliest_ms THEN 'negative_interval'
    END AS exclusion
FROM timed AS t
