"""Which counts of a table are hidden, so that no small one can be worked out (METRICS "Publishing small numbers").

What is hidden must not follow from what is shown, so each small count is hidden together with a *move*: a handful of
cells in which records can be told otherwise, up and down by turns, with nothing changed that is shown. The commonest is
the rectangle: two rows, two periods. Pure. The proof that nothing leaks is a linear programme, in the tests and in
``callclock audit-public``.
"""

import functools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from callclock.doubt import Cell, Doubt, Key, Lever, Move, Shift, is_whole
from callclock.suppression import Quantity, Table, primary

type Hidden = Mapping[str, Collection[Key]]
"""Keys by quantity."""


def settle(
    table: Table,
    *,
    hidden: Hidden | None = None,
    known: Hidden | None = None,
    exempt: Hidden | None = None,
) -> tuple[Mapping[str, frozenset[Key]], frozenset[tuple[str, Key]]]:
    """Say which keys of a table are hidden.

    Parameters
    ----------
    hidden
        Keys that are hidden for other reasons, by quantity.
    known
        Keys that were ever published: what is known cannot be hidden again.
    exempt
        Keys that are protected otherwise.

    Returns
    -------
    tuple
        Hidden keys by quantity, and those that should be and that nothing can protect: where there are any, the table
        must not go out.
    """
    given = {of.name: table.mask(set(table.above) - set((hidden or {}).get(of.name, ()))) for of in table.quantities}
    told = {name: keys | table.mask((known or {}).get(name, ())) for name, keys in given.items()}
    state = _State(table, told, functools.reduce(int.__and__, given.values()))
    for quantity in table.quantities:
        mine = {*(hidden or {}).get(quantity.name, ()), *primary(table, quantity)}
        state.hide((quantity.name,), table.mask(mine))
    lost = {(name, key) for name, keys in state.known.items() for key in table.named(keys & state.gone[name])}
    for quantity in table.quantities:
        spared = (exempt or {}).get(quantity.name, ())
        for key in table.keys:
            if table.bits[key] & state.gone[quantity.name] and key not in spared and not state.protect(quantity, key):
                lost.add((quantity.name, key))
    return {name: frozenset(table.named(keys)) for name, keys in state.gone.items()}, frozenset(lost)


@dataclass
class _State:
    """Keys hidden so far, by quantity, as numbers; ``never`` may change in no quantity."""

    table: Table
    known: Mapping[str, int]
    never: int
    gone: dict[str, int] = field(init=False)
    moves: dict[Key, list[tuple[Cell, list[Move]]]] = field(default_factory=dict)
    costs: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gone = dict.fromkeys(self.table.by_name, 0)

    def hide(self, touched: Iterable[str], keys: int) -> None:
        """Hide keys of quantities and of their parts."""
        for name in self.table.hides_with(touched):
            self.gone[name] |= keys

    def protect(self, quantity: Quantity, key: Key) -> bool:
        """Hide what it takes for a key to stay in doubt; False where nothing does."""
        for levers, fall, rise in self.table.doubts(quantity, key):
            doubt = Doubt(self.table.makeup, {-1: fall, 1: rise})
            if not self._is_enough(doubt, levers, key) and not self._widen(doubt, levers, key):
                return False
        return True

    def _is_enough(self, doubt: Doubt, levers: tuple[Lever, ...], key: Key) -> bool:
        """Whether what is hidden already leaves enough doubt."""
        if doubt.is_enough():
            return True
        for cell, moves in self._moves(key):
            kinds = [
                (functools.reduce(int.__and__, (self.gone[name] for name in touches)), of)
                for touches, of in self._usable(levers, cell)
            ]
            for move in moves:
                for gone, mine in kinds:
                    if move.keys & gone == move.keys:
                        for lever in mine:
                            doubt.take(Shift(move, lever))
                        if doubt.is_enough():
                            return True
        return False

    def _usable(self, levers: Iterable[Lever], cell: Cell) -> list[tuple[frozenset[str], list[Lever]]]:
        """Levers that can be pulled in a cell at all, by the quantities that change with them."""
        found: dict[frozenset[str], list[Lever]] = {}
        for lever in levers:
            if any(self.table.makeup.reach_of(cell, lever, way) > 0 for way in (-1, 1)):
                found.setdefault(lever.touches, []).append(lever)
        return list(found.items())

    def _widen(self, doubt: Doubt, levers: tuple[Lever, ...], key: Key) -> bool:
        """Hide the smallest first, as METRICS has it, and then as many as it takes."""
        found: dict[tuple[int, frozenset[str]], list[Shift]] = {}
        told: dict[frozenset[str], int] = {}
        for cell, moves in self._moves(key):
            for touches, mine in self._usable(levers, cell):
                known = told.setdefault(touches, self._told(touches))
                for move in moves:
                    if not move.keys & known:
                        found.setdefault((move.keys, touches), []).extend(Shift(move, lever) for lever in mine)
        ways = [_Way(*at, shifts) for at, shifts in found.items() if self._newly(*at)]
        while not doubt.is_enough():
            best = self._cheapest(ways, doubt)
            if best is None:
                return False
            self.hide(best.touches, best.keys)
            for way in (best, *(way for way in ways if way is not best and not self._newly(way.keys, way.touches))):
                for shift in way.shifts:
                    doubt.take(shift)
            ways = [way for way in ways if self._newly(way.keys, way.touches)]
        return True

    def _cheapest(self, ways: Iterable["_Way"], doubt: Doubt) -> "_Way | None":
        """Way that hides least of those that go any way; one with no corner of nought before all others."""
        another = None
        for _, same in groupby(sorted(ways, key=self._price), key=self._price):
            alike = list(same)
            if len(alike) > 1:
                alike.sort(key=lambda way: (self.table.named(way.keys), sorted(way.touches)))
            for way in alike:
                for shift in way.shifts:
                    whole = is_whole(self.table.makeup, shift)
                    if (whole or not another) and doubt.by(shift):
                        if whole:
                            return way
                        another = way
        return another

    def _told(self, touches: Iterable[str]) -> int:
        """Keys that are known of what would be hidden."""
        return functools.reduce(int.__or__, (self.known[name] for name in self.table.hides_with(touches)), 0)

    def _moves(self, key: Key) -> list[tuple[Cell, list[Move]]]:
        if key not in self.moves:
            found = ((cell, [m for m in moves if not m.keys & self.never]) for cell, moves in self.table.moves(key))
            self.moves[key] = list(found)
        return self.moves[key]

    def _newly(self, keys: int, touches: Iterable[str]) -> bool:
        """Whether anything would be hidden that is not."""
        return any(keys & ~self.gone[name] for name in touches)

    def _price(self, way: "_Way") -> tuple[bool, int]:
        """What a way costs: whether a sum goes, and how much is newly hidden."""
        sums, cost = False, 0
        for name in way.touches:
            new = way.keys & ~self.gone[name]
            sums = sums or bool(new & self.table.sums)
            cost += self._cost(name, new)
        return sums, cost

    def _cost(self, name: str, keys: int) -> int:
        """Counts of a quantity, added up."""
        if (name, keys) not in self.costs:
            counts = self.table.totals[name]
            left, cost = keys, 0
            while left:
                bit = left & -left
                cost += counts[bit]
                left ^= bit
            self.costs[name, keys] = cost
        return self.costs[name, keys]


@dataclass(frozen=True, eq=False)
class _Way:
    """Shifts that change the same keys of the same quantities."""

    keys: int
    touches: frozenset[str]
    shifts: list[Shift]
