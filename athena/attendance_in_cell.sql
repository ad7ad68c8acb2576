-- Athena's text of callclock/metrics/attendance_in_cell.sql, written by make athena.
SELECT
  g.few,
  g.group_no,
  r.state_no,
  r.attend_ms,
  r.so_far_ms,
  r.call_to_answer_ms,
  r.created_to_dispatch_ms,
  r.dispatch_to_arrival_ms
FROM attendance_population AS r
INNER JOIN (
  /* What is the same for all of one day and kind is joined for one of them. */
  SELECT
    k.day_kind_no,
    p.period_kind = 'day' AS few,
    p.period_no * 1000000 + c.cell_no AS group_no
  FROM (
    SELECT DISTINCT
      local_date,
      kind_no,
      day_kind_no
    FROM attendance_configured
  ) AS k
  INNER JOIN period_days AS p
    ON p.local_date = k.local_date
  INNER JOIN attendance_in_cells AS c
    ON c.kind_no = k.kind_no
    AND (
      NOT c.by_area OR NOT p.period_kind IN ('day', 'week')
    )
) AS g
  ON g.day_kind_no = r.day_kind_no
UNION ALL
SELECT
  TRUE AS few,
  p.period_no * 1000000 + c.cell_no AS group_no,
  r.state_no,
  r.attend_ms,
  r.so_far_ms,
  r.call_to_answer_ms,
  r.created_to_dispatch_ms,
  r.dispatch_to_arrival_ms
FROM attendance_population AS r
INNER JOIN period_days AS p
  ON p.local_date = r.local_date AND p.period_kind = 'month'
INNER JOIN attendance_in_cells AS c
  ON c.kind_no = r.hour_kind_no
