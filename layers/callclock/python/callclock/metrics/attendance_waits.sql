-- name: attendance_waits
-- table: incidents
-- from: attendance_cell, attendance_percentiles
-- settled_after: 29
-- events_settle: 0
-- keys: grade_basis, grade_scheme, grade, population, area, hour_of_week
-- look_behind: 0
-- look_ahead: 0
-- check: attendance_bound
-- definition_version: 1
--
-- metric: attendance.mean_s, attendance.median_s, attendance.p90_s, attendance.p95_s
-- definition: Clock start (call received, else created; submission of an online report) to first arrival: mean, median, 90th and 95th percentile, linear interpolation
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's, attended
-- numerator: none
-- denominator: none
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded
-- unit: s
-- direction: lower_is_better
-- settles_days: 28
--
-- metric: attendance.mean_so_far_s
-- definition: Mean of (arrival, else closure, else as_at) less clock start: a lower bound of the true wait
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's
-- numerator: none
-- denominator: none
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded; unknown outcomes
-- unit: s
-- direction: lower_is_better
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
        WHEN 'attendance.mean_s' THEN CAST(c.attend_mean_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.median_s' THEN CAST(q.attend_median_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.p90_s' THEN CAST(q.attend_p90_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.p95_s' THEN CAST(q.attend_p95_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.mean_so_far_s' THEN CAST(c.so_far_mean_ms AS DOUBLE) / 1000.0E0
    END AS value,
    CASE m.metric WHEN 'attendance.mean_so_far_s' THEN c.so_far_n ELSE c.attend_n END AS n,
    CAST(NULL AS BIGINT) AS numerator,
    CAST(NULL AS BIGINT) AS denominator,
    -- The wait of an open record is still growing.
    CASE m.metric WHEN 'attendance.mean_so_far_s' THEN c.still_open ELSE CAST(0 AS BIGINT) END AS n_immature,
    CASE m.metric WHEN 'attendance.mean_so_far_s' THEN c.not_placed ELSE c.unknown_outcome END AS n_unknown,
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
        -- More of all waited over 7 days than this mean could bear: it holds the attended only.
        CASE
            WHEN m.metric = 'attendance.mean_s' AND c.mature_7d > 0
                AND CAST(c.mature_7d - c.within_7d - c.closed_7d AS DOUBLE) / NULLIF(c.mature_7d, 0) * 604800000 > c.attend_mean_ms
                THEN 'mean_hides_unattended'
        END
    ) AS notes
FROM attendance_cell AS c
LEFT JOIN attendance_percentiles AS q
    ON q.period_kind = c.period_kind AND q.period_label = c.period_label AND q.grade_basis = c.grade_basis
    AND q.grade_scheme = c.grade_scheme AND q.grade = c.grade AND q.population = c.population AND q.area = c.area
    AND q.hour_of_week = c.hour_of_week
CROSS JOIN (VALUES
    ('attendance.mean_s'),
    ('attendance.median_s'),
    ('attendance.p90_s'),
    ('attendance.p95_s'),
    ('attendance.mean_so_far_s')
) AS m(metric)
WHERE c.incidents > 0
