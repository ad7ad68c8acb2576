"""What became of those who hung up is worked out again when more is covered, and only as far as that can matter."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from callclock import layout
from callclock.clock import Month
from callclock.contracts import CALLS, CONTACTS, INCIDENTS, Table
from callclock.exports.receipt import CoverageRow
from callclock.lake.coverage import Coverage
from callclock.lake.curate import Curator
from callclock.metrics.catalogue import family
from callclock.refresh import Refresh
from callclock.settings import Force, assemble
from callclock.state import ForceState
from tests.support.memory_lake import MemoryBucket, instant, write_staged

FAMILIES = (family("followthrough_reach"), family("followthrough_reach_year"))
JANUARY = Month(2026, 1)
HUNG_UP = instant("2026-01-31T12:00:00Z")
CALL = {
    "call_id": "1",
    "record_key": "1",
    "line": "101",
    "caller_key": "k",
    "key_epoch": "1",
    "call_started_at": HUNG_UP - timedelta(minutes=3),
    "ended_at": HUNG_UP,
    "end_cause": "hung_up",
}


class Lake:
    """A force in memory, whose exports are all taken in June."""

    def __init__(self, tmp_path: Path) -> None:
        self.lake, self.results, self.tmp = MemoryBucket("lake"), MemoryBucket("results"), tmp_path
        self.state = ForceState()
        self.coverage: tuple[CoverageRow, ...] = ()

    def covers(self, table: Table, start: str, end: str, exported: str = "2026-06-01T00:00:00Z") -> None:
        name = f"{table.name} {end} {exported}"
        span = (instant(start), instant(end))
        row = CoverageRow(table.name, table.name, name, *span, instant(exported), "snapshot", "start", "span")
        self.coverage = (*self.coverage, row)

    def curate(self, table: Table, month: Month, rows: Sequence[dict[str, Any]]) -> None:
        lineage = {"export_id": "e", "exported_at": instant("2026-06-01T00:00:00Z")}
        part = write_staged(self.tmp / "part.parquet", table, [{**lineage, **row} for row in rows])
        self.lake.put(layout.staged(table.name, "EX", month, "e"), part)
        curator = Curator(self.lake, table, "EX", "Europe/London", 2.0, self.tmp / f"fold-{table.name}")
        report = curator.curate([month], self.state.curated.get(table.name, {}))
        self.state = self.state.with_curated(table.name, report.months)

    def refresh(self) -> int:
        """Partitions of values made again."""
        work = Refresh(
            force_code="EX", force=Force(name="Example"), targets=assemble({}).targets, coverage=Coverage(self.coverage),
            now=instant("2026-07-01T00:00:00Z"), lake=self.lake, results=self.results, workdir=self.tmp / "refresh",
        )  # fmt: skip
        made = 0
        for state in work.run(self.state, FAMILIES):
            self.state, made = state, made + 1
        return made

    def unlinkable(self) -> dict[str, Any]:
        path = self.tmp / "values.parquet"
        key = layout.values("EX", JANUARY, "followthrough_reach")
        assert self.results.fetch(key, path)
        rows = pq.read_table(path).to_pylist()
        [row] = [
            row
            for row in rows
            if (row["metric"], row["period_kind"], row["stage"]) == ("followthrough.unlinkable_share", "month", "all")
        ]
        return row


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """One hang-up on the last day of January; the contacts of the three days after it are not all covered."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    lake = Lake(tmp_path)
    lake.curate(CALLS, JANUARY, [CALL])
    for table in (CALLS, INCIDENTS):
        lake.covers(table, "2025-06-01T00:00:00Z", "2026-05-31T23:00:00Z")
    lake.covers(CONTACTS, "2025-06-01T00:00:00Z", "2026-02-02T12:00:00Z")
    assert lake.refresh()
    return lake


def test_an_export_without_a_contact_makes_a_hang_up_mature(lake: Lake) -> None:
    row = lake.unlinkable()
    assert (row["n"], row["n_immature"], row["complete"]) == (0, 1, False)
    assert lake.refresh() == 0
    lake.covers(CONTACTS, "2026-02-02T12:00:00Z", "2026-02-03T12:00:00Z", exported="2026-06-02T00:00:00Z")
    assert lake.refresh() > 0
    row = lake.unlinkable()
    assert (row["n"], row["n_immature"], row["complete"]) == (1, 0, True)


def test_what_is_covered_later_changes_nothing(lake: Lake) -> None:
    lake.covers(CONTACTS, "2026-02-02T12:00:00Z", "2026-04-30T12:00:00Z", exported="2026-06-02T00:00:00Z")
    assert lake.refresh() > 0
    lake.covers(CONTACTS, "2026-04-30T12:00:00Z", "2026-05-30T12:00:00Z", exported="2026-06-03T00:00:00Z")
    assert lake.refresh() == 0


def test_an_open_incident_does_not_unsettle_a_hang_up(lake: Lake) -> None:
    lake.covers(CONTACTS, "2026-02-02T12:00:00Z", "2026-05-30T12:00:00Z", exported="2026-06-02T00:00:00Z")
    started = {"incident_id": "1", "record_key": "1", "origin": "public", "created_at": HUNG_UP}
    lake.curate(INCIDENTS, JANUARY, [started])
    assert lake.refresh() > 0
    lake.covers(INCIDENTS, "2026-05-31T23:00:00Z", "2026-06-09T23:00:00Z", exported="2026-06-10T00:00:00Z")
    lake.covers(CONTACTS, "2026-05-30T12:00:00Z", "2026-06-09T23:00:00Z", exported="2026-06-10T00:00:00Z")
    assert lake.refresh() == 0
