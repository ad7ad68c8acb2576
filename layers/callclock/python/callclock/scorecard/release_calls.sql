-- The public table of calls: one row per month and for the year so far, by line.
SELECT
    period_kind,
    period_label,
    period_start,
    period_end,
    line,
    max(value) FILTER (WHERE metric = 'calls.offered') AS offered,
    max(value) FILTER (WHERE metric = 'calls.answered') AS answered,
    max(value) FILTER (WHERE metric = 'calls.abandoned') AS abandoned,
    max(value) FILTER (WHERE metric = 'calls.abandonment_rate') AS abandonment_rate,
    max(value) FILTER (WHERE metric = 'calls.wait_first_mean_s') AS mean_s,
    max(value) FILTER (WHERE metric = 'calls.wait_first_median_s') AS median_s,
    max(value) FILTER (WHERE metric = 'calls.wait_first_p90_s') AS p90_s,
    bool_and(complete) AS complete,
    max(as_at) AS as_at
FROM metric_values
WHERE metric IN (
        'calls.offered', 'calls.answered', 'calls.abandoned', 'calls.abandonment_rate',
        'calls.wait_first_mean_s', 'calls.wait_first_median_s', 'calls.wait_first_p90_s'
    )
    AND period_kind IN ('month', 'fy_to_date')
    AND queue = 'all' AND stage = 'all' AND hour_of_week = 'all' AND basis = 'record'
GROUP BY period_kind, period_label, period_start, period_end, line
ORDER BY period_end, period_kind DESC, line
