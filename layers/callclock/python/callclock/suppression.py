"""Which counts are small, and what a table of counts is (METRICS "Publishing small numbers").

A :class:`Table` holds counts by row and period whose margins are published too: rows add up to margin rows, periods to
a whole. Counts from 1 to a limit are *primary*: hidden for their own sake. Pure.
"""

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

from callclock.doubt import Cell, Key, Lever, Makeup, Move

ALL = "all"
MEDIAN_FROM, PERCENTILE_FROM, BARE_SHARE_FROM = 10, 20, 10
"""Least n of a median, of any other percentile, and (below force level) of a share of 0 or 100 %."""


def small(count: int, limit: int) -> bool:
    """Tell whether a count is hidden for its own sake: from 1 to the limit."""
    return 1 <= count <= limit


def share_shown(numerator: int, denominator: int, limit: int) -> bool:
    """Tell whether a share may be shown: neither its numerator nor what remains is small, nor all of it."""
    return not any(small(count, limit) for count in (numerator, denominator - numerator, denominator))


def correction_shown(old: int, new: int, limit: int) -> bool:
    """Tell whether a published count may be corrected: both are showable and their difference is none or not small."""
    return not any(small(count, limit) for count in (old, new, abs(new - old)))


@dataclass(frozen=True)
class Quantity:
    """One count of every cell.

    Attributes
    ----------
    levers
        By which it changes.
    of
        Quantity that it is a part of; hidden where that is.
    rest
        Levers by which what remains of that one changes, where that tells something of its own; None where it does not.
    bare_from
        Least count of what it is a part of from which none and all of it may be shown.
    """

    name: str
    counts: Mapping[Cell, int]
    levers: tuple[Lever, ...]
    of: str | None = None
    rest: tuple[Lever, ...] | None = None
    bare_from: int = 0


@dataclass(frozen=True)
class Table:
    """Counts by row and period with published margins.

    Attributes
    ----------
    months
        Of which the cells are counts.
    makeup
        What the cells are made of.
    longer
        Period that stands for a month, where one does: its counts are public, those of the month are not.
    margins
        Rows that are sums: name to the rows added up.
    whole
        Name of the sum of all periods, where that is (to be) published; None where there is none.
    quantities
        Each after the one it is a part of; the first is what the table counts.
    crossed
        For a row of a table with two dimensions (grade x population): the other three corners of its rectangles.
    fixed
        Margin rows that another table decides on, by month: no move may change them where they are shown.
    of_all
        Whether the rows are shares of all of them, so that what remains of all tells something too.
    """

    rows: tuple[str, ...]
    months: tuple[str, ...]
    quantities: tuple[Quantity, ...]
    makeup: Makeup
    limit: int
    longer: Mapping[str, str] = field(default_factory=dict)
    margins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    whole: str | None = None
    crossed: Mapping[str, tuple[tuple[str, str, str], ...]] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    of_all: bool = False

    @cached_property
    def by_name(self) -> Mapping[str, Quantity]:
        """Quantities by name."""
        return {quantity.name: quantity for quantity in self.quantities}

    @cached_property
    def periods(self) -> tuple[str, ...]:
        """Periods whose counts are public: months, or what stands for them."""
        return tuple(dict.fromkeys(map(self.period_of, self.months)))

    def period_of(self, month: str) -> str:
        """Period of which a month's counts are public."""
        return self.longer.get(month, month)

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        """Every key that the table decides on: rows and margins by period and for the whole."""
        names = sorted({*self.rows, *self.margins} - self.fixed)
        return tuple(product(names, (*self.periods, *([self.whole] if self.whole else []))))

    def members(self, name: str) -> frozenset[str]:
        """Rows that a row or margin row is made of."""
        return self.margins.get(name, frozenset([name]))

    def total(self, counts: Mapping[Cell, int], key: Key) -> int:
        """Count of a key."""
        return sum(counts.get((row, month), 0) for row in self.members(key[0]) for month in self._months[key[1]])

    @cached_property
    def totals(self) -> Mapping[str, Mapping[int, int]]:
        """Count of every quantity, by the bit of its key."""
        return {of.name: {bit: self.total(of.counts, key) for key, bit in self.bits.items()} for of in self.quantities}

    @cached_property
    def sums(self) -> int:
        """Keys that are sums of others."""
        return self.mask(key for key in self.keys if key[0] in self.margins or key[1] == self.whole)

    @cached_property
    def _months(self) -> Mapping[str, tuple[str, ...]]:
        of = {period: tuple(m for m in self.months if self.period_of(m) == period) for period in self.periods}
        return {month: (month,) for month in self.months} | of | ({self.whole: self.months} if self.whole else {})

    def doubts(self, quantity: Quantity, key: Key) -> Iterator[tuple[tuple[Lever, ...], int, int]]:
        """Levers of what must stay in doubt, and how far it must be able to fall and to rise.

        Once for a small count, once for what remains of the whole that it is a part of.
        """
        count = self.total(quantity.counts, key)
        if small(count, self.limit):
            yield quantity.levers, count - 1, self.limit - count
        if quantity.of is not None and quantity.rest is not None:
            remains = self.total(self.by_name[quantity.of].counts, key) - count
            if small(remains, self.limit):
                yield quantity.rest, remains - 1, self.limit - remains
        if self.of_all:
            others = sum(self.total(quantity.counts, (row, key[1])) for row in self.rows) - count
            if small(others, self.limit):
                yield quantity.levers, self.limit - others, others - 1

    def is_bare(self, quantity: Quantity, key: Key) -> bool:
        """Whether a count is none or all of what it is a part of, and that is few."""
        count = self.total(quantity.counts, key)
        whole = self.total(self.by_name[quantity.of].counts, key) if quantity.of else 0
        return 0 < whole < quantity.bare_from and count in {0, whole}

    def hides_with(self, touched: Iterable[str]) -> frozenset[str]:
        """Quantities hidden where these are: they and their parts."""
        found = set(touched)
        for quantity in self.quantities:
            if quantity.of in found:
                found.add(quantity.name)
        return frozenset(found)

    @cached_property
    def _row_moves(self) -> Mapping[str, list[tuple[Mapping[str, int], Mapping[str, int]]]]:
        """For each row, signed rows in which it goes up, and the rows and margin rows that change: by how much."""
        found: dict[str, list[tuple[Mapping[str, int], Mapping[str, int]]]] = {}
        for row in self.rows:
            signed = [{row: 1, other: -1} for other in self.rows if other != row]
            signed += [{row: 1, a: -1, b: -1, across: 1} for a, b, across in self.crossed.get(row, ())]
            for signs in (*signed, {row: 1}):
                nets = {name: sum(signs.get(r, 0) for r in self.members(name)) for name in {*self.rows, *self.margins}}
                changed = {name: net for name, net in nets.items() if net}
                found.setdefault(row, []).append((signs, changed))
        return found

    def moves(self, key: Key) -> Iterator[tuple[Cell, list[Move]]]:
        """Every move that changes a key by one, by the cell that goes up: taken back in another period, or not."""
        for month in self._months[key[1]]:
            period = self.period_of(month)
            others = [other for other in self.months if self.period_of(other) != period and key[1] != self.whole]
            for row in sorted(self.members(key[0])):
                found = []
                for signs, changed in self._row_moves.get(row, ()):
                    if changed.get(key[0]) != 1:
                        continue
                    here = tuple(((name, month), sign) for name, sign in signs.items())
                    keys = self._bits(changed, month)
                    for other in others:
                        there = tuple(((name, other), -sign) for name, sign in signs.items())
                        found.append(Move(here + there, keys | self._bits(changed, other)))
                    found.append(Move(here, keys | (self._bits(changed, self.whole) if self.whole else 0)))
                yield (row, month), found

    def _bits(self, names: Iterable[str], month: str) -> int:
        period = self.period_of(month)
        return sum(self.bits[name, month if name in self.fixed else period] for name in names)

    @cached_property
    def bits(self) -> Mapping[Key, int]:
        """A bit for each key, so that many of them are one number."""
        return {key: 1 << place for place, key in enumerate((*self.keys, *self.above))}

    @cached_property
    def above(self) -> tuple[Key, ...]:
        """Keys that another table decides on."""
        return tuple(product(sorted(self.fixed), (*self.months, *([self.whole] if self.whole else []))))

    def mask(self, keys: Iterable[Key]) -> int:
        """Several keys as one number; those that are not decided on here are left out."""
        return functools.reduce(int.__or__, (self.bits.get(key, 0) for key in keys), 0)

    def named(self, mask: int) -> list[Key]:
        """Keys of a number, by name."""
        return [key for key in self.keys if self.bits[key] & mask]


def primary(table: Table, quantity: Quantity) -> frozenset[Key]:
    """Keys that are hidden for their own sake: their count, or what remains of it, is small."""
    return frozenset(key for key in table.keys if table.is_bare(quantity, key) or any(table.doubts(quantity, key)))


def fully_hidden(table: Table, quantity: Quantity, hidden: Collection[Key]) -> Iterator[str]:
    """Rows and periods all of whose counts are hidden though none of them is small: coarser periods are better."""
    small_ones = primary(table, quantity)
    lines: Iterable[tuple[str, list[Key]]] = [
        *((row, [(row, period) for period in table.periods]) for row in table.rows),
        *((period, [(row, period) for row in table.rows]) for period in table.periods),
    ]
    for name, line in lines:
        there = [key for key in line if table.total(quantity.counts, key)]
        if len(there) > 1 and all(key in hidden and key not in small_ones for key in there):
            yield name
