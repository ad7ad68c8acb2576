-- Athena's text of callclock/metrics/attendance_backlog.sql, written by make athena.
WITH definitions AS (
  SELECT
    *
  FROM (VALUES
    ('attendance.backlog', 'count', 0, 28, 28, '1')) AS d(metric, unit, settles_days, settled_after, events_settle, definition_version)
), keyed AS (
  SELECT
    f.*,
    'all' AS area,
    'all' AS line,
    'all' AS queue,
    'all' AS stage,
    'all' AS channel,
    'all' AS source,
    'all' AS hour_of_week,
    'all' AS outcome,
    'all' AS reason,
    'all' AS window_label,
    'all' AS risk_level,
    'record' AS basis
  FROM (
    WITH days AS (
      /* Those that are over: of an instant to come nobody can say anything. */
      SELECT
        p.period_kind,
        p.period_label,
        p.period_start AS local_date,
        p.end_at,
        CAST(p.period_end - INTERVAL '12' MONTH AS DATE) AS from_date
      FROM periods AS p
      CROSS JOIN run
      WHERE
        p.period_kind = 'day' AND p.end_at <= run.force_as_at
    ), span AS (
      SELECT
        MIN(from_date) AS from_date,
        MAX(local_date) AS to_date,
        MIN(end_at) AS first_end_at
      FROM days
    ), counted AS (
      SELECT
        r.local_date,
        k.grade_scheme,
        k.grade_initial,
        k.grade_final,
        k.population,
        SUM(CASE WHEN c.counted THEN r.n ELSE 0 END) AS incidents,
        SUM(CASE WHEN c.counted AND NOT c.placed THEN r.n ELSE 0 END) AS not_placed,
        SUM(CASE WHEN c.by_closing THEN r.n ELSE 0 END) AS by_closing,
        SUM(CASE WHEN NOT c.counted THEN r.n ELSE 0 END) AS excluded
      FROM attendance_alike AS r
      INNER JOIN attendance_states AS c
        ON c.state_no = r.state_no
      INNER JOIN attendance_kinds AS k
        ON k.kind_no = r.kind_no
      INNER JOIN span AS s
        ON r.local_date >= s.from_date AND r.local_date <= s.to_date
      GROUP BY
        1,
        2,
        3,
        4,
        5
    ), waiting AS (
      /* Few wait past the end of the day they called on (or past that of the first day, where they called before it). */
      SELECT
        r.local_date,
        r.clock_start_at,
        k.grade_scheme,
        k.grade_initial,
        k.grade_final,
        k.population,
        c.fate = 'open' AS still_open,
        c.clock_fallback,
        c.unknown_origin_counted,
        r.so_far_ms
      FROM attendance_population AS r
      INNER JOIN attendance_states AS c
        ON c.state_no = r.state_no AND c.placed
      INNER JOIN attendance_kinds AS k
        ON k.kind_no = r.kind_no
      INNER JOIN span AS s
        ON r.local_date >= s.from_date AND r.local_date <= s.to_date
      LEFT JOIN days AS d
        ON d.local_date = r.local_date
      WHERE
        c.fate = 'open'
        OR r.so_far_ms > DATE_DIFF(
          'MILLISECOND',
          DATE_TRUNC('MILLISECOND', r.clock_start_at),
          DATE_TRUNC('MILLISECOND', COALESCE(d.end_at, s.first_end_at))
        )
    ), at_the_end AS (
      SELECT
        d.period_label,
        w.grade_scheme,
        w.grade_initial,
        w.grade_final,
        w.population,
        w.clock_fallback,
        w.unknown_origin_counted,
        w.still_open /* What was last seen open before the end of the day may have been attended or closed by then. */
        AND w.so_far_ms < DATE_DIFF(
          'MILLISECOND',
          DATE_TRUNC('MILLISECOND', w.clock_start_at),
          DATE_TRUNC('MILLISECOND', d.end_at)
        ) AS immature,
        CASE
          WHEN DATE_DIFF(
            'MILLISECOND',
            DATE_TRUNC('MILLISECOND', w.clock_start_at),
            DATE_TRUNC('MILLISECOND', d.end_at)
          ) < 14400000
          THEN 'under_4h'
          WHEN DATE_DIFF(
            'MILLISECOND',
            DATE_TRUNC('MILLISECOND', w.clock_start_at),
            DATE_TRUNC('MILLISECOND', d.end_at)
          ) < 86400000
          THEN 'under_24h'
          WHEN DATE_DIFF(
            'MILLISECOND',
            DATE_TRUNC('MILLISECOND', w.clock_start_at),
            DATE_TRUNC('MILLISECOND', d.end_at)
          ) < 604800000
          THEN 'under_7d'
          ELSE 'over_7d'
        END AS age_band
      FROM waiting AS w
      INNER JOIN days AS d
        ON d.local_date >= w.local_date
        AND d.from_date <= w.local_date
        AND (
          w.still_open
          OR w.so_far_ms > DATE_DIFF(
            'MILLISECOND',
            DATE_TRUNC('MILLISECOND', w.clock_start_at),
            DATE_TRUNC('MILLISECOND', d.end_at)
          )
        )
    ), finest AS (
      SELECT
        d.period_label,
        c.grade_scheme,
        c.grade_initial,
        c.grade_final,
        c.population,
        'all' AS age_band,
        SUM(c.incidents) AS incidents,
        SUM(c.not_placed) AS not_placed,
        SUM(c.by_closing) AS by_closing,
        SUM(c.excluded) AS excluded,
        0 AS still_open,
        0 AS immature,
        0 AS clock_fallback,
        0 AS unknown_origin_counted
      FROM counted AS c
      INNER JOIN days AS d
        ON d.local_date >= c.local_date AND d.from_date <= c.local_date
      GROUP BY
        1,
        2,
        3,
        4,
        5
      UNION ALL
      SELECT
        e.period_label,
        e.grade_scheme,
        e.grade_initial,
        e.grade_final,
        e.population,
        e.age_band,
        0 AS incidents,
        0 AS not_placed,
        0 AS by_closing,
        0 AS excluded,
        COUNT(*) FILTER(WHERE
          NOT e.immature) AS still_open,
        COUNT(*) FILTER(WHERE
          e.immature) AS immature,
        COUNT(*) FILTER(WHERE
          e.clock_fallback AND NOT e.immature) AS clock_fallback,
        COUNT(*) FILTER(WHERE
          e.unknown_origin_counted AND NOT e.immature) AS unknown_origin_counted
      FROM at_the_end AS e
      GROUP BY
        1,
        2,
        3,
        4,
        5,
        6
    ), in_cell AS (
      SELECT
        c.period_kind,
        c.period_label,
        c.grade_basis,
        CASE WHEN c.grade_basis = 'either' THEN 'all' ELSE f.grade_scheme END AS grade_scheme,
        CASE c.grade_basis
          WHEN 'initial'
          THEN f.grade_initial
          WHEN 'final'
          THEN f.grade_final
          ELSE 'all'
        END AS grade,
        CASE WHEN c.by_population THEN f.population ELSE 'all' END AS population,
        b.age_band,
        CAST(SUM(f.incidents) AS BIGINT) AS incidents,
        CAST(SUM(f.not_placed) AS BIGINT) AS not_placed,
        CAST(SUM(f.by_closing) AS BIGINT) AS by_closing,
        CAST(SUM(f.excluded) AS BIGINT) AS excluded,
        CAST(SUM(f.still_open) AS BIGINT) AS still_open,
        CAST(SUM(f.immature) AS BIGINT) AS immature,
        CAST(SUM(f.clock_fallback) AS BIGINT) AS clock_fallback,
        CAST(SUM(f.unknown_origin_counted) AS BIGINT) AS unknown_origin_counted
      FROM finest AS f
      INNER JOIN attendance_cuts AS c
        ON c.period_kind = 'day' AND c.period_label = f.period_label
      /* What is counted whatever its age stands in every band. */
      INNER JOIN (VALUES
        ('all'),
        ('under_4h'),
        ('under_24h'),
        ('under_7d'),
        ('over_7d')) AS b(age_band)
        ON f.age_band = 'all' OR b.age_band IN ('all', f.age_band)
      GROUP BY
        1,
        2,
        3,
        4,
        5,
        6,
        7
    )
    SELECT
      'attendance.backlog' AS metric,
      c.period_kind,
      c.period_label,
      b.grade_basis,
      c.grade_scheme,
      c.grade,
      c.population,
      c.age_band,
      CASE WHEN c.by_closing = 0 THEN CAST(c.still_open AS DOUBLE) END AS value,
      c.still_open AS n,
      CAST(NULL AS BIGINT) AS numerator,
      CAST(NULL AS BIGINT) AS denominator,
      c.immature AS n_immature,
      c.not_placed AS n_unknown,
      c.excluded AS n_excluded,
      c.clock_fallback AS n_clock_fallback,
      CAST(0 AS BIGINT) AS open_records, /* What happens after the end of the day is none of its business. */
      CAST(NULL AS TIMESTAMP) AS last_event_at,
      CAST(NULL AS DOUBLE) AS ci_low,
      CAST(NULL AS DOUBLE) AS ci_high,
      CONCAT_WS(
        ';',
        CAST(CASE
          WHEN c.clock_fallback > 0.95E0 * c.still_open
          THEN 'created_clock'
          WHEN c.clock_fallback >= 0.05E0 * c.still_open AND c.clock_fallback > 0
          THEN 'mixed_clock'
        END AS VARCHAR),
        CAST(CASE WHEN c.unknown_origin_counted > 0 THEN 'unknown_origin_counted' END AS VARCHAR),
        CAST(CASE WHEN c.by_closing > 0 THEN 'selected_by_closing' END AS VARCHAR)
      ) AS notes
    FROM in_cell AS c
    INNER JOIN (VALUES
      ('initial'),
      ('final')) AS b(grade_basis)
      ON c.grade_basis IN ('either', b.grade_basis)
    WHERE
      c.incidents > 0
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
