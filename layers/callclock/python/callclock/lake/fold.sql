-- The fold of staged rows: one row per record (DESIGN 2). The highest version wins, whatever the order of arrival;
-- a milestone has the value of the highest version that knows one, unless its source retracts: then what came before
-- the newest retracting row counts for nothing.
WITH ranked AS (
    SELECT
        *,
        -- Version = (record_updated_at, exported_at, export_id, record number), NULLs lowest.
        row_number() OVER (
            PARTITION BY {record}
            ORDER BY record_updated_at NULLS FIRST, exported_at NULLS FIRST, export_id, record_no
        ) AS rank
    FROM staged SEMI JOIN several USING ({record})
),
based AS (
    SELECT
        *,
        count(*) OVER record AS newest,
        coalesce(max(rank) FILTER (WHERE retracts) OVER record, 0) AS base
    FROM ranked
    WINDOW record AS (PARTITION BY {record})
),
known AS (
    SELECT
        {record},
        max(exported_at) AS observed_at
        {milestones}
    FROM based
    GROUP BY {record}
)
-- The one version of a record is all that is known of it, as it was staged.
SELECT *, CAST(NULL AS BIGINT) AS conflicts
FROM staged ANTI JOIN several USING ({record})
UNION ALL
SELECT last.* REPLACE (known.observed_at AS observed_at {replaced}), disputed.conflicts
FROM (SELECT * EXCLUDE (rank, newest, base) FROM based WHERE rank = newest) AS last
JOIN known USING ({record})
LEFT JOIN disputed USING ({record})
