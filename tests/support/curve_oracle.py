"""The tables attendance_curve and regrade_matrix worked out a second time, record by record, from METRICS."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from tests.support.attendance_oracle import Cell, Figures, Key, World, grouped, midnight
from tests.support.incidence import incidence, share_at

type Expected = Callable[[Iterable[Mapping[str, Any]], World, Collection[tuple[str, str, str]]], dict[Key, Figures]]

POINTS = (0.25, *range(1, 25), *range(30, 169, 6))
"""Hours at which the curve is drawn: 15 min, each hour to 24 h, each sixth to 7 d."""


def expected_curve(
    rows: Iterable[Mapping[str, Any]], world: World, wanted: Collection[tuple[str, str, str]]
) -> dict[Key, Figures]:
    """Every row of attendance_curve that is due, by (kind, label, period_end, cell without hour, after_s)."""
    found: dict[Key, Figures] = {}
    for (kind, label, _, end, cell), group in grouped(rows, world, wanted).items():
        here = Cell(group, cell[0], midnight(end), (kind, label) in world.holes, world)
        if cell[5] == "all" and kind not in {"day", "week"} and here.placed:
            for hours, figures in curve(here):
                found[kind, label, end.isoformat(), *cell[:5], str(hours * 3600.0)] = figures
    return found


def expected_matrix(
    rows: Iterable[Mapping[str, Any]], world: World, wanted: Collection[tuple[str, str, str]]
) -> dict[Key, Figures]:
    """Every row of regrade_matrix that is due, by (kind, label, period_end, scheme, initial, final, population, area)."""
    found: dict[Key, Figures] = {}
    for (kind, label, _, end, cell), group in grouped(rows, world, wanted).items():
        basis, scheme, initial, population, area, hour = cell
        counted = [s for s in group if s.excluded is None]
        if (basis, hour) != ("initial", "all") or scheme == "all" or kind in {"day", "week"}:
            continue
        for final in {s.grade["final"] for s in counted}:
            here = Cell(
                [s for s in counted if s.grade["final"] == final],
                basis,
                midnight(end),
                (kind, label) in world.holes,
                world,
            )
            common = here.common(clock=False)
            found[kind, label, end.isoformat(), scheme, initial, final, population, area] = {
                "incidents": len(here.all),
                "of_initial": len(counted),
                "share": len(here.all) / len(counted),
                **{name: common[name] for name in ("complete", "as_at", "notes")},
            }
    return found


def curve(cell: Cell) -> Iterator[tuple[float, Figures]]:
    """What is due at each point of the curve, in hours."""
    seen = [(cell.so_far(s), s.outcome) for s in cell.placed]
    attended, closed = incidence(seen, "attended"), incidence(seen, "closed_unattended")
    last = max(time for time, _ in seen)
    unknown = len(cell.counted) - len(cell.placed)
    for hours in POINTS:
        point = timedelta(hours=hours)
        lost = point > last and (last, "open") in seen
        common = cell.common(immature=sum(outcome == "open" and time < point for time, outcome in seen))
        yield (
            hours,
            {
                "attended_share": None if lost else share_at(attended, point),
                "closed_share": None if lost else share_at(closed, point),
                "n": len(seen),
                "n_unknown": unknown,
                **{n: common[n] for n in ("n_immature", "n_excluded", "n_clock_fallback", "complete", "as_at")},
                "notes": common["notes"] + (["unknown_outcomes"] if unknown > 0.05 * len(cell.counted) else []),
            },
        )
