-- Athena's text of callclock/metrics/attendance_percentiles.sql, written by make athena.
WITH found AS (
  SELECT
    period_no,
    cell_no,
    CASE
      WHEN COUNT(attend_ms) > 0
      THEN CAST(ELEMENT_AT(
        ARRAY_AGG(attend_ms ORDER BY attend_ms) FILTER(WHERE
          NOT attend_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(attend_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) + (
        CAST(ELEMENT_AT(
          ARRAY_AGG(attend_ms ORDER BY attend_ms) FILTER(WHERE
            NOT attend_ms IS NULL),
          CAST(CEIL((
            (
              COUNT(attend_ms) - 1
            ) * CAST(0.5 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE) - CAST(ELEMENT_AT(
          ARRAY_AGG(attend_ms ORDER BY attend_ms) FILTER(WHERE
            NOT attend_ms IS NULL),
          CAST(FLOOR((
            (
              COUNT(attend_ms) - 1
            ) * CAST(0.5 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE)
      ) * (
        (
          (
            COUNT(attend_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        ) - FLOOR((
          (
            COUNT(attend_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        ))
      )
    END AS attend_median_ms,
    CASE
      WHEN COUNT(attend_ms) > 0
      THEN CAST(ELEMENT_AT(
        ARRAY_AGG(attend_ms ORDER BY attend_ms) FILTER(WHERE
          NOT attend_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(attend_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) + (
        CAST(ELEMENT_AT(
          ARRAY_AGG(attend_ms ORDER BY attend_ms) FILTER(WHERE
            NOT attend_ms IS NULL),
          CAST(CEIL((
            (
              COUNT(attend_ms) - 1
            ) * CAST(0.9 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE) - CAST(ELEMENT_AT(
          ARRAY_AGG(attend_ms ORDER BY attend_ms) FILTER(WHERE
            NOT attend_ms IS NULL),
          CAST(FLOOR((
            (
              COUNT(attend_ms) - 1
            ) * CAST(0.9 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE)
      ) * (
        (
          (
            COUNT(attend_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        ) - FLOOR((
          (
            COUNT(attend_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        ))
      )
    END AS attend_p90_ms,
    CASE
      WHEN COUNT(attend_ms) > 0
      THEN CAST(ELEMENT_AT(
        ARRAY_AGG(attend_ms ORDER BY attend_ms) FILTER(WHERE
          NOT attend_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(attend_ms) - 1
          ) * CAST(0.95 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) + (
        CAST(ELEMENT_AT(
          ARRAY_AGG(attend_ms ORDER BY attend_ms) FILTER(WHERE
            NOT attend_ms IS NULL),
          CAST(CEIL((
            (
              COUNT(attend_ms) - 1
            ) * CAST(0.95 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE) - CAST(ELEMENT_AT(
          ARRAY_AGG(attend_ms ORDER BY attend_ms) FILTER(WHERE
            NOT attend_ms IS NULL),
          CAST(FLOOR((
            (
              COUNT(attend_ms) - 1
            ) * CAST(0.95 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE)
      ) * (
        (
          (
            COUNT(attend_ms) - 1
          ) * CAST(0.95 AS DOUBLE)
        ) - FLOOR((
          (
            COUNT(attend_ms) - 1
          ) * CAST(0.95 AS DOUBLE)
        ))
      )
    END AS attend_p95_ms
  FROM attendance_in_cell
  WHERE
    NOT attend_ms IS NULL
  GROUP BY
    period_no,
    cell_no
)
SELECT
  p.period_kind,
  p.period_label,
  b.grade_basis,
  c.grade_scheme,
  c.grade,
  c.population,
  c.area,
  c.hour_of_week,
  f.attend_median_ms,
  f.attend_p90_ms,
  f.attend_p95_ms
FROM found AS f
INNER JOIN periods AS p
  ON p.period_no = f.period_no
INNER JOIN attendance_cells AS c
  ON c.cell_no = f.cell_no
INNER JOIN (VALUES
  ('initial'),
  ('final')) AS b(grade_basis)
  ON c.grade_basis IN ('either', b.grade_basis)
