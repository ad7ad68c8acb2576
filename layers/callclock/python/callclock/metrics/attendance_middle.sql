-- relation: attendance_middle
-- from: attendance_in_cell, periods
-- stored: yes
-- meaning: Of each cell's incidents of known outcome: how many, the time by which half of them were attended if no open one stood in the way (past every time where they were not), and when the first and the last open one was last seen.
WITH placed_in_cell AS (
    SELECT
        group_no, so_far_ms, attend_ms,
        -- The fate leads the number of a state, and 2 is open.
        state_no >= 20000000 AND state_no < 30000000 AS still_open
    FROM attendance_in_cell
    WHERE so_far_ms IS NOT NULL
),
found AS (
    SELECT
        group_no,
        COUNT(*) AS placed,
        COUNT(*) FILTER (WHERE still_open) AS still_open,
        quantile_disc(COALESCE(attend_ms, 9000000000000000000), 0.5) AS middle_ms,
        MIN(CASE WHEN still_open THEN so_far_ms END) AS first_open_ms,
        MAX(CASE WHEN still_open THEN so_far_ms END) AS last_open_ms,
        MAX(so_far_ms) AS last_ms
    FROM placed_in_cell
    GROUP BY group_no
)
SELECT
    p.period_kind,
    p.period_label,
    f.group_no % 1000000 AS cell_no,
    f.placed,
    f.still_open,
    f.middle_ms,
    f.first_open_ms,
    f.last_open_ms,
    f.last_ms
FROM found AS f
INNER JOIN periods AS p ON p.period_no = FLOOR(CAST(f.group_no AS DOUBLE) / 1000000)
