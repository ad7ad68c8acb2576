-- Athena's text of callclock/metrics/attendance_alike.sql, written by make athena.
SELECT
  r.local_date,
  r.kind_no,
  r.state_no,
  COUNT(*) AS n,
  MAX(r.last_event_at) AS last_event_at,
  CAST(SUM(r.attend_ms) AS BIGINT) AS attend_total_ms,
  COUNT(r.so_far_ms) AS so_far_n,
  CAST(SUM(r.so_far_ms) AS BIGINT) AS so_far_total_ms,
  COUNT(r.call_to_answer_ms) AS call_to_answer_n,
  CAST(SUM(r.call_to_answer_ms) AS BIGINT) AS call_to_answer_total_ms,
  COUNT(r.created_to_dispatch_ms) AS created_to_dispatch_n,
  CAST(SUM(r.created_to_dispatch_ms) AS BIGINT) AS created_to_dispatch_total_ms,
  COUNT(r.dispatch_to_arrival_ms) AS dispatch_to_arrival_n,
  CAST(SUM(r.dispatch_to_arrival_ms) AS BIGINT) AS dispatch_to_arrival_total_ms
FROM attendance_population AS r
GROUP BY
  r.local_date,
  r.kind_no,
  r.state_no
