-- Contacts of the same year and the same callers, one for every four calls.
SELECT
    'sim' AS source,
    'W' || n AS record_key,
    'W' || n AS contact_id,
    ['online_report', 'webchat', 'email_social', 'front_counter'][1 + n % 4] AS channel,
    CASE WHEN u < getvariable('skew') THEN 'often' ELSE 'k' || hash(n, 'caller') % (getvariable('rows') // 3) END AS caller_key,
    '1' AS key_epoch,
    submitted_at,
    submitted_at AS started_at,
    CAST(submitted_at AS DATE) AS local_date,
    TIMESTAMP '2026-06-01' AS observed_at,
    TIMESTAMP '2026-06-01' AS exported_at
FROM (
    SELECT
        range AS n,
        (hash(range, 'skewed') % 1000000) / 1000000.0 AS u,
        TIMESTAMP '2025-04-01' + to_milliseconds(CAST(hash(range, 'sent') % 31536000000 AS BIGINT)) AS submitted_at
    FROM range(getvariable('rows') // 4)
)
