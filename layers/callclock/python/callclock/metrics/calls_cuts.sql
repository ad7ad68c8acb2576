-- relation: calls_cuts
-- from: periods
-- stored: no
-- meaning: The cells that a call of a period counts in: line x queue, line, and line x hour of the week (month), each by stage and as a whole. Lines are never added up: a 999 and a 101 call are two things.
SELECT
    p.period_kind,
    p.period_label,
    c.by_queue,
    c.by_hour,
    s.by_stage
FROM periods AS p
INNER JOIN (VALUES (false, false), (true, false), (false, true)) AS c(by_queue, by_hour)
    ON NOT c.by_hour OR p.period_kind = 'month'
CROSS JOIN (VALUES (false), (true)) AS s(by_stage)
