"""What a part of the page is made of: tables of cells, some of them drawn as charts too."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from callclock.scorecard.figures import Cell
from callclock.scorecard.queries import Query

Sentence = Sequence[str | Cell]
"""Text in which some words are figures."""


@dataclass(frozen=True)
class Line:
    """One row of a table. ``at`` is where on its axis a chart places it, where that is a number."""

    label: str
    cells: Sequence[Cell]
    at: float | None = None


@dataclass(frozen=True)
class Table:
    """Figures in rows and columns.

    Attributes
    ----------
    columns
        Heading of each column by the name that the chart's specification has for it.
    chart
        Name of the specification in ``charts/`` drawn from these very cells; None for a table alone.
    summary
        The chart in a sentence: its text alternative.
    unit
        Unit of the values drawn: s, share or count.
    wide
        It takes the whole width of the page.
    unfolded
        It lies open although there are scripts to open it.
    """

    id: str
    title: str
    columns: Mapping[str, str]
    rows: Sequence[Line]
    query: Query
    head: str = "Period"
    chart: str | None = None
    summary: Sentence = ()
    unit: str = "share"
    note: str = ""
    wide: bool = False
    unfolded: bool = False

    @property
    def unmoved(self) -> str:
        """Controls that leave it as it is; see :func:`unmoved`."""
        return unmoved(cell for row in self.rows for cell in row.cells)


@dataclass(frozen=True)
class Section:
    """One part of the page; ``missing`` says in its place that nothing was measured."""

    id: str
    title: str
    tables: Sequence[Table] = ()
    lead: str = ""
    missing: str = ""


@dataclass(frozen=True)
class Headline:
    """One of the figures that matter, with what stands beside it."""

    title: str
    cell: Cell
    beside: Sequence[tuple[str, Cell]]
    query: Query

    @property
    def unmoved(self) -> str:
        """Controls that leave it as it is; see :func:`unmoved`."""
        return unmoved([self.cell])


def unmoved(cells: Iterable[Cell]) -> str:
    """Name the controls that leave figures as they are: ``g`` of all grades, ``a`` of the whole force, ``ga`` both.

    A table with a row for each grade is of no one grade, and is not meant.
    """
    found = list(cells)
    grades, areas = {cell.grade for cell in found}, {cell.area for cell in found}
    return ("g" if grades == {"all"} else "") + ("a" if areas == {"all"} else "")


def missing(what: str) -> str:
    """Say that a part has no values."""
    return f"Not measured yet: there are no values of {what} for this force."
