-- The same by month, for the story.
SELECT
    month,
    any_value(offered) AS calls_101_offered,
    any_value(rate) AS calls_101_abandonment_rate,
    median(arrived - start) FILTER (domestic) / 3600.0 AS grade_2_domestic_abuse_median_h
FROM incidents
JOIN (
    SELECT local_month(start) AS month, count(*) AS offered, count(*) FILTER (route IS NOT NULL) / count(*) AS rate
    FROM calls WHERE line = '101' AND direction = 'In' GROUP BY ALL
) USING (month)
WHERE headline AND grade = '2'
GROUP BY month
ORDER BY month
