-- One curated month of getvariable('rows') incidents, four fifths of them attended within 25 hours.
SELECT
    i::VARCHAR AS incident_id,
    start AS created_at,
    start AS call_received_at,
    (1 + hash(i, 1) % 4)::VARCHAR AS grade_initial,
    (1 + hash(i, 1) % 4)::VARCHAR AS grade_final,
    'standard' AS grade_scheme,
    hash(i, 2) % 8 = 0 AS domestic_abuse,
    'Area ' || (hash(i, 3) % 10) AS area,
    'police' AS service,
    'public' AS origin,
    CASE WHEN hash(i, 4) % 5 > 0 THEN start + to_milliseconds(wait_ms) END AS first_arrived_at,
    start + to_milliseconds(wait_ms) + INTERVAL 1 HOUR AS closed_at,
    CASE WHEN hash(i, 4) % 5 > 0 THEN 'attended' ELSE 'closed_unattended' END AS outcome,
    start AS clock_start_at,
    false AS clock_fallback,
    CASE WHEN hash(i, 4) % 5 > 0 THEN wait_ms END AS attend_ms,
    wait_ms + 3600000 AS close_ms,
    'cad' AS source,
    i::VARCHAR AS record_key,
    start AS started_at,
    start::DATE AS local_date,
    hour(start) AS local_hour,
    TIMESTAMP '2026-06-01' AS exported_at,
    'e' AS export_id,
    i AS record_no,
    TIMESTAMP '2026-06-01' AS observed_at,
    'snapshot' AS resend,
    'start' AS selected_by,
    false AS retracts
FROM (
    SELECT
        i,
        TIMESTAMP '2026-03-01' + to_seconds((i * (2678400.0 / getvariable('rows')))::BIGINT) AS start,
        (hash(i, 5) % 90000000)::BIGINT AS wait_ms
    FROM range(getvariable('rows')) AS r(i)
)
