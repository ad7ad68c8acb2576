-- What values rest on: how many records are open, the last event in the month (METRICS "Maturity"), and a hash of what
-- other tables look up in it, which does not depend on the order of rows.
SELECT
    count(*) FILTER (WHERE {open}) AS open,
    max(greatest({events})) AS last_event,
    count(*) AS records,
    coalesce(sum(hash({looked_up})::HUGEINT), 0)::VARCHAR AS looked_up
FROM folded_month
