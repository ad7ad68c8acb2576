-- Athena's text of callclock/metrics/followthrough_shares.sql, written by make athena.
WITH definitions AS (
  SELECT
    *
  FROM (VALUES
    ('followthrough.share', 'share', 0, 3, 3, '2'),
    ('followthrough.delay_median_s', 's', 0, 3, 3, '2'),
    ('calls.hung_up_again', 'count', 0, 3, 3, '2')) AS d(metric, unit, settles_days, settled_after, events_settle, definition_version)
), keyed AS (
  SELECT
    f.*,
    'all' AS grade,
    'all' AS grade_basis,
    'all' AS grade_scheme,
    'all' AS population,
    'all' AS area,
    'all' AS queue,
    'all' AS channel,
    'all' AS source,
    'all' AS hour_of_week,
    'all' AS reason,
    'all' AS age_band,
    'all' AS risk_level,
    'record' AS basis
  FROM (
    WITH outcomes AS (
      SELECT
        outcome_no,
        outcome
      FROM followthrough_outcomes
      UNION ALL
      SELECT
        0,
        'none_found'
    ), counted AS (
      SELECT
        f.period_kind,
        f.period_label,
        CASE WHEN s.by_stage THEN f.stage ELSE 'all' END AS stage,
        f.window_label,
        f.outcome_no,
        SUM(f.hang_ups) AS hang_ups,
        SUM(f.hung_up_again) AS hung_up_again
      FROM followthrough_found AS f
      CROSS JOIN (VALUES
        (FALSE),
        (TRUE)) AS s(by_stage)
      GROUP BY
        1,
        2,
        3,
        4,
        5
    ), delays AS (
      SELECT
        e.period_kind,
        e.period_label,
        CASE WHEN s.by_stage THEN e.stage ELSE 'all' END AS stage,
        CASE WHEN s.by_outcome THEN o.outcome ELSE 'all' END AS outcome,
        COUNT(*) AS n,
        CASE
          WHEN COUNT(e.delay_ms) > 0
          THEN CAST(ELEMENT_AT(
            ARRAY_AGG(e.delay_ms ORDER BY e.delay_ms) FILTER(WHERE
              NOT e.delay_ms IS NULL),
            CAST(FLOOR((
              (
                COUNT(e.delay_ms) - 1
              ) * CAST(0.5 AS DOUBLE)
            )) AS INTEGER) + 1
          ) AS DOUBLE) + (
            CAST(ELEMENT_AT(
              ARRAY_AGG(e.delay_ms ORDER BY e.delay_ms) FILTER(WHERE
                NOT e.delay_ms IS NULL),
              CAST(CEIL((
                (
                  COUNT(e.delay_ms) - 1
                ) * CAST(0.5 AS DOUBLE)
              )) AS INTEGER) + 1
            ) AS DOUBLE) - CAST(ELEMENT_AT(
              ARRAY_AGG(e.delay_ms ORDER BY e.delay_ms) FILTER(WHERE
                NOT e.delay_ms IS NULL),
              CAST(FLOOR((
                (
                  COUNT(e.delay_ms) - 1
                ) * CAST(0.5 AS DOUBLE)
              )) AS INTEGER) + 1
            ) AS DOUBLE)
          ) * (
            (
              (
                COUNT(e.delay_ms) - 1
              ) * CAST(0.5 AS DOUBLE)
            ) - FLOOR((
              (
                COUNT(e.delay_ms) - 1
              ) * CAST(0.5 AS DOUBLE)
            ))
          )
        END AS median_ms
      FROM followthrough_episodes AS e
      INNER JOIN followthrough_outcomes AS o
        ON o.outcome_no = e.outcome_no
      CROSS JOIN (VALUES
        (FALSE, FALSE),
        (TRUE, FALSE),
        (FALSE, TRUE)) AS s(by_stage, by_outcome)
      WHERE
        e.linkable AND e.mature
      GROUP BY
        1,
        2,
        3,
        4
    ), figures AS (
      SELECT
        'followthrough.share' AS metric,
        c.period_kind,
        c.period_label,
        c.stage,
        o.outcome,
        w.window_label,
        CAST(NULL AS DOUBLE) AS value,
        c.linkable AS n,
        COALESCE(f.hang_ups, 0) AS numerator,
        c.linkable AS denominator
      FROM followthrough_cell AS c
      CROSS JOIN followthrough_windows AS w
      CROSS JOIN outcomes AS o
      LEFT JOIN counted AS f
        ON f.period_kind = c.period_kind
        AND f.period_label = c.period_label
        AND f.stage = c.stage
        AND f.window_label = w.window_label
        AND f.outcome_no = o.outcome_no
      WHERE
        c.stage = 'all' OR w.window_label = '72h'
      UNION ALL
      SELECT
        'followthrough.delay_median_s',
        c.period_kind,
        c.period_label,
        c.stage,
        o.outcome,
        '72h',
        CAST(d.median_ms AS DOUBLE) / 1000.0E0,
        COALESCE(d.n, 0),
        NULL,
        NULL
      FROM followthrough_cell AS c
      CROSS JOIN (
        SELECT
          outcome
        FROM followthrough_outcomes
        UNION ALL
        SELECT
          'all'
      ) AS o
      LEFT JOIN delays AS d
        ON d.period_kind = c.period_kind
        AND d.period_label = c.period_label
        AND d.stage = c.stage
        AND d.outcome = o.outcome
      WHERE
        c.stage = 'all' OR o.outcome = 'all'
      UNION ALL
      SELECT
        'calls.hung_up_again',
        c.period_kind,
        c.period_label,
        c.stage,
        'all',
        w.window_label,
        CAST(COALESCE(SUM(f.hung_up_again), 0) AS DOUBLE),
        COALESCE(SUM(f.hung_up_again), 0),
        NULL,
        NULL
      FROM followthrough_cell AS c
      CROSS JOIN followthrough_windows AS w
      LEFT JOIN counted AS f
        ON f.period_kind = c.period_kind
        AND f.period_label = c.period_label
        AND f.stage = c.stage
        AND f.window_label = w.window_label
      WHERE
        c.stage = 'all' OR w.window_label = '72h'
      GROUP BY
        c.period_kind,
        c.period_label,
        c.stage,
        w.window_label
    )
    SELECT
      r.metric,
      r.period_kind,
      r.period_label,
      '101' AS line,
      r.stage,
      r.outcome,
      r.window_label,
      CASE WHEN r.metric = 'calls.hung_up_again' OR NOT c.not_measurable THEN r.value END AS value,
      CAST(r.n AS BIGINT) AS n,
      CASE WHEN NOT c.not_measurable THEN CAST(r.numerator AS BIGINT) END AS numerator,
      CASE WHEN NOT c.not_measurable THEN CAST(r.denominator AS BIGINT) END AS denominator,
      c.linkable_immature AS n_immature,
      c.unlinkable AS n_unknown,
      CAST(0 AS BIGINT) AS n_excluded,
      CAST(0 AS BIGINT) AS n_clock_fallback,
      CAST(0 AS BIGINT) AS open_records,
      c.last_event_at,
      CAST(NULL AS DOUBLE) AS ci_low,
      CAST(NULL AS DOUBLE) AS ci_high,
      CASE
        WHEN r.metric <> 'calls.hung_up_again' AND c.not_measurable
        THEN 'not_measurable'
      END AS notes
    FROM figures AS r
    INNER JOIN followthrough_cell AS c
      ON c.period_kind = r.period_kind
      AND c.period_label = r.period_label
      AND c.stage = r.stage
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
