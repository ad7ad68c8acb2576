"""Spreadsheets staged by a profile: what each kind of cell becomes, which sheet is read, and sheets nobody can trust."""

import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from callclock.exports import hold, sheets
from callclock.exports.profile import parse_profile
from callclock.exports.profile_sections import FileFormat
from callclock.exports.recognise import recognise
from callclock.exports.stage import Staging
from callclock.exports.text import UnreadableError
from callclock.exports.workbook import ROWS_A_SHEET, read_sheet
from callclock.reasons import ExportReason, ExportStatus
from tests.support.staging import bad, rows, staged
from tests.support.workbooks import Rows, ods, xlsx

PROFILE = """
profile = "made_up"
table = "incidents"
[format]
delimiter = ";"
{format}
[export]
key = ["Id"]
quarantine_max = 0.9
[time]
formats = ["%d/%m/%Y %H:%M:%S"{formats}]
[nulls]
"*" = ["N/K", "1899-12-30", "#DIV/0!"]
[columns]
incident_id = "Id"
created_at = "Made"
first_dispatched_at = {{ date = "Day", time = "Sent", after = "created_at" }}
first_arrived_at = {{ start = "created_at", plus = "To arrive", unit = ["h:mm:ss", "day"] }}
closed_at = {{ from = "Closed", after = "created_at" }}
grade_initial = "Grade"
domestic_abuse = {{ from = "DA", map = {{ TRUE = true, FALSE = false }} }}
"""
HEAD = ["Id", "Made", "Day", "Sent", "To arrive", "Closed", "Grade", "DA", "Extra"]
MADE = datetime(2026, 3, 1, 10, 0, 5)  # noqa: DTZ001 (a wall clock)
RECORDS: Rows = [
    ["0012", MADE, date(2026, 3, 1), time(10, 1), timedelta(hours=27, minutes=30), "01/03/2026 12:00:00", 2.0, True, "a"],
    [13.0, datetime(2026, 7, 1), date(2026, 7, 1), "00:02:00", 0.5, "N/K", "3", False, "two\nlines, \"quoted\""],  # noqa: DTZ001
    [None] * 9,
    ["14", "soon", date(2026, 3, 1), None, None, None, 1.5, None, None],
]  # fmt: skip
MAKERS = pytest.mark.parametrize("make", [xlsx, ods], ids=["xlsx", "ods"])


def made_of(tmp_path: Path, made: Path, *, layout: str = "", formats: str = "") -> Staging:
    return staged(tmp_path / "s", PROFILE.format(format=layout, formats=formats), made.read_bytes(), name=made.name)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@MAKERS
def test_what_each_kind_of_cell_becomes(tmp_path: Path, make) -> None:
    made = made_of(tmp_path, make(tmp_path / "book.bin", {"Data": [HEAD, *RECORDS]}))
    assert made.receipt.status is ExportStatus.READ, made.receipt.message
    first, second = rows(made)
    assert (first["record_key"], second["record_key"]) == ("0012", "13")
    assert (first["created_at"], second["created_at"]) == (at("2026-03-01T10:00:05"), at("2026-06-30T23:00"))
    assert (first["first_dispatched_at"], second["first_dispatched_at"]) == (
        at("2026-03-01T10:01"),
        at("2026-06-30T23:02"),
    )
    assert (first["first_arrived_at"], second["first_arrived_at"]) == (
        at("2026-03-02T13:30:05"),
        at("2026-07-01T11:00"),
    )
    assert (first["closed_at"], second["closed_at"]) == (at("2026-03-01T12:00"), None)
    assert (first["grade_initial"], second["grade_initial"]) == ("2", "3")
    assert (first["domestic_abuse"], second["domestic_abuse"]) == (True, False)
    assert bad(made) == {3: "bad_instant:created_at"}
    counts = made.receipt.counts
    assert (counts.records_read, counts.accepted, counts.quarantined, counts.layout_skipped) == (3, 2, 1, 0)


@MAKERS
def test_title_rows_count_empty_ones_and_the_sheet_is_chosen(tmp_path: Path, make) -> None:
    book = {"Notes": [["Ask Jo"]], "Incidents March": [["Incidents"], [], ["of March"], HEAD, *RECORDS]}
    made = made_of(tmp_path, make(tmp_path / "book.bin", book), layout='skip = 3\nsheet = "Incidents*"')
    counts = made.receipt.counts
    assert (counts.records_read, counts.accepted, counts.layout_skipped) == (6, 2, 3)


def test_the_first_sheet_that_is_not_hidden(tmp_path: Path) -> None:
    book = xlsx(tmp_path / "book.xlsx", {"lists": [["x"]], "Data": [HEAD, *RECORDS]}, hidden=["lists"])
    assert made_of(tmp_path, book).receipt.accepted == 2


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    book = xlsx(tmp_path / "book.xlsx", {"Data": [HEAD, *RECORDS], "More": [["a"]]})
    profile = parse_profile("sources/made_up.toml", PROFILE.format(format='sheet = "Incidents"', formats=""))
    found = recognise("incoming/EX/book.xlsx", book, (profile,))
    assert found.fault is ExportReason.NO_PROFILE
    assert "Incidents" in found.message
    assert "Data, More" in found.message


@MAKERS
def test_recognised_by_its_header_and_first_row(tmp_path: Path, make) -> None:
    book = make(tmp_path / "book.bin", {"Data": [["March"], HEAD, *RECORDS]})
    text = PROFILE.format(format="skip = 1", formats="").replace(
        "[format]", '[match]\nwhere = { Extra = "a" }\n[format]'
    )
    profile = parse_profile("sources/made_up.toml", text)
    assert recognise("incoming/EX/book.xlsx", book, (profile,)).profiles == (profile,)
    other = parse_profile("sources/made_up.toml", text.replace('"a"', '"b"'))
    assert recognise("incoming/EX/book.xlsx", book, (other,)).fault is ExportReason.NO_PROFILE


def test_merged_headers_and_headers_of_two_rows(tmp_path: Path) -> None:
    top = ["Id", "When", "", "", "", "", "Grade", "", ""]
    below = ["", "Made", "Day", "Sent", "To arrive", "Closed", "", "DA", "Extra"]
    book = xlsx(tmp_path / "book.xlsx", {"Data": [top, below, *RECORDS]}, merged=["B1:F1", "A1:A2"])
    profile = PROFILE.format(format="header_rows = 2", formats="")
    for name in ("Made", "Day", "Sent", "To arrive", "Closed"):
        profile = profile.replace(f'"{name}"', f'"When / {name}"')
    made = staged(tmp_path / "s", profile, book.read_bytes())
    assert made.receipt.status is ExportStatus.READ, made.receipt.message
    assert [row["record_key"] for row in rows(made)] == ["0012", "13"]


def test_one_header_cell_over_several_columns_is_their_name_numbered(tmp_path: Path) -> None:
    book = xlsx(tmp_path / "book.xlsx", {"Data": [["Id", "When", ""], ["1", "a", "b"]]}, merged=["B1:C1"])
    assert read_sheet(book, FileFormat()).header == ["Id", "When", "When"]


def test_serial_numbers_are_read_where_the_profile_says_so(tmp_path: Path) -> None:
    serial = 46082 + (10 * 3600 + 5) / 86400
    book = xlsx(
        tmp_path / "book.xlsx", {"Data": [HEAD, ["1", serial, 46082, 0.5, 0.25, "01/03/2026 12:00:00", 1, None]]}
    )
    assert bad(made_of(tmp_path / "a", book)) == {1: "bad_instant:created_at;bad_instant:first_dispatched_at"}
    [row] = rows(made_of(tmp_path / "b", book, formats=', "excel"'))
    assert row["created_at"] == at("2026-03-01T10:00:05")
    assert row["first_dispatched_at"] == at("2026-03-01T12:00")
    assert row["first_arrived_at"] == at("2026-03-01T16:00:05")
    assert row["closed_at"] == at("2026-03-01T12:00")


def test_serial_numbers_in_a_text(tmp_path: Path) -> None:
    lines = [";".join(HEAD), "1;46204.0000115741;46204;0.000694444444444444;;;1;;", "2;20260301;;;;;1;;", "3;0;;;;;1;;"]
    profile = PROFILE.format(format="", formats=', "excel"')
    made = staged(tmp_path, profile, "\n".join(lines) + "\n")
    [row] = rows(made)
    assert (row["created_at"], row["first_dispatched_at"]) == (at("2026-06-30T23:00:01"), at("2026-06-30T23:01"))
    assert bad(made) == {2: "bad_instant:created_at", 3: "bad_instant:created_at"}


def test_numbers_that_lost_their_end_and_cells_that_are_faults(tmp_path: Path) -> None:
    book = xlsx(tmp_path / "book.xlsx", {"Data": [
        ["Tel", "Id", "Share", "Half", "Fault", "Null date"],
        [447700900123.0, 1234567890123456789.0, 1e-05, -0.5, "=1/0 #DIV/0!", date(1899, 12, 31)],
    ]})  # fmt: skip
    found = read_sheet(book, FileFormat()).first
    assert found[:4] == ["447700900123", "1.23456789012346E+18", "0.00001", "-0.5"]
    assert found[4] == ""


def test_a_sheet_full_to_its_last_row_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = xlsx(tmp_path / "book.xlsx", {"Data": [["March"], HEAD, *RECORDS]})
    assert made_of(tmp_path / "a", book, layout="skip = 1").receipt.status is ExportStatus.READ
    monkeypatch.setattr(hold, "ROWS_A_SHEET", 6)
    made = made_of(tmp_path / "b", book, layout="skip = 1")
    assert (made.receipt.status, made.receipt.reason) == (ExportStatus.HELD, ExportReason.TRUNCATED)
    assert ROWS_A_SHEET == 2**20


def test_a_text_as_long_as_a_full_sheet_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "March\n" + ";".join(HEAD) + "\n" + "".join(f"{n};01/03/2026 10:00:00;;;;;1;;\n" for n in range(4))
    monkeypatch.setattr(hold, "ROWS_A_SHEET", 6)
    receipt = staged(tmp_path, PROFILE.format(format="skip = 1", formats=""), text).receipt
    assert (receipt.status, receipt.reason) == (ExportStatus.HELD, ExportReason.TRUNCATED)


def test_columns_are_counted_from_the_first_of_the_sheet(tmp_path: Path) -> None:
    book = xlsx(tmp_path / "book.xlsx", {"Data": [[None, None, "Id"], [None, None, "7"]]})
    assert read_sheet(book, FileFormat()).header == ["", "", "Id"], "so that #1 means what a spreadsheet calls A"


@pytest.mark.parametrize("text", ["0.99999999999", "0.9999999942"])
def test_a_breath_before_midnight_is_not_the_day_after(tmp_path: Path, text: str) -> None:
    profile = PROFILE.format(format="", formats=', "excel"')
    [row] = rows(staged(tmp_path, profile, ";".join(HEAD) + f"\n1;01/03/2026 10:00:00;46082;{text};;;1;;\n"))
    assert at("2026-03-01T23:59:59") < row["first_dispatched_at"] < at("2026-03-02T00:00")


@pytest.mark.parametrize(("row", "column", "function_mb"), [(1_048_576, "XFD", 1769), (200_000, "CV", 512)])
def test_a_stray_cell_far_away_ends_the_reader_and_not_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: int, column: str, function_mb: int
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", str(function_mb))
    path = tmp_path / "far.xlsx"
    xlsx(path, {"Data": [["Id"]]})
    content = {}
    with zipfile.ZipFile(path) as packed:
        content = {name: packed.read(name) for name in packed.namelist()}
    far = f'<row r="{row}"><c r="{column}{row}"><v>1</v></c></row></sheetData>'.encode()
    content["xl/worksheets/sheet1.xml"] = content["xl/worksheets/sheet1.xml"].replace(b"</sheetData>", far)
    with zipfile.ZipFile(path, "w") as packed:
        for name, body in content.items():
            packed.writestr(name, body)
    with pytest.raises(UnreadableError, match="larger than memory"):
        read_sheet(path, FileFormat())


@pytest.mark.parametrize("make", [xlsx, ods], ids=["xlsx", "ods"])
def test_a_broken_workbook_is_refused_with_what_to_do(tmp_path: Path, make) -> None:
    path = make(tmp_path / "book.bin", {"Data": [HEAD]})
    with zipfile.ZipFile(path) as packed:
        names = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(path, "w") as packed:
        for name, body in names.items():
            packed.writestr(name, body[: len(body) // 2] if name.endswith((".xml", ".rels")) else body)
    profile = parse_profile("sources/made_up.toml", PROFILE.format(format="", formats=""))
    found = recognise("incoming/EX/book.xlsx", path, (profile,))
    assert found.fault is ExportReason.UNREADABLE
    assert "no sound workbook" in found.message


def test_another_office_document_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "letter.docx"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("word/document.xml", "<w/>")
    assert recognise("incoming/EX/letter.docx", path, ()).fault is ExportReason.NOT_TEXT


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""), ("a\r\nb\rc", "a\nb\nc"), (0.0, "0"), (-2.0, "-2"), (0.30000000000000004, "0.30000000000000004"),
        (999_999_999_999_999.0, "999999999999999"), (1e15, "1.00000000000000E+15"), (True, "TRUE"),
        (datetime(2026, 3, 1), "2026-03-01"), (datetime(2026, 3, 1, 0, 0, 1), "2026-03-01 00:00:01"),  # noqa: DTZ001
        (date(2026, 3, 1), "2026-03-01"), (time(0, 0), "00:00:00"), (timedelta(days=2, seconds=1), "48:00:01"),
        (timedelta(seconds=-61.5), "-0:01:01.500"), ("PT27H30M00S", "27:30:00"), ("PT", "PT"),
    ],
)  # fmt: skip
def test_text_of_a_cell(cell: object, text: str) -> None:
    assert sheets.text_of(cell) == text


def test_the_reader_holds_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def run(_: object, **how: object) -> SimpleNamespace:
        seen.update(how)
        return SimpleNamespace(returncode=0, stdout=b'{"sheets": []}')

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setattr("subprocess.run", run)
    read_sheet(tmp_path / "x", FileFormat())
    assert set(seen["env"]) <= {"PYTHONPATH", "PYTHONUTF8", "LD_LIBRARY_PATH"}
