-- The newest notices, without the weekly digests, which only tell the same again, and those of exports, which the page
-- lists for as long as they are not read.
SELECT decided_at, subject, reason, state, severity, since
FROM notices
WHERE held_back IS NULL AND rule_id NOT IN ('weekly-digest', 'export')
ORDER BY decided_at DESC, rule_id
LIMIT 30
