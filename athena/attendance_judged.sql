-- Athena's text of callclock/metrics/attendance_judged.sql, written by make athena.
WITH stated AS (
  SELECT
    i.source,
    i.record_key,
    i.incident_id,
    i.clock_start_at,
    i.started_at,
    i.local_date,
    LPAD(CAST((
      DAY_OF_WEEK(i.local_date) - 1
    ) * 24 + i.local_hour AS VARCHAR), 3, '0') AS hour_of_week,
    COALESCE(i.grade_scheme, 'standard') AS grade_scheme,
    i.grade_initial,
    i.grade_final,
    CASE
      WHEN i.domestic_abuse
      THEN 'domestic_abuse'
      WHEN NOT i.domestic_abuse
      THEN 'other'
      ELSE 'unknown'
    END AS population,
    COALESCE(NULLIF(TRIM(i.area), ''), 'unknown') AS area,
    i.service,
    i.exclusion,
    COALESCE(i.set_aside, '') AS set_aside,
    i.outcome,
    i.closure_reason,
    i.clock_fallback,
    COALESCE(i.selected_by = 'closing', FALSE) AS by_closing,
    i.attend_ms,
    i.close_ms,
    i.created_to_dispatch_ms,
    i.dispatch_to_arrival_ms,
    COALESCE(
      DATE_DIFF(
        'MILLISECOND',
        DATE_TRUNC('MILLISECOND', i.clock_start_at),
        DATE_TRUNC('MILLISECOND', i.first_arrived_at)
      ),
      i.reported_arrival_ms
    ) AS arrival_ms,
    DATE_DIFF(
      'MILLISECOND',
      DATE_TRUNC('MILLISECOND', i.clock_start_at),
      DATE_TRUNC(
        'MILLISECOND',
        COALESCE(CASE WHEN s.resend = 'delta' THEN s.as_at END, i.observed_at)
      )
    ) AS age_ms, /* A snapshot says nothing of a record it no longer holds; a delta source would have told us of any change. */
    GREATEST(COALESCE(i.first_arrived_at, i.started_at), COALESCE(i.closed_at, i.started_at)) AS last_event_at
  FROM incidents AS i
  LEFT JOIN sources AS s
    ON s.table_name = 'incidents' AND s.source = i.source
)
SELECT
  t.*,
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
    WHEN NOT t.service IS NULL AND sv.service IS NULL
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
    WHEN t.arrival_ms <= 0 AND NOT t.attend_ms IS NULL
    THEN 'already_on_scene'
    WHEN t.arrival_ms < 0
    THEN 'negative_interval'
  END AS left_out /* The order is that of reasons.Exclusion. What the record says comes from the fold; what configuration says is */ /* added here. Where unknown origin counts, the reasons after it still apply. */
FROM stated AS t
CROSS JOIN run
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
