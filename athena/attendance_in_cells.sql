-- Athena's text of callclock/metrics/attendance_in_cells.sql, written by make athena.
SELECT
  c.*,
  DENSE_RANK() OVER (
    ORDER BY c.grade_basis, c.grade_scheme, c.grade, c.population, c.area, c.hour_of_week
  ) AS cell_no
FROM (
  SELECT
    k.kind_no,
    k.by_hour,
    a.by_area,
    b.grade_basis,
    CASE WHEN b.grade_basis = 'either' THEN 'all' ELSE k.grade_scheme END AS grade_scheme,
    CASE b.grade_basis
      WHEN 'initial'
      THEN k.grade_initial
      WHEN 'final'
      THEN k.grade_final
      ELSE 'all'
    END AS grade,
    CASE WHEN a.by_population THEN k.population ELSE 'all' END AS population,
    CASE WHEN a.by_area THEN k.area ELSE 'all' END AS area,
    k.hour_of_week
  FROM attendance_kinds AS k
  INNER JOIN (VALUES
    (FALSE, FALSE),
    (TRUE, FALSE),
    (FALSE, TRUE),
    (TRUE, TRUE)) AS a(by_population, by_area)
    ON NOT k.by_hour OR (
      NOT a.by_population AND NOT a.by_area
    )
  CROSS JOIN (VALUES
    ('initial'),
    ('final'),
    ('either')) AS b(grade_basis)
) AS c
