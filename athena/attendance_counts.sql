-- Athena's text of callclock/metrics/attendance_counts.sql, written by make athena.
WITH definitions AS (
  SELECT
    *
  FROM (VALUES
    ('attendance.incidents', 'count', 0, 29, 0, '1'),
    ('attendance.attended', 'count', 0, 29, 0, '1'),
    ('attendance.open', 'count', 0, 29, 0, '1'),
    ('attendance.closed_unattended', 'count', 0, 29, 0, '1'),
    ('attendance.unknown', 'count', 0, 29, 0, '1'),
    ('attendance.arrived_after_close', 'count', 0, 29, 0, '1'),
    ('attendance.excluded', 'count', 0, 29, 0, '1')) AS d(metric, unit, settles_days, settled_after, events_settle, definition_version)
), keyed AS (
  SELECT
    f.*,
    'all' AS line,
    'all' AS queue,
    'all' AS stage,
    'all' AS channel,
    'all' AS source,
    'all' AS outcome,
    'all' AS age_band,
    'all' AS window_label,
    'all' AS risk_level,
    'record' AS basis
  FROM (
    WITH counted AS (
      SELECT
        c.*,
        m.metric,
        m.reason,
        CASE CONCAT(CAST(m.metric AS VARCHAR), CAST(' ' AS VARCHAR), CAST(m.reason AS VARCHAR))
          WHEN 'attendance.incidents all'
          THEN c.incidents
          WHEN 'attendance.attended all'
          THEN c.attended
          WHEN 'attendance.open all'
          THEN c.still_open
          WHEN 'attendance.closed_unattended all'
          THEN c.closed_unattended
          WHEN 'attendance.closed_unattended phone_resolved'
          THEN c.closed_phone_resolved
          WHEN 'attendance.closed_unattended no_reply'
          THEN c.closed_no_reply
          WHEN 'attendance.closed_unattended cancelled'
          THEN c.closed_cancelled
          WHEN 'attendance.closed_unattended other'
          THEN c.closed_other
          WHEN 'attendance.unknown all'
          THEN c.unknown_outcome
          WHEN 'attendance.arrived_after_close all'
          THEN c.arrived_after_close
          WHEN 'attendance.excluded all'
          THEN c.excluded
          WHEN 'attendance.excluded officer_made'
          THEN c.excluded_officer_made
          WHEN 'attendance.excluded training'
          THEN c.excluded_training
          WHEN 'attendance.excluded pre_planned'
          THEN c.excluded_pre_planned
          WHEN 'attendance.excluded duplicate'
          THEN c.excluded_duplicate
          WHEN 'attendance.excluded external'
          THEN c.excluded_external
          WHEN 'attendance.excluded origin_unknown'
          THEN c.excluded_origin_unknown
          WHEN 'attendance.excluded other_service'
          THEN c.excluded_other_service
          WHEN 'attendance.excluded appointment'
          THEN c.excluded_appointment
          WHEN 'attendance.excluded attendance_not_expected'
          THEN c.excluded_attendance_not_expected
          WHEN 'attendance.excluded already_on_scene'
          THEN c.excluded_already_on_scene
          WHEN 'attendance.excluded negative_interval'
          THEN c.excluded_negative_interval
        END AS found
      FROM attendance_cell AS c
      CROSS JOIN (VALUES
        ('attendance.incidents', 'all'),
        ('attendance.attended', 'all'),
        ('attendance.open', 'all'),
        ('attendance.closed_unattended', 'all'),
        ('attendance.closed_unattended', 'phone_resolved'),
        ('attendance.closed_unattended', 'no_reply'),
        ('attendance.closed_unattended', 'cancelled'),
        ('attendance.closed_unattended', 'other'),
        ('attendance.unknown', 'all'),
        ('attendance.arrived_after_close', 'all'),
        ('attendance.excluded', 'all'),
        ('attendance.excluded', 'officer_made'),
        ('attendance.excluded', 'training'),
        ('attendance.excluded', 'pre_planned'),
        ('attendance.excluded', 'duplicate'),
        ('attendance.excluded', 'external'),
        ('attendance.excluded', 'origin_unknown'),
        ('attendance.excluded', 'other_service'),
        ('attendance.excluded', 'appointment'),
        ('attendance.excluded', 'attendance_not_expected'),
        ('attendance.excluded', 'already_on_scene'),
        ('attendance.excluded', 'negative_interval')) AS m(metric, reason)
    )
    SELECT
      c.metric,
      c.period_kind,
      c.period_label,
      c.grade_basis,
      c.grade_scheme,
      c.grade,
      c.population,
      c.area,
      c.hour_of_week,
      c.reason,
      CASE
        WHEN c.metric <> 'attendance.open' OR c.by_closing = 0
        THEN CAST(c.found AS DOUBLE)
      END AS value,
      c.found AS n,
      CAST(NULL AS BIGINT) AS numerator,
      CAST(NULL AS BIGINT) AS denominator,
      CAST(0 AS BIGINT) AS n_immature,
      c.unknown_outcome AS n_unknown,
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
          WHEN c.metric = 'attendance.open' AND c.by_closing > 0
          THEN 'selected_by_closing'
        END AS VARCHAR)
      ) AS notes
    FROM counted AS c
    WHERE
      c.found > 0 OR (
        c.reason = 'all' AND c.incidents > 0
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
