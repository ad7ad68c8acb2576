-- Athena's text of callclock/metrics/attendance_configured.sql, written by make athena.
WITH said AS (
  SELECT DISTINCT
    source,
    local_date,
    grade_scheme,
    grade_initial,
    grade_final,
    population,
    area,
    service,
    exclusion,
    set_aside
  FROM attendance_stated
), graded AS (
  SELECT
    t.*,
    CASE WHEN s.resend = 'delta' THEN s.as_at END AS known_until,
    COALESCE(gi.grade, 'unknown') AS initial_key,
    COALESCE(gf.grade, 'unknown') AS final_key,
    a.area_type,
    t.exclusion = 'origin_unknown' AND run.count_unknown_origin AS unknown_origin_counted,
    CASE
      WHEN t.exclusion IN ('officer_made', 'training', 'pre_planned', 'duplicate', 'external')
      THEN t.exclusion
      WHEN t.exclusion = 'origin_unknown' AND NOT run.count_unknown_origin
      THEN t.exclusion
      WHEN t.exclusion = 'other_service' OR t.set_aside = 'other_service'
      THEN 'other_service'
      WHEN t.service <> '' AND sv.service IS NULL
      THEN 'other_service'
      WHEN t.exclusion = 'appointment' OR t.set_aside = 'appointment' OR gi.appointment
      THEN 'appointment'
      WHEN t.exclusion = 'attendance_not_expected'
      OR t.set_aside = 'attendance_not_expected'
      THEN 'attendance_not_expected'
      WHEN NOT gi.attendance_expected
      THEN 'attendance_not_expected'
      WHEN t.exclusion IN ('already_on_scene', 'negative_interval')
      THEN t.exclusion
      WHEN t.set_aside IN ('already_on_scene', 'negative_interval')
      THEN t.set_aside
    END AS left_out /* The order is that of reasons.Exclusion. What the record says comes from the fold; what configuration says is */ /* added here. Where unknown origin counts, the reasons after it still apply. */
  FROM said AS t
  CROSS JOIN run
  LEFT JOIN sources AS s
    ON s.table_name = 'incidents' AND s.source = t.source
  LEFT JOIN grades AS gi
    ON gi.grade = t.grade_initial
    AND gi.scheme = t.grade_scheme
    AND gi.since <= t.local_date
    AND gi.until > t.local_date
  LEFT JOIN grades AS gf
    ON gf.grade = t.grade_final
    AND gf.scheme = t.grade_scheme
    AND gf.since <= t.local_date
    AND gf.until > t.local_date
  LEFT JOIN services AS sv
    ON sv.service = t.service
  LEFT JOIN areas AS a
    ON a.area = t.area
), aimed AS (
  SELECT
    g.*,
    COALESCE(ti.target_ms, tia.target_ms) AS target_initial_ms,
    COALESCE(tf.target_ms, tfa.target_ms) AS target_final_ms
  FROM graded AS g
  LEFT JOIN attendance_targets AS ti
    ON ti.grade = g.initial_key
    AND ti.scheme = g.grade_scheme
    AND ti.area_type = g.area_type
    AND ti.since <= g.local_date
    AND ti.until > g.local_date
  LEFT JOIN attendance_targets AS tia
    ON tia.grade = g.initial_key
    AND tia.scheme = g.grade_scheme
    AND tia.area_type = 'all'
    AND tia.since <= g.local_date
    AND tia.until > g.local_date
  LEFT JOIN attendance_targets AS tf
    ON tf.grade = g.final_key
    AND tf.scheme = g.grade_scheme
    AND tf.area_type = g.area_type
    AND tf.since <= g.local_date
    AND tf.until > g.local_date
  LEFT JOIN attendance_targets AS tfa
    ON tfa.grade = g.final_key
    AND tfa.scheme = g.grade_scheme
    AND tfa.area_type = 'all'
    AND tfa.since <= g.local_date
    AND tfa.until > g.local_date
)
SELECT
  g.*,
  f.fate_no AS left_out_no,
  (
    DAY_OF_WEEK(g.local_date) - 1
  ) * 24 AS first_hour_no,
  CAST(DENSE_RANK() OVER (ORDER BY g.grade_scheme, g.initial_key, g.final_key) AS INTEGER) AS grades_no, /* Those of one kind count in the same cells. */
  CAST(DENSE_RANK() OVER (ORDER BY g.grade_scheme, g.initial_key, g.final_key, g.population, g.area) AS INTEGER) AS kind_no,
  CAST(DENSE_RANK() OVER (
    ORDER BY g.local_date, g.grade_scheme, g.initial_key, g.final_key, g.population, g.area
  ) AS INTEGER) AS day_kind_no
FROM aimed AS g
LEFT JOIN attendance_fates AS f
  ON f.fate = g.left_out
