-- name: attendance_marks
-- table: incidents
-- from: attendance_cell
-- settled_after: 29
-- events_settle: 0
-- keys: grade_basis, grade_scheme, grade, population, area, hour_of_week
-- look_behind: 0
-- look_ahead: 0
-- definition_version: 1
--
-- metric: attendance.within_15m, attendance.within_60m, attendance.within_4h, attendance.within_24h, attendance.within_7d
-- definition: Share with an arrival within T, to the millisecond
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's, known outcome, clock start + T at or before what is known of the record
-- numerator: Arrival less clock start <= T
-- denominator: Mature at T
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded
-- unit: share
-- direction: higher_is_better
--
-- metric: attendance.closed_unattended_within_15m, attendance.closed_unattended_within_60m, attendance.closed_unattended_within_4h, attendance.closed_unattended_within_24h, attendance.closed_unattended_within_7d
-- definition: Share closed within T and never attended
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's, known outcome, clock start + T at or before what is known of the record
-- numerator: Closing less clock start <= T, no arrival
-- denominator: Mature at T
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded
-- unit: share
-- direction: lower_is_better
--
-- metric: attendance.over_15m, attendance.over_60m, attendance.over_4h, attendance.over_24h, attendance.over_7d
-- definition: Share neither attended nor closed within T
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's, known outcome, clock start + T at or before what is known of the record
-- numerator: Neither at T
-- denominator: Mature at T
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded
-- unit: share
-- direction: lower_is_better
--
-- metric: attendance.never_attended_share
-- definition: Share whom nobody had come to 28 days after the call
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's, known outcome, clock start + 28 d at or before what is known of the record
-- numerator: No arrival within 28 d
-- denominator: Mature at 28 d
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded
-- unit: share
-- direction: lower_is_better
--
-- metric: attendance.within_target
-- definition: Share attended within the target of its own grade, area type and date
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's, with a target, known outcome, mature at it
-- numerator: Arrival less clock start <= own target
-- denominator: Mature at its own target
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded
-- unit: share
-- direction: higher_is_better
--
-- metric: attendance.no_target
-- definition: Incidents without a target for their grade, area type and date
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's
-- numerator: none
-- denominator: none
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded
-- unit: count
-- direction: neutral
WITH at_mark AS (
    SELECT
        c.*,
        m.mark,
        CASE m.mark
            WHEN '15m' THEN c.mature_15m
            WHEN '60m' THEN c.mature_60m
            WHEN '4h' THEN c.mature_4h
            WHEN '24h' THEN c.mature_24h
            WHEN '7d' THEN c.mature_7d
            WHEN '28d' THEN c.mature_28d
            ELSE c.mature_target
        END AS mature,
        CASE m.mark
            WHEN '15m' THEN c.within_15m
            WHEN '60m' THEN c.within_60m
            WHEN '4h' THEN c.within_4h
            WHEN '24h' THEN c.within_24h
            WHEN '7d' THEN c.within_7d
            WHEN '28d' THEN c.within_28d
            ELSE c.within_target
        END AS within_mark,
        CASE m.mark
            WHEN '15m' THEN c.closed_15m
            WHEN '60m' THEN c.closed_60m
            WHEN '4h' THEN c.closed_4h
            WHEN '24h' THEN c.closed_24h
            WHEN '7d' THEN c.closed_7d
        END AS closed_by_mark
    FROM attendance_cell AS c
    CROSS JOIN (VALUES ('15m'), ('60m'), ('4h'), ('24h'), ('7d'), ('28d'), ('target')) AS m(mark)
    WHERE c.incidents > 0
)
SELECT
    CASE f.found
        WHEN 'no_target' THEN 'attendance.no_target'
        WHEN 'never' THEN 'attendance.never_attended_share'
        ELSE 'attendance.' || f.found || '_' || c.mark
    END AS metric,
    c.period_kind,
    c.period_label,
    c.grade_basis,
    c.grade_scheme,
    c.grade,
    c.population,
    c.area,
    c.hour_of_week,
    CASE f.found WHEN 'no_target' THEN CAST(c.no_target AS DOUBLE) END AS value,
    CASE f.found WHEN 'no_target' THEN c.no_target ELSE c.mature END AS n,
    CASE f.found
        WHEN 'within' THEN c.within_mark
        WHEN 'closed_unattended_within' THEN c.closed_by_mark
        WHEN 'never' THEN c.mature - c.within_mark
        WHEN 'over' THEN c.mature - c.within_mark - c.closed_by_mark
    END AS numerator,
    CASE WHEN f.found <> 'no_target' THEN c.mature END AS denominator,
    CASE
        WHEN f.found = 'no_target' THEN CAST(0 AS BIGINT)
        WHEN c.mark = 'target' THEN c.targeted - c.mature
        ELSE c.placed - c.mature
    END AS n_immature,
    c.not_placed AS n_unknown,
    c.excluded AS n_excluded,
    c.clock_fallback AS n_clock_fallback,
    c.still_open AS open_records,
    c.last_event_at,
    CAST(NULL AS DOUBLE) AS ci_low,
    CAST(NULL AS DOUBLE) AS ci_high,
    CONCAT_WS(
        ';',
        CASE WHEN c.clock_fallback > 0.95E0 * c.incidents THEN 'created_clock' WHEN c.clock_fallback >= 0.05E0 * c.incidents AND c.clock_fallback > 0 THEN 'mixed_clock' END,
        CASE WHEN c.unknown_origin_counted > 0 THEN 'unknown_origin_counted' END
    ) AS notes
FROM at_mark AS c
INNER JOIN (VALUES
    ('mark', 'within'),
    ('mark', 'closed_unattended_within'),
    ('mark', 'over'),
    ('28d', 'never'),
    ('target', 'within'),
    ('target', 'no_target')
) AS f(of, found) ON f.of = CASE WHEN c.mark IN ('28d', 'target') THEN c.mark ELSE 'mark' END
