-- name: followthrough_reach
-- table: calls
-- also: contacts, incidents
-- settled_by: calls
-- from: followthrough_cell, followthrough_contact_days, followthrough_outcomes, period_days
-- settled_after: 3
-- keys: line, stage, channel, window_label
-- look_behind: 1
-- look_ahead: 4
-- definition_version: 2
--
-- metric: followthrough.no_contact_found_share
-- definition: No contact found within 72 h, of the linkable: an upper bound of those who gave up, for they may have used another telephone or name
-- population: The first hang-up of each 101 episode before any live answer, with a caller, whose 72 h are covered by every linked source
-- numerator: No contact found within 72 h
-- denominator: Linkable mature hang-ups
-- exclusions: Without a caller (unlinkable, in n_unknown); 72 h not covered (n_immature); under 50 % linkable not measurable
-- unit: share
-- direction: lower_is_better
--
-- metric: followthrough.no_contact_found_share_of_all
-- definition: The same of all, the unlinkable counted as if each of them had got in touch: the lower bound
-- population: The first hang-up of each 101 episode before any live answer, with or without a caller, whose 72 h are covered by every linked source
-- numerator: No contact found within 72 h
-- denominator: Mature hang-ups, linkable or not
-- exclusions: 72 h not covered (n_immature); under 50 % linkable not measurable
-- unit: share
-- direction: lower_is_better
--
-- metric: followthrough.unlinkable_share
-- definition: Hang-ups of which nothing can be known, because the call has no caller; being known is not random
-- population: The first hang-up of each 101 episode before any live answer, with or without a caller, whose 72 h are covered by every linked source
-- numerator: Without a caller
-- denominator: Mature hang-ups, linkable or not
-- exclusions: 72 h not covered (n_immature)
-- unit: share
-- direction: lower_is_better
--
-- metric: followthrough.linkable_contact_share
-- definition: Contacts of a channel that could be found at all: those with a caller
-- population: Callbacks, answered 101 and 999 calls, contacts and incidents of public origin, by what they are
-- numerator: With a caller
-- denominator: All
-- exclusions: Hang-ups; calls, contacts and incidents that are no public demand
-- unit: share
-- direction: higher_is_better
WITH channels AS (
    SELECT
        p.period_kind, p.period_label, o.outcome AS channel,
        CAST(SUM(k.contacts) AS BIGINT) AS contacts, CAST(SUM(k.linkable) AS BIGINT) AS linkable, MAX(k.last_event_at) AS last_event_at
    FROM followthrough_contact_days AS k
    INNER JOIN followthrough_outcomes AS o ON o.outcome_no = k.outcome_no
    INNER JOIN period_days AS p
        ON p.local_date = k.local_date AND p.period_kind IN ('month', 'quarter', 'fy_to_date', 'rolling_12m')
    GROUP BY 1, 2, 3
),
figures AS (
    SELECT
        m.metric,
        c.period_kind,
        c.period_label,
        '101' AS line,
        c.stage,
        'all' AS channel,
        CASE WHEN m.metric = 'followthrough.unlinkable_share' THEN 'all' ELSE '72h' END AS window_label,
        CASE WHEN m.metric = 'followthrough.no_contact_found_share' THEN c.linkable ELSE c.linkable + c.unlinkable END AS n,
        CASE WHEN m.metric = 'followthrough.unlinkable_share' THEN c.unlinkable ELSE c.none_found END AS numerator,
        CASE WHEN m.metric = 'followthrough.no_contact_found_share' THEN c.linkable_immature ELSE c.immature END AS n_immature,
        CASE WHEN m.metric = 'followthrough.no_contact_found_share' THEN c.unlinkable ELSE 0 END AS n_unknown,
        c.not_measurable AND m.metric <> 'followthrough.unlinkable_share' AS not_measurable,
        c.last_event_at
    FROM followthrough_cell AS c
    CROSS JOIN (VALUES
        ('followthrough.no_contact_found_share'),
        ('followthrough.no_contact_found_share_of_all'),
        ('followthrough.unlinkable_share')
    ) AS m(metric)
    UNION ALL
    SELECT
        'followthrough.linkable_contact_share', k.period_kind, k.period_label, 'all', 'all', k.channel, 'all',
        k.contacts, k.linkable, 0, 0, false, k.last_event_at
    FROM channels AS k
)
SELECT
    r.metric,
    r.period_kind,
    r.period_label,
    r.line,
    r.stage,
    r.channel,
    r.window_label,
    CAST(NULL AS DOUBLE) AS value,
    r.n,
    CASE WHEN NOT r.not_measurable THEN r.numerator END AS numerator,
    CASE WHEN NOT r.not_measurable THEN r.n END AS denominator,
    r.n_immature,
    r.n_unknown,
    CAST(0 AS BIGINT) AS n_excluded,
    CAST(0 AS BIGINT) AS n_clock_fallback,
    CAST(0 AS BIGINT) AS open_records,
    r.last_event_at,
    CAST(NULL AS DOUBLE) AS ci_low,
    CAST(NULL AS DOUBLE) AS ci_high,
    CASE WHEN r.not_measurable THEN 'not_measurable' END AS notes
FROM figures AS r
