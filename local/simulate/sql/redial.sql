-- Those who try 101 again: a few minutes later, as a rule.
CREATE OR REPLACE TABLE attempts AS
SELECT
    id + 1000000000000 AS id, attempt + 1 AS attempt, line,
    ended + 40 + least(expo(id, 'again', 900), 21600) AS start, person, withheld, hang_up
FROM calls
WHERE route = 'redial' AND attempt = getvariable('attempt');
