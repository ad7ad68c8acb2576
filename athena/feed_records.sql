-- Athena's text of callclock/metrics/feed_records.sql, written by make athena.
SELECT
  r.source,
  r.local_date,
  r.local_hour,
  r.conflicts,
  r.started_at,
  CASE WHEN r.resend = 'snapshot' THEN r.observed_at END AS seen_at,
  NOT r.first_arrived_at IS NULL OR NOT r.reported_arrival_ms IS NULL AS timed,
  (
    NOT r.first_arrived_at IS NULL OR NOT r.reported_arrival_ms IS NULL
  ) /* The fold leaves the interval out where it is negative beyond the tolerance. */
  AND r.attend_ms IS NULL AS negative
FROM incidents AS r
UNION ALL
SELECT
  c.source,
  c.local_date,
  c.local_hour,
  c.conflicts,
  c.started_at,
  CASE WHEN c.resend = 'snapshot' THEN c.observed_at END AS seen_at,
  NOT c.wait_first_ms IS NULL OR NOT c.end_ms IS NULL AS timed,
  COALESCE(c.wait_first_ms, 0) < 0 OR COALESCE(c.end_ms, 0) < 0 AS negative
FROM calls AS c
UNION ALL
SELECT
  o.source,
  o.local_date,
  o.local_hour,
  o.conflicts,
  o.started_at,
  CASE WHEN o.resend = 'snapshot' THEN o.observed_at END AS seen_at,
  FALSE AS timed,
  FALSE AS negative
FROM regrades AS o
UNION ALL
SELECT
  o.source,
  o.local_date,
  o.local_hour,
  o.conflicts,
  o.started_at,
  CASE WHEN o.resend = 'snapshot' THEN o.observed_at END AS seen_at,
  FALSE AS timed,
  FALSE AS negative
FROM contacts AS o
UNION ALL
SELECT
  o.source,
  o.local_date,
  o.local_hour,
  o.conflicts,
  o.started_at,
  CASE WHEN o.resend = 'snapshot' THEN o.observed_at END AS seen_at,
  FALSE AS timed,
  FALSE AS negative
FROM safeguarding AS o
UNION ALL
SELECT
  o.source,
  o.local_date,
  o.local_hour,
  o.conflicts,
  o.started_at,
  CASE WHEN o.resend = 'snapshot' THEN o.observed_at END AS seen_at,
  FALSE AS timed,
  FALSE AS negative
FROM call_intervals AS o
