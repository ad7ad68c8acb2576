-- name: calls_callers
-- table: calls
-- from: calls_caller_cell
-- settled_after: 3
-- events_settle: 1
-- keys: line, hour_of_week
-- look_behind: 2
-- look_ahead: 2
-- definition_version: 2
--
-- metric: calls.callers_abandoned
-- definition: Episodes (calls of one caller on one line, each starting 30 minutes or less after the latest end so far, to the end of the second day after the first) in which somebody hung up and nobody ever answered
-- population: Episodes whose first call lies in the period
-- numerator: A call hung up, none with a live answer, no callback served
-- denominator: Episodes, less those still undecided (a callback pending, or the half hour not over)
-- exclusions: Calls without a caller (n_unknown); outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: share
-- direction: lower_is_better
--
-- metric: calls.repeat_callers
-- definition: Callers with an episode in the period that began within 28 days of the beginning of their one before
-- population: Callers with an episode in the period
-- numerator: Callers whose episode is their second or later within 28 days
-- denominator: Callers
-- exclusions: Calls without a caller (n_unknown); outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: share
-- direction: neutral
--
-- metric: calls.high_volume_callers
-- definition: Callers with more than 20 episodes in the 28 days before the end of the period; they stay in every rate and are shown apart
-- population: Callers with an episode in those 28 days
-- numerator: none
-- denominator: none
-- exclusions: Calls without a caller (n_unknown); outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: count
-- direction: neutral
--
-- metric: calls.high_volume_call_share
-- definition: Calls of the period that came from its high-volume callers
-- population: Finished inbound calls
-- numerator: Calls of callers with more than 20 episodes in the 28 days before the end of the period
-- denominator: Offered
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: share
-- direction: neutral
SELECT
    m.metric,
    c.period_kind,
    c.period_label,
    c.line,
    c.hour_of_week,
    CASE m.metric WHEN 'calls.high_volume_callers' THEN CAST(c.high_volume_callers AS DOUBLE) END AS value,
    CASE m.metric
        WHEN 'calls.callers_abandoned' THEN c.episodes - c.undecided
        WHEN 'calls.repeat_callers' THEN c.callers
        WHEN 'calls.high_volume_callers' THEN c.high_volume_callers
        ELSE c.offered
    END AS n,
    CASE m.metric
        WHEN 'calls.callers_abandoned' THEN c.abandoned
        WHEN 'calls.repeat_callers' THEN c.repeat_callers
        WHEN 'calls.high_volume_call_share' THEN c.high_volume_calls
    END AS numerator,
    CASE m.metric
        WHEN 'calls.callers_abandoned' THEN c.episodes - c.undecided
        WHEN 'calls.repeat_callers' THEN c.callers
        WHEN 'calls.high_volume_call_share' THEN c.offered
    END AS denominator,
    CASE m.metric WHEN 'calls.callers_abandoned' THEN c.undecided ELSE CAST(0 AS BIGINT) END AS n_immature,
    c.no_caller AS n_unknown,
    c.excluded AS n_excluded,
    CAST(0 AS BIGINT) AS n_clock_fallback,
    CAST(0 AS BIGINT) AS open_records,
    c.last_event_at,
    CAST(NULL AS DOUBLE) AS ci_low,
    CAST(NULL AS DOUBLE) AS ci_high,
    CAST(NULL AS VARCHAR) AS notes
FROM calls_caller_cell AS c
CROSS JOIN (VALUES
    ('calls.callers_abandoned', true),
    ('calls.repeat_callers', false),
    ('calls.high_volume_callers', false),
    ('calls.high_volume_call_share', false)
) AS m(metric, by_hour)
-- Without a caller on any call there is nothing to follow.
WHERE c.offered > c.no_caller AND (m.by_hour OR c.hour_of_week = 'all')
