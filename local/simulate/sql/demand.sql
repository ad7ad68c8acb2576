-- Demand spread over the days: n = getvariable('demand') records in the year, their ids from getvariable('first_id').
CREATE OR REPLACE TEMP TABLE demand AS
WITH counted AS (
    SELECT *, coalesce(sum(demand) OVER (ORDER BY starts ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
    FROM days
), numbered AS (
    SELECT
        starts, seconds, hang_up,
        unnest(range(
            floor(before * getvariable('demand') + 0.5)::BIGINT, floor((before + demand) * getvariable('demand') + 0.5)::BIGINT
        )) + getvariable('first_id') AS id
    FROM counted
), timed AS (
    SELECT
        *,
        list_extract(getvariable('hour_slots'), 1 + floor(u(id, 'hour') * len(getvariable('hour_slots')))::BIGINT) AS hour
    FROM numbered
)
SELECT
    id,
    -- A day of 23 or 25 hours is stretched, so that every one of its hours has calls.
    starts + ((hour * 3600 + u(id, 'second') * 3600) * seconds / 86400)::BIGINT AS start,
    -- A few people call almost every day.
    CASE
        WHEN u(id, 'often') < 0.03 THEN between_(id, 'person', 0, getvariable('frequent_callers'))
        ELSE between_(id, 'person', getvariable('frequent_callers'), getvariable('callers'))
    END AS person,
    u(id, 'withheld') < 0.09 AS withheld,
    hang_up * list_extract(getvariable('hour_abandonment'), 1 + hour) AS hang_up
FROM timed;
