-- What values rest on, by local day: how many records are open, the last event (METRICS "Maturity"), and hashes of what
-- values count and of what those of other tables look up, which do not depend on the order of rows.
SELECT
    local_date,
    count(*) FILTER (WHERE {open}) AS open,
    max(greatest({events})) AS last_event,
    count(*) AS records,
    sum(hash({counted})::HUGEINT)::VARCHAR AS counted,
    sum(hash({looked_up})::HUGEINT)::VARCHAR AS looked_up
FROM folded_month
GROUP BY local_date
ORDER BY local_date
