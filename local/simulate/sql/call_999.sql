-- 999: one queue, mostly answered within ten seconds; among the callers, those who had hung up on 101.
INSERT INTO calls
WITH dialled AS (
    SELECT id, start, person, withheld FROM demand
    UNION ALL
    SELECT id + 4000000000000, ended + 20 + expo(id, 'to_999', 1200), person, withheld FROM calls WHERE route = 'dial_999'
), fated AS (
    SELECT
        *,
        u(id, 'hang') < 0.02 AS hung,
        start + 1 AS queued,
        start + 2 + CASE WHEN u(id, 'busy') < 0.05 THEN expo(id, 'wait', 30) ELSE expo(id, 'wait', 2.2) END AS reached
    FROM dialled
)
SELECT
    id, 0, '999', 'In', start, person, withheld, 0.02,
    NULL, NULL, NULL, NULL, NULL,
    queued, '999', queued,
    CASE WHEN NOT hung THEN reached END, NULL, NULL,
    CASE WHEN hung THEN reached + 3 ELSE reached + 45 + expo(id, 'talk', 200) END,
    CASE WHEN hung THEN 'Abandoned' ELSE 'Answered' END, NULL
FROM fated;
