-- The newest restatements of monthly figures of the whole force; of one moment first those that the page shows.
SELECT restated_at, metric, period_label, grade, population, line, stage, old_value, new_value, cause
FROM restatements
WHERE period_kind = 'month' AND grade_basis IN ('all', 'initial')
    AND area = 'all' AND queue = 'all' AND hour_of_week = 'all' AND reason = 'all'
ORDER BY restated_at DESC, list_contains(CAST($metrics AS VARCHAR[]), metric) DESC, period_label DESC, metric, grade, population, line, stage
LIMIT 40
