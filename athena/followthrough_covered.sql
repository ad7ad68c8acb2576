-- Athena's text of callclock/metrics/followthrough_covered.sql, written by make athena.
WITH unknown_times AS (
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
)
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
FROM followthrough_indexes AS i
CROSS JOIN unknown_times AS u
GROUP BY
  i.source,
  i.record_key
