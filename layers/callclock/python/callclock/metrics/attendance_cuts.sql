-- relation: attendance_cuts
-- from: periods
-- stored: no
-- meaning: The cells that a record of a period counts in: grade x population x area (month and longer), grade x population (day and week), grade x hour of the week (month), with every roll-up. Without a grade both bases hold the same records: grade_basis is either.
SELECT
    p.period_kind,
    p.period_label,
    g.grade_basis,
    c.by_population,
    c.by_area,
    c.by_hour
FROM periods AS p
INNER JOIN (VALUES
    (false, false, false),
    (true, false, false),
    (false, true, false),
    (true, true, false),
    (false, false, true)
) AS c(by_population, by_area, by_hour)
    ON (NOT c.by_area OR p.period_kind NOT IN ('day', 'week')) AND (NOT c.by_hour OR p.period_kind = 'month')
CROSS JOIN (VALUES ('initial'), ('final'), ('either')) AS g(grade_basis)
