"""Calls whose legs lie in more than one month (docs/decisions/0012)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from callclock.clock import Month
from callclock.columns import LEG, Table
from callclock.engine import rows_of
from callclock.lake.keys import Key

_NAMED = ("source", "record_key", LEG)


@dataclass(frozen=True)
class _Legs:
    """Records with legs in a month; ``begun`` are those whose first leg, which names the record, is one of them."""

    every: frozenset[Key]
    begun: frozenset[Key]

    @property
    def orphans(self) -> frozenset[Key]:
        return self.every - self.begun


@dataclass(frozen=True)
class Chains:
    """Finds records whose legs run on into the month after: a call may be transferred at midnight, or called back.

    Two months that follow one another share a record when the second has legs of it and not its first.

    Attributes
    ----------
    parts
        Fetches the staged parts of a month.
    """

    db: duckdb.DuckDBPyConnection
    table: Table
    parts: Callable[[Month], Sequence[Path]]
    _read: dict[Month, _Legs] = field(default_factory=dict)

    def across(self, month: Month) -> Mapping[Key, frozenset[Month]]:
        """Give the records with legs in this month and in those that follow one another before and after it.

        A month whose records all begin in it has none from before, which then is not read.
        """
        found: dict[Key, set[Month]] = {}
        self._back(month, self._legs(month).orphans, found)
        self._on(month, self._legs(month).every, found)
        return {key: frozenset({month, *months}) for key, months in found.items()}

    def _back(self, month: Month, keys: frozenset[Key], found: dict[Key, set[Month]]) -> None:
        while keys:
            month = month.plus(-1)
            legs = self._legs(month)
            keys &= legs.every
            for key in keys:
                found.setdefault(key, set()).add(month)
            keys &= legs.orphans

    def _on(self, month: Month, keys: frozenset[Key], found: dict[Key, set[Month]]) -> None:
        while keys:
            month = month.plus(1)
            keys &= self._legs(month).orphans
            for key in keys:
                found.setdefault(key, set()).add(month)

    def _legs(self, month: Month) -> _Legs:
        if month not in self._read:
            self._read[month] = self._look(month)
        return self._read[month]

    def _look(self, month: Month) -> _Legs:
        columns = [self.table.by_name[name] for name in _NAMED]
        rows = self.db.execute(
            f"SELECT source, record_key, bool_or({LEG} = record_key) FROM ({rows_of(columns, self.parts(month))}) "
            f"WHERE {LEG} IS NOT NULL GROUP BY source, record_key"
        ).fetchall()
        return _Legs(
            every=frozenset((source, key) for source, key, _ in rows),
            begun=frozenset((source, key) for source, key, begins in rows if begins),
        )
