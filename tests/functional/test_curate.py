"""Curating against S3 as moto has it: conditional writes, runs that die, runs at once, and what it all costs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from callclock import layout
from callclock.clock import Month
from callclock.contracts import INCIDENTS
from callclock.engine import connect
from callclock.lake.curate import CuratedMonth, Curator
from callclock.lake.keys import Key, KeyIndex
from callclock.objects import Bucket, ChangedMeanwhileError, Read
from tests.support.staged import instant, local_month, new_bucket, read_rows, write_staged

FEBRUARY, MARCH, APRIL = Month(2026, 2), Month(2026, 3), Month(2026, 4)
FORCE = "AVN"
Row = dict[str, Any]


@pytest.fixture
def lake() -> Iterator[Bucket]:
    with mock_aws():
        yield new_bucket()


def incident(key: str, start: str | datetime, export: int = 1, **more: object) -> Row:
    """Exports are numbered by the day of May on which they were taken."""
    return {
        "incident_id": key,
        "record_key": key,
        "created_at": instant(start) if isinstance(start, str) else start,
        "origin": "public",
        "export_id": f"e{export:02d}",
        "exported_at": instant("2026-04-30T00:00:00Z") + timedelta(days=export),
        **more,
    }


def stage(lake: Bucket, rows: Iterable[Row], folder: Path) -> list[Month]:
    parts: dict[tuple[Month, str], list[Row]] = {}
    for row in rows:
        parts.setdefault((local_month(INCIDENTS, row), row["export_id"]), []).append(row)
    for (month, export), part in parts.items():
        path = write_staged(folder / "part.parquet", INCIDENTS, part)
        lake.put(layout.staged("incidents", FORCE, month, export), path)
    return sorted({month for month, _ in parts})


def curator(lake: Bucket, folder: Path, shard_keys: int = 50_000, withdrawn: frozenset[str] = frozenset()) -> Curator:
    # Each run has a directory of its own, as each invocation has.
    run = folder / f"run{len(list(folder.glob('run*')))}"
    return Curator(lake, INCIDENTS, FORCE, "Europe/London", 2.0, run, shard_keys, withdrawn)


def curated(lake: Bucket, folder: Path) -> dict[str, list[Month]]:
    """Months in which each record stands."""
    found: dict[str, list[Month]] = {}
    for listed in lake.list(layout.curated_prefix("incidents", FORCE)):
        month = Month.parse(listed.key.split("month=")[1][:7])
        lake.fetch(listed.key, folder / "read.parquet")
        for row in read_rows(folder / "read.parquet"):
            found.setdefault(row["record_key"], []).append(month)
    return found


def etags(lake: Bucket) -> Mapping[str, str]:
    return {listed.key: listed.etag for listed in lake.list("curated/")}


def versions(lake: Bucket, key: str) -> int:
    found = lake._s3.list_object_versions(Bucket=lake.name, Prefix=key)
    return len(found.get("Versions", []))


def test_a_withdrawn_correction_gives_the_record_back_to_the_month_it_had_left(lake: Bucket, tmp_path: Path) -> None:
    """Only the month of the correction is touched; it knows with which others it was folded."""
    stage(lake, [incident("a", "2026-02-10T10:00:00Z"), incident("b", "2026-02-11T10:00:00Z")], tmp_path)
    stage(lake, [incident("a", "2026-04-10T10:00:00Z", export=2)], tmp_path)
    curator(lake, tmp_path).curate([FEBRUARY, APRIL], {})
    assert curated(lake, tmp_path) == {"a": [APRIL], "b": [FEBRUARY]}
    lake.remove(layout.staged("incidents", FORCE, APRIL, "e02"))
    curator(lake, tmp_path).curate([APRIL], {})
    assert curated(lake, tmp_path) == {"a": [FEBRUARY], "b": [FEBRUARY]}


def test_a_month_is_one_object_with_its_version(lake: Bucket, tmp_path: Path) -> None:
    rows = [
        incident("a", "2026-03-02T10:00:00Z"),
        incident("b", "2026-03-03T10:00:00Z", closed_at=instant("2026-03-04T00:00:00Z")),
    ]
    report = curator(lake, tmp_path).curate(stage(lake, rows, tmp_path), {})
    assert curated(lake, tmp_path) == {"a": [MARCH], "b": [MARCH]}
    read = lake.fetch(layout.curated("incidents", FORCE, MARCH), tmp_path / "one.parquet")
    assert read is not None
    assert read.metadata == {"version": report.months[MARCH].version}
    assert report.months[MARCH].open == 1
    assert report.months[MARCH].last_event == instant("2026-03-04T00:00:00Z")


def test_equal_inputs_are_not_written_again(lake: Bucket, tmp_path: Path) -> None:
    months = stage(lake, [incident("a", "2026-03-02T10:00:00Z")], tmp_path)
    first = curator(lake, tmp_path).curate(months, {})
    again = curator(lake, tmp_path).curate(months, first.months)
    assert again.months == first.months
    assert again.folds == {}
    assert versions(lake, layout.curated("incidents", FORCE, MARCH)) == 1
    other_zone = Curator(lake, INCIDENTS, FORCE, "America/New_York", 2.0, tmp_path / "zone")
    assert other_zone.curate(months, first.months).months[MARCH].version != first.months[MARCH].version


def test_nothing_is_written_for_a_month_without_records(lake: Bucket, tmp_path: Path) -> None:
    report = curator(lake, tmp_path).curate([MARCH], {})
    assert report.months[MARCH].last_event is None
    assert etags(lake) == {}


def test_a_withdrawn_export_leaves_an_empty_month(lake: Bucket, tmp_path: Path) -> None:
    months = stage(lake, [incident("a", "2026-03-02T10:00:00Z")], tmp_path)
    known = curator(lake, tmp_path).curate(months, {}).months
    lake.remove(layout.staged("incidents", FORCE, MARCH, "e01"))
    report = curator(lake, tmp_path).curate(months, known)
    assert report.folds == {MARCH: ()}
    assert len(etags(lake)) == 1
    assert curated(lake, tmp_path) == {}


@pytest.mark.parametrize("to", ["2026-02-28T23:50:00Z", "2026-04-01T00:10:00Z"])
def test_a_corrected_start_moves_the_record_whichever_export_comes_last(lake: Bucket, tmp_path: Path, to: str) -> None:
    wrong, right = incident("a", "2026-03-02T10:00:00Z", 1), incident("a", to, 2)
    home = local_month(INCIDENTS, right)
    for order in ([wrong, right], [right, wrong]):
        bucket = new_bucket(f"first-{order[0]['export_id']}")
        known: dict[Month, CuratedMonth] = {}
        for row in order:
            months = stage(bucket, [row], tmp_path)
            known |= curator(bucket, tmp_path).curate(months, known).months
        assert curated(bucket, tmp_path) == {"a": [home]}


def test_a_record_of_a_third_month_is_not_taken_back(lake: Bucket, tmp_path: Path) -> None:
    """b went from March to April long ago; a now goes from March to February: March is folded again, without b."""
    first = stage(lake, [incident("a", "2026-03-02T10:00:00Z"), incident("b", "2026-03-03T10:00:00Z")], tmp_path)
    known = dict(curator(lake, tmp_path).curate(first, {}).months)
    known |= (
        curator(lake, tmp_path).curate(stage(lake, [incident("b", "2026-04-03T10:00:00Z", 2)], tmp_path), known).months
    )
    report = curator(lake, tmp_path).curate(stage(lake, [incident("a", "2026-02-03T10:00:00Z", 3)], tmp_path), known)
    assert curated(lake, tmp_path) == {"a": [FEBRUARY], "b": [APRIL]}
    # April has lost and gained nothing: it is read, and not folded.
    assert set(report.folds) == {FEBRUARY, MARCH}


def test_a_record_that_a_withdrawn_export_had_moved_stands_where_it_stood(lake: Bucket, tmp_path: Path) -> None:
    """a went from March to April; only April is looked at, and March gets it back, with the milestone it knew."""
    came = instant("2026-03-02T11:00:00Z")
    first = stage(lake, [incident("a", "2026-03-02T10:00:00Z", first_arrived_at=came)], tmp_path)
    known = dict(curator(lake, tmp_path).curate(first, {}).months)
    moved = stage(lake, [incident("a", "2026-04-02T10:00:00Z", 2), incident("b", "2026-04-03T10:00:00Z", 2)], tmp_path)
    known |= curator(lake, tmp_path).curate(moved, known).months
    assert curated(lake, tmp_path) == {"a": [APRIL], "b": [APRIL]}
    after = curator(lake, tmp_path, withdrawn=frozenset({"e02"}))
    known |= after.curate(moved, known).months
    assert curated(lake, tmp_path) == {"a": [MARCH]}
    lake.fetch(layout.curated("incidents", FORCE, MARCH), tmp_path / "one.parquet")
    assert [row["export_id"] for row in read_rows(tmp_path / "one.parquet")] == ["e01"]
    known |= curator(lake, tmp_path).curate(moved, known).months
    assert curated(lake, tmp_path) == {"a": [APRIL], "b": [APRIL]}, "and brought back, it is gone from March again"


def test_a_reading_that_no_longer_has_a_record_gives_it_back(lake: Bucket, tmp_path: Path) -> None:
    """The export is read again, and the row that had moved a is in quarantine now: nothing of it lies in April."""
    known = dict(
        curator(lake, tmp_path).curate(stage(lake, [incident("a", "2026-03-02T10:00:00Z")], tmp_path), {}).months
    )
    moved = stage(lake, [incident("a", "2026-04-02T10:00:00Z", 2)], tmp_path)
    known |= curator(lake, tmp_path).curate(moved, known).months
    lake.remove(layout.staged("incidents", FORCE, APRIL, "e02"))
    curator(lake, tmp_path).curate(moved, known)
    assert curated(lake, tmp_path) == {"a": [MARCH]}


class Dies(Bucket):
    """A bucket to which the n-th conditional write below ``prefix`` is the last."""

    def __init__(self, lake: Bucket, prefix: str, after: int) -> None:
        super().__init__(lake.name, lake._s3)
        self.prefix, self.left = prefix, after

    def replace(self, key: str, body: Path | str, was: Read | None, metadata: Mapping[str, str] | None = None) -> None:
        if key.startswith(self.prefix):
            if self.left == 0:
                raise ConnectionError("the function ran out of time")
            self.left -= 1
        super().replace(key, body, was, metadata)


def test_a_crash_between_the_two_months_loses_nothing(lake: Bucket, tmp_path: Path) -> None:
    known = curator(lake, tmp_path).curate(stage(lake, [incident("a", "2026-03-02T10:00:00Z")], tmp_path), {}).months
    months = stage(lake, [incident("a", "2026-04-02T10:00:00Z", 2)], tmp_path)
    with pytest.raises(ConnectionError):
        curator(Dies(lake, "curated/", 1), tmp_path).curate(months, known)
    assert curated(lake, tmp_path) == {"a": [MARCH, APRIL]}, "the new month first, then the old without it"
    report = curator(lake, tmp_path).curate(months, known)
    assert curated(lake, tmp_path) == {"a": [APRIL]}
    assert set(report.months) == {MARCH, APRIL}


class Interrupted(Bucket):
    """A bucket in which another run does something at the n-th request of this one."""

    def __init__(self, lake: Bucket, at: int, other: Any) -> None:
        super().__init__(lake.name, lake._s3)
        self.at, self.other = at, other

    def _tick(self) -> None:
        self.at -= 1
        if self.at == 0:
            self.other()

    def fetch(self, *args: Any) -> Read | None:
        self._tick()
        return super().fetch(*args)

    def text(self, key: str) -> tuple[str, Read] | None:
        self._tick()
        return super().text(key)

    def list(self, prefix: str) -> Iterator[Any]:
        self._tick()
        return super().list(prefix)

    def replace(self, *args: Any) -> None:
        self._tick()
        super().replace(*args)

    def put(self, *args: Any, **more: Any) -> None:
        self._tick()
        super().put(*args, **more)


def day(month: int) -> str:
    return f"2026-{month:02d}-09T10:00:00Z"


# What stands, what this run stages, and what the other run stages and curates meanwhile.
AT_ONCE: dict[str, tuple[list[Row], list[Row], list[Row]]] = {
    "the same month": ([], [incident("m", day(4), 2)], [incident("t", day(4), 3)]),
    "a third month": ([incident("a", day(3), 1)], [incident("a", day(4), 2)], [incident("a", day(2), 3)]),
    "mine comes late": ([incident("a", day(3), 2)], [incident("a", day(4), 1)], [incident("a", day(4), 3)]),
    "theirs comes late": ([incident("a", day(3), 2)], [incident("a", day(4), 3)], [incident("a", day(3), 1)]),
}


@pytest.mark.parametrize(
    ("at", "name"),
    [(at, "mine comes late") for at in range(1, 9)]
    + [(at, name) for at in (2, 3, 5) for name in sorted(set(AT_ONCE) - {"mine comes late"})],
)
def test_two_runs_at_once(lake: Bucket, tmp_path: Path, at: int, name: str) -> None:
    """Request by request: whenever the other run comes in between, in the end every record stands once."""
    before, mine, theirs = AT_ONCE[name]
    known = dict(curator(lake, tmp_path).curate(stage(lake, before, tmp_path), {}).months)
    touched = stage(lake, mine, tmp_path)
    (tmp_path / "theirs").mkdir()

    def other() -> None:
        months = stage(lake, theirs, tmp_path / "theirs")
        # What it knows now is what a repetition of this run finds.
        known.update(curator(lake, tmp_path / "theirs").curate(months, dict(known)).months)

    meddled = Interrupted(lake, at, other)
    for _ in range(3):
        try:
            curator(meddled, tmp_path).curate(touched, dict(known))
            break
        except ChangedMeanwhileError:
            continue
    else:
        pytest.fail("repeating did not help")
    if meddled.at > 0:
        other()
    newest: dict[str, Row] = {}
    for row in sorted((*before, *mine, *theirs), key=lambda row: row["export_id"]):
        newest[row["record_key"]] = row
    assert curated(lake, tmp_path) == {key: [local_month(INCIDENTS, row)] for key, row in newest.items()}


class Meter:
    """Requests of a client, and bytes sent and received, as boto3 sees them."""

    def __init__(self, lake: Bucket) -> None:
        self.requests = self.bytes = 0
        events = lake._s3.meta.events
        events.register("request-created.s3", self._sent)
        events.register("response-received.s3", self._received)

    def _sent(self, request: Any, **_: object) -> None:
        self.requests += 1
        self.bytes += int(
            request.headers.get("Content-Length") or request.headers.get("X-Amz-Decoded-Content-Length") or 0
        )

    def _received(self, response_dict: Any, **_: object) -> None:
        self.bytes += int(response_dict["headers"].get("content-length") or 0)

    def reset(self) -> None:
        self.requests = self.bytes = 0


def history(months: int) -> Sequence[Row]:
    """Ascending keys, 60 a month; in every month one record is corrected into the next, as happens at midnight."""
    rows = []
    for n in range(months):
        first = instant(f"{Month(2016, 1).plus(n)}-10T12:00:00Z")
        rows += [incident(f"{n:04d}-{i:03d}", first + timedelta(hours=i)) for i in range(60)]
        rows.append(incident(f"{n:04d}-000", first + timedelta(days=32), 2))
    return rows


def test_neither_requests_nor_bytes_grow_with_history(tmp_path: Path) -> None:
    """One export after 12 months and after 120, as many rows each. Shards of 100 keys for 60 a month stand for 50,000."""
    cost = []
    for months in (12, 120):
        with mock_aws():
            lake, folder = new_bucket(), tmp_path / str(months)
            staged = stage(lake, history(months), folder)
            entries: dict[Key, set[Month]] = {}
            for row in history(months):
                entries.setdefault(("cad", row["record_key"]), set()).add(local_month(INCIDENTS, row))
            folder.mkdir(exist_ok=True)
            with connect(folder / "duckdb") as db:
                KeyIndex(lake, INCIDENTS, FORCE, db, folder, shard_keys=100).add(entries)
            known = curator(lake, folder, 100).curate(staged[-4:], {}).months
            first = instant(f"{staged[-2]}-25T12:00:00Z")
            touched = stage(lake, [incident(f"{months:04d}-{i:03d}", first, 3) for i in range(60)], folder)
            meter = Meter(lake)
            report = curator(lake, folder, 100).curate(touched, known)
            # The month itself, and its neighbours on both sides, with which it shares a record each.
            assert set(report.folds) == set(staged[-3:])
            cost.append((meter.requests, meter.bytes))
    (requests, bytes_), (requests_later, bytes_later) = cost
    assert requests > 5
    assert bytes_ > 10_000
    assert requests_later <= 1.3 * requests
    assert bytes_later <= 1.3 * bytes_
