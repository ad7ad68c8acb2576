"""What of the values is public: which boards the rows of a financial year make, and which counts each row tells."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final

from callclock.boards import Attendance, Board, Revealed, attendance_quantities
from callclock.doubt import Cell, Lever, Makeup
from callclock.suppression import ALL, BARE_SHARE_FROM, MEDIAN_FROM, PERCENTILE_FROM, Quantity, Table

type Row = Mapping[str, object]

HELPERS: Final = frozenset({"attendance.within_7d", "attendance.closed_unattended_within_7d"})
"""Read for what they tell of others, never published."""

_UNHEARD: Final = frozenset({
    "network", "ivr", "ivr_before_alternative", "ivr_after_alternative", "queue", "switchboard_queue",
})  # fmt: skip
_HEARD: Final = frozenset({"skill_queue", "ringing"})
_ATTENDANCE: Final = {
    # metric: quantities that a row tells, that of its numerator (or count) first
    "attendance.incidents": ("incidents",),
    "attendance.attended": ("attended",),
    "attendance.mean_s": ("attended",),
    "attendance.median_s": ("attended",),
    "attendance.p90_s": ("attended",),
    "attendance.within_4h": ("within_4h", "placed"),
    "attendance.over_7d": ("over_7d", "placed"),
    "attendance.within_target": ("within_target", "targeted"),
}
_CALLS: Final = {
    "calls.offered": ("offered",),
    "calls.abandoned": ("abandoned",),
    "calls.abandonment_rate": ("abandoned", "offered"),
    "calls.answered_within_10s": ("answered_within_10s", "offered"),
    "calls.wait_first_mean_s": ("offered",),
    "calls.wait_first_median_s": ("offered",),
    "calls.wait_first_p90_s": ("offered",),
}
_SAFEGUARDING: Final = {
    "safeguarding.assessed_share": ("assessed",),
    "safeguarding.offered_share": ("offered",),
    "safeguarding.declined_share": ("declined", "assessed", "offered"),
    "safeguarding.no_record_share": ("none",),
}
LEAST: Final = {"median_s": MEDIAN_FROM, "p90_s": PERCENTILE_FROM}


_BETWEEN: Final = "\x1f"
"""Parts the names of a cell; a grade may well be called ``1/2``."""


def _joined(*parts: str) -> str:
    return _BETWEEN.join(parts)


@dataclass(frozen=True)
class Periods:
    """Periods of one financial year: months (label by label) and the year itself, which will be published as well.

    ``coarse`` are quarters that stand for their months in some boards, with the months they hold.
    """

    months: tuple[str, ...]
    whole: str
    coarse: Mapping[str, tuple[str, ...]]

    def of(self, board: str, quarters: Collection[tuple[str, str]]) -> tuple[str, ...]:
        """Periods of a board: its months, with a quarter in place of those that it stands for."""
        mine = self.longer(board, quarters)
        return tuple(dict.fromkeys(mine.get(month, month) for month in self.months))

    def longer(self, board: str, quarters: Collection[tuple[str, str]]) -> Mapping[str, str]:
        """Quarter that stands for a month in a board, where one does."""
        return {month: q for q, months in self.coarse.items() if (board, q) in quarters for month in months}


def day_of(row: Row, column: str) -> date:
    """Date of a column.

    Raises
    ------
    TypeError
        The column holds none.
    """
    found = row[column]
    if not isinstance(found, date):
        raise TypeError(f"{row['metric']}: {column} is {found!r}: the contract says a date")
    return found


def moment_of(row: Row, column: str) -> datetime:
    """Instant of a column, as DuckDB hands it out: UTC without a zone.

    Raises
    ------
    TypeError
        The column holds none.
    """
    found = row[column]
    if not isinstance(found, datetime):
        raise TypeError(f"{row['metric']}: {column} is {found!r}: the contract says an instant")
    return found


def subject(row: Row) -> str:
    """Family that a row belongs to: attendance, calls or safeguarding."""
    return str(row["metric"]).partition(".")[0]


def place(row: Row) -> tuple[str, str]:
    """Board and row of it that a value stands in."""
    match subject(row):
        case "calls":
            staged = row["stage"] != ALL or row["metric"] == "calls.answered"
            stage = "answered" if row["metric"] == "calls.answered" else str(row["stage"])
            return (f"stages/{row['line']}", stage) if staged else (f"calls/{row['line']}", ALL)
        case "safeguarding":
            return f"safeguarding/{row['outcome']}", _SAFEGUARDING[str(row["metric"])][0]
    if row["area"] != ALL:
        return "areas", str(row["area"])
    if row["grade"] == ALL and row["population"] == ALL:
        return "force", ALL
    return "grades", _joined(str(row["grade_scheme"]), str(row["grade"]), str(row["population"]))


def reveals(row: Row, period: str) -> tuple[Revealed, ...]:
    """Counts that a row tells whoever sees it; it is shown where none of them is hidden."""
    board, name = place(row)
    metric = str(row["metric"])
    if metric in _ATTENDANCE:
        return tuple((board, quantity, name, period) for quantity in _ATTENDANCE[metric])
    if metric in _CALLS:
        return tuple((board, quantity, name, period) for quantity in _CALLS[metric])
    if metric in _SAFEGUARDING:
        whole = (f"cases/{row['outcome']}", "cases", ALL, period)
        return (*((board, "cases", part, period) for part in _SAFEGUARDING[metric]), whole)
    line = (f"calls/{row['line']}", "offered", ALL, period)
    return (
        ((board, "calls", name, period), line) if metric == "calls.stage_share" else ((board, "calls", name, period),)
    )


def boards(rows: Iterable[Row], periods: Periods, quarters: Collection[tuple[str, str]], limit: int) -> Sequence[Board]:
    """Make the boards of one subject from the rows of its months; quarters are summed up from them.

    Parameters
    ----------
    rows
        Of months, with the metrics of ``publishable.sql``.
    quarters
        Board and quarter, where the quarter stands for its months.
    limit
        Counts from 1 to it are small.
    """
    month_rows = sorted(rows, key=place)
    found: list[Board] = []
    made = {name: list(group) for name, group in groupby(month_rows, key=lambda row: place(row)[0])}
    for name, mine in made.items():
        laid = _Laid(name, mine, periods, periods.longer(name, quarters), limit)
        if name in {"force", "grades", "areas"}:
            found.append(_attendance(laid))
        elif name.startswith("calls/"):
            found.append(_line(laid))
        elif name.startswith("stages/"):
            found.append(_stages(laid))
        else:
            found += _safeguarding(laid)
    return sorted(found, key=lambda board: board.below is not None)


@dataclass(frozen=True)
class _Laid:
    """Rows of one board, and in which periods it is published."""

    name: str
    rows: Sequence[Row]
    periods: Periods
    longer: Mapping[str, str]
    limit: int

    def gathered(self) -> Mapping[Cell, Mapping[str, tuple[int, ...]]]:
        """By cell and metric: count, numerator, denominator and n.

        A row that the public sees for a quarter may speak of any of its months.
        """
        found: dict[Cell, dict[str, tuple[int, ...]]] = {}
        for row in self.rows:
            label = str(row["period_label"])
            months = self.periods.coarse[self.longer[label]] if label in self.longer else (label,)
            for month in months:
                found.setdefault((place(row)[1], month), {})
            figures = tuple(count(row, column) for column in ("value", "numerator", "denominator", "n"))
            found[place(row)[1], label][str(row["metric"])] = figures
        return found

    def table(self, rows: tuple[str, ...], quantities: tuple[Quantity, ...], makeup: Makeup, **more: Any) -> Table:
        """Make the table of the board."""
        return Table(
            rows=rows,
            months=self.periods.months,
            quantities=quantities,
            makeup=makeup,
            limit=self.limit,
            longer=self.longer,
            whole=self.periods.whole,
            **more,
        )

    def plain(self, name: str, counts: Mapping[Cell, int], rows: tuple[str, ...], **more: Any) -> Table:
        """Make a table of one count, of records that could be there or not."""
        lever = Lever(frozenset({name}), {name: 1})
        makeup = Makeup({cell: {name: n} for cell, n in counts.items()})
        return self.table(rows, (Quantity(name, counts, (lever,)),), makeup, **more)


def count(row: Row, column: str) -> int:
    """Whole number of a column; 0 where there is none."""
    value = row[column]
    return int(value) if isinstance(value, int | float) and value == value else 0  # noqa: PLR0124 - NaN alone differs


def _attendance(laid: _Laid) -> Board:
    nothing = (0, 0, 0, 0)
    cells = {}
    for cell, figures in laid.gathered().items():
        metrics = {metric.removeprefix("attendance."): found for metric, found in figures.items()}
        within = {mark: metrics.get(mark, nothing) for mark in ("within_4h", "within_7d", "over_7d", "within_target")}
        cells[cell] = Attendance(
            incidents=metrics.get("incidents", nothing)[0],
            attended=metrics.get("attended", nothing)[0],
            timed=metrics.get("mean_s", nothing)[3],
            placed=within["within_4h"][2],
            within_4h=within["within_4h"][1],
            within_7d=within["within_7d"][1],
            closed_7d=metrics.get("closed_unattended_within_7d", nothing)[1],
            over_7d=within["over_7d"][1],
            targeted=within["within_target"][2],
            within_target=within["within_target"][1],
        )
    names = sorted({row for row, _ in cells})
    leaves = tuple(leaf for leaf in names if laid.name != "grades" or ALL not in leaf.split(_BETWEEN)[1:])
    inner = {cell: found for cell, found in cells.items() if cell[0] in leaves}
    quantities, makeup = attendance_quantities(inner, bare_from=BARE_SHARE_FROM if laid.name == "areas" else 0)
    if laid.name == "force":
        return Board(laid.name, laid.table(leaves, quantities, makeup))
    margins, crossed = _grades(leaves) if laid.name == "grades" else ({}, {})
    table = laid.table(
        leaves,
        quantities,
        makeup,
        margins={**margins, ALL: frozenset(leaves)},
        crossed=crossed,
        fixed=frozenset({ALL}),
    )
    return Board(laid.name, table, below="force")


def _grades(
    leaves: Sequence[str],
) -> tuple[Mapping[str, frozenset[str]], Mapping[str, tuple[tuple[str, str, str], ...]]]:
    """Sums over populations and over grades; and the rectangles of grades and populations that each leaf is in."""
    parts = [leaf.split(_BETWEEN) for leaf in leaves]
    margins: dict[str, frozenset[str]] = {}
    for scheme, grade, population in parts:
        of_grade = frozenset(_joined(s, g, p) for s, g, p in parts if (s, g) == (scheme, grade))
        margins[_joined(scheme, grade, ALL)] = of_grade
        margins[_joined(ALL, ALL, population)] = frozenset(_joined(s, g, p) for s, g, p in parts if p == population)
    crossed: dict[str, list[tuple[str, str, str]]] = {leaf: [] for leaf in leaves}
    for scheme, grade, population in parts:
        for s, g, p in parts:
            corners = _joined(s, g, population), _joined(scheme, grade, p), _joined(s, g, p)
            if (s, g) != (scheme, grade) and p != population and set(corners) <= set(leaves):
                crossed[_joined(scheme, grade, population)].append(corners)
    return margins, {leaf: tuple(corners) for leaf, corners in crossed.items()}


def _line(laid: _Laid) -> Board:
    gathered = laid.gathered()

    def figures(metric: str, place_of: int) -> Mapping[Cell, int]:
        return {cell: found.get(metric, (0, 0, 0, 0))[place_of] for cell, found in gathered.items()}

    parts = {
        "offered": figures("calls.offered", 0),
        "abandoned": figures("calls.abandonment_rate", 1),
        "answered_within_10s": figures("calls.answered_within_10s", 1),
    }
    one_more = Lever(frozenset({"offered"}), {"offered": 1})
    quantities = [Quantity("offered", parts["offered"], (one_more,))]
    for name in ("abandoned", "answered_within_10s"):
        told, untold = (Lever(frozenset({name}), {name: sign}) for sign in (1, -1))
        another = Lever(frozenset({"offered"}), {"offered": 1, name: 1})
        quantities.append(Quantity(name, parts[name], (told, another), "offered", (untold, one_more)))
    makeup = Makeup(
        {cell: {name: counts[cell] for name, counts in parts.items()} for cell in gathered},
        ((frozenset({"abandoned", "answered_within_10s"}), frozenset({"offered"})),),
    )
    return Board(laid.name, laid.table((ALL,), tuple(quantities), makeup))


def _stages(laid: _Laid) -> Board:
    gathered = replace(laid, rows=[row for row in laid.rows if row["metric"] == "calls.stage_share"]).gathered()
    counts = {cell: found["calls.stage_share"][1] if found else 0 for cell, found in gathered.items()}
    stages = tuple(sorted({stage for stage, _ in counts}))
    table = laid.plain(
        "calls",
        counts,
        stages,
        # Those who hung up unheard are all but told by the abandonment rate; others may have spoken to somebody.
        margins={ALL: frozenset(stages), "unheard": _UNHEARD & set(stages), "heard": _HEARD & set(stages)},
        fixed=frozenset({ALL, "unheard", "heard"}),
        of_all=True,
    )
    line = laid.name.partition("/")[2]
    return Board(laid.name, table, below=f"calls/{line}", gates=("offered", "abandoned"), shut_is_safe=True)


def _safeguarding(laid: _Laid) -> tuple[Board, Board]:
    outcome = laid.name.partition("/")[2]
    counts: dict[Cell, int] = {}
    cases: dict[Cell, int] = {}
    of_part = {
        "assessed": "safeguarding.assessed_share",
        "declined": "safeguarding.declined_share",
        "none": "safeguarding.no_record_share",
    }
    told: dict[str, dict[str, tuple[int, ...]]] = {}
    for (_, month), figures in laid.gathered().items():
        told.setdefault(month, {}).update(figures)
    for month, figures in told.items():
        for part, metric in of_part.items():
            counts[part, month] = figures.get(metric, (0, 0))[1]
        cases[ALL, month] = figures.get(of_part["assessed"], (0, 0, 0))[2]
    parts = tuple(of_part)
    whole = Board(f"cases/{outcome}", replace(laid, longer={}).plain("cases", cases, (ALL,)))
    table = laid.plain(
        "cases",
        counts,
        parts,
        margins={ALL: frozenset(parts), "offered": frozenset({"assessed", "declined"})},
        fixed=frozenset({ALL}),
        of_all=True,
    )
    return whole, Board(laid.name, table, below=whole.name)
