-- The distinct callers. Identities are told apart by their source; of numbers ($source is NULL) the plain shapes of UK ones
-- become E.164 here ($plain), and hashed is NULL for the rest.
CREATE OR REPLACE TEMP TABLE distinct_callers AS
SELECT
    caller,
    CASE
        WHEN CAST($source AS VARCHAR) IS NOT NULL THEN $source || '|' || caller
        WHEN NOT $plain THEN NULL
        WHEN regexp_full_match(squeezed, '0[1-37-9][0-9]{{9}}') THEN '+44' || substr(squeezed, 2)
        WHEN regexp_full_match(squeezed, '\+44[1-37-9][0-9]{{9}}') THEN squeezed
    END AS hashed
FROM (
    SELECT caller, replace(caller, ' ', '') AS squeezed
    FROM (SELECT DISTINCT caller FROM ({texts}) WHERE caller IS NOT NULL)
);
-- HMAC-SHA-256: the secret comes as the two padded keys, bound.
CREATE OR REPLACE TEMP TABLE callers AS
SELECT caller, sha256($outer || unhex(sha256($inner || encode(hashed)))) AS caller_key
FROM distinct_callers
WHERE hashed IS NOT NULL
