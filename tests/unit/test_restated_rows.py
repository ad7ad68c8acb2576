"""What two versions of values differ in, of several families and months at once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from callclock import layout
from callclock.clock import Month
from callclock.contracts import METRIC_VALUES, VALUE_KEYS
from callclock.engine import connect, name, quote
from callclock.metrics.catalogue import family
from callclock.restatements import Versions, restate
from tests.support.memory_lake import MemoryBucket

MARCH, APRIL = Month(2026, 3), Month(2026, 4)
NOW = datetime(2026, 5, 2, 6, tzinfo=UTC)
type Row = tuple[str, str, float | None, bool]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(tmp_path / "duckdb") as connection:
        yield connection


def _written(db: duckdb.DuckDBPyConnection, path: Path, rows: list[Row]) -> Path:
    """Values of one month by metric and grade, with whether they are complete."""
    said = {"period_kind": "'month'", "period_label": "'2026-03'", "basis": "'record'"}
    said |= dict.fromkeys([key for key in VALUE_KEYS if key not in {*said, "metric", "grade"}], "'all'")
    said |= {"metric": "metric", "grade": "grade", "value": "value", "complete": "complete", "unit": "'s'"}
    said |= {"period_start": "DATE '2026-03-01'", "period_end": "DATE '2026-04-01'", "definition_version": "'1'"}
    columns = ", ".join(
        f"CAST({said.get(c.name, 'NULL')} AS {c.kind.duckdb}) AS {name(c.name)}" for c in METRIC_VALUES.columns
    )
    db.execute("CREATE OR REPLACE TEMP TABLE given (metric VARCHAR, grade VARCHAR, value DOUBLE, complete BOOLEAN)")
    if rows:
        db.executemany("INSERT INTO given VALUES (?, ?, ?, ?)", rows)
    db.execute(f"COPY (SELECT {columns} FROM given) TO {quote(str(path))} (FORMAT parquet)")
    return path


def test_each_change_is_a_row_of_its_family_and_month(db: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    def versions(family_name: str, month: Month, old: list[Row], new: list[Row]) -> Versions:
        at = tmp_path / f"{family_name}-{month}"
        old_file = _written(db, at.with_suffix(".old"), old)
        new_file = _written(db, at.with_suffix(".new"), new)
        return Versions(family(family_name), month, old_file, new_file, ("export", f"curated of {month}"))

    before: list[Row] = [
        ("m", "1", 10.0, True),
        ("m", "2", 20.0, True),
        ("m", "3", 30.0, True),
        ("m", "4", None, True),
        ("m", "5", 50.0, False),
        ("m", "6", 60.0, True),
        ("m", "7", 70.0, True),
    ]
    after: list[Row] = [
        # Complete, or not any more, is no matter; nor are last digits, nor what was not complete, nor what is new.
        ("m", "1", 10.0, False),
        ("m", "2", 20.0 + 1e-12, True),
        ("m", "3", 31.0, True),
        ("m", "4", 40.0, True),
        ("m", "5", 51.0, True),
        ("m", "6", None, True),
        ("m", "8", 80.0, True),
    ]
    given = [
        versions("attendance_waits", MARCH, before, after),
        # What another version says of the same keys does not stand for this one.
        versions("attendance_waits", APRIL, before, before),
        versions("attendance_marks", MARCH, [("m", "1", 10.0, True)], [("m", "1", 11.0, True)]),
        versions("attendance_marks", APRIL, [("m", "3", 30.0, True)], []),
    ]
    results = MemoryBucket("results")
    for _ in range(2):  # The same change at the same time is one row.
        assert restate(db, results, given, force_code="SIM", now=NOW, workdir=tmp_path) == 6

    found = {}
    for family_name, month in (("attendance_waits", MARCH), ("attendance_marks", MARCH), ("attendance_marks", APRIL)):
        file = tmp_path / "found.parquet"
        assert results.fetch(layout.restatements("SIM", month, family_name), file)
        found[family_name, month] = db.execute(
            f"SELECT grade, old_value, new_value, cause_detail FROM read_parquet({quote(str(file))})"
        ).fetchall()
    of_march = "curated of 2026-03"
    assert found == {
        ("attendance_waits", MARCH): [
            ("3", 30.0, 31.0, of_march),
            ("4", None, 40.0, of_march),
            ("6", 60.0, None, of_march),
            ("7", 70.0, None, of_march),
        ],
        ("attendance_marks", MARCH): [("1", 10.0, 11.0, of_march)],
        ("attendance_marks", APRIL): [("3", 30.0, None, "curated of 2026-04")],
    }
    assert len(list(results.list(layout.restatements_prefix("SIM")))) == len(found)
