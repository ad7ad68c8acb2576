-- What happens to each attempt on 101: the recorded message, the switchboard, the queue for the person who can help.
INSERT INTO calls
WITH fated AS (
    SELECT
        *,
        u(id, 'hang') < hang_up AS hung,
        u(id, 'fate') AS f,
        u(id, 'message') < 0.7 AS message_on
    FROM attempts
), named AS (
    SELECT
        *,
        CASE
            WHEN hung AND f < 0.12 THEN 'hung_early'
            WHEN hung AND f < 0.30 THEN 'hung_late'
            WHEN hung AND f < 0.93 THEN 'hung_queue'
            WHEN hung THEN 'hung_ringing'
            WHEN f < 0.030 THEN 'contained'
            WHEN f < 0.035 THEN 'failed'
            WHEN f < 0.150 THEN 'switchboard_helped'
            WHEN f < 0.200 THEN 'transferred'
            WHEN f < 0.280 THEN 'hung_after_switchboard'
            WHEN f < 0.335 THEN 'callback'
            ELSE 'answered'
        END AS fate
    FROM fated
), message AS (
    SELECT
        *,
        CASE WHEN fate <> 'failed' THEN start + 1 END AS entered,
        CASE fate
            WHEN 'failed' THEN NULL
            WHEN 'hung_early' THEN start + between_(id, 'left', 4, 30)
            WHEN 'hung_late' THEN start + between_(id, 'left', 33, 46)
            ELSE start + between_(id, 'left', 48, 62)
        END AS left_message
    FROM named
), switchboard AS (
    SELECT
        *,
        CASE WHEN message_on AND left_message > start + 31 THEN start + 31 END AS prompted,
        fate NOT IN ('failed', 'contained', 'hung_early', 'hung_late') AS queued,
        left_message + 3 + CASE WHEN hung THEN expo(id, 'patience', 210) ELSE expo(id, 'switchboard', 380 * hang_up) END AS served
    FROM message
), helped AS (
    SELECT
        *,
        CASE WHEN queued AND NOT hung THEN served END AS switchboard_answer,
        fate IN ('hung_after_switchboard', 'callback', 'answered') AS through,
        served + between_(id, 'put_through', 30, 75) AS put_through
    FROM switchboard
), skilled AS (
    SELECT *, put_through + 4 + expo(id, 'skill', 1100 * hang_up) AS reached FROM helped
)
SELECT
    id, attempt, line, 'In', start, person, withheld, hang_up,
    entered, prompted, left_message,
    CASE WHEN queued THEN left_message END,
    switchboard_answer,
    CASE WHEN through THEN put_through END,
    CASE WHEN through THEN list_extract(['Crime Desk', 'Response Desk', 'Custody Desk', 'Records'], between_(id, 'queue', 1, 5)) END,
    CASE fate WHEN 'answered' THEN reached WHEN 'hung_ringing' THEN greatest(served - 4, left_message) END,
    CASE WHEN fate = 'answered' THEN reached + 4 END,
    CASE WHEN fate = 'callback' THEN reached END,
    CASE WHEN fate = 'callback' AND u(id, 'called_back') < 0.8 THEN reached + between_(id, 'callback', 1800, 108000) END,
    CASE
        WHEN fate = 'failed' THEN start + 2
        WHEN fate = 'contained' THEN left_message + between_(id, 'listened', 5, 60)
        WHEN fate IN ('hung_early', 'hung_late') THEN left_message
        WHEN hung THEN served
        WHEN fate = 'switchboard_helped' THEN served + 40 + expo(id, 'talk', 120)
        WHEN fate = 'transferred' THEN put_through
        WHEN fate = 'hung_after_switchboard' THEN reached
        WHEN fate = 'callback' THEN reached + 12
        ELSE reached + 64 + expo(id, 'talk', 420)
    END,
    CASE
        WHEN hung OR fate = 'hung_after_switchboard' THEN 'Abandoned'
        WHEN fate = 'contained' THEN 'IVR Complete'
        WHEN fate = 'failed' THEN 'Failed'
        WHEN fate = 'transferred' THEN 'Transferred'
        WHEN fate = 'callback' THEN 'Callback'
        ELSE 'Answered'
    END,
    -- Where the people go who hung up before anybody answered; the message sends some to the website.
    CASE WHEN hung THEN CASE
        WHEN u(id, 'route') < getvariable('redial') AND attempt + 1 < getvariable('attempts') THEN 'redial'
        WHEN u(id, 'route') BETWEEN getvariable('redial') AND 0.45 THEN 'dial_999'
        WHEN u(id, 'route') BETWEEN 0.45 AND CASE WHEN prompted IS NOT NULL THEN 0.57 ELSE 0.50 END THEN 'online_report'
        WHEN u(id, 'route') BETWEEN 0.57 AND 0.59 THEN 'webchat'
        WHEN u(id, 'route') BETWEEN 0.59 AND 0.60 THEN 'email_social'
        WHEN u(id, 'route') BETWEEN 0.60 AND 0.61 THEN 'front_counter'
        ELSE 'vanish'
    END END
FROM skilled;
