"""Marks of attendance at their very edges: what is mature, what arrived in time and after the closing, to the ms."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from callclock.clock import Month
from callclock.metrics.catalogue import family
from callclock.settings import AttendanceTarget, Grade, Targets
from tests.support.curated import Row, at, incident, one, values

START = at("2026-03-10T09:00:00Z")
MS = timedelta(milliseconds=1)
MARKS = {
    "attendance.over_15m": timedelta(minutes=15),
    "attendance.over_60m": timedelta(minutes=60),
    "attendance.over_4h": timedelta(hours=4),
    "attendance.over_24h": timedelta(hours=24),
    "attendance.over_7d": timedelta(days=7),
    "attendance.never_attended_share": timedelta(days=28),
    "attendance.within_target": timedelta(hours=1),
}
TARGETS = Targets(grades=(Grade(grade="2"),), attendance=(AttendanceTarget(grade="2", target=3600.0),))


def share(metric: str, known: datetime, workdir: Path, **said: datetime) -> tuple[int, int, int]:
    """Numerator, denominator and how many are too young, of one incident last seen at an instant."""
    rows: list[Row] = [incident(known, call_received_at=START, **said)]
    found = values([family("attendance_marks")], rows, Month(2026, 3), workdir, as_at=known, targets=TARGETS)
    # Initial and final grade are one here, and are counted apart.
    [both] = {
        (int(row["numerator"]), int(row["denominator"]), int(row["n_immature"]))
        for row in (one(found, metric=metric, grade="2", grade_basis=basis) for basis in ("initial", "final"))
    }
    return both


@pytest.mark.parametrize("metric", MARKS)
def test_an_open_incident_is_mature_at_the_mark_and_not_a_moment_before(metric: str, tmp_path: Path) -> None:
    missed = 0 if metric == "attendance.within_target" else 1
    assert share(metric, START + MARKS[metric] - MS, tmp_path) == (0, 0, 1)
    assert share(metric, START + MARKS[metric], tmp_path) == (missed, 1, 0)


@pytest.mark.parametrize("metric", MARKS)
def test_arrived_at_the_mark_is_in_time_and_a_moment_later_is_not(metric: str, tmp_path: Path) -> None:
    known, in_time = START + timedelta(days=30), int(metric == "attendance.within_target")
    assert share(metric, known, tmp_path, first_arrived_at=START + MARKS[metric])[0] == in_time
    assert share(metric, known, tmp_path, first_arrived_at=START + MARKS[metric] + MS)[0] == 1 - in_time


@pytest.mark.parametrize(("late", "due"), [(-MS, 0), (0 * MS, 0), (MS, 1)])
def test_arrived_after_the_closing_is_later_than_it(late: timedelta, due: int, tmp_path: Path) -> None:
    closed = START + timedelta(hours=2)
    rows = [incident(closed, call_received_at=START, closed_at=closed, first_arrived_at=closed + late)]
    found = values([family("attendance_counts")], rows, Month(2026, 3), tmp_path, as_at=closed + timedelta(days=1))
    assert one(found, metric="attendance.arrived_after_close", grade="2")["value"] == due


@pytest.mark.parametrize("outcome", ["attended", "closed_unattended"])
def test_an_outcome_without_its_time_is_on_no_side_of_any_mark(outcome: str, tmp_path: Path) -> None:
    known = START + timedelta(days=30)
    rows = [incident(known, call_received_at=START, outcome=outcome)]
    chosen = [family("attendance_counts"), family("attendance_marks")]
    found = values(chosen, rows, Month(2026, 3), tmp_path, as_at=known, targets=TARGETS)
    assert one(found, metric=f"attendance.{outcome}", grade="2", reason="all")["value"] == 1
    for metric in MARKS:
        row = one(found, metric=metric, grade="2")
        assert (row["numerator"], row["denominator"], row["n_immature"], row["n_unknown"]) == (0, 0, 0, 1)


def test_answered_at_once_is_a_wait_and_before_the_call_is_none(tmp_path: Path) -> None:
    known = START + timedelta(days=30)
    waits = (-MS, 0 * MS, 3 * MS)
    rows = [
        incident(known, record_key=str(wait), call_received_at=START, call_answered_at=START + wait) for wait in waits
    ]
    found = values([family("attendance_steps")], rows, Month(2026, 3), tmp_path, as_at=known, targets=TARGETS)
    row = one(found, metric="attendance.call_to_answer_mean_s", grade="2")
    assert (row["value"], row["n"]) == (0.0015, 2)
