-- The newest notices, without the weekly digests, which only tell the same again.
SELECT decided_at, subject, reason, state, severity, since
FROM notices
WHERE held_back IS NULL AND reason <> 'digest'
ORDER BY decided_at DESC, rule_id
LIMIT 30
