"""Workbooks made for tests: xlsx by XlsxWriter, ods written by hand. Neither shares code with what reads them."""

import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import xlsxwriter

Cell = str | float | bool | datetime | date | time | timedelta | None
Rows = Sequence[Sequence[Cell]]
_FORMATS: Mapping[type, str] = {
    datetime: "dd/mm/yyyy hh:mm:ss", date: "dd/mm/yyyy", time: "hh:mm:ss", timedelta: "[h]:mm:ss",
}  # fmt: skip


def xlsx(path: Path, sheets: Mapping[str, Rows], *, merged: Sequence[str] = (), hidden: Sequence[str] = ()) -> Path:
    """Write sheets; ``merged`` are ranges (``A1:C1``) of the last one, which keep the text of their first cell."""
    with xlsxwriter.Workbook(path) as book:
        styles = {kind: book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            else:
                sheet.activate()
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    style = styles.get(type(cell))
                    if style:
                        sheet.write_datetime(number, place, cell, style)
                    elif isinstance(cell, str) and cell.startswith("="):
                        sheet.write_formula(number, place, cell, value=cell.rpartition(" ")[2])
                    elif isinstance(cell, str):
                        sheet.write_string(number, place, cell)
                    elif cell is not None:
                        sheet.write(number, place, cell)
        texts = {(n, p): str(cell) for n, row in enumerate(rows) for p, cell in enumerate(row)}
        for found in merged:
            first, last = (xlsxwriter.utility.xl_cell_to_rowcol(cell) for cell in found.split(":"))
            sheet.merge_range(*first, *last, texts[first])
    return path


def ods(path: Path, sheets: Mapping[str, Rows], *, empty_rows: int = 0) -> Path:
    """Write sheets as OpenDocument, with ``empty_rows`` more of them below, as LibreOffice does."""
    tables = "".join(
        f'<table:table table:name="{escape(name)}">'
        + "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
        + (f'<table:table-row table:number-rows-repeated="{empty_rows}"><table:table-cell '
           'table:number-columns-repeated="1024"/></table:table-row>' if empty_rows else "")
        + "</table:table>"
        for name, rows in sheets.items()
    )  # fmt: skip
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
        for short, long in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:body>'
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("META-INF/manifest.xml", '<?xml version="1.0"?><manifest:manifest '
                        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>')  # fmt: skip
        packed.writestr("content.xml", content)
    return path


def _ods_cell(cell: Cell) -> str:
    def made(kind: str, value: str, shown: str) -> str:
        return f'<table:table-cell office:value-type="{kind}" office:{value}><text:p>{escape(shown)}</text:p></table:table-cell>'

    match cell:
        case None | "":
            return "<table:table-cell/>"
        case bool():
            return made("boolean", f'boolean-value="{str(cell).lower()}"', str(cell).upper())
        case int() | float():
            return made("float", f'value="{cell}"', str(cell))
        case datetime() | date():
            return made("date", f'date-value="{cell.isoformat()}"', str(cell))
        case timedelta() | time():
            seconds = (
                cell.total_seconds()
                if isinstance(cell, timedelta)
                else cell.hour * 3600 + cell.minute * 60 + cell.second
            )
            minutes, rest = divmod(int(seconds), 60)
            return made("time", f'time-value="PT{minutes // 60:02d}H{minutes % 60:02d}M{rest:02d}S"', str(cell))
    return f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
