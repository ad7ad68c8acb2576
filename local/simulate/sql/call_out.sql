-- Calls that the control room makes: no demand, but they stand in the same export.
INSERT INTO calls BY NAME
SELECT id, 0 AS attempt, '101' AS line, 'Out' AS direction, start, person, withheld, start + 5 + expo(id, 'talk', 180) AS ended, 'Answered' AS result
FROM demand;
