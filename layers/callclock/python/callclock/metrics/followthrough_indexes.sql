-- relation: followthrough_indexes
-- from: calls_episodes, calls_stated
-- stored: no
-- meaning: Hang-ups that are followed, one row each: the earliest hang-up of each 101 episode with no live answer at or before it, and each 101 hang-up without a caller, which is an episode of its own. The date is that of the episode's first call. METRICS "C".
WITH ranked AS (
    SELECT
        e.*,
        -- The hang-ups first, the earliest before the others.
        ROW_NUMBER() OVER (
            PARTITION BY e.caller_no, e.episode_no
            ORDER BY CASE WHEN e.hung_up AND NOT e.live_answer THEN 0 ELSE 1 END, e.ended_at, e.started_at, e.source, e.record_key
        ) AS place,
        MIN(e.answered_at) OVER (PARTITION BY e.caller_no, e.episode_no) AS first_answer_at,
        MIN(e.local_date) OVER (PARTITION BY e.caller_no, e.episode_no) AS episode_date
    FROM calls_episodes AS e
    WHERE e.line = '101'
)
SELECT
    r.source, r.record_key, r.caller_key, r.key_epoch, r.episode_date, r.ended_at AS hung_up_at, r.final_stage AS stage,
    r.ivr_entered_at, r.alternative_offered_at, r.tells_alternative
FROM ranked AS r
WHERE r.place = 1 AND r.hung_up AND NOT r.live_answer AND (r.first_answer_at IS NULL OR r.first_answer_at > r.ended_at)
UNION ALL
SELECT
    c.source, c.record_key, c.caller_key, c.key_epoch, c.local_date, c.ended_at, c.final_stage,
    c.ivr_entered_at, c.alternative_offered_at, c.tells_alternative
FROM calls_stated AS c
WHERE c.line = '101' AND c.counted AND c.caller_key IS NULL AND c.hung_up AND NOT c.live_answer
