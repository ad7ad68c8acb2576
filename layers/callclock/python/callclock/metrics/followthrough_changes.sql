-- relation: followthrough_changes
-- from: followthrough_episodes, followthrough_outcomes, followthrough_windows
-- stored: yes
-- meaning: Sums over callers for the interval of the excess (METRICS "C": paired and clustered by caller), by outcome and for all of them, of the hang-ups that have a placebo. A change is 1 where the outcome was found after the hang-up and not a week earlier, -1 the other way round: callers without any add nothing to the sums with changes.
WITH compared AS (
    SELECT * FROM followthrough_episodes WHERE linkable AND with_placebo
),
callers AS (
    SELECT period_kind, period_label, caller_key, key_epoch, COUNT(*) AS hang_ups
    FROM compared
    GROUP BY 1, 2, 3, 4
),
found AS (
    SELECT period_kind, period_label, caller_key, key_epoch, outcome_no, delay_ms, 1 AS change
    FROM compared
    WHERE outcome_no IS NOT NULL
    UNION ALL
    SELECT period_kind, period_label, caller_key, key_epoch, placebo_outcome_no, placebo_delay_ms, -1
    FROM compared
    WHERE placebo_outcome_no IS NOT NULL
),
of_caller AS (
    SELECT c.period_kind, c.period_label, c.caller_key, c.key_epoch, c.hang_ups, f.outcome_no, f.delay_ms, f.change
    FROM found AS f
    INNER JOIN callers AS c
        ON c.period_kind = f.period_kind AND c.period_label = f.period_label
        AND c.caller_key = f.caller_key AND c.key_epoch = f.key_epoch
),
by_caller AS (
    SELECT
        f.period_kind, f.period_label, w.window_ms, CASE WHEN s.by_outcome THEN f.outcome_no ELSE 0 END AS outcome_no,
        f.caller_key, f.key_epoch, f.hang_ups, CAST(SUM(f.change) AS BIGINT) AS change
    FROM of_caller AS f
    CROSS JOIN followthrough_windows AS w
    CROSS JOIN (VALUES (false), (true)) AS s(by_outcome)
    WHERE f.delay_ms <= w.window_ms
    GROUP BY 1, 2, 3, 4, 5, 6, 7
),
all_callers AS (
    SELECT
        period_kind, period_label, COUNT(*) AS callers, CAST(SUM(hang_ups) AS BIGINT) AS hang_ups,
        CAST(SUM(hang_ups * hang_ups) AS BIGINT) AS hang_ups_squared
    FROM callers
    GROUP BY 1, 2
),
changed AS (
    SELECT
        period_kind, period_label, window_ms, outcome_no,
        SUM(change) AS change, SUM(change * change) AS change_squared, SUM(change * hang_ups) AS change_by_hang_ups
    FROM by_caller
    GROUP BY 1, 2, 3, 4
)
SELECT
    a.period_kind,
    a.period_label,
    w.window_label,
    o.outcome,
    a.callers,
    a.hang_ups,
    a.hang_ups_squared,
    CAST(COALESCE(d.change, 0) AS BIGINT) AS change,
    CAST(COALESCE(d.change_squared, 0) AS BIGINT) AS change_squared,
    CAST(COALESCE(d.change_by_hang_ups, 0) AS BIGINT) AS change_by_hang_ups
FROM all_callers AS a
CROSS JOIN followthrough_windows AS w
CROSS JOIN (SELECT outcome_no, outcome FROM followthrough_outcomes UNION ALL SELECT 0, 'all') AS o
LEFT JOIN changed AS d
    ON d.period_kind = a.period_kind AND d.period_label = a.period_label
    AND d.window_ms = w.window_ms AND d.outcome_no = o.outcome_no
