-- Athena's text of callclock/metrics/feed_days.sql, written by make athena.
WITH begun AS (
  SELECT
    r.source,
    r.local_date,
    COUNT(*) AS records,
    COUNT(DISTINCT r.local_hour) AS hours,
    CAST(SUM(COALESCE(r.conflicts, 0)) AS BIGINT) AS conflicts,
    COUNT(CASE WHEN r.timed THEN 1 END) AS timed,
    COUNT(CASE WHEN r.negative THEN 1 END) AS negative,
    COUNT(r.seen_at) AS in_snapshots,
    COUNT(CASE WHEN s.exported_at > r.seen_at THEN 1 END) AS vanished
  FROM feed_records AS r
  /* No two stretches of a source overlap: a record is in one of them at most. */
  LEFT JOIN snapshots AS s
    ON s.source = r.source
    AND s.covers_from <= r.started_at
    AND s.covers_until > r.started_at
  GROUP BY
    r.source,
    r.local_date
), uncovered AS (
  SELECT
    h.source,
    p.period_start,
    MAX(CASE WHEN h.hole_from <= p.start_at AND h.hole_to >= p.end_at THEN 1 ELSE 0 END) AS wholly
  FROM periods AS p
  CROSS JOIN source_holes AS h
  WHERE
    h.hole_from < p.end_at AND h.hole_to > p.start_at
  GROUP BY
    h.source,
    p.period_start
), arrived AS (
  SELECT
    e.source,
    p.period_start,
    MAX(e.exported_at) AS newest_exported_at,
    CAST(SUM(CASE WHEN e.arrived_at >= p.start_at THEN e.records ELSE 0 END) AS BIGINT) AS judged,
    CAST(SUM(CASE WHEN e.arrived_at >= p.start_at THEN e.quarantined ELSE 0 END) AS BIGINT) AS quarantined
  FROM periods AS p
  CROSS JOIN exports AS e
  WHERE
    e.arrived_at < p.end_at
  GROUP BY
    e.source,
    p.period_start
)
SELECT
  p.period_kind,
  p.period_label,
  s.source,
  COALESCE(b.records, 0) AS records,
  COALESCE(b.conflicts, 0) AS conflicts,
  COALESCE(b.timed, 0) AS timed,
  COALESCE(b.negative, 0) AS negative,
  COALESCE(b.in_snapshots, 0) AS in_snapshots,
  COALESCE(b.vanished, 0) AS vanished,
  CASE
    WHEN DATE_DIFF('SECOND', DATE_TRUNC('SECOND', p.start_at), DATE_TRUNC('SECOND', p.end_at)) <= 82800
    THEN 23
    ELSE 24
  END AS hours_of_day, /* The hours that a clock on the wall shows in the day: of 25 hours one is shown twice. */
  COALESCE(b.hours, 0) AS hours,
  NOT u.source IS NULL AS in_part,
  COALESCE(b.records, 0) > 0 OR COALESCE(u.wholly, 0) = 0 AS told,
  a.judged,
  a.quarantined,
  CASE
    WHEN p.start_at >= s.retired_at
    THEN NULL
    WHEN p.end_at <= run.force_as_at
    THEN CAST(DATE_DIFF(
      'MILLISECOND',
      DATE_TRUNC('MILLISECOND', a.newest_exported_at),
      DATE_TRUNC('MILLISECOND', p.end_at)
    ) AS DOUBLE) / 1000.0E0
    ELSE CAST(DATE_DIFF(
      'MILLISECOND',
      DATE_TRUNC('MILLISECOND', a.newest_exported_at),
      DATE_TRUNC('MILLISECOND', run.force_as_at)
    ) AS DOUBLE) / 1000.0E0
  END AS age_s /* A day that is not over in what is known ends where that does; a retired source does not age. */
FROM periods AS p
CROSS JOIN run
CROSS JOIN sources AS s
LEFT JOIN begun AS b
  ON b.source = s.source AND b.local_date = p.period_start
LEFT JOIN uncovered AS u
  ON u.source = s.source AND u.period_start = p.period_start
LEFT JOIN arrived AS a
  ON a.source = s.source AND a.period_start = p.period_start
WHERE
  p.start_at < run.force_as_at
