-- What became of the versions that were folded (DESIGN 2): how many a higher version of their record has beaten, and
-- how many are equal to another in time and differ from it in content.
SELECT
    coalesce(sum(versions), 0) - count(DISTINCT ({record})) AS outdated,
    count(*) FILTER (WHERE contents > 1) AS conflicts
FROM (
    SELECT {record}, count(*) AS versions, count(DISTINCT {content}) AS contents
    FROM staged
    GROUP BY {record}, record_updated_at, exported_at
) AS v
