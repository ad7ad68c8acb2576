"""Made-up records of one financial year, and the rows that measure would make of them: what publication is tested on.

Records are drawn one by one; every row is counted from them anew, so that rows add up as those of real records do.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callclock.clock import Month, Period, PeriodKind
from callclock.contracts import VALUE_KEYS
from callclock.publication import Released, Row

YEAR = "2025/26"
MONTHS = tuple(Month(2025, 4).plus(n) for n in range(12))
LABELS = tuple(str(month) for month in MONTHS)
QUARTERS = {
    Period(PeriodKind.QUARTER, MONTHS[n].first_day, MONTHS[n].plus(3).first_day).label: LABELS[n : n + 3]
    for n in (0, 3, 6, 9)
}
KINDS = ("in 4 h", "in 7 d", "later", "closed in 7 d", "nobody in 7 d", "untimed", "unknown")
STAGES = ("ivr", "skill_queue", "switchboard_queue", "answered", "failed", "ivr_contained")
AS_AT = datetime(2026, 6, 1)  # noqa: DTZ001 - as DuckDB hands it out


@dataclass(frozen=True)
class Incident:
    month: str
    grade: str
    population: str
    area: str
    kind: str
    targeted: bool
    within_target: bool


@dataclass(frozen=True)
class Call:
    month: str
    line: str
    stage: str
    heard: bool
    quick: bool


@dataclass
class World:
    """Records, and what is known to be incomplete."""

    incidents: list[Incident] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    victims: list[tuple[str, str, str]] = field(default_factory=list)
    holes: set[str] = field(default_factory=set)

    def released(self, until: str, *, year: bool = False) -> Released:
        """Rows of all months to ``until``, their quarters, and the year where it is over."""
        return current(self, [label for label in LABELS if label <= until], year=year)


def draw(chance: random.Random, size: int, months: Sequence[str] = LABELS) -> World:
    """Records of a force with about so many incidents a month; grade 3 and other cells are sparse."""
    world = World()
    busy = {grade: chance.choice([0.02, 0.2, 1.0]) for grade in ("1", "2", "3", "unknown")}
    for month in months:
        for _ in range(chance.randrange(size // 2, size + 1)):
            world.incidents.append(incident(chance, month, busy))
        for line in ("101", "999"):
            for _ in range(chance.randrange(size // 2, size + 1)):
                weights = [3, 2, 1, 60, 1, 4] if line == "101" else [0.1, 0.5, 0, 90, 1, 0]
                stage = chance.choices(STAGES, weights)[0]
                heard = stage == "answered" or (stage == "skill_queue" and chance.random() < 0.2)
                world.calls.append(Call(month, line, stage, heard, stage == "answered" and chance.random() < 0.5))
        for outcome in ("attended", "never_attended"):
            for _ in range(chance.randrange(size // 4 + 1)):
                world.victims.append((month, outcome, chance.choices(["assessed", "declined", "none"], [6, 3, 1])[0]))
    return world


def incident(chance: random.Random, month: str, busy: Mapping[str, float]) -> Incident:
    kind = chance.choices(KINDS, [30, 15, 4, 4, 3, 0.3, 0.5])[0]
    targeted = kind not in {"untimed", "unknown"} and chance.random() < 0.95
    return Incident(
        month=month,
        grade=chance.choices(list(busy), list(busy.values()))[0],
        population=chance.choices(["domestic_abuse", "other", "unknown"], [2, 8, 0.2])[0],
        area=chance.choices(["North", "South", "Isle"], [6, 5, 0.4])[0],
        kind=kind,
        targeted=targeted,
        within_target=targeted and kind in {"in 4 h", "in 7 d"} and chance.random() < 0.6,
    )


def current(world: World, months: Sequence[str], *, year: bool = False) -> Released:
    periods: dict[tuple[str, str], tuple[Period, list[str]]] = {}
    for label in months:
        month = Month.parse(label)
        periods["month", label] = Period(PeriodKind.MONTH, month.first_day, month.next_first_day), [label]
    for label, of in QUARTERS.items():
        if set(of) <= set(months):
            start = Month.parse(of[0])
            periods["quarter", label] = Period(PeriodKind.QUARTER, start.first_day, start.plus(3).first_day), list(of)
    if year:
        whole = Period(PeriodKind.FY_TO_DATE, MONTHS[0].first_day, MONTHS[-1].next_first_day)
        periods["fy_to_date", YEAR] = whole, list(months)
    return {at: tuple(rows(world, period, of)) for at, (period, of) in periods.items()}


def rows(world: World, period: Period, months: Sequence[str]) -> Iterator[Row]:
    complete = len(months) > 1 or not world.holes & set(months)
    for found in (*_attendance(world, months), *_calls(world, months), *_safeguarding(world, months)):
        metric, unit, keys, figures = found
        keyed: dict[str, Any] = dict.fromkeys(VALUE_KEYS, "all") | keys
        keyed |= {"metric": metric, "period_kind": period.kind.value, "period_label": period.label, "basis": "record"}
        yield {
            **keyed, "period_start": period.start, "period_end": period.end, "unit": unit, "numerator": None,
            "denominator": None, "n_immature": 0, "n_unknown": 0, "n_excluded": 3, "n_clock_fallback": 0,
            "complete": complete, "ci_low": None, "ci_high": None, "target": None, "as_at": AS_AT,
            "definition_version": "1", "notes": "", **figures,
        }  # fmt: skip


def _share(k: int, n: int) -> dict[str, Any]:
    return {"value": k / n if n else None, "n": n, "numerator": k, "denominator": n}


def _count(n: int) -> dict[str, Any]:
    return {"value": float(n), "n": n}


def _attendance(world: World, months: Sequence[str]) -> Iterator[tuple[str, str, dict[str, str], dict[str, Any]]]:
    cells: dict[tuple[str, str, str], list[Incident]] = {}
    for record in world.incidents:
        if record.month in months:
            for grade in (record.grade, "all"):
                for population in (record.population, "all"):
                    cells.setdefault((grade, population, "all"), []).append(record)
            cells.setdefault(("all", "all", record.area), []).append(record)
    for (grade, population, area), mine in cells.items():
        keys = {"grade": grade, "population": population, "area": area, "grade_basis": "initial"}
        keys["grade_scheme"] = "all" if grade == "all" else "standard"
        kinds = Counter(record.kind for record in mine)
        timed = sum(kinds[kind] for kind in KINDS[:3])
        placed = sum(kinds[kind] for kind in KINDS[:5])
        targeted = sum(record.targeted for record in mine)
        yield "attendance.incidents", "count", keys, _count(len(mine))
        yield "attendance.attended", "count", keys, _count(timed + kinds["untimed"])
        for wait, seconds in (("mean_s", 5000.0), ("median_s", 4000.0), ("p90_s", 9000.0)):
            yield f"attendance.{wait}", "s", keys, {"value": seconds if timed else None, "n": timed}
        yield "attendance.within_4h", "share", keys, _share(kinds["in 4 h"], placed)
        yield "attendance.within_7d", "share", keys, _share(kinds["in 4 h"] + kinds["in 7 d"], placed)
        yield "attendance.closed_unattended_within_7d", "share", keys, _share(kinds["closed in 7 d"], placed)
        yield "attendance.over_7d", "share", keys, _share(kinds["later"] + kinds["nobody in 7 d"], placed)
        if targeted:
            met = sum(record.within_target for record in mine)
            yield "attendance.within_target", "share", keys, _share(met, targeted)


def _calls(world: World, months: Sequence[str]) -> Iterator[tuple[str, str, dict[str, str], dict[str, Any]]]:
    for line in ("101", "999"):
        mine = [call for call in world.calls if call.line == line and call.month in months]
        stages = Counter(call.stage for call in mine)
        if not mine:
            continue
        gave_up = sum(call.stage in STAGES[:3] and not call.heard for call in mine)
        keys = {"line": line}
        yield "calls.offered", "count", keys, _count(len(mine))
        yield "calls.answered", "count", keys, _count(stages["answered"])
        yield "calls.abandoned", "count", keys, _count(gave_up)
        yield "calls.abandonment_rate", "share", keys, _share(gave_up, len(mine))
        yield "calls.answered_within_10s", "share", keys, _share(sum(call.quick for call in mine), len(mine))
        heard = sum(call.heard for call in mine)
        for wait in ("mean_s", "median_s", "p90_s"):
            yield f"calls.wait_first_{wait}", "s", keys, {"value": 40.0 if heard else None, "n": heard}
        for stage, n in stages.items():
            yield "calls.stage_share", "share", {**keys, "stage": stage}, _share(n, len(mine))


def _safeguarding(world: World, months: Sequence[str]) -> Iterator[tuple[str, str, dict[str, str], dict[str, Any]]]:
    for outcome in ("attended", "never_attended"):
        parts = Counter(part for month, of, part in world.victims if of == outcome and month in months)
        cases = parts.total()
        if not cases:
            continue
        offered = parts["assessed"] + parts["declined"]
        keys = {"outcome": outcome}
        yield "safeguarding.assessed_share", "share", keys, _share(parts["assessed"], cases)
        yield "safeguarding.offered_share", "share", keys, _share(offered, cases)
        yield "safeguarding.declined_share", "share", keys, _share(parts["declined"], offered)
        yield "safeguarding.no_record_share", "share", keys, _share(parts["none"], cases)


def of_subject(released: Released, subject: str) -> Released:
    """Rows of one subject."""
    return {
        at: tuple(row for row in found if str(row["metric"]).startswith(f"{subject}."))
        for at, found in released.items()
    }
