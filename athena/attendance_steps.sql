-- Athena's text of callclock/metrics/attendance_steps.sql, written by make athena.
WITH definitions AS (
  SELECT
    *
  FROM (VALUES
    ('attendance.call_to_answer_mean_s', 's', 28, 29, 0, '1'),
    ('attendance.call_to_answer_median_s', 's', 28, 29, 0, '1'),
    ('attendance.call_to_answer_p90_s', 's', 28, 29, 0, '1'),
    ('attendance.created_to_dispatch_mean_s', 's', 28, 29, 0, '1'),
    ('attendance.created_to_dispatch_median_s', 's', 28, 29, 0, '1'),
    ('attendance.created_to_dispatch_p90_s', 's', 28, 29, 0, '1'),
    ('attendance.dispatch_to_arrival_mean_s', 's', 28, 29, 0, '1'),
    ('attendance.dispatch_to_arrival_median_s', 's', 28, 29, 0, '1'),
    ('attendance.dispatch_to_arrival_p90_s', 's', 28, 29, 0, '1')) AS d(metric, unit, settles_days, settled_after, events_settle, definition_version)
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
        WHEN 'attendance.call_to_answer_mean_s'
        THEN CAST(c.call_to_answer_mean_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.call_to_answer_median_s'
        THEN CAST(q.call_to_answer_median_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.call_to_answer_p90_s'
        THEN CAST(q.call_to_answer_p90_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.created_to_dispatch_mean_s'
        THEN CAST(c.created_to_dispatch_mean_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.created_to_dispatch_median_s'
        THEN CAST(q.created_to_dispatch_median_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.created_to_dispatch_p90_s'
        THEN CAST(q.created_to_dispatch_p90_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.dispatch_to_arrival_mean_s'
        THEN CAST(c.dispatch_to_arrival_mean_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.dispatch_to_arrival_median_s'
        THEN CAST(q.dispatch_to_arrival_median_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.dispatch_to_arrival_p90_s'
        THEN CAST(q.dispatch_to_arrival_p90_ms AS DOUBLE) / 1000.0E0
      END AS value,
      CASE m.step
        WHEN 'call_to_answer'
        THEN c.call_to_answer_n
        WHEN 'created_to_dispatch'
        THEN c.created_to_dispatch_n
        ELSE c.dispatch_to_arrival_n
      END AS n,
      CAST(NULL AS BIGINT) AS numerator,
      CAST(NULL AS BIGINT) AS denominator,
      CAST(0 AS BIGINT) AS n_immature,
      c.unknown_outcome AS n_unknown,
      c.excluded AS n_excluded,
      CAST(0 AS BIGINT) AS n_clock_fallback, /* The headline clock does not run here. */
      c.still_open AS open_records,
      c.last_event_at,
      CAST(NULL AS DOUBLE) AS ci_low,
      CAST(NULL AS DOUBLE) AS ci_high,
      CASE WHEN c.unknown_origin_counted > 0 THEN 'unknown_origin_counted' END AS notes
    FROM attendance_cell AS c
    LEFT JOIN attendance_step_percentiles AS q
      ON q.period_kind = c.period_kind
      AND q.period_label = c.period_label
      AND q.grade_basis = c.grade_basis
      AND q.grade_scheme = c.grade_scheme
      AND q.grade = c.grade
      AND q.population = c.population
      AND q.area = c.area
      AND q.hour_of_week = c.hour_of_week
    CROSS JOIN (VALUES
      ('attendance.call_to_answer_mean_s', 'call_to_answer'),
      ('attendance.call_to_answer_median_s', 'call_to_answer'),
      ('attendance.call_to_answer_p90_s', 'call_to_answer'),
      ('attendance.created_to_dispatch_mean_s', 'created_to_dispatch'),
      ('attendance.created_to_dispatch_median_s', 'created_to_dispatch'),
      ('attendance.created_to_dispatch_p90_s', 'created_to_dispatch'),
      ('attendance.dispatch_to_arrival_mean_s', 'dispatch_to_arrival'),
      ('attendance.dispatch_to_arrival_median_s', 'dispatch_to_arrival'),
      ('attendance.dispatch_to_arrival_p90_s', 'dispatch_to_arrival')) AS m(metric, step)
    /* Few systems that log incidents know when the call was answered: a force without one has no rows of it. */
    WHERE
      c.incidents > 0 AND (
        m.step <> 'call_to_answer' OR c.call_to_answer_n > 0
      )
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
