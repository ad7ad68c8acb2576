-- Athena's text of callclock/metrics/attendance_gaps.sql, written by make athena.
WITH definitions AS (
  SELECT
    *
  FROM (VALUES
    ('attendance.gap_ratio', 'ratio', 28, 29, 0, '1'),
    ('attendance.gap_s', 's', 28, 29, 0, '1'),
    ('attendance.gap_ratio_other', 'ratio', 28, 29, 0, '1'),
    ('attendance.gap_within_4h', 'share', 0, 29, 0, '1')) AS d(metric, unit, settles_days, settled_after, events_settle, definition_version)
), keyed AS (
  SELECT
    f.*,
    'all' AS line,
    'all' AS queue,
    'all' AS stage,
    'all' AS channel,
    'all' AS source,
    'all' AS hour_of_week,
    'all' AS outcome,
    'all' AS reason,
    'all' AS age_band,
    'all' AS window_label,
    'all' AS risk_level,
    'record' AS basis
  FROM (
    WITH beside AS (
      SELECT
        c.period_kind,
        c.period_label,
        c.grade_basis,
        c.grade_scheme,
        c.grade,
        c.area,
        MAX(CASE WHEN c.population = 'domestic_abuse' THEN c.incidents ELSE 0 END) AS incidents,
        MAX(CASE WHEN c.population = 'domestic_abuse' THEN c.unknown_outcome ELSE 0 END) AS unknown_outcome,
        MAX(CASE WHEN c.population = 'domestic_abuse' THEN c.excluded ELSE 0 END) AS excluded,
        MAX(CASE WHEN c.population = 'domestic_abuse' THEN c.clock_fallback ELSE 0 END) AS clock_fallback,
        MAX(
          CASE WHEN c.population = 'domestic_abuse' THEN c.unknown_origin_counted ELSE 0 END
        ) AS unknown_origin_counted,
        MAX(CASE WHEN c.population = 'all' THEN c.still_open ELSE 0 END) AS still_open,
        MAX(CASE WHEN c.population = 'all' THEN c.last_event_at END) AS last_event_at,
        MAX(CASE WHEN c.population = 'domestic_abuse' THEN q.attend_median_ms END) AS abuse_ms,
        MAX(CASE WHEN c.population = 'other' THEN q.attend_median_ms END) AS other_ms,
        MAX(CASE WHEN c.population = 'all' THEN q.attend_median_ms END) AS all_ms,
        MAX(CASE WHEN c.population = 'domestic_abuse' THEN c.mature_4h ELSE 0 END) AS abuse_n,
        MAX(CASE WHEN c.population = 'other' THEN c.mature_4h ELSE 0 END) AS other_n,
        MAX(CASE WHEN c.population = 'domestic_abuse' THEN c.placed - c.mature_4h ELSE 0 END) AS abuse_immature,
        MAX(CASE WHEN c.population = 'other' THEN c.placed - c.mature_4h ELSE 0 END) AS other_immature,
        MAX(
          CASE
            WHEN c.population = 'domestic_abuse'
            THEN CAST(c.within_4h AS DOUBLE) / NULLIF(c.mature_4h, 0)
          END
        ) AS abuse_p,
        MAX(
          CASE
            WHEN c.population = 'other'
            THEN CAST(c.within_4h AS DOUBLE) / NULLIF(c.mature_4h, 0)
          END
        ) AS other_p
      FROM attendance_cell AS c
      LEFT JOIN attendance_percentiles AS q
        ON q.period_kind = c.period_kind
        AND q.period_label = c.period_label
        AND q.grade_basis = c.grade_basis
        AND q.grade_scheme = c.grade_scheme
        AND q.grade = c.grade
        AND q.population = c.population
        AND q.area = c.area
        AND q.hour_of_week = c.hour_of_week
      WHERE
        c.hour_of_week = 'all'
      GROUP BY
        c.period_kind,
        c.period_label,
        c.grade_basis,
        c.grade_scheme,
        c.grade,
        c.area
    ), reached AS (
      /* How far Wilson's bounds lie from each share: (p + z2/2n -+ z sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n), z2 = 3.841458881296. */
      SELECT
        b.*,
        CAST((
          abuse_p + CAST(1.920729440648E0 AS DOUBLE) / NULLIF(abuse_n, 0)
        ) AS DOUBLE) / (
          1.0E0 + CAST(3.841458881296E0 AS DOUBLE) / NULLIF(abuse_n, 0)
        ) AS abuse_mid,
        CAST(1.959964E0 * SQRT(
          CAST(abuse_p * (
            1.0E0 - abuse_p
          ) AS DOUBLE) / NULLIF(abuse_n, 0) + CAST(0.960364720324E0 AS DOUBLE) / NULLIF(abuse_n * abuse_n, 0)
        ) AS DOUBLE) / (
          1.0E0 + CAST(3.841458881296E0 AS DOUBLE) / NULLIF(abuse_n, 0)
        ) AS abuse_half,
        CAST((
          other_p + CAST(1.920729440648E0 AS DOUBLE) / NULLIF(other_n, 0)
        ) AS DOUBLE) / (
          1.0E0 + CAST(3.841458881296E0 AS DOUBLE) / NULLIF(other_n, 0)
        ) AS other_mid,
        CAST(1.959964E0 * SQRT(
          CAST(other_p * (
            1.0E0 - other_p
          ) AS DOUBLE) / NULLIF(other_n, 0) + CAST(0.960364720324E0 AS DOUBLE) / NULLIF(other_n * other_n, 0)
        ) AS DOUBLE) / (
          1.0E0 + CAST(3.841458881296E0 AS DOUBLE) / NULLIF(other_n, 0)
        ) AS other_half
      FROM beside AS b
      WHERE
        incidents > 0
    ), gaps AS (
      SELECT
        r.*,
        CAST(r.abuse_ms AS DOUBLE) / NULLIF(r.all_ms, 0) AS ratio_all,
        CAST(r.abuse_ms AS DOUBLE) / NULLIF(r.other_ms, 0) AS ratio_other,
        s.half_width,
        r.abuse_p - r.other_p AS difference,
        SQRT(
          (
            r.abuse_p - r.abuse_mid + r.abuse_half
          ) * (
            r.abuse_p - r.abuse_mid + r.abuse_half
          ) + (
            r.other_mid + r.other_half - r.other_p
          ) * (
            r.other_mid + r.other_half - r.other_p
          )
        ) AS below,
        SQRT(
          (
            r.abuse_mid + r.abuse_half - r.abuse_p
          ) * (
            r.abuse_mid + r.abuse_half - r.abuse_p
          ) + (
            r.other_p - r.other_mid + r.other_half
          ) * (
            r.other_p - r.other_mid + r.other_half
          )
        ) AS above
      FROM reached AS r
      LEFT JOIN attendance_spread AS s
        ON s.period_kind = r.period_kind
        AND s.period_label = r.period_label
        AND s.grade_basis = r.grade_basis
        AND s.grade_scheme = r.grade_scheme
        AND s.grade = r.grade
        AND s.area = r.area
    )
    SELECT
      m.metric,
      g.period_kind,
      g.period_label,
      g.grade_basis,
      g.grade_scheme,
      g.grade,
      'domestic_abuse' AS population,
      g.area,
      CASE m.metric
        WHEN 'attendance.gap_ratio'
        THEN g.ratio_all
        WHEN 'attendance.gap_s'
        THEN CAST(g.abuse_ms - g.all_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.gap_ratio_other'
        THEN g.ratio_other
        WHEN 'attendance.gap_within_4h'
        THEN g.difference
      END AS value,
      CASE m.metric WHEN 'attendance.gap_within_4h' THEN g.abuse_n + g.other_n END AS n,
      CAST(NULL AS BIGINT) AS numerator,
      CAST(NULL AS BIGINT) AS denominator,
      CASE m.metric
        WHEN 'attendance.gap_within_4h'
        THEN g.abuse_immature + g.other_immature
        ELSE CAST(0 AS BIGINT)
      END AS n_immature,
      g.unknown_outcome AS n_unknown,
      g.excluded AS n_excluded,
      g.clock_fallback AS n_clock_fallback,
      g.still_open AS open_records,
      g.last_event_at,
      CASE m.metric
        WHEN 'attendance.gap_ratio_other'
        THEN EXP(LN(g.ratio_other) - g.half_width)
        WHEN 'attendance.gap_within_4h'
        THEN g.difference - g.below
      END AS ci_low,
      CASE m.metric
        WHEN 'attendance.gap_ratio_other'
        THEN EXP(LN(g.ratio_other) + g.half_width)
        WHEN 'attendance.gap_within_4h'
        THEN g.difference + g.above
      END AS ci_high,
      CONCAT_WS(
        ';',
        CAST(CASE
          WHEN g.clock_fallback > 0.95E0 * g.incidents
          THEN 'created_clock'
          WHEN g.clock_fallback >= 0.05E0 * g.incidents AND g.clock_fallback > 0
          THEN 'mixed_clock'
        END AS VARCHAR),
        CAST(CASE WHEN g.unknown_origin_counted > 0 THEN 'unknown_origin_counted' END AS VARCHAR)
      ) AS notes
    FROM gaps AS g
    CROSS JOIN (VALUES
      ('attendance.gap_ratio'),
      ('attendance.gap_s'),
      ('attendance.gap_ratio_other'),
      ('attendance.gap_within_4h')) AS m(metric)
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
