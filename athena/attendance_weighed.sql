-- Athena's text of callclock/metrics/attendance_weighed.sql, written by make athena.
WITH chosen AS (
  SELECT
    m.period_kind,
    m.period_label,
    m.cell_no,
    m.placed,
    c.hour_of_week <> 'all' AS by_hour
  FROM attendance_middle AS m
  INNER JOIN attendance_cells AS c
    ON c.cell_no = m.cell_no
  WHERE
    m.first_open_ms < m.middle_ms
    OR (
      NOT m.period_kind IN ('day', 'week') AND c.hour_of_week = 'all'
    )
), wanted AS (
  SELECT
    c.period_kind,
    c.period_label,
    c.by_hour,
    f.first_open_ms
  FROM (
    SELECT DISTINCT
      period_kind,
      period_label,
      by_hour
    FROM chosen
  ) AS c
  INNER JOIN (
    SELECT
      period_kind,
      period_label,
      MIN(first_open_ms) AS first_open_ms
    FROM attendance_middle
    GROUP BY
      period_kind,
      period_label
  ) AS f
    ON f.period_kind = c.period_kind AND f.period_label = c.period_label
), by_kind AS (
  SELECT
    w.period_kind,
    w.period_label,
    CASE WHEN w.by_hour THEN r.hour_kind_no ELSE r.kind_no END AS kind_no,
    CAST(0 AS BIGINT) AS interval_no,
    r.point_no,
    COUNT(*) AS n,
    COUNT(*) FILTER(WHERE
      r.attended) AS attended,
    CAST(0 AS BIGINT) AS still_open
  FROM attendance_placed AS r
  INNER JOIN period_days AS p
    ON p.local_date = r.local_date
  INNER JOIN wanted AS w
    ON w.period_kind = p.period_kind AND w.period_label = p.period_label
  WHERE
    NOT r.still_open
    AND (
      w.first_open_ms IS NULL OR r.so_far_ms <= w.first_open_ms
    )
  GROUP BY
    1,
    2,
    3,
    4,
    5
  UNION ALL
  SELECT
    w.period_kind,
    w.period_label,
    CASE WHEN w.by_hour THEN r.hour_kind_no ELSE r.kind_no END AS kind_no,
    r.interval_no,
    r.point_no,
    COUNT(*) AS n,
    COUNT(*) FILTER(WHERE
      r.attended) AS attended,
    COUNT(*) FILTER(WHERE
      r.still_open) AS still_open
  FROM attendance_late AS r
  INNER JOIN wanted AS w
    ON w.period_kind = r.period_kind AND w.period_label = r.period_label
  GROUP BY
    1,
    2,
    3,
    4,
    5
), in_cell AS (
  SELECT
    c.period_kind,
    c.period_label,
    c.cell_no,
    c.placed,
    r.interval_no,
    r.point_no,
    CAST(SUM(r.n) AS BIGINT) AS n,
    CAST(SUM(r.attended) AS BIGINT) AS attended,
    CAST(SUM(r.still_open) AS BIGINT) AS still_open
  FROM by_kind AS r
  INNER JOIN attendance_in_cells AS i
    ON i.kind_no = r.kind_no
    AND (
      NOT i.by_area OR NOT r.period_kind IN ('day', 'week')
    )
  INNER JOIN chosen AS c
    ON c.period_kind = r.period_kind
    AND c.period_label = r.period_label
    AND c.cell_no = i.cell_no
  GROUP BY
    c.period_kind,
    c.period_label,
    c.cell_no,
    c.placed,
    r.interval_no,
    r.point_no
), at_risk AS (
  SELECT
    i.*,
    placed + n - SUM(n) OVER (
      PARTITION BY period_kind, period_label, cell_no
      ORDER BY interval_no, point_no
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS here_or_later
  FROM in_cell AS i
), weights AS (
  /* In each interval the open ones come first. Nobody is left to take over from the last of all. */
  SELECT
    r.*,
    EXP(
      SUM(
        CASE
          WHEN still_open = 0
          THEN 0.0E0
          ELSE LN(CAST(here_or_later AS DOUBLE) / NULLIF(here_or_later - still_open, 0))
        END
      ) OVER (
        PARTITION BY period_kind, period_label, cell_no
        ORDER BY interval_no, point_no
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      )
    ) AS weight
  FROM at_risk AS r
)
SELECT
  period_kind,
  period_label,
  cell_no,
  placed,
  interval_no,
  point_no,
  n,
  attended,
  still_open,
  weight,
  CAST(SUM(attended * weight) OVER (
    PARTITION BY period_kind, period_label, cell_no
    ORDER BY interval_no, point_no
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS DOUBLE) AS attended_weight_by,
  CAST(SUM(still_open) OVER (
    PARTITION BY period_kind, period_label, cell_no
    ORDER BY interval_no, point_no
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS BIGINT) AS still_open_by
FROM weights
