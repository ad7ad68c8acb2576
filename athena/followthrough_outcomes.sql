-- Athena's text of callclock/metrics/followthrough_outcomes.sql, written by make athena.
SELECT
  o.outcome_no,
  o.outcome
FROM (VALUES
  (1, 'callback'),
  (2, 'answered_101'),
  (3, 'call_999'),
  (4, 'online_report'),
  (5, 'webchat'),
  (6, 'email_social'),
  (7, 'front_counter'),
  (8, 'incident_logged')) AS o(outcome_no, outcome)
