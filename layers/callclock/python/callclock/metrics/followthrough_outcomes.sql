-- relation: followthrough_outcomes
-- from: none
-- stored: no
-- meaning: The ways a person gets in touch, in the order that decides between two at one instant. METRICS "C".
SELECT o.outcome_no, o.outcome
FROM (VALUES
    (1, 'callback'),
    (2, 'answered_101'),
    (3, 'call_999'),
    (4, 'online_report'),
    (5, 'webchat'),
    (6, 'email_social'),
    (7, 'front_counter'),
    (8, 'incident_logged')
) AS o(outcome_no, outcome)
