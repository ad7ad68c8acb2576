"""Order of arrival does not matter, nothing is lost, and a corrected start leaves one record in one month."""

import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callclock import layout
from callclock.clock import Month
from callclock.contracts import INCIDENTS
from callclock.lake.curate import CuratedMonth, Curator
from callclock.objects import ChangedMeanwhileError
from tests.support.memory_lake import MemoryBucket, instant, read_rows, write_staged

Row = dict[str, Any]
STARTS = [
    instant(t) for t in ("2026-01-31T23:59:00Z", "2026-02-01T00:01:00Z", "2026-02-20T12:00:00Z", "2026-03-31T23:30:00Z")
]


@st.composite
def exports(draw: st.DrawFn) -> list[list[Row]]:
    """A few exports of a few records: starts wander between months, milestones come and go, ties in time happen."""
    found = []
    for n in range(draw(st.integers(1, 4))):
        taken = instant("2026-04-01T00:00:00Z") + timedelta(days=draw(st.integers(0, 2)))
        keys = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True))
        rows = []
        for number, key in enumerate(keys):
            start = draw(st.sampled_from(STARTS))
            rows.append({
                "record_key": key, "incident_id": key, "origin": "public", "created_at": start, "export_id": f"e{n}", "record_no": number + 1,
                "exported_at": taken, "area": draw(st.sampled_from(["N", "S", None])),
                "record_updated_at": draw(st.none() | st.sampled_from([instant("2026-03-01T00:00:00Z"), instant("2026-03-02T00:00:00Z")])),
                "first_arrived_at": draw(st.none() | st.just(start + timedelta(hours=1))),
                "retracts": draw(st.booleans()),
            })  # fmt: skip
        found.append(rows)
    return found


def month_of(row: Row) -> Month:
    # London time is UTC in these months but for the last hour of March, which is April there.
    local = row["created_at"] + (
        timedelta(hours=1) if row["created_at"] >= instant("2026-03-29T01:00:00Z") else timedelta()
    )
    return Month.of(local.date())


def oracle(all_exports: Sequence[Sequence[Row]]) -> dict[str, tuple[Month, Any, Any]]:
    """Month, area and arrival of each record, by a loop over its versions in order."""
    lowest = instant("1970-01-01T00:00:00Z")
    versions: dict[str, list[Row]] = {}
    for row in (row for export in all_exports for row in export):
        versions.setdefault(row["record_key"], []).append(row)
    found = {}
    for key, rows in versions.items():
        rows.sort(key=lambda r: (r["record_updated_at"] or lowest, r["exported_at"], r["export_id"], r["record_no"]))
        arrived: datetime | None = None
        for row in rows:
            arrived = row["first_arrived_at"] if row["retracts"] or row["first_arrived_at"] else arrived
        created = rows[-1]["created_at"]
        found[key] = (month_of({"created_at": created}), rows[-1]["area"], arrived)
    return found


def stage(bucket: MemoryBucket, export: Sequence[Row], folder: Path) -> list[Month]:
    months = sorted({month_of(row) for row in export})
    for month in months:
        path = write_staged(folder / "part.parquet", INCIDENTS, [row for row in export if month_of(row) == month])
        bucket.put(layout.staged("incidents", "EX", month, export[0]["export_id"]), path)
    return months


def curator(bucket: MemoryBucket, folder: Path) -> Curator:
    return Curator(bucket, INCIDENTS, "EX", "Europe/London", 2.0, Path(tempfile.mkdtemp(dir=folder)))


def curated(bucket: MemoryBucket, folder: Path) -> dict[str, tuple[Month, Any, Any]]:
    found: dict[str, tuple[Month, Any, Any]] = {}
    for listed in bucket.list(layout.curated_prefix("incidents", "EX")):
        month = Month.parse(listed.key.split("month=")[1][:7])
        bucket.fetch(listed.key, folder / "read.parquet")
        for row in read_rows(folder / "read.parquet"):
            assert row["record_key"] not in found, "a record stands in one month only"
            arrived = row["first_arrived_at"]
            found[row["record_key"]] = (month, row["area"], arrived and arrived.replace(tzinfo=STARTS[0].tzinfo))
    return found


@settings(max_examples=12, deadline=None)
@given(exports(), st.randoms(use_true_random=False))
def test_any_order_one_by_one_or_twice_ends_as_one_fold_of_everything(made: list[list[Row]], random: Any) -> None:
    order = [*made, random.choice(made)]
    random.shuffle(order)
    with tempfile.TemporaryDirectory() as name:
        folder, bucket = Path(name), MemoryBucket()
        known: dict[Month, CuratedMonth] = {}
        for export in order:
            months = stage(bucket, export, folder)
            known |= curator(bucket, folder).curate(months, known).months
        assert curated(bucket, folder) == oracle(made)


@settings(max_examples=8, deadline=None)
@given(exports(), st.sampled_from(["curated/", "keys/", "curated/incidents/force_code=EX/month=2026-02"]))
def test_a_run_that_dies_and_comes_again_ends_the_same(made: list[list[Row]], dies_at: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, bucket = Path(name), MemoryBucket()
        months = sorted({month for export in made for month in stage(bucket, export, folder)})
        bucket.fail_before_put = dies_at
        with contextlib.suppress(ConnectionError):
            curator(bucket, folder).curate(months, {})
        bucket.fail_before_put = None
        curator(bucket, folder).curate(months, {})
        assert curated(bucket, folder) == oracle(made)


def test_two_writers_at_once_one_is_told(tmp_path: Path) -> None:
    bucket = MemoryBucket()
    row = {"record_key": "a", "incident_id": "a", "origin": "public", "created_at": STARTS[2], "export_id": "e0"}
    months = stage(bucket, [row], tmp_path)
    key = layout.curated("incidents", "EX", months[0])
    fetched = bucket.fetch

    def late(wanted: str, path: Path, version_id: str | None = None) -> Any:
        found = fetched(wanted, path, version_id)
        if wanted == key:
            bucket.objects[key] = (b"written by the twin meanwhile", {})
        return found

    bucket.fetch = late  # type: ignore[method-assign]
    with pytest.raises(ChangedMeanwhileError):
        curator(bucket, tmp_path).curate(months, {})


def test_equal_parts_are_not_written_again(tmp_path: Path) -> None:
    bucket = MemoryBucket()
    row = {"record_key": "a", "incident_id": "a", "origin": "public", "created_at": STARTS[2], "export_id": "e0"}
    months = stage(bucket, [row], tmp_path)
    first = curator(bucket, tmp_path).curate(months, {})
    again = curator(bucket, tmp_path).curate(months, first.months)
    assert again.folds == {}
    assert again.months == first.months


def test_ascending_keys_cost_the_same_whatever_the_history(tmp_path: Path) -> None:
    """Requests and bytes of a month's export early and late in history, each as the mean over whole shards."""
    bucket = MemoryBucket()
    costs = []
    month = Month(2015, 1)
    for n in range(40):
        rows = [
            {"record_key": f"{n:04d}-{i:03d}", "incident_id": "x", "origin": "public", "export_id": f"e{n}",
             "created_at": instant(f"{month}-10T12:00:00Z"), "exported_at": instant(f"{month}-20T12:00:00Z")}
            for i in range(10)
        ]  # fmt: skip
        stage(bucket, rows, tmp_path)
        bucket.requests = bucket.bytes_read = 0
        # A shard of 25 keys for a test's ten a month: as 50,000 for a force's thousands.
        replace(curator(bucket, tmp_path), shard_keys=25).curate([month], {})
        costs.append((bucket.requests, bucket.bytes_read))
        month = month.plus(1)
    for early, late in zip(*(map(sum, zip(*part, strict=True)) for part in (costs[5:10], costs[35:40])), strict=True):
        assert late <= 1.3 * early
