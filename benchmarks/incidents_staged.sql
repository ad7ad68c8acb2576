-- One month of getvariable('rows') incidents as intake stages them; waits differ from export to export.
SELECT
    getvariable('month') || '-' || i AS incident_id,
    start AS created_at,
    start AS call_received_at,
    (1 + hash(i, 1) % 4)::VARCHAR AS grade_initial,
    'standard' AS grade_scheme,
    hash(i, 2) % 8 = 0 AS domestic_abuse,
    'Area ' || (hash(i, 3) % 10) AS area,
    'police' AS service,
    'public' AS origin,
    CASE WHEN hash(i, 4) % 5 > 0 THEN start + to_milliseconds(wait_ms) END AS first_arrived_at,
    start + to_milliseconds(wait_ms) + INTERVAL 1 HOUR AS closed_at,
    'cad' AS source,
    getvariable('month') || '-' || i AS record_key,
    start AS started_at,
    start::DATE AS local_date,
    hour(start) AS local_hour,
    getvariable('taken') AS exported_at,
    getvariable('export_id') AS export_id,
    i + 1 AS record_no,
    getvariable('taken') AS observed_at,
    'delta' AS resend,
    'start' AS selected_by,
    false AS retracts,
    'closed_at' AS tells
FROM (
    SELECT
        i,
        (getvariable('month') || '-01')::TIMESTAMP + to_seconds((i * (2332800.0 / getvariable('rows')))::BIGINT) AS start,
        (hash(i, 5, getvariable('export_id')) % 90000000)::BIGINT AS wait_ms
    FROM range(getvariable('rows')) AS r(i)
)
