-- relation: attendance_population
-- from: incidents, sources, grades, services, areas, attendance_targets, run
-- stored: yes
-- meaning: One row per incident: its cell, why it is left out (NULL = it counts), how long somebody took and how long we have known. METRICS "A" and "Readings settled".
WITH stated AS (
    SELECT
        i.started_at,
        i.local_date,
        lpad(CAST((isodow(i.local_date) - 1) * 24 + i.local_hour AS VARCHAR), 3, '0') AS hour_of_week,
        COALESCE(i.grade_scheme, 'standard') AS grade_scheme,
        i.grade_initial,
        i.grade_final,
        CASE WHEN i.domestic_abuse THEN 'domestic_abuse' WHEN NOT i.domestic_abuse THEN 'other' ELSE 'unknown' END AS population,
        COALESCE(NULLIF(trim(i.area), ''), 'unknown') AS area,
        i.service,
        i.exclusion,
        COALESCE(i.set_aside, '') AS set_aside,
        i.outcome,
        i.closure_reason,
        i.clock_fallback,
        i.attend_ms,
        i.close_ms,
        i.created_to_dispatch_ms,
        i.dispatch_to_arrival_ms,
        COALESCE(date_diff('millisecond', i.clock_start_at, i.first_arrived_at), i.reported_arrival_ms) AS arrival_ms,
        -- A snapshot says nothing of a record it no longer holds; a delta source would have told us of any change.
        date_diff('millisecond', i.clock_start_at, COALESCE(CASE WHEN s.resend = 'delta' THEN s.as_at END, i.observed_at)) AS age_ms,
        GREATEST(COALESCE(i.first_arrived_at, i.started_at), COALESCE(i.closed_at, i.started_at)) AS last_event_at
    FROM incidents AS i
    LEFT JOIN sources AS s ON s.table_name = 'incidents' AND s.source = i.source
),
judged AS (
    SELECT
        t.*,
        COALESCE(gi.grade, 'unknown') AS initial_key,
        COALESCE(gf.grade, 'unknown') AS final_key,
        a.area_type,
        t.exclusion = 'origin_unknown' AND run.count_unknown_origin AS unknown_origin_counted,
        -- The order is that of reasons.Exclusion. What the record says comes from the fold; what configuration says is
        -- added here. Where unknown origin counts, the reasons after it still apply.
        CASE
            WHEN t.exclusion IN ('officer_made', 'training', 'pre_planned', 'duplicate', 'external') THEN t.exclusion
            WHEN t.exclusion = 'origin_unknown' AND NOT run.count_unknown_origin THEN t.exclusion
            WHEN t.exclusion = 'other_service' OR t.set_aside = 'other_service' THEN 'other_service'
            WHEN t.service IS NOT NULL AND sv.service IS NULL THEN 'other_service'
            WHEN t.exclusion = 'appointment' OR t.set_aside = 'appointment' OR gi.appointment THEN 'appointment'
            WHEN t.exclusion = 'attendance_not_expected' OR t.set_aside = 'attendance_not_expected' THEN 'attendance_not_expected'
            WHEN NOT gi.attendance_expected THEN 'attendance_not_expected'
            WHEN t.exclusion IN ('already_on_scene', 'negative_interval') THEN t.exclusion
            WHEN t.set_aside IN ('already_on_scene', 'negative_interval') THEN t.set_aside
            WHEN t.arrival_ms <= 0 AND t.arrival_ms >= -run.tolerance_ms THEN 'already_on_scene'
            WHEN t.arrival_ms < 0 THEN 'negative_interval'
        END AS left_out
    FROM stated AS t
    CROSS JOIN run
    LEFT JOIN grades AS gi
        ON gi.grade = t.grade_initial AND gi.scheme = t.grade_scheme AND gi.since <= t.local_date AND gi.until > t.local_date
    LEFT JOIN grades AS gf
        ON gf.grade = t.grade_final AND gf.scheme = t.grade_scheme AND gf.since <= t.local_date AND gf.until > t.local_date
    LEFT JOIN services AS sv ON sv.service = t.service
    LEFT JOIN areas AS a ON a.area = t.area
),
seen AS (
    SELECT
        j.local_date,
        j.hour_of_week,
        j.grade_scheme,
        j.initial_key AS grade_initial,
        j.final_key AS grade_final,
        j.population,
        j.area,
        j.left_out AS exclusion,
        j.left_out IS NULL AS counted,
        j.left_out IS NULL AND j.unknown_origin_counted AS unknown_origin_counted,
        j.left_out IS NULL AND j.clock_fallback AS clock_fallback,
        CASE WHEN j.left_out IS NULL THEN j.outcome END AS outcome,
        CASE WHEN j.left_out IS NULL AND j.outcome = 'closed_unattended' THEN COALESCE(j.closure_reason, 'other') END AS closure_reason,
        CASE WHEN j.left_out IS NULL AND j.outcome = 'attended' THEN j.attend_ms END AS attend_ms,
        -- An arrival wins over a closure, so only what nobody attended has a closing time here.
        CASE WHEN j.left_out IS NULL AND j.outcome = 'closed_unattended' THEN j.close_ms END AS close_ms,
        j.left_out IS NULL AND j.outcome = 'attended' AND j.close_ms < j.attend_ms AS arrived_after_close,
        CASE WHEN j.left_out IS NULL AND j.created_to_dispatch_ms >= 0 THEN j.created_to_dispatch_ms END AS created_to_dispatch_ms,
        CASE WHEN j.left_out IS NULL AND j.dispatch_to_arrival_ms >= 0 THEN j.dispatch_to_arrival_ms END AS dispatch_to_arrival_ms,
        -- Placed: at any mark the record can be said to be within, closed or over.
        CASE
            WHEN j.left_out IS NOT NULL THEN false
            WHEN j.outcome = 'attended' THEN j.attend_ms IS NOT NULL
            WHEN j.outcome = 'closed_unattended' THEN j.close_ms IS NOT NULL
            ELSE j.outcome = 'open'
        END AS placed,
        j.age_ms,
        COALESCE(ti.target_ms, tia.target_ms) AS target_initial_ms,
        COALESCE(tf.target_ms, tfa.target_ms) AS target_final_ms,
        CASE WHEN j.left_out IS NULL THEN j.last_event_at END AS last_event_at
    FROM judged AS j
    LEFT JOIN attendance_targets AS ti
        ON ti.grade = j.initial_key AND ti.scheme = j.grade_scheme AND ti.area_type = j.area_type AND ti.since <= j.local_date AND ti.until > j.local_date
    LEFT JOIN attendance_targets AS tia
        ON tia.grade = j.initial_key AND tia.scheme = j.grade_scheme AND tia.area_type = 'all' AND tia.since <= j.local_date AND tia.until > j.local_date
    LEFT JOIN attendance_targets AS tf
        ON tf.grade = j.final_key AND tf.scheme = j.grade_scheme AND tf.area_type = j.area_type AND tf.since <= j.local_date AND tf.until > j.local_date
    LEFT JOIN attendance_targets AS tfa
        ON tfa.grade = j.final_key AND tfa.scheme = j.grade_scheme AND tfa.area_type = 'all' AND tfa.since <= j.local_date AND tfa.until > j.local_date
)
SELECT
    p.*,
    -- Exactly one of within, closed and over (neither) holds for a record that is mature at the mark.
    p.placed AND p.age_ms >= 900000 AS mature_15m,
    p.placed AND p.age_ms >= 900000 AND p.attend_ms <= 900000 AS within_15m,
    p.placed AND p.age_ms >= 900000 AND p.close_ms <= 900000 AS closed_15m,
    p.placed AND p.age_ms >= 3600000 AS mature_60m,
    p.placed AND p.age_ms >= 3600000 AND p.attend_ms <= 3600000 AS within_60m,
    p.placed AND p.age_ms >= 3600000 AND p.close_ms <= 3600000 AS closed_60m,
    p.placed AND p.age_ms >= 14400000 AS mature_4h,
    p.placed AND p.age_ms >= 14400000 AND p.attend_ms <= 14400000 AS within_4h,
    p.placed AND p.age_ms >= 14400000 AND p.close_ms <= 14400000 AS closed_4h,
    p.placed AND p.age_ms >= 86400000 AS mature_24h,
    p.placed AND p.age_ms >= 86400000 AND p.attend_ms <= 86400000 AS within_24h,
    p.placed AND p.age_ms >= 86400000 AND p.close_ms <= 86400000 AS closed_24h,
    p.placed AND p.age_ms >= 604800000 AS mature_7d,
    p.placed AND p.age_ms >= 604800000 AND p.attend_ms <= 604800000 AS within_7d,
    p.placed AND p.age_ms >= 604800000 AND p.close_ms <= 604800000 AS closed_7d,
    p.placed AND p.age_ms >= p.target_initial_ms AS mature_target_initial,
    p.placed AND p.age_ms >= p.target_initial_ms AND p.attend_ms <= p.target_initial_ms AS within_target_initial,
    p.placed AND p.age_ms >= p.target_final_ms AS mature_target_final,
    p.placed AND p.age_ms >= p.target_final_ms AND p.attend_ms <= p.target_final_ms AS within_target_final,
    CASE WHEN p.placed THEN COALESCE(p.attend_ms, p.close_ms, p.age_ms) END AS so_far_ms,
    p.outcome = 'attended' AS attended,
    p.outcome = 'open' AS still_open,
    p.outcome = 'closed_unattended' AS closed_unattended,
    p.outcome = 'unknown' AS unknown_outcome
FROM seen AS p
