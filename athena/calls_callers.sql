-- Athena's text of callclock/metrics/calls_callers.sql, written by make athena.
WITH definitions AS (
  SELECT
    *
  FROM (VALUES
    ('calls.callers_abandoned', 'share', 0, 3, 1, '2'),
    ('calls.repeat_callers', 'share', 0, 3, 1, '2'),
    ('calls.high_volume_callers', 'count', 0, 3, 1, '2'),
    ('calls.high_volume_call_share', 'share', 0, 3, 1, '2')) AS d(metric, unit, settles_days, settled_after, events_settle, definition_version)
), keyed AS (
  SELECT
    f.*,
    'all' AS grade,
    'all' AS grade_basis,
    'all' AS grade_scheme,
    'all' AS population,
    'all' AS area,
    'all' AS queue,
    'all' AS stage,
    'all' AS channel,
    'all' AS source,
    'all' AS outcome,
    'all' AS reason,
    'all' AS age_band,
    'all' AS window_label,
    'all' AS risk_level,
    'record' AS basis
  FROM (
    SELECT
      m.metric,
      c.period_kind,
      c.period_label,
      c.line,
      c.hour_of_week,
      CASE m.metric
        WHEN 'calls.high_volume_callers'
        THEN CAST(c.high_volume_callers AS DOUBLE)
      END AS value,
      CASE m.metric
        WHEN 'calls.callers_abandoned'
        THEN c.episodes - c.undecided
        WHEN 'calls.repeat_callers'
        THEN c.callers
        WHEN 'calls.high_volume_callers'
        THEN c.high_volume_callers
        ELSE c.offered
      END AS n,
      CASE m.metric
        WHEN 'calls.callers_abandoned'
        THEN c.abandoned
        WHEN 'calls.repeat_callers'
        THEN c.repeat_callers
        WHEN 'calls.high_volume_call_share'
        THEN c.high_volume_calls
      END AS numerator,
      CASE m.metric
        WHEN 'calls.callers_abandoned'
        THEN c.episodes - c.undecided
        WHEN 'calls.repeat_callers'
        THEN c.callers
        WHEN 'calls.high_volume_call_share'
        THEN c.offered
      END AS denominator,
      CASE m.metric
        WHEN 'calls.callers_abandoned'
        THEN c.undecided
        ELSE CAST(0 AS BIGINT)
      END AS n_immature,
      c.no_caller AS n_unknown,
      c.excluded AS n_excluded,
      CAST(0 AS BIGINT) AS n_clock_fallback,
      CAST(0 AS BIGINT) AS open_records,
      c.last_event_at,
      CAST(NULL AS DOUBLE) AS ci_low,
      CAST(NULL AS DOUBLE) AS ci_high,
      CAST(NULL AS VARCHAR) AS notes
    FROM calls_caller_cell AS c
    CROSS JOIN (VALUES
      ('calls.callers_abandoned', TRUE),
      ('calls.repeat_callers', FALSE),
      ('calls.high_volume_callers', FALSE),
      ('calls.high_volume_call_share', FALSE)) AS m(metric, by_hour)
    /* Without a caller on any call there is nothing to follow. */
    WHERE
      c.offered > c.no_caller AND (
        m.by_hour OR c.hour_of_week = 'all'
      )
  ) AS f
)
SELECT
  r.metric,
  r.period_kind,
  r.period_label,
  r.grade,
  r.grade_basis,
  r.grade_scheme,
  r.population,
  r.area,
  r.line,
  r.queue,
  r.stage,
  r.channel,
  r.source,
  r.hour_of_week,
  r.outcome,
  r.reason,
  r.age_band,
  r.window_label,
  r.risk_level,
  r.basis,
  r.period_start,
  r.period_end,
  COALESCE(r.value, r.share) AS value,
  r.unit,
  r.n,
  r.numerator,
  r.denominator,
  r.n_immature,
  r.n_unknown,
  r.n_excluded,
  r.n_clock_fallback,
  r.force_as_at >= r.settles_at AND r.n_immature = 0 AND NOT r.hole AS complete,
  CASE
    WHEN r.numerator = 0 AND r.denominator > 0
    THEN 0.0E0
    ELSE COALESCE(
      r.ci_low,
      CAST((
        r.share + 0.5E0 * r.z2_n - SQRT(r.z2_n * r.share * (
          1.0E0 - r.share
        ) + 0.25E0 * r.z2_n * r.z2_n)
      ) AS DOUBLE) / (
        1.0E0 + r.z2_n
      )
    )
  END AS ci_low, /* z = 1.959964 and its square; the bounds of 0 % and 100 % are exact. */
  CASE
    WHEN r.numerator = r.denominator AND r.denominator > 0
    THEN 1.0E0
    ELSE COALESCE(
      r.ci_high,
      CAST((
        r.share + 0.5E0 * r.z2_n + SQRT(r.z2_n * r.share * (
          1.0E0 - r.share
        ) + 0.25E0 * r.z2_n * r.z2_n)
      ) AS DOUBLE) / (
        1.0E0 + r.z2_n
      )
    )
  END AS ci_high,
  r.target,
  CASE
    WHEN r.open_records > 0
    OR r.force_as_at < r.period_settles_at
    OR r.force_as_at < r.event_settles_at
    THEN r.force_as_at
    WHEN r.event_settles_at > r.period_settles_at
    THEN r.event_settles_at
    ELSE r.period_settles_at
  END AS as_at, /* While a record is open the row moves with its table; else it is settled some days after its period and its last event. */
  r.definition_version,
  COALESCE(r.notes, '') AS notes
FROM (
  SELECT
    k.*,
    d.unit,
    d.definition_version,
    p.period_start,
    p.period_end,
    p.hole,
    run.force_as_at,
    COALESCE(own.target, general.target) AS target,
    CASE WHEN d.settles_days = 28 THEN p.end_at + INTERVAL '28' DAY ELSE p.end_at END AS settles_at,
    p.end_at + CASE d.settled_after
      WHEN 3
      THEN INTERVAL '3' DAY
      WHEN 28
      THEN INTERVAL '28' DAY
      ELSE INTERVAL '29' DAY
    END AS period_settles_at,
    k.last_event_at + CASE d.events_settle
      WHEN 0
      THEN INTERVAL '0' DAY
      WHEN 1
      THEN INTERVAL '1' DAY
      WHEN 3
      THEN INTERVAL '3' DAY
      ELSE INTERVAL '28' DAY
    END AS event_settles_at,
    CAST(k.numerator AS DOUBLE) / NULLIF(k.denominator, 0) AS share,
    CASE
      WHEN k.numerator >= 0 AND k.numerator <= k.denominator
      THEN CAST(3.841458881296E0 AS DOUBLE) / NULLIF(k.denominator, 0)
    END AS z2_n /* Counts of others do not always add up: what is no proportion has no interval. */
  FROM keyed AS k
  INNER JOIN definitions AS d
    ON d.metric = k.metric
  INNER JOIN periods AS p
    ON p.period_kind = k.period_kind AND p.period_label = k.period_label
  CROSS JOIN run
  LEFT JOIN metric_targets AS own
    ON own.metric = k.metric
    AND own.line = k.line
    AND own.since <= p.period_start
    AND own.until > p.period_start
  LEFT JOIN metric_targets AS general
    ON general.metric = k.metric
    AND general.line = 'all'
    AND general.since <= p.period_start
    AND general.until > p.period_start
) AS r
