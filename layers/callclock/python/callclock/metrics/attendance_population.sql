-- relation: attendance_population
-- from: attendance_judged
-- stored: yes
-- meaning: One row per incident: the numbers of its kinds, what became of it, how long somebody took and how long we have known. METRICS "A" and "Readings settled".
WITH seen AS (
    SELECT
        j.local_date,
        j.clock_start_at,
        j.kind_no,
        -- Below zero, where no other kind is.
        0 - (168 * j.grades_no + j.hour_no) AS hour_kind_no,
        j.left_out IS NULL AS counted,
        j.left_out IS NULL AND j.unknown_origin_counted AS unknown_origin_counted,
        j.left_out IS NULL AND j.clock_fallback AS clock_fallback,
        j.left_out IS NULL AND j.by_closing AS by_closing,
        j.left_out IS NULL AND j.outcome = 'attended' AS attended,
        j.left_out IS NULL AND j.outcome = 'open' AS still_open,
        j.left_out IS NULL AND j.outcome = 'closed_unattended' AS closed_unattended,
        -- Why it is left out, else why it was closed unattended, else what became of it: no two of these have one name.
        CASE
            WHEN j.left_out IS NOT NULL THEN j.left_out
            WHEN j.outcome = 'closed_unattended' THEN COALESCE(j.closure_reason, 'other')
            ELSE j.outcome
        END AS fate,
        CASE WHEN j.left_out IS NULL AND j.outcome = 'attended' THEN j.attend_ms END AS attend_ms,
        -- An arrival wins over a closure, so only what nobody attended has a closing time here.
        CASE WHEN j.left_out IS NULL AND j.outcome = 'closed_unattended' THEN j.close_ms END AS close_ms,
        j.left_out IS NULL AND j.outcome = 'attended' AND COALESCE(j.close_ms < j.attend_ms, false) AS arrived_after_close,
        CASE WHEN j.left_out IS NULL AND j.call_to_answer_ms >= 0 THEN j.call_to_answer_ms END AS call_to_answer_ms,
        CASE WHEN j.left_out IS NULL AND j.created_to_dispatch_ms >= 0 THEN j.created_to_dispatch_ms END AS created_to_dispatch_ms,
        CASE WHEN j.left_out IS NULL AND j.dispatch_to_arrival_ms >= 0 THEN j.dispatch_to_arrival_ms END AS dispatch_to_arrival_ms,
        -- Placed: at any mark the record can be said to be within, closed or over. An export of what was closed says nothing
        -- of what was not.
        CASE
            WHEN j.left_out IS NOT NULL OR j.by_closing THEN false
            WHEN j.outcome = 'attended' THEN j.attend_ms IS NOT NULL
            WHEN j.outcome = 'closed_unattended' THEN j.close_ms IS NOT NULL
            ELSE j.outcome = 'open'
        END AS placed,
        j.age_ms,
        j.target_initial_ms,
        j.target_final_ms,
        CASE WHEN j.left_out IS NULL THEN j.last_event_at END AS last_event_at
    FROM attendance_judged AS j
)
SELECT
    s.local_date,
    s.clock_start_at,
    s.kind_no,
    s.hour_kind_no,
    s.fate,
    s.counted,
    s.unknown_origin_counted,
    s.clock_fallback,
    s.by_closing,
    s.attended,
    s.still_open,
    s.closed_unattended,
    s.placed,
    s.arrived_after_close,
    s.attend_ms,
    s.call_to_answer_ms,
    s.created_to_dispatch_ms,
    s.dispatch_to_arrival_ms,
    CASE WHEN s.placed THEN COALESCE(s.attend_ms, s.close_ms, s.age_ms) END AS so_far_ms,
    -- The first mark (15 min, 60 min, 4 h, 24 h, 7 d, 28 d) by which somebody came, by which it was closed, and the last
    -- at which it is old enough: 1 to 6; none, and past them all, is 0 and 7.
    CASE
        WHEN s.attend_ms IS NULL THEN 0
        WHEN s.attend_ms <= 900000 THEN 1
        WHEN s.attend_ms <= 3600000 THEN 2
        WHEN s.attend_ms <= 14400000 THEN 3
        WHEN s.attend_ms <= 86400000 THEN 4
        WHEN s.attend_ms <= 604800000 THEN 5
        WHEN s.attend_ms <= 2419200000 THEN 6
        ELSE 7
    END AS attend_mark,
    CASE
        WHEN s.close_ms IS NULL THEN 0
        WHEN s.close_ms <= 900000 THEN 1
        WHEN s.close_ms <= 3600000 THEN 2
        WHEN s.close_ms <= 14400000 THEN 3
        WHEN s.close_ms <= 86400000 THEN 4
        WHEN s.close_ms <= 604800000 THEN 5
        ELSE 7
    END AS close_mark,
    CASE
        WHEN s.age_ms >= 2419200000 THEN 6
        WHEN s.age_ms >= 604800000 THEN 5
        WHEN s.age_ms >= 86400000 THEN 4
        WHEN s.age_ms >= 14400000 THEN 3
        WHEN s.age_ms >= 3600000 THEN 2
        WHEN s.age_ms >= 900000 THEN 1
        ELSE 0
    END AS age_mark,
    -- Its own target: 0 none, 1 not old enough, 2 old enough and missed, 3 met.
    CASE
        WHEN s.target_initial_ms IS NULL THEN 0
        WHEN s.placed AND s.age_ms >= s.target_initial_ms AND s.attend_ms <= s.target_initial_ms THEN 3
        WHEN s.placed AND s.age_ms >= s.target_initial_ms THEN 2
        ELSE 1
    END AS target_initial_mark,
    CASE
        WHEN s.target_final_ms IS NULL THEN 0
        WHEN s.placed AND s.age_ms >= s.target_final_ms AND s.attend_ms <= s.target_final_ms THEN 3
        WHEN s.placed AND s.age_ms >= s.target_final_ms THEN 2
        ELSE 1
    END AS target_final_mark,
    s.last_event_at
FROM seen AS s
