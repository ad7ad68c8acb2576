-- Athena's text of callclock/metrics/attendance_middle.sql, written by make athena.
WITH few AS (
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
  FROM (
    /* The fate leads the number of a state, and 2 is open. */
    SELECT
      c.*,
      c.state_no >= 20000000 AND c.state_no < 30000000 AS still_open
    FROM attendance_in_cell AS c
    WHERE
      c.few AND NOT c.so_far_ms IS NULL
  ) AS r
  GROUP BY
    group_no
), kinds AS (
  SELECT
    p.period_no,
    c.kind_no,
    p.period_no * 1000000 + c.cell_no AS group_no
  FROM periods AS p
  INNER JOIN attendance_in_cells AS c
    ON NOT c.by_hour AND (
      NOT c.by_area OR p.period_kind <> 'week'
    )
  WHERE
    p.period_kind <> 'day'
), rungs AS (
  SELECT
    p.period_no,
    r.kind_no,
    r.rung_no,
    COUNT(*) AS n,
    COUNT(*) FILTER(WHERE
      still_open) AS still_open,
    MIN(CASE WHEN still_open THEN so_far_ms END) AS first_open_ms,
    MAX(CASE WHEN still_open THEN so_far_ms END) AS last_open_ms,
    MAX(so_far_ms) AS last_ms
  FROM (
    /* Four rungs are one here: of each cell one is ordered, not six. Whom nobody came to stands above them all. */
    SELECT
      a.local_date,
      a.kind_no,
      a.so_far_ms,
      COALESCE(a.rung_no - a.rung_no % 4, 1000000000) AS rung_no,
      a.state_no >= 20000000 AND a.state_no < 30000000 AS still_open
    FROM attendance_population AS a
    WHERE
      NOT a.so_far_ms IS NULL
  ) AS r
  INNER JOIN period_days AS p
    ON p.local_date = r.local_date AND p.period_kind <> 'day'
  GROUP BY
    p.period_no,
    r.kind_no,
    r.rung_no
), in_cell AS (
  SELECT
    k.group_no,
    r.rung_no,
    CAST(SUM(r.n) AS BIGINT) AS n,
    CAST(SUM(r.still_open) AS BIGINT) AS still_open,
    MIN(r.first_open_ms) AS first_open_ms,
    MAX(r.last_open_ms) AS last_open_ms,
    MAX(r.last_ms) AS last_ms
  FROM rungs AS r
  INNER JOIN kinds AS k
    ON k.period_no = r.period_no AND k.kind_no = r.kind_no
  GROUP BY
    k.group_no,
    r.rung_no
), cells AS (
  SELECT
    group_no,
    CAST(SUM(n) AS BIGINT) AS placed,
    CAST(SUM(still_open) AS BIGINT) AS still_open,
    MIN(first_open_ms) AS first_open_ms,
    MAX(last_open_ms) AS last_open_ms,
    MAX(last_ms) AS last_ms
  FROM in_cell
  GROUP BY
    group_no
), half AS (
  /* The rung of each cell on which the half lies, and the half's place on it, counted from 1. */
  SELECT
    l.group_no,
    l.rung_no,
    l.half_place - l.by_here + l.n AS place
  FROM (
    SELECT
      i.group_no,
      i.rung_no,
      i.n,
      CAST(FLOOR(CAST(c.placed + 1 AS DOUBLE) / 2) AS BIGINT) AS half_place,
      CAST(SUM(i.n) OVER (
        PARTITION BY i.group_no
        ORDER BY i.rung_no
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS BIGINT) AS by_here
    FROM in_cell AS i
    INNER JOIN cells AS c
      ON c.group_no = i.group_no
  ) AS l
  WHERE
    l.half_place <= l.by_here AND l.half_place > l.by_here - l.n
), ordered AS (
  SELECT
    h.group_no,
    h.place,
    r.attend_ms,
    COUNT(*) OVER (
      PARTITION BY h.group_no
      ORDER BY r.attend_ms
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS attended_by
  FROM (
    SELECT
      a.local_date,
      a.kind_no,
      a.rung_no - a.rung_no % 4 AS rung_no,
      a.attend_ms
    FROM attendance_population AS a
    WHERE
      NOT a.so_far_ms IS NULL
      AND a.rung_no - a.rung_no % 4 IN (
        SELECT
          rung_no
        FROM half
      )
  ) AS r
  INNER JOIN period_days AS p
    ON p.local_date = r.local_date AND p.period_kind <> 'day'
  INNER JOIN kinds AS k
    ON k.period_no = p.period_no AND k.kind_no = r.kind_no
  INNER JOIN half AS h
    ON h.group_no = k.group_no AND h.rung_no = r.rung_no
), found AS (
  SELECT
    group_no,
    placed,
    still_open,
    middle_ms,
    first_open_ms,
    last_open_ms,
    last_ms
  FROM few
  UNION ALL
  SELECT
    c.group_no,
    c.placed,
    c.still_open,
    COALESCE(o.attend_ms, 9000000000000000000) AS middle_ms,
    c.first_open_ms,
    c.last_open_ms,
    c.last_ms
  FROM cells AS c
  LEFT JOIN ordered AS o
    ON o.group_no = c.group_no AND o.attended_by = o.place
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
