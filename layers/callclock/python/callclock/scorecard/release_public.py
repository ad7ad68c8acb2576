"""The release pack that is ready to send: the same tables from public values, small numbers hidden."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from callclock.scorecard.release import ABUSE, WAITS, Column, Pack, PublicTable, Written

type Row = Mapping[str, object]

CONFIDENTIAL: Final = "[c]"
"""As government statistics mark what is suppressed for disclosure control."""
_NOTES: Final = (
    f"{CONFIDENTIAL} is a figure that is not published: a count of 1 to {{limit}}, one that such a count would follow "
    "from, or a mean, percentile or share of too few.",
    "Whole months and financial years only. A count is corrected by none or by {more} and more.",
)
_ATTENDANCE: Final = (
    Column("incidents", "Incidents", "count", "attendance.incidents"),
    Column("attended", "Attended", "count", "attendance.attended"),
    Column("never_attended", "Never attended", "count", "attendance.attended"),
    *(Column(name, f"{said} wait of the attended", "seconds", f"attendance.{name}") for name, said in WAITS),
    Column("outside_target", "Not attended within target", "count", "attendance.within_target"),
    Column("with_target", "Incidents with a target", "count", "attendance.within_target"),
    Column("known_until", "Known until", "text"),
)
_PERIOD: Final = Column("period", "Period", "text")
_TABLES: Final = (
    (
        "attendance",
        "Attendance by month, grade and domestic abuse",
        (
            _PERIOD,
            Column("grade", "Grade first given", "text"),
            Column("domestic_abuse", "Domestic abuse", "text"),
            *_ATTENDANCE,
        ),
    ),
    ("areas", "Attendance by month and area", (_PERIOD, Column("area", "Area", "text"), *_ATTENDANCE)),
    (
        "calls",
        "Calls by month and line",
        (
            _PERIOD,
            Column("line", "Line", "text"),
            Column("offered", "Offered", "count", "calls.offered"),
            Column("answered", "Answered", "count", "calls.answered"),
            Column("abandoned", "Hung up without an answer", "count", "calls.abandoned"),
            Column("abandonment_rate", "Share hung up", "share", "calls.abandonment_rate"),
            *(
                Column(name, f"{said} wait to the first answer", "seconds", f"calls.wait_first_{name}")
                for name, said in WAITS
            ),
            Column("known_until", "Known until", "text"),
        ),
    ),
)  # fmt: skip


def pack(rows: Iterable[Row], force_name: str, year: str, limit: int) -> Pack:
    """Make the pack of one financial year from its public rows; counts from 1 to ``limit`` are hidden in them.

    Nothing is worked out here but what is left of a whole that is shown, and of that the hiding knows.
    """
    found = list(rows)
    tables = [PublicTable(name, title, columns, _lines(name, columns, found)) for name, title, columns in _TABLES]
    newest = max((at for row in found if isinstance(at := row["as_at"], datetime)), default=datetime(1970, 1, 1))  # noqa: DTZ001 - as DuckDB hands it out
    notes = [note.format(limit=limit, more=limit + 1) for note in _NOTES]
    return Pack(force_name, year, newest.replace(tzinfo=UTC), tables, notes)


def _lines(table: str, columns: Sequence[Column], rows: Iterable[Row]) -> Sequence[Sequence[Written]]:
    """Rows of a table: the periods in order, and in each what the values are broken down by."""
    cells: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in rows:
        if _table_of(row) == table:
            order = *(str(row[key]) for key in ("period_end", "period_start")), *_broken_down_by(table, row)
            cells.setdefault(order, {})[str(row["metric"]).partition(".")[2]] = row
    return [[_value(column, cells[order]) for column in columns] for order in sorted(cells)]


def _table_of(row: Row) -> str | None:
    """Table of the pack in which a public row stands."""
    if str(row["metric"]).startswith("calls."):
        return "calls" if row["stage"] == "all" else None
    if str(row["metric"]).startswith("attendance."):
        # The force as a whole heads both.
        return "attendance" if row["area"] == "all" else "areas"
    return None


def _broken_down_by(table: str, row: Row) -> tuple[str, ...]:
    keys = {"attendance": ("grade_scheme", "grade", "population"), "areas": ("area",), "calls": ("line",)}
    return tuple(str(row[key]) for key in keys[table])


def _value(column: Column, cell: Mapping[str, Row]) -> Written:
    """What stands in a column: None where there is no figure, ``[c]`` where it is hidden."""
    if column.kind == "text":
        return _text(column.name, next(iter(cell.values())))
    match column.name:
        case "never_attended":
            return _less(cell, ("incidents", "value"), ("attended", "value"))
        case "outside_target":
            return _less(cell, ("within_target", "denominator"), ("within_target", "numerator"))
        case "with_target":
            return _figure(cell, "within_target", "denominator")
    return _figure(cell, column.metric.partition(".")[2], "value")


def _text(name: str, row: Row) -> str:
    match name:
        case "period":
            return str(row["period_label"])
        case "domestic_abuse":
            return ABUSE.get(str(row["population"]), str(row["population"]))
        case "known_until":
            return str(row["as_at"])[:7]
    return str(row[name])


def _figure(cell: Mapping[str, Row], metric: str, of: str) -> Written:
    if metric not in cell:
        return None
    row = cell[metric]
    if row["notes"] == "suppressed":
        return CONFIDENTIAL
    value = row[of]
    return float(value) if isinstance(value, int | float) else None


def _less(cell: Mapping[str, Row], whole: tuple[str, str], part: tuple[str, str]) -> Written:
    """What is left of a whole without a part."""
    left, taken = _figure(cell, *whole), _figure(cell, *part)
    if isinstance(left, float) and isinstance(taken, float):
        return left - taken
    return CONFIDENTIAL if CONFIDENTIAL in {left, taken} else None
