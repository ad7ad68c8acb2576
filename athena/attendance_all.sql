-- Athena's text of callclock/metrics/attendance_all.sql, written by make athena.
WITH definitions AS (
  SELECT
    *
  FROM (VALUES
    ('attendance.median_all_s', 's', 0, 29, 0, '1')) AS d(metric, unit, settles_days, settled_after, events_settle, definition_version)
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
    WITH found AS (
      SELECT
        c.*,
        COALESCE(m.placed, 0) AS known,
        COALESCE(m.still_open, 0) AS known_open,
        CASE
          WHEN c.not_placed > 0.05E0 * c.incidents
          THEN NULL
          WHEN m.first_open_ms < m.middle_ms
          THEN CAST(r.half_ms AS DOUBLE)
          WHEN m.middle_ms < 9000000000000000000
          THEN CAST(m.middle_ms AS DOUBLE)
        END AS half_ms,
        CASE WHEN m.first_open_ms < m.middle_ms THEN r.still_open_by ELSE 0 END AS open_before /* Nothing is open below a half that was reached before the first open one. */
      FROM attendance_cell AS c
      LEFT JOIN attendance_cells AS k
        ON k.grade_basis = CASE c.grade WHEN 'all' THEN 'either' ELSE c.grade_basis END
        AND k.grade_scheme = c.grade_scheme
        AND k.grade = c.grade
        AND k.population = c.population
        AND k.area = c.area
        AND k.hour_of_week = c.hour_of_week
      LEFT JOIN attendance_middle AS m
        ON m.period_kind = c.period_kind
        AND m.period_label = c.period_label
        AND m.cell_no = k.cell_no
      LEFT JOIN attendance_half AS r
        ON r.period_kind = m.period_kind
        AND r.period_label = m.period_label
        AND r.cell_no = m.cell_no
      WHERE
        c.incidents > 0
    )
    SELECT
      'attendance.median_all_s' AS metric,
      c.period_kind,
      c.period_label,
      c.grade_basis,
      c.grade_scheme,
      c.grade,
      c.population,
      c.area,
      c.hour_of_week,
      CAST(c.half_ms AS DOUBLE) / 1000.0E0 AS value,
      c.known AS n,
      CAST(NULL AS BIGINT) AS numerator,
      CAST(NULL AS BIGINT) AS denominator,
      CAST(CASE WHEN c.half_ms IS NULL THEN c.known_open ELSE c.open_before END AS BIGINT) AS n_immature, /* What was last seen open before the half could still move it; all that is open, while there is none. */
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
        CAST(CASE WHEN c.unknown_origin_counted > 0 THEN 'unknown_origin_counted' END AS VARCHAR),
        CAST(CASE WHEN c.not_placed > 0.05E0 * c.incidents THEN 'unknown_outcomes' END AS VARCHAR)
      ) AS notes
    FROM found AS c
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
