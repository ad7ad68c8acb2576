-- What became of the rows that each export staged in a month, against the version of the same record that lies below
-- each (DESIGN 2: the second block of the receipt). The order in which exports arrived plays no part in it.
WITH versions AS (
    SELECT
        export_id,
        local_date,
        content,
        lag(content) OVER version AS content_before,
        date_trunc('month', local_date) <> lag(date_trunc('month', local_date)) OVER version AS moved,
        lead(export_id) OVER version IS NOT NULL AS outdated,
        min(content) OVER same_time <> max(content) OVER same_time AS conflict
    FROM (SELECT *, hash({content}) AS content FROM staged SEMI JOIN several USING ({record})) AS s
    WINDOW
        version AS (
            PARTITION BY {record}
            ORDER BY record_updated_at NULLS FIRST, exported_at NULLS FIRST, export_id, record_no
        ),
        same_time AS (PARTITION BY {record}, record_updated_at, exported_at)
)
SELECT
    export_id,
    count(*) FILTER (content_before IS NULL) AS inserted,
    count(*) FILTER (content <> content_before) AS replaced,
    count(*) FILTER (content = content_before) AS unchanged,
    count(*) FILTER (outdated) AS outdated,
    count(*) FILTER (moved) AS moved,
    count(*) FILTER (conflict) AS conflicts
FROM (
    SELECT export_id, local_date, content, content_before, moved, outdated, conflict FROM versions
    UNION ALL
    SELECT export_id, local_date, 0, NULL, false, false, false FROM staged ANTI JOIN several USING ({record})
) AS v
WHERE local_date >= $first AND local_date < $end
GROUP BY export_id
ORDER BY export_id
