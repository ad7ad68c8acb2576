-- Risk assessments after domestic abuse: made, declined, or nothing on record. Shares are exact among the attended.
CREATE TABLE safeguarding AS
WITH asked AS (
    SELECT
        id, number, headline, coalesce(arrived, start + 7200) AS from_when, arrived IS NOT NULL AS attended,
        coalesce(arrived, start) - start < 26 * 86400 AS in_time
    FROM incidents
    WHERE domestic AND grade <> '4' AND oddity IS NULL
), ranked AS (
    SELECT
        *,
        (row_number() OVER (PARTITION BY headline, attended ORDER BY u(id, 'risk'), id) - 0.5) / count(*) OVER (PARTITION BY headline, attended) AS rank
    FROM asked
    WHERE in_time
), answered AS (
    SELECT
        *,
        CASE WHEN attended THEN 0.807 ELSE 0.13 END AS offered,
        u(id, 'level') AS l
    FROM ranked
), levelled AS (
    SELECT
        *,
        CASE WHEN rank < offered * (1 - getvariable('declined_share')) THEN from_when + 300 + least(expo(id, 'assessed', 14400), 86400) END AS assessed,
        CASE WHEN rank >= offered * (1 - getvariable('declined_share')) AND rank < offered THEN from_when + between_(id, 'declined', 300, 7200) END AS declined,
        CASE WHEN l < 0.14 THEN 'High' WHEN l < 0.50 THEN 'Medium' ELSE 'Standard' END AS level
    FROM answered
)
SELECT
    id, number, assessed, declined, level,
    CASE WHEN assessed IS NOT NULL AND u(id, 'shared') < CASE level WHEN 'High' THEN 0.9 WHEN 'Medium' THEN 0.4 ELSE 0.06 END
        THEN assessed + 600 + expo(id, 'sharing', 50000) END AS shared
FROM levelled
WHERE assessed IS NOT NULL OR declined IS NOT NULL;
