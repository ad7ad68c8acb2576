-- relation: attendance_alike
-- from: attendance_population
-- stored: yes
-- meaning: Incidents of one day that are alike in all that is counted of them (of one kind and state), in one row: how many they are, and what their waits add up to. What follows adds up some thousand rows, and not every incident once for each of its periods, cells and counts.
SELECT
    r.local_date,
    r.kind_no,
    r.state_no,
    COUNT(*) AS n,
    MAX(r.last_event_at) AS last_event_at,
    CAST(SUM(r.attend_ms) AS BIGINT) AS attend_total_ms,
    COUNT(r.so_far_ms) AS so_far_n,
    CAST(SUM(r.so_far_ms) AS BIGINT) AS so_far_total_ms,
    COUNT(r.call_to_answer_ms) AS call_to_answer_n,
    CAST(SUM(r.call_to_answer_ms) AS BIGINT) AS call_to_answer_total_ms,
    COUNT(r.created_to_dispatch_ms) AS created_to_dispatch_n,
    CAST(SUM(r.created_to_dispatch_ms) AS BIGINT) AS created_to_dispatch_total_ms,
    COUNT(r.dispatch_to_arrival_ms) AS dispatch_to_arrival_n,
    CAST(SUM(r.dispatch_to_arrival_ms) AS BIGINT) AS dispatch_to_arrival_total_ms
FROM attendance_population AS r
GROUP BY r.local_date, r.kind_no, r.state_no
