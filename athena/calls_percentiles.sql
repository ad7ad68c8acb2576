-- Athena's text of callclock/metrics/calls_percentiles.sql, written by make athena.
WITH in_cell AS (
  SELECT
    c.period_kind,
    c.period_label,
    r.line,
    CASE WHEN c.by_queue THEN r.queue ELSE 'all' END AS queue,
    CASE WHEN c.by_hour THEN r.hour_of_week ELSE 'all' END AS hour_of_week,
    CASE WHEN c.by_stage THEN r.stage ELSE 'all' END AS stage,
    CASE WHEN NOT c.by_stage THEN r.wait_first_ms END AS wait_first_ms,
    CASE WHEN NOT c.by_stage THEN r.wait_final_ms END AS wait_final_ms,
    CASE WHEN NOT c.by_stage THEN r.queue_wait_first_ms END AS queue_wait_first_ms,
    r.gave_up_ms
  FROM calls_population AS r
  INNER JOIN period_days AS p
    ON p.local_date = r.local_date
  INNER JOIN calls_cuts AS c
    ON c.period_kind = p.period_kind
    AND c.period_label = p.period_label
    AND (
      NOT c.by_stage OR NOT r.gave_up_ms IS NULL
    )
  WHERE
    r.counted
)
SELECT
  period_kind,
  period_label,
  line,
  queue,
  hour_of_week,
  stage,
  CASE
    WHEN COUNT(wait_first_ms) > 0
    THEN CAST(ELEMENT_AT(
      ARRAY_AGG(wait_first_ms ORDER BY wait_first_ms) FILTER(WHERE
        NOT wait_first_ms IS NULL),
      CAST(FLOOR((
        (
          COUNT(wait_first_ms) - 1
        ) * CAST(0.5 AS DOUBLE)
      )) AS INTEGER) + 1
    ) AS DOUBLE) + (
      CAST(ELEMENT_AT(
        ARRAY_AGG(wait_first_ms ORDER BY wait_first_ms) FILTER(WHERE
          NOT wait_first_ms IS NULL),
        CAST(CEIL((
          (
            COUNT(wait_first_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) - CAST(ELEMENT_AT(
        ARRAY_AGG(wait_first_ms ORDER BY wait_first_ms) FILTER(WHERE
          NOT wait_first_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(wait_first_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE)
    ) * (
      (
        (
          COUNT(wait_first_ms) - 1
        ) * CAST(0.5 AS DOUBLE)
      ) - FLOOR((
        (
          COUNT(wait_first_ms) - 1
        ) * CAST(0.5 AS DOUBLE)
      ))
    )
  END AS wait_first_median_ms,
  CASE
    WHEN COUNT(wait_first_ms) > 0
    THEN CAST(ELEMENT_AT(
      ARRAY_AGG(wait_first_ms ORDER BY wait_first_ms) FILTER(WHERE
        NOT wait_first_ms IS NULL),
      CAST(FLOOR((
        (
          COUNT(wait_first_ms) - 1
        ) * CAST(0.9 AS DOUBLE)
      )) AS INTEGER) + 1
    ) AS DOUBLE) + (
      CAST(ELEMENT_AT(
        ARRAY_AGG(wait_first_ms ORDER BY wait_first_ms) FILTER(WHERE
          NOT wait_first_ms IS NULL),
        CAST(CEIL((
          (
            COUNT(wait_first_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) - CAST(ELEMENT_AT(
        ARRAY_AGG(wait_first_ms ORDER BY wait_first_ms) FILTER(WHERE
          NOT wait_first_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(wait_first_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE)
    ) * (
      (
        (
          COUNT(wait_first_ms) - 1
        ) * CAST(0.9 AS DOUBLE)
      ) - FLOOR((
        (
          COUNT(wait_first_ms) - 1
        ) * CAST(0.9 AS DOUBLE)
      ))
    )
  END AS wait_first_p90_ms,
  CASE
    WHEN COUNT(wait_first_ms) > 0
    THEN CAST(ELEMENT_AT(
      ARRAY_AGG(wait_first_ms ORDER BY wait_first_ms) FILTER(WHERE
        NOT wait_first_ms IS NULL),
      CAST(FLOOR((
        (
          COUNT(wait_first_ms) - 1
        ) * CAST(0.95 AS DOUBLE)
      )) AS INTEGER) + 1
    ) AS DOUBLE) + (
      CAST(ELEMENT_AT(
        ARRAY_AGG(wait_first_ms ORDER BY wait_first_ms) FILTER(WHERE
          NOT wait_first_ms IS NULL),
        CAST(CEIL((
          (
            COUNT(wait_first_ms) - 1
          ) * CAST(0.95 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) - CAST(ELEMENT_AT(
        ARRAY_AGG(wait_first_ms ORDER BY wait_first_ms) FILTER(WHERE
          NOT wait_first_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(wait_first_ms) - 1
          ) * CAST(0.95 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE)
    ) * (
      (
        (
          COUNT(wait_first_ms) - 1
        ) * CAST(0.95 AS DOUBLE)
      ) - FLOOR((
        (
          COUNT(wait_first_ms) - 1
        ) * CAST(0.95 AS DOUBLE)
      ))
    )
  END AS wait_first_p95_ms,
  CASE
    WHEN COUNT(wait_final_ms) > 0
    THEN CAST(ELEMENT_AT(
      ARRAY_AGG(wait_final_ms ORDER BY wait_final_ms) FILTER(WHERE
        NOT wait_final_ms IS NULL),
      CAST(FLOOR((
        (
          COUNT(wait_final_ms) - 1
        ) * CAST(0.5 AS DOUBLE)
      )) AS INTEGER) + 1
    ) AS DOUBLE) + (
      CAST(ELEMENT_AT(
        ARRAY_AGG(wait_final_ms ORDER BY wait_final_ms) FILTER(WHERE
          NOT wait_final_ms IS NULL),
        CAST(CEIL((
          (
            COUNT(wait_final_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) - CAST(ELEMENT_AT(
        ARRAY_AGG(wait_final_ms ORDER BY wait_final_ms) FILTER(WHERE
          NOT wait_final_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(wait_final_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE)
    ) * (
      (
        (
          COUNT(wait_final_ms) - 1
        ) * CAST(0.5 AS DOUBLE)
      ) - FLOOR((
        (
          COUNT(wait_final_ms) - 1
        ) * CAST(0.5 AS DOUBLE)
      ))
    )
  END AS wait_final_median_ms,
  CASE
    WHEN COUNT(wait_final_ms) > 0
    THEN CAST(ELEMENT_AT(
      ARRAY_AGG(wait_final_ms ORDER BY wait_final_ms) FILTER(WHERE
        NOT wait_final_ms IS NULL),
      CAST(FLOOR((
        (
          COUNT(wait_final_ms) - 1
        ) * CAST(0.9 AS DOUBLE)
      )) AS INTEGER) + 1
    ) AS DOUBLE) + (
      CAST(ELEMENT_AT(
        ARRAY_AGG(wait_final_ms ORDER BY wait_final_ms) FILTER(WHERE
          NOT wait_final_ms IS NULL),
        CAST(CEIL((
          (
            COUNT(wait_final_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) - CAST(ELEMENT_AT(
        ARRAY_AGG(wait_final_ms ORDER BY wait_final_ms) FILTER(WHERE
          NOT wait_final_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(wait_final_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE)
    ) * (
      (
        (
          COUNT(wait_final_ms) - 1
        ) * CAST(0.9 AS DOUBLE)
      ) - FLOOR((
        (
          COUNT(wait_final_ms) - 1
        ) * CAST(0.9 AS DOUBLE)
      ))
    )
  END AS wait_final_p90_ms,
  CASE
    WHEN COUNT(wait_final_ms) > 0
    THEN CAST(ELEMENT_AT(
      ARRAY_AGG(wait_final_ms ORDER BY wait_final_ms) FILTER(WHERE
        NOT wait_final_ms IS NULL),
      CAST(FLOOR((
        (
          COUNT(wait_final_ms) - 1
        ) * CAST(0.95 AS DOUBLE)
      )) AS INTEGER) + 1
    ) AS DOUBLE) + (
      CAST(ELEMENT_AT(
        ARRAY_AGG(wait_final_ms ORDER BY wait_final_ms) FILTER(WHERE
          NOT wait_final_ms IS NULL),
        CAST(CEIL((
          (
            COUNT(wait_final_ms) - 1
          ) * CAST(0.95 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) - CAST(ELEMENT_AT(
        ARRAY_AGG(wait_final_ms ORDER BY wait_final_ms) FILTER(WHERE
          NOT wait_final_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(wait_final_ms) - 1
          ) * CAST(0.95 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE)
    ) * (
      (
        (
          COUNT(wait_final_ms) - 1
        ) * CAST(0.95 AS DOUBLE)
      ) - FLOOR((
        (
          COUNT(wait_final_ms) - 1
        ) * CAST(0.95 AS DOUBLE)
      ))
    )
  END AS wait_final_p95_ms,
  CASE
    WHEN COUNT(queue_wait_first_ms) > 0
    THEN CAST(ELEMENT_AT(
      ARRAY_AGG(queue_wait_first_ms ORDER BY queue_wait_first_ms) FILTER(WHERE
        NOT queue_wait_first_ms IS NULL),
      CAST(FLOOR((
        (
          COUNT(queue_wait_first_ms) - 1
        ) * CAST(0.5 AS DOUBLE)
      )) AS INTEGER) + 1
    ) AS DOUBLE) + (
      CAST(ELEMENT_AT(
        ARRAY_AGG(queue_wait_first_ms ORDER BY queue_wait_first_ms) FILTER(WHERE
          NOT queue_wait_first_ms IS NULL),
        CAST(CEIL((
          (
            COUNT(queue_wait_first_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) - CAST(ELEMENT_AT(
        ARRAY_AGG(queue_wait_first_ms ORDER BY queue_wait_first_ms) FILTER(WHERE
          NOT queue_wait_first_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(queue_wait_first_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE)
    ) * (
      (
        (
          COUNT(queue_wait_first_ms) - 1
        ) * CAST(0.5 AS DOUBLE)
      ) - FLOOR((
        (
          COUNT(queue_wait_first_ms) - 1
        ) * CAST(0.5 AS DOUBLE)
      ))
    )
  END AS queue_wait_first_median_ms,
  CASE
    WHEN COUNT(queue_wait_first_ms) > 0
    THEN CAST(ELEMENT_AT(
      ARRAY_AGG(queue_wait_first_ms ORDER BY queue_wait_first_ms) FILTER(WHERE
        NOT queue_wait_first_ms IS NULL),
      CAST(FLOOR((
        (
          COUNT(queue_wait_first_ms) - 1
        ) * CAST(0.9 AS DOUBLE)
      )) AS INTEGER) + 1
    ) AS DOUBLE) + (
      CAST(ELEMENT_AT(
        ARRAY_AGG(queue_wait_first_ms ORDER BY queue_wait_first_ms) FILTER(WHERE
          NOT queue_wait_first_ms IS NULL),
        CAST(CEIL((
          (
            COUNT(queue_wait_first_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) - CAST(ELEMENT_AT(
        ARRAY_AGG(queue_wait_first_ms ORDER BY queue_wait_first_ms) FILTER(WHERE
          NOT queue_wait_first_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(queue_wait_first_ms) - 1
          ) * CAST(0.9 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE)
    ) * (
      (
        (
          COUNT(queue_wait_first_ms) - 1
        ) * CAST(0.9 AS DOUBLE)
      ) - FLOOR((
        (
          COUNT(queue_wait_first_ms) - 1
        ) * CAST(0.9 AS DOUBLE)
      ))
    )
  END AS queue_wait_first_p90_ms,
  CASE
    WHEN COUNT(queue_wait_first_ms) > 0
    THEN CAST(ELEMENT_AT(
      ARRAY_AGG(queue_wait_first_ms ORDER BY queue_wait_first_ms) FILTER(WHERE
        NOT queue_wait_first_ms IS NULL),
      CAST(FLOOR((
        (
          COUNT(queue_wait_first_ms) - 1
        ) * CAST(0.95 AS DOUBLE)
      )) AS INTEGER) + 1
    ) AS DOUBLE) + (
      CAST(ELEMENT_AT(
        ARRAY_AGG(queue_wait_first_ms ORDER BY queue_wait_first_ms) FILTER(WHERE
          NOT queue_wait_first_ms IS NULL),
        CAST(CEIL((
          (
            COUNT(queue_wait_first_ms) - 1
          ) * CAST(0.95 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) - CAST(ELEMENT_AT(
        ARRAY_AGG(queue_wait_first_ms ORDER BY queue_wait_first_ms) FILTER(WHERE
          NOT queue_wait_first_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(queue_wait_first_ms) - 1
          ) * CAST(0.95 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE)
    ) * (
      (
        (
          COUNT(queue_wait_first_ms) - 1
        ) * CAST(0.95 AS DOUBLE)
      ) - FLOOR((
        (
          COUNT(queue_wait_first_ms) - 1
        ) * CAST(0.95 AS DOUBLE)
      ))
    )
  END AS queue_wait_first_p95_ms,
  CASE
    WHEN COUNT(gave_up_ms) > 0
    THEN CAST(ELEMENT_AT(
      ARRAY_AGG(gave_up_ms ORDER BY gave_up_ms) FILTER(WHERE
        NOT gave_up_ms IS NULL),
      CAST(FLOOR((
        (
          COUNT(gave_up_ms) - 1
        ) * CAST(0.5 AS DOUBLE)
      )) AS INTEGER) + 1
    ) AS DOUBLE) + (
      CAST(ELEMENT_AT(
        ARRAY_AGG(gave_up_ms ORDER BY gave_up_ms) FILTER(WHERE
          NOT gave_up_ms IS NULL),
        CAST(CEIL((
          (
            COUNT(gave_up_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE) - CAST(ELEMENT_AT(
        ARRAY_AGG(gave_up_ms ORDER BY gave_up_ms) FILTER(WHERE
          NOT gave_up_ms IS NULL),
        CAST(FLOOR((
          (
            COUNT(gave_up_ms) - 1
          ) * CAST(0.5 AS DOUBLE)
        )) AS INTEGER) + 1
      ) AS DOUBLE)
    ) * (
      (
        (
          COUNT(gave_up_ms) - 1
        ) * CAST(0.5 AS DOUBLE)
      ) - FLOOR((
        (
          COUNT(gave_up_ms) - 1
        ) * CAST(0.5 AS DOUBLE)
      ))
    )
  END AS gave_up_median_ms
FROM in_cell
GROUP BY
  period_kind,
  period_label,
  line,
  queue,
  hour_of_week,
  stage
