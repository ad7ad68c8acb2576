-- Athena's text of callclock/metrics/calls_episodes.sql, written by make athena.
WITH held AS (
  SELECT
    n.*,
    CASE
      WHEN n.ended_at > n.started_at + INTERVAL '48' HOUR
      THEN n.started_at + INTERVAL '48' HOUR
      ELSE n.ended_at
    END AS holds_until
  FROM calls_numbered AS n
  WHERE
    n.counted AND NOT n.caller_no IS NULL
), followed AS (
  SELECT
    c.*,
    CASE WHEN c.live_answer THEN COALESCE(c.first_answered_at, c.started_at) END AS answered_at,
    MAX(c.holds_until) OVER (
      PARTITION BY c.caller_no
      ORDER BY c.call_no
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS latest_end_at
  FROM held AS c
), begun AS (
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
), counted AS (
  SELECT
    b.*,
    CAST(SUM(b.begins) OVER (
      PARTITION BY b.caller_no
      ORDER BY b.call_no
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS BIGINT) AS episode_no,
    MAX(CASE WHEN b.begins = 1 THEN b.local_date END) OVER (
      PARTITION BY b.caller_no
      ORDER BY b.call_no
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS begun_on /* Days never go back: the last on which one began is that of this one. */
  FROM begun AS b
)
SELECT
  n.*
FROM counted AS n
WHERE
  n.local_date < n.begun_on + INTERVAL '3' DAY
