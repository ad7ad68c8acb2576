-- relation: calls_caller_cell
-- from: calls_caller_episodes, calls_numbered, periods, period_days
-- stored: yes
-- meaning: Episodes and callers of each line, and of each hour of the week by month; calls that have no caller and those that do not count beside them. METRICS "B".
WITH caller_episodes AS (
    -- Named here, they are worked out once, not for each of the places that read them.
    SELECT * FROM calls_caller_episodes
),
frequent AS (
    -- Few, so that only their episodes are held against the days before the end of every period.
    SELECT caller_no FROM caller_episodes GROUP BY caller_no HAVING COUNT(*) > 20
),
high_volume AS (
    SELECT p.period_kind, p.period_label, e.line, e.caller_no
    FROM caller_episodes AS e
    INNER JOIN frequent AS f ON f.caller_no = e.caller_no
    CROSS JOIN periods AS p
    WHERE e.local_date < p.period_end AND e.local_date >= p.period_end - INTERVAL '28' DAY
    GROUP BY 1, 2, 3, 4
    HAVING COUNT(*) > 20
),
episodes AS (
    SELECT
        p.period_kind, p.period_label, e.line, CASE WHEN h.by_hour THEN e.hour_of_week ELSE 'all' END AS hour_of_week,
        COUNT(*) AS episodes,
        COUNT(*) FILTER (WHERE e.undecided) AS undecided,
        COUNT(*) FILTER (WHERE e.given_up AND NOT e.undecided) AS abandoned,
        MAX(e.ended_at) AS last_event_at
    FROM caller_episodes AS e
    INNER JOIN period_days AS p ON p.local_date = e.local_date
    INNER JOIN (VALUES (false), (true)) AS h(by_hour) ON NOT h.by_hour OR p.period_kind = 'month'
    GROUP BY 1, 2, 3, 4
),
callers AS (
    SELECT period_kind, period_label, line, COUNT(*) AS callers, COUNT(*) FILTER (WHERE again) AS repeat_callers
    FROM (
        SELECT
            p.period_kind, p.period_label, e.line, e.caller_no,
            COUNT(*) FILTER (WHERE date_diff('millisecond', e.before_at, e.started_at) <= 2419200000) > 0 AS again
        FROM caller_episodes AS e
        INNER JOIN period_days AS p ON p.local_date = e.local_date
        GROUP BY 1, 2, 3, 4
    ) AS c
    GROUP BY 1, 2, 3
),
calls_of AS (
    SELECT
        p.period_kind, p.period_label, c.line, CASE WHEN h.by_hour THEN c.hour_of_week ELSE 'all' END AS hour_of_week,
        COUNT(*) FILTER (WHERE c.counted) AS offered,
        COUNT(*) FILTER (WHERE c.counted AND c.caller_no IS NULL) AS no_caller,
        COUNT(*) FILTER (WHERE NOT c.counted) AS excluded,
        COUNT(*) FILTER (WHERE c.counted AND v.caller_no IS NOT NULL) AS high_volume_calls,
        MAX(CASE WHEN c.counted THEN c.ended_at END) AS last_event_at
    FROM calls_numbered AS c
    INNER JOIN period_days AS p ON p.local_date = c.local_date
    INNER JOIN (VALUES (false), (true)) AS h(by_hour) ON NOT h.by_hour OR p.period_kind = 'month'
    LEFT JOIN high_volume AS v
        ON v.period_kind = p.period_kind AND v.period_label = p.period_label
        AND v.caller_no = c.caller_no
    GROUP BY 1, 2, 3, 4
),
high_volume_callers AS (
    SELECT period_kind, period_label, line, COUNT(*) AS callers FROM high_volume GROUP BY 1, 2, 3
)
SELECT
    o.period_kind,
    o.period_label,
    o.line,
    o.hour_of_week,
    o.offered,
    o.no_caller,
    o.excluded,
    o.high_volume_calls,
    COALESCE(e.episodes, 0) AS episodes,
    COALESCE(e.undecided, 0) AS undecided,
    COALESCE(e.abandoned, 0) AS abandoned,
    COALESCE(c.callers, 0) AS callers,
    COALESCE(c.repeat_callers, 0) AS repeat_callers,
    COALESCE(v.callers, 0) AS high_volume_callers,
    CASE WHEN e.last_event_at > o.last_event_at THEN e.last_event_at ELSE o.last_event_at END AS last_event_at
FROM calls_of AS o
LEFT JOIN episodes AS e
    ON e.period_kind = o.period_kind AND e.period_label = o.period_label AND e.line = o.line AND e.hour_of_week = o.hour_of_week
LEFT JOIN callers AS c
    ON c.period_kind = o.period_kind AND c.period_label = o.period_label AND c.line = o.line AND o.hour_of_week = 'all'
LEFT JOIN high_volume_callers AS v
    ON v.period_kind = o.period_kind AND v.period_label = o.period_label AND v.line = o.line AND o.hour_of_week = 'all'
WHERE o.offered > 0
