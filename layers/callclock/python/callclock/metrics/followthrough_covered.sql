-- relation: followthrough_covered
-- from: followthrough_indexes, sources, source_gaps
-- stored: no
-- meaning: Followed hang-ups whose 72 hours are not covered by every linked source (uncovered), and those without a placebo: the window 168 h earlier is not covered, or a source was linked in one of the two windows only. A source counts as linked from its first coverage to its retirement. METRICS "C".
WITH unknown_times AS (
    SELECT gap_from, gap_to, false AS placebo_only FROM source_gaps
    UNION ALL
    -- Where the linked sources change between the two windows, the two cannot be compared.
    SELECT covered_from, covered_from, true FROM sources WHERE covered_from IS NOT NULL
    UNION ALL
    SELECT retired_at, retired_at, true FROM sources WHERE retired_at IS NOT NULL
)
SELECT
    i.source,
    i.record_key,
    COUNT(*) FILTER (WHERE NOT u.placebo_only AND u.gap_from < i.hung_up_at + INTERVAL '72' HOUR AND u.gap_to > i.hung_up_at) AS uncovered,
    COUNT(*) FILTER (
        WHERE NOT u.placebo_only AND u.gap_from < i.hung_up_at - INTERVAL '96' HOUR AND u.gap_to > i.hung_up_at - INTERVAL '168' HOUR
        OR u.placebo_only AND u.gap_from > i.hung_up_at - INTERVAL '168' HOUR AND u.gap_from <= i.hung_up_at + INTERVAL '72' HOUR
    ) AS placebo_uncovered
FROM followthrough_indexes AS i
CROSS JOIN unknown_times AS u
GROUP BY i.source, i.record_key
