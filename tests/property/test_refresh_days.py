"""A refresh that sees days and settles leaves the values of a rebuild, whatever changes and however time goes on."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from callclock import layout
from callclock.clock import Month, PeriodKind
from callclock.columns import Table
from callclock.contracts import CALLS, CONTACTS, INCIDENTS, SAFEGUARDING
from callclock.exports.receipt import CoverageRow
from callclock.lake.coverage import Coverage
from callclock.lake.curate import Curator
from callclock.metrics.catalogue import Family, family
from callclock.refresh import Refresh
from callclock.settings import Force, assemble
from callclock.state import ForceState
from tests.support.memory_lake import MemoryBucket, write_staged

# By month alone: a quarter or the week that runs over would see the whole month after, and hide what is not looked at.
FAMILIES = tuple(
    replace(family(name), kinds=(PeriodKind.MONTH,))
    for name in ("attendance_counts", "calls_callers", "followthrough_shares", "safeguarding_outcomes")
)
MONTHS = [Month(2026, month) for month in (1, 2, 3)]
RESEND = {CALLS: "snapshot", CONTACTS: "snapshot", INCIDENTS: "delta", SAFEGUARDING: "delta"}
ROWS = 12
LEVELS = ("standard", "high")
HALF_HOUR, HOUR, DAY = timedelta(minutes=30), timedelta(hours=1), timedelta(days=1)


def rows_of(table: Table, month: Month, versions: Sequence[int]) -> list[dict[str, Any]]:
    """Rows of a month, each as its version makes it: a third begin in its first four days, a third in its last."""
    first = datetime.combine(month.first_day, datetime.min.time(), UTC) + timedelta(hours=2)
    hours = (month.next_first_day - month.first_day).days * 24 - 4
    rows = []
    for n, version in enumerate(versions):
        chance = random.Random(f"{table.name} {month} {n} {version}")
        at = [chance.randrange(96), hours - chance.randrange(96), chance.randrange(hours)][n % 3]
        rows.append(_ROW[table](chance, first + HOUR * at, f"{month}-{n}"))
    return rows


def _call(chance: random.Random, start: datetime, key: str) -> dict[str, Any]:
    end = start + HALF_HOUR * chance.choice([0.1, 0.5])
    cause = chance.choice(["hung_up", "hung_up", "answered", "callback"])
    said: dict[str, Any] = {"call_id": key, "record_key": key, "line": "101", "caller_key": chance.choice("abc")}
    said |= {"key_epoch": "1", "call_started_at": start, "ended_at": end, "end_cause": cause}
    if cause == "answered":
        said["first_answered_at"] = start + timedelta(seconds=20)
    if cause == "callback":
        said["callback_asked_at"] = end
        said["callback_connected_at"] = chance.choice([None, end + HOUR, end + 30 * HOUR])
    return said


def _contact(chance: random.Random, start: datetime, key: str) -> dict[str, Any]:
    who = {"caller_key": chance.choice("abc"), "key_epoch": "1"}
    return {"contact_id": key, "record_key": key, "channel": "online_report", "submitted_at": start, **who}


def _incident(chance: random.Random, start: datetime, key: str) -> dict[str, Any]:
    said = {"incident_id": key, "record_key": key, "origin": "public", "grade_initial": "2", "domestic_abuse": True}
    came = start + DAY * chance.choice([0.1, 2, 9]) if chance.random() < 0.8 else None
    closed = start + DAY * chance.choice([10, 20, 33])
    return {**said, "call_received_at": start, "created_at": start, "first_arrived_at": came, "closed_at": closed}


def _assessment(chance: random.Random, start: datetime, key: str) -> dict[str, Any]:
    month = Month.of(start.date()).plus(-chance.randrange(2))
    shared = start + DAY * chance.choice([1, 12]) if chance.random() < 0.4 else None
    said = {"record_key": key, "incident_id": f"{month}-{chance.randrange(ROWS)}", "level": chance.choice(LEVELS)}
    return {**said, "assessed_at": start, "referral_shared_at": shared}


_ROW = {CALLS: _call, CONTACTS: _contact, INCIDENTS: _incident, SAFEGUARDING: _assessment}


class World:
    """A force whose systems export again and again; ``known`` is until when."""

    def __init__(self, folder: Path, families: Sequence[Family] = FAMILIES) -> None:
        self.folder, self.families, self.lake, self.results = (
            folder,
            families,
            MemoryBucket("lake"),
            MemoryBucket("results"),
        )
        self.state, self.coverage = ForceState(), tuple[CoverageRow, ...]()
        self.known = datetime(2025, 6, 1, tzinfo=UTC)
        self.folds = self.made = 0

    def export(self, until: datetime, changed: Mapping[tuple[Table, Month], Sequence[int]]) -> None:
        """Every system exports until an instant; the months named stand as their versions make them, as far as known."""
        self.covers(until)
        for (table, month), versions in changed.items():
            self.curate(table, month, rows_of(table, month, versions))

    def covers(self, until: datetime) -> None:
        """Every system exports until an instant, and nothing in it."""
        for table, resend in RESEND.items():
            span = (self.known, until)
            name = f"{table.name} {until:%Y-%m-%d}"
            row = CoverageRow(table.name, table.name, name, *span, until, resend, "start", "span")
            self.coverage = (*self.coverage, row)
        self.known = until

    def curate(self, table: Table, month: Month, rows: Sequence[Mapping[str, Any]]) -> None:
        """Stage and fold a month that consists of these rows, as far as they are known."""
        self.folds += 1
        lineage = {"source": table.name, "resend": RESEND[table], "export_id": "e", "exported_at": self.known}
        known = [{**lineage, **self._known_of(row)} for row in rows]
        part = write_staged(self.folder / "part.parquet", table, known)
        self.lake.put(layout.staged(table.name, "EX", month, "e"), part)
        fold = Curator(self.lake, table, "EX", "Europe/London", 2.0, self.folder / f"fold-{self.folds}")
        report = fold.curate([month], self.state.curated.get(table.name, {}))
        self.state = self.state.with_curated(table.name, report.months)

    def _known_of(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row without what has not happened yet."""
        first = min(value for value in row.values() if isinstance(value, datetime))
        return {
            key: None if isinstance(value, datetime) and value > max(self.known, first) else value
            for key, value in row.items()
        }

    def refresh(self) -> None:
        for state in self._work(self.results).run(self.state, self.families):
            self.state, self.made = state, self.made + 1

    def rebuilt(self) -> MemoryBucket:
        """Values worked out from nothing but what is curated and known."""
        results = MemoryBucket("rebuilt")
        for _ in self._work(results).run(ForceState(self.state.curated), self.families):
            pass
        return results

    def _work(self, results: MemoryBucket) -> Refresh:
        return Refresh(
            force_code="EX", force=Force(name="Example"), targets=assemble({}).targets, coverage=Coverage(self.coverage),
            now=self.known, lake=self.lake, results=results, workdir=self.folder / f"work-{results.name}",
        )  # fmt: skip

    def values(self, results: MemoryBucket) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        found = {}
        for key, (content, _) in results.objects.items():
            if "metric_values" in key:
                path = self.folder / "values.parquet"
                path.write_bytes(content)
                found[key] = pq.read_table(path).to_pylist()
        return found


@pytest.mark.parametrize("seed", range(2))
def test_values_are_those_of_a_rebuild(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One record changes at a time, now and then none: what is not seen to rest on it would stay as it was."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    chance = random.Random(seed)
    world = World(tmp_path)
    versions = {(table, month): [0] * ROWS for table in RESEND for month in MONTHS}
    at = datetime(2026, 4, 1, 5, tzinfo=UTC)
    world.export(at, versions)
    world.refresh()
    for _ in range(5):
        at += DAY * chance.choice([1, 5, 14, 30])
        changed = chance.choice([*versions, None])
        if changed:
            versions[changed][chance.randrange(ROWS)] += 1
            world.export(at, {changed: versions[changed]})
        else:
            world.covers(at)
        world.refresh()
        assert world.values(world.results) == world.values(world.rebuilt())


def test_what_is_sent_again_as_it_was_makes_nothing_be_worked_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    world = World(tmp_path)
    as_it_was, changed = [0] * ROWS, [1] + [0] * (ROWS - 1)
    calls = {(CALLS, month): as_it_was for month in MONTHS}
    world.export(
        datetime(2026, 8, 1, tzinfo=UTC), calls | {(CONTACTS, MONTHS[0]): as_it_was, (INCIDENTS, MONTHS[0]): as_it_was}
    )
    world.refresh()
    made = world.made
    world.export(datetime(2026, 8, 2, tzinfo=UTC), {(CALLS, MONTHS[1]): as_it_was})
    world.refresh()
    assert world.made == made
    world.export(datetime(2026, 8, 3, tzinfo=UTC), {(CALLS, MONTHS[1]): changed})
    world.refresh()
    assert world.made > made


def test_a_contact_counts_for_four_days_after_the_month_and_no_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    world = World(tmp_path)
    world.covers(datetime(2026, 8, 1, tzinfo=UTC))
    hung_up = {"call_id": "1", "record_key": "1", "line": "101", "caller_key": "a", "key_epoch": "1"}
    start = datetime(2026, 1, 31, 12, tzinfo=UTC)
    hung_up |= {"call_started_at": start, "ended_at": start + HALF_HOUR, "end_cause": "hung_up"}
    world.curate(CALLS, MONTHS[0], [hung_up])

    def contacts(*days: int) -> int:
        """Partitions made again when the caller is in touch on these days of February."""
        made, who = world.made, {"caller_key": "a", "key_epoch": "1", "channel": "online_report"}
        sent = [{**who, "contact_id": f"{n}", "record_key": f"{n}", "submitted_at": start + DAY * n} for n in days]
        world.curate(CONTACTS, MONTHS[1], sent)
        world.refresh()
        return world.made - made

    assert contacts(20) > 0, "February was not there"
    assert contacts(20, 25) == 0
    assert contacts(2, 20, 25) > 0
    assert world.values(world.results) == world.values(world.rebuilt())


def test_an_assessment_of_the_month_after_goes_on_to_ripen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """28 days after the month are over, those after the assessment, within which it may be shared, are not."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    world = World(tmp_path)
    start = datetime(2026, 5, 28, 12, tzinfo=UTC)
    abuse = {"incident_id": "1", "record_key": "1", "origin": "public", "grade_initial": "2", "domestic_abuse": True}
    abuse |= {"call_received_at": start, "created_at": start, "closed_at": start + DAY}
    made = {"incident_id": "1", "record_key": "1", "level": "high", "assessed_at": start + 20 * DAY}
    for known in (start + 34 * DAY, start + 75 * DAY):
        world.covers(known)
        world.curate(INCIDENTS, Month(2026, 5), [{**abuse, "first_arrived_at": start + HOUR}])
        world.curate(SAFEGUARDING, Month(2026, 6), [made])
        world.refresh()
    assert world.values(world.results) == world.values(world.rebuilt())


@pytest.mark.parametrize("seed", range(2))
def test_what_is_said_of_the_feeds_is_that_of_a_rebuild(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One system exports at a time, late or not, with or without a record changed; now and then one is withdrawn.

    Of a month that is folded anew any record may have been seen last in any export so far: later snapshots miss it.
    """
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    chance = random.Random(seed)
    world = World(tmp_path, (family("feed"),))
    versions = {(table, month): [0] * ROWS for table in RESEND for month in MONTHS}
    world.export(at := datetime(2026, 4, 1, 5, tzinfo=UTC), versions)
    world.refresh()
    assert sum(map(len, world.values(world.results).values())) > 1000
    taken, vanished = [at], 0
    for n in range(7):
        at += DAY * chance.choice([0.1, 1, 3, 35])
        table = chance.choice([*RESEND]) if n else CALLS
        if n and chance.random() < 0.3:
            world.coverage = tuple(row for row in world.coverage if row != world.coverage[-1])
        else:
            covered = (at - DAY * (chance.choice([1, 40, 120]) if n else 120), at - HOUR)
            resend = chance.choice(["snapshot", "snapshot", "delta"]) if n else "snapshot"
            came, records = at + DAY * chance.choice([0, 0, 20]), chance.randrange(1, 90)
            row = CoverageRow(table.name, table.name, f"{n}", *covered, at, resend, "start", "span", came, records, 1)
            world.coverage, world.known, taken = (*world.coverage, row), at, [*taken, at]
        if chance.random() < 0.5:
            month = chance.choice(MONTHS)
            versions[table, month][chance.randrange(ROWS)] += 1
            rows = rows_of(table, month, versions[table, month])
            world.curate(table, month, [{**row, "exported_at": chance.choice(taken)} for row in rows])
        made = world.made
        world.refresh()
        found, due = (world.values(results) for results in (world.results, world.rebuilt()))
        assert {key: rows for key, rows in found.items() if rows} == {key: rows for key, rows in due.items() if rows}
        before = world.made
        world.refresh()
        assert before == world.made >= made
        rows = [row for values in found.values() for row in values if row["metric"] == "feed.vanished"]
        vanished = max(vanished, sum(row["value"] for row in rows))
    assert vanished > 0


def test_a_snapshot_that_holds_all_that_it_covers_touches_no_month_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each night all calls since January come again. One is missing once: January is told anew, and then no more."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    world = World(tmp_path, (family("feed"),))
    rows = rows_of(CALLS, MONTHS[0], [0] * ROWS)
    begun = min(row["call_started_at"] for row in rows)
    seen = datetime(2026, 3, 1, tzinfo=UTC)

    def january_after(night: int, *, missing: int) -> tuple[bool, float]:
        """Whether January's values are made anew, and how many calls vanished in them."""
        world.known = seen + DAY * night
        row = CoverageRow("calls", "calls", f"{night}", begun, world.known, world.known, "snapshot", "start", "span")
        world.coverage = (*world.coverage, row)
        held = [{**row, "exported_at": seen + DAY * (3 if n < missing else night)} for n, row in enumerate(rows)]
        world.curate(CALLS, MONTHS[0], held)
        key = f"{MONTHS[0]}/feed.parquet"
        before = {name: found for name, found in world.results.objects.items() if name.endswith(key)}
        world.refresh()
        after = {name: found for name, found in world.results.objects.items() if name.endswith(key)}
        [values] = [found for name, found in world.values(world.results).items() if name.endswith(key)]
        return after != before, sum(row["value"] for row in values if row["metric"] == "feed.vanished")

    assert [january_after(night, missing=0) for night in (1, 2, 3)] == [(True, 0), (False, 0), (False, 0)]
    assert [january_after(night, missing=1) for night in (4, 5, 6)] == [(True, 1), (False, 1), (False, 1)]
    assert january_after(7, missing=2) == (True, 2)
    assert january_after(8, missing=0) == (True, 0)
