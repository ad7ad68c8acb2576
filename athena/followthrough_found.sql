-- Athena's text of callclock/metrics/followthrough_found.sql, written by make athena.
SELECT
  e.period_kind,
  e.period_label,
  e.stage,
  w.window_label,
  CASE WHEN e.delay_ms <= w.window_ms THEN e.outcome_no ELSE 0 END AS outcome_no,
  CASE
    WHEN NOT e.with_placebo
    THEN NULL
    WHEN e.placebo_delay_ms <= w.window_ms
    THEN e.placebo_outcome_no
    ELSE 0
  END AS placebo_outcome_no,
  COUNT(*) AS hang_ups,
  COUNT(*) FILTER(WHERE
    e.hung_up_again_after_ms <= w.window_ms) AS hung_up_again
FROM followthrough_episodes AS e
CROSS JOIN followthrough_windows AS w
WHERE
  e.linkable AND e.mature
GROUP BY
  1,
  2,
  3,
  4,
  5,
  6
