"""One sheet of a workbook as CSV, in a process of its own: ``python -m callclock.exports.sheets '{"path": ...}'``.

A sheet is held in memory as a full rectangle. One stray cell in its last corner makes that more than any machine has,
and the library that reads it aborts its process: so let it be this one, which also holds no credentials.
"""

import csv
import json
import re
import resource
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from callclock.exports.header import composed

TOLD, TOO_LARGE = 3, 4
"""Exit statuses: a fault that standard output tells; a sheet larger than memory."""

# A spreadsheet keeps 15 figures: a longer number has lost its end, and is written so that nobody takes it for whole.
_WHOLE_MOST = 1e15
_CPU_SECONDS = 240
# A duration of more than a day in an ods comes as it stands in the file.
_ODS_DURATION = re.compile(r"PT(\d+)H(\d+)M(\d+(?:\.\d+)?)S")
_CELL = str | float | bool | datetime | date | time | timedelta | None


@dataclass(frozen=True)
class Asked:
    """What is wanted: the header and the first row, and with ``out`` all of it as CSV.

    ``sheet`` is a name or a glob; None: the first that is not hidden.
    """

    path: str
    sheet: str | None
    skip: int
    header_rows: int
    memory_mb: int
    out: str | None = None


@dataclass(frozen=True)
class Sheet:
    """What was found.

    Attributes
    ----------
    sheets
        Names of all sheets; ``header`` is None where none of them is the one wanted.
    skipped
        Rows left out above the header.
    last_row
        Number, from 1, of the last row that holds anything.
    """

    sheets: Sequence[str]
    header: Sequence[str] | None = None
    first: Sequence[str] = ()
    skipped: int = 0
    last_row: int = 0


def text_of(cell: _CELL) -> str:
    """Text of a cell as a CSV of the sheet would have it, but for dates, which are ISO."""
    match cell:
        case bool():
            return str(cell).upper()
        case int() | float():
            return _number(float(cell))
        case timedelta():
            return _duration(cell)
        case date() | time():
            return str(cell).removesuffix(" 00:00:00")
        case str() if found := _ODS_DURATION.fullmatch(cell):
            return _duration(timedelta(hours=int(found[1]), minutes=int(found[2]), seconds=float(found[3])))
        case _:
            return (cell or "").replace("\r\n", "\n").replace("\r", "\n")


def _number(number: float) -> str:
    if abs(number) >= _WHOLE_MOST:
        return f"{number:.14E}"
    # A whole number that a spreadsheet holds is a float.
    return str(int(number)) if number.is_integer() else f"{Decimal(repr(number)):f}"


def _duration(length: timedelta) -> str:
    sign = "-" if length < timedelta() else ""
    minutes, seconds = divmod(abs(length), timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    millis = round(seconds / timedelta(milliseconds=1))
    return f"{sign}{hours}:{minutes:02d}:{millis // 1000:02d}" + (f".{millis % 1000:03d}" if millis % 1000 else "")


def read(asked: Asked) -> Sheet:
    """Read one sheet.

    Rows that hold nothing are no records; above the header they count as title rows.
    """
    with CalamineWorkbook.from_path(asked.path) as workbook:
        name = _wanted(workbook, asked.sheet)
        if name is None:
            return Sheet(workbook.sheet_names)
        sheet = workbook.get_sheet_by_name(name)
    rows = _rows(sheet)
    above = list(islice(rows, asked.skip))
    tops = [next(rows, []) for _ in range(asked.header_rows)]
    for place, top in enumerate(tops, start=asked.skip):
        _spread(sheet, place, top)
    header = composed(tops, carry=False)
    first: Sequence[str] = ()
    last_row = len(above) + len(tops)
    with Path(asked.out or "/dev/null").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for number, row in enumerate(rows, start=last_row + 1):
            if not any(row):
                continue
            first = first or row
            last_row = number
            if asked.out is None:
                break
            writer.writerow(row)
    return Sheet(workbook.sheet_names, header, first, len(above), last_row)


def _wanted(workbook: CalamineWorkbook, pattern: str | None) -> str | None:
    for sheet in workbook.sheets_metadata:
        hidden = sheet.visible is not SheetVisibleEnum.Visible or sheet.typ is not SheetTypeEnum.WorkSheet
        if fnmatchcase(sheet.name, pattern) if pattern else not hidden:
            return sheet.name
    return None


def _rows(sheet: CalamineSheet) -> Iterator[list[str]]:
    """Rows as text, from the first of the sheet and from its first column."""
    if sheet.start is None:
        return
    top, left = sheet.start
    for number, row in enumerate(sheet.iter_rows()):
        yield [""] * left + [text_of(cell) for cell in row] if number >= top else []


def _spread(sheet: CalamineSheet, number: int, row: list[str]) -> None:
    """Write the text of cells merged over columns into all of them."""
    for (top, left), (_, right) in sheet.merged_cell_ranges or ():
        if top == number and left < len(row):
            row[left : right + 1] = [row[left]] * len(row[left : right + 1])


def main(argument: str) -> int:
    """Do what the parent asks, as JSON."""
    asked = Asked(**json.loads(argument))
    memory = asked.memory_mb << 20
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    try:
        print(json.dumps(asdict(read(asked))))  # noqa: T201 (the answer to the parent)
    except CalamineError as fault:
        print(json.dumps(str(fault)))  # noqa: T201
        return TOLD
    except MemoryError:
        return TOO_LARGE
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
