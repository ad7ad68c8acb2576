-- relation: attendance_fates
-- from: none
-- stored: no
-- meaning: What can become of an incident, numbered: what counts (up to 7), closed unattended by its reason (4 to 7), and why it is left out, in the order of METRICS "Readings settled".
SELECT f.fate_no, f.fate
FROM (VALUES
    (1, 'attended'),
    (2, 'open'),
    (3, 'unknown'),
    (4, 'phone_resolved'),
    (5, 'no_reply'),
    (6, 'cancelled'),
    (7, 'other'),
    (11, 'officer_made'),
    (12, 'training'),
    (13, 'pre_planned'),
    (14, 'duplicate'),
    (15, 'external'),
    (16, 'origin_unknown'),
    (17, 'other_service'),
    (18, 'appointment'),
    (19, 'attendance_not_expected'),
    (20, 'already_on_scene'),
    (21, 'negative_interval')
) AS f(fate_no, fate)
