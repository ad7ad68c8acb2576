-- relation: attendance_placed
-- from: attendance_population
-- stored: no
-- meaning: Each incident of known outcome, with the numbers of its kinds, and the time to its arrival, to its closing or to what is known of it.
SELECT
    r.local_date,
    r.kind_no,
    r.hour_kind_no,
    r.so_far_ms,
    -- The first point of the curve (15 min, each hour to 24 h, each sixth to 7 d) at or after an arrival or a closing, but
    -- after what was last seen open: at that point itself it was still at risk. Later than 7 d it is 49.
    CASE
        WHEN r.so_far_ms + CASE WHEN r.still_open THEN 1 ELSE 0 END <= 900000 THEN 0
        WHEN r.so_far_ms + CASE WHEN r.still_open THEN 1 ELSE 0 END <= 86400000
            THEN CAST(CEIL(CAST(r.so_far_ms + CASE WHEN r.still_open THEN 1 ELSE 0 END AS DOUBLE) / 3600000) AS BIGINT)
        WHEN r.so_far_ms + CASE WHEN r.still_open THEN 1 ELSE 0 END <= 604800000
            THEN 24 + CAST(CEIL(CAST(r.so_far_ms + CASE WHEN r.still_open THEN 1 ELSE 0 END - 86400000 AS DOUBLE) / 21600000) AS BIGINT)
        ELSE 49
    END AS point_no,
    r.attend_ms IS NOT NULL AS attended,
    r.still_open
FROM (
    -- The fate leads the number of a state, and 2 is open.
    SELECT p.*, p.state_no >= 20000000 AND p.state_no < 30000000 AS still_open
    FROM attendance_population AS p
    WHERE p.so_far_ms IS NOT NULL
) AS r
