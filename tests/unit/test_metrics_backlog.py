"""The backlog at its edges, worked by hand: midnight, clock changes, the turn of a year, twelve months, last sight."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from callclock.clock import Month, Period, PeriodKind
from callclock.metrics.catalogue import family
from tests.support.curated import at, incident, values

AS_AT = at("2026-06-01T00:00:00Z")


def backlog(rows: list[dict[str, Any]], day: str, workdir: Path, **more: Any) -> pd.DataFrame:
    """Rows of one day for all grades and populations, by age band."""
    home = Month(int(day[:4]), int(day[5:7]))
    found = values([family("attendance_backlog")], rows, home, workdir, **{"as_at": AS_AT, **more})
    found = found[(found.period_label == day) & (found.grade == "all") & (found.population == "all")]
    return found[found.grade_basis == "initial"].set_index("age_band")


def one(call: str, arrived: str | None = None, closed: str | None = None, seen: datetime = AS_AT) -> dict[str, Any]:
    then = {"first_arrived_at": arrived and at(arrived), "closed_at": closed and at(closed)}
    return incident(seen, call_received_at=at(call), **then)


@pytest.mark.parametrize(
    ("call", "arrived", "closed", "day", "band"),
    [
        # Local midnight in winter: who comes at it has come, who calls at it calls on the next day.
        ("2026-01-10T20:00:00.001Z", "2026-01-11T00:00:00.000Z", None, "2026-01-10", None),
        ("2026-01-10T20:00:00.001Z", "2026-01-11T00:00:00.001Z", None, "2026-01-10", "under_4h"),
        ("2026-01-09T20:00:00.000Z", "2026-01-11T00:00:00.000Z", None, "2026-01-10", None),
        ("2026-01-10T23:59:59.999Z", None, None, "2026-01-10", "under_4h"),
        # Exactly four hours, a day and seven days belong to the next band.
        ("2026-01-10T20:00:00.000Z", None, None, "2026-01-10", "under_24h"),
        ("2026-01-10T00:00:00.001Z", None, None, "2026-01-10", "under_24h"),
        ("2026-01-10T00:00:00.000Z", None, None, "2026-01-10", "under_7d"),
        ("2026-01-04T00:00:00.001Z", None, None, "2026-01-10", "under_7d"),
        ("2026-01-04T00:00:00.000Z", None, None, "2026-01-10", "over_7d"),
        # The day the clocks go forward ends at 23:00 UTC, and has 23 hours.
        ("2026-03-29T00:30:00.000Z", "2026-03-29T23:00:00.000Z", None, "2026-03-29", None),
        ("2026-03-29T00:30:00.000Z", "2026-03-29T23:00:00.001Z", None, "2026-03-29", "under_24h"),
        ("2026-03-28T23:00:00.001Z", None, None, "2026-03-29", "under_24h"),
        ("2026-03-28T23:00:00.000Z", None, None, "2026-03-29", "under_7d"),
        # The day they go back has 25.
        ("2025-10-25T23:30:00.000Z", None, None, "2025-10-26", "under_7d"),
        ("2025-10-26T00:00:00.001Z", None, None, "2025-10-26", "under_24h"),
        # The turn of a year.
        ("2025-12-31T23:00:00.000Z", "2026-01-01T00:00:01.000Z", None, "2025-12-31", "under_4h"),
        ("2025-12-31T23:00:00.000Z", "2026-01-01T00:00:01.000Z", None, "2026-01-01", None),
        # Closed ends the wait; but an arrival wins over a closure, also when it comes later.
        ("2026-01-10T10:00:00.000Z", None, "2026-01-11T00:00:00.000Z", "2026-01-10", None),
        ("2026-01-10T10:00:00.000Z", None, "2026-01-11T00:00:00.001Z", "2026-01-10", "under_24h"),
        ("2026-01-10T10:00:00.000Z", "2026-01-12T00:00:00.000Z", "2026-01-10T11:00:00.000Z", "2026-01-10", "under_24h"),
    ],
)  # fmt: skip
def test_who_is_waiting(
    call: str, arrived: str | None, closed: str | None, day: str, band: str | None, tmp_path: Path
) -> None:
    found = backlog([one(call, arrived, closed)], day, tmp_path)
    assert set(found.index) == {"all", "under_4h", "under_24h", "under_7d", "over_7d"}
    assert dict(found.value[found.value > 0]) == ({} if band is None else {"all": 1.0, band: 1.0})
    assert found.complete.all()


@pytest.mark.parametrize(("call", "counts"), [("2025-03-01T00:00:00.000Z", True), ("2025-02-28T23:59:59.999Z", False)])
def test_twelve_months_before_the_end_of_the_day(call: str, counts: bool, tmp_path: Path) -> None:
    found = backlog([one(call)], "2026-02-28", tmp_path)
    assert len(found) == (5 if counts else 0)
    assert not counts or found.value["over_7d"] == 1


@pytest.mark.parametrize(
    ("seen", "waiting", "immature"), [("2026-01-11T00:00:00.000Z", 1, 0), ("2026-01-10T23:59:59.999Z", 0, 1)]
)
def test_last_seen_open_before_the_end_of_the_day_is_not_known_to_wait(
    seen: str, waiting: int, immature: int, tmp_path: Path
) -> None:
    found = backlog([one("2026-01-10T12:00:00Z", seen=at(seen))], "2026-01-10", tmp_path)
    assert (found.value["under_24h"], found.n_immature["under_24h"]) == (waiting, immature)
    assert (found.value["all"], found.n_immature["all"]) == (waiting, immature)
    assert found.complete["under_4h"]
    assert found.complete["all"] == (immature == 0)


def test_a_day_that_is_not_over_has_no_row(tmp_path: Path) -> None:
    rows = [one("2026-01-10T12:00:00Z")]
    assert len(backlog(rows, "2026-01-12", tmp_path, as_at=at("2026-01-13T00:00:00Z"))) == 5
    assert len(backlog(rows, "2026-01-12", tmp_path, as_at=at("2026-01-12T23:59:59.999Z"))) == 0


def test_a_hole_among_the_days_before_does_not_touch_completeness(tmp_path: Path) -> None:
    rows = [one("2026-01-10T12:00:00Z")]
    holes = frozenset({Period(PeriodKind.DAY, at("2026-01-11T12:00:00Z").date(), at("2026-01-12T12:00:00Z").date())})
    assert not backlog(rows, "2026-01-11", tmp_path, holes=holes).complete.any()
    assert backlog(rows, "2026-01-12", tmp_path, holes=holes).complete.all()
