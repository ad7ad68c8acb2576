-- relation: safeguarding_cases
-- from: attendance_judged, safeguarding, sources, run
-- stored: yes
-- meaning: One row per domestic abuse incident, where safeguarding records are sent at all: whether somebody came within 28 d, its first assessment, and how long both tables have known of it. In ms from clock start. An assessment, refusal or referral more than 28 d after it does not count, nor a record of an earlier month. METRICS "D".
WITH known AS (
    -- Retired sources hold nothing back; where all are retired, what they said last holds.
    SELECT
        COALESCE(MIN(CASE WHEN s.retired_at IS NULL THEN s.as_at END), MAX(s.as_at)) AS known_until,
        MIN(s.covered_from) AS known_from
    FROM sources AS s
    WHERE s.table_name = 'safeguarding'
    HAVING COUNT(*) > 0
),
abuse AS (
    SELECT j.*
    FROM attendance_judged AS j
    WHERE j.population = 'domestic_abuse'
),
said AS (
    SELECT
        j.source AS incident_source,
        j.record_key AS incident_key,
        a.source,
        a.record_key,
        COALESCE(NULLIF(trim(a.level), ''), 'unknown') AS risk_level,
        date_diff('millisecond', j.clock_start_at, a.assessed_at) AS assessed_ms,
        date_diff('millisecond', j.clock_start_at, a.declined_at) AS declined_ms,
        date_diff('millisecond', j.clock_start_at, a.referral_shared_at) AS shared_ms,
        a.assessed_at,
        a.referral_shared_at
    FROM abuse AS j
    INNER JOIN safeguarding AS a ON a.incident_id = j.incident_id
    WHERE a.set_aside IS NULL
        -- What lies in other months is not read for every kind of period; 28 d never reach beyond the next.
        AND (year(a.local_date) - year(j.local_date)) * 12 + month(a.local_date) - month(j.local_date) IN (0, 1)
),
assessed AS (
    SELECT
        s.*,
        ROW_NUMBER() OVER (PARTITION BY s.incident_source, s.incident_key ORDER BY s.assessed_ms, s.source, s.record_key) AS place
    FROM said AS s
    WHERE s.assessed_ms <= 2419200000
),
declined AS (
    SELECT s.incident_source, s.incident_key, MIN(s.declined_ms) AS declined_ms
    FROM said AS s
    WHERE s.declined_ms <= 2419200000
    GROUP BY s.incident_source, s.incident_key
)
SELECT
    j.local_date,
    j.left_out_no IS NULL AS counted,
    j.left_out_no IS NULL AND j.unknown_origin_counted AS unknown_origin_counted,
    j.left_out_no IS NULL AND j.clock_fallback AS clock_fallback,
    -- As of 28 d: somebody who came later had not come by then.
    CASE
        WHEN j.outcome = 'attended' AND COALESCE(j.attend_ms, 0) <= 2419200000 THEN 'attended'
        WHEN j.outcome = 'unknown' THEN 'unknown'
        ELSE 'never_attended'
    END AS outcome,
    j.outcome = 'open' AS still_open,
    CASE WHEN j.attend_ms <= 2419200000 THEN j.attend_ms END AS attend_ms,
    -- What happened before safeguarding records were sent cannot be told.
    CASE
        WHEN j.local_date >= CAST(k.known_from AS DATE)
            THEN LEAST(COALESCE(j.age_ms, 0), COALESCE(date_diff('millisecond', j.clock_start_at, k.known_until), 0))
        ELSE 0
    END AS age_ms,
    a.assessed_ms,
    a.risk_level,
    d.declined_ms,
    CASE WHEN a.shared_ms <= 2419200000 THEN a.shared_ms END AS shared_ms,
    -- From assessment; shared before it is shared at once.
    CASE WHEN a.shared_ms < a.assessed_ms THEN 0 ELSE a.shared_ms - a.assessed_ms END AS to_share_ms,
    date_diff('millisecond', j.clock_start_at, k.known_until) - a.assessed_ms AS share_known_ms,
    GREATEST(
        COALESCE(j.last_event_at, j.started_at),
        COALESCE(a.assessed_at, j.started_at),
        COALESCE(a.referral_shared_at, j.started_at)
    ) AS last_event_at
FROM abuse AS j
CROSS JOIN known AS k
LEFT JOIN assessed AS a ON a.incident_source = j.source AND a.incident_key = j.record_key AND a.place = 1
LEFT JOIN declined AS d ON d.incident_source = j.source AND d.incident_key = j.record_key
