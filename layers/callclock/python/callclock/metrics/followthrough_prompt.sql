-- name: followthrough_prompt
-- table: calls
-- also: contacts, incidents
-- settled_by: calls
-- from: followthrough_episodes
-- settled_after: 3
-- keys: line, outcome, window_label
-- look_behind: 1
-- look_ahead: 4
-- definition_version: 2
--
-- metric: followthrough.prompted_online_share
-- definition: Any online report or web chat within 24 h, of those whom the recorded message had offered another way before they hung up (prompted) and of those whom it had not (not_prompted); not causal: those who stay longer hear the message
-- population: The first hang-up of each 101 episode before any live answer that entered the recorded message, with a caller, whose 72 h are covered by every linked source
-- numerator: Any online report or web chat of the same caller in (hang-up, hang-up + 24 h]
-- denominator: Linkable mature hang-ups that entered the recorded message, prompted or not
-- exclusions: Without a caller, or where the source does not say when another way was offered (n_unknown); 72 h not covered (n_immature); under 50 % linkable not measurable
-- unit: share
-- direction: neutral
--
-- metric: followthrough.prompted_online_placebo_share
-- definition: The same within 24 h exactly 168 h earlier: what chance alone gives
-- population: Those of followthrough.prompted_online_share whose earlier window is covered by the same sources
-- numerator: Any online report or web chat of the same caller in (hang-up - 168 h, hang-up - 144 h]
-- denominator: Linkable mature hang-ups with a placebo that entered the recorded message, prompted or not
-- exclusions: Without a caller, or where the source does not say when another way was offered (n_unknown); 72 h or placebo not covered (n_immature); under 50 % linkable not measurable
-- unit: share
-- direction: neutral
WITH groups AS (
    SELECT
        e.period_kind,
        e.period_label,
        e.prompt,
        COUNT(*) FILTER (WHERE e.mature) AS mature,
        COUNT(*) FILTER (WHERE e.linkable AND e.mature) AS linkable,
        COUNT(*) FILTER (WHERE e.linkable AND NOT e.mature) AS immature,
        COUNT(*) FILTER (WHERE e.linkable AND e.mature AND e.online_after_ms <= 86400000) AS online,
        COUNT(*) FILTER (WHERE e.linkable AND e.with_placebo) AS with_placebo,
        COUNT(*) FILTER (WHERE e.linkable AND NOT e.with_placebo) AS without_placebo,
        COUNT(*) FILTER (WHERE e.linkable AND e.with_placebo AND e.placebo_online_after_ms <= 86400000) AS placebo_online,
        MAX(e.hung_up_at) AS last_event_at
    FROM followthrough_episodes AS e
    WHERE e.prompt <> 'no_message'
    GROUP BY 1, 2, 3
),
judged AS (
    SELECT
        g.*,
        COALESCE(u.mature, 0) AS untold,
        g.linkable * 2 < g.mature AS not_measurable
    FROM groups AS g
    LEFT JOIN groups AS u
        ON u.period_kind = g.period_kind AND u.period_label = g.period_label AND u.prompt = 'unknown'
    WHERE g.prompt <> 'unknown'
)
SELECT
    m.metric,
    g.period_kind,
    g.period_label,
    '101' AS line,
    g.prompt AS outcome,
    '24h' AS window_label,
    CAST(NULL AS DOUBLE) AS value,
    CASE WHEN m.is_placebo THEN g.with_placebo ELSE g.linkable END AS n,
    CASE WHEN g.not_measurable THEN NULL WHEN m.is_placebo THEN g.placebo_online ELSE g.online END AS numerator,
    CASE WHEN g.not_measurable THEN NULL WHEN m.is_placebo THEN g.with_placebo ELSE g.linkable END AS denominator,
    CASE WHEN m.is_placebo THEN g.without_placebo ELSE g.immature END AS n_immature,
    g.mature - g.linkable + g.untold AS n_unknown,
    CAST(0 AS BIGINT) AS n_excluded,
    CAST(0 AS BIGINT) AS n_clock_fallback,
    CAST(0 AS BIGINT) AS open_records,
    g.last_event_at,
    CAST(NULL AS DOUBLE) AS ci_low,
    CAST(NULL AS DOUBLE) AS ci_high,
    CASE WHEN g.not_measurable THEN 'not_causal;not_measurable' ELSE 'not_causal' END AS notes
FROM judged AS g
CROSS JOIN (VALUES
    ('followthrough.prompted_online_share', false),
    ('followthrough.prompted_online_placebo_share', true)
) AS m(metric, is_placebo)
