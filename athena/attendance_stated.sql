-- Athena's text of callclock/metrics/attendance_stated.sql, written by make athena.
SELECT
  i.source,
  i.record_key,
  i.incident_id,
  i.clock_start_at,
  i.started_at,
  i.local_date,
  i.local_hour,
  COALESCE(i.grade_scheme, 'standard') AS grade_scheme,
  COALESCE(i.grade_initial, '') AS grade_initial,
  COALESCE(i.grade_final, '') AS grade_final,
  CASE
    WHEN i.domestic_abuse
    THEN 'domestic_abuse'
    WHEN NOT i.domestic_abuse
    THEN 'other'
    ELSE 'unknown'
  END AS population,
  COALESCE(NULLIF(TRIM(i.area), ''), 'unknown') AS area,
  COALESCE(i.service, '') AS service,
  COALESCE(i.exclusion, '') AS exclusion,
  COALESCE(i.set_aside, '') AS set_aside,
  i.outcome,
  i.closure_reason,
  i.clock_fallback,
  COALESCE(i.selected_by = 'closing', FALSE) AS by_closing,
  i.attend_ms,
  i.close_ms,
  i.call_to_answer_ms,
  i.created_to_dispatch_ms,
  i.dispatch_to_arrival_ms,
  NOT i.first_arrived_at IS NULL OR NOT i.reported_arrival_ms IS NULL AS arrival_told,
  i.observed_at,
  GREATEST(COALESCE(i.first_arrived_at, i.started_at), COALESCE(i.closed_at, i.started_at)) AS last_event_at
FROM incidents AS i
