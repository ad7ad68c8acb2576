"""What hidden counts could be, given everything that is shown: other tables that the public could not tell from ours.

A :class:`Doubt` is about one count. It holds two tables, one in which the count is to be as small as it must be able to
be, one in which it is to be as large, and alters each by *shifts*: a few cells, up and down by turns, so that nothing
changes that is shown. Every shift is held against the table as it has become by those before, so the table that comes
of them is one that could be: no count is negative, no part larger than its whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

type Key = tuple[str, str]
"""Row (or margin row) and period (or the whole)."""
type Cell = tuple[str, str]
"""Row and month, neither of them a sum."""


@dataclass(frozen=True, eq=False)
class Lever:
    """One way in which a count can change by one.

    Attributes
    ----------
    touches
        Quantities that change with it.
    steps
        By how much each part of the cell changes.
    """

    touches: frozenset[str]
    steps: Mapping[str, int]


@dataclass(frozen=True)
class Move:
    """Cells with the sign by which each changes, and the keys that change with them: a bit for each."""

    cells: tuple[tuple[Cell, int], ...]
    keys: int


@dataclass(frozen=True, eq=False)
class Shift:
    """A move by one lever."""

    move: Move
    lever: Lever


@dataclass(frozen=True)
class Makeup:
    """What each cell is made of.

    Attributes
    ----------
    cells
        Count of each part. A cell that is not there has no row, and everybody sees that.
    at_most
        Parts that together never exceed others together.
    """

    cells: Mapping[Cell, Mapping[str, int]]
    at_most: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()
    _limits: dict[tuple[Lever, int], tuple["_Limit", ...]] = field(default_factory=dict, compare=False, repr=False)
    _reach: dict[tuple[Cell, Lever, int], float] = field(default_factory=dict, compare=False, repr=False)

    def reach_of(self, cell: Cell, lever: Lever, sign: int) -> float:
        """How often a lever can be pulled, up (sign 1) or down (-1), in a cell as it is."""
        at = cell, lever, sign
        if at not in self._reach:
            self._reach[at] = self.reach(self.cells[cell], lever, sign) if cell in self.cells else 0
        return self._reach[at]

    def reach(self, parts: Mapping[str, int], lever: Lever, sign: int) -> float:
        """How often a lever can be pulled in a cell of these parts."""
        far = float("inf")
        for many, few, by in self._limits_of(lever, sign):
            left = sum([parts[part] for part in many]) - sum([parts[part] for part in few])
            far = min(far, left // by)
        return max(far, 0)

    def _limits_of(self, lever: Lever, sign: int) -> tuple["_Limit", ...]:
        """What a lever uses up, each time it is pulled."""
        if (lever, sign) not in self._limits:
            steps = {part: sign * by for part, by in lever.steps.items()}
            found: list[_Limit] = [((part,), (), -by) for part, by in steps.items() if by < 0]
            for few, many in self.at_most:
                by = sum(steps.get(part, 0) for part in few) - sum(steps.get(part, 0) for part in many)
                if by > 0:
                    found.append((tuple(many), tuple(few), by))
            self._limits[lever, sign] = tuple(found)
        return self._limits[lever, sign]


type _Limit = tuple[tuple[str, ...], tuple[str, ...], int]
"""Parts of which something must be left when others are taken off, and how much a pull takes."""


@dataclass
class Doubt:
    """How far a count still has to fall (-1) and rise (1), and the two tables as the shifts taken have made them."""

    makeup: Makeup
    needed: dict[int, float]
    altered: dict[tuple[int, Cell], Mapping[str, int]] = field(default_factory=dict)

    def is_enough(self) -> bool:
        """Whether the count can be all that it must be able to be."""
        return all(left <= 0 for left in self.needed.values())

    def by(self, shift: Shift) -> Mapping[int, float]:
        """How far a shift goes each way that is needed."""
        found = {}
        lever, altered, makeup = shift.lever, self.altered, self.makeup
        for way, left in self.needed.items():
            by: float = left
            for cell, sign in shift.move.cells:
                if by <= 0:
                    break
                parts = altered.get((way, cell))
                reach = makeup.reach(parts, lever, sign * way) if parts else makeup.reach_of(cell, lever, sign * way)
                by = min(by, reach)
            if by > 0:
                found[way] = by
        return found

    def take(self, shift: Shift) -> None:
        """Let a shift count, as far as it goes."""
        for way, by in self.by(shift).items():
            self.needed[way] -= by
            for cell, sign in shift.move.cells:
                parts = dict(self.altered.get((way, cell)) or self.makeup.cells[cell])
                for part, step in shift.lever.steps.items():
                    parts[part] += int(by) * step * sign * way
                self.altered[way, cell] = parts


def is_whole(makeup: Makeup, shift: Shift) -> bool:
    """Tell whether a shift can be made both ways: none of its corners is nought."""
    return all(makeup.reach_of(cell, shift.lever, way) > 0 for cell, _ in shift.move.cells for way in (-1, 1))
