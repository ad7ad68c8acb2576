-- Changes of grade since the export before.
SELECT
    'SIM' || lpad(number::VARCHAR, 8, '0') AS "Incident Number",
    wall(regraded) AS "Changed",
    'Grade ' || grade AS "From",
    'Grade ' || grade_final AS "To"
FROM incidents
WHERE grade_final <> grade AND regraded > getvariable('since') AND regraded <= getvariable('exported')
ORDER BY number
