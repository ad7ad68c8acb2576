-- Athena's text of callclock/metrics/attendance_regrades.sql, written by make athena.
WITH definitions AS (
  SELECT
    *
  FROM (VALUES
    ('attendance.downgraded_before_target_share', 'share', 0, 29, 0, '1')) AS d(metric, unit, settles_days, settled_after, events_settle, definition_version)
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
    WITH finest AS (
      SELECT
        p.period_kind,
        p.period_label,
        h.by_hour,
        r.grade_scheme,
        r.grade_initial,
        r.grade_final,
        CASE WHEN h.by_hour THEN 'all' ELSE r.population END AS population,
        CASE WHEN h.by_hour OR p.period_kind IN ('day', 'week') THEN 'all' ELSE r.area END AS area,
        CASE WHEN h.by_hour THEN LPAD(CAST(r.hour_no AS VARCHAR), 3, '0') ELSE 'all' END AS hour_of_week,
        COUNT(*) FILTER(WHERE
          r.counted) AS incidents,
        COUNT(*) FILTER(WHERE
          NOT r.counted) AS excluded,
        COUNT(*) FILTER(WHERE
          r.counted AND NOT r.placed) AS not_placed,
        COUNT(*) FILTER(WHERE
          r.targeted) AS targeted,
        COUNT(*) FILTER(WHERE
          r.mature) AS mature,
        COUNT(*) FILTER(WHERE
          r.downgraded) AS downgraded,
        COUNT(*) FILTER(WHERE
          r.clock_fallback) AS clock_fallback,
        COUNT(*) FILTER(WHERE
          r.unknown_origin_counted) AS unknown_origin_counted,
        COUNT(*) FILTER(WHERE
          r.still_open) AS still_open,
        MAX(r.last_event_at) AS last_event_at
      FROM attendance_downgraded AS r
      INNER JOIN period_days AS p
        ON p.local_date = r.local_date
      INNER JOIN (VALUES
        (FALSE),
        (TRUE)) AS h(by_hour)
        ON NOT h.by_hour OR p.period_kind = 'month'
      GROUP BY
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        9
    ), in_cell AS (
      SELECT
        f.period_kind,
        f.period_label,
        c.grade_basis,
        CASE WHEN c.grade_basis = 'either' THEN 'all' ELSE f.grade_scheme END AS grade_scheme,
        CASE c.grade_basis
          WHEN 'initial'
          THEN f.grade_initial
          WHEN 'final'
          THEN f.grade_final
          ELSE 'all'
        END AS grade,
        CASE WHEN c.by_population THEN f.population ELSE 'all' END AS population,
        CASE WHEN c.by_area THEN f.area ELSE 'all' END AS area,
        f.hour_of_week,
        CAST(SUM(f.incidents) AS BIGINT) AS incidents,
        CAST(SUM(f.excluded) AS BIGINT) AS excluded,
        CAST(SUM(f.not_placed) AS BIGINT) AS not_placed,
        CAST(SUM(f.targeted) AS BIGINT) AS targeted,
        CAST(SUM(f.mature) AS BIGINT) AS mature,
        CAST(SUM(f.downgraded) AS BIGINT) AS downgraded,
        CAST(SUM(f.clock_fallback) AS BIGINT) AS clock_fallback,
        CAST(SUM(f.unknown_origin_counted) AS BIGINT) AS unknown_origin_counted,
        CAST(SUM(f.still_open) AS BIGINT) AS still_open,
        MAX(f.last_event_at) AS last_event_at
      FROM finest AS f
      INNER JOIN attendance_cuts AS c
        ON c.period_kind = f.period_kind
        AND c.period_label = f.period_label
        AND c.by_hour = f.by_hour
      GROUP BY
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8
    )
    SELECT
      'attendance.downgraded_before_target_share' AS metric,
      c.period_kind,
      c.period_label,
      b.grade_basis,
      c.grade_scheme,
      c.grade,
      c.population,
      c.area,
      c.hour_of_week,
      CAST(NULL AS DOUBLE) AS value,
      c.mature AS n,
      c.downgraded AS numerator,
      c.mature AS denominator,
      c.targeted - c.mature AS n_immature,
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
    FROM in_cell AS c
    INNER JOIN (VALUES
      ('initial'),
      ('final')) AS b(grade_basis)
      ON c.grade_basis IN ('either', b.grade_basis)
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
