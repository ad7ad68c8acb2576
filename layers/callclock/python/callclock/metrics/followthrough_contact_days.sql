-- relation: followthrough_contact_days
-- from: followthrough_contacts
-- stored: yes
-- meaning: Contacts of each local day by what they are: how many, how many of them have a caller, and the last. Every period that holds the day adds them up.
SELECT
    k.local_date,
    k.outcome_no,
    COUNT(*) AS contacts,
    COUNT(k.caller_key) AS linkable,
    MAX(k.contact_at) AS last_event_at
FROM followthrough_contacts AS k
GROUP BY k.local_date, k.outcome_no
