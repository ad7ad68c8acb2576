-- Athena's text of callclock/metrics/attendance_fates.sql, written by make athena.
SELECT
  f.fate_no,
  f.fate
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
  (21, 'negative_interval')) AS f(fate_no, fate)
