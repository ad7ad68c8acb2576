"""Files that are no plain text: JSON, spreadsheets, Parquet, archives. Their bytes never change."""

import gzip
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from tests.odd.cases import HEAD, Case, held, read, row, text, unread

NEW_YEAR = (2026, 1, 1, 0, 0, 0)


def cases() -> Iterator[Case]:
    yield from workbooks()
    yield from jsons()
    yield from archives()
    yield Case("cad_rows.parquet", "Parquet", parquet(), [read(2, rows=[{"record_no": 2, "record_key": "26-0002"}])])
    yield Case("cad_cut.parquet", "Parquet cut short", parquet()[:-40], [unread("unreadable")])


def workbooks() -> Iterator[Case]:
    made = [datetime(2026, 3, n, 10, 15) for n in (1, 2)]  # noqa: DTZ001 (a cell has no zone)
    rows = [
        [at if name == "Made" else cell for name, cell in zip(HEAD, row(n), strict=True)]
        for n, at in enumerate(made, 1)
    ]
    value = [{"record_no": 2, "created_at": "2026-03-02 10:15:00", "record_key": "26-0002"}]
    yield Case("cad_cells.xlsx", "A workbook whose dates are dates", workbook([[*HEAD], *rows]), [read(2, rows=value)])
    above = [["Incidents of March"], [], [*HEAD], *rows, [], [None] * 8]
    yield Case(
        "skip_titles.xlsx",
        "A title and an empty row above, empty rows below",
        workbook(above),
        [read(4, layout_skipped=2, rows=value)],
    )
    serial = (made[1] - datetime(1899, 12, 30)).total_seconds() / 86_400  # noqa: DTZ001
    serials = [[*HEAD], ["1", serial, None, None, "Grade 2", None, 7.0, None], ["2", 20260302.0, *[None] * 6]]
    yield Case(
        "serial_numbers.xlsx", "Dates as numbers of days; a date as one number is none of those", workbook(serials),
        [read(2, {2: ("bad_instant:created_at", "2,20260302,,,,,,")}, rows=[{"record_no": 1, "created_at": "2026-03-02 10:15:00", "area": "7"}])],
    )  # fmt: skip
    yield Case("cad_cut.xlsx", "A workbook cut short", workbook([[*HEAD], *rows])[:-200], [unread("bad_archive")])


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": datetime(*NEW_YEAR, tzinfo=UTC).replace(tzinfo=None)})
        style = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet = book.add_worksheet("March")
        for number, cells in enumerate(rows):
            for place, cell in enumerate(cells):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, place, cell, style)
                elif isinstance(cell, str):
                    sheet.write_string(number, place, cell)
                elif cell is not None:
                    sheet.write(number, place, cell)
    return out.getvalue()


def jsons() -> Iterator[Case]:
    rows = [dict(zip(HEAD, row(n), strict=True)) for n in (1, 2)]
    value = [{"record_no": 2, "record_key": "26-0002", "area": "North"}]
    yield Case(
        "cad_lines.jsonl", "JSON, a record a line", "\n".join(map(json.dumps, rows)).encode(), [read(2, rows=value)]
    )
    yield Case(
        "cad_array.json", "JSON, an array over many lines", json.dumps(rows, indent=2).encode(), [read(2, rows=value)]
    )
    yield Case(
        "cad_strung.json",
        "JSON objects strung together",
        "".join(map(json.dumps, rows)).encode(),
        [read(2, rows=value)],
    )
    cut = json.dumps(rows)[:-60]
    raw = json.dumps(rows[1])[: len(cut) - len(json.dumps(rows[0])) - 3]
    yield Case(
        "cad_cut.json", "JSON that ends within a record", cut.encode(), [held("truncated", 2, {2: ("bad_json", raw)})]
    )
    broken = json.dumps(rows[0]) + '\n{"Ref": 26-0003}\n' + json.dumps(rows[1])
    yield Case(
        "cad_broken.jsonl", "A line that is no JSON between two that are", broken.encode(),
        [read(3, {2: ("bad_json", '{"Ref": 26-0003}')}, rows=[{"record_no": 3, "record_key": "26-0002"}])],
    )  # fmt: skip


def parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(zip(HEAD, row(n), strict=True)) for n in (1, 2)]), out)
    return out.getvalue()


def packed(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name, NEW_YEAR), content)
    return out.getvalue()


def archives() -> Iterator[Case]:
    # Bytes of their own: an export that was read before is not read again.
    one, two = text(row(21), row(22)).encode(), text(row(23)).encode()
    yield Case("cad_packed.csv.gz", "gz", gzip.compress(text(row(24), row(25)).encode(), mtime=0), [read(2)])
    yield Case("cad_cut.csv.gz", "gz cut short", gzip.compress(one, mtime=0)[:-12], [unread("bad_archive")])
    yield Case(
        "cad_two.zip", "A zip of two exports and a picture, which is named and left out",
        packed(("b/cad_2.csv", two), ("cad_1.csv", one), ("logo.png", b"\x89PNG\r\n\x1a\n" + bytes(range(32)) * 8)),
        [{**read(1), "member": "b/cad_2.csv"}, {**read(2), "member": "cad_1.csv"}, {"status": "read", "reason": None, "records_read": 0}],
    )  # fmt: skip
    yield Case(
        "cad_climbs.zip",
        "A name that climbs out of the archive",
        packed(("../cad_1.csv", one)),
        [unread("bad_archive")],
    )
    yield Case(
        "cad_nested.zip",
        "An archive in an archive",
        packed(("cad_1.zip", packed(("cad_1.csv", one)))),
        [unread("bad_archive")],
    )
    yield Case("cad_none.zip", "An archive of nothing", packed(), [unread("bad_archive")])
    yield Case("cad_cut.zip", "A zip cut short", packed(("cad_1.csv", one))[:-30], [unread("bad_archive")])
