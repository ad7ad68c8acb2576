-- What the public rows of a force are made from (METRICS "Publishing small numbers"): grade x population at force level,
-- areas for all incidents, line x stage, safeguarding by outcome; months, quarters and whole financial years. Two marks
-- are read for what they tell of the others, and not published.
SELECT v.*
FROM publishable AS v
WHERE (
        v.period_kind IN ('month', 'quarter')
        OR v.period_kind = 'fy_to_date' AND month(v.period_end) = 4
    )
    AND v.basis = 'record' AND v.queue = 'all' AND v.hour_of_week = 'all' AND v.reason = 'all' AND v.risk_level = 'all'
    AND (
        v.metric IN (
            'attendance.incidents', 'attendance.attended', 'attendance.mean_s', 'attendance.median_s', 'attendance.p90_s',
            'attendance.within_4h', 'attendance.over_7d', 'attendance.within_target',
            'attendance.within_7d', 'attendance.closed_unattended_within_7d'
        )
        AND v.grade_basis = 'initial'
        AND (v.area = 'all' OR v.grade = 'all' AND v.population = 'all')
        OR v.metric IN (
            'calls.offered', 'calls.answered', 'calls.abandoned', 'calls.abandonment_rate', 'calls.answered_within_10s',
            'calls.wait_first_mean_s', 'calls.wait_first_median_s', 'calls.wait_first_p90_s', 'calls.stage_share'
        )
        OR v.metric IN (
            'safeguarding.assessed_share', 'safeguarding.offered_share', 'safeguarding.declined_share',
            'safeguarding.no_record_share'
        )
    )
ORDER BY v.period_end, v.period_kind, v.metric, v.line, v.stage, v.grade_scheme, v.grade, v.population, v.area, v.outcome
