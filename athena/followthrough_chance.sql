-- Athena's text of callclock/metrics/followthrough_chance.sql, written by make athena.
WITH definitions AS (
  SELECT
    *
  FROM (VALUES
    ('followthrough.placebo_share', 'share', 0, 3, 3, '2'),
    ('followthrough.excess_share', 'share', 0, 3, 3, '2')) AS d(metric, unit, settles_days, settled_after, events_settle, definition_version)
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
    'all' AS hour_of_week,
    'all' AS reason,
    'all' AS age_band,
    'all' AS risk_level,
    'record' AS basis
  FROM (
    WITH earlier AS (
      SELECT
        f.period_kind,
        f.period_label,
        f.window_label,
        CASE WHEN s.by_outcome THEN o.outcome ELSE 'all' END AS outcome,
        SUM(f.hang_ups) AS hang_ups
      FROM followthrough_found AS f
      INNER JOIN followthrough_outcomes AS o
        ON o.outcome_no = f.placebo_outcome_no
      CROSS JOIN (VALUES
        (FALSE),
        (TRUE)) AS s(by_outcome)
      GROUP BY
        1,
        2,
        3,
        4
    ), compared AS (
      SELECT
        d.*,
        CAST(d.change AS DOUBLE) / NULLIF(d.hang_ups, 0) AS excess
      FROM followthrough_changes AS d
    ), spread AS (
      SELECT
        d.*,
        CAST(d.change_squared AS DOUBLE) /* The sum over callers of (sum of (d - D)) squared, multiplied out. */ - 2.0E0 * d.excess * d.change_by_hang_ups + d.excess * d.excess * d.hang_ups_squared AS squares
      FROM compared AS d
    ), figures AS (
      SELECT
        m.metric,
        c.period_kind,
        c.period_label,
        o.outcome,
        w.window_label,
        CASE m.metric WHEN 'followthrough.excess_share' THEN d.excess END AS value,
        CASE m.metric WHEN 'followthrough.placebo_share' THEN COALESCE(e.hang_ups, 0) END AS numerator,
        CASE m.metric WHEN 'followthrough.placebo_share' THEN c.with_placebo END AS denominator,
        CASE
          WHEN m.metric = 'followthrough.excess_share' AND d.callers >= 30
          THEN CAST(1.959964E0 * SQRT(CASE WHEN d.squares > 0 THEN d.squares ELSE 0.0E0 END) AS DOUBLE) / NULLIF(d.hang_ups, 0)
        END AS margin
      FROM followthrough_cell AS c
      CROSS JOIN followthrough_windows AS w
      CROSS JOIN (
        SELECT
          outcome
        FROM followthrough_outcomes
        UNION ALL
        SELECT
          'all'
      ) AS o
      CROSS JOIN (VALUES
        ('followthrough.placebo_share'),
        ('followthrough.excess_share')) AS m(metric)
      LEFT JOIN earlier AS e
        ON e.period_kind = c.period_kind
        AND e.period_label = c.period_label
        AND e.window_label = w.window_label
        AND e.outcome = o.outcome
      LEFT JOIN spread AS d
        ON d.period_kind = c.period_kind
        AND d.period_label = c.period_label
        AND d.window_label = w.window_label
        AND d.outcome = o.outcome
      WHERE
        c.stage = 'all'
    )
    SELECT
      r.metric,
      r.period_kind,
      r.period_label,
      '101' AS line,
      r.outcome,
      r.window_label,
      CASE WHEN NOT c.not_measurable THEN r.value END AS value,
      c.with_placebo AS n,
      CASE WHEN NOT c.not_measurable THEN CAST(r.numerator AS BIGINT) END AS numerator,
      CASE WHEN NOT c.not_measurable THEN r.denominator END AS denominator,
      c.without_placebo AS n_immature,
      c.unlinkable AS n_unknown,
      CAST(0 AS BIGINT) AS n_excluded,
      CAST(0 AS BIGINT) AS n_clock_fallback,
      CAST(0 AS BIGINT) AS open_records,
      c.last_event_at,
      CASE WHEN NOT c.not_measurable THEN r.value - r.margin END AS ci_low,
      CASE WHEN NOT c.not_measurable THEN r.value + r.margin END AS ci_high,
      CASE WHEN c.not_measurable THEN 'not_measurable' END AS notes
    FROM figures AS r
    INNER JOIN followthrough_cell AS c
      ON c.period_kind = r.period_kind
      AND c.period_label = r.period_label
      AND c.stage = 'all'
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
