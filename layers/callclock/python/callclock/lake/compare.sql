-- What a fold did to a month, against what stood there before (DESIGN 2: the second block of the receipt).
SELECT
    count(*) FILTER (WHERE o.record_key IS NULL) AS inserted,
    count(*) FILTER (WHERE o.record_key IS NOT NULL AND n.record_key IS NOT NULL AND NOT same) AS replaced,
    count(*) FILTER (WHERE n.record_key IS NOT NULL AND same) AS unchanged,
    count(*) FILTER (WHERE n.record_key IS NULL) AS moved
FROM (SELECT source, record_key, {compared} AS content FROM folded_month) AS n
FULL JOIN (SELECT source, record_key, {compared} AS content FROM before_month) AS o
    ON o.source = n.source AND o.record_key = n.record_key
CROSS JOIN LATERAL (SELECT coalesce(n.content IS NOT DISTINCT FROM o.content, false) AS same) AS s
