-- Athena's text of callclock/metrics/followthrough_cell.sql, written by make athena.
SELECT
  e.period_kind,
  e.period_label,
  CASE WHEN s.by_stage THEN e.stage ELSE 'all' END AS stage,
  COUNT(*) FILTER(WHERE
    e.linkable AND e.mature) AS linkable,
  COUNT(*) FILTER(WHERE
    e.linkable AND NOT e.mature) AS linkable_immature,
  COUNT(*) FILTER(WHERE
    NOT e.linkable AND e.mature) AS unlinkable,
  COUNT(*) FILTER(WHERE
    NOT e.mature) AS immature,
  COUNT(*) FILTER(WHERE
    e.linkable AND e.mature AND e.outcome_no IS NULL) AS none_found,
  COUNT(*) FILTER(WHERE
    e.linkable AND e.with_placebo) AS with_placebo,
  COUNT(*) FILTER(WHERE
    e.linkable AND NOT e.with_placebo) AS without_placebo,
  COUNT(*) FILTER(WHERE
    e.linkable AND e.mature) * 2 < COUNT(*) FILTER(WHERE
    e.mature) AS not_measurable,
  MAX(e.hung_up_at) AS last_event_at
FROM followthrough_episodes AS e
CROSS JOIN (VALUES
  (FALSE),
  (TRUE)) AS s(by_stage)
GROUP BY
  1,
  2,
  3
