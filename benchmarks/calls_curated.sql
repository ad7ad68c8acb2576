-- Calls of the year before April 2026 on 101, a quarter of them hung up, and getvariable('skew') of them from one caller.
SELECT
    'sim' AS source,
    'T' || n AS record_key,
    'T' || n AS call_id,
    '101' AS line,
    'inbound' AS direction,
    CASE WHEN u < getvariable('skew') THEN 'often' ELSE 'k' || hash(n, 'caller') % (getvariable('rows') // 3) END AS caller_key,
    '1' AS key_epoch,
    started_at,
    started_at AS call_started_at,
    CAST(started_at AS DATE) AS local_date,
    hour(started_at) AS local_hour,
    started_at + INTERVAL 1 SECOND AS ivr_entered_at,
    CASE WHEN n % 2 = 0 THEN started_at + INTERVAL 31 SECOND END AS alternative_offered_at,
    'alternative_offered_at' AS tells,
    CASE WHEN NOT hung_up THEN started_at + INTERVAL 90 SECOND END AS first_answered_at,
    started_at + INTERVAL 240 SECOND AS ended_at,
    CASE WHEN hung_up THEN 'skill_queue' ELSE 'answered' END AS stage,
    TIMESTAMP '2026-06-01' AS observed_at,
    TIMESTAMP '2026-06-01' AS exported_at,
    'snapshot' AS resend
FROM (
    SELECT
        range AS n,
        (hash(range, 'skew') % 1000000) / 1000000.0 AS u,
        hash(range, 'hung up') % 4 = 0 AS hung_up,
        TIMESTAMP '2025-04-01' + to_milliseconds(CAST(hash(range, 'start') % 31536000000 AS BIGINT)) AS started_at
    FROM range(getvariable('rows'))
)
