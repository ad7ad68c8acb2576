-- Athena's text of callclock/metrics/calls_stated.sql, written by make athena.
WITH stated AS (
  SELECT
    c.*,
    COALESCE(c.callback_asked_at, c.ended_at) AS asked_at,
    COALESCE(CASE WHEN s.resend = 'delta' THEN s.as_at END, c.observed_at) AS known_until
  FROM calls AS c
  LEFT JOIN sources AS s
    ON s.table_name = 'calls' AND s.source = c.source
), staged AS (
  SELECT
    t.*,
    t.direction = 'inbound' AND NOT t.ended_at IS NULL AND t.set_aside IS NULL AS counted,
    CASE
      WHEN t.stage IS NULL
      THEN 'unknown'
      WHEN t.stage <> 'callback'
      THEN t.stage
      WHEN DATE_DIFF(
        'MILLISECOND',
        DATE_TRUNC('MILLISECOND', t.asked_at),
        DATE_TRUNC('MILLISECOND', t.callback_connected_at)
      ) <= 86400000
      THEN 'callback_served'
      WHEN DATE_DIFF(
        'MILLISECOND',
        DATE_TRUNC('MILLISECOND', t.asked_at),
        DATE_TRUNC('MILLISECOND', t.known_until)
      ) >= 86400000
      THEN 'callback_unserved'
      ELSE 'callback_pending'
    END AS final_stage
  FROM stated AS t
)
SELECT
  g.source,
  g.record_key,
  g.call_id,
  g.caller_key,
  COALESCE(g.key_epoch, '') AS key_epoch,
  g.line,
  COALESCE(g.queue, 'none') AS queue,
  g.local_date,
  LPAD(CAST((
    DAY_OF_WEEK(g.local_date) - 1
  ) * 24 + g.local_hour AS VARCHAR), 3, '0') AS hour_of_week,
  g.counted,
  g.final_stage,
  g.final_stage IN ('queue', 'switchboard_queue', 'skill_queue', 'ringing') AS left_in_queue,
  g.final_stage IN (
    'network',
    'ivr',
    'ivr_before_alternative',
    'ivr_after_alternative',
    'queue',
    'switchboard_queue',
    'skill_queue',
    'ringing'
  ) AS hung_up,
  NOT g.first_answered_at IS NULL OR g.final_stage = 'answered' AS live_answer,
  g.started_at,
  g.ended_at,
  g.ivr_entered_at,
  g.alternative_offered_at,
  COALESCE(g.tells, '') LIKE '%alternative_offered_at%' AS tells_alternative,
  COALESCE(g.first_queued_at, g.ringing_at) AS queue_entered_at, /* A telephone that rang counts as a queue. */
  g.first_answered_at,
  g.callback_connected_at,
  g.wait_first_ms,
  g.wait_final_ms,
  g.queue_wait_first_ms,
  g.end_ms
FROM staged AS g
