-- Athena's text of callclock/metrics/attendance_cell.sql, written by make athena.
WITH by_hour AS (
  /* As attendance_alike, by hour of the week: a month's incidents, as if all on its first day. */
  SELECT
    m.period_start AS local_date,
    r.hour_kind_no AS kind_no,
    r.state_no,
    COUNT(*) AS n,
    MAX(r.last_event_at) AS last_event_at,
    CAST(SUM(r.attend_ms) AS BIGINT) AS attend_total_ms,
    COUNT(r.so_far_ms) AS so_far_n,
    CAST(SUM(r.so_far_ms) AS BIGINT) AS so_far_total_ms,
    COUNT(r.call_to_answer_ms) AS call_to_answer_n,
    CAST(SUM(r.call_to_answer_ms) AS BIGINT) AS call_to_answer_total_ms,
    COUNT(r.created_to_dispatch_ms) AS created_to_dispatch_n,
    CAST(SUM(r.created_to_dispatch_ms) AS BIGINT) AS created_to_dispatch_total_ms,
    COUNT(r.dispatch_to_arrival_ms) AS dispatch_to_arrival_n,
    CAST(SUM(r.dispatch_to_arrival_ms) AS BIGINT) AS dispatch_to_arrival_total_ms
  FROM attendance_population AS r
  INNER JOIN period_days AS p
    ON p.local_date = r.local_date AND p.period_kind = 'month'
  INNER JOIN periods AS m
    ON m.period_no = p.period_no
  GROUP BY
    m.period_start,
    r.hour_kind_no,
    r.state_no
), alike AS (
  SELECT
    *
  FROM attendance_alike
  WHERE
    local_date IN (
      SELECT
        local_date
      FROM period_days
    )
  UNION ALL
  SELECT
    *
  FROM by_hour
), daily AS (
  SELECT
    r.local_date,
    k.by_hour,
    k.grade_scheme,
    k.grade_initial,
    k.grade_final,
    k.population,
    k.area,
    k.hour_of_week,
    SUM(CASE WHEN counted THEN n ELSE 0 END) AS incidents,
    SUM(CASE WHEN fate = 'attended' THEN n ELSE 0 END) AS attended,
    SUM(CASE WHEN fate = 'open' THEN n ELSE 0 END) AS still_open,
    SUM(CASE WHEN closed_unattended THEN n ELSE 0 END) AS closed_unattended,
    SUM(CASE WHEN fate = 'unknown' THEN n ELSE 0 END) AS unknown_outcome,
    SUM(CASE WHEN arrived_after_close THEN n ELSE 0 END) AS arrived_after_close,
    SUM(CASE WHEN NOT counted THEN n ELSE 0 END) AS excluded,
    SUM(CASE WHEN clock_fallback THEN n ELSE 0 END) AS clock_fallback,
    SUM(CASE WHEN by_closing THEN n ELSE 0 END) AS by_closing,
    SUM(CASE WHEN unknown_origin_counted THEN n ELSE 0 END) AS unknown_origin_counted,
    MAX(last_event_at) AS last_event_at,
    SUM(CASE WHEN fate = 'phone_resolved' THEN n ELSE 0 END) AS closed_phone_resolved, /* closed without attendance, and left out, by reason */
    SUM(CASE WHEN fate = 'no_reply' THEN n ELSE 0 END) AS closed_no_reply,
    SUM(CASE WHEN fate = 'cancelled' THEN n ELSE 0 END) AS closed_cancelled,
    SUM(CASE WHEN fate = 'other' THEN n ELSE 0 END) AS closed_other,
    SUM(CASE WHEN fate = 'officer_made' THEN n ELSE 0 END) AS excluded_officer_made,
    SUM(CASE WHEN fate = 'training' THEN n ELSE 0 END) AS excluded_training,
    SUM(CASE WHEN fate = 'pre_planned' THEN n ELSE 0 END) AS excluded_pre_planned,
    SUM(CASE WHEN fate = 'duplicate' THEN n ELSE 0 END) AS excluded_duplicate,
    SUM(CASE WHEN fate = 'external' THEN n ELSE 0 END) AS excluded_external,
    SUM(CASE WHEN fate = 'origin_unknown' THEN n ELSE 0 END) AS excluded_origin_unknown,
    SUM(CASE WHEN fate = 'other_service' THEN n ELSE 0 END) AS excluded_other_service,
    SUM(CASE WHEN fate = 'appointment' THEN n ELSE 0 END) AS excluded_appointment,
    SUM(CASE WHEN fate = 'attendance_not_expected' THEN n ELSE 0 END) AS excluded_attendance_not_expected,
    SUM(CASE WHEN fate = 'already_on_scene' THEN n ELSE 0 END) AS excluded_already_on_scene,
    SUM(CASE WHEN fate = 'negative_interval' THEN n ELSE 0 END) AS excluded_negative_interval,
    SUM(CASE WHEN attend_mark > 0 THEN n ELSE 0 END) AS attend_n, /* waits in ms */
    SUM(attend_total_ms) AS attend_total_ms,
    SUM(CASE WHEN attend_mark > 1 THEN n ELSE 0 END) AS attend_later_15m,
    SUM(CASE WHEN attend_mark > 2 THEN n ELSE 0 END) AS attend_later_60m,
    SUM(CASE WHEN attend_mark > 3 THEN n ELSE 0 END) AS attend_later_4h,
    SUM(CASE WHEN attend_mark > 4 THEN n ELSE 0 END) AS attend_later_24h,
    SUM(CASE WHEN attend_mark > 5 THEN n ELSE 0 END) AS attend_later_7d,
    SUM(so_far_n) AS so_far_n,
    SUM(so_far_total_ms) AS so_far_total_ms,
    SUM(call_to_answer_n) AS call_to_answer_n,
    SUM(call_to_answer_total_ms) AS call_to_answer_total_ms,
    SUM(created_to_dispatch_n) AS created_to_dispatch_n,
    SUM(created_to_dispatch_total_ms) AS created_to_dispatch_total_ms,
    SUM(dispatch_to_arrival_n) AS dispatch_to_arrival_n,
    SUM(dispatch_to_arrival_total_ms) AS dispatch_to_arrival_total_ms,
    SUM(CASE WHEN counted AND NOT placed THEN n ELSE 0 END) AS not_placed, /* marks: of the records old enough at the mark, those attended by then and those closed by then */
    SUM(CASE WHEN placed THEN n ELSE 0 END) AS placed,
    SUM(CASE WHEN placed AND age_mark >= 1 THEN n ELSE 0 END) AS mature_15m,
    SUM(CASE WHEN placed AND age_mark >= 1 AND attend_mark = 1 THEN n ELSE 0 END) AS within_15m,
    SUM(CASE WHEN placed AND age_mark >= 1 AND close_mark = 1 THEN n ELSE 0 END) AS closed_15m,
    SUM(CASE WHEN placed AND age_mark >= 2 THEN n ELSE 0 END) AS mature_60m,
    SUM(
      CASE WHEN placed AND age_mark >= 2 AND attend_mark BETWEEN 1 AND 2 THEN n ELSE 0 END
    ) AS within_60m,
    SUM(
      CASE WHEN placed AND age_mark >= 2 AND close_mark BETWEEN 1 AND 2 THEN n ELSE 0 END
    ) AS closed_60m,
    SUM(CASE WHEN placed AND age_mark >= 3 THEN n ELSE 0 END) AS mature_4h,
    SUM(
      CASE WHEN placed AND age_mark >= 3 AND attend_mark BETWEEN 1 AND 3 THEN n ELSE 0 END
    ) AS within_4h,
    SUM(
      CASE WHEN placed AND age_mark >= 3 AND close_mark BETWEEN 1 AND 3 THEN n ELSE 0 END
    ) AS closed_4h,
    SUM(CASE WHEN placed AND age_mark >= 4 THEN n ELSE 0 END) AS mature_24h,
    SUM(
      CASE WHEN placed AND age_mark >= 4 AND attend_mark BETWEEN 1 AND 4 THEN n ELSE 0 END
    ) AS within_24h,
    SUM(
      CASE WHEN placed AND age_mark >= 4 AND close_mark BETWEEN 1 AND 4 THEN n ELSE 0 END
    ) AS closed_24h,
    SUM(CASE WHEN placed AND age_mark >= 5 THEN n ELSE 0 END) AS mature_7d,
    SUM(
      CASE WHEN placed AND age_mark >= 5 AND attend_mark BETWEEN 1 AND 5 THEN n ELSE 0 END
    ) AS within_7d,
    SUM(
      CASE WHEN placed AND age_mark >= 5 AND close_mark BETWEEN 1 AND 5 THEN n ELSE 0 END
    ) AS closed_7d,
    SUM(CASE WHEN placed AND age_mark >= 6 THEN n ELSE 0 END) AS mature_28d,
    SUM(
      CASE WHEN placed AND age_mark >= 6 AND attend_mark BETWEEN 1 AND 6 THEN n ELSE 0 END
    ) AS within_28d,
    SUM(CASE WHEN placed AND target_initial_mark > 0 THEN n ELSE 0 END) AS targeted_initial,
    SUM(CASE WHEN counted AND target_initial_mark = 0 THEN n ELSE 0 END) AS no_target_initial,
    SUM(CASE WHEN target_initial_mark >= 2 THEN n ELSE 0 END) AS mature_target_initial,
    SUM(CASE WHEN target_initial_mark = 3 THEN n ELSE 0 END) AS within_target_initial,
    SUM(CASE WHEN placed AND target_final_mark > 0 THEN n ELSE 0 END) AS targeted_final,
    SUM(CASE WHEN counted AND target_final_mark = 0 THEN n ELSE 0 END) AS no_target_final,
    SUM(CASE WHEN target_final_mark >= 2 THEN n ELSE 0 END) AS mature_target_final,
    SUM(CASE WHEN target_final_mark = 3 THEN n ELSE 0 END) AS within_target_final
  FROM alike AS r
  INNER JOIN attendance_states AS s
    ON s.state_no = r.state_no
  INNER JOIN attendance_kinds AS k
    ON k.kind_no = r.kind_no
  GROUP BY
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8
), finest AS (
  SELECT
    p.period_kind,
    p.period_label,
    d.grade_scheme,
    d.grade_initial,
    d.grade_final,
    d.population,
    CASE WHEN p.period_kind IN ('day', 'week') THEN 'all' ELSE d.area END AS area,
    d.hour_of_week,
    d.by_hour,
    SUM(d.incidents) AS incidents,
    SUM(d.attended) AS attended,
    SUM(d.still_open) AS still_open,
    SUM(d.closed_unattended) AS closed_unattended,
    SUM(d.unknown_outcome) AS unknown_outcome,
    SUM(d.arrived_after_close) AS arrived_after_close,
    SUM(d.excluded) AS excluded,
    SUM(d.clock_fallback) AS clock_fallback,
    SUM(d.by_closing) AS by_closing,
    SUM(d.unknown_origin_counted) AS unknown_origin_counted,
    MAX(d.last_event_at) AS last_event_at,
    SUM(d.closed_phone_resolved) AS closed_phone_resolved,
    SUM(d.closed_no_reply) AS closed_no_reply,
    SUM(d.closed_cancelled) AS closed_cancelled,
    SUM(d.closed_other) AS closed_other,
    SUM(d.excluded_officer_made) AS excluded_officer_made,
    SUM(d.excluded_training) AS excluded_training,
    SUM(d.excluded_pre_planned) AS excluded_pre_planned,
    SUM(d.excluded_duplicate) AS excluded_duplicate,
    SUM(d.excluded_external) AS excluded_external,
    SUM(d.excluded_origin_unknown) AS excluded_origin_unknown,
    SUM(d.excluded_other_service) AS excluded_other_service,
    SUM(d.excluded_appointment) AS excluded_appointment,
    SUM(d.excluded_attendance_not_expected) AS excluded_attendance_not_expected,
    SUM(d.excluded_already_on_scene) AS excluded_already_on_scene,
    SUM(d.excluded_negative_interval) AS excluded_negative_interval,
    SUM(d.attend_n) AS attend_n,
    SUM(d.attend_total_ms) AS attend_total_ms,
    SUM(d.attend_later_15m) AS attend_later_15m,
    SUM(d.attend_later_60m) AS attend_later_60m,
    SUM(d.attend_later_4h) AS attend_later_4h,
    SUM(d.attend_later_24h) AS attend_later_24h,
    SUM(d.attend_later_7d) AS attend_later_7d,
    SUM(d.so_far_n) AS so_far_n,
    SUM(d.so_far_total_ms) AS so_far_total_ms,
    SUM(d.call_to_answer_n) AS call_to_answer_n,
    SUM(d.call_to_answer_total_ms) AS call_to_answer_total_ms,
    SUM(d.created_to_dispatch_n) AS created_to_dispatch_n,
    SUM(d.created_to_dispatch_total_ms) AS created_to_dispatch_total_ms,
    SUM(d.dispatch_to_arrival_n) AS dispatch_to_arrival_n,
    SUM(d.dispatch_to_arrival_total_ms) AS dispatch_to_arrival_total_ms,
    SUM(d.not_placed) AS not_placed,
    SUM(d.placed) AS placed,
    SUM(d.mature_15m) AS mature_15m,
    SUM(d.within_15m) AS within_15m,
    SUM(d.closed_15m) AS closed_15m,
    SUM(d.mature_60m) AS mature_60m,
    SUM(d.within_60m) AS within_60m,
    SUM(d.closed_60m) AS closed_60m,
    SUM(d.mature_4h) AS mature_4h,
    SUM(d.within_4h) AS within_4h,
    SUM(d.closed_4h) AS closed_4h,
    SUM(d.mature_24h) AS mature_24h,
    SUM(d.within_24h) AS within_24h,
    SUM(d.closed_24h) AS closed_24h,
    SUM(d.mature_7d) AS mature_7d,
    SUM(d.within_7d) AS within_7d,
    SUM(d.closed_7d) AS closed_7d,
    SUM(d.mature_28d) AS mature_28d,
    SUM(d.within_28d) AS within_28d,
    SUM(d.targeted_initial) AS targeted_initial,
    SUM(d.no_target_initial) AS no_target_initial,
    SUM(d.mature_target_initial) AS mature_target_initial,
    SUM(d.within_target_initial) AS within_target_initial,
    SUM(d.targeted_final) AS targeted_final,
    SUM(d.no_target_final) AS no_target_final,
    SUM(d.mature_target_final) AS mature_target_final,
    SUM(d.within_target_final) AS within_target_final
  FROM daily AS d
  INNER JOIN period_days AS p
    ON p.local_date = d.local_date AND (
      NOT d.by_hour OR p.period_kind = 'month'
    )
  GROUP BY
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9
), in_cell AS (
  SELECT
    f.*,
    b.grade_basis,
    CASE WHEN c.grade_basis = 'either' THEN 'all' ELSE f.grade_scheme END AS cell_scheme,
    CASE c.grade_basis
      WHEN 'initial'
      THEN f.grade_initial
      WHEN 'final'
      THEN f.grade_final
      ELSE 'all'
    END AS grade,
    CASE WHEN c.by_population THEN f.population ELSE 'all' END AS cell_population,
    CASE WHEN c.by_area THEN f.area ELSE 'all' END AS cell_area
  FROM finest AS f
  INNER JOIN attendance_cuts AS c
    ON c.period_kind = f.period_kind
    AND c.period_label = f.period_label
    AND c.by_hour = f.by_hour
  INNER JOIN (VALUES
    ('initial'),
    ('final')) AS b(grade_basis)
    ON c.grade_basis IN ('either', b.grade_basis)
)
SELECT
  period_kind,
  period_label,
  grade_basis,
  cell_scheme AS grade_scheme,
  grade,
  cell_population AS population,
  cell_area AS area,
  hour_of_week,
  CAST(SUM(incidents) AS BIGINT) AS incidents,
  CAST(SUM(attended) AS BIGINT) AS attended,
  CAST(SUM(still_open) AS BIGINT) AS still_open,
  CAST(SUM(closed_unattended) AS BIGINT) AS closed_unattended,
  CAST(SUM(unknown_outcome) AS BIGINT) AS unknown_outcome,
  CAST(SUM(arrived_after_close) AS BIGINT) AS arrived_after_close,
  CAST(SUM(excluded) AS BIGINT) AS excluded,
  CAST(SUM(clock_fallback) AS BIGINT) AS clock_fallback,
  CAST(SUM(by_closing) AS BIGINT) AS by_closing,
  CAST(SUM(unknown_origin_counted) AS BIGINT) AS unknown_origin_counted,
  MAX(last_event_at) AS last_event_at,
  CAST(SUM(closed_phone_resolved) AS BIGINT) AS closed_phone_resolved,
  CAST(SUM(closed_no_reply) AS BIGINT) AS closed_no_reply,
  CAST(SUM(closed_cancelled) AS BIGINT) AS closed_cancelled,
  CAST(SUM(closed_other) AS BIGINT) AS closed_other,
  CAST(SUM(excluded_officer_made) AS BIGINT) AS excluded_officer_made,
  CAST(SUM(excluded_training) AS BIGINT) AS excluded_training,
  CAST(SUM(excluded_pre_planned) AS BIGINT) AS excluded_pre_planned,
  CAST(SUM(excluded_duplicate) AS BIGINT) AS excluded_duplicate,
  CAST(SUM(excluded_external) AS BIGINT) AS excluded_external,
  CAST(SUM(excluded_origin_unknown) AS BIGINT) AS excluded_origin_unknown,
  CAST(SUM(excluded_other_service) AS BIGINT) AS excluded_other_service,
  CAST(SUM(excluded_appointment) AS BIGINT) AS excluded_appointment,
  CAST(SUM(excluded_attendance_not_expected) AS BIGINT) AS excluded_attendance_not_expected,
  CAST(SUM(excluded_already_on_scene) AS BIGINT) AS excluded_already_on_scene,
  CAST(SUM(excluded_negative_interval) AS BIGINT) AS excluded_negative_interval,
  CAST(SUM(attend_n) AS BIGINT) AS attend_n,
  CAST(SUM(attend_total_ms) AS DOUBLE) / NULLIF(SUM(attend_n), 0) AS attend_mean_ms,
  CAST(SUM(attend_later_15m) AS BIGINT) AS attend_later_15m,
  CAST(SUM(attend_later_60m) AS BIGINT) AS attend_later_60m,
  CAST(SUM(attend_later_4h) AS BIGINT) AS attend_later_4h,
  CAST(SUM(attend_later_24h) AS BIGINT) AS attend_later_24h,
  CAST(SUM(attend_later_7d) AS BIGINT) AS attend_later_7d,
  CAST(SUM(so_far_n) AS BIGINT) AS so_far_n,
  CAST(SUM(so_far_total_ms) AS DOUBLE) / NULLIF(SUM(so_far_n), 0) AS so_far_mean_ms,
  CAST(SUM(call_to_answer_n) AS BIGINT) AS call_to_answer_n,
  CAST(SUM(call_to_answer_total_ms) AS DOUBLE) / NULLIF(SUM(call_to_answer_n), 0) AS call_to_answer_mean_ms,
  CAST(SUM(created_to_dispatch_n) AS BIGINT) AS created_to_dispatch_n,
  CAST(SUM(created_to_dispatch_total_ms) AS DOUBLE) / NULLIF(SUM(created_to_dispatch_n), 0) AS created_to_dispatch_mean_ms,
  CAST(SUM(dispatch_to_arrival_n) AS BIGINT) AS dispatch_to_arrival_n,
  CAST(SUM(dispatch_to_arrival_total_ms) AS DOUBLE) / NULLIF(SUM(dispatch_to_arrival_n), 0) AS dispatch_to_arrival_mean_ms,
  CAST(SUM(not_placed) AS BIGINT) AS not_placed,
  CAST(SUM(placed) AS BIGINT) AS placed,
  CAST(SUM(mature_15m) AS BIGINT) AS mature_15m,
  CAST(SUM(within_15m) AS BIGINT) AS within_15m,
  CAST(SUM(closed_15m) AS BIGINT) AS closed_15m,
  CAST(SUM(mature_60m) AS BIGINT) AS mature_60m,
  CAST(SUM(within_60m) AS BIGINT) AS within_60m,
  CAST(SUM(closed_60m) AS BIGINT) AS closed_60m,
  CAST(SUM(mature_4h) AS BIGINT) AS mature_4h,
  CAST(SUM(within_4h) AS BIGINT) AS within_4h,
  CAST(SUM(closed_4h) AS BIGINT) AS closed_4h,
  CAST(SUM(mature_24h) AS BIGINT) AS mature_24h,
  CAST(SUM(within_24h) AS BIGINT) AS within_24h,
  CAST(SUM(closed_24h) AS BIGINT) AS closed_24h,
  CAST(SUM(mature_7d) AS BIGINT) AS mature_7d,
  CAST(SUM(within_7d) AS BIGINT) AS within_7d,
  CAST(SUM(closed_7d) AS BIGINT) AS closed_7d,
  CAST(SUM(mature_28d) AS BIGINT) AS mature_28d,
  CAST(SUM(within_28d) AS BIGINT) AS within_28d,
  CAST(SUM(CASE grade_basis WHEN 'initial' THEN targeted_initial ELSE targeted_final END) AS BIGINT) AS targeted,
  CAST(SUM(CASE grade_basis WHEN 'initial' THEN no_target_initial ELSE no_target_final END) AS BIGINT) AS no_target,
  CAST(SUM(
    CASE grade_basis
      WHEN 'initial'
      THEN mature_target_initial
      ELSE mature_target_final
    END
  ) AS BIGINT) AS mature_target,
  CAST(SUM(
    CASE grade_basis
      WHEN 'initial'
      THEN within_target_initial
      ELSE within_target_final
    END
  ) AS BIGINT) AS within_target
FROM in_cell
GROUP BY
  period_kind,
  period_label,
  grade_basis,
  cell_scheme,
  grade,
  cell_population,
  cell_area,
  hour_of_week
