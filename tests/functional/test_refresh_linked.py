"""What became of those who hung up is worked out again when more is covered, and only as far as that can matter."""

import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from callclock import layout
from callclock.clock import Month
from callclock.columns import Table
from callclock.contracts import CALLS, CONTACTS, INCIDENTS
from callclock.exports.receipt import CoverageRow
from callclock.lake.coverage import Coverage
from callclock.lake.curate import Curator
from callclock.lake.fold import _LOOKED_UP
from callclock.metrics.catalogue import Family, family, relation
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
        self.folds = 0

    def covers(self, table: Table, start: str, end: str, exported: str = "2026-06-01T00:00:00Z") -> None:
        name = f"{table.name} {end} {exported}"
        span = (instant(start), instant(end))
        row = CoverageRow(table.name, table.name, name, *span, instant(exported), "snapshot", "start", "span")
        self.coverage = (*self.coverage, row)

    def curate(self, table: Table, month: Month, rows: Sequence[dict[str, Any]]) -> None:
        self.folds += 1
        lineage = {"export_id": "e", "exported_at": instant("2026-06-01T00:00:00Z")}
        part = write_staged(self.tmp / "part.parquet", table, [{**lineage, **row} for row in rows])
        self.lake.put(layout.staged(table.name, "EX", month, "e"), part)
        curator = Curator(self.lake, table, "EX", "Europe/London", 2.0, self.tmp / f"fold-{self.folds}")
        report = curator.curate([month], self.state.curated.get(table.name, {}))
        self.state = self.state.with_curated(table.name, report.months)

    def refresh(self, families: Sequence[Family] = FAMILIES) -> int:
        """Pieces of work done, each for some partitions."""
        work = Refresh(
            force_code="EX", force=Force(name="Example"), targets=assemble({}).targets, coverage=Coverage(self.coverage),
            now=instant("2026-07-01T00:00:00Z"), lake=self.lake, results=self.results, workdir=self.tmp / "refresh",
        )  # fmt: skip
        made = 0
        for state in work.run(self.state, families):
            self.state, made = state, made + 1
        return made

    def unlinkable(self, kind: str = "month") -> dict[str, Any]:
        path = self.tmp / "values.parquet"
        key = layout.values("EX", JANUARY, "followthrough_reach")
        assert self.results.fetch(key, path)
        rows = pq.read_table(path).to_pylist()
        [row] = [
            row
            for row in rows
            if (row["metric"], row["period_kind"], row["stage"]) == ("followthrough.unlinkable_share", kind, "all")
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


def test_a_quarter_stands_beside_a_year_that_has_no_call_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both lie in January's partition: the quarter holds February's call, the year to date ends before it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    lake, begun = Lake(tmp_path), HUNG_UP + timedelta(days=2)
    lake.curate(CALLS, JANUARY.plus(1), [{**CALL, "call_started_at": begun, "ended_at": begun + timedelta(minutes=3)}])
    lake.covers(CALLS, "2025-06-01T00:00:00Z", "2026-05-31T23:00:00Z")
    assert lake.refresh()
    assert lake.unlinkable("quarter")["n"] == 1
    assert not lake.results.holds(layout.values("EX", JANUARY, "followthrough_reach_year"))


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


INCIDENT = {
    "incident_id": "7",
    "record_key": "7",
    "origin": "public",
    "grade_initial": "2",
    "caller_key": "k",
    "key_epoch": "1",
    "call_received_at": HUNG_UP + timedelta(hours=1),
}


def test_closing_an_incident_does_not_touch_the_hang_ups_but_its_caller_does(lake: Lake) -> None:
    lake.curate(INCIDENTS, JANUARY, [INCIDENT])
    assert lake.refresh() > 0
    closed = {**INCIDENT, "first_arrived_at": HUNG_UP + timedelta(hours=3), "closed_at": HUNG_UP + timedelta(hours=4)}
    lake.curate(INCIDENTS, JANUARY, [closed])
    assert lake.refresh() == 0
    lake.curate(INCIDENTS, JANUARY, [{**closed, "caller_key": "another"}])
    assert lake.refresh() > 0


def test_what_follow_through_reads_of_an_incident_is_what_its_hash_holds() -> None:
    read = set(re.findall(r"\bi\.(\w+)", relation("followthrough_contacts").sql))
    assert read == set(
        re.findall(r"\b(caller_key|key_epoch|started_at|local_date|origin|exclusion)\b", _LOOKED_UP["incidents"])
    )


def test_years_put_together_of_months_are_those_worked_out_from_the_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(5)
    calls = {month: [] for month in (Month(2025, 11), Month(2025, 12), JANUARY)}
    contacts = {month: [] for month in calls}
    for n in range(240):
        month = chance.choice(list(calls))
        start = datetime.combine(month.first_day, time(0, tzinfo=UTC)) + timedelta(minutes=chance.randrange(30 * 1440))
        caller = chance.choice(["a", "b", "c", "d", "e", None])
        if n % 3:
            more = (
                {"end_cause": "hung_up"}
                if n % 2
                else {"end_cause": "answered", "first_answered_at": start + timedelta(minutes=1)}
            )
            calls[month].append({**CALL, "call_id": str(n), "record_key": str(n), "caller_key": caller, "call_started_at": start,
                                 "ended_at": start + timedelta(minutes=3), **more})  # fmt: skip
        else:
            contacts[month].append({"contact_id": str(n), "record_key": str(n), "channel": chance.choice(["webchat", "online_report"]),
                                    "submitted_at": start, "caller_key": caller, "key_epoch": "1"})  # fmt: skip

    def published(folder: Path) -> dict[str, list[dict[str, Any]]]:
        folder.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(folder))
        lake = Lake(folder)
        for month, rows in calls.items():
            lake.curate(CALLS, month, rows)
            lake.curate(CONTACTS, month, contacts[month])
        for table in (CALLS, CONTACTS, INCIDENTS):
            lake.covers(table, "2025-06-01T00:00:00Z", "2026-05-31T23:00:00Z")
        assert lake.refresh()
        found = {}
        for key, (content, _) in lake.results.objects.items():
            (folder / "read.parquet").write_bytes(content)
            found[key] = pq.read_table(folder / "read.parquet").to_pylist()
        return found

    of_months = published(tmp_path / "months")
    monkeypatch.setattr("callclock.refresh._Together._kept", lambda self, some: {})
    assert of_months == published(tmp_path / "records")
    years = [
        row
        for rows in of_months.values()
        for row in rows
        if row["period_kind"] == "rolling_12m" and row["value"] is not None
    ]
    assert len(years) > 5


def test_an_episode_begins_where_its_own_month_looks_back_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line left open from December into February swallows February's call, but March does not look back to December.

    What March sees are two episodes 23 days apart. December's partition, worked out beside it, sees further back.
    """
    callers = (family("calls_callers"), family("calls_callers_year"))
    calls = {
        Month(2025, 12): ("2025-12-31T23:50:00Z", "2026-02-20T00:00:00Z"),
        Month(2026, 2): ("2026-02-10T10:00:00Z", "2026-02-10T10:02:00Z"),
        Month(2026, 3): ("2026-03-05T10:00:00Z", "2026-03-05T10:02:00Z"),
    }
    found = []
    for together in (1, 6):
        monkeypatch.setattr("callclock.refresh._TOGETHER", together)
        folder = tmp_path / str(together)
        folder.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(folder))
        lake = Lake(folder)
        for month, (began, ended) in calls.items():
            call = {**CALL, "call_id": str(month), "record_key": str(month)}
            lake.curate(CALLS, month, [{**call, "call_started_at": instant(began), "ended_at": instant(ended)}])
        lake.covers(CALLS, "2025-06-01T00:00:00Z", "2026-05-31T23:00:00Z")
        lake.refresh(callers)
        assert lake.results.fetch(layout.values("EX", JANUARY.plus(2), "calls_callers"), folder / "values.parquet")
        rows = pq.read_table(folder / "values.parquet").to_pylist()
        found += [
            (row["numerator"], row["denominator"])
            for row in rows
            if (row["metric"], row["period_kind"], row["line"]) == ("calls.repeat_callers", "month", "101")
        ]
    assert found == [(1, 1), (1, 1)]
