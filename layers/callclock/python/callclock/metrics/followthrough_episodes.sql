-- relation: followthrough_episodes
-- from: followthrough_linked, period_days
-- stored: yes
-- monthly: yes
-- meaning: One row per followed hang-up and period (month and longer): whether it is linkable and mature, what came first and after how long, the same a week earlier. One cohort for all windows: contacts later than 72 h are not kept.
WITH placed AS (
    SELECT
        p.period_kind,
        p.period_label,
        i.caller_key,
        i.key_epoch,
        i.stage,
        i.hung_up_at,
        i.caller_key IS NOT NULL AS linkable,
        NOT i.uncovered AS mature,
        NOT i.uncovered AND NOT i.placebo_uncovered AS with_placebo,
        CASE
            WHEN i.ivr_entered_at IS NULL THEN 'no_message'
            WHEN i.alternative_offered_at <= i.hung_up_at THEN 'prompted'
            WHEN i.tells_alternative THEN 'not_prompted'
            ELSE 'unknown'
        END AS prompt,
        -- Milliseconds since 1970 and outcome_no, apart again.
        i.contact % 16 AS outcome_no,
        i.placebo_contact % 16 AS placebo_outcome_no,
        CAST(CAST(i.contact - i.contact % 16 AS DOUBLE) / 16.0E0 AS BIGINT) AS contact_ms,
        CAST(CAST(i.placebo_contact - i.placebo_contact % 16 AS DOUBLE) / 16.0E0 AS BIGINT) AS placebo_contact_ms,
        date_diff('millisecond', CAST('1970-01-01 00:00:00' AS TIMESTAMP), i.hung_up_at) AS hung_up_ms,
        date_diff('millisecond', i.hung_up_at, i.online_at) AS online_after_ms,
        date_diff('millisecond', i.hung_up_at - INTERVAL '168' HOUR, i.placebo_online_at) AS placebo_online_after_ms,
        date_diff('millisecond', i.hung_up_at, i.hang_up_at) AS hung_up_again_after_ms
    FROM followthrough_linked AS i
    INNER JOIN period_days AS p
        ON p.local_date = i.episode_date AND p.period_kind IN ('month', 'quarter', 'fy_to_date', 'rolling_12m')
),
timed AS (
    SELECT
        p.*,
        p.contact_ms - p.hung_up_ms AS delay_ms,
        p.placebo_contact_ms - (p.hung_up_ms - 604800000) AS placebo_delay_ms
    FROM placed AS p
)
SELECT
    t.period_kind,
    t.period_label,
    t.caller_key,
    t.key_epoch,
    t.stage,
    t.hung_up_at,
    t.prompt,
    t.linkable,
    t.mature,
    t.with_placebo,
    CASE WHEN t.delay_ms <= 259200000 THEN t.outcome_no END AS outcome_no,
    CASE WHEN t.delay_ms <= 259200000 THEN t.delay_ms END AS delay_ms,
    CASE WHEN t.placebo_delay_ms <= 259200000 THEN t.placebo_outcome_no END AS placebo_outcome_no,
    CASE WHEN t.placebo_delay_ms <= 259200000 THEN t.placebo_delay_ms END AS placebo_delay_ms,
    t.online_after_ms,
    t.placebo_online_after_ms,
    t.hung_up_again_after_ms
FROM timed AS t
