"""Downgrades before the target ran out, against a plain loop over every incident and its regrades, and at their edges."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from callclock.clock import Month, periods_of
from callclock.metrics.catalogue import families
from callclock.metrics.known import SourceKnown
from callclock.settings import AttendanceTarget, Force, Grade, Targets
from tests.support.against_oracle import same_values
from tests.support.attendance_cases import AREA_TYPES, ATTENDANCE, GRADES, random_rows, world
from tests.support.attendance_oracle import Cell, Figures, Key, World, cells, midnight, periods, see, wilson
from tests.support.curated import Row, at, incident, one, regrade, values, write_numbered

FAMILIES = [of for of in families() if of.tables == ("incidents", "regrades")]
MARCH = Month(2026, 3)
SINCE = at("2026-02-25T09:00:00Z")
KEYS = ("period_kind", "period_label", "period_end", "grade_basis", "grade_scheme", "grade", "population", "area")
SHARE = "attendance.downgraded_before_target_share"


def measured(
    incidents: Sequence[Row],
    regrades: Sequence[Row],
    workdir: Path,
    *,
    as_at: datetime,
    regrades_until: datetime | None,
    targets: Targets,
    **more: Any,
) -> pd.DataFrame:
    known = [SourceKnown("incidents", s, as_at, s) for s in ("delta", "snapshot")]
    if regrades_until:
        known.append(SourceKnown("regrades", "test", regrades_until, "delta", covered_from=SINCE, covered_to=as_at))
    path = write_numbered("regrades", regrades, workdir / "also")
    until = min(source.as_at for source in known)
    said = {"as_at": until, "sources": known, "targets": targets, "also": {"regrades": [path]}}
    return values(FAMILIES, incidents, MARCH, workdir, **said, **more)


def expected(
    incidents: Sequence[Row], regrades: Sequence[Row], around: World, until: datetime, as_at: datetime
) -> dict[Key, Figures]:
    by_incident = defaultdict(list)
    for row in regrades:
        by_incident[row["incident_id"]].append(row)
    due = {(p.kind.value, p.label, p.end.isoformat()) for p in periods_of(MARCH)}
    groups: dict[tuple[str, str, str, Key], list[tuple[Any, bool, bool]]] = defaultdict(list)
    for row in incidents:
        seen = see(row, around)
        target = seen.target["initial"]
        covered = seen.local.date() >= SINCE.date()
        known = min(seen.known_for, until - seen.start)
        mature = bool(seen.excluded is None and seen.placed and target is not None and covered and known >= target)
        down = mature and any(downgrades(r, row, seen, around) for r in by_incident[row["incident_id"]])
        for kind, label, _, end in periods(seen.local.date()):
            if (kind, label, end.isoformat()) in due:
                for cell in cells(seen, kind):
                    groups[kind, label, end.isoformat(), cell].append((seen, mature, down))
    found: dict[Key, Figures] = {}
    around = World(**{**vars(around), "as_at": min(until, as_at)})
    for (kind, label, end, cell), group in groups.items():
        here = Cell(
            [seen for seen, _, _ in group], cell[0], midnight(datetime.fromisoformat(end).date()), False, around
        )
        if not here.counted:
            continue
        targeted = sum(s.target["initial"] is not None for s in here.placed)
        k, n = sum(down for _, _, down in group), sum(mature for _, mature, _ in group)
        low, high = wilson(k, n) if n else (None, None)
        figures = {"metric": SHARE, "value": k / n if n else None, "n": n, "numerator": k, "denominator": n}
        unknown = len(here.counted) - len(here.placed)
        found[kind, label, end, *cell] = {
            **here.common(immature=targeted - n),
            **figures,
            "n_unknown": unknown,
            "ci_low": low,
            "ci_high": high,
        }
    return found


def downgrades(change: Row, row: Mapping[str, Any], seen: Any, around: World) -> bool:
    """Whether a regrade of an incident is to a longer target or none, in time."""
    when, first = change["regraded_at"] - seen.start, seen.target["initial"]
    arrived = seen.wait if seen.outcome == "attended" else None
    if change.get("set_aside") or change["grade_to"] is None or first is None:
        return False
    if when < timedelta(0) or when >= first or (arrived is not None and when >= arrived):
        return False
    there = see({**row, "grade_initial": change["grade_to"]}, around).target["initial"]
    return there is None or there > first


@pytest.mark.parametrize("seed", range(2))
def test_random_records(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    as_at = at("2026-04-03T12:00:00Z")
    around = world(as_at)
    incidents = random_rows(chance, 220, at("2026-02-20T00:00:00Z"), 40, as_at)
    regrades = []
    for number, row in enumerate(incidents):
        row["incident_id"] = str(number // 2 if number % 40 == 1 else number)  # some numbers are used twice
        start = row.get("submitted_at") or row.get("call_received_at") or row["created_at"]
        for _ in range(chance.choice([0, 1, 1, 2])):
            choices = [row["first_arrived_at"], start + timedelta(minutes=30), start + timedelta(minutes=60)]
            random_time = start + timedelta(seconds=chance.randrange(-60, 7200))
            when = chance.choice([random_time, random_time, *choices]) or random_time
            to = chance.choice(["1", "2", "3", "3", "9", None])
            regrades.append(regrade(as_at, incident_id=row["incident_id"], regraded_at=when, grade_to=to))
    until = at(["2026-04-02T00:00:00Z", "2026-03-31T20:00:00Z"][seed])
    found = measured(
        incidents,
        regrades,
        tmp_path,
        as_at=as_at,
        regrades_until=until,
        targets=Targets(grades=GRADES, attendance=ATTENDANCE),
        force=Force(name="Test", area_types=AREA_TYPES),
    )
    due = expected(incidents, regrades, around, until, as_at)
    assert sum(figures["numerator"] for figures in due.values()) > 100
    same_values(found, due, (*KEYS, "hour_of_week"))


CALL = at("2026-03-10T10:00:00.000Z")
BY_HAND = Targets(
    grades=(Grade(grade="1"), Grade(grade="2"), Grade(grade="3"), Grade(grade="4")),
    attendance=(
        AttendanceTarget(grade="1", target=900.0),
        AttendanceTarget(grade="2", target=3600.0),
        AttendanceTarget(grade="3", target=3600.0),
    ),
)


@pytest.mark.parametrize(
    ("minutes", "to", "arrived", "share"),
    [
        (10, "4", None, 1.0),  # to a grade without a target
        (10, "9", None, 1.0),  # to one that the force does not know: no target either
        (10, "1", None, 0.0),  # upwards
        (10, "3", None, 0.0),  # another grade, the same time
        (10, None, None, 0.0),  # it does not say to what
        (59.999, "4", None, 1.0),
        (60, "4", None, 0.0),  # the target had run out
        (10, "4", 10, 0.0),  # somebody had come
        (10, "4", 10.001, 1.0),
        (-0.001, "4", None, 0.0),  # before the call
    ],
)
def test_edges(minutes: float, to: str | None, arrived: float | None, share: float, tmp_path: Path) -> None:
    as_at = at("2026-05-20T00:00:00Z")
    then = arrived and CALL + timedelta(minutes=arrived)
    rows = [incident(as_at, incident_id="7", call_received_at=CALL, source="delta", first_arrived_at=then)]
    changes = [regrade(as_at, incident_id="7", regraded_at=CALL + timedelta(minutes=minutes), grade_to=to)]
    found = measured(rows, changes, tmp_path, as_at=as_at, regrades_until=as_at, targets=BY_HAND)
    assert one(found, metric=SHARE, grade="2")["value"] == share


def test_without_regrades_ever_sent_there_is_no_row(tmp_path: Path) -> None:
    as_at = at("2026-05-20T00:00:00Z")
    rows = [incident(as_at, incident_id="7", call_received_at=CALL, source="delta")]
    assert measured(rows, [], tmp_path, as_at=as_at, regrades_until=None, targets=BY_HAND).empty


@pytest.mark.parametrize(("known", "immature"), [("2026-03-10T11:00:00.000Z", 0), ("2026-03-10T10:59:59.999Z", 1)])
def test_an_incident_is_as_old_as_regrades_are_known(known: str, immature: int, tmp_path: Path) -> None:
    as_at = at("2026-05-20T00:00:00Z")
    rows = [incident(as_at, incident_id="7", call_received_at=CALL, source="delta")]
    found = measured(rows, [], tmp_path, as_at=as_at, regrades_until=at(known), targets=BY_HAND)
    row = one(found, metric=SHARE, grade="2")
    assert (row["n"], row["n_immature"]) == (1 - immature, immature)
    assert pd.isna(row["value"]) == (immature == 1)
