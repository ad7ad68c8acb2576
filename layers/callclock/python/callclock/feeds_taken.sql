-- When the exports of each source were taken, by the table they feed.
SELECT DISTINCT source, table_name, exported_at
FROM coverage
ORDER BY source, table_name, exported_at
