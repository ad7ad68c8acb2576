-- Risk assessments made, declined or shared since the export before.
SELECT
    'R' || lpad(number::VARCHAR, 8, '0') AS "Assessment",
    'SIM' || lpad(number::VARCHAR, 8, '0') AS "Incident Number",
    'DASH' AS "Tool",
    CASE WHEN assessed IS NOT NULL THEN level END AS "Risk Level",
    wall(assessed) AS "Assessed",
    wall(declined) AS "Declined",
    wall(shared_now) AS "Shared",
    CASE WHEN shared_now IS NOT NULL THEN 'MARAC' END AS "Shared With"
FROM (
    SELECT *, CASE WHEN shared <= getvariable('exported') THEN shared END AS shared_now
    FROM safeguarding
    WHERE coalesce(assessed, declined) <= getvariable('exported')
      AND greatest(assessed, declined, CASE WHEN shared <= getvariable('exported') THEN shared END) > getvariable('since')
)
ORDER BY number
