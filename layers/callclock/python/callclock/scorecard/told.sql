-- The newest notices.
SELECT decided_at, subject, reason, state, severity, since
FROM notices
WHERE held_back IS NULL
ORDER BY decided_at DESC, rule_id
LIMIT 30
