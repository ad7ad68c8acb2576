"""Calls that run over the end of a month: where they stand, and what becomes of them when a part of them goes."""

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

from callclock import layout
from callclock.clock import Month
from callclock.contracts import CALLS
from callclock.lake.curate import CuratedMonth, Curator
from tests.support.memory_lake import MemoryBucket, instant, read_rows, write_staged

FEBRUARY, MARCH, APRIL, MAY = (Month(2026, month) for month in (2, 3, 4, 5))


class Lake:
    """A lake to which exports of one leg each are added, and from which they are taken away."""

    def __init__(self, folder: Path) -> None:
        self.bucket, self.folder = MemoryBucket(), folder
        self.known: dict[Month, CuratedMonth] = {}

    def add(self, leg: str, start: str, month: Month, call: str = "A", **more: object) -> None:
        began = instant(start)
        row = {
            "call_id": call, "record_key": call, "leg": leg, "line": "101", "call_started_at": began, "queued_at": began,
            "ended_at": began + timedelta(minutes=1), "queue": leg, "export_id": f"of {leg}", **more,
        }  # fmt: skip
        path = write_staged(self.folder / "part.parquet", CALLS, [row])
        self.bucket.put(layout.staged("calls", "EX", month, f"of {leg}"), path)
        self.curate(month)

    def withdraw(self, leg: str, month: Month) -> None:
        del self.bucket.objects[layout.staged("calls", "EX", month, f"of {leg}")]
        self.curate(month)

    def curate(self, *months: Month) -> None:
        made = Curator(self.bucket, CALLS, "EX", "Europe/London", 2.0, Path(tempfile.mkdtemp(dir=self.folder)))
        self.known |= made.curate(months, self.known).months

    def calls(self) -> dict[str, list[tuple[str, int, str]]]:
        """Month (its number), legs and last queue of each call."""
        found: dict[str, list[tuple[str, int, str]]] = {}
        for listed in self.bucket.list(layout.curated_prefix("calls", "EX")):
            self.bucket.fetch(listed.key, self.folder / "read.parquet")
            for row in read_rows(self.folder / "read.parquet"):
                month = listed.key.split("month=")[1][5:7]
                found.setdefault(str(row["call_id"]), []).append((month, row["legs"], row["queue"]))  # type: ignore[arg-type]
        return found


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


ROOT, NEXT, LAST = (
    ("A", "2026-03-31T22:59:00Z", MARCH),
    ("B", "2026-03-31T23:01:00Z", APRIL),
    ("C", "2026-05-02T10:00:00Z", MAY),
)


@pytest.mark.parametrize("order", [(ROOT, NEXT, LAST), (LAST, NEXT, ROOT), (NEXT, LAST, ROOT), (ROOT, LAST, NEXT)])
def test_a_call_stands_where_it_began_whatever_came_first(
    lake: Lake, order: tuple[tuple[str, str, Month], ...]
) -> None:
    for leg in order:
        lake.add(*leg)
    assert lake.calls() == {"A": [("03", 3, "C")]}


def test_until_the_first_leg_comes_the_others_are_a_call(lake: Lake) -> None:
    lake.add(*NEXT)
    lake.add(*LAST)
    assert lake.calls() == {"A": [("04", 2, "C")]}
    lake.add(*ROOT)
    assert lake.calls() == {"A": [("03", 3, "C")]}


def test_when_the_later_leg_is_withdrawn_the_call_has_lost_it(lake: Lake) -> None:
    """April held nothing but that leg, and never had a call of its own: it must know all the same that March had it."""
    lake.add(*ROOT)
    lake.add(*NEXT)
    lake.withdraw("B", APRIL)
    assert lake.calls() == {"A": [("03", 1, "A")]}


def test_when_the_first_leg_is_withdrawn_the_other_is_a_call_again(lake: Lake) -> None:
    lake.add(*ROOT)
    lake.add(*NEXT)
    lake.withdraw("A", MARCH)
    assert lake.calls() == {"A": [("04", 1, "B")]}


def test_legs_that_skip_a_month_are_two_calls_until_what_lies_between_comes(lake: Lake) -> None:
    lake.add(*ROOT)
    lake.add(*LAST)
    assert lake.calls() == {"A": [("03", 1, "A"), ("05", 1, "C")]}
    lake.add(*NEXT)
    assert lake.calls() == {"A": [("03", 3, "C")]}


def test_a_month_whose_calls_all_begin_in_it_does_not_read_the_one_before(lake: Lake) -> None:
    for number in range(5):
        lake.add(f"F{number}", f"2026-02-1{number}T10:00:00Z", FEBRUARY, call=f"F{number}")
    lake.add("M1", "2026-03-01T10:00:00Z", MARCH, call="M1")
    before = lake.bucket.bytes_read
    fetched: list[str] = []
    fetch = lake.bucket.fetch
    lake.bucket.fetch = lambda key, *more: fetched.append(key) or fetch(key, *more)  # type: ignore[method-assign, func-returns-value]
    lake.add("M2", "2026-03-02T10:00:00Z", MARCH, call="M2")
    assert not [key for key in fetched if "month=2026-02" in key]
    assert lake.bucket.bytes_read > before


def test_calls_without_legs_share_no_months(lake: Lake) -> None:
    lake.add("A", "2026-03-31T22:59:00Z", MARCH, export_id="e1")
    for key in list(lake.bucket.objects):
        del lake.bucket.objects[key]
    lake.known = {}
    row = {"call_id": "A", "record_key": "A", "line": "101", "call_started_at": instant("2026-03-31T22:59:00Z")}
    later = {**row, "call_started_at": instant("2026-03-31T23:01:00Z")}
    for month, said in ((MARCH, row), (APRIL, later)):
        path = write_staged(lake.folder / "part.parquet", CALLS, [said])
        lake.bucket.put(layout.staged("calls", "EX", month, "e"), path)
    lake.curate(MARCH, APRIL)
    assert lake.calls() == {"A": [("03", None, "none"), ("04", None, "none")]}
