-- Athena's text of callclock/metrics/attendance_middle.sql, written by make athena.
WITH placed_in_cell AS (
  SELECT
    p.period_no,
    c.cell_no,
    r.so_far_ms,
    r.attended,
    r.still_open
  FROM attendance_placed AS r
  INNER JOIN period_days AS p
    ON p.local_date = r.local_date
  INNER JOIN attendance_in_cells AS c
    ON c.kind_no = r.kind_no AND NOT c.by_area
  UNION ALL
  SELECT
    p.period_no,
    c.cell_no,
    r.so_far_ms,
    r.attended,
    r.still_open
  FROM attendance_placed AS r
  INNER JOIN period_days AS p
    ON p.local_date = r.local_date AND NOT p.period_kind IN ('day', 'week')
  INNER JOIN attendance_in_cells AS c
    ON c.kind_no = r.kind_no AND c.by_area
  UNION ALL
  SELECT
    p.period_no,
    c.cell_no,
    r.so_far_ms,
    r.attended,
    r.still_open
  FROM attendance_placed AS r
  INNER JOIN period_days AS p
    ON p.local_date = r.local_date AND p.period_kind = 'month'
  INNER JOIN attendance_in_cells AS c
    ON c.kind_no = r.hour_kind_no
), found AS (
  SELECT
    period_no,
    cell_no,
    COUNT(*) AS placed,
    COUNT(*) FILTER(WHERE
      still_open) AS still_open,
    CASE
      WHEN COUNT(CASE WHEN attended THEN so_far_ms ELSE 9000000000000000000 END) > 0
      THEN ELEMENT_AT(
        ARRAY_AGG(
          CASE WHEN attended THEN so_far_ms ELSE 9000000000000000000 END ORDER BY CASE WHEN attended THEN so_far_ms ELSE 9000000000000000000 END
        ) FILTER(WHERE
          NOT CASE WHEN attended THEN so_far_ms ELSE 9000000000000000000 END IS NULL),
        CAST(CEIL(
          COUNT(CASE WHEN attended THEN so_far_ms ELSE 9000000000000000000 END) * CAST(0.5 AS DOUBLE)
        ) AS INTEGER)
      )
    END AS middle_ms,
    MIN(CASE WHEN still_open THEN so_far_ms END) AS first_open_ms,
    MAX(CASE WHEN still_open THEN so_far_ms END) AS last_open_ms,
    MAX(so_far_ms) AS last_ms
  FROM placed_in_cell
  GROUP BY
    period_no,
    cell_no
)
SELECT
  p.period_kind,
  p.period_label,
  f.cell_no,
  f.placed,
  f.still_open,
  f.middle_ms,
  f.first_open_ms,
  f.last_open_ms,
  f.last_ms
FROM found AS f
INNER JOIN periods AS p
  ON p.period_no = f.period_no
