-- Athena's text of callclock/metrics/followthrough_contact_days.sql, written by make athena.
SELECT
  k.local_date,
  k.outcome_no,
  COUNT(*) AS contacts,
  COUNT(k.caller_key) AS linkable,
  MAX(k.contact_at) AS last_event_at
FROM followthrough_contacts AS k
GROUP BY
  k.local_date,
  k.outcome_no
