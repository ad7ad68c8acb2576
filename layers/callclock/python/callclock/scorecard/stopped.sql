-- Exports that were not read, newest first: their message says what to do.
SELECT arrived_at, object_key, status, message
FROM receipts
WHERE status <> 'read'
ORDER BY arrived_at DESC, object_key
LIMIT 20
