-- relation: calls_caller_episodes
-- from: calls_episodes, run
-- stored: yes
-- meaning: One row per episode of a caller on a line: when it began, whether it was abandoned, when the one before it began. METRICS "B": abandoned when a call of it was hung up, none had a live answer and no callback was served; undecided while a callback is pending or the half hour in which it may go on has not passed.
WITH gathered AS (
    SELECT
        e.line,
        e.caller_no,
        e.episode_no,
        MIN(e.started_at) AS started_at,
        MIN(e.begun_on) AS local_date,
        MAX(CASE WHEN e.begins = 1 THEN e.hour_of_week END) AS hour_of_week,
        MAX(e.ended_at) AS ended_at,
        COUNT(*) FILTER (WHERE e.hung_up) > 0
            AND COUNT(*) FILTER (WHERE e.live_answer OR e.final_stage = 'callback_served') = 0 AS given_up,
        COUNT(*) FILTER (WHERE e.final_stage = 'callback_pending') > 0 AS callback_pending
    FROM calls_episodes AS e
    GROUP BY 1, 2, 3
)
SELECT
    g.line,
    g.caller_no,
    g.started_at,
    g.local_date,
    g.hour_of_week,
    g.ended_at,
    g.given_up,
    g.given_up AND (g.callback_pending OR date_diff('millisecond', g.ended_at, run.force_as_at) < 1800000) AS undecided,
    LAG(g.started_at) OVER (PARTITION BY g.caller_no ORDER BY g.episode_no) AS before_at
FROM gathered AS g
CROSS JOIN run
