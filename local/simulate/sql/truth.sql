-- What the generator knows, over the financial year; its own records, before any export or dirt.
WITH attended AS (
    SELECT *, (arrived - start) / 3600.0 AS hours, coalesce(arrived, closed, 9e18) - start AS ends
    FROM incidents
    WHERE headline AND grade = '2'
), year_calls AS (
    SELECT * FROM calls
    WHERE line = '101' AND direction = 'In' AND start >= getvariable('year_start') AND start < getvariable('year_end')
)
SELECT
    (SELECT count(*) FROM year_calls) AS calls_101_offered,
    (SELECT count(*) FROM calls WHERE line = '999' AND start >= getvariable('year_start') AND start < getvariable('year_end')) AS calls_999_offered,
    (SELECT count(*) FILTER (route IS NOT NULL) / count(*) FROM year_calls) AS calls_101_abandonment_rate,
    (SELECT median(hours) FROM attended) AS grade_2_median_h,
    (SELECT median(hours) FROM attended WHERE domestic) AS grade_2_domestic_abuse_median_h,
    (SELECT count(*) FILTER (hours <= 4) / count(*) FROM attended WHERE domestic) AS grade_2_domestic_abuse_within_4h,
    (SELECT count(*) FILTER (ends > 7 * 86400) / count(*) FROM attended WHERE domestic) AS grade_2_domestic_abuse_over_7d,
    (
        SELECT count(declined) / count(*)
        FROM safeguarding JOIN incidents USING (id) WHERE headline AND arrived IS NOT NULL
    ) AS safeguarding_declined_share
