-- Athena's text of callclock/metrics/calls_episodes.sql, written by make athena.
WITH followed AS (
  SELECT
    c.*,
    CASE WHEN c.live_answer THEN COALESCE(c.first_answered_at, c.started_at) END AS answered_at,
    MAX(c.ended_at) OVER (
      PARTITION BY c.caller_no
      ORDER BY c.call_no
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS latest_end_at
  FROM calls_numbered AS c
  CROSS JOIN reach AS h
  /* Beyond it there may be more at hand, by chance: an episode must not depend on that. */
  WHERE
    c.counted
    AND NOT c.caller_no IS NULL
    AND c.local_date >= h.first_date
    AND c.local_date < h.end_date
)
SELECT
  b.*,
  CAST(SUM(b.begins) OVER (
    PARTITION BY b.caller_no
    ORDER BY b.call_no
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS BIGINT) AS episode_no
FROM (
  SELECT
    f.*,
    CASE
      WHEN DATE_DIFF(
        'MILLISECOND',
        DATE_TRUNC('MILLISECOND', f.latest_end_at),
        DATE_TRUNC('MILLISECOND', f.started_at)
      ) <= 1800000
      THEN 0
      ELSE 1
    END AS begins
  FROM followed AS f
) AS b
