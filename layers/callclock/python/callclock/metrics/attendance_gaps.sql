-- name: attendance_gaps
-- table: incidents
-- from: attendance_cell, attendance_percentiles, attendance_spread
-- settled_after: 29
-- events_settle: 0
-- keys: grade_basis, grade_scheme, grade, population, area
-- look_behind: 0
-- look_ahead: 0
-- definition_version: 1
--
-- metric: attendance.gap_ratio
-- definition: Median wait of domestic abuse over the median of all incidents of the cell, as inspectors quote it; no interval, because all contains it
-- population: Attended incidents of the headline population
-- numerator: none
-- denominator: none
-- exclusions: As for attendance.median_s
-- unit: ratio
-- direction: lower_is_better
-- settles_days: 28
--
-- metric: attendance.gap_s
-- definition: Median wait of domestic abuse less the median of all incidents of the cell
-- population: Attended incidents of the headline population
-- numerator: none
-- denominator: none
-- exclusions: As for attendance.median_s
-- unit: s
-- direction: lower_is_better
-- settles_days: 28
--
-- metric: attendance.gap_ratio_other
-- definition: Median wait of domestic abuse over the median of other incidents; 95 % interval from order statistics (Price and Bonett), from 10 attended in each group
-- population: Attended incidents of the headline population, domestic abuse known
-- numerator: none
-- denominator: none
-- exclusions: As for attendance.median_s; domestic abuse not known
-- unit: ratio
-- direction: lower_is_better
-- settles_days: 28
--
-- metric: attendance.gap_within_4h
-- definition: attendance.within_4h of domestic abuse less that of other incidents; 95 % interval by Newcombe's hybrid score method; n is the sum over both groups
-- population: As for attendance.within_4h, domestic abuse known
-- numerator: none
-- denominator: none
-- exclusions: As for attendance.within_4h; domestic abuse not known
-- unit: share
-- direction: higher_is_better
WITH beside AS (
    SELECT
        c.period_kind, c.period_label, c.grade_basis, c.grade_scheme, c.grade, c.area,
        MAX(CASE WHEN c.population = 'domestic_abuse' THEN c.incidents ELSE 0 END) AS incidents,
        MAX(CASE WHEN c.population = 'domestic_abuse' THEN c.unknown_outcome ELSE 0 END) AS unknown_outcome,
        MAX(CASE WHEN c.population = 'domestic_abuse' THEN c.excluded ELSE 0 END) AS excluded,
        MAX(CASE WHEN c.population = 'domestic_abuse' THEN c.clock_fallback ELSE 0 END) AS clock_fallback,
        MAX(CASE WHEN c.population = 'domestic_abuse' THEN c.unknown_origin_counted ELSE 0 END) AS unknown_origin_counted,
        MAX(CASE WHEN c.population = 'all' THEN c.still_open ELSE 0 END) AS still_open,
        MAX(CASE WHEN c.population = 'all' THEN c.last_event_at END) AS last_event_at,
        MAX(CASE WHEN c.population = 'domestic_abuse' THEN q.attend_median_ms END) AS abuse_ms,
        MAX(CASE WHEN c.population = 'other' THEN q.attend_median_ms END) AS other_ms,
        MAX(CASE WHEN c.population = 'all' THEN q.attend_median_ms END) AS all_ms,
        MAX(CASE WHEN c.population = 'domestic_abuse' THEN c.mature_4h ELSE 0 END) AS abuse_n,
        MAX(CASE WHEN c.population = 'other' THEN c.mature_4h ELSE 0 END) AS other_n,
        MAX(CASE WHEN c.population = 'domestic_abuse' THEN c.placed - c.mature_4h ELSE 0 END) AS abuse_immature,
        MAX(CASE WHEN c.population = 'other' THEN c.placed - c.mature_4h ELSE 0 END) AS other_immature,
        MAX(CASE WHEN c.population = 'domestic_abuse' THEN CAST(c.within_4h AS DOUBLE) / NULLIF(c.mature_4h, 0) END) AS abuse_p,
        MAX(CASE WHEN c.population = 'other' THEN CAST(c.within_4h AS DOUBLE) / NULLIF(c.mature_4h, 0) END) AS other_p
    FROM attendance_cell AS c
    LEFT JOIN attendance_percentiles AS q
        ON q.period_kind = c.period_kind AND q.period_label = c.period_label AND q.grade_basis = c.grade_basis
        AND q.grade_scheme = c.grade_scheme AND q.grade = c.grade AND q.population = c.population AND q.area = c.area
        AND q.hour_of_week = c.hour_of_week
    WHERE c.hour_of_week = 'all'
    GROUP BY c.period_kind, c.period_label, c.grade_basis, c.grade_scheme, c.grade, c.area
),
reached AS (
    -- How far Wilson's bounds lie from each share: (p + z2/2n -+ z sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n), z2 = 3.841458881296.
    SELECT
        b.*,
        (abuse_p + CAST(1.920729440648E0 AS DOUBLE) / NULLIF(abuse_n, 0)) / (1.0E0 + CAST(3.841458881296E0 AS DOUBLE) / NULLIF(abuse_n, 0)) AS abuse_mid,
        1.959964E0 * SQRT(abuse_p * (1.0E0 - abuse_p) / NULLIF(abuse_n, 0) + CAST(0.960364720324E0 AS DOUBLE) / NULLIF(abuse_n * abuse_n, 0))
            / (1.0E0 + CAST(3.841458881296E0 AS DOUBLE) / NULLIF(abuse_n, 0)) AS abuse_half,
        (other_p + CAST(1.920729440648E0 AS DOUBLE) / NULLIF(other_n, 0)) / (1.0E0 + CAST(3.841458881296E0 AS DOUBLE) / NULLIF(other_n, 0)) AS other_mid,
        1.959964E0 * SQRT(other_p * (1.0E0 - other_p) / NULLIF(other_n, 0) + CAST(0.960364720324E0 AS DOUBLE) / NULLIF(other_n * other_n, 0))
            / (1.0E0 + CAST(3.841458881296E0 AS DOUBLE) / NULLIF(other_n, 0)) AS other_half
    FROM beside AS b
    WHERE incidents > 0
),
gaps AS (
    SELECT
        r.*,
        CAST(r.abuse_ms AS DOUBLE) / NULLIF(r.all_ms, 0) AS ratio_all,
        CAST(r.abuse_ms AS DOUBLE) / NULLIF(r.other_ms, 0) AS ratio_other,
        s.half_width,
        r.abuse_p - r.other_p AS difference,
        SQRT((r.abuse_p - r.abuse_mid + r.abuse_half) * (r.abuse_p - r.abuse_mid + r.abuse_half)
            + (r.other_mid + r.other_half - r.other_p) * (r.other_mid + r.other_half - r.other_p)) AS below,
        SQRT((r.abuse_mid + r.abuse_half - r.abuse_p) * (r.abuse_mid + r.abuse_half - r.abuse_p)
            + (r.other_p - r.other_mid + r.other_half) * (r.other_p - r.other_mid + r.other_half)) AS above
    FROM reached AS r
    LEFT JOIN attendance_spread AS s
        ON s.period_kind = r.period_kind AND s.period_label = r.period_label AND s.grade_basis = r.grade_basis
        AND s.grade_scheme = r.grade_scheme AND s.grade = r.grade AND s.area = r.area
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
        WHEN 'attendance.gap_ratio' THEN g.ratio_all
        WHEN 'attendance.gap_s' THEN CAST(g.abuse_ms - g.all_ms AS DOUBLE) / 1000.0E0
        WHEN 'attendance.gap_ratio_other' THEN g.ratio_other
        WHEN 'attendance.gap_within_4h' THEN g.difference
    END AS value,
    CASE m.metric WHEN 'attendance.gap_within_4h' THEN g.abuse_n + g.other_n END AS n,
    CAST(NULL AS BIGINT) AS numerator,
    CAST(NULL AS BIGINT) AS denominator,
    CASE m.metric WHEN 'attendance.gap_within_4h' THEN g.abuse_immature + g.other_immature ELSE CAST(0 AS BIGINT) END AS n_immature,
    g.unknown_outcome AS n_unknown,
    g.excluded AS n_excluded,
    g.clock_fallback AS n_clock_fallback,
    g.still_open AS open_records,
    g.last_event_at,
    CASE m.metric
        WHEN 'attendance.gap_ratio_other' THEN EXP(LN(g.ratio_other) - g.half_width)
        WHEN 'attendance.gap_within_4h' THEN g.difference - g.below
    END AS ci_low,
    CASE m.metric
        WHEN 'attendance.gap_ratio_other' THEN EXP(LN(g.ratio_other) + g.half_width)
        WHEN 'attendance.gap_within_4h' THEN g.difference + g.above
    END AS ci_high,
    CONCAT_WS(
        ';',
        CASE WHEN g.clock_fallback > 0.95E0 * g.incidents THEN 'created_clock' WHEN g.clock_fallback >= 0.05E0 * g.incidents AND g.clock_fallback > 0 THEN 'mixed_clock' END,
        CASE WHEN g.unknown_origin_counted > 0 THEN 'unknown_origin_counted' END
    ) AS notes
FROM gaps AS g
CROSS JOIN (VALUES
    ('attendance.gap_ratio'),
    ('attendance.gap_s'),
    ('attendance.gap_ratio_other'),
    ('attendance.gap_within_4h')
) AS m(metric)
