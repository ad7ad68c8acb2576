-- Athena's text of callclock/metrics/followthrough_linked.sql, written by make athena.
WITH indexes AS (
  /* Named here, they are worked out once, not for each of the places that read them. */
  SELECT
    *
  FROM followthrough_indexes
), followed AS (
  SELECT
    source,
    record_key,
    caller_key,
    key_epoch,
    hung_up_at
  FROM indexes
  WHERE
    NOT caller_key IS NULL
), callers AS (
  /* Most callers are never followed: what they did is not ordered at all. */
  SELECT
    caller_key,
    key_epoch
  FROM followed
  GROUP BY
    caller_key,
    key_epoch
), events AS (
  SELECT
    k.caller_key,
    k.key_epoch,
    k.contact_at AS event_at,
    1 AS is_contact,
    CAST(NULL AS VARCHAR) AS source,
    CAST(NULL AS VARCHAR) AS record_key,
    FALSE AS is_placebo,
    DATE_DIFF(
      'MILLISECOND',
      DATE_TRUNC('MILLISECOND', CAST('1970-01-01 00:00:00' AS TIMESTAMP)),
      DATE_TRUNC('MILLISECOND', k.contact_at)
    ) * 16 + k.outcome_no AS contact,
    CASE WHEN k.outcome_no IN (4, 5) THEN k.contact_at END AS online_at,
    CAST(NULL AS TIMESTAMP) AS hang_up_at
  FROM followthrough_contacts AS k
  INNER JOIN callers AS c
    ON c.caller_key = k.caller_key AND c.key_epoch = k.key_epoch
  /* Beyond it there may be more at hand, by chance. */
  CROSS JOIN reach
  WHERE
    k.local_date < reach.end_date
  UNION ALL
  SELECT
    s.caller_key,
    s.key_epoch,
    s.started_at,
    1,
    NULL,
    NULL,
    FALSE,
    NULL,
    NULL,
    s.started_at
  FROM calls_stated AS s
  INNER JOIN callers AS c
    ON c.caller_key = s.caller_key AND c.key_epoch = s.key_epoch
  CROSS JOIN reach
  WHERE
    s.counted AND s.hung_up AND NOT s.live_answer AND s.local_date < reach.end_date
  UNION ALL
  SELECT
    caller_key,
    key_epoch,
    hung_up_at,
    0,
    source,
    record_key,
    FALSE,
    NULL,
    NULL,
    NULL
  FROM followed
  UNION ALL
  SELECT
    caller_key,
    key_epoch,
    hung_up_at - INTERVAL '168' HOUR,
    0,
    source,
    record_key,
    TRUE,
    NULL,
    NULL,
    NULL
  FROM followed
), next_of AS (
  /* A contact at the very instant is not after it: it comes below the hang-up and is not seen. */
  SELECT
    e.source,
    e.record_key,
    e.is_placebo,
    e.is_contact,
    MIN(e.contact) OVER later AS contact,
    MIN(e.online_at) OVER later AS online_at,
    MIN(e.hang_up_at) OVER later AS hang_up_at
  FROM events AS e
  WINDOW later AS (
    PARTITION BY e.caller_key, e.key_epoch
    ORDER BY e.event_at DESC, e.is_contact
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
), linked AS (
  SELECT
    source,
    record_key,
    MAX(CASE WHEN NOT is_placebo THEN contact END) AS contact,
    MAX(CASE WHEN NOT is_placebo THEN online_at END) AS online_at,
    MAX(CASE WHEN NOT is_placebo THEN hang_up_at END) AS hang_up_at,
    MAX(CASE WHEN is_placebo THEN contact END) AS placebo_contact,
    MAX(CASE WHEN is_placebo THEN online_at END) AS placebo_online_at
  FROM next_of
  WHERE
    is_contact = 0
  GROUP BY
    source,
    record_key
), unknown_times AS (
  SELECT
    gap_from,
    gap_to,
    FALSE AS placebo_only
  FROM source_gaps
  UNION ALL
  /* Where the linked sources change between the two windows, the two cannot be compared. */
  SELECT
    covered_from,
    covered_from,
    TRUE
  FROM sources
  WHERE
    NOT covered_from IS NULL
  UNION ALL
  SELECT
    retired_at,
    retired_at,
    TRUE
  FROM sources
  WHERE
    NOT retired_at IS NULL
), covered AS (
  SELECT
    i.source,
    i.record_key,
    COUNT(*) FILTER(WHERE
      NOT u.placebo_only
      AND u.gap_from < i.hung_up_at + INTERVAL '72' HOUR
      AND u.gap_to > i.hung_up_at) AS uncovered,
    COUNT(*) FILTER(WHERE
      NOT u.placebo_only
      AND u.gap_from < i.hung_up_at - INTERVAL '96' HOUR
      AND u.gap_to > i.hung_up_at - INTERVAL '168' HOUR
      OR u.placebo_only
      AND u.gap_from > i.hung_up_at - INTERVAL '168' HOUR
      AND u.gap_from <= i.hung_up_at + INTERVAL '72' HOUR) AS placebo_uncovered
  FROM indexes AS i
  CROSS JOIN unknown_times AS u
  GROUP BY
    i.source,
    i.record_key
)
SELECT
  i.*,
  l.contact,
  l.online_at,
  l.hang_up_at,
  l.placebo_contact,
  l.placebo_online_at,
  COALESCE(c.uncovered, 0) > 0 AS uncovered,
  COALESCE(c.placebo_uncovered, 0) > 0 AS placebo_uncovered
FROM indexes AS i
LEFT JOIN linked AS l
  ON l.source = i.source AND l.record_key = i.record_key
LEFT JOIN covered AS c
  ON c.source = i.source AND c.record_key = i.record_key
