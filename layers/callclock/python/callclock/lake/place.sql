-- When the folded record began, and its local day and hour in the force's zone: they decide its month (DESIGN 3).
SELECT
    f.* EXCLUDE (started_at, local_date, local_hour),
    f.begun AS started_at,
    CAST(timezone($zone, timezone('UTC', CAST(f.begun AS TIMESTAMP))) AS DATE) AS local_date,
    CAST(hour(timezone($zone, timezone('UTC', CAST(f.begun AS TIMESTAMP)))) AS BIGINT) AS local_hour
FROM (SELECT *, coalesce({starts}) AS begun FROM folded) AS f
