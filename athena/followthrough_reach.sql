-- Athena's text of callclock/metrics/followthrough_reach.sql, written by make athena.
WITH definitions AS (
  SELECT
    *
  FROM (VALUES
    ('followthrough.no_contact_found_share', 'share', 0, 3, 3, '2'),
    ('followthrough.no_contact_found_share_of_all', 'share', 0, 3, 3, '2'),
    ('followthrough.unlinkable_share', 'share', 0, 3, 3, '2'),
    ('followthrough.linkable_contact_share', 'share', 0, 3, 3, '2')) AS d(metric, unit, settles_days, settled_after, events_settle, definition_version)
), keyed AS (
  SELECT
    f.*,
    'all' AS grade,
    'all' AS grade_basis,
    'all' AS grade_scheme,
    'all' AS population,
    'all' AS area,
    'all' AS queue,
    'all' AS source,
    'all' AS hour_of_week,
    'all' AS outcome,
    'all' AS reason,
    'all' AS age_band,
    'all' AS risk_level,
    'record' AS basis
  FROM (
    WITH channels AS (
      SELECT
        p.period_kind,
        p.period_label,
        o.outcome AS channel,
        CAST(SUM(k.contacts) AS BIGINT) AS contacts,
        CAST(SUM(k.linkable) AS BIGINT) AS linkable,
        MAX(k.last_event_at) AS last_event_at
      FROM followthrough_contact_days AS k
      INNER JOIN followthrough_outcomes AS o
        ON o.outcome_no = k.outcome_no
      INNER JOIN period_days AS p
        ON p.local_date = k.local_date
        AND p.period_kind IN ('month', 'quarter', 'fy_to_date', 'rolling_12m')
      GROUP BY
        1,
        2,
        3
    ), figures AS (
      SELECT
        m.metric,
        c.period_kind,
        c.period_label,
        '101' AS line,
        c.stage,
        'all' AS channel,
        CASE WHEN m.metric = 'followthrough.unlinkable_share' THEN 'all' ELSE '72h' END AS window_label,
        CASE
          WHEN m.metric = 'followthrough.no_contact_found_share'
          THEN c.linkable
          ELSE c.linkable + c.unlinkable
        END AS n,
        CASE
          WHEN m.metric = 'followthrough.unlinkable_share'
          THEN c.unlinkable
          ELSE c.none_found
        END AS numerator,
        CASE
          WHEN m.metric = 'followthrough.no_contact_found_share'
          THEN c.linkable_immature
          ELSE c.immature
        END AS n_immature,
        CASE
          WHEN m.metric = 'followthrough.no_contact_found_share'
          THEN c.unlinkable
          ELSE 0
        END AS n_unknown,
        c.not_measurable AND m.metric <> 'followthrough.unlinkable_share' AS not_measurable,
        c.last_event_at
      FROM followthrough_cell AS c
      CROSS JOIN (VALUES
        ('followthrough.no_contact_found_share'),
        ('followthrough.no_contact_found_share_of_all'),
        ('followthrough.unlinkable_share')) AS m(metric)
      UNION ALL
      SELECT
        'followthrough.linkable_contact_share',
        k.period_kind,
        k.period_label,
        'all',
        'all',
        k.channel,
        'all',
        k.contacts,
        k.linkable,
        0,
        0,
        FALSE,
        k.last_event_at
      FROM channels AS k
    )
    SELECT
      r.metric,
      r.period_kind,
      r.period_label,
      r.line,
      r.stage,
      r.channel,
      r.window_label,
      CAST(NULL AS DOUBLE) AS value,
      r.n,
      CASE WHEN NOT r.not_measurable THEN r.numerator END AS numerator,
      CASE WHEN NOT r.not_measurable THEN r.n END AS denominator,
      r.n_immature,
      r.n_unknown,
      CAST(0 AS BIGINT) AS n_excluded,
      CAST(0 AS BIGINT) AS n_clock_fallback,
      CAST(0 AS BIGINT) AS open_records,
      r.last_event_at,
      CAST(NULL AS DOUBLE) AS ci_low,
      CAST(NULL AS DOUBLE) AS ci_high,
      CASE WHEN r.not_measurable THEN 'not_measurable' END AS notes
    FROM figures AS r
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
