-- Athena's text of callclock/metrics/calls_outcomes.sql, written by make athena.
WITH definitions AS (
  SELECT
    *
  FROM (VALUES
    ('calls.offered', 'count', 0, 3, 1, '1'),
    ('calls.answered', 'count', 0, 3, 1, '1'),
    ('calls.abandoned', 'count', 0, 3, 1, '1'),
    ('calls.abandonment_rate', 'share', 0, 3, 1, '1'),
    ('calls.abandonment_rate_before_help', 'share', 0, 3, 1, '1'),
    ('calls.no_person_reached_share', 'share', 0, 3, 1, '1'),
    ('calls.abandonment_rate_queued', 'share', 0, 3, 1, '1'),
    ('calls.abandonment_rate_adjusted_5s', 'share', 0, 3, 1, '1'),
    ('calls.abandonment_rate_adjusted_10s', 'share', 0, 3, 1, '1'),
    ('calls.abandonment_rate_adjusted_30s', 'share', 0, 3, 1, '1'),
    ('calls.abandonment_rate_adjusted_60s', 'share', 0, 3, 1, '1')) AS d(metric, unit, settles_days, settled_after, events_settle, definition_version)
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
        m.of_queued,
        CASE m.metric
          WHEN 'calls.offered'
          THEN c.offered
          WHEN 'calls.answered'
          THEN c.answered
          WHEN 'calls.abandoned'
          THEN c.abandoned
        END AS counted,
        CASE m.metric
          WHEN 'calls.abandonment_rate'
          THEN c.abandoned
          WHEN 'calls.abandonment_rate_before_help'
          THEN c.hung_up
          WHEN 'calls.no_person_reached_share'
          THEN c.no_person
          WHEN 'calls.abandonment_rate_queued'
          THEN c.left_in_queue
          WHEN 'calls.abandonment_rate_adjusted_5s'
          THEN c.left_in_queue - c.left_unknown_when - c.left_under_5s + c.queued_unserved
          WHEN 'calls.abandonment_rate_adjusted_10s'
          THEN c.left_in_queue - c.left_unknown_when - c.left_under_10s + c.queued_unserved
          WHEN 'calls.abandonment_rate_adjusted_30s'
          THEN c.left_in_queue - c.left_unknown_when - c.left_under_30s + c.queued_unserved
          WHEN 'calls.abandonment_rate_adjusted_60s'
          THEN c.left_in_queue - c.left_unknown_when - c.left_under_60s + c.queued_unserved
        END AS numerator,
        CASE m.metric
          WHEN 'calls.abandonment_rate'
          THEN c.offered
          WHEN 'calls.abandonment_rate_before_help'
          THEN c.offered
          WHEN 'calls.no_person_reached_share'
          THEN c.offered - c.pending
          WHEN 'calls.abandonment_rate_queued'
          THEN c.queued
          WHEN 'calls.abandonment_rate_adjusted_5s'
          THEN c.queued - c.queued_pending - c.left_unknown_when - c.left_under_5s
          WHEN 'calls.abandonment_rate_adjusted_10s'
          THEN c.queued - c.queued_pending - c.left_unknown_when - c.left_under_10s
          WHEN 'calls.abandonment_rate_adjusted_30s'
          THEN c.queued - c.queued_pending - c.left_unknown_when - c.left_under_30s
          WHEN 'calls.abandonment_rate_adjusted_60s'
          THEN c.queued - c.queued_pending - c.left_unknown_when - c.left_under_60s
        END AS denominator,
        CASE m.metric
          WHEN 'calls.no_person_reached_share'
          THEN c.pending
          WHEN 'calls.abandonment_rate_adjusted_5s'
          THEN c.queued_pending
          WHEN 'calls.abandonment_rate_adjusted_10s'
          THEN c.queued_pending
          WHEN 'calls.abandonment_rate_adjusted_30s'
          THEN c.queued_pending
          WHEN 'calls.abandonment_rate_adjusted_60s'
          THEN c.queued_pending
          ELSE CAST(0 AS BIGINT)
        END AS n_immature,
        CASE m.metric
          WHEN 'calls.abandonment_rate_adjusted_5s'
          THEN c.unknown_stage + c.left_unknown_when
          WHEN 'calls.abandonment_rate_adjusted_10s'
          THEN c.unknown_stage + c.left_unknown_when
          WHEN 'calls.abandonment_rate_adjusted_30s'
          THEN c.unknown_stage + c.left_unknown_when
          WHEN 'calls.abandonment_rate_adjusted_60s'
          THEN c.unknown_stage + c.left_unknown_when
          ELSE c.unknown_stage
        END AS n_unknown
      FROM calls_cell AS c
      CROSS JOIN (VALUES
        ('calls.offered', FALSE),
        ('calls.answered', FALSE),
        ('calls.abandoned', FALSE),
        ('calls.abandonment_rate', FALSE),
        ('calls.abandonment_rate_before_help', FALSE),
        ('calls.no_person_reached_share', FALSE),
        ('calls.abandonment_rate_queued', TRUE),
        ('calls.abandonment_rate_adjusted_5s', TRUE),
        ('calls.abandonment_rate_adjusted_10s', TRUE),
        ('calls.abandonment_rate_adjusted_30s', TRUE),
        ('calls.abandonment_rate_adjusted_60s', TRUE)) AS m(metric, of_queued)
    )
    SELECT
      c.metric,
      c.period_kind,
      c.period_label,
      c.line,
      c.queue,
      c.hour_of_week,
      CAST(c.counted AS DOUBLE) AS value,
      COALESCE(c.counted, c.denominator) AS n,
      c.numerator,
      c.denominator,
      c.n_immature,
      c.n_unknown,
      c.excluded AS n_excluded,
      CAST(0 AS BIGINT) AS n_clock_fallback,
      CAST(0 AS BIGINT) AS open_records,
      c.last_event_at,
      CAST(NULL AS DOUBLE) AS ci_low,
      CAST(NULL AS DOUBLE) AS ci_high,
      CAST(NULL AS VARCHAR) AS notes
    FROM figures AS c
    /* A source without a queue has no rate of the queued. */
    WHERE
      c.offered > 0 AND c.stage = 'all' AND (
        c.queued > 0 OR NOT c.of_queued
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
