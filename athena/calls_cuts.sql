-- Athena's text of callclock/metrics/calls_cuts.sql, written by make athena.
SELECT
  p.period_kind,
  p.period_label,
  c.by_queue,
  c.by_hour,
  s.by_stage
FROM periods AS p
INNER JOIN (VALUES
  (FALSE, FALSE),
  (TRUE, FALSE),
  (FALSE, TRUE)) AS c(by_queue, by_hour)
  ON NOT c.by_hour OR p.period_kind = 'month'
CROSS JOIN (VALUES
  (FALSE),
  (TRUE)) AS s(by_stage)
