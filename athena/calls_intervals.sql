-- Athena's text of callclock/metrics/calls_intervals.sql, written by make athena.
WITH definitions AS (
  SELECT
    *
  FROM (VALUES
    ('calls.offered', 'count', 0, 3, 3, '1'),
    ('calls.answered', 'count', 0, 3, 3, '1'),
    ('calls.abandoned', 'count', 0, 3, 3, '1'),
    ('calls.unaccounted', 'count', 0, 3, 3, '1'),
    ('calls.abandonment_rate', 'share', 0, 3, 3, '1'),
    ('calls.answered_within_10s', 'share', 0, 3, 3, '1'),
    ('calls.answered_within_30s', 'share', 0, 3, 3, '1'),
    ('calls.answered_within_60s', 'share', 0, 3, 3, '1'),
    ('calls.share_10_to_60s', 'share', 0, 3, 3, '1'),
    ('calls.share_60s_plus', 'share', 0, 3, 3, '1')) AS d(metric, unit, settles_days, settled_after, events_settle, definition_version)
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
    'all' AS risk_level
  FROM (
    WITH figures AS (
      SELECT
        c.*,
        m.metric,
        m.kind,
        CASE m.metric
          WHEN 'calls.offered'
          THEN c.offered
          WHEN 'calls.answered'
          THEN c.answered
          WHEN 'calls.abandoned'
          THEN c.abandoned
          WHEN 'calls.unaccounted'
          THEN c.unaccounted
        END AS counted,
        CASE m.metric
          WHEN 'calls.abandonment_rate'
          THEN c.abandoned
          WHEN 'calls.answered_within_10s'
          THEN c.under_10s
          WHEN 'calls.answered_within_30s'
          THEN c.under_30s
          WHEN 'calls.answered_within_60s'
          THEN c.under_60s
          WHEN 'calls.share_10_to_60s'
          THEN c.from_10_to_60s
          WHEN 'calls.share_60s_plus'
          THEN c.over_60s
        END AS numerator,
        CASE m.metric
          WHEN 'calls.offered'
          THEN c.offered
          WHEN 'calls.answered'
          THEN c.offered_of_answered
          WHEN 'calls.abandoned'
          THEN c.offered_of_abandoned
          WHEN 'calls.unaccounted'
          THEN c.offered_of_unaccounted
          WHEN 'calls.abandonment_rate'
          THEN c.offered_of_abandoned
          WHEN 'calls.answered_within_10s'
          THEN c.calls_of_10s
          WHEN 'calls.answered_within_30s'
          THEN c.calls_of_30s
          WHEN 'calls.answered_within_60s'
          THEN c.calls_of_60s
          WHEN 'calls.share_10_to_60s'
          THEN c.calls_of_10_to_60s
          WHEN 'calls.share_60s_plus'
          THEN c.calls_of_60s_plus
        END AS known, /* Calls of the intervals that hold the count. */
        CASE WHEN m.kind = 'band' AND c.basis = 'bt' THEN c.answered ELSE c.offered END AS of_all
      FROM calls_intervals_cell AS c
      CROSS JOIN (VALUES
        ('calls.offered', 'count'),
        ('calls.answered', 'count'),
        ('calls.abandoned', 'count'),
        ('calls.unaccounted', 'count'),
        ('calls.abandonment_rate', 'rate'),
        ('calls.answered_within_10s', 'band'),
        ('calls.answered_within_30s', 'band'),
        ('calls.answered_within_60s', 'band'),
        ('calls.share_10_to_60s', 'band'),
        ('calls.share_60s_plus', 'band')) AS m(metric, kind)
      WHERE
        NOT c.offered IS NULL
    )
    SELECT
      f.metric,
      f.period_kind,
      f.period_label,
      f.line,
      f.hour_of_week,
      f.basis,
      CAST(f.counted AS DOUBLE) AS value,
      COALESCE(f.counted, f.known) AS n,
      f.numerator,
      CASE WHEN f.kind <> 'count' THEN f.known END AS denominator,
      CAST(0 AS BIGINT) AS n_immature,
      COALESCE(f.of_all, 0) - COALESCE(f.known, 0) AS n_unknown,
      f.left_out AS n_excluded,
      CAST(0 AS BIGINT) AS n_clock_fallback,
      CAST(0 AS BIGINT) AS open_records,
      f.last_event_at,
      CAST(NULL AS DOUBLE) AS ci_low,
      CAST(NULL AS DOUBLE) AS ci_high,
      CASE
        WHEN f.numerator < 0 OR f.numerator > f.known
        THEN CONCAT(
          CAST(COALESCE(
            CASE
              WHEN f.kind = 'band'
              THEN CONCAT(CAST(f.bound_note AS VARCHAR), CAST(';' AS VARCHAR))
            END,
            ''
          ) AS VARCHAR),
          CAST('counts_disagree' AS VARCHAR)
        )
        WHEN f.kind = 'band'
        THEN f.bound_note
      END AS notes
    FROM figures AS f
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
