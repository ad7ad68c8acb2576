-- relation: calls_episodes
-- from: calls_numbered
-- stored: no
-- meaning: Each call that counts and has a caller, with the number of its episode among those of the caller on the line. METRICS "B": a call joins when it starts 30 minutes or less after the latest end so far. Keys of two epochs never match. Followed to the end of the second day after that on which it began, and held open for 48 hours by a call that does not end: what lies further off, and may be at hand or not, changes nothing.
WITH held AS (
    SELECT
        n.*,
        CASE WHEN n.ended_at > n.started_at + INTERVAL '48' HOUR THEN n.started_at + INTERVAL '48' HOUR ELSE n.ended_at END AS holds_until
    FROM calls_numbered AS n
    WHERE n.counted AND n.caller_no IS NOT NULL
),
followed AS (
    SELECT
        c.*,
        CASE WHEN c.live_answer THEN COALESCE(c.first_answered_at, c.started_at) END AS answered_at,
        MAX(c.holds_until) OVER (
            PARTITION BY c.caller_no ORDER BY c.call_no
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS latest_end_at
    FROM held AS c
),
begun AS (
    SELECT
        f.*,
        CASE WHEN date_diff('millisecond', f.latest_end_at, f.started_at) <= 1800000 THEN 0 ELSE 1 END AS begins
    FROM followed AS f
),
counted AS (
    SELECT
        b.*,
        CAST(
            SUM(b.begins) OVER (
                PARTITION BY b.caller_no ORDER BY b.call_no
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS BIGINT
        ) AS episode_no,
        -- Days never go back: the last on which one began is that of this one.
        MAX(CASE WHEN b.begins = 1 THEN b.local_date END) OVER (
            PARTITION BY b.caller_no ORDER BY b.call_no
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS begun_on
    FROM begun AS b
)
SELECT n.*
FROM counted AS n
WHERE n.local_date < n.begun_on + INTERVAL '3' DAY
