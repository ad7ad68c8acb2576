-- name: feed
-- table: incidents
-- also: regrades, calls, contacts, safeguarding, call_intervals
-- each_source: yes
-- from: feed_days
-- settled_by: none
-- settled_after: 3
-- kinds: day
-- keys: source
-- look_behind: 0
-- look_ahead: 0
-- definition_version: 1
--
-- metric: feed.age_s
-- definition: How old the freshest export of the source was at the end of the day: from the instant at which it was taken to local midnight, or, on a day not over in what is known, to the instant at which the force was last heard of
-- population: Exports that were read, by the day of their arrival; from the day of the first until the source is retired
-- numerator: none
-- denominator: none
-- exclusions: Exports that were refused, held or withdrawn
-- unit: s
-- direction: lower_is_better
--
-- metric: feed.quarantine_rate
-- definition: Share of the records that were not accepted, in the exports that arrived on the day
-- population: Exports that were read, by the day of their arrival
-- numerator: Records in quarantine
-- denominator: Records read, but for title rows and those that the profile drops
-- exclusions: Exports that were refused, held or withdrawn: nothing of them is kept, and a notice has told of each
-- unit: share
-- direction: lower_is_better
--
-- metric: feed.rows
-- definition: Records of the source that began on the day, those set aside included; 0 where its exports cover the day and hold none
-- population: Every record of the source, whatever its table
-- numerator: none
-- denominator: none
-- exclusions: Days of which no export says anything; one covered in part is incomplete (n_immature 1)
-- unit: count
-- direction: neutral
--
-- metric: feed.conflicts
-- definition: Times at which two versions of a record, exported and changed at the same instants, say different things, so that chance decides which stands
-- population: Records of the source that began on the day
-- numerator: none
-- denominator: none
-- exclusions: Days of which no export says anything; one covered in part is incomplete (n_immature 1)
-- unit: count
-- direction: lower_is_better
--
-- metric: feed.negative_interval_share
-- definition: Share of the records with an interval that ends before it begins: somebody arrived before the call by more than the clocks may differ, a call was answered or ended before it started
-- population: Incidents with an arrival and calls with an answer or an end that began on the day, those set aside included
-- numerator: Arrival earlier than the start less the profile's tolerance; answer or end earlier than the start
-- denominator: Records with such an interval
-- exclusions: Records without one; a day covered in part is incomplete (n_immature 1)
-- unit: share
-- direction: lower_is_better
--
-- metric: feed.vanished
-- definition: Records that began on the day and are missing from a later snapshot that covers the instant at which they began; they are kept, and known as of the last that held them
-- population: Records that snapshots brought
-- numerator: none
-- denominator: none
-- exclusions: Records of sources that send only what changed, and snapshots chosen by closing date: there nothing is ever missing. One that a later snapshot holds and that was refused in it is missing: nothing was read of it
-- unit: count
-- direction: lower_is_better
--
-- metric: feed.hours_missing
-- definition: Hours of the local day in which no record of the source began: about half of them, day after day, where AM and PM were lost
-- population: Hours that the day has on a clock, 24, or 23 when the clocks go forward
-- numerator: none
-- denominator: none
-- exclusions: Days of which no export says anything; one covered in part is incomplete (n_immature 1)
-- unit: count
-- direction: lower_is_better
SELECT
    m.metric,
    d.period_kind,
    d.period_label,
    d.source,
    CASE m.metric
        WHEN 'feed.age_s' THEN d.age_s
        WHEN 'feed.rows' THEN CAST(d.records AS DOUBLE)
        WHEN 'feed.conflicts' THEN CAST(d.conflicts AS DOUBLE)
        WHEN 'feed.vanished' THEN CAST(d.vanished AS DOUBLE)
        WHEN 'feed.hours_missing' THEN CAST(d.hours_of_day - d.hours AS DOUBLE)
    END AS value,
    CASE m.metric
        WHEN 'feed.quarantine_rate' THEN d.judged
        WHEN 'feed.negative_interval_share' THEN d.timed
        WHEN 'feed.hours_missing' THEN d.hours_of_day
        WHEN 'feed.rows' THEN d.records
        WHEN 'feed.conflicts' THEN d.records
        WHEN 'feed.vanished' THEN d.in_snapshots
    END AS n,
    CASE m.metric
        WHEN 'feed.quarantine_rate' THEN d.quarantined
        WHEN 'feed.negative_interval_share' THEN d.negative
    END AS numerator,
    CASE m.metric
        WHEN 'feed.quarantine_rate' THEN d.judged
        WHEN 'feed.negative_interval_share' THEN d.timed
    END AS denominator,
    CASE WHEN m.of_records AND d.in_part THEN 1 ELSE 0 END AS n_immature,
    CAST(0 AS BIGINT) AS n_unknown,
    CAST(0 AS BIGINT) AS n_excluded,
    CAST(0 AS BIGINT) AS n_clock_fallback,
    CAST(0 AS BIGINT) AS open_records,
    CAST(NULL AS TIMESTAMP) AS last_event_at,
    CAST(NULL AS DOUBLE) AS ci_low,
    CAST(NULL AS DOUBLE) AS ci_high,
    CAST(NULL AS VARCHAR) AS notes
FROM feed_days AS d
INNER JOIN (VALUES
    ('feed.age_s', false),
    ('feed.quarantine_rate', false),
    ('feed.rows', true),
    ('feed.conflicts', true),
    ('feed.vanished', true),
    ('feed.negative_interval_share', true),
    ('feed.hours_missing', true)
) AS m(metric, of_records)
    ON CASE m.metric
        WHEN 'feed.age_s' THEN d.age_s IS NOT NULL
        WHEN 'feed.quarantine_rate' THEN d.judged > 0
        WHEN 'feed.negative_interval_share' THEN d.told AND d.timed > 0
        WHEN 'feed.vanished' THEN d.in_snapshots > 0
        ELSE d.told
    END
