"""Counts by interval over the autumn change: two equal hours are two intervals, a single one is the second."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from callclock.exports.callers import CallerSecret
from callclock.exports.profile import parse_profile
from callclock.exports.stage import Export, stage
from callclock.reasons import ExportStatus
from callclock.settings import Force

PROFILE = """profile = "counts"
table = "call_intervals"
{export}
[time]
formats = ["%d/%m/%Y %H:%M"]
[columns]
provider = {{ const = "acd" }}
queue = "Queue"
interval_start = "Hour"
interval_end = {{ start = "interval_start", add = "1 hour" }}
[[rows]]
line = {{ const = "999" }}
offered = "A"
[[rows]]
line = {{ const = "101" }}
offered = "B"
"""


def staged(tmp_path: Path, lines: list[str], export: str) -> list[tuple]:
    path = tmp_path / "counts.csv"
    path.write_text("Hour,Queue,A,B\n" + "\n".join(lines) + "\n")
    made = stage(
        Export("SIM", "incoming/SIM/counts.csv", path, {}, datetime(2026, 12, 1, tzinfo=UTC), None),
        parse_profile("sources/counts.toml", PROFILE.format(export=export)),
        force=Force(name="Sim"),
        secret=CallerSecret("e", b"s"),
        config_hash="c",
        workdir=tmp_path / "work",
    )
    made.receipt.balance()
    assert made.receipt.status is ExportStatus.READ, made.receipt.message
    assert made.receipt.accepted == len(lines)
    with duckdb.connect() as db:
        parts = [str(part) for part in made.parts.values()]
        [last] = db.execute(f"SELECT max(interval_end) FROM read_parquet({parts})").fetchone() or ()
        assert made.coverage
        # What is counted is known until the interval is over, not only until it began.
        assert made.coverage.covered_to == last.replace(tzinfo=UTC) - timedelta(milliseconds=1)
        return db.execute(
            "SELECT queue, strftime(interval_start, '%d %H:%M'), strftime(interval_end, '%H:%M'), line, offered, "
            f"time_flags FROM read_parquet({[str(part) for part in made.parts.values()]}) "
            "ORDER BY queue, interval_start, line"
        ).fetchall()


@pytest.mark.parametrize("export", ["", '[export]\nkey = ["Hour", "Queue"]'])
def test_two_equal_hours_are_the_first_and_the_second(tmp_path: Path, export: str) -> None:
    flag = "interval_start=A 25/10/2026 01:00"
    lines = [
        "25/10/2026 00:00,X,1,11", "25/10/2026 01:00,X,2,12", "25/10/2026 01:00,X,3,13", "25/10/2026 02:00,X,4,14",
        "25/10/2026 01:00,Y,5,15",
    ]  # fmt: skip
    assert staged(tmp_path, lines, export) == [
        ("X", "24 23:00", "00:00", "101", 11, None), ("X", "24 23:00", "00:00", "999", 1, None),
        ("X", "25 00:00", "01:00", "101", 12, flag), ("X", "25 00:00", "01:00", "999", 2, flag),
        ("X", "25 01:00", "02:00", "101", 13, flag), ("X", "25 01:00", "02:00", "999", 3, flag),
        ("X", "25 02:00", "03:00", "101", 14, None), ("X", "25 02:00", "03:00", "999", 4, None),
        ("Y", "25 01:00", "02:00", "101", 15, flag), ("Y", "25 01:00", "02:00", "999", 5, flag),
    ]  # fmt: skip
