-- Athena's text of callclock/metrics/calls_intervals_cell.sql, written by make athena.
WITH placed AS (
  SELECT
    p.period_kind,
    p.period_label,
    CASE WHEN LOWER(i.provider) = 'bt' THEN 'bt' ELSE 'interval' END AS basis,
    i.line,
    CASE
      WHEN h.by_hour
      THEN LPAD(CAST((
        DAY_OF_WEEK(i.local_date) - 1
      ) * 24 + i.local_hour AS VARCHAR), 3, '0')
      ELSE 'all'
    END AS hour_of_week,
    i.interval_end <= p.end_at
    AND (
      NOT h.by_hour
      OR i.interval_end <= DATE_TRUNC('HOUR', i.interval_start) + INTERVAL '1' HOUR
    ) AS lies_in,
    i.set_aside,
    i.interval_end,
    i.offered,
    i.answered,
    i.abandoned,
    i.unaccounted,
    i.answered_within_10s,
    i.answered_within_30s,
    i.answered_within_60s,
    i.band_bound
  FROM call_intervals AS i
  INNER JOIN period_days AS d
    ON d.local_date = i.local_date
  INNER JOIN periods AS p
    ON p.period_kind = d.period_kind AND p.period_label = d.period_label
  INNER JOIN (VALUES
    (FALSE),
    (TRUE)) AS h(by_hour)
    ON NOT h.by_hour OR p.period_kind = 'month'
)
SELECT
  i.period_kind,
  i.period_label,
  i.basis,
  i.line,
  i.hour_of_week,
  CAST(SUM(i.offered) AS BIGINT) AS offered,
  CAST(COALESCE(SUM(i.left_out), 0) AS BIGINT) AS left_out,
  CAST(SUM(i.answered) AS BIGINT) AS answered,
  CAST(SUM(CASE WHEN NOT i.answered IS NULL THEN i.offered END) AS BIGINT) AS offered_of_answered,
  CAST(SUM(i.abandoned) AS BIGINT) AS abandoned,
  CAST(SUM(CASE WHEN NOT i.abandoned IS NULL THEN i.offered END) AS BIGINT) AS offered_of_abandoned,
  CAST(SUM(
    CASE WHEN NOT i.answered IS NULL AND NOT i.abandoned IS NULL THEN i.unaccounted END
  ) AS BIGINT) AS unaccounted,
  CAST(SUM(CASE WHEN NOT i.answered IS NULL AND NOT i.abandoned IS NULL THEN i.offered END) AS BIGINT) AS offered_of_unaccounted,
  CAST(SUM(i.under_10s) AS BIGINT) AS under_10s, /* A band of which not every provider has a count is a share of those that have it. */
  CAST(SUM(CASE WHEN NOT i.under_10s IS NULL THEN i.calls END) AS BIGINT) AS calls_of_10s,
  CAST(SUM(i.under_30s) AS BIGINT) AS under_30s,
  CAST(SUM(CASE WHEN NOT i.under_30s IS NULL THEN i.calls END) AS BIGINT) AS calls_of_30s,
  CAST(SUM(i.under_60s) AS BIGINT) AS under_60s,
  CAST(SUM(CASE WHEN NOT i.under_60s IS NULL THEN i.calls END) AS BIGINT) AS calls_of_60s,
  CAST(SUM(i.under_60s - i.under_10s) AS BIGINT) AS from_10_to_60s,
  CAST(SUM(CASE WHEN NOT i.under_60s - i.under_10s IS NULL THEN i.calls END) AS BIGINT) AS calls_of_10_to_60s,
  CAST(SUM(i.answered - i.under_60s) AS BIGINT) AS over_60s,
  CAST(SUM(CASE WHEN NOT i.answered - i.under_60s IS NULL THEN i.calls END) AS BIGINT) AS calls_of_60s_plus,
  CASE
    WHEN COUNT(*) FILTER(WHERE
      i.band_bound = 'inclusive') = 0
    THEN NULL
    WHEN COUNT(*) FILTER(WHERE
      i.band_bound = 'strict') = 0
    THEN 'band_inclusive'
    ELSE 'band_mixed'
  END AS bound_note,
  MAX(i.interval_end) AS last_event_at
FROM (
  SELECT
    period_kind,
    period_label,
    basis,
    line,
    hour_of_week,
    offered,
    answered,
    abandoned,
    unaccounted,
    band_bound,
    interval_end,
    CASE WHEN basis = 'interval' OR NOT answered IS NULL THEN answered_within_10s END AS under_10s, /* A band of calls nobody counted is a share of nothing. */
    CASE WHEN basis = 'interval' OR NOT answered IS NULL THEN answered_within_30s END AS under_30s,
    CASE WHEN basis = 'interval' OR NOT answered IS NULL THEN answered_within_60s END AS under_60s,
    CASE WHEN basis = 'bt' THEN answered ELSE offered END AS calls, /* BT speaks of those that it saw answered, the others of those that came in. */
    CAST(NULL AS BIGINT) AS left_out
  FROM placed
  WHERE
    lies_in AND set_aside IS NULL
  UNION ALL
  SELECT
    period_kind,
    period_label,
    basis,
    line,
    hour_of_week,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    offered
  FROM placed
  WHERE
    NOT lies_in OR NOT set_aside IS NULL
) AS i
GROUP BY
  i.period_kind,
  i.period_label,
  i.basis,
  i.line,
  i.hour_of_week
