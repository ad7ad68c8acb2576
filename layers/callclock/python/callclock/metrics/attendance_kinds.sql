-- relation: attendance_kinds
-- from: attendance_population
-- stored: yes
-- meaning: Each kind of incident that the cells tell apart, with a number in place of its text: by grades, population and area, and (by_hour) by grades and hour of the week.
SELECT
    k.*,
    DENSE_RANK() OVER (ORDER BY k.by_hour, k.grade_scheme, k.grade_initial, k.grade_final, k.population, k.area, k.hour_of_week) AS kind_no
FROM (
    SELECT DISTINCT false AS by_hour, grade_scheme, grade_initial, grade_final, population, area, 'all' AS hour_of_week
    FROM attendance_population
    WHERE counted
    UNION ALL
    SELECT DISTINCT true AS by_hour, grade_scheme, grade_initial, grade_final, 'all' AS population, 'all' AS area, hour_of_week
    FROM attendance_population
    WHERE counted
) AS k
