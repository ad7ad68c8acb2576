-- Athena's text of callclock/metrics/calls_population.sql, written by make athena.
SELECT
  r.local_date,
  r.hour_of_week,
  r.line,
  r.queue,
  r.counted,
  CASE WHEN r.counted THEN r.final_stage END AS stage,
  r.counted AND r.hung_up AS hung_up,
  r.counted AND r.live_answer AS live_answer,
  r.counted AND (
    r.left_in_queue OR NOT r.queue_entered_at IS NULL
  ) AS queued,
  r.counted AND r.left_in_queue AS left_in_queue,
  CASE WHEN r.counted AND r.live_answer THEN r.wait_first_ms END AS wait_first_ms,
  CASE WHEN r.counted THEN r.wait_final_ms END AS wait_final_ms,
  CASE WHEN r.counted AND r.live_answer THEN r.queue_wait_first_ms END AS queue_wait_first_ms,
  CASE WHEN r.counted AND r.hung_up THEN r.end_ms END AS gave_up_ms,
  CASE
    WHEN r.counted AND r.left_in_queue
    THEN DATE_DIFF(
      'MILLISECOND',
      DATE_TRUNC('MILLISECOND', r.queue_entered_at),
      DATE_TRUNC('MILLISECOND', r.ended_at)
    )
  END AS queue_gave_up_ms,
  CASE WHEN r.counted THEN r.ended_at END AS last_event_at
FROM calls_stated AS r
