-- Athena's text of callclock/metrics/attendance_kinds.sql, written by make athena.
SELECT DISTINCT
  FALSE AS by_hour,
  k.kind_no,
  k.grade_scheme,
  k.initial_key AS grade_initial,
  k.final_key AS grade_final,
  k.population,
  k.area,
  'all' AS hour_of_week
FROM attendance_configured AS k
UNION ALL
SELECT DISTINCT
  TRUE AS by_hour,
  r.hour_kind_no AS kind_no,
  k.grade_scheme,
  k.grade_initial,
  k.grade_final,
  'all' AS population,
  'all' AS area,
  LPAD(CAST(0 - r.hour_kind_no - 168 * k.grades_no AS VARCHAR), 3, '0') AS hour_of_week
FROM (
  SELECT DISTINCT
    kind_no,
    hour_kind_no
  FROM attendance_population
) AS r
INNER JOIN (
  SELECT DISTINCT
    kind_no,
    grades_no,
    grade_scheme,
    initial_key AS grade_initial,
    final_key AS grade_final
  FROM attendance_configured
) AS k
  ON k.kind_no = r.kind_no
