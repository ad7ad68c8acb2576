-- Athena's text of callclock/metrics/attendance_cells.sql, written by make athena.
SELECT DISTINCT
  cell_no,
  grade_basis,
  grade_scheme,
  grade,
  population,
  area,
  hour_of_week
FROM attendance_in_cells
