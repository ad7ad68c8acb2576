-- Athena's text of callclock/metrics/followthrough_changes.sql, written by make athena.
WITH compared AS (
  SELECT
    *
  FROM followthrough_episodes
  WHERE
    linkable AND with_placebo
), callers AS (
  SELECT
    period_kind,
    period_label,
    caller_key,
    key_epoch,
    COUNT(*) AS hang_ups
  FROM compared
  GROUP BY
    1,
    2,
    3,
    4
), found AS (
  SELECT
    period_kind,
    period_label,
    caller_key,
    key_epoch,
    outcome_no,
    delay_ms,
    1 AS change
  FROM compared
  WHERE
    NOT outcome_no IS NULL
  UNION ALL
  SELECT
    period_kind,
    period_label,
    caller_key,
    key_epoch,
    placebo_outcome_no,
    placebo_delay_ms,
    -1
  FROM compared
  WHERE
    NOT placebo_outcome_no IS NULL
), by_caller AS (
  SELECT
    f.period_kind,
    f.period_label,
    w.window_label,
    CASE WHEN s.by_outcome THEN o.outcome ELSE 'all' END AS outcome,
    f.caller_key,
    f.key_epoch,
    CAST(SUM(f.change) AS BIGINT) AS change
  FROM found AS f
  INNER JOIN followthrough_outcomes AS o
    ON o.outcome_no = f.outcome_no
  CROSS JOIN followthrough_windows AS w
  CROSS JOIN (VALUES
    (FALSE),
    (TRUE)) AS s(by_outcome)
  WHERE
    f.delay_ms <= w.window_ms
  GROUP BY
    1,
    2,
    3,
    4,
    5,
    6
), all_callers AS (
  SELECT
    period_kind,
    period_label,
    COUNT(*) AS callers,
    CAST(SUM(hang_ups) AS BIGINT) AS hang_ups,
    CAST(SUM(hang_ups * hang_ups) AS BIGINT) AS hang_ups_squared
  FROM callers
  GROUP BY
    1,
    2
), changed AS (
  SELECT
    b.period_kind,
    b.period_label,
    b.window_label,
    b.outcome,
    SUM(b.change) AS change,
    SUM(b.change * b.change) AS change_squared,
    SUM(b.change * c.hang_ups) AS change_by_hang_ups
  FROM by_caller AS b
  INNER JOIN callers AS c
    ON c.period_kind = b.period_kind
    AND c.period_label = b.period_label
    AND c.caller_key = b.caller_key
    AND c.key_epoch = b.key_epoch
  GROUP BY
    1,
    2,
    3,
    4
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
CROSS JOIN (
  SELECT
    outcome
  FROM followthrough_outcomes
  UNION ALL
  SELECT
    'all'
) AS o
LEFT JOIN changed AS d
  ON d.period_kind = a.period_kind
  AND d.period_label = a.period_label
  AND d.window_label = w.window_label
  AND d.outcome = o.outcome
