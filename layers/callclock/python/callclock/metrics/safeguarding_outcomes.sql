-- name: safeguarding_outcomes
-- table: incidents
-- also: safeguarding
-- from: safeguarding_cell, safeguarding_sharing
-- keys: outcome, risk_level
-- look_behind: 0
-- look_ahead: 29
-- definition_version: 1
--
-- metric: safeguarding.assessed_share
-- definition: Share with a risk assessment; an assessment later than 28 d after the start, or of a month before it, does not count
-- population: Domestic abuse incidents that stand in the population of attendance, by whether somebody came within 28 d (outcome), 28 d old in what is known of incidents and of safeguarding
-- numerator: An assessment was made
-- denominator: Mature at 28 d
-- exclusions: Those left out of attendance; unknown outcomes
-- unit: share
-- direction: higher_is_better
--
-- metric: safeguarding.offered_share
-- definition: Share to whom a risk assessment was offered: made or declined
-- population: Domestic abuse incidents that stand in the population of attendance, by whether somebody came within 28 d (outcome), 28 d old in what is known of incidents and of safeguarding
-- numerator: An assessment was made, or offered and declined
-- denominator: Mature at 28 d
-- exclusions: Those left out of attendance; unknown outcomes
-- unit: share
-- direction: higher_is_better
--
-- metric: safeguarding.declined_share
-- definition: Share of those offered a risk assessment who declined it; a refusal counts only where no assessment was made by 28 d
-- population: Domestic abuse incidents that stand in the population of attendance, by whether somebody came within 28 d (outcome), 28 d old in what is known of incidents and of safeguarding
-- numerator: Declined, and no assessment made
-- denominator: Assessed or declined
-- exclusions: Those left out of attendance; unknown outcomes
-- unit: share
-- direction: lower_is_better
--
-- metric: safeguarding.no_record_share
-- definition: Share with neither an assessment nor a refusal on record
-- population: Domestic abuse incidents that stand in the population of attendance, by whether somebody came within 28 d (outcome), 28 d old in what is known of incidents and of safeguarding
-- numerator: Neither assessed nor declined
-- denominator: Mature at 28 d
-- exclusions: Those left out of attendance; unknown outcomes
-- unit: share
-- direction: lower_is_better
--
-- metric: safeguarding.assessed_within_24h
-- definition: Share assessed no later than 24 h after the first arrival
-- population: Domestic abuse incidents that stand in the population of attendance, attended within 28 d at a known instant, and 24 h known after it
-- numerator: Assessment less arrival <= 24 h
-- denominator: Arrival + 24 h at or before what is known
-- exclusions: Those left out of attendance; unknown outcomes; attended at an unknown time
-- unit: share
-- direction: higher_is_better
--
-- metric: safeguarding.shared_share
-- definition: Share of the assessed whose referral was shared with partners by 28 d after the start, by risk level found (the question inspectors ask is risk_level = high)
-- population: Assessed domestic abuse incidents that stand in the population of attendance, by whether somebody came within 28 d (outcome), 28 d old in what is known of incidents and of safeguarding
-- numerator: Referral shared
-- denominator: Assessed
-- exclusions: Those left out of attendance; unknown outcomes
-- unit: share
-- direction: higher_is_better
--
-- metric: safeguarding.time_to_share_median_s
-- definition: Time from assessment by which half of the assessed were shared with partners: cumulative incidence (Aalen-Johansen) to 28 d, what is not shared is censored; NULL where half were not
-- population: Assessed domestic abuse incidents that stand in the population of attendance, by whether somebody came within 28 d (outcome) and risk level found
-- numerator: none
-- denominator: none
-- exclusions: Those left out of attendance; unknown outcomes
-- unit: s
-- direction: lower_is_better
SELECT
    m.metric,
    c.period_kind,
    c.period_label,
    c.outcome,
    c.risk_level,
    CASE m.metric WHEN 'safeguarding.time_to_share_median_s' THEN CAST(t.median_ms AS DOUBLE) / 1000.0E0 END AS value,
    CASE m.metric
        WHEN 'safeguarding.declined_share' THEN c.assessed + c.declined
        WHEN 'safeguarding.assessed_within_24h' THEN c.mature_24h
        WHEN 'safeguarding.shared_share' THEN c.assessed
        WHEN 'safeguarding.time_to_share_median_s' THEN t.assessed
        ELSE c.mature
    END AS n,
    CASE m.metric
        WHEN 'safeguarding.assessed_share' THEN c.assessed
        WHEN 'safeguarding.offered_share' THEN c.assessed + c.declined
        WHEN 'safeguarding.declined_share' THEN c.declined
        WHEN 'safeguarding.no_record_share' THEN c.mature - c.assessed - c.declined
        WHEN 'safeguarding.assessed_within_24h' THEN c.assessed_24h
        WHEN 'safeguarding.shared_share' THEN c.shared
    END AS numerator,
    CASE m.metric
        WHEN 'safeguarding.declined_share' THEN c.assessed + c.declined
        WHEN 'safeguarding.assessed_within_24h' THEN c.mature_24h
        WHEN 'safeguarding.shared_share' THEN c.assessed
        WHEN 'safeguarding.time_to_share_median_s' THEN CAST(NULL AS BIGINT)
        ELSE c.mature
    END AS denominator,
    CASE m.metric
        WHEN 'safeguarding.assessed_within_24h' THEN c.arrival_known - c.mature_24h
        WHEN 'safeguarding.shared_share' THEN c.assessed_immature
        WHEN 'safeguarding.time_to_share_median_s' THEN t.waiting
        ELSE c.cases - c.mature
    END AS n_immature,
    CASE m.metric
        WHEN 'safeguarding.assessed_within_24h' THEN c.unknown_outcome + c.cases - c.arrival_known
        ELSE c.unknown_outcome
    END AS n_unknown,
    c.excluded AS n_excluded,
    c.clock_fallback AS n_clock_fallback,
    c.still_open AS open_records,
    c.last_event_at,
    CAST(NULL AS DOUBLE) AS ci_low,
    CAST(NULL AS DOUBLE) AS ci_high,
    CASE WHEN c.unknown_origin_counted > 0 THEN 'unknown_origin_counted' END AS notes
FROM safeguarding_cell AS c
LEFT JOIN safeguarding_sharing AS t
    ON t.period_kind = c.period_kind AND t.period_label = c.period_label AND t.outcome = c.outcome AND t.risk_level = c.risk_level
INNER JOIN (VALUES
    ('safeguarding.assessed_share', false),
    ('safeguarding.offered_share', false),
    ('safeguarding.declined_share', false),
    ('safeguarding.no_record_share', false),
    ('safeguarding.assessed_within_24h', false),
    ('safeguarding.shared_share', true),
    ('safeguarding.time_to_share_median_s', true)
) AS m(metric, of_level)
    ON m.of_level OR c.risk_level = 'all'
WHERE c.cases > 0
    AND (m.metric <> 'safeguarding.assessed_within_24h' OR c.outcome = 'attended')
    -- Of nobody assessed there is nothing to share.
    AND (NOT m.of_level OR t.assessed > 0)
