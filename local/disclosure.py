"""Proves that nothing small can be worked out of public figures: what they leave open, by linear programmes.

Whoever reads the public rows, older versions of them included, knows equations between counts that are not negative.
For every small count the programme looks for the least and the most it could be: the range must hold every value from 1
to the limit. Shares no code with what chose the rows to hide; needs scipy, which no Lambda has.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

type Row = Mapping[str, object]
type Terms = dict[int, float]
"""Coefficients by variable."""

_MOST = 1e7
_MIXTURES = 12


@dataclass(frozen=True)
class Figure:
    """A count that a public row tells: of whom, in which months, how many."""

    what: str
    where: str
    months: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Leak:
    """A small count that public figures narrow down too far, or figures that no counts can have."""

    what: str
    where: str
    period: str
    true: int
    low: float
    high: float

    def __str__(self) -> str:
        if self.low > self.high:
            return f"{self.what} {self.where} {self.period}: the public figures contradict each other"
        return (
            f"{self.what}, {self.where}, {self.period}: it is {self.true}, and the public figures leave only "
            f"{self.low:g} to {self.high:g}"
        )


@dataclass
class System:
    """Counts that are not negative, and what is known of them."""

    names: dict[tuple[str, ...], int] = field(default_factory=dict)
    equal: list[tuple[Terms, float]] = field(default_factory=list)
    at_most: list[tuple[Terms, float]] = field(default_factory=list)

    def count(self, *name: str) -> int:
        """Variable of that name."""
        return self.names.setdefault(name, len(self.names))

    def total(self, names: Iterable[tuple[str, ...]]) -> Terms:
        """Sum of variables."""
        found: Terms = defaultdict(float)
        for name in names:
            found[self.count(*name)] += 1.0
        return found

    def ranges(self, wanted: Sequence[Terms], low: float, high: float) -> Iterator[tuple[float, float]]:
        """Values that each sum can take; (1, 0) where the figures contradict each other.

        Every solution is a table that fits the figures, and says of all sums at once what they can be: a sum seen on
        both sides of ``low`` and ``high`` is not looked at again, for all between two possible values is possible.
        """
        goals, known = _matrix(wanted, len(self.names)), self._known()
        seen = [np.full(len(wanted), np.inf), np.full(len(wanted), -np.inf)]
        # First many at once: a table that makes a mixture of them small or large settles most.
        mixtures = np.random.default_rng(1).random((_MIXTURES, len(wanted)))
        for mixture in mixtures if wanted else ():
            for way, unsettled in ((1, seen[0] > low), (-1, seen[1] < high)):
                found = _least(way * ((mixture * unsettled) @ goals), known) if unsettled.any() else None
                if found is not None:
                    values = goals @ found
                    seen = [np.minimum(seen[0], values), np.maximum(seen[1], values)]
        for place in range(len(wanted)):
            for way in (1, -1):
                if seen[0][place] <= low if way > 0 else seen[1][place] >= high:
                    continue
                found = _least(way * goals[[place]].toarray()[0], known)
                if found is None:
                    yield 1.0, 0.0
                    break
                values = goals @ found
                seen = [np.minimum(seen[0], values), np.maximum(seen[1], values)]
            else:
                yield float(seen[0][place]), float(seen[1][place])

    def _known(self) -> Mapping[str, Any]:
        """Equations and inequalities as the solver wants them."""
        found: dict[str, Any] = {}
        for side, rows in (("eq", self.equal), ("ub", self.at_most)):
            if rows:
                found[f"A_{side}"] = _matrix([terms for terms, _ in rows], len(self.names))
                found[f"b_{side}"] = [value for _, value in rows]
        return found


def _least(goal: "np.ndarray[Any, Any]", known: Mapping[str, Any]) -> "np.ndarray[Any, Any] | None":
    """Table that makes a sum least; None where no table fits."""
    # Nothing of the size of the upper bound is ever counted: it keeps what nothing bounds within numbers.
    found = linprog(goal, **known, bounds=(0, _MOST), method="highs")
    return found.x if found.status == 0 else None


def _matrix(rows: Sequence[Terms], size: int) -> csr_matrix:
    places = [(row, column, weight) for row, terms in enumerate(rows) for column, weight in terms.items()]
    row, column, weight = zip(*places, strict=True) if places else ((), (), ())
    return csr_matrix((weight, (row, column)), shape=(len(rows), size))
