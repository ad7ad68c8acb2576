-- relation: attendance_judged
-- from: attendance_stated, attendance_configured
-- stored: no
-- meaning: One row per incident as configuration sees it: its grade in the force's map, its population, why it is left out (a number of attendance_fates; NULL = it counts) and how long we have known of it. METRICS "A" and "Readings settled".
SELECT
    t.source,
    t.record_key,
    t.incident_id,
    t.clock_start_at,
    t.started_at,
    t.local_date,
    k.first_hour_no + t.local_hour AS hour_no,
    t.grade_scheme,
    k.initial_key,
    k.final_key,
    t.population,
    t.area,
    k.area_type,
    k.grades_no,
    k.kind_no,
    k.day_kind_no,
    k.unknown_origin_counted,
    -- What is said comes before what the times say. The fold leaves the interval NULL where it is negative beyond what
    -- the source's clocks may differ.
    CASE
        WHEN k.left_out_no IS NOT NULL THEN k.left_out_no
        WHEN t.attend_ms <= 0 THEN 20
        WHEN t.attend_ms IS NULL AND t.arrival_told THEN 21
    END AS left_out_no,
    t.outcome,
    t.closure_reason,
    t.clock_fallback,
    t.by_closing,
    t.attend_ms,
    t.close_ms,
    t.call_to_answer_ms,
    t.created_to_dispatch_ms,
    t.dispatch_to_arrival_ms,
    -- A snapshot says nothing of a record it no longer holds; a delta source would have told us of any change.
    date_diff('millisecond', t.clock_start_at, COALESCE(k.known_until, t.observed_at)) AS age_ms,
    k.target_initial_ms,
    k.target_final_ms,
    t.last_event_at
FROM attendance_stated AS t
INNER JOIN attendance_configured AS k
    ON k.source = t.source AND k.local_date = t.local_date AND k.grade_scheme = t.grade_scheme
    AND k.grade_initial = t.grade_initial AND k.grade_final = t.grade_final AND k.population = t.population AND k.area = t.area
    AND k.service = t.service AND k.exclusion = t.exclusion AND k.set_aside = t.set_aside
