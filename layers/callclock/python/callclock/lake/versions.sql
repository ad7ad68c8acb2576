-- What became of the versions that were folded (DESIGN 2): how many a higher version of their record has beaten, and
-- how many are equal to another in time and differ from it in content.
SELECT count(*) - count(DISTINCT ({record})) AS outdated, (SELECT coalesce(sum(conflicts), 0) FROM disputed) AS conflicts
FROM staged
