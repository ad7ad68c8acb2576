-- Athena's text of callclock/metrics/attendance_step_percentiles.sql, written by make athena.
WITH found AS (
  SELECT
    group_no,
    CASE
      WHEN COUNT(call_to_answer_ms) > 0
      THEN CAST(ELEMENT_AT(
        ARRAY_AGG(call_to_answer_ms ORDER BY call_to_answer_ms) FILTER(WHERE
          NOT call_to_answer_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(call_to_answer_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) + (
        CAST(ELEMENT_AT(
          ARRAY_AGG(call_to_answer_ms ORDER BY call_to_answer_ms) FILTER(WHERE
            NOT call_to_answer_ms IS NULL),
          CAST(CEIL((
            (
              COUNT(call_to_answer_ms) - 1
            ) * CAST(0.5 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE) - CAST(ELEMENT_AT(
          ARRAY_AGG(call_to_answer_ms ORDER BY call_to_answer_ms) FILTER(WHERE
            NOT call_to_answer_ms IS NULL),
          CAST(FLOOR((
            (
              COUNT(call_to_answer_ms) - 1
            ) * CAST(0.5 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE)
      ) * (
        (
          (
            COUNT(call_to_answer_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        ) - FLOOR((
          (
            COUNT(call_to_answer_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        ))
      )
    END AS call_to_answer_median_ms,
    CASE
      WHEN COUNT(call_to_answer_ms) > 0
      THEN CAST(ELEMENT_AT(
        ARRAY_AGG(call_to_answer_ms ORDER BY call_to_answer_ms) FILTER(WHERE
          NOT call_to_answer_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(call_to_answer_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) + (
        CAST(ELEMENT_AT(
          ARRAY_AGG(call_to_answer_ms ORDER BY call_to_answer_ms) FILTER(WHERE
            NOT call_to_answer_ms IS NULL),
          CAST(CEIL((
            (
              COUNT(call_to_answer_ms) - 1
            ) * CAST(0.9 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE) - CAST(ELEMENT_AT(
          ARRAY_AGG(call_to_answer_ms ORDER BY call_to_answer_ms) FILTER(WHERE
            NOT call_to_answer_ms IS NULL),
          CAST(FLOOR((
            (
              COUNT(call_to_answer_ms) - 1
            ) * CAST(0.9 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE)
      ) * (
        (
          (
            COUNT(call_to_answer_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        ) - FLOOR((
          (
            COUNT(call_to_answer_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        ))
      )
    END AS call_to_answer_p90_ms,
    CASE
      WHEN COUNT(created_to_dispatch_ms) > 0
      THEN CAST(ELEMENT_AT(
        ARRAY_AGG(created_to_dispatch_ms ORDER BY created_to_dispatch_ms) FILTER(WHERE
          NOT created_to_dispatch_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(created_to_dispatch_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) + (
        CAST(ELEMENT_AT(
          ARRAY_AGG(created_to_dispatch_ms ORDER BY created_to_dispatch_ms) FILTER(WHERE
            NOT created_to_dispatch_ms IS NULL),
          CAST(CEIL((
            (
              COUNT(created_to_dispatch_ms) - 1
            ) * CAST(0.5 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE) - CAST(ELEMENT_AT(
          ARRAY_AGG(created_to_dispatch_ms ORDER BY created_to_dispatch_ms) FILTER(WHERE
            NOT created_to_dispatch_ms IS NULL),
          CAST(FLOOR((
            (
              COUNT(created_to_dispatch_ms) - 1
            ) * CAST(0.5 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE)
      ) * (
        (
          (
            COUNT(created_to_dispatch_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        ) - FLOOR((
          (
            COUNT(created_to_dispatch_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        ))
      )
    END AS created_to_dispatch_median_ms,
    CASE
      WHEN COUNT(created_to_dispatch_ms) > 0
      THEN CAST(ELEMENT_AT(
        ARRAY_AGG(created_to_dispatch_ms ORDER BY created_to_dispatch_ms) FILTER(WHERE
          NOT created_to_dispatch_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(created_to_dispatch_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) + (
        CAST(ELEMENT_AT(
          ARRAY_AGG(created_to_dispatch_ms ORDER BY created_to_dispatch_ms) FILTER(WHERE
            NOT created_to_dispatch_ms IS NULL),
          CAST(CEIL((
            (
              COUNT(created_to_dispatch_ms) - 1
            ) * CAST(0.9 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE) - CAST(ELEMENT_AT(
          ARRAY_AGG(created_to_dispatch_ms ORDER BY created_to_dispatch_ms) FILTER(WHERE
            NOT created_to_dispatch_ms IS NULL),
          CAST(FLOOR((
            (
              COUNT(created_to_dispatch_ms) - 1
            ) * CAST(0.9 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE)
      ) * (
        (
          (
            COUNT(created_to_dispatch_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        ) - FLOOR((
          (
            COUNT(created_to_dispatch_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        ))
      )
    END AS created_to_dispatch_p90_ms,
    CASE
      WHEN COUNT(dispatch_to_arrival_ms) > 0
      THEN CAST(ELEMENT_AT(
        ARRAY_AGG(dispatch_to_arrival_ms ORDER BY dispatch_to_arrival_ms) FILTER(WHERE
          NOT dispatch_to_arrival_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(dispatch_to_arrival_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) + (
        CAST(ELEMENT_AT(
          ARRAY_AGG(dispatch_to_arrival_ms ORDER BY dispatch_to_arrival_ms) FILTER(WHERE
            NOT dispatch_to_arrival_ms IS NULL),
          CAST(CEIL((
            (
              COUNT(dispatch_to_arrival_ms) - 1
            ) * CAST(0.5 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE) - CAST(ELEMENT_AT(
          ARRAY_AGG(dispatch_to_arrival_ms ORDER BY dispatch_to_arrival_ms) FILTER(WHERE
            NOT dispatch_to_arrival_ms IS NULL),
          CAST(FLOOR((
            (
              COUNT(dispatch_to_arrival_ms) - 1
            ) * CAST(0.5 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE)
      ) * (
        (
          (
            COUNT(dispatch_to_arrival_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        ) - FLOOR((
          (
            COUNT(dispatch_to_arrival_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        ))
      )
    END AS dispatch_to_arrival_median_ms,
    CASE
      WHEN COUNT(dispatch_to_arrival_ms) > 0
      THEN CAST(ELEMENT_AT(
        ARRAY_AGG(dispatch_to_arrival_ms ORDER BY dispatch_to_arrival_ms) FILTER(WHERE
          NOT dispatch_to_arrival_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(dispatch_to_arrival_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) + (
        CAST(ELEMENT_AT(
          ARRAY_AGG(dispatch_to_arrival_ms ORDER BY dispatch_to_arrival_ms) FILTER(WHERE
            NOT dispatch_to_arrival_ms IS NULL),
          CAST(CEIL((
            (
              COUNT(dispatch_to_arrival_ms) - 1
            ) * CAST(0.9 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE) - CAST(ELEMENT_AT(
          ARRAY_AGG(dispatch_to_arrival_ms ORDER BY dispatch_to_arrival_ms) FILTER(WHERE
            NOT dispatch_to_arrival_ms IS NULL),
          CAST(FLOOR((
            (
              COUNT(dispatch_to_arrival_ms) - 1
            ) * CAST(0.9 AS DOUBLE)
          )) AS INTEGER) + 1
        ) AS DOUBLE)
      ) * (
        (
          (
            COUNT(dispatch_to_arrival_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        ) - FLOOR((
          (
            COUNT(dispatch_to_arrival_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        ))
      )
    END AS dispatch_to_arrival_p90_ms
  FROM attendance_in_cell
  WHERE
    NOT call_to_answer_ms IS NULL
    OR NOT created_to_dispatch_ms IS NULL
    OR NOT dispatch_to_arrival_ms IS NULL
  GROUP BY
    group_no
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
  f.call_to_answer_median_ms,
  f.call_to_answer_p90_ms,
  f.created_to_dispatch_median_ms,
  f.created_to_dispatch_p90_ms,
  f.dispatch_to_arrival_median_ms,
  f.dispatch_to_arrival_p90_ms
FROM found AS f
INNER JOIN periods AS p
  ON p.period_no = FLOOR(CAST(f.group_no AS DOUBLE) / 1000000)
INNER JOIN attendance_cells AS c
  ON c.cell_no = f.group_no % 1000000
INNER JOIN (VALUES
  ('initial'),
  ('final')) AS b(grade_basis)
  ON c.grade_basis IN ('either', b.grade_basis)
