-- name: calls_waits
-- table: calls
-- from: calls_cell, calls_percentiles
-- settled_after: 3
-- events_settle: 1
-- keys: line, queue, hour_of_week
-- look_behind: 0
-- look_ahead: 0
-- definition_version: 1
--
-- metric: calls.wait_first_mean_s, calls.wait_first_median_s, calls.wait_first_p90_s, calls.wait_first_p95_s
-- definition: Start of the call to the first live answer: mean, median, 90th and 95th percentile
-- population: Finished inbound calls with that answer
-- numerator: none
-- denominator: none
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: s
-- direction: lower_is_better
--
-- metric: calls.wait_final_mean_s, calls.wait_final_median_s, calls.wait_final_p90_s, calls.wait_final_p95_s
-- definition: Start of the call to the answer by the person who can help: mean, median, 90th and 95th percentile
-- population: Finished inbound calls with that answer
-- numerator: none
-- denominator: none
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: s
-- direction: lower_is_better
--
-- metric: calls.queue_wait_first_mean_s, calls.queue_wait_first_median_s, calls.queue_wait_first_p90_s, calls.queue_wait_first_p95_s
-- definition: First queue entry to the first live answer, as contact-centre suites print it: mean, median, 90th and 95th percentile
-- population: Finished inbound calls with that answer
-- numerator: none
-- denominator: none
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded
-- unit: s
-- direction: lower_is_better
--
-- metric: calls.answered_within_10s, calls.answered_within_30s, calls.answered_within_60s
-- definition: First live answer in less than X (strict) from the start of the call
-- population: Finished inbound calls
-- numerator: First live answer < X
-- denominator: Offered
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded; answered at an unknown time
-- unit: share
-- direction: higher_is_better
--
-- metric: calls.share_10_to_60s
-- definition: First live answer after 10 s or more and in less than 60 s: the second national 999 band
-- population: Finished inbound calls
-- numerator: 10 s <= first live answer < 60 s
-- denominator: Offered
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded; answered at an unknown time
-- unit: share
-- direction: lower_is_better
--
-- metric: calls.share_60s_plus
-- definition: First live answer after 60 s or more: the third national 999 band
-- population: Finished inbound calls
-- numerator: First live answer >= 60 s
-- denominator: Offered
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded; answered at an unknown time
-- unit: share
-- direction: lower_is_better
--
-- metric: calls.waited_over_5m, calls.waited_over_15m
-- definition: No live answer within X: answered later, or hung up after more than X; calls that ended otherwise are not in the numerator
-- population: Finished inbound calls
-- numerator: First live answer > X, or hung up unanswered > X
-- denominator: Offered
-- exclusions: Outbound, internal, unfinished and set-aside calls, counted in n_excluded; answered at an unknown time
-- unit: share
-- direction: lower_is_better
WITH figures AS (
    SELECT
        c.*,
        m.metric,
        m.clock,
        CASE m.metric
            WHEN 'calls.wait_first_mean_s' THEN CAST(c.wait_first_mean_ms AS DOUBLE) / 1000.0E0
            WHEN 'calls.wait_first_median_s' THEN CAST(q.wait_first_median_ms AS DOUBLE) / 1000.0E0
            WHEN 'calls.wait_first_p90_s' THEN CAST(q.wait_first_p90_ms AS DOUBLE) / 1000.0E0
            WHEN 'calls.wait_first_p95_s' THEN CAST(q.wait_first_p95_ms AS DOUBLE) / 1000.0E0
            WHEN 'calls.wait_final_mean_s' THEN CAST(c.wait_final_mean_ms AS DOUBLE) / 1000.0E0
            WHEN 'calls.wait_final_median_s' THEN CAST(q.wait_final_median_ms AS DOUBLE) / 1000.0E0
            WHEN 'calls.wait_final_p90_s' THEN CAST(q.wait_final_p90_ms AS DOUBLE) / 1000.0E0
            WHEN 'calls.wait_final_p95_s' THEN CAST(q.wait_final_p95_ms AS DOUBLE) / 1000.0E0
            WHEN 'calls.queue_wait_first_mean_s' THEN CAST(c.queue_wait_first_mean_ms AS DOUBLE) / 1000.0E0
            WHEN 'calls.queue_wait_first_median_s' THEN CAST(q.queue_wait_first_median_ms AS DOUBLE) / 1000.0E0
            WHEN 'calls.queue_wait_first_p90_s' THEN CAST(q.queue_wait_first_p90_ms AS DOUBLE) / 1000.0E0
            WHEN 'calls.queue_wait_first_p95_s' THEN CAST(q.queue_wait_first_p95_ms AS DOUBLE) / 1000.0E0
        END AS value,
        CASE m.metric
            WHEN 'calls.answered_within_10s' THEN c.first_under_10s
            WHEN 'calls.answered_within_30s' THEN c.first_under_30s
            WHEN 'calls.answered_within_60s' THEN c.first_under_60s
            WHEN 'calls.share_10_to_60s' THEN c.first_under_60s - c.first_under_10s
            WHEN 'calls.share_60s_plus' THEN c.wait_first_n - c.first_under_60s
            WHEN 'calls.waited_over_5m' THEN c.waited_over_5m
            WHEN 'calls.waited_over_15m' THEN c.waited_over_15m
        END AS numerator,
        CASE m.clock WHEN 'share' THEN c.offered - c.answered_unknown_when END AS denominator,
        CASE m.clock
            WHEN 'wait_first' THEN c.wait_first_n
            WHEN 'wait_final' THEN c.wait_final_n
            WHEN 'queue_wait_first' THEN c.queue_wait_first_n
            ELSE c.offered - c.answered_unknown_when
        END AS n
    FROM calls_cell AS c
    LEFT JOIN calls_percentiles AS q
        ON q.period_kind = c.period_kind AND q.period_label = c.period_label AND q.line = c.line
        AND q.queue = c.queue AND q.hour_of_week = c.hour_of_week AND q.stage = c.stage
    CROSS JOIN (VALUES
        ('calls.wait_first_mean_s', 'wait_first'),
        ('calls.wait_first_median_s', 'wait_first'),
        ('calls.wait_first_p90_s', 'wait_first'),
        ('calls.wait_first_p95_s', 'wait_first'),
        ('calls.wait_final_mean_s', 'wait_final'),
        ('calls.wait_final_median_s', 'wait_final'),
        ('calls.wait_final_p90_s', 'wait_final'),
        ('calls.wait_final_p95_s', 'wait_final'),
        ('calls.queue_wait_first_mean_s', 'queue_wait_first'),
        ('calls.queue_wait_first_median_s', 'queue_wait_first'),
        ('calls.queue_wait_first_p90_s', 'queue_wait_first'),
        ('calls.queue_wait_first_p95_s', 'queue_wait_first'),
        ('calls.answered_within_10s', 'share'),
        ('calls.answered_within_30s', 'share'),
        ('calls.answered_within_60s', 'share'),
        ('calls.share_10_to_60s', 'share'),
        ('calls.share_60s_plus', 'share'),
        ('calls.waited_over_5m', 'share'),
        ('calls.waited_over_15m', 'share')
    ) AS m(metric, clock)
)
SELECT
    c.metric,
    c.period_kind,
    c.period_label,
    c.line,
    c.queue,
    c.hour_of_week,
    c.value,
    c.n,
    c.numerator,
    c.denominator,
    CAST(0 AS BIGINT) AS n_immature,
    c.unknown_stage + c.answered_unknown_when AS n_unknown,
    c.excluded AS n_excluded,
    CAST(0 AS BIGINT) AS n_clock_fallback,
    CAST(0 AS BIGINT) AS open_records,
    c.last_event_at,
    CAST(NULL AS DOUBLE) AS ci_low,
    CAST(NULL AS DOUBLE) AS ci_high,
    CAST(NULL AS VARCHAR) AS notes
FROM figures AS c
WHERE c.offered > 0 AND c.stage = 'all'
