-- Athena's text of callclock/metrics/calls_episodes.sql, written by make athena.
WITH followed AS (
  SELECT
    c.*,
    CASE WHEN c.live_answer THEN COALESCE(c.first_answered_at, c.started_at) END AS answered_at,
    MAX(c.ended_at) OVER (
      PARTITION BY c.line, c.caller_key, c.key_epoch
      ORDER BY c.started_at, c.call_id, c.source, c.record_key
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS latest_end_at
  FROM calls_stated AS c
  CROSS JOIN reach AS h
  /* Beyond it there may be more at hand, by chance: an episode must not depend on that. */
  WHERE
    c.counted
    AND NOT c.caller_key IS NULL
    AND c.local_date >= h.first_date
    AND c.local_date < h.end_date
)
SELECT
  b.*,
  CAST(SUM(b.begins) OVER (
    PARTITION BY b.line, b.caller_key, b.key_epoch
    ORDER BY b.started_at, b.call_id, b.source, b.record_key
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
