-- Athena's text of callclock/metrics/attendance_population.sql, written by make athena.
WITH seen AS (
  SELECT
    j.local_date,
    j.clock_start_at,
    j.hour_of_week,
    j.grade_scheme,
    j.initial_key AS grade_initial,
    j.final_key AS grade_final,
    j.population,
    j.area,
    j.left_out AS exclusion,
    j.left_out IS NULL AS counted,
    j.left_out IS NULL AND j.unknown_origin_counted AS unknown_origin_counted,
    j.left_out IS NULL AND j.clock_fallback AS clock_fallback,
    j.left_out IS NULL AND j.by_closing AS by_closing,
    CASE WHEN j.left_out IS NULL THEN j.outcome END AS outcome,
    CASE
      WHEN j.left_out IS NULL AND j.outcome = 'closed_unattended'
      THEN COALESCE(j.closure_reason, 'other')
    END AS closure_reason,
    CASE WHEN j.left_out IS NULL AND j.outcome = 'attended' THEN j.attend_ms END AS attend_ms,
    CASE
      WHEN j.left_out IS NULL AND j.outcome = 'closed_unattended'
      THEN j.close_ms
    END AS close_ms, /* An arrival wins over a closure, so only what nobody attended has a closing time here. */
    j.left_out IS NULL AND j.outcome = 'attended' AND j.close_ms < j.attend_ms AS arrived_after_close,
    CASE
      WHEN j.left_out IS NULL AND j.created_to_dispatch_ms >= 0
      THEN j.created_to_dispatch_ms
    END AS created_to_dispatch_ms,
    CASE
      WHEN j.left_out IS NULL AND j.dispatch_to_arrival_ms >= 0
      THEN j.dispatch_to_arrival_ms
    END AS dispatch_to_arrival_ms,
    CASE
      WHEN NOT j.left_out IS NULL OR j.by_closing
      THEN FALSE
      WHEN j.outcome = 'attended'
      THEN NOT j.attend_ms IS NULL
      WHEN j.outcome = 'closed_unattended'
      THEN NOT j.close_ms IS NULL
      ELSE j.outcome = 'open'
    END AS placed, /* Placed: at any mark the record can be said to be within, closed or over. An export of what was closed says nothing */ /* of what was not. */
    j.age_ms,
    COALESCE(ti.target_ms, tia.target_ms) AS target_initial_ms,
    COALESCE(tf.target_ms, tfa.target_ms) AS target_final_ms,
    CASE WHEN j.left_out IS NULL THEN j.last_event_at END AS last_event_at
  FROM attendance_judged AS j
  LEFT JOIN attendance_targets AS ti
    ON ti.grade = j.initial_key
    AND ti.scheme = j.grade_scheme
    AND ti.area_type = j.area_type
    AND ti.since <= j.local_date
    AND ti.until > j.local_date
  LEFT JOIN attendance_targets AS tia
    ON tia.grade = j.initial_key
    AND tia.scheme = j.grade_scheme
    AND tia.area_type = 'all'
    AND tia.since <= j.local_date
    AND tia.until > j.local_date
  LEFT JOIN attendance_targets AS tf
    ON tf.grade = j.final_key
    AND tf.scheme = j.grade_scheme
    AND tf.area_type = j.area_type
    AND tf.since <= j.local_date
    AND tf.until > j.local_date
  LEFT JOIN attendance_targets AS tfa
    ON tfa.grade = j.final_key
    AND tfa.scheme = j.grade_scheme
    AND tfa.area_type = 'all'
    AND tfa.since <= j.local_date
    AND tfa.until > j.local_date
), timed AS (
  SELECT
    s.*,
    CASE WHEN s.placed THEN COALESCE(s.attend_ms, s.close_ms, s.age_ms) END AS so_far_ms,
    CASE WHEN s.placed THEN COALESCE(s.attend_ms, s.close_ms, s.age_ms + 1) END AS passed_ms
  FROM seen AS s
)
SELECT
  p.*,
  p.placed /* Exactly one of within, closed and over (neither) holds for a record that is mature at the mark. */
  AND p.age_ms >= 900000 AS mature_15m,
  p.placed AND p.age_ms >= 900000 AND p.attend_ms <= 900000 AS within_15m,
  p.placed AND p.age_ms >= 900000 AND p.close_ms <= 900000 AS closed_15m,
  p.placed AND p.age_ms >= 3600000 AS mature_60m,
  p.placed AND p.age_ms >= 3600000 AND p.attend_ms <= 3600000 AS within_60m,
  p.placed AND p.age_ms >= 3600000 AND p.close_ms <= 3600000 AS closed_60m,
  p.placed AND p.age_ms >= 14400000 AS mature_4h,
  p.placed AND p.age_ms >= 14400000 AND p.attend_ms <= 14400000 AS within_4h,
  p.placed AND p.age_ms >= 14400000 AND p.close_ms <= 14400000 AS closed_4h,
  p.placed AND p.age_ms >= 86400000 AS mature_24h,
  p.placed AND p.age_ms >= 86400000 AND p.attend_ms <= 86400000 AS within_24h,
  p.placed AND p.age_ms >= 86400000 AND p.close_ms <= 86400000 AS closed_24h,
  p.placed AND p.age_ms >= 604800000 AS mature_7d,
  p.placed AND p.age_ms >= 604800000 AND p.attend_ms <= 604800000 AS within_7d,
  p.placed AND p.age_ms >= 604800000 AND p.close_ms <= 604800000 AS closed_7d,
  p.placed AND p.age_ms >= 2419200000 AS mature_28d,
  p.placed AND p.age_ms >= 2419200000 AND p.attend_ms <= 2419200000 AS within_28d,
  p.placed AND p.age_ms >= p.target_initial_ms AS mature_target_initial,
  p.placed
  AND p.age_ms >= p.target_initial_ms
  AND p.attend_ms <= p.target_initial_ms AS within_target_initial,
  p.placed AND p.age_ms >= p.target_final_ms AS mature_target_final,
  p.placed AND p.age_ms >= p.target_final_ms AND p.attend_ms <= p.target_final_ms AS within_target_final,
  CASE
    WHEN p.passed_ms <= 900000
    THEN 0
    WHEN p.passed_ms <= 86400000
    THEN CAST(CEIL(CAST(p.passed_ms AS DOUBLE) / 3600000) AS BIGINT)
    WHEN p.passed_ms <= 604800000
    THEN 24 + CAST(CEIL(CAST(p.passed_ms - 86400000 AS DOUBLE) / 21600000) AS BIGINT)
    WHEN p.placed
    THEN 49
  END AS point_no, /* The first point of the curve (15 min, each hour to 24 h, each sixth to 7 d) at or after an arrival or a closing, but */ /* after what was last seen open: at that point itself it was still at risk. Later than 7 d it is 49. */
  p.outcome = 'attended' AS attended,
  p.outcome = 'open' AS still_open,
  p.outcome = 'closed_unattended' AS closed_unattended,
  p.outcome = 'unknown' AS unknown_outcome
FROM timed AS p
