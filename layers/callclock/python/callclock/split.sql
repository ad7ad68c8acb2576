-- Numerators and denominators of one metric by one dimension, at two period ends: what a change is made of.
SELECT {dimension}, period_end, numerator, denominator
FROM metric_values
WHERE metric = $metric AND period_kind = $period AND period_end IN ($old_end, $new_end)
  AND {dimension} <> 'all' AND numerator IS NOT NULL {where}
