-- What values rest on: how many records are open, and the last event in the month (METRICS "Maturity").
SELECT count(*) FILTER (WHERE {open}) AS open, max(greatest({events})) AS last_event, count(*) AS records
FROM folded_month
