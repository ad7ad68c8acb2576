"""Column names of an export, as a profile may call them."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Self

from callclock.exports.rules import Columns

_SHOWN = 60


@dataclass(frozen=True)
class Header:
    """Where the columns of a file are.

    Attributes
    ----------
    names
        Names as they stand in the file, trimmed.
    places
        Position, from 0, by the name a profile uses: two columns of one name are ``NAME#1`` and ``NAME#2``, a column
        without a name is ``#18``, counted from 1.
    repeated
        Names that stand more than once: the bare name means neither.
    """

    names: tuple[str, ...]
    places: Mapping[str, int]
    repeated: frozenset[str]

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """Make it from the cells of the header."""
        trimmed = tuple(name.strip() for name in names)
        counts = Counter(trimmed)
        repeated = frozenset(name for name, count in counts.items() if name and count > 1)
        seen: Counter[str] = Counter()
        places: dict[str, int] = {}
        for place, name in enumerate(trimmed):
            seen[name] += 1
            if not name:
                places[f"#{place + 1}"] = place
            elif name in repeated:
                places[f"{name}#{seen[name]}"] = place
            else:
                places[name] = place
        return cls(trimmed, places, repeated)

    def known_as(self, aliases: Mapping[str, Sequence[str]]) -> Self:
        """Give the header in which a column that is there under an alias is found by its name too."""
        places = dict(self.places)
        for name, others in aliases.items():
            place = next((self.places[other] for other in others if other in self.places), None)
            if place is not None:
                places.setdefault(name, place)
        return replace(self, places=places)

    def find(self, columns: Columns) -> int | None:
        """Position of the first alias that the file has."""
        return next((self.places[name] for name in columns if name in self.places), None)

    def missing(self, needed: Iterable[Columns]) -> tuple[str, ...]:
        """Name those of ``needed`` that the file has not; one that stands twice says how to tell which."""
        found = []
        for columns in needed:
            if self.find(columns) is not None:
                continue
            twice = next((name for name in columns if name in self.repeated), None)
            found.append(f"{twice} (stands twice: say {twice}#1 or {twice}#2)" if twice else " or ".join(columns))
        return tuple(dict.fromkeys(found))

    def shown(self) -> str:
        """Names for a message."""
        names = list(self.places)
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return ", ".join(names[:_SHOWN]) + more


def composed(rows: Sequence[Sequence[str]], *, carry: bool) -> tuple[str, ...]:
    """Join the rows of a header, top to bottom, into one name for each column: ``Times / Arrived``.

    Parameters
    ----------
    carry
        A name above others stands once and blanks follow it, as merged cells become in a text: carry it to the right.
    """
    tops = [list(row) for row in rows]
    for row in tops[:-1] if carry else ():
        for place in range(1, len(row)):
            row[place] = row[place].strip() or row[place - 1]
    columns = zip_longest(*tops, fillvalue="")
    return tuple(" / ".join(dict.fromkeys(filter(None, map(str.strip, names)))) for names in columns)


def cells(record: str, delimiter: str, quote: str) -> Sequence[str]:
    """Cells of one record as the csv module reads them."""
    reader = csv.reader(io.StringIO(record, newline=""), delimiter=delimiter, quotechar=quote)
    return next(reader, [])
