-- Counts do not always add up, and unaccounted may be negative: it is carried, never mended (METRICS "B").
SELECT p.*, p.offered - coalesce(p.answered, 0) - coalesce(p.abandoned, 0) AS unaccounted
FROM placed AS p
