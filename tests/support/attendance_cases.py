"""A force's configuration with everything that can differ in it, and incidents at random that try all of it."""

import math
import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

from callclock.clock import Period
from callclock.settings import AttendanceTarget, Grade
from tests.support.attendance_oracle import World
from tests.support.curated import at, incident

EVER, FOR_EVER, CHANGE = date(1, 1, 1), date(9999, 12, 31), date(2026, 3, 16)
GRADES = (
    Grade(grade="1"),
    Grade(grade="2"),
    Grade(grade="3", until=CHANGE),
    Grade(grade="3", since=CHANGE, attendance_expected=False),
    Grade(grade="4", appointment=True),
    Grade(grade="1", scheme="old"),
)
ATTENDANCE = (
    AttendanceTarget(grade="1", target=60.0, area_type="urban"),
    AttendanceTarget(grade="1", target=36000.0),
    AttendanceTarget(grade="2", target=3600.0, until=CHANGE),
    AttendanceTarget(grade="2", target=1800.0, since=CHANGE),
)
AREA_TYPES: dict[str, Literal["urban", "rural"]] = {"North": "urban", "South": "rural"}


def world(as_at: datetime, *, counts_unknown: bool = False, holes: Sequence[Period] = ()) -> World:
    return World(
        as_at=as_at,
        delta={"delta": as_at},
        unknown_origin_is_public=counts_unknown,
        area_types=AREA_TYPES,
        grades=[
            (g.grade, g.scheme, g.attendance_expected, g.appointment, g.since or EVER, g.until or FOR_EVER)
            for g in GRADES
        ],
        targets=[(t.grade, t.scheme, t.area_type, t.target, t.since or EVER, t.until or FOR_EVER) for t in ATTENDANCE],
        holes=frozenset((hole.kind.value, hole.label) for hole in holes),
    )


def random_rows(
    chance: random.Random, count: int, first: datetime, days: float, as_at: datetime
) -> list[dict[str, Any]]:
    # Clock changes, local midnights and month edges come up far more often than chance would have them.
    edges = [at(t) for t in ("2026-03-29T00:59:59.999Z", "2026-03-29T01:00:00Z", "2026-02-28T23:59:59.999Z")]
    edges += [at(t) for t in ("2026-03-01T00:00:00Z", "2026-03-31T22:59:59.999Z", "2026-03-31T23:00:00Z")]
    edges += [at(t) for t in ("2026-03-01T23:59:59.999Z", "2026-03-02T00:00:00Z", "2025-10-26T00:30:00Z")]
    edges += [at("2025-10-26T01:30:00Z")]
    rows = []
    for _ in range(count):
        start = first + timedelta(milliseconds=chance.randrange(int(days * 86_400_000)))
        if chance.random() < 0.2:
            start = chance.choice(edges)
        rows.append(random_row(chance, start, as_at))
    return rows


def random_row(chance: random.Random, start: datetime, as_at: datetime) -> dict[str, Any]:
    def later(top: float) -> datetime:
        return start + timedelta(milliseconds=int(math.exp(chance.uniform(0, math.log(top * 1000)))))

    said: dict[str, Any] = {"source": chance.choice(["delta", "snapshot"])}
    said["resend"] = said["source"]
    said["created_at"] = start
    if chance.random() < 0.7:
        said["call_received_at"] = start
        said["created_at"] = start + timedelta(seconds=chance.randrange(90))
        if chance.random() < 0.6:
            said["call_answered_at"] = start + timedelta(milliseconds=chance.randrange(-2000, 180_000))
    elif chance.random() < 0.2:
        said["submitted_at"] = start
    arrival = chance.choice([None, later(86400), later(20 * 86400), start, start + timedelta(hours=4)])
    if chance.random() < 0.05:
        arrival = start - timedelta(milliseconds=chance.choice([1, 2000, 2001, 60_000]))
    closed = chance.choice([None, None, later(15 * 86400), start + timedelta(hours=24)])
    said["first_arrived_at"] = arrival if arrival is None or arrival <= as_at else None
    said["closed_at"] = closed if closed is None or closed <= as_at else None
    if arrival and chance.random() < 0.7:
        said["first_dispatched_at"] = start + (arrival - start) * chance.uniform(-0.2, 1.2)
        said["first_dispatched_at"] -= timedelta(microseconds=said["first_dispatched_at"].microsecond % 1000)
    if chance.random() < 0.05:
        said["outcome"] = "unknown"
        said["first_arrived_at"] = said["closed_at"] = None
    said["closure_reason"] = chance.choice([None, "phone_resolved", "no_reply", "cancelled", "other"])
    said["selected_by"] = "closing" if said["closed_at"] and chance.random() < 0.04 else "start"
    said["origin"] = chance.choices(["public", "officer", "external", "unknown"], [20, 1, 1, 3])[0]
    said["set_aside"] = chance.choices([None, "training", "duplicate"], [30, 1, 1])[0]
    said["service"] = chance.choice([None, "police", "police", "police", "fire"])
    said["grade_initial"] = chance.choice(["1", "2", "2", "2", "3", "4", "9", None])
    said["grade_final"] = chance.choice(["1", "2", "3", None])
    said["grade_scheme"] = chance.choice(["standard", "standard", "standard", "old", None])
    said["domestic_abuse"] = chance.choice([True, False, False, None])
    said["area"] = chance.choice(["North", "South", "South", "East", " ", None])
    seen_at = min(as_at, start + timedelta(milliseconds=chance.randrange(1, 40 * 86_400_000)))
    newest = [t for t in (said.get("first_arrived_at"), said.get("closed_at"), start) if t]
    return incident(max([seen_at, *newest]), **said)
