-- name: calls_stages
-- table: calls
-- from: calls_cell, calls_percentiles
-- settled_after: 3
-- events_settle: 1
-- keys: line, queue, hour_of_week, stage
-- look_behind: 0
-- look_ahead: 0
-- definition_version: 1
--
-- metric: calls.stage_share
-- definition: Where calls ended, one stage each; the stages of a cell sum to 1
-- population: Finished inbound calls
-- numerator: Calls that ended in the stage
-- denominator: Offered
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: share
-- direction: neutral
--
-- metric: calls.abandoned_share
-- definition: Hung up in the stage with no live answer at all, of all offered; the stages of a cell sum to calls.abandonment_rate, so they say which stage moved it
-- population: Finished inbound calls
-- numerator: Calls hung up in the stage with no live answer
-- denominator: Offered
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: share
-- direction: lower_is_better
--
-- metric: calls.abandon_time_median_s, calls.abandon_time_mean_s
-- definition: Start of the call to the hang-up, median and mean; by the stage it happened in (of the means the stages make up the whole, so they say which stage moved it)
-- population: Finished inbound calls that were hung up before help
-- numerator: none
-- denominator: none
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: s
-- direction: neutral
SELECT
    m.metric,
    s.period_kind,
    s.period_label,
    s.line,
    s.queue,
    s.hour_of_week,
    s.stage,
    CASE m.metric
        WHEN 'calls.abandon_time_median_s' THEN CAST(q.gave_up_median_ms AS DOUBLE) / 1000.0E0
        WHEN 'calls.abandon_time_mean_s' THEN CAST(s.gave_up_mean_ms AS DOUBLE) / 1000.0E0
    END AS value,
    CASE m.of WHEN 'time' THEN s.gave_up_n ELSE w.offered END AS n,
    CASE m.metric WHEN 'calls.stage_share' THEN s.offered WHEN 'calls.abandoned_share' THEN s.abandoned END AS numerator,
    CASE WHEN m.of <> 'time' THEN w.offered END AS denominator,
    CASE m.metric WHEN 'calls.stage_share' THEN w.pending ELSE CAST(0 AS BIGINT) END AS n_immature,
    w.unknown_stage AS n_unknown,
    w.excluded AS n_excluded,
    CAST(0 AS BIGINT) AS n_clock_fallback,
    CAST(0 AS BIGINT) AS open_records,
    w.last_event_at,
    CAST(NULL AS DOUBLE) AS ci_low,
    CAST(NULL AS DOUBLE) AS ci_high,
    CAST(NULL AS VARCHAR) AS notes
FROM calls_cell AS s
INNER JOIN calls_cell AS w
    ON w.period_kind = s.period_kind AND w.period_label = s.period_label AND w.line = s.line
    AND w.queue = s.queue AND w.hour_of_week = s.hour_of_week AND w.stage = 'all'
LEFT JOIN calls_percentiles AS q
    ON q.period_kind = s.period_kind AND q.period_label = s.period_label AND q.line = s.line
    AND q.queue = s.queue AND q.hour_of_week = s.hour_of_week AND q.stage = s.stage
CROSS JOIN (VALUES
    ('calls.stage_share', 'ended'),
    ('calls.abandoned_share', 'hung_up'),
    ('calls.abandon_time_median_s', 'time'),
    ('calls.abandon_time_mean_s', 'time')
) AS m(metric, of)
WHERE s.offered > 0
    AND ((m.of = 'ended' AND s.stage <> 'all') OR (m.of = 'hung_up' AND s.stage <> 'all' AND s.abandoned > 0) OR (m.of = 'time' AND s.gave_up_n > 0))
