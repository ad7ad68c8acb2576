-- Contacts that are no calls: those who always would have, and those who had hung up on 101.
INSERT INTO contacts
SELECT
    id,
    CASE
        WHEN u(id, 'channel') < 0.62 THEN 'online_report'
        WHEN u(id, 'channel') < 0.76 THEN 'webchat'
        WHEN u(id, 'channel') < 0.92 THEN 'email_social'
        ELSE 'front_counter'
    END,
    start, person, u(id, 'no_number') < 0.2
FROM demand
UNION ALL
SELECT
    id + 8000000000000, route,
    ended + 60 + CASE WHEN route = 'webchat' THEN expo(id, 'to_web', 1500) ELSE expo(id, 'to_web', 9000) END,
    person, withheld OR u(id, 'no_number') < 0.1
FROM calls
WHERE route IN ('online_report', 'webchat', 'email_social', 'front_counter');

-- References in order of time, as systems give them.
CREATE TABLE call_refs AS SELECT id, row_number() OVER (ORDER BY start, id) AS number FROM calls;
CREATE TABLE contact_refs AS SELECT id, row_number() OVER (ORDER BY submitted, id) AS number FROM contacts;
