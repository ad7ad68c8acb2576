-- relation: attendance_many
-- from: attendance_population, attendance_in_cells, periods, period_days
-- stored: no
-- meaning: The percentiles of the waits of each cell of a week and longer, in ms, as exact as quantile_cont gives them. Such cells hold most incidents many times over, so waits are counted by rung (attendance_population), and ordered only on those rungs on which a percentile lies.
WITH kinds AS (
    SELECT p.period_no, c.kind_no, p.period_no * 1000000 + c.cell_no AS group_no
    FROM periods AS p
    INNER JOIN attendance_in_cells AS c ON NOT c.by_hour AND (NOT c.by_area OR p.period_kind <> 'week')
    WHERE p.period_kind <> 'day'
),
rungs AS (
    SELECT p.period_no, r.kind_no, r.rung_no, COUNT(*) AS n
    FROM attendance_population AS r
    INNER JOIN period_days AS p ON p.local_date = r.local_date AND p.period_kind <> 'day'
    WHERE r.attend_ms IS NOT NULL
    GROUP BY p.period_no, r.kind_no, r.rung_no
),
in_cell AS (
    SELECT k.group_no, r.rung_no, CAST(SUM(r.n) AS BIGINT) AS n
    FROM rungs AS r
    INNER JOIN kinds AS k ON k.period_no = r.period_no AND k.kind_no = r.kind_no
    GROUP BY k.group_no, r.rung_no
),
ladder AS (
    SELECT
        c.*,
        CAST(SUM(n) OVER (
            PARTITION BY group_no ORDER BY rung_no ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS BIGINT) - n AS below,
        CAST(SUM(n) OVER (PARTITION BY group_no) AS BIGINT) AS of_all
    FROM in_cell AS c
),
asked AS (
    -- A percentile lies between two places of the order, counted from 0: the one at or below it, and the next.
    SELECT
        a.group_no, a.rung_no, a.n, a.hundredths, a.next, a.part,
        a.place - a.below AS place
    FROM (
        SELECT
            l.*, s.hundredths, s.next,
            CAST((l.of_all - 1) * s.hundredths % 100 AS DOUBLE) / 100 AS part,
            CAST(FLOOR(CAST((l.of_all - 1) * s.hundredths AS DOUBLE) / 100) AS BIGINT) + s.next AS place
        FROM ladder AS l
        CROSS JOIN (VALUES (50, 0), (50, 1), (90, 0), (90, 1), (95, 0), (95, 1)) AS s(hundredths, next)
    ) AS a
    WHERE a.place >= a.below AND a.place < a.below + a.n
),
opened AS (
    -- The rungs to be ordered, one after the other.
    SELECT
        group_no, rung_no,
        COUNT(*) OVER (ORDER BY group_no, rung_no ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS rung_of_all,
        CAST(SUM(n) OVER (ORDER BY group_no, rung_no ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) - n AS before
    FROM (SELECT DISTINCT group_no, rung_no, n FROM asked) AS a
),
ordered AS (
    -- All in one row, each rung in its own ten thousand milliards: to order within partitions takes several times as long.
    SELECT
        r.attend_ms,
        COUNT(*) OVER (
            ORDER BY o.rung_of_all * 10000000000000 + r.attend_ms ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) - 1 AS place
    FROM (
        SELECT local_date, kind_no, rung_no, attend_ms
        FROM attendance_population
        WHERE rung_no IN (SELECT rung_no FROM opened)
    ) AS r
    INNER JOIN period_days AS p ON p.local_date = r.local_date AND p.period_kind <> 'day'
    INNER JOIN (
        -- None of them is there twice: DISTINCT keeps records from being joined with their cells before their rungs.
        SELECT DISTINCT k.period_no, k.kind_no, o.rung_no, o.rung_of_all
        FROM opened AS o
        INNER JOIN kinds AS k ON k.group_no = o.group_no
    ) AS o ON o.period_no = p.period_no AND o.kind_no = r.kind_no AND o.rung_no = r.rung_no
),
found AS (
    SELECT
        a.group_no, a.hundredths,
        MAX(a.part) AS part,
        MAX(CASE WHEN a.next = 0 THEN r.attend_ms END) AS low_ms,
        MAX(CASE WHEN a.next = 1 THEN r.attend_ms END) AS high_ms
    FROM asked AS a
    INNER JOIN opened AS o ON o.group_no = a.group_no AND o.rung_no = a.rung_no
    INNER JOIN ordered AS r ON r.place = o.before + a.place
    GROUP BY a.group_no, a.hundredths
)
SELECT
    group_no,
    -- Past the last of all there is no next.
    MAX(CASE WHEN hundredths = 50 THEN low_ms + COALESCE(high_ms - low_ms, 0) * part END) AS attend_median_ms,
    MAX(CASE WHEN hundredths = 90 THEN low_ms + COALESCE(high_ms - low_ms, 0) * part END) AS attend_p90_ms,
    MAX(CASE WHEN hundredths = 95 THEN low_ms + COALESCE(high_ms - low_ms, 0) * part END) AS attend_p95_ms
FROM found
GROUP BY group_no
