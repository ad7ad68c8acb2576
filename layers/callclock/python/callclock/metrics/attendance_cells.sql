-- relation: attendance_cells
-- from: attendance_in_cells
-- stored: yes
-- meaning: The cells of attendance_in_cells, once each.
SELECT DISTINCT cell_no, grade_basis, grade_scheme, grade, population, area, hour_of_week
FROM attendance_in_cells
