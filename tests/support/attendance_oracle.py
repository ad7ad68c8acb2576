"""Attendance measures worked out a second time, record by record, from METRICS and in plain Python and numpy.

Shares no code with the SQL: local days come from zoneinfo, percentiles from numpy, intervals from textbooks.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from tests.support.incidence import half_time

LONDON = ZoneInfo("Europe/London")
Z = 1.959964
MARKS = {"15m": 900.0, "60m": 3600.0, "4h": 14400.0, "24h": 86400.0, "7d": 604800.0}
DAYS_28 = timedelta(days=28)
DAYS_29 = timedelta(days=29)
DAY = timedelta(days=1)
_STEPS = {"answer": "call_to_answer", "dispatch": "created_to_dispatch", "travel": "dispatch_to_arrival"}
DAYS_3 = timedelta(days=3)
Key = tuple[str, ...]
Figures = dict[str, Any]


@dataclass(frozen=True)
class World:
    """What stands around the records: configuration and what is known."""

    as_at: datetime
    delta: Mapping[str, datetime]
    services: frozenset[str] = frozenset({"police"})
    unknown_origin_is_public: bool = False
    tolerance: timedelta = timedelta(seconds=2)
    area_types: Mapping[str, str] = field(default_factory=dict)
    grades: Sequence[tuple[str, str, bool, bool, date, date]] = ()
    targets: Sequence[tuple[str, str, str, float, date, date]] = ()
    holes: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Seen:
    """One record as the oracle sees it."""

    start: datetime
    local: datetime
    grade: Mapping[str, str]
    scheme: str
    population: str
    area: str
    excluded: str | None
    unknown_origin: bool
    fallback: bool
    outcome: str
    closure_reason: str
    wait: timedelta | None
    closed_after: timedelta | None
    known_for: timedelta
    answer: timedelta | None
    dispatch: timedelta | None
    travel: timedelta | None
    target: Mapping[str, timedelta | None]
    by_closing: bool
    last: datetime

    @property
    def placed(self) -> bool:
        if self.by_closing:
            return False
        return {
            "attended": self.wait is not None,
            "closed_unattended": self.closed_after is not None,
            "open": True,
            "unknown": False,
        }[self.outcome]


def see(row: Mapping[str, Any], world: World) -> Seen:
    start = row.get("submitted_at") or row.get("call_received_at") or row["created_at"]
    local = start.astimezone(LONDON)
    scheme = row.get("grade_scheme") or "standard"

    def graded(grade: str | None) -> tuple[str, bool, bool]:
        for name, of, expected, appointment, since, until in world.grades:
            if name == grade and of == scheme and since <= local.date() < until:
                return name, expected, appointment
        return "unknown", True, False

    area = (row.get("area") or "").strip() or "unknown"

    def target(grade: str) -> timedelta | None:
        for wanted in (world.area_types.get(area), "all"):
            for name, of, area_type, seconds, since, until in world.targets:
                if (name, of, area_type) == (grade, scheme, wanted) and since <= local.date() < until:
                    return timedelta(seconds=seconds)
        return None

    initial, expected, appointment = graded(row.get("grade_initial"))
    final = graded(row.get("grade_final"))[0]
    arrived, closed = row.get("first_arrived_at"), row.get("closed_at")
    wait = arrived - start if arrived else None
    unknown_origin = row["origin"] == "unknown"
    reasons = [
        row.get("set_aside"),
        {"officer": "officer_made", "external": "external"}.get(row["origin"]),
        "origin_unknown" if unknown_origin and not world.unknown_origin_is_public else None,
        "other_service" if row.get("service") and row["service"] not in world.services else None,
        "appointment" if appointment else None,
        None if expected else "attendance_not_expected",
        "already_on_scene" if wait is not None and -world.tolerance <= wait <= timedelta(0) else None,
        "negative_interval" if wait is not None and wait < -world.tolerance else None,
    ]
    outcome = row.get("outcome") or ("attended" if arrived else "closed_unattended" if closed else "open")
    known = world.delta.get(row["source"], row["observed_at"])
    dispatched = row.get("first_dispatched_at")
    dispatch = dispatched - row["created_at"] if dispatched and row.get("created_at") else None
    travel = arrived - dispatched if arrived and dispatched else None
    received, answered = row.get("call_received_at"), row.get("call_answered_at")
    answer = answered - received if received and answered else None
    return Seen(
        start=start,
        local=local,
        grade={"initial": initial, "final": final},
        scheme=scheme,
        population={True: "domestic_abuse", False: "other", None: "unknown"}[row.get("domestic_abuse")],
        area=area,
        excluded=next((reason for reason in reasons if reason), None),
        unknown_origin=unknown_origin,
        fallback=not (row.get("submitted_at") or row.get("call_received_at")),
        outcome=outcome,
        closure_reason=row.get("closure_reason") or "other",
        wait=wait,
        closed_after=closed - start if closed else None,
        known_for=known - start,
        answer=answer if answer is not None and answer >= timedelta(0) else None,
        dispatch=dispatch if dispatch is not None and dispatch >= timedelta(0) else None,
        travel=travel if travel is not None and travel >= timedelta(0) else None,
        target={basis: target(grade) for basis, grade in (("initial", initial), ("final", final))},
        by_closing=row.get("selected_by") == "closing",
        last=max(instant for instant in (start, arrived, closed) if instant),
    )


def periods(day: date) -> Iterator[tuple[str, str, date, date]]:
    """Periods that hold a local day: kind, label, first day, day after the last."""
    yield "day", day.isoformat(), day, day + timedelta(days=1)
    monday = day - timedelta(days=day.weekday())
    yield "week", f"{day.isocalendar().year}-W{day.isocalendar().week:02d}", monday, monday + timedelta(days=7)
    first = day.replace(day=1)
    yield "month", f"{first:%Y-%m}", first, months_after(first, 1)
    quarter = first.replace(month=(first.month - 1) // 3 * 3 + 1)
    yield "quarter", f"{quarter.year}-Q{quarter.month // 3 + 1}", quarter, months_after(quarter, 3)
    april = first.replace(year=first.year - (first.month < 4), month=4)
    for ahead in range(12):
        end = months_after(first, ahead + 1)
        if end <= months_after(april, 12):
            yield "fy_to_date", f"{april.year}/{(april.year + 1) % 100:02d}", april, end
        last = months_after(first, ahead)
        yield "rolling_12m", f"{last:%Y-%m}", months_after(last, -11), end


def months_after(first: date, months: int) -> date:
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=LONDON).astimezone(UTC)


def grouped(
    rows: Iterable[Mapping[str, Any]], world: World, wanted: Collection[tuple[str, str, str]]
) -> dict[tuple[str, str, date, date, Key], list[Seen]]:
    """Records of every cell of the periods (kind, label, end) that are wanted."""
    found: dict[tuple[str, str, date, date, Key], list[Seen]] = defaultdict(list)
    for row in rows:
        seen = see(row, world)
        for kind, label, start, end in periods(seen.local.date()):
            if (kind, label, end.isoformat()) not in wanted:
                continue
            for cell in cells(seen, kind):
                found[kind, label, start, end, cell].append(seen)
    return found


def cells(seen: Seen, kind: str) -> Iterator[Key]:
    """Cells of one record: (basis, scheme, grade, population, area, hour_of_week)."""
    hour = f"{seen.local.weekday() * 24 + seen.local.hour:03d}"
    for basis in ("initial", "final"):
        for scheme, grade in ((seen.scheme, seen.grade[basis]), ("all", "all")):
            for population in (seen.population, "all"):
                yield basis, scheme, grade, population, "all", "all"
                if kind not in {"day", "week"}:
                    yield basis, scheme, grade, population, seen.area, "all"
            if kind == "month":
                yield basis, scheme, grade, "all", "all", hour


def wilson(k: int, n: int) -> tuple[float, float]:
    p, z2 = k / n, Z * Z
    mid, half = (p + z2 / (2 * n)) / (1 + z2 / n), Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return mid - half, mid + half


def expected(
    rows: Iterable[Mapping[str, Any]], world: World, wanted: Collection[tuple[str, str, str]]
) -> dict[Key, Figures]:
    """Every value that is due, by (metric, kind, label, period_end, cell..., reason).

    ``wanted`` are the periods (kind, label, end) of the partition.
    """
    found: dict[Key, Figures] = {}
    groups = grouped(rows, world, wanted)
    for (kind, label, _, end, cell), group in groups.items():
        here = Cell(group, cell[0], midnight(end), (kind, label) in world.holes, world)
        for (metric, reason), figures in here.figures():
            found[metric, kind, label, end.isoformat(), *cell, reason] = figures
    return found | dict(_gaps(groups, world))


class Cell:
    """The records of one cell and period."""

    def __init__(self, group: list[Seen], basis: str, end: datetime, hole: bool, world: World) -> None:
        self.all, self.basis, self.end, self.hole, self.world = group, basis, end, hole, world
        self.counted = [s for s in group if s.excluded is None]
        self.placed = [s for s in self.counted if s.placed]
        self.waits = [s.wait.total_seconds() for s in self.counted if s.wait is not None and s.outcome == "attended"]
        self.open = [s for s in self.counted if s.outcome == "open"]

    def common(self, *, settles: timedelta = timedelta(0), immature: int = 0, clock: bool = True) -> Figures:
        settled = max([self.end + DAYS_29, *(s.last for s in self.counted)])
        fallback = sum(s.fallback for s in self.counted)
        notes = []
        if clock and fallback:
            share = fallback / len(self.counted)
            notes += ["created_clock"] if share > 0.95 else ["mixed_clock"] if share >= 0.05 else []
        if any(s.unknown_origin for s in self.counted):
            notes.append("unknown_origin_counted")
        return {
            "n_immature": immature,
            "n_unknown": sum(s.outcome == "unknown" for s in self.counted),
            "n_excluded": len(self.all) - len(self.counted),
            "n_clock_fallback": fallback if clock else 0,
            "complete": self.world.as_at >= self.end + settles and not immature and not self.hole,
            "as_at": self.world.as_at if self.open else min(self.world.as_at, settled),
            "notes": notes,
            "numerator": None,
            "denominator": None,
            "ci_low": None,
            "ci_high": None,
        }

    def figures(self) -> Iterator[tuple[tuple[str, str], Figures]]:
        yield from self._counts()
        if self.counted:
            yield from self._waits()
            yield from self._marks()
            yield self._median_all()

    def _counts(self) -> Iterator[tuple[tuple[str, str], Figures]]:
        def due(metric: str, found: Sequence[Seen], reason: str = "all") -> Iterator[tuple[tuple[str, str], Figures]]:
            if found or (reason == "all" and self.counted):
                yield (metric, reason), {**self.common(), "value": len(found), "n": len(found)}

        left_out = [s for s in self.all if s.excluded]
        closed = [s for s in self.counted if s.outcome == "closed_unattended"]
        attended = [s for s in self.counted if s.outcome == "attended"]
        late = [s for s in attended if s.closed_after is not None and s.wait is not None and s.closed_after < s.wait]
        yield from due("attendance.incidents", self.counted)
        yield from due("attendance.attended", attended)
        for key, figures in due("attendance.open", self.open):
            unseen = any(s.by_closing for s in self.counted)
            none = {"value": None, "notes": [*figures["notes"], "selected_by_closing"]}
            yield key, {**figures, **(none if unseen else {})}
        yield from due("attendance.closed_unattended", closed)
        yield from due("attendance.unknown", [s for s in self.counted if s.outcome == "unknown"])
        yield from due("attendance.arrived_after_close", late)
        yield from due("attendance.excluded", left_out)
        for reason in {s.excluded or "" for s in left_out}:
            yield from due("attendance.excluded", [s for s in left_out if s.excluded == reason], reason)
        for reason in {s.closure_reason for s in closed}:
            yield from due("attendance.closed_unattended", [s for s in closed if s.closure_reason == reason], reason)

    def _waits(self) -> Iterator[tuple[tuple[str, str], Figures]]:
        def due(metric: str, seconds: list[float], statistic: str, **more: Any) -> tuple[tuple[str, str], Figures]:
            value = None
            if seconds:
                value = (
                    float(np.mean(seconds)) if statistic == "mean" else float(np.percentile(seconds, int(statistic)))
                )
            return (metric, "all"), {**self.common(settles=DAYS_28), "value": value, "n": len(seconds), **more}

        for name, statistic in (("mean", "mean"), ("median", "50"), ("p90", "90"), ("p95", "95")):
            key, figures = due(f"attendance.{name}_s", self.waits, statistic)
            if name == "mean" and self.waits and self._over("7d") * 604800 > figures["value"]:
                figures["notes"].append("mean_hides_unattended")
            yield key, figures
            for step, metric in _STEPS.items() if name != "p95" else ():
                times = [t.total_seconds() for s in self.counted if (t := getattr(s, step)) is not None]
                if step == "answer" and not times:
                    continue
                common = self.common(settles=DAYS_28, clock=False)
                yield due(f"attendance.{metric}_{name}_s", times, statistic, **common)
        so_far = [self.so_far(s).total_seconds() for s in self.placed]
        common = self.common(immature=len(self.open))
        common["n_unknown"] = len(self.counted) - len(self.placed)
        yield due("attendance.mean_so_far_s", so_far, "mean", **common)

    def so_far(self, seen: Seen) -> timedelta:
        if seen.outcome == "attended":
            assert seen.wait is not None
            return seen.wait
        if seen.outcome == "closed_unattended":
            assert seen.closed_after is not None
            return seen.closed_after
        return seen.known_for

    def _median_all(self) -> tuple[tuple[str, str], Figures]:
        unknown = len(self.counted) - len(self.placed)
        blocked = unknown > 0.05 * len(self.counted)
        seen = [(self.so_far(s), s.outcome) for s in self.placed]
        half = None if blocked else half_time(seen)
        still_open = [time for time, outcome in seen if outcome == "open"]
        common = self.common(immature=sum(half is None or time < half for time in still_open))
        common["notes"] += ["unknown_outcomes"] if blocked else []
        value = None if half is None else half.total_seconds()
        return ("attendance.median_all_s", "all"), {**common, "n_unknown": unknown, "value": value, "n": len(seen)}

    def _over(self, mark: str) -> float:
        within, closed, mature = self.at(mark)
        return (mature - within - closed) / mature if mature else 0.0

    def at(self, mark: str) -> tuple[int, int, int]:
        """Attended by the mark, closed by it, mature at it."""
        limit = timedelta(seconds=MARKS[mark])
        mature = [s for s in self.placed if s.known_for >= limit]
        within = sum(s.outcome == "attended" and s.wait is not None and s.wait <= limit for s in mature)
        closed = sum(
            s.outcome == "closed_unattended" and s.closed_after is not None and s.closed_after <= limit for s in mature
        )
        return within, closed, len(mature)

    def _share(self, metric: str, k: int, n: int, immature: int) -> tuple[tuple[str, str], Figures]:
        low, high = wilson(k, n) if n else (None, None)
        return (metric, "all"), {
            **self.common(immature=immature),
            "n_unknown": len(self.counted) - len(self.placed),
            "value": k / n if n else None,
            "n": n,
            "numerator": k,
            "denominator": n,
            "ci_low": low,
            "ci_high": high,
        }

    def _marks(self) -> Iterator[tuple[tuple[str, str], Figures]]:
        for mark in MARKS:
            within, closed, mature = self.at(mark)
            immature = len(self.placed) - mature
            yield self._share(f"attendance.within_{mark}", within, mature, immature)
            yield self._share(f"attendance.closed_unattended_within_{mark}", closed, mature, immature)
            yield self._share(f"attendance.over_{mark}", mature - within - closed, mature, immature)
        mature = [s for s in self.placed if s.known_for >= DAYS_28]
        never = sum(s.outcome != "attended" or s.wait is None or s.wait > DAYS_28 for s in mature)
        yield self._share("attendance.never_attended_share", never, len(mature), len(self.placed) - len(mature))
        targeted = [(s, t) for s in self.placed if (t := s.target[self.basis]) is not None]
        mature_at = [(s, t) for s, t in targeted if s.known_for >= t]
        within = sum(s.outcome == "attended" and s.wait is not None and s.wait <= t for s, t in mature_at)
        yield self._share("attendance.within_target", within, len(mature_at), len(targeted) - len(mature_at))
        without = sum(s.target[self.basis] is None for s in self.counted)
        none = {**self.common(), "n_unknown": len(self.counted) - len(self.placed), "value": without, "n": without}
        yield ("attendance.no_target", "all"), none


def _gaps(groups: Mapping[tuple[str, str, date, date, Key], list[Seen]], world: World) -> Iterator[tuple[Key, Figures]]:
    for (kind, label, start, end, cell), group in groups.items():
        basis, scheme, grade, population, area, hour = cell
        if population != "domestic_abuse" or hour != "all":
            continue

        def of(wanted: str, *, place: Any = (kind, label, start, end), at: Any = cell) -> Cell:
            key = (*place, (at[0], at[1], at[2], wanted, at[4], at[5]))
            return Cell(groups.get(key, []), at[0], midnight(place[3]), (place[0], place[1]) in world.holes, world)

        abuse, other, everyone = of("domestic_abuse"), of("other"), of("all")
        if not abuse.counted:
            continue
        key = (kind, label, end.isoformat(), basis, scheme, grade, population, area, hour, "all")
        assert len(abuse.all) == len(group)
        medians = [float(np.median(c.waits)) if c.waits else None for c in (abuse, other, everyone)]
        common = {**abuse.common(settles=DAYS_28), "as_at": everyone.common()["as_at"], "n": None}
        ratio = medians[0] / medians[2] if medians[0] and medians[2] else None
        yield ("attendance.gap_ratio", *key), {**common, "value": ratio}
        gap = medians[0] - medians[2] if medians[0] and medians[2] else None
        yield ("attendance.gap_s", *key), {**common, "value": gap}
        yield ("attendance.gap_ratio_other", *key), {**common, **_ratio(abuse.waits, other.waits)}
        (a, _, n), (b, _, m) = abuse.at("4h"), other.at("4h")
        immature = len(abuse.placed) + len(other.placed) - n - m
        late = abuse.common(immature=immature)
        yield (
            ("attendance.gap_within_4h", *key),
            {**late, "as_at": common["as_at"], "n": n + m, "value": None, **_newcombe(a, n, b, m)},
        )


def _ratio(abuse: list[float], other: list[float]) -> Figures:
    if not abuse or not other:
        return {"value": None}
    ratio = float(np.median(abuse) / np.median(other))
    if min(len(abuse), len(other)) < 10:
        return {"value": ratio}
    spread = 0.0
    for waits in (sorted(abuse), sorted(other)):
        n = len(waits)
        low = math.floor((n + 1) / 2 - 0.98 * math.sqrt(n))
        spread += ((math.log(waits[n + 1 - low - 1]) - math.log(waits[low - 1])) / 3.919928) ** 2
    half = Z * math.sqrt(spread)
    return {"value": ratio, "ci_low": math.exp(math.log(ratio) - half), "ci_high": math.exp(math.log(ratio) + half)}


def _newcombe(a: int, n: int, b: int, m: int) -> Figures:
    if not n or not m:
        return {}
    p, q = a / n, b / m
    (pl, pu), (ql, qu) = wilson(a, n), wilson(b, m)
    return {
        "value": p - q,
        "ci_low": p - q - math.hypot(p - pl, qu - q),
        "ci_high": p - q + math.hypot(pu - p, q - ql),
    }
