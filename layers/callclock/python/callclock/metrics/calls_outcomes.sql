-- name: calls_outcomes
-- table: calls
-- from: calls_cell
-- settled_after: 3
-- events_settle: 1
-- keys: line, queue, hour_of_week
-- look_behind: 0
-- look_ahead: 0
-- definition_version: 1
--
-- metric: calls.offered
-- definition: Calls that came in
-- population: Finished inbound calls
-- numerator: none
-- denominator: none
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: count
-- direction: neutral
--
-- metric: calls.answered
-- definition: Calls answered by the person who could help
-- population: Finished inbound calls
-- numerator: none
-- denominator: none
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: count
-- direction: neutral
--
-- metric: calls.abandoned
-- definition: Calls hung up with no live answer at all: the numerator of calls.abandonment_rate
-- population: Finished inbound calls
-- numerator: none
-- denominator: none
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: count
-- direction: lower_is_better
--
-- metric: calls.abandonment_rate
-- definition: Hung up with no live answer at all; nearest to the inspectors' wording, who give no denominator
-- population: Finished inbound calls
-- numerator: Hung up, no live answer
-- denominator: Offered
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: share
-- direction: lower_is_better
--
-- metric: calls.abandonment_rate_before_help
-- definition: Also those who hung up after the switchboard had answered
-- population: Finished inbound calls
-- numerator: Hung up before help
-- denominator: Offered
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: share
-- direction: lower_is_better
--
-- metric: calls.no_person_reached_share
-- definition: No live answer and no callback served within 24 h
-- population: Finished inbound calls
-- numerator: No live answer, no callback served
-- denominator: Offered less callbacks still pending
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: share
-- direction: lower_is_better
--
-- metric: calls.abandonment_rate_queued
-- definition: What contact-centre suites print; ringing counts as in a queue
-- population: Finished inbound calls that entered a queue
-- numerator: Hung up in a queue
-- denominator: Queued
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: share
-- direction: lower_is_better
--
-- metric: calls.abandonment_rate_adjusted_5s, calls.abandonment_rate_adjusted_10s, calls.abandonment_rate_adjusted_30s, calls.abandonment_rate_adjusted_60s
-- definition: Hang-ups in under X s of queueing leave both sides; served callbacks stay in the denominator only
-- population: Finished inbound calls that entered a queue
-- numerator: Hung up in a queue after X s or more + callbacks unserved within 24 h
-- denominator: Queued less hung up under X s, less callbacks still pending
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded; hang-ups whose time in the queue is unknown
-- unit: share
-- direction: lower_is_better
WITH figures AS (
    SELECT
        c.*,
        m.metric,
        m.of_queued,
        CASE m.metric
            WHEN 'calls.offered' THEN c.offered
            WHEN 'calls.answered' THEN c.answered
            WHEN 'calls.abandoned' THEN c.abandoned
        END AS counted,
        CASE m.metric
            WHEN 'calls.abandonment_rate' THEN c.abandoned
            WHEN 'calls.abandonment_rate_before_help' THEN c.hung_up
            WHEN 'calls.no_person_reached_share' THEN c.no_person
            WHEN 'calls.abandonment_rate_queued' THEN c.left_in_queue
            WHEN 'calls.abandonment_rate_adjusted_5s' THEN c.left_in_queue - c.left_unknown_when - c.left_under_5s + c.queued_unserved
            WHEN 'calls.abandonment_rate_adjusted_10s' THEN c.left_in_queue - c.left_unknown_when - c.left_under_10s + c.queued_unserved
            WHEN 'calls.abandonment_rate_adjusted_30s' THEN c.left_in_queue - c.left_unknown_when - c.left_under_30s + c.queued_unserved
            WHEN 'calls.abandonment_rate_adjusted_60s' THEN c.left_in_queue - c.left_unknown_when - c.left_under_60s + c.queued_unserved
        END AS numerator,
        CASE m.metric
            WHEN 'calls.abandonment_rate' THEN c.offered
            WHEN 'calls.abandonment_rate_before_help' THEN c.offered
            WHEN 'calls.no_person_reached_share' THEN c.offered - c.pending
            WHEN 'calls.abandonment_rate_queued' THEN c.queued
            WHEN 'calls.abandonment_rate_adjusted_5s' THEN c.queued - c.queued_pending - c.left_unknown_when - c.left_under_5s
            WHEN 'calls.abandonment_rate_adjusted_10s' THEN c.queued - c.queued_pending - c.left_unknown_when - c.left_under_10s
            WHEN 'calls.abandonment_rate_adjusted_30s' THEN c.queued - c.queued_pending - c.left_unknown_when - c.left_under_30s
            WHEN 'calls.abandonment_rate_adjusted_60s' THEN c.queued - c.queued_pending - c.left_unknown_when - c.left_under_60s
        END AS denominator,
        CASE m.metric
            WHEN 'calls.no_person_reached_share' THEN c.pending
            WHEN 'calls.abandonment_rate_adjusted_5s' THEN c.queued_pending
            WHEN 'calls.abandonment_rate_adjusted_10s' THEN c.queued_pending
            WHEN 'calls.abandonment_rate_adjusted_30s' THEN c.queued_pending
            WHEN 'calls.abandonment_rate_adjusted_60s' THEN c.queued_pending
            ELSE CAST(0 AS BIGINT)
        END AS n_immature,
        CASE m.metric
            WHEN 'calls.abandonment_rate_adjusted_5s' THEN c.unknown_stage + c.left_unknown_when
            WHEN 'calls.abandonment_rate_adjusted_10s' THEN c.unknown_stage + c.left_unknown_when
            WHEN 'calls.abandonment_rate_adjusted_30s' THEN c.unknown_stage + c.left_unknown_when
            WHEN 'calls.abandonment_rate_adjusted_60s' THEN c.unknown_stage + c.left_unknown_when
            ELSE c.unknown_stage
        END AS n_unknown
    FROM calls_cell AS c
    CROSS JOIN (VALUES
        ('calls.offered', false),
        ('calls.answered', false),
        ('calls.abandoned', false),
        ('calls.abandonment_rate', false),
        ('calls.abandonment_rate_before_help', false),
        ('calls.no_person_reached_share', false),
        ('calls.abandonment_rate_queued', true),
        ('calls.abandonment_rate_adjusted_5s', true),
        ('calls.abandonment_rate_adjusted_10s', true),
        ('calls.abandonment_rate_adjusted_30s', true),
        ('calls.abandonment_rate_adjusted_60s', true)
    ) AS m(metric, of_queued)
)
SELECT
    c.metric,
    c.period_kind,
    c.period_label,
    c.line,
    c.queue,
    c.hour_of_week,
    CAST(c.counted AS DOUBLE) AS value,
    COALESCE(c.counted, c.denominator) AS n,
    c.numerator,
    c.denominator,
    c.n_immature,
    c.n_unknown,
    c.excluded AS n_excluded,
    CAST(0 AS BIGINT) AS n_clock_fallback,
    CAST(0 AS BIGINT) AS open_records,
    c.last_event_at,
    CAST(NULL AS DOUBLE) AS ci_low,
    CAST(NULL AS DOUBLE) AS ci_high,
    CAST(NULL AS VARCHAR) AS notes
FROM figures AS c
-- A source without a queue has no rate of the queued.
WHERE c.offered > 0 AND c.stage = 'all' AND (c.queued > 0 OR NOT c.of_queued)
