-- relation: attendance_downgraded
-- from: attendance_judged, attendance_targets, grades, regrades, sources
-- stored: yes
-- meaning: One row per incident, where regrades are sent at all: whether it has a first target, whether both tables know of it for as long, and whether it was regraded before that ran out and before somebody came, to a longer target or none. METRICS "downgraded_before_target_share".
WITH known AS (
    -- Retired sources hold nothing back; where all are retired, what they said last holds.
    SELECT
        COALESCE(MIN(CASE WHEN s.retired_at IS NULL THEN s.as_at END), MAX(s.as_at)) AS known_until,
        MIN(s.covered_from) AS known_from
    FROM sources AS s
    WHERE s.table_name = 'regrades'
    HAVING COUNT(*) > 0
),
aimed AS (
    SELECT
        j.*,
        j.target_initial_ms AS target_ms,
        -- As for the marks.
        CASE
            WHEN j.left_out_no IS NOT NULL OR j.by_closing THEN false
            WHEN j.outcome = 'attended' THEN j.attend_ms IS NOT NULL
            WHEN j.outcome = 'closed_unattended' THEN j.close_ms IS NOT NULL
            ELSE j.outcome = 'open'
        END AS placed,
        -- What happened before regrades were sent cannot be told.
        CASE
            WHEN j.local_date >= CAST(k.known_from AS DATE)
                THEN LEAST(COALESCE(j.age_ms, 0), COALESCE(date_diff('millisecond', j.clock_start_at, k.known_until), 0))
            ELSE -1
        END AS both_known_ms
    FROM attendance_judged AS j
    CROSS JOIN known AS k
),
regraded AS (
    SELECT f.*, COALESCE(g.grade, 'unknown') AS next_key
    FROM aimed AS f
    INNER JOIN regrades AS r ON r.incident_id = f.incident_id
    LEFT JOIN grades AS g
        ON g.grade = r.grade_to AND g.scheme = f.grade_scheme AND g.since <= f.local_date AND g.until > f.local_date
    -- A regrade that does not say to what is none.
    WHERE f.placed AND r.set_aside IS NULL AND r.grade_to IS NOT NULL
        AND r.regraded_at >= f.clock_start_at
        AND date_diff('millisecond', f.clock_start_at, r.regraded_at) < f.target_ms
        AND (f.outcome <> 'attended' OR date_diff('millisecond', f.clock_start_at, r.regraded_at) < f.attend_ms)
        -- What lies in other months is not read for every kind of period.
        AND (year(r.local_date) - year(f.local_date)) * 12 + month(r.local_date) - month(f.local_date) IN (0, 1)
),
downgraded AS (
    SELECT DISTINCT r.source, r.record_key
    FROM regraded AS r
    LEFT JOIN attendance_targets AS own
        ON own.grade = r.next_key AND own.scheme = r.grade_scheme AND own.area_type = r.area_type AND own.since <= r.local_date AND own.until > r.local_date
    LEFT JOIN attendance_targets AS general
        ON general.grade = r.next_key AND general.scheme = r.grade_scheme AND general.area_type = 'all' AND general.since <= r.local_date AND general.until > r.local_date
    WHERE COALESCE(COALESCE(own.target_ms, general.target_ms) > r.target_ms, true)
)
SELECT
    f.local_date,
    f.hour_no,
    f.grade_scheme,
    f.initial_key AS grade_initial,
    f.final_key AS grade_final,
    f.population,
    f.area,
    f.left_out_no IS NULL AS counted,
    f.placed,
    f.placed AND f.target_ms IS NOT NULL AS targeted,
    COALESCE(f.placed AND f.both_known_ms >= f.target_ms, false) AS mature,
    COALESCE(f.placed AND f.both_known_ms >= f.target_ms, false) AND d.record_key IS NOT NULL AS downgraded,
    f.left_out_no IS NULL AND f.clock_fallback AS clock_fallback,
    f.left_out_no IS NULL AND f.unknown_origin_counted AS unknown_origin_counted,
    f.left_out_no IS NULL AND f.outcome = 'open' AS still_open,
    CASE WHEN f.left_out_no IS NULL THEN f.last_event_at END AS last_event_at
FROM aimed AS f
LEFT JOIN downgraded AS d ON d.source = f.source AND d.record_key = f.record_key
