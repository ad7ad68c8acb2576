-- name: calls_intervals
-- table: call_intervals
-- from: calls_intervals_cell
-- settled_after: 3
-- keys: line, hour_of_week, basis
-- look_behind: 0
-- look_ahead: 0
-- definition_version: 1
--
-- metric: calls.offered
-- definition: Calls that came in, as counted by interval
-- population: Calls that a provider counted, all queues and providers of the line together; the counts of BT apart
-- numerator: none
-- denominator: none
-- exclusions: Intervals that run over the end of the period or were set aside, their calls in n_excluded
-- unit: count
-- direction: neutral
--
-- metric: calls.answered
-- definition: Calls answered, as counted by interval
-- population: Calls that a provider counted, all queues and providers of the line together; the counts of BT apart
-- numerator: none
-- denominator: none
-- exclusions: Intervals that run over the end of the period or were set aside, their calls in n_excluded; calls of intervals without the count, in n_unknown
-- unit: count
-- direction: neutral
--
-- metric: calls.abandoned
-- definition: Calls abandoned, as counted by interval and as its provider understands it
-- population: Calls that a provider counted, all queues and providers of the line together; the counts of BT apart
-- numerator: none
-- denominator: none
-- exclusions: Intervals that run over the end of the period or were set aside, their calls in n_excluded; calls of intervals without the count, in n_unknown
-- unit: count
-- direction: lower_is_better
--
-- metric: calls.unaccounted
-- definition: Offered less answered less abandoned, where all three are counted; may be negative
-- population: Calls that a provider counted, all queues and providers of the line together; the counts of BT apart
-- numerator: none
-- denominator: none
-- exclusions: Intervals that run over the end of the period or were set aside, their calls in n_excluded; calls of intervals without the counts, in n_unknown
-- unit: count
-- direction: neutral
--
-- metric: calls.abandonment_rate
-- definition: Abandoned of offered, as counted by interval and as its provider understands it
-- population: Calls that a provider counted, all queues and providers of the line together; the counts of BT apart
-- numerator: Abandoned
-- denominator: Offered
-- exclusions: Intervals that run over the end of the period or were set aside, their calls in n_excluded; calls of intervals without the count, in n_unknown
-- unit: share
-- direction: lower_is_better
--
-- metric: calls.answered_within_10s, calls.answered_within_30s, calls.answered_within_60s
-- definition: Answered within X as the provider counts bands: with their bound (note band_inclusive, band_mixed where providers differ) or, without a note, in less than X or unsaid
-- population: Calls that a provider counted, all queues and providers of the line together; the counts of BT apart
-- numerator: Answered within X
-- denominator: Offered; basis bt: answered
-- exclusions: Intervals that run over the end of the period or were set aside, their calls in n_excluded; calls of intervals without the band, in n_unknown
-- unit: share
-- direction: higher_is_better
--
-- metric: calls.share_10_to_60s
-- definition: Answered after 10 s and within 60 s: the second national 999 band
-- population: Calls that a provider counted, all queues and providers of the line together; the counts of BT apart
-- numerator: Answered within 60 s less answered within 10 s
-- denominator: Offered; basis bt: answered
-- exclusions: Intervals that run over the end of the period or were set aside, their calls in n_excluded; calls of intervals without the bands, in n_unknown
-- unit: share
-- direction: lower_is_better
--
-- metric: calls.share_60s_plus
-- definition: Answered after 60 s: the third national 999 band
-- population: Calls that a provider counted, all queues and providers of the line together; the counts of BT apart
-- numerator: Answered less answered within 60 s
-- denominator: Offered; basis bt: answered
-- exclusions: Intervals that run over the end of the period or were set aside, their calls in n_excluded; calls of intervals without the band, in n_unknown
-- unit: share
-- direction: lower_is_better
WITH figures AS (
    SELECT
        c.*,
        m.metric,
        m.kind,
        CASE m.metric
            WHEN 'calls.offered' THEN c.offered
            WHEN 'calls.answered' THEN c.answered
            WHEN 'calls.abandoned' THEN c.abandoned
            WHEN 'calls.unaccounted' THEN c.unaccounted
        END AS counted,
        CASE m.metric
            WHEN 'calls.abandonment_rate' THEN c.abandoned
            WHEN 'calls.answered_within_10s' THEN c.under_10s
            WHEN 'calls.answered_within_30s' THEN c.under_30s
            WHEN 'calls.answered_within_60s' THEN c.under_60s
            WHEN 'calls.share_10_to_60s' THEN c.from_10_to_60s
            WHEN 'calls.share_60s_plus' THEN c.over_60s
        END AS numerator,
        -- Calls of the intervals that hold the count.
        CASE m.metric
            WHEN 'calls.offered' THEN c.offered
            WHEN 'calls.answered' THEN c.offered_of_answered
            WHEN 'calls.abandoned' THEN c.offered_of_abandoned
            WHEN 'calls.unaccounted' THEN c.offered_of_unaccounted
            WHEN 'calls.abandonment_rate' THEN c.offered_of_abandoned
            WHEN 'calls.answered_within_10s' THEN c.calls_of_10s
            WHEN 'calls.answered_within_30s' THEN c.calls_of_30s
            WHEN 'calls.answered_within_60s' THEN c.calls_of_60s
            WHEN 'calls.share_10_to_60s' THEN c.calls_of_10_to_60s
            WHEN 'calls.share_60s_plus' THEN c.calls_of_60s_plus
        END AS known,
        CASE WHEN m.kind = 'band' AND c.basis = 'bt' THEN c.answered ELSE c.offered END AS of_all
    FROM calls_intervals_cell AS c
    CROSS JOIN (VALUES
        ('calls.offered', 'count'),
        ('calls.answered', 'count'),
        ('calls.abandoned', 'count'),
        ('calls.unaccounted', 'count'),
        ('calls.abandonment_rate', 'rate'),
        ('calls.answered_within_10s', 'band'),
        ('calls.answered_within_30s', 'band'),
        ('calls.answered_within_60s', 'band'),
        ('calls.share_10_to_60s', 'band'),
        ('calls.share_60s_plus', 'band')
    ) AS m(metric, kind)
    WHERE c.offered IS NOT NULL
)
SELECT
    f.metric,
    f.period_kind,
    f.period_label,
    f.line,
    f.hour_of_week,
    f.basis,
    CAST(f.counted AS DOUBLE) AS value,
    COALESCE(f.counted, f.known) AS n,
    f.numerator,
    CASE WHEN f.kind <> 'count' THEN f.known END AS denominator,
    CAST(0 AS BIGINT) AS n_immature,
    COALESCE(f.of_all, 0) - COALESCE(f.known, 0) AS n_unknown,
    f.left_out AS n_excluded,
    CAST(0 AS BIGINT) AS n_clock_fallback,
    CAST(0 AS BIGINT) AS open_records,
    f.last_event_at,
    CAST(NULL AS DOUBLE) AS ci_low,
    CAST(NULL AS DOUBLE) AS ci_high,
    CASE
        WHEN f.numerator < 0 OR f.numerator > f.known THEN COALESCE(CASE WHEN f.kind = 'band' THEN f.bound_note || ';' END, '') || 'counts_disagree'
        WHEN f.kind = 'band' THEN f.bound_note
    END AS notes
FROM figures AS f
