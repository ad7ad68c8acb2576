-- relation: feed_records
-- from: incidents, regrades, calls, contacts, safeguarding, call_intervals
-- stored: no
-- meaning: One row per record of every table: its source, when it began, when it was last seen where a snapshot brought it, whether it has an interval that is timed and whether one of these ends before it begins (an arrival earlier than the profile's tolerance allows, an answer or an end before the call).
SELECT
    r.source,
    r.local_date,
    r.local_hour,
    r.conflicts,
    r.started_at,
    CASE WHEN r.resend = 'snapshot' THEN r.observed_at END AS seen_at,
    r.first_arrived_at IS NOT NULL OR r.reported_arrival_ms IS NOT NULL AS timed,
    -- The fold leaves the interval out where it is negative beyond the tolerance.
    (r.first_arrived_at IS NOT NULL OR r.reported_arrival_ms IS NOT NULL) AND r.attend_ms IS NULL AS negative
FROM incidents AS r
UNION ALL
SELECT
    c.source,
    c.local_date,
    c.local_hour,
    c.conflicts,
    c.started_at,
    CASE WHEN c.resend = 'snapshot' THEN c.observed_at END AS seen_at,
    c.wait_first_ms IS NOT NULL OR c.end_ms IS NOT NULL AS timed,
    COALESCE(c.wait_first_ms, 0) < 0 OR COALESCE(c.end_ms, 0) < 0 AS negative
FROM calls AS c
UNION ALL
SELECT
    o.source, o.local_date, o.local_hour, o.conflicts, o.started_at, CASE WHEN o.resend = 'snapshot' THEN o.observed_at END AS seen_at,
    false AS timed, false AS negative
FROM regrades AS o
UNION ALL
SELECT
    o.source, o.local_date, o.local_hour, o.conflicts, o.started_at, CASE WHEN o.resend = 'snapshot' THEN o.observed_at END AS seen_at,
    false AS timed, false AS negative
FROM contacts AS o
UNION ALL
SELECT
    o.source, o.local_date, o.local_hour, o.conflicts, o.started_at, CASE WHEN o.resend = 'snapshot' THEN o.observed_at END AS seen_at,
    false AS timed, false AS negative
FROM safeguarding AS o
UNION ALL
SELECT
    o.source, o.local_date, o.local_hour, o.conflicts, o.started_at, CASE WHEN o.resend = 'snapshot' THEN o.observed_at END AS seen_at,
    false AS timed, false AS negative
FROM call_intervals AS o
