-- Records with versions that are equal in time and differ in content, and at how many times: which of them stands is
-- chance (DESIGN 2).
SELECT {record}, count(*) AS conflicts
FROM (
    SELECT {record}
    FROM staged SEMI JOIN several USING ({record})
    GROUP BY {record}, record_updated_at, exported_at
    HAVING min(hash({content})) <> max(hash({content}))
) AS d
GROUP BY {record}
