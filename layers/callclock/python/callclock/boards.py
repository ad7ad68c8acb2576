"""The tables that public figures make up, and how they hang together.

A *board* is one :class:`callclock.suppression.Table`: incidents by grade, population and month, with those attended,
those attended within 4 hours, ... as further quantities. A board may lie below another, whose one row it splits up.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from callclock.doubt import Cell, Key, Lever, Makeup
from callclock.hiding import settle
from callclock.suppression import Quantity, Table, fully_hidden

type Revealed = tuple[str, str, str, str]
"""Board, quantity, row and period: one count that is shown."""


@dataclass(frozen=True)
class Board:
    """A table with a name.

    Attributes
    ----------
    below
        Name of the board whose one row is the sum of this one's rows: where a quantity is hidden there it is hidden
        here, in that period and for the whole. ``gates`` are further quantities there that do the same to all.
    shut_is_safe
        Whether nothing follows from a period none of whose rows is shown.
    """

    name: str
    table: Table
    below: str | None = None
    gates: tuple[str, ...] = ()
    shut_is_safe: bool = False

    def settle(
        self, known: Collection[Revealed], above: Mapping[str, Collection[Key]]
    ) -> Mapping[str, frozenset[Key]] | None:
        """Say which keys of each quantity are hidden; None where something small cannot be protected.

        Parameters
        ----------
        known
            Counts that were ever shown.
        above
            Hidden keys of each quantity of the board below which this one lies.
        """
        told: dict[str, set[Key]] = {}
        for board, quantity, row, period in known:
            if board == self.name:
                told.setdefault(quantity, set()).add((row, period))
        names = self.table.by_name
        dark = {name: {period for of in (name, *self.gates) for _, period in above.get(of, ())} for name in names}
        given = {name: frozenset((row, period) for row, period in above.get(name, ())) for name in names}
        shut = {name: given[name] | self._shut(dark[name]) for name in names}
        exempt = shut if self.shut_is_safe else {}
        hidden, lost = settle(self.table, hidden=shut, known=told, exempt=exempt)
        for together in (False, True):
            if not lost:
                break
            # No move is wide enough: in those periods, and for the whole, none of the rows tells this; else nothing.
            more = {name: self._shut({period for of, (_, period) in lost if together or of == name}) for name in names}
            shut = {name: keys | more[name] for name, keys in shut.items()}
            if together or self.shut_is_safe:
                exempt = {name: exempt.get(name, frozenset()) | more[name] for name in names}
            hidden, lost = settle(self.table, hidden=shut, known=told, exempt=exempt)
        return None if lost else hidden

    def hides_lines(self, hidden: Mapping[str, Collection[Key]]) -> bool:
        """Whether a row or a period without anything small in it is hidden altogether."""
        return any(
            next(fully_hidden(self.table, quantity, hidden[quantity.name]), None) for quantity in self.table.quantities
        )

    def _shut(self, periods: Collection[str]) -> frozenset[Key]:
        """Every key of these periods, and of the whole: without one of its periods it would tell of it."""
        also = {*(self.table.period_of(period) for period in periods), self.table.whole} if periods else set()
        return frozenset(key for key in self.table.keys if key[1] in also)


@dataclass(frozen=True)
class Attendance:
    """Counts of one cell of attendance, all its records old enough for every mark."""

    incidents: int = 0
    attended: int = 0
    timed: int = 0
    placed: int = 0
    within_4h: int = 0
    within_7d: int = 0
    closed_7d: int = 0
    over_7d: int = 0
    targeted: int = 0
    within_target: int = 0

    @property
    def kinds(self) -> Mapping[str, int]:
        """Disjoint kinds of record, as far as what is shown tells them apart; they sum to ``incidents``."""
        late = self.timed - self.within_7d
        return {
            "in_4h": self.within_4h,
            "in_7d": self.within_7d - self.within_4h,
            "late": late,
            "closed": self.closed_7d,
            "nobody": self.over_7d - late,
            "untimed": self.attended - self.timed,
            "unplaced": self.incidents - self.placed - (self.attended - self.timed),
        }


_CAME: Final = frozenset({"in_4h", "in_7d", "late"})
_PLACED: Final = _CAME | {"closed", "nobody"}
_KINDS_OF: Final[Mapping[str, frozenset[str]]] = {
    "attended": _CAME | {"untimed"},
    "placed": _PLACED,
    "within_4h": frozenset({"in_4h"}),
    "over_7d": frozenset({"late", "nobody"}),
}
_CAN: Final = {"targeted": _PLACED, "within_target": _CAME}
"""Kinds that can have a target, and have met it."""
_AIMS: Final = ((), ("targeted",), ("within_target",), ("targeted", "within_target"))
_NEVER_MORE: Final = (
    *((frozenset({part}), kinds) for part, kinds in _CAN.items()),
    (frozenset({"within_target"}), frozenset({"targeted"})),
)


@dataclass(frozen=True)
class _Levers:
    """Levers of attendance; ``there`` are the kinds of record that there are any of."""

    there: Sequence[str]

    def kinds(self, of: Collection[str]) -> tuple[Lever, ...]:
        """One more of these kinds."""
        return (*self.exchanges(of), *self.records(of))

    def records(self, of: Collection[str], *aims: str) -> Iterator[Lever]:
        """One more record of these kinds, whatever became of its target; with ``aims`` of those that have one."""
        for kind in (kind for kind in self.there if kind in of):
            for aim in _AIMS:
                if aim != ("within_target",) and set(aims) <= set(aim) and all(kind in _CAN[part] for part in aim):
                    yield Lever(frozenset({"incidents"}), dict.fromkeys((kind, *aim), 1))

    def exchanges(self, of: Collection[str]) -> Iterator[Lever]:
        """One more of these kinds that was of another, with its target where the other can have had none."""
        for a, b in product(self.there, self.there):
            if a in of and b not in of:
                touches = frozenset(q for q, kinds in _KINDS_OF.items() if (a in kinds) != (b in kinds))
                for aim in _AIMS:
                    if all((a in _CAN[part]) != (b in _CAN[part]) for part in aim):
                        sign = 1 if all(a in _CAN[part] for part in aim) else -1
                        yield Lever(touches | set(aim), {a: 1, b: -1, **dict.fromkeys(aim, sign)})


def attendance_quantities(
    cells: Mapping[Cell, Attendance], *, bare_from: int = 0
) -> tuple[tuple[Quantity, ...], Makeup]:
    """Quantities of a board of attendance, and what its cells are made of.

    Parameters
    ----------
    bare_from
        Least count of which none or all may be shown.
    """
    parts = {
        cell: {**found.kinds, "targeted": found.targeted, "within_target": found.within_target}
        for cell, found in cells.items()
    }

    def counts(name: str) -> Mapping[Cell, int]:
        return {cell: getattr(found, name) for cell, found in cells.items()}

    of = _Levers([kind for kind in Attendance().kinds if any(found[kind] for found in parts.values())])
    everyone = frozenset(Attendance().kinds)

    def quantity(name: str, part_of: str | None = None) -> Quantity:
        mine, whole = (_KINDS_OF.get(each or "", everyone) for each in (name, part_of))
        # Whoever is left of those placed tells nothing: it says how many had a known outcome.
        rest = of.kinds(whole - mine) if part_of and name != "placed" else None
        return Quantity(name, counts(name), of.kinds(mine), part_of, rest, bare_from if part_of == "placed" else 0)

    met = tuple(of.records(everyone, "targeted", "within_target"))
    missed = tuple(lever for lever in of.records(everyone, "targeted") if "within_target" not in lever.steps)
    aimed = Lever(frozenset({"targeted"}), {"targeted": 1})
    within, without = (Lever(frozenset({"within_target"}), {"within_target": sign}) for sign in (1, -1))
    quantities = (
        quantity("incidents"),
        quantity("attended", "incidents"),
        quantity("placed", "incidents"),
        quantity("within_4h", "placed"),
        quantity("over_7d", "placed"),
        Quantity("targeted", counts("targeted"), (aimed, *met, *missed), "placed"),
        Quantity(
            "within_target",
            counts("within_target"),
            (within, *met),
            "targeted",
            (without, aimed, *missed),
            bare_from,
        ),
    )
    return quantities, Makeup(parts, _NEVER_MORE)
