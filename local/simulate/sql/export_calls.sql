-- Telephones: every call that began from getvariable('since') to getvariable('until') and has ended (snapshot).
-- In the first export of September the recorder had lost the answers of one afternoon hour; it was exported again.
SELECT
    'T' || lpad(number::VARCHAR, 9, '0') AS "Call Ref",
    CASE WHEN dirt BETWEEN 0.0007 AND 0.0010 THEN '@SHORT' ELSE line END AS "Line",
    direction AS "Direction",
    CASE WHEN dirt < 0.0004 THEN '31/02/2024' ELSE strftime(local_clock(start), '%d/%m/%Y') END AS "Date",
    clock(start) AS "Start",
    clock(ivr_in) AS "Message Start",
    clock(web_message) AS "Website Offered",
    clock(ivr_out) AS "Message End",
    clock(switchboard_queue) AS "Switchboard Queue",
    clock(CASE WHEN NOT lost THEN switchboard_answer END) AS "Switchboard Answer",
    clock(CASE WHEN NOT lost THEN queue_in END) AS "Queue Start",
    CASE WHEN NOT lost THEN queue END AS "Queue",
    clock(CASE WHEN NOT lost THEN ringing END) AS "Ringing",
    clock(CASE WHEN NOT lost THEN answer END) AS "Answer",
    clock(callback_asked) AS "Callback Asked",
    wall(CASE WHEN callback_made <= getvariable('exported') THEN callback_made END) AS "Callback Made",
    CASE WHEN dirt BETWEEN 0.0004 AND 0.0005 THEN '25:61:00' ELSE clock(ended) END AS "End",
    CASE WHEN dirt BETWEEN 0.0005 AND 0.0007 THEN '#N/A' WHEN lost THEN 'Abandoned' ELSE result END AS "Result",
    CASE
        WHEN withheld THEN list_extract([NULL, 'Withheld', 'Unavailable'], between_(id, 'withheld_as', 1, 4))
        ELSE written_number(person, u(id, 'style'))
    END AS "Caller"
FROM (
    SELECT
        *,
        u(id, 'dirt' || getvariable('exported')) AS dirt,
        getvariable('lost_hour') AND result = 'Answered' AND line = '101'
            AND start >= getvariable('lost_from') AND start < getvariable('lost_from') + 3600 AS lost
    FROM calls JOIN call_refs USING (id)
    WHERE start >= getvariable('since') AND start < getvariable('until') AND ended <= getvariable('exported')
)
JOIN (VALUES (1), (2)) AS copies (copy) ON copy = 1 OR u(id, 'twice') < 0.0002
ORDER BY number, copy
