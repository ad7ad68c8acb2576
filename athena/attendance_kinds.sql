-- Athena's text of callclock/metrics/attendance_kinds.sql, written by make athena.
SELECT
  k.*,
  DENSE_RANK() OVER (
    ORDER BY k.by_hour, k.grade_scheme, k.grade_initial, k.grade_final, k.population, k.area, k.hour_of_week
  ) AS kind_no
FROM (
  SELECT DISTINCT
    FALSE AS by_hour,
    grade_scheme,
    grade_initial,
    grade_final,
    population,
    area,
    'all' AS hour_of_week
  FROM attendance_population
  WHERE
    counted
  UNION ALL
  SELECT DISTINCT
    TRUE AS by_hour,
    grade_scheme,
    grade_initial,
    grade_final,
    'all' AS population,
    'all' AS area,
    hour_of_week
  FROM attendance_population
  WHERE
    counted
) AS k
