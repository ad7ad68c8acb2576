-- Athena's text of callclock/metrics/attendance_cuts.sql, written by make athena.
SELECT
  p.period_kind,
  p.period_label,
  g.grade_basis,
  c.by_population,
  c.by_area,
  c.by_hour
FROM periods AS p
INNER JOIN (VALUES
  (FALSE, FALSE, FALSE),
  (TRUE, FALSE, FALSE),
  (FALSE, TRUE, FALSE),
  (TRUE, TRUE, FALSE),
  (FALSE, FALSE, TRUE)) AS c(by_population, by_area, by_hour)
  ON (
    NOT c.by_area OR NOT p.period_kind IN ('day', 'week')
  )
  AND (
    NOT c.by_hour OR p.period_kind = 'month'
  )
CROSS JOIN (VALUES
  ('initial'),
  ('final'),
  ('either')) AS g(grade_basis)
