-- relation: followthrough_found
-- from: followthrough_episodes, followthrough_windows
-- stored: yes
-- meaning: Mature linkable hang-ups by what was found of them within each window; outcome_no 0 is none found. With those that have a placebo and what was found a week earlier.
SELECT
    e.period_kind,
    e.period_label,
    e.stage,
    w.window_label,
    CASE WHEN e.delay_ms <= w.window_ms THEN e.outcome_no ELSE 0 END AS outcome_no,
    CASE WHEN NOT e.with_placebo THEN NULL WHEN e.placebo_delay_ms <= w.window_ms THEN e.placebo_outcome_no ELSE 0 END AS placebo_outcome_no,
    COUNT(*) AS hang_ups,
    COUNT(*) FILTER (WHERE e.hung_up_again_after_ms <= w.window_ms) AS hung_up_again
FROM followthrough_episodes AS e
CROSS JOIN followthrough_windows AS w
WHERE e.linkable AND e.mature
GROUP BY 1, 2, 3, 4, 5, 6
