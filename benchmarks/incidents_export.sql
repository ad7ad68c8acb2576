-- One row for each incident of an export of getvariable('rows') incidents, 0.05 % of them dirty.
WITH made AS (
    SELECT
        i,
        TIMESTAMP '2023-01-01' + to_seconds((i * (getvariable('seconds') / getvariable('rows')))::BIGINT) AS created,
        hash(i * 64 + 1) % 10000 AS dirt,
        hash(i * 64 + 2) % 100 AS chance
    FROM range(getvariable('rows')) AS r(i)
)
SELECT
    'INC' || lpad(i::VARCHAR, 10, '0') AS "Incident Number",
    CASE dirt WHEN 0 THEN '31/02/2024 10:00:00' WHEN 1 THEN 'N/K' ELSE strftime(created, getvariable('form')) END AS "Created",
    strftime(created + to_seconds(20 + (hash(i * 64 + 3) % 60)::BIGINT), getvariable('form')) AS "Call Answered",
    CASE WHEN hash(i * 64 + 4) % 10 > 0 THEN strftime(created + to_seconds(60 + (hash(i * 64 + 5) % 600)::BIGINT), getvariable('form')) END
        AS "First Dispatched",
    CASE
        WHEN dirt = 3 THEN '99/99/9999'
        WHEN hash(i * 64 + 6) % 5 > 0 THEN strftime(created + to_seconds(700 + (hash(i * 64 + 7) % 40000)::BIGINT), getvariable('form'))
    END AS "First Arrival",
    strftime(created + to_seconds(50000 + (hash(i * 64 + 8) % 86400)::BIGINT), getvariable('form')) AS "Closed",
    CASE WHEN dirt = 4 THEN 'Grade X' ELSE 'Grade ' || (1 + chance % 5)::VARCHAR END AS "Response Grade",
    CASE WHEN chance < 12 THEN ['YES', 'Y', 'True'][1 + (chance % 3)::INT] WHEN chance % 2 = 0 THEN 'N' ELSE 'No' END AS "DA Flag",
    'Area ' || chr(65 + (hash(i * 64 + 9) % 10)::INT) AS "LPA",
    'B' || lpad((hash(i * 64 + 10) % 48)::VARCHAR, 2, '0') AS "Beat",
    ['DA01', 'TH02', 'VC03', 'AS04', 'MP05', 'CW06'][1 + (hash(i * 64 + 11) % 6)::INT] AS "Opening Code",
    ['DA01', 'TH02', 'VC03', 'AS04', 'MP05', 'CW06'][1 + (hash(i * 64 + 12) % 6)::INT] AS "Closing Code",
    (430000 + (hash(i * 64 + 13) % 30000)::INT)::VARCHAR AS "Easting",
    (380000 + (hash(i * 64 + 14) % 30000)::INT)::VARCHAR AS "Northing",
    md5((hash(i * 64 + 15) % getvariable('callers'))::VARCHAR) AS "Caller",
    (hash(i * 64 + 16) % 5)::VARCHAR AS "Units Sent",
    ['999', '101', 'Online', 'Other'][1 + (hash(i * 64 + 17) % 4)::INT] AS "Contact Channel",
    CASE
        WHEN hash(i * 64 + 18) % 50 = 0 THEN 'Line one, ref "' || (i % 97) || '"' || chr(10) || 'second line; café £' || (i % 31)
        ELSE 'caller reports a dispute outside the address, ref ' || (hash(i * 64 + 19) % 100000)
    END AS "Summary",
    'attended, words of advice given; ' || (hash(i * 64 + 20) % 1000000) AS "Result Text",
    strftime(created + to_seconds(140000 + (hash(i * 64 + 21) % 86400)::BIGINT), getvariable('form')) AS "Last Updated"
FROM made
