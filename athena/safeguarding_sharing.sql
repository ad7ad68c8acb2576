-- Athena's text of callclock/metrics/safeguarding_sharing.sql, written by make athena.
WITH timed AS (
  SELECT
    p.period_kind,
    p.period_label,
    r.outcome,
    CASE WHEN l.by_level THEN r.risk_level ELSE 'all' END AS risk_level,
    COALESCE(r.to_share_ms <= 2419200000, FALSE) AS shared,
    CASE
      WHEN r.to_share_ms <= 2419200000
      THEN r.to_share_ms
      WHEN r.share_known_ms >= 2419200000
      THEN 2419200000
      WHEN r.share_known_ms > 0
      THEN r.share_known_ms
      ELSE 0
    END AS at_ms
  FROM safeguarding_cases AS r
  INNER JOIN period_days AS p
    ON p.local_date = r.local_date
  CROSS JOIN (VALUES
    (FALSE),
    (TRUE)) AS l(by_level)
  WHERE
    r.counted AND NOT r.assessed_ms IS NULL AND r.outcome <> 'unknown'
), steps AS (
  SELECT
    t.period_kind,
    t.period_label,
    t.outcome,
    t.risk_level,
    t.at_ms,
    COUNT(*) AS ended,
    COUNT(*) FILTER(WHERE
      t.shared) AS shared
  FROM timed AS t
  GROUP BY
    t.period_kind,
    t.period_label,
    t.outcome,
    t.risk_level,
    t.at_ms
), at_risk AS (
  SELECT
    s.*,
    SUM(s.ended) OVER (
      PARTITION BY s.period_kind, s.period_label, s.outcome, s.risk_level
      ORDER BY s.at_ms DESC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS risk_set
  FROM steps AS s
), survived AS (
  SELECT
    a.period_kind,
    a.period_label,
    a.outcome,
    a.risk_level,
    a.at_ms,
    SUM(
      CASE
        WHEN a.shared < a.risk_set
        THEN LN(1.0E0 - CAST(a.shared AS DOUBLE) / NULLIF(a.risk_set, 0))
        ELSE -1000.0E0
      END
    ) OVER (
      PARTITION BY a.period_kind, a.period_label, a.outcome, a.risk_level
      ORDER BY a.at_ms
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS ln_left /* A product of the shares left at each step, none of them nought before the last. */
  FROM at_risk AS a
), halved AS (
  SELECT
    s.period_kind,
    s.period_label,
    s.outcome,
    s.risk_level,
    MIN(s.at_ms) AS median_ms
  FROM survived AS s
  WHERE
    1.0E0 - EXP(s.ln_left) >= 0.5E0 - 1.0E-9
  GROUP BY
    s.period_kind,
    s.period_label,
    s.outcome,
    s.risk_level
), counted AS (
  SELECT
    t.period_kind,
    t.period_label,
    t.outcome,
    t.risk_level,
    COUNT(*) AS assessed,
    COUNT(*) /* An assessment that may still be shared before the half is reached can move it. */ FILTER(WHERE
      NOT t.shared AND t.at_ms < COALESCE(h.median_ms, 2419200000)) AS waiting
  FROM timed AS t
  LEFT JOIN halved AS h
    ON h.period_kind = t.period_kind
    AND h.period_label = t.period_label
    AND h.outcome = t.outcome
    AND h.risk_level = t.risk_level
  GROUP BY
    t.period_kind,
    t.period_label,
    t.outcome,
    t.risk_level
)
SELECT
  c.period_kind,
  c.period_label,
  c.outcome,
  c.risk_level,
  c.assessed,
  c.waiting,
  h.median_ms
FROM counted AS c
LEFT JOIN halved AS h
  ON h.period_kind = c.period_kind
  AND h.period_label = c.period_label
  AND h.outcome = c.outcome
  AND h.risk_level = c.risk_level
