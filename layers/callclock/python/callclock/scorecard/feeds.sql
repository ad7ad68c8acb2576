-- One row per live table of a source: how fresh it is, and what became of the records of its newest exports.
SELECT
    c.source,
    c.table_name,
    max(c.exported_at) AS exported_at,
    max(c.covered_to) AS covered_to,
    count(r.export_id) AS exports,
    CAST(sum(r.records_read) AS BIGINT) AS records_read,
    CAST(sum(r.accepted) AS BIGINT) AS accepted,
    CAST(sum(r.quarantined) AS BIGINT) AS quarantined
FROM coverage AS c
LEFT JOIN receipts AS r ON r.export_id = c.export_id AND r.table_name = c.table_name AND r.status = 'read'
GROUP BY c.source, c.table_name
ORDER BY c.source, c.table_name
