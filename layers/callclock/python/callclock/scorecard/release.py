"""The release pack: the tables that freedom-of-information requests ask for, one pack per financial year.

Small numbers are not suppressed in what is made here, so that lies with the internal results and says so on its first
sheet; :mod:`callclock.scorecard.release_public` makes the pack that is ready to send.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import duckdb
import xlsxwriter

from callclock.clock import Month, Period, PeriodKind, financial_year_start
from callclock.metrics import catalogue
from callclock.scorecard.facts import Row, instant, rows

type Written = str | float | None
Kind = Literal["text", "count", "share", "seconds"]

NOT_SUPPRESSED: Final = (
    "Small numbers are NOT suppressed in this pack: check it for disclosure before it leaves the force "
    "(counts of 1 to 4, and of 1 to 9 for domestic abuse below force level, and shares made of them)."
)


@dataclass(frozen=True)
class Column:
    """One column of a public table; ``metric`` is what its definition is taken from."""

    name: str
    heading: str
    kind: Kind
    metric: str = ""


@dataclass(frozen=True)
class PublicTable:
    """One public table of one financial year. Seconds and shares are as in the results; an absent value is None."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Written]]

    def csv(self) -> str:
        """Write as CSV with a header line; text that a spreadsheet would take for a formula is quoted with ``'``."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([column.name for column in self.columns])
        writer.writerows(
            [_plain(value, column.kind) for value, column in zip(row, self.columns, strict=True)] for row in self.rows
        )
        return out.getvalue()


@dataclass(frozen=True)
class Pack:
    """Public tables of one force and financial year (label ``2025/26``); ``as_at`` is UTC, ``notes`` go before all."""

    force_name: str
    year: str
    as_at: datetime
    tables: Sequence[PublicTable]
    notes: Sequence[str]


WAITS: Final = ("mean_s", "Mean"), ("median_s", "Median"), ("p90_s", "90th percentile")
_ATTENDANCE: Final = (
    Column("period", "Period", "text"),
    Column("grade", "Grade first given", "text"),
    Column("domestic_abuse", "Domestic abuse", "text"),
    Column("incidents", "Incidents", "count", "attendance.incidents"),
    Column("attended", "Attended", "count", "attendance.attended"),
    Column("never_attended", "Closed, never attended", "count", "attendance.closed_unattended"),
    Column("still_open", "Still open", "count", "attendance.open"),
    Column("outcome_unknown", "Outcome not known", "count", "attendance.unknown"),
    *(Column(name, f"{said} wait of the attended", "seconds", f"attendance.{name}") for name, said in WAITS),
    Column("outside_target", "Not attended within target", "count", "attendance.within_target"),
    Column("with_target", "Incidents old enough for their target", "count", "attendance.within_target"),
    Column("left_out", "Incidents left out of the population", "count", "attendance.excluded"),
    Column("complete", "Complete", "text"),
    Column("as_at", "As at (UTC)", "text"),
)
_CALLS: Final = (
    Column("period", "Period", "text"),
    Column("line", "Line", "text"),
    Column("offered", "Offered", "count", "calls.offered"),
    Column("answered", "Answered", "count", "calls.answered"),
    Column("abandoned", "Hung up without an answer", "count", "calls.abandoned"),
    Column("abandonment_rate", "Share hung up", "share", "calls.abandonment_rate"),
    *(Column(name, f"{said} wait to the first answer", "seconds", f"calls.wait_first_{name}") for name, said in WAITS),
    Column("complete", "Complete", "text"),
    Column("as_at", "As at (UTC)", "text"),
)
ABUSE: Final = {"all": "all incidents", "domestic_abuse": "yes", "other": "no", "unknown": "not known"}


def packs(db: duckdb.DuckDBPyConnection, force_name: str) -> Sequence[Pack]:
    """Make the packs of every financial year from the view ``metric_values`` of ``db``, the oldest first."""
    tables = (
        ("attendance", "Attendance by month, grade and domestic abuse", _ATTENDANCE, rows(db, "release_attendance")),
        ("calls", "Calls by month and line", _CALLS, rows(db, "release_calls")),
    )
    years = sorted({_year(row) for _, _, _, found in tables for row in found})
    newest = {
        year: max(instant(row, "as_at") for _, _, _, found in tables for row in found if _year(row) == year)
        for year in years
    }
    return [
        Pack(
            force_name=force_name,
            year=year,
            as_at=as_at,
            tables=[
                PublicTable(name, title, columns, _of(year, columns, found)) for name, title, columns, found in tables
            ],
            notes=(
                NOT_SUPPRESSED,
                f"As at {as_at:%d %B %Y %H:%M} UTC. A row that is not complete may still change.",
            ),
        )
        for year, as_at in newest.items()
    ]


def _year(row: Row) -> str:
    start = financial_year_start(Month.of(_day(row, "period_start")))
    return Period(PeriodKind.FY_TO_DATE, start.first_day, start.plus(12).first_day).label


def _of(year: str, columns: Sequence[Column], found: Iterable[Row]) -> Sequence[Sequence[Written]]:
    """Rows of one year: its months, then the newest year to date."""
    mine = [row for row in found if _year(row) == year]
    newest = max((_day(row, "period_end") for row in mine if row["period_kind"] == "fy_to_date"), default=None)
    months = [row for row in mine if row["period_kind"] == "month"]
    to_date = [row for row in mine if row["period_kind"] == "fy_to_date" and row["period_end"] == newest]
    return [[_value(row, column) for column in columns] for row in (*months, *to_date)]


def _value(row: Row, column: Column) -> Written:
    match column.name:
        case "period":
            if row["period_kind"] == "month":
                return str(row["period_label"])
            return f"{row['period_label']} to the end of {Month.of(_day(row, 'period_end') - timedelta(days=1))}"
        case "domestic_abuse":
            return ABUSE.get(str(row["population"]), str(row["population"]))
        case "complete":
            return "yes" if row["complete"] else "no"
        case "as_at":
            return f"{instant(row, 'as_at'):%Y-%m-%d %H:%M:%S}"
    value = row[column.name]
    return float(value) if isinstance(value, int | float) else None if value is None else str(value)


def _day(row: Row, column: str) -> date:
    found = row[column]
    if not isinstance(found, date):
        raise TypeError(f"{column} is {found!r}: the contract says a date")
    return found


def _plain(value: Written, kind: Kind) -> str:
    match value:
        case None:
            return ""
        case str():
            return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
        case _:
            return f"{value:.0f}" if kind == "count" else f"{value:.3f}" if kind == "seconds" else f"{value:.6f}"


def definitions(pack: Pack) -> Sequence[Sequence[str]]:
    """Return what each column means, from the catalogue: table, column, definition, population, exclusions."""
    said = []
    for table in pack.tables:
        for column in table.columns:
            if column.metric:
                measure = catalogue.metric(column.metric)
                said.append([table.name, column.heading, measure.definition, measure.population, measure.exclusions])
    return said


def write_workbook(pack: Pack, path: Path) -> None:
    """Write a pack as one XLSX: definitions first, then a sheet per table; the same pack gives the same bytes."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True})
    book.set_properties(
        {"title": f"{pack.force_name}: {pack.year}", "created": pack.as_at.astimezone(UTC).replace(tzinfo=None)}
    )
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    formats: Mapping[Kind, object] = {
        "text": None,
        "count": book.add_format({"num_format": "#,##0"}),
        "share": book.add_format({"num_format": "0.0%"}),
        "seconds": book.add_format({"num_format": "[h]:mm:ss"}),
    }
    sheet = book.add_worksheet("Definitions")
    sheet.set_column(0, 1, 28)
    sheet.set_column(2, 4, 60, wrapped)
    sheet.write_string(0, 0, f"{pack.force_name}: response times and calls, financial year {pack.year}", bold)
    notes = (
        *pack.notes,
        "Times are hours:minutes:seconds.",
        "Percentiles are exact (linear interpolation) and cannot be added up or averaged over rows.",
    )
    for place, note in enumerate(notes, start=1):
        sheet.write_string(place, 0, note)
    _sheet_rows(sheet, 6, [["Table", "Column", "Definition", "Of which", "Left out"], *definitions(pack)])
    for table in pack.tables:
        sheet = book.add_worksheet(table.name.capitalize())
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(table.columns) - 1, 18)
        for place, column in enumerate(table.columns):
            sheet.write_string(0, place, column.heading, bold)
        for line, row in enumerate(table.rows, start=1):
            for place, (value, column) in enumerate(zip(row, table.columns, strict=True)):
                if isinstance(value, str):
                    sheet.write_string(line, place, value)
                elif value is not None:
                    # A spreadsheet counts time in days.
                    sheet.write_number(
                        line, place, value / 86_400 if column.kind == "seconds" else value, formats[column.kind]
                    )
    book.close()


def _sheet_rows(sheet: "xlsxwriter.worksheet.Worksheet", first: int, lines: Sequence[Sequence[str]]) -> None:
    for line, words in enumerate(lines, start=first):
        for place, word in enumerate(words):
            sheet.write_string(line, place, word)
