-- name: attendance_all
-- table: incidents
-- from: attendance_cell, attendance_cells, attendance_middle, attendance_half
-- settled_after: 29
-- events_settle: 0
-- keys: grade_basis, grade_scheme, grade, population, area, hour_of_week
-- look_behind: 0
-- look_ahead: 0
-- definition_version: 1
--
-- metric: attendance.median_all_s
-- definition: Time by which half of all incidents were attended: smallest t with a cumulative incidence of at least one half (Aalen-Johansen; closed unattended competes, open is censored), no interpolation; none where half were never attended, or where the source cannot tell the outcome of more than 5 %
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's, attended or not
-- numerator: none
-- denominator: none
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded; unknown outcomes
-- unit: s
-- direction: lower_is_better
WITH found AS (
    SELECT
        c.*,
        COALESCE(m.placed, 0) AS known,
        COALESCE(m.still_open, 0) AS known_open,
        CASE
            WHEN c.not_placed > 0.05E0 * c.incidents THEN NULL
            WHEN m.first_open_ms < m.middle_ms THEN CAST(r.half_ms AS DOUBLE)
            WHEN m.middle_ms < 9000000000000000000 THEN CAST(m.middle_ms AS DOUBLE)
        END AS half_ms,
        -- Nothing is open below a half that was reached before the first open one.
        CASE WHEN m.first_open_ms < m.middle_ms THEN r.still_open_by ELSE 0 END AS open_before
    FROM attendance_cell AS c
    LEFT JOIN attendance_cells AS k
        ON k.grade_basis = CASE c.grade WHEN 'all' THEN 'either' ELSE c.grade_basis END AND k.grade_scheme = c.grade_scheme
        AND k.grade = c.grade AND k.population = c.population AND k.area = c.area AND k.hour_of_week = c.hour_of_week
    LEFT JOIN attendance_middle AS m
        ON m.period_kind = c.period_kind AND m.period_label = c.period_label AND m.cell_no = k.cell_no
    LEFT JOIN attendance_half AS r
        ON r.period_kind = m.period_kind AND r.period_label = m.period_label AND r.cell_no = m.cell_no
    WHERE c.incidents > 0
)
SELECT
    'attendance.median_all_s' AS metric,
    c.period_kind,
    c.period_label,
    c.grade_basis,
    c.grade_scheme,
    c.grade,
    c.population,
    c.area,
    c.hour_of_week,
    CAST(c.half_ms AS DOUBLE) / 1000.0E0 AS value,
    c.known AS n,
    CAST(NULL AS BIGINT) AS numerator,
    CAST(NULL AS BIGINT) AS denominator,
    -- What was last seen open before the half could still move it; all that is open, while there is none.
    CAST(CASE WHEN c.half_ms IS NULL THEN c.known_open ELSE c.open_before END AS BIGINT) AS n_immature,
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
        CASE WHEN c.unknown_origin_counted > 0 THEN 'unknown_origin_counted' END,
        CASE WHEN c.not_placed > 0.05E0 * c.incidents THEN 'unknown_outcomes' END
    ) AS notes
FROM found AS c
