-- relation: attendance_bound
-- from: released, attendance_cell
-- stored: no
-- meaning: Means of the attended that cannot be: below T x the share of the same attended that waited longer than T (Markov). A row is a fault in the code. METRICS "Check on release".
SELECT
    r.period_kind,
    r.period_label,
    r.grade_basis,
    r.grade_scheme,
    r.grade,
    r.population,
    r.area,
    r.hour_of_week,
    r.metric,
    r.value,
    m.mark AS waited_longer_than,
    CASE m.mark
        WHEN '15m' THEN c.attend_later_15m
        WHEN '60m' THEN c.attend_later_60m
        WHEN '4h' THEN c.attend_later_4h
        WHEN '24h' THEN c.attend_later_24h
        ELSE c.attend_later_7d
    END AS so_many,
    c.attend_n AS of_attended
FROM released AS r
INNER JOIN attendance_cell AS c
    ON c.period_kind = r.period_kind AND c.period_label = r.period_label AND c.grade_basis = r.grade_basis
    AND c.grade_scheme = r.grade_scheme AND c.grade = r.grade AND c.population = r.population AND c.area = r.area
    AND c.hour_of_week = r.hour_of_week
CROSS JOIN (VALUES ('15m', 900), ('60m', 3600), ('4h', 14400), ('24h', 86400), ('7d', 604800)) AS m(mark, mark_s)
WHERE r.metric = 'attendance.mean_s'
    -- Sums of DOUBLE may be a last digit off.
    AND r.value * (1.0E0 + 1.0E-9) < CAST(m.mark_s AS DOUBLE) / NULLIF(c.attend_n, 0) * CASE m.mark
        WHEN '15m' THEN c.attend_later_15m
        WHEN '60m' THEN c.attend_later_60m
        WHEN '4h' THEN c.attend_later_4h
        WHEN '24h' THEN c.attend_later_24h
        ELSE c.attend_later_7d
    END
