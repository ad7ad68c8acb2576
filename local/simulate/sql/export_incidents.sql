-- Command and control at getvariable('exported'): what was raised or changed since the export before (delta).
SELECT
    CASE WHEN dirt BETWEEN 0.0006 AND 0.0007 THEN NULL ELSE 'SIM' || lpad(number::VARCHAR, 8, '0') END AS "Incident Number",
    wall(created) AS "Created",
    CASE
        WHEN origin = 'Online' THEN NULL
        WHEN dirt < 0.0003 THEN '31/02/2024 10:00:00'
        WHEN dirt < 0.0004 THEN '01/01/2032 00:00:00'
        ELSE wall(start_now)
    END AS "Call Received",
    CASE WHEN origin = 'Online' THEN wall(start_now) END AS "Submitted Online",
    nullif(origin, '') AS "Origin",
    CASE WHEN u(id, 'number_kept') < 0.9 THEN written_number(person, 0.0) END AS "Caller Number",
    CASE
        WHEN dirt BETWEEN 0.0007 AND 0.0010 THEN '@SHORT'
        WHEN oddity = 'training' THEN 'TRAINING'
        WHEN oddity = 'pre_planned' THEN 'PRE-PLANNED'
        WHEN domestic AND NOT unflagged THEN 'DA01 Domestic – violence or dispute'
        ELSE list_extract(
            ['TH02 Theft', 'VC03 Violence', 'AS04 Anti-social behaviour', 'CW06 Concern for welfare', 'SX08 Café, shop or bar disorder'],
            between_(id, 'code', 1, 6)
        )
    END AS "Opening Code",
    CASE WHEN closed_now IS NULL THEN NULL WHEN oddity = 'duplicate' THEN 'DUPLICATE' ELSE 'CLOSED' END AS "Closing Code",
    'Grade ' || CASE WHEN dirt BETWEEN 0.0004 AND 0.0006 THEN '9' ELSE grade END AS "Initial Grade",
    'Grade ' || CASE WHEN regraded <= exported THEN grade_final ELSE grade END AS "Final Grade",
    CASE WHEN unflagged THEN 'N' ELSE nullif(flag, '') END AS "DA Flag",
    CASE WHEN area = '' AND u(id, 'no_area') < 0.005 THEN 'N/K' ELSE nullif(area, '') END AS "Area",
    wall(slot) AS "Appointment",
    wall(CASE WHEN dispatched <= exported THEN dispatched END) AS "First Dispatched",
    wall(CASE WHEN arrived <= exported THEN arrived END) AS "First At Scene",
    wall(closed_now) AS "Closed",
    CASE
        WHEN closed_now IS NULL OR arrived IS NOT NULL THEN NULL
        ELSE list_extract(['Resolved by phone', 'No reply', 'Cancelled by caller', 'Other'], between_(id, 'closure', 1, 5))
    END AS "Closure Reason"
FROM (
    SELECT
        *,
        getvariable('exported') AS exported,
        -- None in a month's first days, on which the month before rests too: mended a month later, both would be made anew.
        CASE WHEN day(epoch_ms(created * 1000)) > 5 THEN u(id, 'dirt' || getvariable('exported')) ELSE 1 END AS dirt,
        CASE WHEN wrong_start AND corrected > getvariable('exported') THEN start - 30 * 86400 ELSE start END AS start_now,
        wrong_flag AND corrected > getvariable('exported') AS unflagged,
        CASE WHEN closed <= getvariable('exported') THEN closed END AS closed_now
    FROM incidents
    WHERE created <= getvariable('exported')
      -- What went out with dirt in it is looked at, and sent once more with the next export.
      AND greatest(
            created,
            CASE WHEN dispatched <= getvariable('exported') THEN dispatched END,
            CASE WHEN arrived <= getvariable('exported') THEN arrived END,
            CASE WHEN closed <= getvariable('exported') THEN closed END,
            CASE WHEN grade_final <> grade AND regraded <= getvariable('exported') THEN regraded END,
            CASE WHEN (wrong_start OR wrong_flag) AND corrected <= getvariable('exported') THEN corrected END
        ) > getvariable('since') - CASE WHEN day(epoch_ms(created * 1000)) > 5 AND u(id, 'dirt' || getvariable('since')) < 0.0010 THEN 31 * 86400 ELSE 0 END
)
JOIN (VALUES (1), (2)) AS copies (copy) ON copy = 1 OR u(id, 'twice') < 0.0004
ORDER BY number, copy
