-- name: attendance_counts
-- table: incidents
-- from: attendance_cell
-- settled_after: 29
-- events_settle: 0
-- keys: grade_basis, grade_scheme, grade, population, area, hour_of_week, reason
-- look_behind: 0
-- look_ahead: 0
-- definition_version: 1
--
-- metric: attendance.incidents
-- definition: Incidents that count
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's
-- numerator: none
-- denominator: none
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded
-- unit: count
-- direction: neutral
--
-- metric: attendance.attended
-- definition: Incidents somebody came to
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's
-- numerator: none
-- denominator: none
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded
-- unit: count
-- direction: neutral
--
-- metric: attendance.open
-- definition: Incidents neither attended nor closed, as at; none where an export was selected by closing
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's
-- numerator: none
-- denominator: none
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded
-- unit: count
-- direction: lower_is_better
--
-- metric: attendance.closed_unattended
-- definition: Incidents closed and never attended; by closure reason (other where the source gives none)
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's
-- numerator: none
-- denominator: none
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded
-- unit: count
-- direction: lower_is_better
--
-- metric: attendance.unknown
-- definition: Incidents whose source cannot tell whether they are open
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's
-- numerator: none
-- denominator: none
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded
-- unit: count
-- direction: lower_is_better
--
-- metric: attendance.arrived_after_close
-- definition: Attended incidents that had been closed before somebody arrived; the arrival wins
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's
-- numerator: none
-- denominator: none
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded
-- unit: count
-- direction: neutral
--
-- metric: attendance.excluded
-- definition: Incidents left out of the population; by the first reason that holds
-- population: All incidents of the cell
-- numerator: none
-- denominator: none
-- exclusions: None
-- unit: count
-- direction: neutral
WITH counted AS (
    SELECT
        c.*,
        m.metric,
        m.reason,
        CASE m.metric || ' ' || m.reason
            WHEN 'attendance.incidents all' THEN c.incidents
            WHEN 'attendance.attended all' THEN c.attended
            WHEN 'attendance.open all' THEN c.still_open
            WHEN 'attendance.closed_unattended all' THEN c.closed_unattended
            WHEN 'attendance.closed_unattended phone_resolved' THEN c.closed_phone_resolved
            WHEN 'attendance.closed_unattended no_reply' THEN c.closed_no_reply
            WHEN 'attendance.closed_unattended cancelled' THEN c.closed_cancelled
            WHEN 'attendance.closed_unattended other' THEN c.closed_other
            WHEN 'attendance.unknown all' THEN c.unknown_outcome
            WHEN 'attendance.arrived_after_close all' THEN c.arrived_after_close
            WHEN 'attendance.excluded all' THEN c.excluded
            WHEN 'attendance.excluded officer_made' THEN c.excluded_officer_made
            WHEN 'attendance.excluded training' THEN c.excluded_training
            WHEN 'attendance.excluded pre_planned' THEN c.excluded_pre_planned
            WHEN 'attendance.excluded duplicate' THEN c.excluded_duplicate
            WHEN 'attendance.excluded external' THEN c.excluded_external
            WHEN 'attendance.excluded origin_unknown' THEN c.excluded_origin_unknown
            WHEN 'attendance.excluded other_service' THEN c.excluded_other_service
            WHEN 'attendance.excluded appointment' THEN c.excluded_appointment
            WHEN 'attendance.excluded attendance_not_expected' THEN c.excluded_attendance_not_expected
            WHEN 'attendance.excluded already_on_scene' THEN c.excluded_already_on_scene
            WHEN 'attendance.excluded negative_interval' THEN c.excluded_negative_interval
        END AS found
    FROM attendance_cell AS c
    CROSS JOIN (VALUES
        ('attendance.incidents', 'all'),
        ('attendance.attended', 'all'),
        ('attendance.open', 'all'),
        ('attendance.closed_unattended', 'all'),
        ('attendance.closed_unattended', 'phone_resolved'),
        ('attendance.closed_unattended', 'no_reply'),
        ('attendance.closed_unattended', 'cancelled'),
        ('attendance.closed_unattended', 'other'),
        ('attendance.unknown', 'all'),
        ('attendance.arrived_after_close', 'all'),
        ('attendance.excluded', 'all'),
        ('attendance.excluded', 'officer_made'),
        ('attendance.excluded', 'training'),
        ('attendance.excluded', 'pre_planned'),
        ('attendance.excluded', 'duplicate'),
        ('attendance.excluded', 'external'),
        ('attendance.excluded', 'origin_unknown'),
        ('attendance.excluded', 'other_service'),
        ('attendance.excluded', 'appointment'),
        ('attendance.excluded', 'attendance_not_expected'),
        ('attendance.excluded', 'already_on_scene'),
        ('attendance.excluded', 'negative_interval')
    ) AS m(metric, reason)
)
SELECT
    c.metric,
    c.period_kind,
    c.period_label,
    c.grade_basis,
    c.grade_scheme,
    c.grade,
    c.population,
    c.area,
    c.hour_of_week,
    c.reason,
    CASE WHEN c.metric <> 'attendance.open' OR c.by_closing = 0 THEN CAST(c.found AS DOUBLE) END AS value,
    c.found AS n,
    CAST(NULL AS BIGINT) AS numerator,
    CAST(NULL AS BIGINT) AS denominator,
    CAST(0 AS BIGINT) AS n_immature,
    c.unknown_outcome AS n_unknown,
    c.excluded AS n_excluded,
    c.clock_fallback AS n_clock_fallback,
    c.still_open AS open_records,
    c.last_event_at,
    CAST(NULL AS DOUBLE) AS ci_low,
    CAST(NULL AS DOUBLE) AS ci_high,
    CONCAT_WS(
        ';',
        CASE WHEN c.clock_fallback > 0.95E0 * c.incidents THEN 'created_clock' WHEN c.clock_fallback >= 0.05E0 * c.incidents AND c.clock_fallback > 0 THEN 'mixed_clock' END,
        CASE WHEN c.unknown_origin_counted > 0 THEN 'unknown_origin_counted' END,
        CASE WHEN c.metric = 'attendance.open' AND c.by_closing > 0 THEN 'selected_by_closing' END
    ) AS notes
FROM counted AS c
WHERE c.found > 0 OR (c.reason = 'all' AND c.incidents > 0)
