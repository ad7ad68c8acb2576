-- name: followthrough_shares
-- table: calls
-- also: contacts, incidents
-- settled_by: calls
-- from: followthrough_cell, followthrough_episodes, followthrough_found, followthrough_outcomes, followthrough_windows
-- settled_after: 3
-- keys: line, stage, outcome, window_label
-- look_behind: 1
-- look_ahead: 4
-- definition_version: 2
--
-- metric: followthrough.share
-- definition: What the caller did first within the window after hanging up on 101 (callback, answered_101, call_999, online_report, webchat, email_social, front_counter, incident_logged), or none_found; by stage at 72 h only
-- population: The first hang-up of each 101 episode before any live answer, with a caller, whose 72 h are covered by every linked source
-- numerator: First contact of the same caller in (hang-up, hang-up + window] is the outcome
-- denominator: Linkable hang-ups, mature at 72 h; one cohort for all windows
-- exclusions: Without a caller (unlinkable, in n_unknown); 72 h not covered (n_immature); under 50 % linkable not measurable
-- unit: share
-- direction: neutral
--
-- metric: followthrough.delay_median_s
-- definition: Hang-up to the first contact found within 72 h, median; by outcome, and by stage for all outcomes
-- population: The first hang-up of each 101 episode before any live answer, with a contact found within 72 h
-- numerator: none
-- denominator: none
-- exclusions: Without a caller (unlinkable, in n_unknown); 72 h not covered (n_immature); under 50 % linkable not measurable
-- unit: s
-- direction: neutral
--
-- metric: calls.hung_up_again
-- definition: Followed hang-ups whose caller hung up again, unanswered, within the window: no contact, counted here
-- population: The first hang-up of each 101 episode before any live answer, with a caller, whose 72 h are covered by every linked source
-- numerator: none
-- denominator: none
-- exclusions: Without a caller (unlinkable, in n_unknown); 72 h not covered (n_immature)
-- unit: count
-- direction: lower_is_better
WITH outcomes AS (
    SELECT outcome_no, outcome FROM followthrough_outcomes
    UNION ALL
    SELECT 0, 'none_found'
),
counted AS (
    SELECT
        f.period_kind, f.period_label, CASE WHEN s.by_stage THEN f.stage ELSE 'all' END AS stage, f.window_label, f.outcome_no,
        SUM(f.hang_ups) AS hang_ups, SUM(f.hung_up_again) AS hung_up_again
    FROM followthrough_found AS f
    CROSS JOIN (VALUES (false), (true)) AS s(by_stage)
    GROUP BY 1, 2, 3, 4, 5
),
delays AS (
    SELECT
        e.period_kind, e.period_label,
        CASE WHEN s.by_stage THEN e.stage ELSE 'all' END AS stage,
        CASE WHEN s.by_outcome THEN o.outcome ELSE 'all' END AS outcome,
        COUNT(*) AS n, quantile_cont(e.delay_ms, 0.5) AS median_ms
    FROM followthrough_episodes AS e
    INNER JOIN followthrough_outcomes AS o ON o.outcome_no = e.outcome_no
    CROSS JOIN (VALUES (false, false), (true, false), (false, true)) AS s(by_stage, by_outcome)
    WHERE e.linkable AND e.mature
    GROUP BY 1, 2, 3, 4
),
figures AS (
    SELECT
        'followthrough.share' AS metric, c.period_kind, c.period_label, c.stage, o.outcome, w.window_label,
        CAST(NULL AS DOUBLE) AS value, c.linkable AS n, COALESCE(f.hang_ups, 0) AS numerator, c.linkable AS denominator
    FROM followthrough_cell AS c
    CROSS JOIN followthrough_windows AS w
    CROSS JOIN outcomes AS o
    LEFT JOIN counted AS f
        ON f.period_kind = c.period_kind AND f.period_label = c.period_label AND f.stage = c.stage
        AND f.window_label = w.window_label AND f.outcome_no = o.outcome_no
    WHERE c.stage = 'all' OR w.window_label = '72h'
    UNION ALL
    SELECT
        'followthrough.delay_median_s', c.period_kind, c.period_label, c.stage, o.outcome, '72h',
        CAST(d.median_ms AS DOUBLE) / 1000.0E0, COALESCE(d.n, 0), NULL, NULL
    FROM followthrough_cell AS c
    CROSS JOIN (SELECT outcome FROM followthrough_outcomes UNION ALL SELECT 'all') AS o
    LEFT JOIN delays AS d
        ON d.period_kind = c.period_kind AND d.period_label = c.period_label AND d.stage = c.stage AND d.outcome = o.outcome
    WHERE c.stage = 'all' OR o.outcome = 'all'
    UNION ALL
    SELECT
        'calls.hung_up_again', c.period_kind, c.period_label, c.stage, 'all', w.window_label,
        CAST(COALESCE(SUM(f.hung_up_again), 0) AS DOUBLE), COALESCE(SUM(f.hung_up_again), 0), NULL, NULL
    FROM followthrough_cell AS c
    CROSS JOIN followthrough_windows AS w
    LEFT JOIN counted AS f
        ON f.period_kind = c.period_kind AND f.period_label = c.period_label AND f.stage = c.stage AND f.window_label = w.window_label
    WHERE c.stage = 'all' OR w.window_label = '72h'
    GROUP BY c.period_kind, c.period_label, c.stage, w.window_label
)
SELECT
    r.metric,
    r.period_kind,
    r.period_label,
    '101' AS line,
    r.stage,
    r.outcome,
    r.window_label,
    CASE WHEN r.metric = 'calls.hung_up_again' OR NOT c.not_measurable THEN r.value END AS value,
    CAST(r.n AS BIGINT) AS n,
    CASE WHEN NOT c.not_measurable THEN CAST(r.numerator AS BIGINT) END AS numerator,
    CASE WHEN NOT c.not_measurable THEN CAST(r.denominator AS BIGINT) END AS denominator,
    c.linkable_immature AS n_immature,
    c.unlinkable AS n_unknown,
    CAST(0 AS BIGINT) AS n_excluded,
    CAST(0 AS BIGINT) AS n_clock_fallback,
    CAST(0 AS BIGINT) AS open_records,
    c.last_event_at,
    CAST(NULL AS DOUBLE) AS ci_low,
    CAST(NULL AS DOUBLE) AS ci_high,
    CASE WHEN r.metric <> 'calls.hung_up_again' AND c.not_measurable THEN 'not_measurable' END AS notes
FROM figures AS r
INNER JOIN followthrough_cell AS c
    ON c.period_kind = r.period_kind AND c.period_label = r.period_label AND c.stage = r.stage
