-- Athena's text of callclock/metrics/attendance_cell.sql, written by make athena.
WITH daily AS (
  /* Every incident is counted twice, for its day and for its hour of the week: what follows adds up some thousand rows, */
  /* and not every incident once for each of its periods and cells. */
  SELECT
    r.local_date,
    r.grade_scheme,
    r.grade_initial,
    r.grade_final,
    CASE WHEN h.by_hour THEN 'all' ELSE r.population END AS population,
    CASE WHEN h.by_hour THEN 'all' ELSE r.area END AS area,
    CASE WHEN h.by_hour THEN r.hour_of_week ELSE 'all' END AS hour_of_week,
    h.by_hour,
    COUNT(*) FILTER(WHERE
      counted) AS incidents,
    COUNT(*) FILTER(WHERE
      attended) AS attended,
    COUNT(*) FILTER(WHERE
      still_open) AS still_open,
    COUNT(*) FILTER(WHERE
      closed_unattended) AS closed_unattended,
    COUNT(*) FILTER(WHERE
      unknown_outcome) AS unknown_outcome,
    COUNT(*) FILTER(WHERE
      arrived_after_close) AS arrived_after_close,
    COUNT(*) FILTER(WHERE
      NOT counted) AS excluded,
    COUNT(*) FILTER(WHERE
      clock_fallback) AS clock_fallback,
    COUNT(*) FILTER(WHERE
      by_closing) AS by_closing,
    COUNT(*) FILTER(WHERE
      unknown_origin_counted) AS unknown_origin_counted,
    MAX(last_event_at) AS last_event_at,
    COUNT(*) /* closed without attendance, and left out, by reason */ FILTER(WHERE
      closure_reason = 'phone_resolved') AS closed_phone_resolved,
    COUNT(*) FILTER(WHERE
      closure_reason = 'no_reply') AS closed_no_reply,
    COUNT(*) FILTER(WHERE
      closure_reason = 'cancelled') AS closed_cancelled,
    COUNT(*) FILTER(WHERE
      closure_reason = 'other') AS closed_other,
    COUNT(*) FILTER(WHERE
      exclusion = 'officer_made') AS excluded_officer_made,
    COUNT(*) FILTER(WHERE
      exclusion = 'training') AS excluded_training,
    COUNT(*) FILTER(WHERE
      exclusion = 'pre_planned') AS excluded_pre_planned,
    COUNT(*) FILTER(WHERE
      exclusion = 'duplicate') AS excluded_duplicate,
    COUNT(*) FILTER(WHERE
      exclusion = 'external') AS excluded_external,
    COUNT(*) FILTER(WHERE
      exclusion = 'origin_unknown') AS excluded_origin_unknown,
    COUNT(*) FILTER(WHERE
      exclusion = 'other_service') AS excluded_other_service,
    COUNT(*) FILTER(WHERE
      exclusion = 'appointment') AS excluded_appointment,
    COUNT(*) FILTER(WHERE
      exclusion = 'attendance_not_expected') AS excluded_attendance_not_expected,
    COUNT(*) FILTER(WHERE
      exclusion = 'already_on_scene') AS excluded_already_on_scene,
    COUNT(*) FILTER(WHERE
      exclusion = 'negative_interval') AS excluded_negative_interval,
    COUNT(attend_ms) AS attend_n, /* waits in ms */
    SUM(attend_ms) AS attend_total_ms,
    COUNT(*) FILTER(WHERE
      attend_ms > 900000) AS attend_later_15m,
    COUNT(*) FILTER(WHERE
      attend_ms > 3600000) AS attend_later_60m,
    COUNT(*) FILTER(WHERE
      attend_ms > 14400000) AS attend_later_4h,
    COUNT(*) FILTER(WHERE
      attend_ms > 86400000) AS attend_later_24h,
    COUNT(*) FILTER(WHERE
      attend_ms > 604800000) AS attend_later_7d,
    COUNT(so_far_ms) AS so_far_n,
    SUM(so_far_ms) AS so_far_total_ms,
    COUNT(created_to_dispatch_ms) AS created_to_dispatch_n,
    SUM(created_to_dispatch_ms) AS created_to_dispatch_total_ms,
    COUNT(dispatch_to_arrival_ms) AS dispatch_to_arrival_n,
    SUM(dispatch_to_arrival_ms) AS dispatch_to_arrival_total_ms,
    COUNT(*) /* marks: of the records old enough at the mark, those attended by then and those closed by then */ FILTER(WHERE
      counted AND NOT placed) AS not_placed,
    COUNT(*) FILTER(WHERE
      placed) AS placed,
    COUNT(*) FILTER(WHERE
      mature_15m) AS mature_15m,
    COUNT(*) FILTER(WHERE
      within_15m) AS within_15m,
    COUNT(*) FILTER(WHERE
      closed_15m) AS closed_15m,
    COUNT(*) FILTER(WHERE
      mature_60m) AS mature_60m,
    COUNT(*) FILTER(WHERE
      within_60m) AS within_60m,
    COUNT(*) FILTER(WHERE
      closed_60m) AS closed_60m,
    COUNT(*) FILTER(WHERE
      mature_4h) AS mature_4h,
    COUNT(*) FILTER(WHERE
      within_4h) AS within_4h,
    COUNT(*) FILTER(WHERE
      closed_4h) AS closed_4h,
    COUNT(*) FILTER(WHERE
      mature_24h) AS mature_24h,
    COUNT(*) FILTER(WHERE
      within_24h) AS within_24h,
    COUNT(*) FILTER(WHERE
      closed_24h) AS closed_24h,
    COUNT(*) FILTER(WHERE
      mature_7d) AS mature_7d,
    COUNT(*) FILTER(WHERE
      within_7d) AS within_7d,
    COUNT(*) FILTER(WHERE
      closed_7d) AS closed_7d,
    COUNT(*) FILTER(WHERE
      mature_28d) AS mature_28d,
    COUNT(*) FILTER(WHERE
      within_28d) AS within_28d,
    COUNT(*) FILTER(WHERE
      placed AND NOT target_initial_ms IS NULL) AS targeted_initial,
    COUNT(*) FILTER(WHERE
      counted AND target_initial_ms IS NULL) AS no_target_initial,
    COUNT(*) FILTER(WHERE
      mature_target_initial) AS mature_target_initial,
    COUNT(*) FILTER(WHERE
      within_target_initial) AS within_target_initial,
    COUNT(*) FILTER(WHERE
      placed AND NOT target_final_ms IS NULL) AS targeted_final,
    COUNT(*) FILTER(WHERE
      counted AND target_final_ms IS NULL) AS no_target_final,
    COUNT(*) FILTER(WHERE
      mature_target_final) AS mature_target_final,
    COUNT(*) FILTER(WHERE
      within_target_final) AS within_target_final
  FROM attendance_population AS r
  INNER JOIN (
    SELECT
      local_date,
      MAX(CASE WHEN period_kind = 'month' THEN 1 ELSE 0 END) AS of_month
    FROM period_days
    GROUP BY
      local_date
  ) AS p
    ON p.local_date = r.local_date
  INNER JOIN (VALUES
    (FALSE),
    (TRUE)) AS h(by_hour)
    ON NOT h.by_hour OR p.of_month = 1
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
