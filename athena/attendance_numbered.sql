-- Athena's text of callclock/metrics/attendance_numbered.sql, written by make athena.
SELECT
  r.local_date,
  k.kind_no,
  h.kind_no AS hour_kind_no,
  r.attend_ms,
  r.created_to_dispatch_ms,
  r.dispatch_to_arrival_ms
FROM attendance_population AS r
INNER JOIN attendance_kinds AS k
  ON NOT k.by_hour
  AND k.grade_scheme = r.grade_scheme
  AND k.grade_initial = r.grade_initial
  AND k.grade_final = r.grade_final
  AND k.population = r.population
  AND k.area = r.area
INNER JOIN attendance_kinds AS h
  ON h.by_hour
  AND h.grade_scheme = r.grade_scheme
  AND h.grade_initial = r.grade_initial
  AND h.grade_final = r.grade_final
  AND h.hour_of_week = r.hour_of_week
WHERE
  r.counted
