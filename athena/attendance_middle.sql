-- Athena's text of callclock/metrics/attendance_middle.sql, written by make athena.
WITH placed_in_cell AS (
  SELECT
    group_no,
    so_far_ms,
    attend_ms,
    state_no /* The fate leads the number of a state, and 2 is open. */ >= 20000000
    AND state_no < 30000000 AS still_open
  FROM attendance_in_cell
  WHERE
    NOT so_far_ms IS NULL
), found AS (
  SELECT
    group_no,
    COUNT(*) AS placed,
    COUNT(*) FILTER(WHERE
      still_open) AS still_open,
    CASE
      WHEN COUNT(COALESCE(attend_ms, 9000000000000000000)) > 0
      THEN ELEMENT_AT(
        ARRAY_AGG(
          COALESCE(attend_ms, 9000000000000000000) ORDER BY COALESCE(attend_ms, 9000000000000000000)
        ) FILTER(WHERE
          NOT COALESCE(attend_ms, 9000000000000000000) IS NULL),
        CAST(CEIL(COUNT(COALESCE(attend_ms, 9000000000000000000)) * CAST(0.5 AS DOUBLE)) AS INTEGER)
      )
    END AS middle_ms,
    MIN(CASE WHEN still_open THEN so_far_ms END) AS first_open_ms,
    MAX(CASE WHEN still_open THEN so_far_ms END) AS last_open_ms,
    MAX(so_far_ms) AS last_ms
  FROM placed_in_cell
  GROUP BY
    group_no
)
SELECT
  p.period_kind,
  p.period_label,
  f.group_no % 1000000 AS cell_no,
  f.placed,
  f.still_open,
  f.middle_ms,
  f.first_open_ms,
  f.last_open_ms,
  f.last_ms
FROM found AS f
INNER JOIN periods AS p
  ON p.period_no = FLOOR(CAST(f.group_no AS DOUBLE) / 1000000)
