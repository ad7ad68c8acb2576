-- Athena's text of callclock/metrics/calls_cell.sql, written by make athena.
WITH finest AS (
  /* Counted once at the finest grain: the roll-ups below add up a few thousand rows and not every call six times. */
  SELECT
    p.period_kind,
    p.period_label,
    r.line,
    r.queue,
    CASE WHEN p.period_kind = 'month' THEN r.hour_of_week ELSE 'all' END AS hour_of_week,
    r.stage,
    COUNT(*) FILTER(WHERE
      counted) AS offered,
    COUNT(*) FILTER(WHERE
      NOT counted) AS excluded,
    COUNT(*) FILTER(WHERE
      stage = 'answered') AS answered,
    COUNT(*) FILTER(WHERE
      stage = 'unknown') AS unknown_stage,
    COUNT(*) FILTER(WHERE
      hung_up) AS hung_up,
    COUNT(*) FILTER(WHERE
      hung_up AND NOT live_answer) AS abandoned,
    COUNT(*) FILTER(WHERE
      stage = 'callback_pending') AS pending,
    COUNT(*) FILTER(WHERE
      counted
      AND NOT live_answer
      AND NOT stage IN ('callback_served', 'callback_pending')) AS no_person,
    MAX(last_event_at) AS last_event_at,
    COUNT(*) /* the queue */ FILTER(WHERE
      queued) AS queued,
    COUNT(*) FILTER(WHERE
      left_in_queue) AS left_in_queue,
    COUNT(*) FILTER(WHERE
      queued AND stage = 'callback_pending') AS queued_pending,
    COUNT(*) FILTER(WHERE
      queued AND stage = 'callback_unserved') AS queued_unserved,
    COUNT(*) FILTER(WHERE
      left_in_queue AND queue_gave_up_ms IS NULL) AS left_unknown_when,
    COUNT(*) FILTER(WHERE
      queue_gave_up_ms < 5000) AS left_under_5s,
    COUNT(*) FILTER(WHERE
      queue_gave_up_ms < 10000) AS left_under_10s,
    COUNT(*) FILTER(WHERE
      queue_gave_up_ms < 30000) AS left_under_30s,
    COUNT(*) FILTER(WHERE
      queue_gave_up_ms < 60000) AS left_under_60s,
    COUNT(wait_first_ms) AS wait_first_n, /* waits in ms */
    SUM(wait_first_ms) AS wait_first_total_ms,
    COUNT(wait_final_ms) AS wait_final_n,
    SUM(wait_final_ms) AS wait_final_total_ms,
    COUNT(queue_wait_first_ms) AS queue_wait_first_n,
    SUM(queue_wait_first_ms) AS queue_wait_first_total_ms,
    COUNT(*) FILTER(WHERE
      live_answer AND wait_first_ms IS NULL) AS answered_unknown_when,
    COUNT(*) FILTER(WHERE
      wait_first_ms < 10000) AS first_under_10s,
    COUNT(*) FILTER(WHERE
      wait_first_ms < 30000) AS first_under_30s,
    COUNT(*) FILTER(WHERE
      wait_first_ms < 60000) AS first_under_60s,
    COUNT(*) FILTER(WHERE
      wait_first_ms > 300000 OR (
        gave_up_ms > 300000 AND NOT live_answer
      )) AS waited_over_5m,
    COUNT(*) FILTER(WHERE
      wait_first_ms > 900000 OR (
        gave_up_ms > 900000 AND NOT live_answer
      )) AS waited_over_15m,
    COUNT(gave_up_ms) AS gave_up_n,
    SUM(gave_up_ms) AS gave_up_total_ms
  FROM calls_population AS r
  INNER JOIN period_days AS p
    ON p.local_date = r.local_date
  GROUP BY
    1,
    2,
    3,
    4,
    5,
    6
), in_cell AS (
  SELECT
    f.*,
    CASE WHEN c.by_queue THEN f.queue ELSE 'all' END AS cell_queue,
    CASE WHEN c.by_hour THEN f.hour_of_week ELSE 'all' END AS cell_hour,
    CASE WHEN c.by_stage THEN f.stage ELSE 'all' END AS cell_stage
  FROM finest AS f
  /* A call that does not count has no stage. */
  INNER JOIN calls_cuts AS c
    ON c.period_kind = f.period_kind
    AND c.period_label = f.period_label
    AND (
      NOT c.by_stage OR NOT f.stage IS NULL
    )
)
SELECT
  period_kind,
  period_label,
  line,
  cell_queue AS queue,
  cell_hour AS hour_of_week,
  cell_stage AS stage,
  CAST(SUM(offered) AS BIGINT) AS offered,
  CAST(SUM(excluded) AS BIGINT) AS excluded,
  CAST(SUM(answered) AS BIGINT) AS answered,
  CAST(SUM(unknown_stage) AS BIGINT) AS unknown_stage,
  CAST(SUM(hung_up) AS BIGINT) AS hung_up,
  CAST(SUM(abandoned) AS BIGINT) AS abandoned,
  CAST(SUM(pending) AS BIGINT) AS pending,
  CAST(SUM(no_person) AS BIGINT) AS no_person,
  MAX(last_event_at) AS last_event_at,
  CAST(SUM(queued) AS BIGINT) AS queued,
  CAST(SUM(left_in_queue) AS BIGINT) AS left_in_queue,
  CAST(SUM(queued_pending) AS BIGINT) AS queued_pending,
  CAST(SUM(queued_unserved) AS BIGINT) AS queued_unserved,
  CAST(SUM(left_unknown_when) AS BIGINT) AS left_unknown_when,
  CAST(SUM(left_under_5s) AS BIGINT) AS left_under_5s,
  CAST(SUM(left_under_10s) AS BIGINT) AS left_under_10s,
  CAST(SUM(left_under_30s) AS BIGINT) AS left_under_30s,
  CAST(SUM(left_under_60s) AS BIGINT) AS left_under_60s,
  CAST(SUM(wait_first_n) AS BIGINT) AS wait_first_n,
  CAST(SUM(wait_first_total_ms) AS DOUBLE) / NULLIF(SUM(wait_first_n), 0) AS wait_first_mean_ms,
  CAST(SUM(wait_final_n) AS BIGINT) AS wait_final_n,
  CAST(SUM(wait_final_total_ms) AS DOUBLE) / NULLIF(SUM(wait_final_n), 0) AS wait_final_mean_ms,
  CAST(SUM(queue_wait_first_n) AS BIGINT) AS queue_wait_first_n,
  CAST(SUM(queue_wait_first_total_ms) AS DOUBLE) / NULLIF(SUM(queue_wait_first_n), 0) AS queue_wait_first_mean_ms,
  CAST(SUM(answered_unknown_when) AS BIGINT) AS answered_unknown_when,
  CAST(SUM(first_under_10s) AS BIGINT) AS first_under_10s,
  CAST(SUM(first_under_30s) AS BIGINT) AS first_under_30s,
  CAST(SUM(first_under_60s) AS BIGINT) AS first_under_60s,
  CAST(SUM(waited_over_5m) AS BIGINT) AS waited_over_5m,
  CAST(SUM(waited_over_15m) AS BIGINT) AS waited_over_15m,
  CAST(SUM(gave_up_n) AS BIGINT) AS gave_up_n,
  CAST(SUM(gave_up_total_ms) AS DOUBLE) / NULLIF(SUM(gave_up_n), 0) AS gave_up_mean_ms
FROM in_cell
GROUP BY
  period_kind,
  period_label,
  line,
  cell_queue,
  cell_hour,
  cell_stage
