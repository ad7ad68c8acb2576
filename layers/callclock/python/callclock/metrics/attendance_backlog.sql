-- name: attendance_backlog
-- table: incidents
-- from: attendance_population, attendance_alike, attendance_states, attendance_kinds, attendance_cuts, periods, run
-- settled_by: none
-- kinds: day
-- keys: grade_basis, grade_scheme, grade, population, age_band
-- look_behind: 12
-- look_ahead: 0
-- definition_version: 1
--
-- metric: attendance.backlog
-- definition: Incidents neither attended nor closed at the end of the local day, by how long they had waited by then: under_4h, under_24h, under_7d, over_7d; none where an export was selected by closing
-- population: Incidents of public origin whose initial grade expects attendance and whose service is one of the force's, started in the 12 months before the end of the day, known outcome
-- numerator: none
-- denominator: none
-- exclusions: Those set aside, of other origin, service or grade, already on scene or negative by more than the tolerance; counted by reason in attendance.excluded; those last seen open before the end of the day (n_immature)
-- unit: count
-- direction: lower_is_better
WITH days AS (
    -- Those that are over: of an instant to come nobody can say anything.
    SELECT
        p.period_kind, p.period_label, p.period_start AS local_date, p.end_at,
        CAST(p.period_end - INTERVAL '12' MONTH AS DATE) AS from_date
    FROM periods AS p
    CROSS JOIN run
    WHERE p.period_kind = 'day' AND p.end_at <= run.force_as_at
),
span AS (
    SELECT MIN(from_date) AS from_date, MAX(local_date) AS to_date, MIN(end_at) AS first_end_at FROM days
),
counted AS (
    SELECT
        r.local_date, k.grade_scheme, k.grade_initial, k.grade_final, k.population,
        SUM(CASE WHEN c.counted THEN r.n ELSE 0 END) AS incidents,
        SUM(CASE WHEN c.counted AND NOT c.placed THEN r.n ELSE 0 END) AS not_placed,
        SUM(CASE WHEN c.by_closing THEN r.n ELSE 0 END) AS by_closing,
        SUM(CASE WHEN NOT c.counted THEN r.n ELSE 0 END) AS excluded
    FROM attendance_alike AS r
    INNER JOIN attendance_states AS c ON c.state_no = r.state_no
    INNER JOIN attendance_kinds AS k ON k.kind_no = r.kind_no
    INNER JOIN span AS s ON r.local_date >= s.from_date AND r.local_date <= s.to_date
    GROUP BY 1, 2, 3, 4, 5
),
waiting AS (
    -- Few wait past the end of the day they called on (or past that of the first day, where they called before it).
    SELECT
        r.local_date, r.clock_start_at, k.grade_scheme, k.grade_initial, k.grade_final, k.population,
        c.fate = 'open' AS still_open, c.clock_fallback, c.unknown_origin_counted, r.so_far_ms
    FROM attendance_population AS r
    INNER JOIN attendance_states AS c ON c.state_no = r.state_no AND c.placed
    INNER JOIN attendance_kinds AS k ON k.kind_no = r.kind_no
    INNER JOIN span AS s ON r.local_date >= s.from_date AND r.local_date <= s.to_date
    LEFT JOIN days AS d ON d.local_date = r.local_date
    WHERE c.fate = 'open' OR r.so_far_ms > date_diff('millisecond', r.clock_start_at, COALESCE(d.end_at, s.first_end_at))
),
at_the_end AS (
    SELECT
        d.period_label, w.grade_scheme, w.grade_initial, w.grade_final, w.population, w.clock_fallback, w.unknown_origin_counted,
        -- What was last seen open before the end of the day may have been attended or closed by then.
        w.still_open AND w.so_far_ms < date_diff('millisecond', w.clock_start_at, d.end_at) AS immature,
        CASE
            WHEN date_diff('millisecond', w.clock_start_at, d.end_at) < 14400000 THEN 'under_4h'
            WHEN date_diff('millisecond', w.clock_start_at, d.end_at) < 86400000 THEN 'under_24h'
            WHEN date_diff('millisecond', w.clock_start_at, d.end_at) < 604800000 THEN 'under_7d'
            ELSE 'over_7d'
        END AS age_band
    FROM waiting AS w
    INNER JOIN days AS d
        ON d.local_date >= w.local_date AND d.from_date <= w.local_date
        AND (w.still_open OR w.so_far_ms > date_diff('millisecond', w.clock_start_at, d.end_at))
),
finest AS (
    SELECT
        d.period_label, c.grade_scheme, c.grade_initial, c.grade_final, c.population, 'all' AS age_band,
        SUM(c.incidents) AS incidents, SUM(c.not_placed) AS not_placed, SUM(c.by_closing) AS by_closing, SUM(c.excluded) AS excluded,
        0 AS still_open, 0 AS immature, 0 AS clock_fallback, 0 AS unknown_origin_counted
    FROM counted AS c
    INNER JOIN days AS d ON d.local_date >= c.local_date AND d.from_date <= c.local_date
    GROUP BY 1, 2, 3, 4, 5
    UNION ALL
    SELECT
        e.period_label, e.grade_scheme, e.grade_initial, e.grade_final, e.population, e.age_band,
        0 AS incidents, 0 AS not_placed, 0 AS by_closing, 0 AS excluded,
        COUNT(*) FILTER (WHERE NOT e.immature) AS still_open,
        COUNT(*) FILTER (WHERE e.immature) AS immature,
        COUNT(*) FILTER (WHERE e.clock_fallback AND NOT e.immature) AS clock_fallback,
        COUNT(*) FILTER (WHERE e.unknown_origin_counted AND NOT e.immature) AS unknown_origin_counted
    FROM at_the_end AS e
    GROUP BY 1, 2, 3, 4, 5, 6
),
in_cell AS (
    SELECT
        c.period_kind, c.period_label, c.grade_basis,
        CASE WHEN c.grade_basis = 'either' THEN 'all' ELSE f.grade_scheme END AS grade_scheme,
        CASE c.grade_basis WHEN 'initial' THEN f.grade_initial WHEN 'final' THEN f.grade_final ELSE 'all' END AS grade,
        CASE WHEN c.by_population THEN f.population ELSE 'all' END AS population,
        b.age_band,
        CAST(SUM(f.incidents) AS BIGINT) AS incidents,
        CAST(SUM(f.not_placed) AS BIGINT) AS not_placed,
        CAST(SUM(f.by_closing) AS BIGINT) AS by_closing,
        CAST(SUM(f.excluded) AS BIGINT) AS excluded,
        CAST(SUM(f.still_open) AS BIGINT) AS still_open,
        CAST(SUM(f.immature) AS BIGINT) AS immature,
        CAST(SUM(f.clock_fallback) AS BIGINT) AS clock_fallback,
        CAST(SUM(f.unknown_origin_counted) AS BIGINT) AS unknown_origin_counted
    FROM finest AS f
    INNER JOIN attendance_cuts AS c ON c.period_kind = 'day' AND c.period_label = f.period_label
    -- What is counted whatever its age stands in every band.
    INNER JOIN (VALUES ('all'), ('under_4h'), ('under_24h'), ('under_7d'), ('over_7d')) AS b(age_band)
        ON f.age_band = 'all' OR b.age_band IN ('all', f.age_band)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
)
SELECT
    'attendance.backlog' AS metric,
    c.period_kind,
    c.period_label,
    b.grade_basis,
    c.grade_scheme,
    c.grade,
    c.population,
    c.age_band,
    CASE WHEN c.by_closing = 0 THEN CAST(c.still_open AS DOUBLE) END AS value,
    c.still_open AS n,
    CAST(NULL AS BIGINT) AS numerator,
    CAST(NULL AS BIGINT) AS denominator,
    c.immature AS n_immature,
    c.not_placed AS n_unknown,
    c.excluded AS n_excluded,
    c.clock_fallback AS n_clock_fallback,
    -- What happens after the end of the day is none of its business.
    CAST(0 AS BIGINT) AS open_records,
    CAST(NULL AS TIMESTAMP) AS last_event_at,
    CAST(NULL AS DOUBLE) AS ci_low,
    CAST(NULL AS DOUBLE) AS ci_high,
    CONCAT_WS(
        ';',
        CASE WHEN c.clock_fallback > 0.95E0 * c.still_open THEN 'created_clock' WHEN c.clock_fallback >= 0.05E0 * c.still_open AND c.clock_fallback > 0 THEN 'mixed_clock' END,
        CASE WHEN c.unknown_origin_counted > 0 THEN 'unknown_origin_counted' END,
        CASE WHEN c.by_closing > 0 THEN 'selected_by_closing' END
    ) AS notes
FROM in_cell AS c
INNER JOIN (VALUES ('initial'), ('final')) AS b(grade_basis) ON c.grade_basis IN ('either', b.grade_basis)
WHERE c.incidents > 0
