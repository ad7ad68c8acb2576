-- Incidents as they are raised: out of answered calls, out of contacts, and by others than the public.
CREATE TABLE raised AS
WITH sources AS (
    SELECT
        id, CASE line WHEN '999' THEN '999 call' ELSE '101 call' END AS origin, start,
        coalesce(answer, switchboard_answer) + between_(id, 'typed', 20, 90) AS created,
        CASE WHEN NOT withheld THEN person END AS person, NULL::BIGINT AS contact
    FROM calls
    WHERE direction = 'In' AND coalesce(answer, switchboard_answer) IS NOT NULL
      AND u(id, 'incident') < CASE line WHEN '999' THEN 0.55 ELSE 0.24 END
    UNION ALL
    SELECT
        id, CASE channel WHEN 'front_counter' THEN 'Front counter' ELSE 'Online' END, submitted,
        submitted + between_(id, 'keyed', 600, 2400), CASE WHEN NOT withheld THEN person END, id
    FROM contacts
    WHERE u(id, 'incident') < CASE channel WHEN 'online_report' THEN 0.35 WHEN 'front_counter' THEN 0.6 ELSE 0.1 END
    UNION ALL
    SELECT
        id,
        CASE WHEN u(id, 'who') < 0.75 THEN 'Police generated' WHEN u(id, 'who') < 0.92 THEN 'Other force' ELSE '' END,
        start, start + 5, NULL, NULL
    FROM demand
), graded AS (
    SELECT
        *,
        u(id, 'grade') AS g,
        u(id, 'domestic') < CASE origin WHEN '999 call' THEN 0.20 WHEN '101 call' THEN 0.13 WHEN 'Online' THEN 0.04 ELSE 0.01 END AS domestic,
        u(id, 'odd') AS odd
    FROM sources
), placed AS (
    SELECT
        id, origin, start, created, person, contact, domestic,
        CASE
            WHEN origin = '999 call' THEN CASE WHEN g < 0.38 THEN '1' WHEN g < 0.78 THEN '2' WHEN g < 0.95 THEN '3' ELSE '4' END
            WHEN origin = 'Online' THEN CASE WHEN g < 0.01 THEN '1' WHEN g < 0.25 THEN '2' WHEN g < 0.72 THEN '3' ELSE '4' END
            ELSE CASE WHEN g < 0.05 THEN '1' WHEN g < 0.46 THEN '2' WHEN g < 0.80 THEN '3' ELSE '4' END
        END AS grade,
        CASE
            WHEN odd < 0.004 THEN 'training' WHEN odd < 0.007 THEN 'pre_planned' WHEN odd < 0.022 THEN 'duplicate'
            WHEN odd < 0.027 THEN 'on_scene' WHEN odd < 0.029 THEN 'negative'
        END AS oddity,
        CASE WHEN NOT domestic AND u(id, 'flag') < 0.02 THEN '' WHEN domestic THEN 'Y' ELSE 'N' END AS flag,
        list_extract(['North', 'South', 'Moorland', 'Coast', 'North', 'South', 'South', ''], CASE WHEN u(id, 'no_area') < 0.01 THEN 8 ELSE between_(id, 'area', 1, 8) END) AS area
    FROM graded
)
SELECT
    *,
    local_month(start) AS month,
    -- The population that the inspectors' figures are about.
    origin IN ('999 call', '101 call', 'Online', 'Front counter') AND oddity IS NULL
        AND start >= getvariable('year_start') AND start < getvariable('year_end') AS headline,
    CASE WHEN grade = '2' AND domestic THEN '2_domestic' WHEN grade = '2' THEN '2_other' ELSE grade END AS kind
FROM placed;
