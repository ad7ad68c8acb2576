-- Athena's text of callclock/metrics/attendance_population.sql, written by make athena.
WITH fated AS (
  SELECT
    j.*,
    CASE
      WHEN NOT j.left_out_no IS NULL
      THEN j.left_out_no
      WHEN j.outcome = 'attended'
      THEN 1
      WHEN j.outcome = 'open'
      THEN 2
      WHEN j.outcome = 'unknown'
      THEN 3
      WHEN j.closure_reason = 'phone_resolved'
      THEN 4
      WHEN j.closure_reason = 'no_reply'
      THEN 5
      WHEN j.closure_reason = 'cancelled'
      THEN 6
      ELSE 7
    END AS fate_no /* As attendance_fates numbers them: why it is left out, else what became of it. */
  FROM attendance_judged AS j
), seen AS (
  SELECT
    f.local_date,
    f.clock_start_at,
    f.kind_no,
    f.day_kind_no,
    0 /* Below zero, where no other kind is. */ - (
      168 * f.grades_no + f.hour_no
    ) AS hour_kind_no,
    f.fate_no,
    f.unknown_origin_counted,
    f.clock_fallback,
    f.by_closing,
    CASE WHEN f.fate_no = 1 THEN f.attend_ms END AS attend_ms,
    CASE WHEN f.fate_no BETWEEN 4 AND 7 THEN f.close_ms END AS close_ms, /* An arrival wins over a closure, so only what nobody attended has a closing time here. */
    f.fate_no = 1 AND COALESCE(f.close_ms < f.attend_ms, FALSE) AS arrived_after_close,
    CASE WHEN f.fate_no <= 7 AND f.call_to_answer_ms >= 0 THEN f.call_to_answer_ms END AS call_to_answer_ms,
    CASE
      WHEN f.fate_no <= 7 AND f.created_to_dispatch_ms >= 0
      THEN f.created_to_dispatch_ms
    END AS created_to_dispatch_ms,
    CASE
      WHEN f.fate_no <= 7 AND f.dispatch_to_arrival_ms >= 0
      THEN f.dispatch_to_arrival_ms
    END AS dispatch_to_arrival_ms,
    CASE
      WHEN f.by_closing
      THEN FALSE
      WHEN f.fate_no = 1
      THEN NOT f.attend_ms IS NULL
      WHEN f.fate_no BETWEEN 4 AND 7
      THEN NOT f.close_ms IS NULL
      ELSE f.fate_no = 2
    END AS placed, /* Placed: at any mark the record can be said to be within, closed or over. An export of what was closed says nothing */ /* of what was not. */
    f.age_ms,
    f.target_initial_ms,
    f.target_final_ms,
    CASE WHEN f.fate_no <= 7 THEN f.last_event_at END AS last_event_at
  FROM fated AS f
)
SELECT
  s.local_date,
  s.clock_start_at,
  s.kind_no,
  s.day_kind_no,
  s.hour_kind_no,
  CASE
    WHEN s.attend_ms IS NULL
    THEN 0
    WHEN s.attend_ms <= 900000
    THEN 1
    WHEN s.attend_ms <= 3600000
    THEN 2
    WHEN s.attend_ms <= 14400000
    THEN 3
    WHEN s.attend_ms <= 86400000
    THEN 4
    WHEN s.attend_ms <= 604800000
    THEN 5
    WHEN s.attend_ms <= 2419200000
    THEN 6
    ELSE 7
  END /* All that is counted of it, one digit for each thing: attendance_states reads them. */ + CASE
    WHEN s.close_ms IS NULL
    THEN 0
    WHEN s.close_ms <= 900000
    THEN 10
    WHEN s.close_ms <= 3600000
    THEN 20
    WHEN s.close_ms <= 14400000
    THEN 30
    WHEN s.close_ms <= 86400000
    THEN 40
    WHEN s.close_ms <= 604800000
    THEN 50
    ELSE 70
  END + CASE
    WHEN s.age_ms >= 2419200000
    THEN 600
    WHEN s.age_ms >= 604800000
    THEN 500
    WHEN s.age_ms >= 86400000
    THEN 400
    WHEN s.age_ms >= 14400000
    THEN 300
    WHEN s.age_ms >= 3600000
    THEN 200
    WHEN s.age_ms >= 900000
    THEN 100
    ELSE 0
  END + CASE
    WHEN s.target_initial_ms IS NULL
    THEN 0
    WHEN s.placed
    AND s.age_ms >= s.target_initial_ms
    AND s.attend_ms <= s.target_initial_ms
    THEN 3000
    WHEN s.placed AND s.age_ms >= s.target_initial_ms
    THEN 2000
    ELSE 1000
  END + CASE
    WHEN s.target_final_ms IS NULL
    THEN 0
    WHEN s.placed AND s.age_ms >= s.target_final_ms AND s.attend_ms <= s.target_final_ms
    THEN 30000
    WHEN s.placed AND s.age_ms >= s.target_final_ms
    THEN 20000
    ELSE 10000
  END + CASE WHEN s.placed THEN 100000 ELSE 0 END + CASE WHEN s.arrived_after_close THEN 200000 ELSE 0 END + CASE WHEN s.unknown_origin_counted THEN 1000000 ELSE 0 END + CASE WHEN s.clock_fallback THEN 2000000 ELSE 0 END + CASE WHEN s.by_closing THEN 4000000 ELSE 0 END + 10000000 * s.fate_no AS state_no,
  s.attend_ms,
  CAST(FLOOR(SQRT(CAST(s.attend_ms AS DOUBLE) / 576)) AS INTEGER) AS rung_no, /* Its rung on a ladder of waits, the wider the longer it takes: half a minute at 8 minutes, five minutes at 12 hours. */
  s.call_to_answer_ms,
  s.created_to_dispatch_ms,
  s.dispatch_to_arrival_ms,
  CASE WHEN s.placed THEN COALESCE(s.attend_ms, s.close_ms, s.age_ms) END AS so_far_ms,
  s.last_event_at
FROM seen AS s
