-- Athena's text of callclock/metrics/attendance_late.sql, written by make athena.
WITH first_open AS (
  SELECT
    period_kind,
    period_label,
    DENSE_RANK() OVER (ORDER BY period_kind, period_label) AS period_no,
    MIN(first_open_ms) AS first_open_ms
  FROM attendance_middle
  GROUP BY
    period_kind,
    period_label
  /* The curve goes by month and longer; elsewhere only a half that is reached later has to be looked for. */
  HAVING
    NOT period_kind IN ('day', 'week')
    OR COUNT(*) FILTER(WHERE
      first_open_ms < middle_ms) > 0
)
SELECT
  f.period_kind,
  f.period_label,
  r.kind_no,
  r.hour_kind_no,
  r.so_far_ms,
  r.point_no,
  r.attended,
  r.still_open,
  CAST(SUM(CASE WHEN r.still_open THEN 1 ELSE 0 END) OVER (
    ORDER BY f.period_no * 10000000000000 + 2 * r.so_far_ms + CASE WHEN r.still_open THEN 1 ELSE 0 END
  ) AS BIGINT) AS interval_no /* Every period in one row, each in its own ten thousand milliards: to order within partitions takes several times as */ /* long. At one instant arrivals and closings come before those who were last seen open. */
FROM attendance_placed AS r
INNER JOIN period_days AS p
  ON p.local_date = r.local_date
INNER JOIN first_open AS f
  ON f.period_kind = p.period_kind AND f.period_label = p.period_label
WHERE
  r.still_open OR r.so_far_ms > f.first_open_ms
