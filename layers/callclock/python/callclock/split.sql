-- What one metric is made of by one dimension, at two period ends: of a share its two sides; of a mean its sum and its
-- records; of a count the parts alone. The whole stands among them as `all`.
SELECT
    {dimension},
    period_end,
    CASE unit WHEN 'share' THEN numerator WHEN 's' THEN value * n ELSE value END AS numerator,
    CASE unit WHEN 'share' THEN denominator WHEN 's' THEN n ELSE 0 END AS denominator
FROM metric_values
WHERE metric = $metric AND period_kind = $period AND period_end IN ($old_end, $new_end)
  AND value IS NOT NULL {where}
