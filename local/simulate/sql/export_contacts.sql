-- Online contact: everything sent from getvariable('since') to getvariable('until') and keyed (snapshot).
SELECT
    'WEB-' || lpad(contact_refs.number::VARCHAR, 7, '0') AS "Reference",
    CASE channel
        WHEN 'online_report' THEN 'Online report' WHEN 'webchat' THEN 'Live chat' WHEN 'front_counter' THEN 'Front counter'
        ELSE CASE WHEN u(contacts.id, 'mail') < 0.6 THEN 'E-mail' ELSE 'Social media' END
    END AS "Channel",
    CASE WHEN dirt < 0.0005 THEN '00/00/0000 00:00:00' ELSE wall(submitted) END AS "Submitted",
    wall(submitted + between_(contacts.id, 'keyed', 600, 2400)) AS "Keyed",
    CASE WHEN dirt BETWEEN 0.0005 AND 0.0010 THEN '@SHORT' WHEN NOT contacts.withheld THEN written_number(contacts.person, u(contacts.id, 'style')) END AS "Telephone",
    'SIM' || lpad(incidents.number::VARCHAR, 8, '0') AS "Incident"
FROM (
    SELECT *, u(id, 'dirt' || getvariable('exported')) AS dirt
    FROM contacts
    WHERE submitted >= getvariable('since') AND submitted < getvariable('until') AND submitted + 2400 <= getvariable('exported')
) AS contacts
JOIN contact_refs USING (id)
LEFT JOIN incidents ON incidents.contact = contacts.id AND incidents.created <= getvariable('exported')
ORDER BY contact_refs.number
