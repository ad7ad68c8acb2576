"""Figures by their coordinates: what a cell of a table names and the control at the top of the page moves."""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from callclock import wording

PERIOD: Final = "@p"
GRADE: Final = "@g"
AREA: Final = "@a"
"""What a cell says where the reader chooses."""

CURVE: Final = "attendance.curve"
"""Stands for a metric in cells of a curve; their part is the place of the point, from 0."""

NOT_COMPLETE: Final = "\N{WHITE CIRCLE}"


@dataclass(frozen=True)
class Cell:
    """Coordinates of a figure; each may be what the control says (:data:`PERIOD`, :data:`GRADE`, :data:`AREA`)."""

    metric: str
    period: str = PERIOD
    grade: str = "all"
    population: str = "all"
    area: str = "all"
    line: str = "all"
    part: str = "all"

    @property
    def judged(self) -> bool:
        """Tell whether its figure says what is worse (value 1) or better (-1), and is written so."""
        return self.metric.endswith(("#signal", "#standing"))

    def about(self, what: str) -> "Cell":
        """Cell of something that is said about the figure: its ``target``, ``standing``, ``signal``, ``n``, ..."""
        return replace(self, metric=f"{self.metric}#{what}")

    def under(self, selection: "Selection") -> "Cell":
        """Cell that the reader sees under a selection."""
        said = {PERIOD: selection.period, GRADE: selection.grade, AREA: selection.area}
        return replace(
            self,
            period=said.get(self.period, self.period),
            grade=said.get(self.grade, self.grade),
            area=said.get(self.area, self.area),
        )


@dataclass(frozen=True)
class Selection:
    """What the control says: names of a period (:attr:`Shown.id` of its sections), a grade and an area."""

    period: str
    grade: str = "all"
    area: str = "all"


@dataclass(frozen=True)
class Figure:
    """One figure as drawn and as written. ``value`` is in the unit of its metric, None where nothing is mature."""

    value: float | None
    text: str
    complete: bool = True
    n: int | None = None

    @property
    def shown(self) -> str:
        """The text as a table shows it: an incomplete figure carries a hollow mark."""
        return self.text if self.complete else f"{self.text} {NOT_COMPLETE}"


NOTHING: Final = Figure(None, "\N{EN DASH}")


@dataclass(frozen=True)
class Series:
    """Points of a curve in thousandths. The first ``settled`` are complete; past the last nobody knows."""

    thousandths: Sequence[int]
    settled: int

    def at(self, place: int) -> Figure:
        """Figure of one point."""
        if place >= len(self.thousandths):
            return NOTHING
        value = self.thousandths[place] / 1000
        return Figure(value, wording.share(value), place < self.settled)

    def steps(self) -> Sequence[int]:
        """How many points are complete, the first point, and the step to each further one: small when packed."""
        before = (0, *self.thousandths)
        return [self.settled, *(now - was for was, now in zip(before, self.thousandths, strict=False))]


@dataclass
class Figures:
    """All figures of a page. Coordinates are written as short codes, so that thousands of them stay small."""

    known: dict[Cell, Figure] = field(default_factory=dict)
    curves: dict[Cell, Series] = field(default_factory=dict)
    _codes: dict[str, int] = field(default_factory=dict)

    def add(self, cell: Cell, figure: Figure) -> None:
        """Put a figure at its coordinates."""
        self.known[cell] = figure

    def at(self, cell: Cell, selection: Selection) -> Figure:
        """Figure that a cell shows under a selection; a dash where there is none."""
        cell = cell.under(selection)
        if cell.metric == CURVE:
            series = self.curves.get(replace(cell, part="all"))
            return series.at(int(cell.part)) if series else NOTHING
        return self.known.get(cell, NOTHING)

    def word(self, text: str) -> str:
        """Code of one coordinate; what the control fills in stays as it is."""
        return text if text in {PERIOD, GRADE, AREA} else str(self._codes.setdefault(text, len(self._codes)))

    def code(self, cell: Cell) -> str:
        """Code of a cell, as the page's script looks it up."""
        part = cell.part if cell.metric == CURVE else self.word(cell.part)
        return f"{self._place(cell)}.{part}"

    def _place(self, cell: Cell) -> str:
        """Code of a cell but for its part."""
        parts = (cell.metric, cell.period, cell.grade, cell.population, cell.area, cell.line)
        return ".".join(self.word(part) for part in parts)

    def coded(self) -> Mapping[str, Sequence[object]]:
        """Every figure by its code: value to six digits, place of its text in :meth:`texts`, 0 where not complete."""
        places = {text: place for place, text in enumerate(self.texts())}
        return {
            self.code(cell): [_short(figure.value), places[figure.text], *([] if figure.complete else [0])]
            for cell, figure in self.known.items()
        }

    def coded_curves(self) -> Mapping[str, Sequence[int]]:
        """Every curve by the code of its cells but for their part, as :meth:`Series.steps`."""
        return {self._place(cell): series.steps() for cell, series in self.curves.items()}

    def texts(self) -> Sequence[str]:
        """Every text that a figure has, once."""
        return list(dict.fromkeys(figure.text for figure in self.known.values()))


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")


def packed(data: object) -> str:
    """JSON, gzipped, in base64: a fifth of its size, and no name from the data can end the element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=6, mtime=0)).decode()
