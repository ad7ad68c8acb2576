"""Connections beside each other: what one has registered the other must not see, and both keep time in UTC."""

from pathlib import Path

from callclock.engine import beside, connect


def test_connections_beside_each_other_share_memory_and_nothing_else(tmp_path: Path) -> None:
    with connect(tmp_path, threads=1) as db, beside(db) as one, beside(db) as other:
        for number, own in enumerate((one, other)):
            own.execute("CREATE TEMP TABLE incidents AS SELECT ? AS n", [number])
            own.execute(f"SET VARIABLE stands = {number}")
        for number, own in enumerate((one, other)):
            assert own.execute("SELECT n, getvariable('stands') FROM incidents").fetchall() == [(number, number)]
            assert own.execute("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
        assert one.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(1,)]


def test_a_closed_connection_leaves_the_database_open_and_empty(tmp_path: Path) -> None:
    with connect(tmp_path, threads=1) as db:
        with beside(db) as own:
            own.execute("CREATE TEMP TABLE incidents AS SELECT 1 AS n")
        assert db.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
