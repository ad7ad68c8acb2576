-- relation: attendance_spread
-- from: attendance_in_cell, attendance_cells, attendance_cell, periods
-- stored: yes
-- meaning: Half the width, on the scale of logarithms, of the 95 % interval of domestic abuse's median wait over that of other incidents; NULL under 10 attended in either (Price and Bonett). METRICS "gap_ratio_other".
WITH groups AS (
    -- A number in place of a period and a cell: the ordering below is most of the work.
    SELECT
        c.period_kind, c.period_label, k.grade_basis AS cut_basis, c.grade_scheme, c.grade, c.area, c.population, c.attend_n AS n,
        p.period_no * 1000000 + k.cell_no AS group_no
    FROM attendance_cell AS c
    INNER JOIN periods AS p ON p.period_kind = c.period_kind AND p.period_label = c.period_label
    INNER JOIN attendance_cells AS k
        ON k.grade_basis = CASE WHEN c.grade = 'all' THEN 'either' ELSE c.grade_basis END AND k.grade_scheme = c.grade_scheme
        AND k.grade = c.grade AND k.population = c.population AND k.area = c.area AND k.hour_of_week = c.hour_of_week
    WHERE c.attend_n >= 10 AND c.population IN ('domestic_abuse', 'other') AND (c.grade <> 'all' OR c.grade_basis = 'initial')
),
ordered AS (
    SELECT g.group_no, g.n, w.attend_ms, RANK() OVER (PARTITION BY g.group_no ORDER BY w.attend_ms) AS place
    FROM attendance_in_cell AS w
    INNER JOIN groups AS g ON g.group_no = w.group_no
    WHERE w.attend_ms IS NOT NULL
),
bounds AS (
    -- The k-th smallest value is the greatest with fewer than k below it, however equal values are ordered.
    SELECT
        group_no,
        MAX(CASE WHEN place <= FLOOR((n + 1) * 0.5E0 - 0.98E0 * SQRT(n)) THEN attend_ms END) AS low_ms,
        MAX(CASE WHEN place <= n + 1 - FLOOR((n + 1) * 0.5E0 - 0.98E0 * SQRT(n)) THEN attend_ms END) AS high_ms
    FROM ordered
    GROUP BY group_no
),
spread AS (
    SELECT
        period_kind, period_label, cut_basis, grade_scheme, grade, area,
        -- 1.959964 / 3.919928 is one half: each group adds the square of half its interval's width.
        CASE WHEN COUNT(*) = 2 THEN 0.5E0 * SQRT(SUM((LN(high_ms) - LN(low_ms)) * (LN(high_ms) - LN(low_ms)))) END AS half_width
    FROM bounds AS w
    INNER JOIN groups AS g ON g.group_no = w.group_no
    GROUP BY period_kind, period_label, cut_basis, grade_scheme, grade, area
)
SELECT
    s.period_kind,
    s.period_label,
    b.grade_basis,
    s.grade_scheme,
    s.grade,
    s.area,
    s.half_width
FROM spread AS s
INNER JOIN (VALUES ('initial'), ('final')) AS b(grade_basis) ON s.cut_basis IN ('either', b.grade_basis)
