-- name: calls_stages
-- table: calls
-- from: calls_in_period
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
-- metric: calls.abandon_time_median_s
-- definition: Start of the call to the hang-up, median; by the stage it happened in
-- population: Finished inbound calls that were hung up before help
-- numerator: none
-- denominator: none
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: s
-- direction: neutral
WITH cells AS (
    SELECT
        period_kind,
        period_label,
        line,
        CASE WHEN GROUPING(queue) = 1 THEN 'all' ELSE queue END AS queue,
        CASE WHEN GROUPING(hour_of_week) = 1 THEN 'all' ELSE hour_of_week END AS hour_of_week,
        CASE WHEN GROUPING(stage) = 1 THEN 'all' ELSE stage END AS stage,
        COUNT(*) FILTER (WHERE counted) AS calls,
        COUNT(*) FILTER (WHERE NOT counted) AS excluded,
        COUNT(*) FILTER (WHERE stage = 'callback_pending') AS pending,
        COUNT(*) FILTER (WHERE stage = 'unknown') AS unknown_stage,
        COUNT(gave_up_ms) AS gave_up_n,
        quantile_cont(gave_up_ms, 0.5) AS gave_up_median_ms,
        MAX(last_event_at) AS last_event_at
    FROM calls_in_period
    GROUP BY GROUPING SETS (
        (period_kind, period_label, line, queue, stage),
        (period_kind, period_label, line, stage),
        (period_kind, period_label, line, hour_of_week, stage),
        (period_kind, period_label, line, queue),
        (period_kind, period_label, line),
        (period_kind, period_label, line, hour_of_week)
    )
    HAVING GROUPING(hour_of_week) = 1 OR period_kind = 'month'
),
whole AS (
    SELECT * FROM cells WHERE stage = 'all' AND calls > 0
)
SELECT
    m.metric,
    s.period_kind,
    s.period_label,
    s.line,
    s.queue,
    s.hour_of_week,
    s.stage,
    CASE m.metric WHEN 'calls.abandon_time_median_s' THEN CAST(s.gave_up_median_ms AS DOUBLE) / 1000.0E0 END AS value,
    CASE m.metric WHEN 'calls.abandon_time_median_s' THEN s.gave_up_n ELSE w.calls END AS n,
    CASE m.metric WHEN 'calls.stage_share' THEN s.calls END AS numerator,
    CASE m.metric WHEN 'calls.stage_share' THEN w.calls END AS denominator,
    CASE m.metric WHEN 'calls.stage_share' THEN w.pending ELSE CAST(0 AS BIGINT) END AS n_immature,
    w.unknown_stage AS n_unknown,
    w.excluded AS n_excluded,
    CAST(0 AS BIGINT) AS n_clock_fallback,
    CAST(0 AS BIGINT) AS open_records,
    w.last_event_at,
    CAST(NULL AS DOUBLE) AS ci_low,
    CAST(NULL AS DOUBLE) AS ci_high,
    CAST(NULL AS VARCHAR) AS notes
FROM cells AS s
INNER JOIN whole AS w
    ON w.period_kind = s.period_kind AND w.period_label = s.period_label AND w.line = s.line
    AND w.queue = s.queue AND w.hour_of_week = s.hour_of_week
CROSS JOIN (VALUES ('calls.stage_share'), ('calls.abandon_time_median_s')) AS m(metric)
WHERE s.calls > 0
    AND ((m.metric = 'calls.stage_share' AND s.stage <> 'all') OR (m.metric = 'calls.abandon_time_median_s' AND s.gave_up_n > 0))
