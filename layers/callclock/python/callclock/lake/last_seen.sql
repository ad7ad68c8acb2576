-- When the records that snapshots brought were last seen, and a hash of which they are: whether a later snapshot should
-- have held them, and did not, follows from it (METRICS "What is known").
SELECT source, observed_at, count(*) AS records, sum(hash(record_key)::HUGEINT)::VARCHAR AS which
FROM folded_month
WHERE resend = 'snapshot'
GROUP BY source, observed_at
ORDER BY source, observed_at
