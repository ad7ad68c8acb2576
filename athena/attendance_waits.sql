-- Athena's text of callclock/metrics/attendance_waits.sql, written by make athena.
WITH definitions AS (
  SELECT
    *
  FROM (VALUES
    ('attendance.mean_s', 's', 28, 29, 0, '1'),
    ('attendance.median_s', 's', 28, 29, 0, '1'),
    ('attendance.p90_s', 's', 28, 29, 0, '1'),
    ('attendance.p95_s', 's', 28, 29, 0, '1'),
    ('attendance.mean_so_far_s', 's', 0, 29, 0, '1')) AS d(metric, unit, settles_days, settled_after, events_settle, definition_version)
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
    SELECT
      m.metric,
      c.period_kind,
      c.period_label,
      c.grade_basis,
      c.grade_scheme,
      c.grade,
      c.population,
      c.area,
      c.hour_of_week,
      CASE m.metric
        WHEN 'attendance.mean_s'
        THEN CAST(c.attend_mean_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.median_s'
        THEN CAST(q.attend_median_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.p90_s'
        THEN CAST(q.attend_p90_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.p95_s'
        THEN CAST(q.attend_p95_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.mean_so_far_s'
        THEN CAST(c.so_far_mean_ms AS DOUBLE) / 1000.0E0
      END AS value,
      CASE m.metric WHEN 'attendance.mean_so_far_s' THEN c.so_far_n ELSE c.attend_n END AS n,
      CAST(NULL AS BIGINT) AS numerator,
      CAST(NULL AS BIGINT) AS denominator,
      CASE m.metric
        WHEN 'attendance.mean_so_far_s'
        THEN c.still_open
        ELSE CAST(0 AS BIGINT)
      END AS n_immature, /* The wait of an open record is still growing. */
      CASE m.metric
        WHEN 'attendance.mean_so_far_s'
        THEN c.not_placed
        ELSE c.unknown_outcome
      END AS n_unknown,
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
        CAST(CASE WHEN c.unknown_origin_counted > 0 THEN 'unknown_origin_counted' END AS VARCHAR),
        CAST(CASE
          WHEN m.metric = 'attendance.mean_s'
          AND c.mature_7d > 0
          AND CAST(c.mature_7d - c.within_7d - c.closed_7d AS DOUBLE) / NULLIF(c.mature_7d, 0) * 604800000 > c.attend_mean_ms
          THEN 'mean_hides_unattended'
        END /* More of all waited over 7 days than this mean could bear: it holds the attended only. */ AS VARCHAR)
      ) AS notes
    FROM attendance_cell AS c
    LEFT JOIN attendance_percentiles AS q
      ON q.period_kind = c.period_kind
      AND q.period_label = c.period_label
      AND q.grade_basis = c.grade_basis
      AND q.grade_scheme = c.grade_scheme
      AND q.grade = c.grade
      AND q.population = c.population
      AND q.area = c.area
      AND q.hour_of_week = c.hour_of_week
    CROSS JOIN (VALUES
      ('attendance.mean_s'),
      ('attendance.median_s'),
      ('attendance.p90_s'),
      ('attendance.p95_s'),
      ('attendance.mean_so_far_s')) AS m(metric)
    WHERE
      c.incidents > 0
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
