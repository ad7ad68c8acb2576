-- Athena's text of callclock/metrics/calls_numbered.sql, written by make athena.
WITH callers AS (
  SELECT
    k.line,
    k.caller_key,
    k.key_epoch,
    DENSE_RANK() OVER (ORDER BY k.line, k.caller_key, k.key_epoch) AS caller_no
  FROM (
    SELECT
      line,
      caller_key,
      key_epoch
    FROM calls_stated
    WHERE
      counted AND NOT caller_key IS NULL
    GROUP BY
      line,
      caller_key,
      key_epoch
  ) AS k
)
SELECT
  n.caller_no,
  ROW_NUMBER() OVER (ORDER BY c.started_at, c.call_id, c.source, c.record_key) AS call_no,
  c.source,
  c.record_key,
  c.caller_key,
  c.key_epoch,
  c.line,
  c.local_date,
  c.hour_of_week,
  c.counted,
  c.final_stage,
  c.hung_up,
  c.live_answer,
  c.started_at,
  c.ended_at,
  c.first_answered_at,
  c.ivr_entered_at,
  c.alternative_offered_at,
  c.tells_alternative
FROM calls_stated AS c
LEFT JOIN callers AS n
  ON n.line = c.line AND n.caller_key = c.caller_key AND n.key_epoch = c.key_epoch
