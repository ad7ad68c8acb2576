"""The backlog worked out a second time: each day, each incident, was anybody still waiting?"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from callclock.clock import Month
from tests.support.attendance_oracle import DAYS_28, Figures, Key, Seen, World, midnight, months_after, see

BANDS = {"under_4h": timedelta(hours=4), "under_24h": timedelta(days=1), "under_7d": timedelta(days=7)}


def expected_backlog(rows: Iterable[Mapping[str, Any]], world: World, home: Month) -> dict[Key, Figures]:
    """Every row that is due for the days of a month, by (day, basis, scheme, grade, population, age_band)."""
    incidents = [see(row, world) for row in rows]
    found: dict[Key, Figures] = {}
    for number in range((home.next_first_day - home.first_day).days):
        day = home.first_day + timedelta(days=number)
        end = midnight(day + timedelta(days=1))
        if end > world.as_at:
            continue
        before = [s for s in incidents if _a_year_before(day) <= s.local.date() <= day]
        groups: dict[Key, list[Seen]] = defaultdict(list)
        for seen in before:
            for cell in _cells(seen):
                groups[cell].append(seen)
        for cell, group in groups.items():
            if any(s.excluded is None for s in group):
                hole = ("day", day.isoformat()) in world.holes
                for band in ("all", *BANDS, "over_7d"):
                    found[(day.isoformat(), *cell, band)] = _figures(group, band, day, world, hole=hole)
    return found


def _a_year_before(day: date) -> date:
    after = day + timedelta(days=1)
    first = months_after(after.replace(day=1), -12)
    days = (months_after(first, 1) - first).days
    return first.replace(day=min(after.day, days))


def _cells(seen: Seen) -> Iterator[Key]:
    for basis in ("initial", "final"):
        for scheme, grade in ((seen.scheme, seen.grade[basis]), ("all", "all")):
            for population in (seen.population, "all"):
                yield basis, scheme, grade, population


def _band(age: timedelta) -> str:
    return next((band for band, limit in BANDS.items() if age < limit), "over_7d")


def _figures(group: list[Seen], band: str, day: date, world: World, *, hole: bool) -> Figures:
    end = midnight(day + timedelta(days=1))
    counted = [s for s in group if s.excluded is None]
    waiting, lost = [], 0
    for s in counted:
        if not s.placed or band not in {"all", _band(end - s.start)}:
            continue
        ended = {"attended": s.wait, "closed_unattended": s.closed_after}.get(s.outcome)
        if s.outcome == "open" and s.start + s.known_for < end:
            lost += 1
        elif ended is None or s.start + ended > end:
            waiting.append(s)
    fallback = sum(s.fallback for s in waiting)
    notes = []
    if fallback:
        share = fallback / len(waiting)
        notes += ["created_clock"] if share > 0.95 else ["mixed_clock"] if share >= 0.05 else []
    notes += ["unknown_origin_counted"] if any(s.unknown_origin for s in waiting) else []
    by_closing = any(s.by_closing for s in counted)
    notes += ["selected_by_closing"] if by_closing else []
    return {
        "metric": "attendance.backlog",
        "value": None if by_closing else len(waiting),
        "n": len(waiting),
        "numerator": None,
        "denominator": None,
        "ci_low": None,
        "ci_high": None,
        "n_immature": lost,
        "n_unknown": sum(not s.placed for s in counted),
        "n_excluded": len(group) - len(counted),
        "n_clock_fallback": fallback,
        "complete": lost == 0 and not hole,
        "as_at": min(world.as_at, end + DAYS_28),
        "notes": notes,
    }
