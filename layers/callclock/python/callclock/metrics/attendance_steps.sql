-- name: attendance_steps
-- table: incidents
-- from: attendance_cell, attendance_step_percentiles
-- settled_after: 29
-- events_settle: 0
-- keys: grade_basis, grade_scheme, grade, population, area, hour_of_week
-- look_behind: 0
-- look_ahead: 0
-- definition_version: 1
--
-- metric: attendance.call_to_answer_mean_s, attendance.call_to_answer_median_s, attendance.call_to_answer_p90_s
-- definition: Call received to call answered, where the source of incidents tells both: mean, median and 90th percentile
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's, with both instants; no row where none has them
-- numerator: none
-- denominator: none
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded; negative intervals
-- unit: s
-- direction: lower_is_better
-- settles_days: 28
--
-- metric: attendance.created_to_dispatch_mean_s, attendance.created_to_dispatch_median_s, attendance.created_to_dispatch_p90_s
-- definition: Incident created to first dispatch: mean, median and 90th percentile
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's, with both instants
-- numerator: none
-- denominator: none
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded; negative intervals
-- unit: s
-- direction: lower_is_better
-- settles_days: 28
--
-- metric: attendance.dispatch_to_arrival_mean_s, attendance.dispatch_to_arrival_median_s, attendance.dispatch_to_arrival_p90_s
-- definition: First dispatch to first arrival: mean, median and 90th percentile
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's, with both instants
-- numerator: none
-- denominator: none
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded; negative intervals
-- unit: s
-- direction: lower_is_better
-- settles_days: 28
SELECT
    m.metric,
    c.period_kind,
    c.period_label,
    c.grade_basis,
    c.grade_scheme,
    c.grade,
    c.population,
    c.area,
    c.hour_of_week,
    CASE m.metric
        WHEN 'attendance.call_to_answer_mean_s' THEN CAST(c.call_to_answer_mean_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.call_to_answer_median_s' THEN CAST(q.call_to_answer_median_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.call_to_answer_p90_s' THEN CAST(q.call_to_answer_p90_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.created_to_dispatch_mean_s' THEN CAST(c.created_to_dispatch_mean_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.created_to_dispatch_median_s' THEN CAST(q.created_to_dispatch_median_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.created_to_dispatch_p90_s' THEN CAST(q.created_to_dispatch_p90_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.dispatch_to_arrival_mean_s' THEN CAST(c.dispatch_to_arrival_mean_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.dispatch_to_arrival_median_s' THEN CAST(q.dispatch_to_arrival_median_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.dispatch_to_arrival_p90_s' THEN CAST(q.dispatch_to_arrival_p90_ms AS DOUBLE) / 1000.0E0
    END AS value,
    CASE m.step
        WHEN 'call_to_answer' THEN c.call_to_answer_n
        WHEN 'created_to_dispatch' THEN c.created_to_dispatch_n
        ELSE c.dispatch_to_arrival_n
    END AS n,
    CAST(NULL AS BIGINT) AS numerator,
    CAST(NULL AS BIGINT) AS denominator,
    CAST(0 AS BIGINT) AS n_immature,
    c.unknown_outcome AS n_unknown,
    c.excluded AS n_excluded,
    -- The headline clock does not run here.
    CAST(0 AS BIGINT) AS n_clock_fallback,
    c.still_open AS open_records,
    c.last_event_at,
    CAST(NULL AS DOUBLE) AS ci_low,
    CAST(NULL AS DOUBLE) AS ci_high,
    CASE WHEN c.unknown_origin_counted > 0 THEN 'unknown_origin_counted' END AS notes
FROM attendance_cell AS c
LEFT JOIN attendance_step_percentiles AS q
    ON q.period_kind = c.period_kind AND q.period_label = c.period_label AND q.grade_basis = c.grade_basis
    AND q.grade_scheme = c.grade_scheme AND q.grade = c.grade AND q.population = c.population AND q.area = c.area
    AND q.hour_of_week = c.hour_of_week
CROSS JOIN (VALUES
    ('attendance.call_to_answer_mean_s', 'call_to_answer'),
    ('attendance.call_to_answer_median_s', 'call_to_answer'),
    ('attendance.call_to_answer_p90_s', 'call_to_answer'),
    ('attendance.created_to_dispatch_mean_s', 'created_to_dispatch'),
    ('attendance.created_to_dispatch_median_s', 'created_to_dispatch'),
    ('attendance.created_to_dispatch_p90_s', 'created_to_dispatch'),
    ('attendance.dispatch_to_arrival_mean_s', 'dispatch_to_arrival'),
    ('attendance.dispatch_to_arrival_median_s', 'dispatch_to_arrival'),
    ('attendance.dispatch_to_arrival_p90_s', 'dispatch_to_arrival')
) AS m(metric, step)
-- Few systems that log incidents know when the call was answered: a force without one has no rows of it.
WHERE c.incidents > 0 AND (m.step <> 'call_to_answer' OR c.call_to_answer_n > 0)
