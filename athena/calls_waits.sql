-- Athena's text of callclock/metrics/calls_waits.sql, written by make athena.
WITH definitions AS (
  SELECT
    *
  FROM (VALUES
    ('calls.wait_first_mean_s', 's', 0, 3, 1, '1'),
    ('calls.wait_first_median_s', 's', 0, 3, 1, '1'),
    ('calls.wait_first_p90_s', 's', 0, 3, 1, '1'),
    ('calls.wait_first_p95_s', 's', 0, 3, 1, '1'),
    ('calls.wait_final_mean_s', 's', 0, 3, 1, '1'),
    ('calls.wait_final_median_s', 's', 0, 3, 1, '1'),
    ('calls.wait_final_p90_s', 's', 0, 3, 1, '1'),
    ('calls.wait_final_p95_s', 's', 0, 3, 1, '1'),
    ('calls.queue_wait_first_mean_s', 's', 0, 3, 1, '1'),
    ('calls.queue_wait_first_median_s', 's', 0, 3, 1, '1'),
    ('calls.queue_wait_first_p90_s', 's', 0, 3, 1, '1'),
    ('calls.queue_wait_first_p95_s', 's', 0, 3, 1, '1'),
    ('calls.answered_within_10s', 'share', 0, 3, 1, '1'),
    ('calls.answered_within_30s', 'share', 0, 3, 1, '1'),
    ('calls.answered_within_60s', 'share', 0, 3, 1, '1'),
    ('calls.share_10_to_60s', 'share', 0, 3, 1, '1'),
    ('calls.share_60s_plus', 'share', 0, 3, 1, '1'),
    ('calls.waited_over_5m', 'share', 0, 3, 1, '1'),
    ('calls.waited_over_15m', 'share', 0, 3, 1, '1')) AS d(metric, unit, settles_days, settled_after, events_settle, definition_version)
), keyed AS (
  SELECT
    f.*,
    'all' AS grade,
    'all' AS grade_basis,
    'all' AS grade_scheme,
    'all' AS population,
    'all' AS area,
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
    WITH figures AS (
      SELECT
        c.*,
        m.metric,
        m.clock,
        CASE m.metric
          WHEN 'calls.wait_first_mean_s'
          THEN CAST(c.wait_first_mean_ms AS DOUBLE) / 1000.0E0
          WHEN 'calls.wait_first_median_s'
          THEN CAST(q.wait_first_median_ms AS DOUBLE) / 1000.0E0
          WHEN 'calls.wait_first_p90_s'
          THEN CAST(q.wait_first_p90_ms AS DOUBLE) / 1000.0E0
          WHEN 'calls.wait_first_p95_s'
          THEN CAST(q.wait_first_p95_ms AS DOUBLE) / 1000.0E0
          WHEN 'calls.wait_final_mean_s'
          THEN CAST(c.wait_final_mean_ms AS DOUBLE) / 1000.0E0
          WHEN 'calls.wait_final_median_s'
          THEN CAST(q.wait_final_median_ms AS DOUBLE) / 1000.0E0
          WHEN 'calls.wait_final_p90_s'
          THEN CAST(q.wait_final_p90_ms AS DOUBLE) / 1000.0E0
          WHEN 'calls.wait_final_p95_s'
          THEN CAST(q.wait_final_p95_ms AS DOUBLE) / 1000.0E0
          WHEN 'calls.queue_wait_first_mean_s'
          THEN CAST(c.queue_wait_first_mean_ms AS DOUBLE) / 1000.0E0
          WHEN 'calls.queue_wait_first_median_s'
          THEN CAST(q.queue_wait_first_median_ms AS DOUBLE) / 1000.0E0
          WHEN 'calls.queue_wait_first_p90_s'
          THEN CAST(q.queue_wait_first_p90_ms AS DOUBLE) / 1000.0E0
          WHEN 'calls.queue_wait_first_p95_s'
          THEN CAST(q.queue_wait_first_p95_ms AS DOUBLE) / 1000.0E0
        END AS value,
        CASE m.metric
          WHEN 'calls.answered_within_10s'
          THEN c.first_under_10s
          WHEN 'calls.answered_within_30s'
          THEN c.first_under_30s
          WHEN 'calls.answered_within_60s'
          THEN c.first_under_60s
          WHEN 'calls.share_10_to_60s'
          THEN c.first_under_60s - c.first_under_10s
          WHEN 'calls.share_60s_plus'
          THEN c.wait_first_n - c.first_under_60s
          WHEN 'calls.waited_over_5m'
          THEN c.waited_over_5m
          WHEN 'calls.waited_over_15m'
          THEN c.waited_over_15m
        END AS numerator,
        CASE m.clock WHEN 'share' THEN c.offered - c.answered_unknown_when END AS denominator,
        CASE m.clock
          WHEN 'wait_first'
          THEN c.wait_first_n
          WHEN 'wait_final'
          THEN c.wait_final_n
          WHEN 'queue_wait_first'
          THEN c.queue_wait_first_n
          ELSE c.offered - c.answered_unknown_when
        END AS n
      FROM calls_cell AS c
      LEFT JOIN calls_percentiles AS q
        ON q.period_kind = c.period_kind
        AND q.period_label = c.period_label
        AND q.line = c.line
        AND q.queue = c.queue
        AND q.hour_of_week = c.hour_of_week
        AND q.stage = c.stage
      CROSS JOIN (VALUES
        ('calls.wait_first_mean_s', 'wait_first'),
        ('calls.wait_first_median_s', 'wait_first'),
        ('calls.wait_first_p90_s', 'wait_first'),
        ('calls.wait_first_p95_s', 'wait_first'),
        ('calls.wait_final_mean_s', 'wait_final'),
        ('calls.wait_final_median_s', 'wait_final'),
        ('calls.wait_final_p90_s', 'wait_final'),
        ('calls.wait_final_p95_s', 'wait_final'),
        ('calls.queue_wait_first_mean_s', 'queue_wait_first'),
        ('calls.queue_wait_first_median_s', 'queue_wait_first'),
        ('calls.queue_wait_first_p90_s', 'queue_wait_first'),
        ('calls.queue_wait_first_p95_s', 'queue_wait_first'),
        ('calls.answered_within_10s', 'share'),
        ('calls.answered_within_30s', 'share'),
        ('calls.answered_within_60s', 'share'),
        ('calls.share_10_to_60s', 'share'),
        ('calls.share_60s_plus', 'share'),
        ('calls.waited_over_5m', 'share'),
        ('calls.waited_over_15m', 'share')) AS m(metric, clock)
    )
    SELECT
      c.metric,
      c.period_kind,
      c.period_label,
      c.line,
      c.queue,
      c.hour_of_week,
      c.value,
      c.n,
      c.numerator,
      c.denominator,
      CAST(0 AS BIGINT) AS n_immature,
      c.unknown_stage + c.answered_unknown_when AS n_unknown,
      c.excluded AS n_excluded,
      CAST(0 AS BIGINT) AS n_clock_fallback,
      CAST(0 AS BIGINT) AS open_records,
      c.last_event_at,
      CAST(NULL AS DOUBLE) AS ci_low,
      CAST(NULL AS DOUBLE) AS ci_high,
      CAST(NULL AS VARCHAR) AS notes
    FROM figures AS c
    WHERE
      c.offered > 0 AND c.stage = 'all'
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
