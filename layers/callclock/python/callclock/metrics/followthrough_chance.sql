-- name: followthrough_chance
-- table: calls
-- also: contacts, incidents
-- settled_by: calls
-- from: followthrough_cell, followthrough_found, followthrough_changes, followthrough_outcomes, followthrough_windows
-- settled_after: 3
-- keys: line, outcome, window_label
-- look_behind: 1
-- look_ahead: 4
-- definition_version: 2
--
-- metric: followthrough.placebo_share
-- definition: The same callers got in touch within the same window exactly 168 h earlier: what chance alone gives; by outcome, and all for any contact
-- population: The first hang-up of each 101 episode before any live answer, with a caller, mature, whose earlier window is covered by the same sources
-- numerator: First contact in (hang-up - 168 h, hang-up - 168 h + window] is the outcome
-- denominator: Linkable mature hang-ups with a placebo
-- exclusions: Without a caller (unlinkable, in n_unknown); 72 h or placebo not covered (n_immature); under 50 % linkable not measurable
-- unit: share
-- direction: neutral
--
-- metric: followthrough.excess_share
-- definition: Share found less share found a week earlier, of the same hang-ups; interval paired and clustered by caller, none under 30 callers
-- population: The first hang-up of each 101 episode before any live answer, with a caller, mature, whose earlier window is covered by the same sources
-- numerator: none
-- denominator: none
-- exclusions: Without a caller (unlinkable, in n_unknown); 72 h or placebo not covered (n_immature); under 50 % linkable not measurable
-- unit: share
-- direction: neutral
WITH earlier AS (
    SELECT
        f.period_kind, f.period_label, f.window_label, CASE WHEN s.by_outcome THEN o.outcome ELSE 'all' END AS outcome,
        SUM(f.hang_ups) AS hang_ups
    FROM followthrough_found AS f
    INNER JOIN followthrough_outcomes AS o ON o.outcome_no = f.placebo_outcome_no
    CROSS JOIN (VALUES (false), (true)) AS s(by_outcome)
    GROUP BY 1, 2, 3, 4
),
compared AS (
    SELECT
        d.*,
        CAST(d.change AS DOUBLE) / NULLIF(d.hang_ups, 0) AS excess
    FROM followthrough_changes AS d
),
spread AS (
    SELECT
        d.*,
        -- The sum over callers of (sum of (d - D)) squared, multiplied out.
        CAST(d.change_squared AS DOUBLE) - 2.0E0 * d.excess * d.change_by_hang_ups + d.excess * d.excess * d.hang_ups_squared AS squares
    FROM compared AS d
),
figures AS (
    SELECT
        m.metric,
        c.period_kind,
        c.period_label,
        o.outcome,
        w.window_label,
        CASE m.metric WHEN 'followthrough.excess_share' THEN d.excess END AS value,
        CASE m.metric WHEN 'followthrough.placebo_share' THEN COALESCE(e.hang_ups, 0) END AS numerator,
        CASE m.metric WHEN 'followthrough.placebo_share' THEN c.with_placebo END AS denominator,
        CASE
            WHEN m.metric = 'followthrough.excess_share' AND d.callers >= 30
                THEN 1.959964E0 * SQRT(CASE WHEN d.squares > 0 THEN d.squares ELSE 0.0E0 END) / NULLIF(d.hang_ups, 0)
        END AS margin
    FROM followthrough_cell AS c
    CROSS JOIN followthrough_windows AS w
    CROSS JOIN (SELECT outcome FROM followthrough_outcomes UNION ALL SELECT 'all') AS o
    CROSS JOIN (VALUES ('followthrough.placebo_share'), ('followthrough.excess_share')) AS m(metric)
    LEFT JOIN earlier AS e
        ON e.period_kind = c.period_kind AND e.period_label = c.period_label AND e.window_label = w.window_label AND e.outcome = o.outcome
    LEFT JOIN spread AS d
        ON d.period_kind = c.period_kind AND d.period_label = c.period_label AND d.window_label = w.window_label AND d.outcome = o.outcome
    WHERE c.stage = 'all'
)
SELECT
    r.metric,
    r.period_kind,
    r.period_label,
    '101' AS line,
    r.outcome,
    r.window_label,
    CASE WHEN NOT c.not_measurable THEN r.value END AS value,
    c.with_placebo AS n,
    CASE WHEN NOT c.not_measurable THEN CAST(r.numerator AS BIGINT) END AS numerator,
    CASE WHEN NOT c.not_measurable THEN r.denominator END AS denominator,
    c.without_placebo AS n_immature,
    c.unlinkable AS n_unknown,
    CAST(0 AS BIGINT) AS n_excluded,
    CAST(0 AS BIGINT) AS n_clock_fallback,
    CAST(0 AS BIGINT) AS open_records,
    c.last_event_at,
    CASE WHEN NOT c.not_measurable THEN r.value - r.margin END AS ci_low,
    CASE WHEN NOT c.not_measurable THEN r.value + r.margin END AS ci_high,
    CASE WHEN c.not_measurable THEN 'not_measurable' END AS notes
FROM figures AS r
INNER JOIN followthrough_cell AS c
    ON c.period_kind = r.period_kind AND c.period_label = r.period_label AND c.stage = 'all'
