-- Athena's text of callclock/metrics/attendance_few.sql, written by make athena.
SELECT
  group_no,
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
  few AND NOT attend_ms IS NULL
GROUP BY
  group_no
