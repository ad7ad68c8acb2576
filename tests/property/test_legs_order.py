"""Legs of one call from several exports and months: one call in one month, whatever came first, was sent again or withdrawn."""

import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from callclock import layout
from callclock.clock import Month
from callclock.contracts import CALLS
from callclock.lake.curate import CuratedMonth, Curator
from tests.support.memory_lake import MemoryBucket, instant, read_rows, write_staged

Row = dict[str, Any]
ZONE = ZoneInfo("Europe/London")
# The last of the month before is where calls run over midnight; the hour after 1 April 00:00 is March in UTC.
STARTS = [
    instant(t) for t in ("2026-01-31T23:58:00Z", "2026-02-14T12:00:00Z", "2026-02-28T23:59:30Z", "2026-03-31T22:59:50Z")
]
STEPS = [timedelta(seconds=0), timedelta(minutes=5), timedelta(days=3), timedelta(days=25)]


@st.composite
def exports(draw: st.DrawFn) -> list[list[Row]]:
    """Legs of a few calls spread over a few exports; each leg may come in several versions, in any of them."""
    count = draw(st.integers(1, 4))
    found: list[list[Row]] = [[] for _ in range(count)]
    for call in draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)):
        start = draw(st.sampled_from(STARTS))
        for nth in range(draw(st.integers(1, 3))):
            start += draw(st.sampled_from(STEPS)) if nth else timedelta()
            for version in range(draw(st.integers(1, 2))):
                answered = draw(st.booleans())
                export = draw(st.integers(0, count - 1))
                found[export].append({
                    "call_id": call, "record_key": call, "leg": call if nth == 0 else f"{call}{nth}", "line": "101" if nth == 0 else "unknown",
                    "call_started_at": start, "queued_at": start + timedelta(seconds=10), "ended_at": start + timedelta(seconds=90),
                    "first_answered_at": start + timedelta(seconds=40) if answered else None,
                    "final_answered_at": start + timedelta(seconds=40) if answered else None,
                    "queue": draw(st.sampled_from(["X", "Y"])), "reported_queue_ms": nth + 1, "export_id": f"e{export}",
                    "record_updated_at": instant("2026-05-01T00:00:00Z") + timedelta(hours=version), "record_no": len(found[export]) + 1,
                })  # fmt: skip
    return [rows for rows in found if rows]


def month_of(at: datetime) -> Month:
    return Month.of(at.astimezone(ZONE).date())


def oracle(all_exports: Sequence[Sequence[Row]]) -> dict[str, tuple[Any, ...]]:
    """Each call by a loop over its legs, and each leg by a loop over its versions."""
    legs: dict[str, dict[str, Row]] = {}
    versions = sorted(
        (row for export in all_exports for row in export),
        key=lambda r: (r["record_updated_at"], r["export_id"], r["record_no"]),
    )
    for row in versions:
        here = legs.setdefault(row["record_key"], {})
        was = here.get(row["leg"], {})
        milestones = ("first_answered_at", "final_answered_at", "queued_at", "ended_at")
        here[row["leg"]] = {**row, **{m: row[m] or was.get(m) for m in milestones}}
    found = {}
    for key, here in legs.items():
        # Months that do not follow one another hold calls of their own: see docs/decisions/0012.
        ordered = sorted(here.values(), key=lambda r: (r["call_started_at"], r["leg"] != key, r["leg"]))
        found[key] = (
            month_of(ordered[0]["call_started_at"]),
            len(ordered),
            ordered[-1]["queue"],
            min((r["first_answered_at"] for r in ordered if r["first_answered_at"]), default=None),
            ordered[-1]["final_answered_at"],
            max(r["ended_at"] for r in ordered),
            sum(r["reported_queue_ms"] for r in ordered),
            "101" if any(r["line"] == "101" for r in ordered) else "unknown",
        )
    return found


def stage(bucket: MemoryBucket, export: Sequence[Row], folder: Path) -> list[Month]:
    months = sorted({month_of(row["call_started_at"]) for row in export})
    for month in months:
        mine = [row for row in export if month_of(row["call_started_at"]) == month]
        path = write_staged(folder / "part.parquet", CALLS, mine)
        bucket.put(layout.staged("calls", "EX", month, export[0]["export_id"]), path)
    return months


def curate(
    bucket: MemoryBucket, folder: Path, months: Sequence[Month], known: dict[Month, CuratedMonth]
) -> dict[Month, CuratedMonth]:
    made = Curator(bucket, CALLS, "EX", "Europe/London", 2.0, Path(tempfile.mkdtemp(dir=folder))).curate(months, known)
    return known | dict(made.months)


def curated(bucket: MemoryBucket, folder: Path) -> dict[str, tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}
    for listed in bucket.list(layout.curated_prefix("calls", "EX")):
        month = Month.parse(listed.key.split("month=")[1][:7])
        bucket.fetch(listed.key, folder / "read.parquet")
        for row in read_rows(folder / "read.parquet"):
            assert row["record_key"] not in found, "a call stands in one month only"
            instants = (
                row[name] and row[name].replace(tzinfo=STARTS[0].tzinfo)
                for name in ("first_answered_at", "final_answered_at", "ended_at")
            )
            found[row["record_key"]] = (
                month,
                row["legs"],
                row["queue"],
                *instants,
                row["reported_queue_ms"],
                row["line"],
            )
    return found


def whole(made: Sequence[Sequence[Row]]) -> bool:
    """Whether the months of each call follow one another: those that do not are calls of their own by decision."""
    months: dict[str, set[Month]] = {}
    for row in (row for export in made for row in export):
        months.setdefault(row["record_key"], set()).add(month_of(row["call_started_at"]))
    return all(min(of).plus(len(of) - 1) == max(of) for of in months.values())


@settings(max_examples=6, deadline=None)
@given(exports().filter(whole), st.randoms(use_true_random=False))
def test_any_order_one_by_one_or_twice_ends_as_one_fold_of_everything(made: list[list[Row]], random: Random) -> None:
    order = [*made, random.choice(made)]
    random.shuffle(order)
    with tempfile.TemporaryDirectory() as name:
        folder, bucket = Path(name), MemoryBucket()
        known: dict[Month, CuratedMonth] = {}
        for export in order:
            known = curate(bucket, folder, stage(bucket, export, folder), known)
        assert curated(bucket, folder) == oracle(made)


@settings(max_examples=6, deadline=None)
@given(exports().filter(lambda made: len(made) > 1 and whole(made[1:])))
def test_what_an_export_had_joined_falls_apart_when_it_is_withdrawn(made: list[list[Row]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, bucket = Path(name), MemoryBucket()
        known: dict[Month, CuratedMonth] = {}
        for export in made:
            known = curate(bucket, folder, stage(bucket, export, folder), known)
        gone = {month_of(row["call_started_at"]) for row in made[0]}
        for month in gone:
            del bucket.objects[layout.staged("calls", "EX", month, made[0][0]["export_id"])]
        curate(bucket, folder, sorted(gone), known)
        assert curated(bucket, folder) == oracle(made[1:])
