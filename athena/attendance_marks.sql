-- Athena's text of callclock/metrics/attendance_marks.sql, written by make athena.
WITH definitions AS (
  SELECT
    *
  FROM (VALUES
    ('attendance.within_15m', 'share', 0, 29, 0, '1'),
    ('attendance.within_60m', 'share', 0, 29, 0, '1'),
    ('attendance.within_4h', 'share', 0, 29, 0, '1'),
    ('attendance.within_24h', 'share', 0, 29, 0, '1'),
    ('attendance.within_7d', 'share', 0, 29, 0, '1'),
    ('attendance.closed_unattended_within_15m', 'share', 0, 29, 0, '1'),
    ('attendance.closed_unattended_within_60m', 'share', 0, 29, 0, '1'),
    ('attendance.closed_unattended_within_4h', 'share', 0, 29, 0, '1'),
    ('attendance.closed_unattended_within_24h', 'share', 0, 29, 0, '1'),
    ('attendance.closed_unattended_within_7d', 'share', 0, 29, 0, '1'),
    ('attendance.over_15m', 'share', 0, 29, 0, '1'),
    ('attendance.over_60m', 'share', 0, 29, 0, '1'),
    ('attendance.over_4h', 'share', 0, 29, 0, '1'),
    ('attendance.over_24h', 'share', 0, 29, 0, '1'),
    ('attendance.over_7d', 'share', 0, 29, 0, '1'),
    ('attendance.never_attended_share', 'share', 0, 29, 0, '1'),
    ('attendance.within_target', 'share', 0, 29, 0, '1'),
    ('attendance.no_target', 'count', 0, 29, 0, '1')) AS d(metric, unit, settles_days, settled_after, events_settle, definition_version)
), keyed AS (
  SELECT
    f.*,
    'all' AS line,
    'all' AS queue,
    'all' AS stage,
    'all' AS channel,
    'all' AS source,
    'all' AS outcome,
    'all' AS reason,
    'all' AS age_band,
    'all' AS window_label,
    'all' AS risk_level,
    'record' AS basis
  FROM (
    WITH at_mark AS (
      SELECT
        c.*,
        m.mark,
        CASE m.mark
          WHEN '15m'
          THEN c.mature_15m
          WHEN '60m'
          THEN c.mature_60m
          WHEN '4h'
          THEN c.mature_4h
          WHEN '24h'
          THEN c.mature_24h
          WHEN '7d'
          THEN c.mature_7d
          WHEN '28d'
          THEN c.mature_28d
          ELSE c.mature_target
        END AS mature,
        CASE m.mark
          WHEN '15m'
          THEN c.within_15m
          WHEN '60m'
          THEN c.within_60m
          WHEN '4h'
          THEN c.within_4h
          WHEN '24h'
          THEN c.within_24h
          WHEN '7d'
          THEN c.within_7d
          WHEN '28d'
          THEN c.within_28d
          ELSE c.within_target
        END AS within_mark,
        CASE m.mark
          WHEN '15m'
          THEN c.closed_15m
          WHEN '60m'
          THEN c.closed_60m
          WHEN '4h'
          THEN c.closed_4h
          WHEN '24h'
          THEN c.closed_24h
          WHEN '7d'
          THEN c.closed_7d
        END AS closed_by_mark
      FROM attendance_cell AS c
      CROSS JOIN (VALUES
        ('15m'),
        ('60m'),
        ('4h'),
        ('24h'),
        ('7d'),
        ('28d'),
        ('target')) AS m(mark)
      WHERE
        c.incidents > 0
    )
    SELECT
      CASE f.found
        WHEN 'no_target'
        THEN 'attendance.no_target'
        WHEN 'never'
        THEN 'attendance.never_attended_share'
        ELSE CONCAT(
          CAST('attendance.' AS VARCHAR),
          CAST(f.found AS VARCHAR),
          CAST('_' AS VARCHAR),
          CAST(c.mark AS VARCHAR)
        )
      END AS metric,
      c.period_kind,
      c.period_label,
      c.grade_basis,
      c.grade_scheme,
      c.grade,
      c.population,
      c.area,
      c.hour_of_week,
      CASE f.found WHEN 'no_target' THEN CAST(c.no_target AS DOUBLE) END AS value,
      CASE f.found WHEN 'no_target' THEN c.no_target ELSE c.mature END AS n,
      CASE f.found
        WHEN 'within'
        THEN c.within_mark
        WHEN 'closed_unattended_within'
        THEN c.closed_by_mark
        WHEN 'never'
        THEN c.mature - c.within_mark
        WHEN 'over'
        THEN c.mature - c.within_mark - c.closed_by_mark
      END AS numerator,
      CASE WHEN f.found <> 'no_target' THEN c.mature END AS denominator,
      CASE
        WHEN f.found = 'no_target'
        THEN CAST(0 AS BIGINT)
        WHEN c.mark = 'target'
        THEN c.targeted - c.mature
        ELSE c.placed - c.mature
      END AS n_immature,
      c.not_placed AS n_unknown,
      c.excluded AS n_excluded,
      c.clock_fallback AS n_clock_fallback,
      c.still_open AS open_records,
      c.last_event_at,
      CAST(NULL AS DOUBLE) AS ci_low,
      CAST(NULL AS DOUBLE) AS ci_high,
      CONCAT_WS(
        ';',
        CAST(CASE
          WHEN c.clock_fallback > 0.95E0 * c.incidents
          THEN 'created_clock'
          WHEN c.clock_fallback >= 0.05E0 * c.incidents AND c.clock_fallback > 0
          THEN 'mixed_clock'
        END AS VARCHAR),
        CAST(CASE WHEN c.unknown_origin_counted > 0 THEN 'unknown_origin_counted' END AS VARCHAR)
      ) AS notes
    FROM at_mark AS c
    INNER JOIN (VALUES
      ('mark', 'within'),
      ('mark', 'closed_unattended_within'),
      ('mark', 'over'),
      ('28d', 'never'),
      ('target', 'within'),
      ('target', 'no_target')) AS f(of, found)
      ON f.of = CASE WHEN c.mark IN ('28d', 'target') THEN c.mark ELSE 'mark' END
  ) AS f
)
SELECT
  r.metric,
  r.period_kind,
  r.period_label,
  r.grade,
  r.grade_basis,
  r.grade_scheme,
  r.population,
  r.area,
  r.line,
  r.queue,
  r.stage,
  r.channel,
  r.source,
  r.hour_of_week,
  r.outcome,
  r.reason,
  r.age_band,
  r.window_label,
  r.risk_level,
  r.basis,
  r.period_start,
  r.period_end,
  COALESCE(r.value, r.share) AS value,
  r.unit,
  r.n,
  r.numerator,
  r.denominator,
  r.n_immature,
  r.n_unknown,
  r.n_excluded,
  r.n_clock_fallback,
  r.force_as_at >= r.settles_at AND r.n_immature = 0 AND NOT r.hole AS complete,
  CASE
    WHEN r.numerator = 0 AND r.denominator > 0
    THEN 0.0E0
    ELSE COALESCE(
      r.ci_low,
      CAST((
        r.share + 0.5E0 * r.z2_n - SQRT(r.z2_n * r.share * (
          1.0E0 - r.share
        ) + 0.25E0 * r.z2_n * r.z2_n)
      ) AS DOUBLE) / (
        1.0E0 + r.z2_n
      )
    )
  END AS ci_low, /* z = 1.959964 and its square; the bounds of 0 % and 100 % are exact. */
  CASE
    WHEN r.numerator = r.denominator AND r.denominator > 0
    THEN 1.0E0
    ELSE COALESCE(
      r.ci_high,
      CAST((
        r.share + 0.5E0 * r.z2_n + SQRT(r.z2_n * r.share * (
          1.0E0 - r.share
        ) + 0.25E0 * r.z2_n * r.z2_n)
      ) AS DOUBLE) / (
        1.0E0 + r.z2_n
      )
    )
  END AS ci_high,
  r.target,
  CASE
    WHEN r.open_records > 0
    OR r.force_as_at < r.period_settles_at
    OR r.force_as_at < r.event_settles_at
    THEN r.force_as_at
    WHEN r.event_settles_at > r.period_settles_at
    THEN r.event_settles_at
    ELSE r.period_settles_at
  END AS as_at, /* While a record is open the row moves with its table; else it is settled some days after its period and its last event. */
  r.definition_version,
  COALESCE(r.notes, '') AS notes
FROM (
  SELECT
    k.*,
    d.unit,
    d.definition_version,
    p.period_start,
    p.period_end,
    p.hole,
    run.force_as_at,
    COALESCE(own.target, general.target) AS target,
    CASE WHEN d.settles_days = 28 THEN p.end_at + INTERVAL '28' DAY ELSE p.end_at END AS settles_at,
    p.end_at + CASE d.settled_after
      WHEN 3
      THEN INTERVAL '3' DAY
      WHEN 28
      THEN INTERVAL '28' DAY
      ELSE INTERVAL '29' DAY
    END AS period_settles_at,
    k.last_event_at + CASE d.events_settle
      WHEN 0
      THEN INTERVAL '0' DAY
      WHEN 1
      THEN INTERVAL '1' DAY
      WHEN 3
      THEN INTERVAL '3' DAY
      ELSE INTERVAL '28' DAY
    END AS event_settles_at,
    CAST(k.numerator AS DOUBLE) / NULLIF(k.denominator, 0) AS share,
    CASE
      WHEN k.numerator >= 0 AND k.numerator <= k.denominator
      THEN CAST(3.841458881296E0 AS DOUBLE) / NULLIF(k.denominator, 0)
    END AS z2_n /* Counts of others do not always add up: what is no proportion has no interval. */
  FROM keyed AS k
  INNER JOIN definitions AS d
    ON d.metric = k.metric
  INNER JOIN periods AS p
    ON p.period_kind = k.period_kind AND p.period_label = k.period_label
  CROSS JOIN run
  LEFT JOIN metric_targets AS own
    ON own.metric = k.metric
    AND own.line = k.line
    AND own.since <= p.period_start
    AND own.until > p.period_start
  LEFT JOIN metric_targets AS general
    ON general.metric = k.metric
    AND general.line = 'all'
    AND general.since <= p.period_start
    AND general.until > p.period_start
) AS r
