-- Athena's text of callclock/metrics/calls_stages.sql, written by make athena.
WITH definitions AS (
  SELECT
    *
  FROM (VALUES
    ('calls.stage_share', 'share', 0, 3, 1, '1'),
    ('calls.abandoned_share', 'share', 0, 3, 1, '1'),
    ('calls.abandon_time_median_s', 's', 0, 3, 1, '1'),
    ('calls.abandon_time_mean_s', 's', 0, 3, 1, '1')) AS d(metric, unit, settles_days, settled_after, events_settle, definition_version)
), keyed AS (
  SELECT
    f.*,
    'all' AS grade,
    'all' AS grade_basis,
    'all' AS grade_scheme,
    'all' AS population,
    'all' AS area,
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
      s.period_kind,
      s.period_label,
      s.line,
      s.queue,
      s.hour_of_week,
      s.stage,
      CASE m.metric
        WHEN 'calls.abandon_time_median_s'
        THEN CAST(q.gave_up_median_ms AS DOUBLE) / 1000.0E0
        WHEN 'calls.abandon_time_mean_s'
        THEN CAST(s.gave_up_mean_ms AS DOUBLE) / 1000.0E0
      END AS value,
      CASE m.of WHEN 'time' THEN s.gave_up_n ELSE w.offered END AS n,
      CASE m.metric
        WHEN 'calls.stage_share'
        THEN s.offered
        WHEN 'calls.abandoned_share'
        THEN s.abandoned
      END AS numerator,
      CASE WHEN m.of <> 'time' THEN w.offered END AS denominator,
      CASE m.metric WHEN 'calls.stage_share' THEN w.pending ELSE CAST(0 AS BIGINT) END AS n_immature,
      w.unknown_stage AS n_unknown,
      w.excluded AS n_excluded,
      CAST(0 AS BIGINT) AS n_clock_fallback,
      CAST(0 AS BIGINT) AS open_records,
      w.last_event_at,
      CAST(NULL AS DOUBLE) AS ci_low,
      CAST(NULL AS DOUBLE) AS ci_high,
      CAST(NULL AS VARCHAR) AS notes
    FROM calls_cell AS s
    INNER JOIN calls_cell AS w
      ON w.period_kind = s.period_kind
      AND w.period_label = s.period_label
      AND w.line = s.line
      AND w.queue = s.queue
      AND w.hour_of_week = s.hour_of_week
      AND w.stage = 'all'
    LEFT JOIN calls_percentiles AS q
      ON q.period_kind = s.period_kind
      AND q.period_label = s.period_label
      AND q.line = s.line
      AND q.queue = s.queue
      AND q.hour_of_week = s.hour_of_week
      AND q.stage = s.stage
    CROSS JOIN (VALUES
      ('calls.stage_share', 'ended'),
      ('calls.abandoned_share', 'hung_up'),
      ('calls.abandon_time_median_s', 'time'),
      ('calls.abandon_time_mean_s', 'time')) AS m(metric, of)
    WHERE
      s.offered > 0
      AND (
        (
          m.of = 'ended' AND s.stage <> 'all'
        )
        OR (
          m.of = 'hung_up' AND s.stage <> 'all' AND s.abandoned > 0
        )
        OR (
          m.of = 'time' AND s.gave_up_n > 0
        )
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
