-- What differs between two files of one table: rows that only one has, and rows of one key that are not the same.
-- Several rows of one key, which no right file has, are told apart by their order.
WITH
standing AS (SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY {columns}) AS nth_row FROM ({standing})),
rebuilt AS (SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY {columns}) AS nth_row FROM ({rebuilt})),
both_sides AS (
    SELECT {told} AS told, s.nth_row IS NULL AS only_rebuilt, r.nth_row IS NULL AS only_standing, [{changed}] AS changed
    FROM standing AS s FULL OUTER JOIN rebuilt AS r ON s.nth_row = r.nth_row AND {same_key}
)
SELECT told, only_rebuilt, only_standing, list_filter(changed, lambda c: c IS NOT NULL) AS changed_columns, count(*) AS n
FROM both_sides
WHERE only_rebuilt OR only_standing OR len(changed_columns) > 0
GROUP BY ALL
ORDER BY ALL
