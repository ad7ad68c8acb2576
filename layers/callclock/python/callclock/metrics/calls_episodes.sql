-- relation: calls_episodes
-- from: calls_numbered, reach
-- stored: no
-- meaning: Each call that counts and has a caller, with the number of its episode among those of the caller on the line. METRICS "B": a call joins when it starts 30 minutes or less after the latest end so far. Keys of two epochs never match.
WITH followed AS (
    SELECT
        c.*,
        CASE WHEN c.live_answer THEN COALESCE(c.first_answered_at, c.started_at) END AS answered_at,
        MAX(c.ended_at) OVER (
            PARTITION BY c.caller_no ORDER BY c.call_no
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS latest_end_at
    FROM calls_numbered AS c
    CROSS JOIN reach AS h
    -- Beyond it there may be more at hand, by chance: an episode must not depend on that.
    WHERE c.counted AND c.caller_no IS NOT NULL AND c.local_date >= h.first_date AND c.local_date < h.end_date
)
SELECT
    b.*,
    CAST(
        SUM(b.begins) OVER (
            PARTITION BY b.caller_no ORDER BY b.call_no
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS BIGINT
    ) AS episode_no
FROM (
    SELECT
        f.*,
        CASE WHEN date_diff('millisecond', f.latest_end_at, f.started_at) <= 1800000 THEN 0 ELSE 1 END AS begins
    FROM followed AS f
) AS b
