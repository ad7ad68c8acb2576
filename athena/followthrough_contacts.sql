-- Athena's text of callclock/metrics/followthrough_contacts.sql, written by make athena.
SELECT
  1 AS outcome_no,
  c.caller_key,
  c.key_epoch,
  c.callback_connected_at AS contact_at,
  c.local_date
FROM calls_stated AS c
WHERE
  c.counted AND NOT c.callback_connected_at IS NULL
UNION ALL
SELECT
  CASE c.line WHEN '101' THEN 2 ELSE 3 END,
  c.caller_key,
  c.key_epoch,
  c.started_at,
  c.local_date
FROM calls_stated AS c
WHERE
  c.counted AND c.live_answer AND c.line IN ('101', '999')
UNION ALL
SELECT
  CASE k.channel
    WHEN 'online_report'
    THEN 4
    WHEN 'webchat'
    THEN 5
    WHEN 'email_social'
    THEN 6
    ELSE 7
  END,
  k.caller_key,
  COALESCE(k.key_epoch, ''),
  k.submitted_at,
  k.local_date
FROM contacts AS k
WHERE
  k.set_aside IS NULL
UNION ALL
SELECT
  8,
  i.caller_key,
  COALESCE(i.key_epoch, ''),
  i.started_at,
  i.local_date
FROM incidents AS i
CROSS JOIN run
/* A duplicate, too, is somebody who got in touch. */
WHERE
  (
    i.origin = 'public'
    OR (
      COALESCE(i.origin, 'unknown') = 'unknown' AND run.count_unknown_origin
    )
  )
  AND NOT COALESCE(i.exclusion, '') IN ('officer_made', 'training', 'pre_planned', 'external')
