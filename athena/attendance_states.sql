-- Athena's text of callclock/metrics/attendance_states.sql, written by make athena.
WITH digits AS (
  SELECT
    a.state_no,
    a.state_no % 10 AS attend_mark,
    CAST(FLOOR(CAST(a.state_no AS DOUBLE) / 10) AS BIGINT) % 10 AS close_mark,
    CAST(FLOOR(CAST(a.state_no AS DOUBLE) / 100) AS BIGINT) % 10 AS age_mark,
    CAST(FLOOR(CAST(a.state_no AS DOUBLE) / 1000) AS BIGINT) % 10 AS target_initial_mark,
    CAST(FLOOR(CAST(a.state_no AS DOUBLE) / 10000) AS BIGINT) % 10 AS target_final_mark,
    CAST(FLOOR(CAST(a.state_no AS DOUBLE) / 100000) AS BIGINT) % 10 AS course,
    CAST(FLOOR(CAST(a.state_no AS DOUBLE) / 1000000) AS BIGINT) % 10 AS noted,
    CAST(FLOOR(CAST(a.state_no AS DOUBLE) / 10000000) AS BIGINT) AS fate_no
  FROM (
    SELECT DISTINCT
      state_no
    FROM attendance_alike
  ) AS a
)
SELECT
  d.state_no,
  f.fate,
  d.fate_no <= 7 AS counted,
  d.fate_no BETWEEN 4 AND 7 AS closed_unattended,
  d.course IN (1, 3) AS placed,
  d.course IN (2, 3) AS arrived_after_close,
  d.fate_no <= 7 AND d.noted IN (1, 3, 5, 7) AS unknown_origin_counted,
  d.fate_no <= 7 AND d.noted IN (2, 3, 6, 7) AS clock_fallback,
  d.fate_no <= 7 AND d.noted IN (4, 5, 6, 7) AS by_closing,
  d.attend_mark,
  d.close_mark,
  d.age_mark,
  d.target_initial_mark,
  d.target_final_mark
FROM digits AS d
INNER JOIN attendance_fates AS f
  ON f.fate_no = d.fate_no
