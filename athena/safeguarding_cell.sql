-- Athena's text of callclock/metrics/safeguarding_cell.sql, written by make athena.
WITH in_cell AS (
  SELECT
    p.period_kind,
    p.period_label,
    o.outcome,
    CASE WHEN l.by_level THEN r.risk_level ELSE 'all' END AS risk_level,
    r.outcome = 'unknown' AS unknown_outcome,
    r.counted,
    r.unknown_origin_counted,
    r.clock_fallback,
    r.still_open,
    r.age_ms >= 2419200000 AS mature,
    NOT r.assessed_ms IS NULL AS assessed,
    r.assessed_ms IS NULL AND NOT r.declined_ms IS NULL AS declined,
    NOT r.assessed_ms IS NULL AND NOT r.shared_ms IS NULL AS shared,
    NOT r.attend_ms IS NULL AS arrival_known,
    r.age_ms >= r.attend_ms + 86400000 AS mature_24h,
    r.assessed_ms <= r.attend_ms + 86400000 AS assessed_24h,
    r.last_event_at
  FROM safeguarding_cases AS r
  INNER JOIN period_days AS p
    ON p.local_date = r.local_date
  /* Where nobody can tell whether somebody came, the record is beside both. */
  INNER JOIN (VALUES
    ('attended'),
    ('never_attended')) AS o(outcome)
    ON r.outcome IN (o.outcome, 'unknown')
  INNER JOIN (VALUES
    (FALSE),
    (TRUE)) AS l(by_level)
    ON NOT l.by_level OR NOT r.risk_level IS NULL
)
SELECT
  c.period_kind,
  c.period_label,
  c.outcome,
  c.risk_level,
  COUNT(*) FILTER(WHERE
    c.counted AND NOT c.unknown_outcome) AS cases,
  COUNT(*) FILTER(WHERE
    c.counted AND c.unknown_outcome) AS unknown_outcome,
  COUNT(*) FILTER(WHERE
    NOT c.counted) AS excluded,
  COUNT(*) FILTER(WHERE
    c.clock_fallback AND NOT c.unknown_outcome) AS clock_fallback,
  COUNT(*) FILTER(WHERE
    c.unknown_origin_counted AND NOT c.unknown_outcome) AS unknown_origin_counted,
  COUNT(*) FILTER(WHERE
    c.counted AND c.still_open) AS still_open,
  COUNT(*) FILTER(WHERE
    c.counted AND NOT c.unknown_outcome AND c.mature) AS mature,
  COUNT(*) FILTER(WHERE
    c.counted AND NOT c.unknown_outcome AND c.mature AND c.assessed) AS assessed,
  COUNT(*) FILTER(WHERE
    c.counted AND NOT c.unknown_outcome AND c.mature AND c.declined) AS declined,
  COUNT(*) FILTER(WHERE
    c.counted AND NOT c.unknown_outcome AND c.mature AND c.shared) AS shared,
  COUNT(*) FILTER(WHERE
    c.counted AND NOT c.unknown_outcome AND c.assessed AND NOT c.mature) AS assessed_immature,
  COUNT(*) FILTER(WHERE
    c.counted AND NOT c.unknown_outcome AND c.arrival_known) AS arrival_known,
  COUNT(*) FILTER(WHERE
    c.counted AND NOT c.unknown_outcome AND c.mature_24h) AS mature_24h,
  COUNT(*) FILTER(WHERE
    c.counted AND NOT c.unknown_outcome AND c.mature_24h AND c.assessed_24h) AS assessed_24h,
  MAX(CASE WHEN c.counted AND NOT c.unknown_outcome THEN c.last_event_at END) AS last_event_at
FROM in_cell AS c
GROUP BY
  c.period_kind,
  c.period_label,
  c.outcome,
  c.risk_level
