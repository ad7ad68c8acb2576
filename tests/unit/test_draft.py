"""What a draft profile finds out about files whose layout the test itself wrote."""

import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from callclock.exports.profile import parse_profile
from callclock.exports.text import UnreadableError
from callclock.settings import ConfigurationError
from local.cli import app
from local.draft import draft
from tests.support.workbooks import ods, xlsx

HEADER = ["Incident Number", "Created", "Arrived", "Initial Grade", "Caller Number", "Remarks"]
START = datetime(2026, 3, 1, 0, 7, 9, tzinfo=UTC)


def records(n: int = 40, *, form: str = "%d/%m/%Y %H:%M:%S", step: float = 19.7) -> list[list[str]]:
    """Incidents over more than a month, every second of them attended."""
    found = []
    for number in range(n):
        created = START + timedelta(hours=step * number)
        arrived = (created + timedelta(minutes=17)).strftime(form) if number % 2 else ""
        remarks = f"said, number {number}; nobody | was there"
        found.append(
            [f"I{number:06}", created.strftime(form), arrived, f"Grade {number % 4 + 1}", "07700900123", remarks]
        )
    return found


def text(rows: list[list[str]], delimiter: str = ",", quote: str = '"', end: str = "\n") -> str:
    marked = (delimiter, quote, "\n")
    return "".join(
        delimiter.join(f"{quote}{cell}{quote}" if any(m in cell for m in marked) else cell for cell in row) + end
        for row in rows
    )


def drafted(tmp_path: Path, content: str | bytes, name: str = "export.csv") -> dict[str, Any]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return tomllib.loads(draft(path).text)


@pytest.mark.parametrize(
    ("delimiter", "quote"),
    [(",", '"'), (";", '"'), ("\t", '"'), ("|", '"'), ("^", '"'), ("~", '"'), (",", "'"), (";", "'")],
)
def test_delimiter_and_quote(tmp_path: Path, delimiter: str, quote: str) -> None:
    made = drafted(tmp_path, text([HEADER, *records()], delimiter, quote))
    assert made["format"].get("delimiter", ",") == delimiter
    # Where no cell needs the quote, the usual one stands.
    quoted = any(delimiter in cell or quote in cell for row in records() for cell in row)
    assert made["format"].get("quote", '"') == (quote if quoted else '"')
    assert made["columns"]["incident_id"] == "Incident Number"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", None), ("utf-8-sig", None), ("utf-16", None), ("cp1252", "cp1252"), ("latin-1", "cp1252")],
)
def test_encoding_is_said_where_the_file_does_not_show_it(tmp_path: Path, encoding: str, said: str | None) -> None:
    rows = records()
    rows[7][5] = "Café, £5"
    made = drafted(tmp_path, text([HEADER, *rows]).encode(encoding))
    assert made["format"].get("encoding") == said
    assert made["columns"]["created_at"] == "Created"


def test_a_mixture_of_encodings_is_left_to_each_record(tmp_path: Path) -> None:
    rows = [[*row[:5], "Café, £5"] for row in records()]
    lines = text([HEADER, *rows]).splitlines(keepends=True)
    content = b"".join(line.encode("cp1252" if n % 3 else "utf-8") for n, line in enumerate(lines))
    assert "encoding" not in drafted(tmp_path, content)["format"]


def test_title_rows_and_a_total(tmp_path: Path) -> None:
    above = "Control room, March 2026\nPrinted 01/04/2026\n\n"
    made = drafted(tmp_path, above + text([HEADER, *records(), ["Total", "40", "", "", "", ""]], end="\r\n"))
    assert made["format"] == {"skip": 3}
    assert made["rules"] == [{"reason": "total", "then": "drop", "if": {"Incident Number": {"starts": "Total"}}}]


def test_a_short_total_line_is_told_too(tmp_path: Path) -> None:
    assert drafted(tmp_path, text([HEADER, *records(), ["Grand total", "40"]]))["rules"][0]["reason"] == "total"


def test_header_of_two_rows(tmp_path: Path) -> None:
    top = ["Incident", "Times", "", "What", "", "Remarks"]
    below = ["Incident Number", "Created", "Arrived", "Initial Grade", "Caller Number", "Remarks"]
    made = drafted(tmp_path, text([top, below, *records()]))
    assert made["format"]["header_rows"] == 2
    assert made["columns"]["first_arrived_at"]["from"] == "Times / Arrived"


@pytest.mark.parametrize(
    "form",
    [
        "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
        "%d-%b-%Y %H:%M:%S", "%d %b %Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d/%m/%y %H:%M:%S", "%Y%m%d %H:%M:%S",
        "%d-%b-%y %I:%M %p",
    ],
)  # fmt: skip
def test_how_instants_are_written(tmp_path: Path, form: str) -> None:
    made = drafted(tmp_path, text([HEADER, *records(form=form)]))
    assert made["time"]["formats"] == [form]
    assert made["time"].get("precision") == (None if "%S" in form else "minute")


@pytest.mark.parametrize("mark", ["Z", "+01:00", "+0000"])
def test_instants_that_state_their_offset(tmp_path: Path, mark: str) -> None:
    made = drafted(tmp_path, text([HEADER, *records(form=f"%Y-%m-%dT%H:%M:%S{mark}")]))
    assert made["time"]["formats"] == ["%Y-%m-%dT%H:%M:%S%z"]


def test_two_ways_of_writing_in_one_column_are_both_read(tmp_path: Path) -> None:
    made = drafted(tmp_path, text([HEADER, *records(60), *records(20, form="%Y-%m-%d %H:%M:%S")]))
    assert made["time"]["formats"] == ["%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S"]


def test_one_odd_date_is_dirt_and_no_format(tmp_path: Path) -> None:
    rows = records(60)
    rows[30][1] = "2026-03-05 10:00:00"
    assert drafted(tmp_path, text([HEADER, *rows]))["time"]["formats"] == ["%d/%m/%Y %H:%M:%S"]


def test_what_no_value_decides_is_said(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(text([HEADER, *records(15, step=1)]))
    made = draft(path).text
    assert '"%d/%m/%Y %H:%M:%S"' in made
    assert "could be the other way round" in made
    path.write_text(text([HEADER, *records(40)]))
    assert "could be the other way round" not in draft(path).text


def test_a_column_that_decides_decides_for_all(tmp_path: Path) -> None:
    rows = records(40, form="%m/%d/%Y %H:%M:%S")
    for row in rows:
        row[2] = "03/04/2026 10:11:12"
    path = tmp_path / "export.csv"
    path.write_text(text([HEADER, *rows]))
    assert tomllib.loads(draft(path).text)["time"]["formats"] == ["%m/%d/%Y %H:%M:%S"]


def test_words_for_missing(tmp_path: Path) -> None:
    rows = records(60)
    for n, row in enumerate(rows):
        row[2] = row[2] or ("NULL", "1899-12-30 00:00:00", "--")[n % 3]
        row[3] = "N/K" if n % 20 == 0 else row[3]
        row[5] = "--"
    rows = [[row[0], row[1], row[2].replace("1899-12-30", "30/12/1899"), *row[3:]] for row in rows]
    made = drafted(tmp_path, text([HEADER, *rows]))
    assert set(made["nulls"]["*"]) == {"NULL", "N/K"}
    assert set(made["nulls"]["Arrived"]) == {"30/12/1899 00:00:00", "--"}
    assert "Remarks" not in made["nulls"]


def test_midnight_that_stands_for_never(tmp_path: Path) -> None:
    lines = ["Call Ref,Line,Date,Start,Queue Start,Result,Customer Id"]
    for n in range(300):
        queued = "0:00:00" if n % 3 else f"{n % 24}:{n % 60:02}:{n % 59:02}"
        customer = "0" if n % 2 else f"{10_000_000 + 7919 * n}"
        lines.append(f"C{n},101,{n % 28 + 1:02}/03/2026,{n % 24}:{n % 60:02}:{n % 59:02},{queued},Answered,{customer}")
    made = drafted(tmp_path, "\n".join(lines))
    assert made["nulls"] == {"Queue Start": ["0:00:00"], "Customer Id": ["0"]}
    assert made["columns"]["queued_at"] == {"date": "Date", "time": "Queue Start", "after": "call_started_at"}
    assert made["columns"]["caller_key"] == {"id": "Customer Id"}


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_workbook(tmp_path: Path, kind: str) -> None:
    sheet = [
        ["Control room"],
        [],
        HEADER,
        *[[*row[:1], (START + timedelta(hours=n)).replace(tzinfo=None), *row[2:]] for n, row in enumerate(records())],
    ]
    path = tmp_path / f"export.{kind}"
    (xlsx if kind == "xlsx" else ods)(path, {"March": sheet})
    made = tomllib.loads(draft(path).text)
    assert made["format"] == {"skip": 2}
    assert made["columns"]["incident_id"] == "Incident Number"


def test_json_and_parquet(tmp_path: Path) -> None:
    rows = [dict(zip(HEADER, row, strict=True)) for row in records()]
    made = drafted(tmp_path, "\n".join(map(json.dumps, rows)), "export.jsonl")
    assert made["columns"]["created_at"] == "Created"
    assert made["time"]["formats"] == ["%d/%m/%Y %H:%M:%S"]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "export.parquet")
    assert tomllib.loads(draft(tmp_path / "export.parquet").text)["columns"] == made["columns"]


def test_a_draft_reads_once_its_guesses_are_confirmed(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(text([HEADER, *records()]))
    made = draft(path)
    assert made.table == "incidents"
    assert not made.unsaid
    with pytest.raises(ConfigurationError, match=r"sources/x.toml: draft: a draft: confirm every line"):
        parse_profile("sources/x.toml", made.text)
    profile = parse_profile("sources/x.toml", made.text.replace("draft   = true\n", ""))
    assert profile.export.key == ("Incident Number",)
    unmarked = [line for line in made.text.split("[columns]")[1].splitlines() if "=" in line and "guess" not in line]
    assert all(line.startswith("#") for line in unmarked), "a guess that does not say so"


def test_a_draft_holds_no_text_of_a_person(tmp_path: Path) -> None:
    rows = records()
    for n, row in enumerate(rows):
        row[4] = f"07700900{n:03}"
        row[5] = f"Anna Maier {n}"
    path = tmp_path / "export.csv"
    path.write_text(text([HEADER, *rows]))
    made = draft(path).text
    assert "0770090" not in made
    assert "Maier" not in made


@pytest.mark.parametrize(
    ("content", "why"), [(b"", "empty"), (b"\x00\x01\x02" * 200, "neither text"), (b"\x1f\x8b\x08rest", "archive")]
)
def test_what_cannot_be_read_is_told(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=why):
        draft(path)


def test_a_header_without_rows_gives_a_draft_by_names_alone(tmp_path: Path) -> None:
    made = drafted(tmp_path, ",".join(HEADER) + "\n")
    assert made["draft"] is True
    assert made["format"] == {}


def test_the_command_writes_a_draft_that_check_reads(tmp_path: Path) -> None:
    path = tmp_path / "incidents_20260501.csv"
    rows = records()
    rows[3][1] = "31/02/2026 10:00:00"
    path.write_text(text([HEADER, *rows]))
    runner = CliRunner()
    new = runner.invoke(app, ["sources", "new", str(path)])
    assert new.exit_code == 0, new.output
    sources = tmp_path / "config/sources"
    sources.mkdir(parents=True)
    (sources / "ex.toml").write_text(new.stdout)
    found = runner.invoke(app, ["sources", "check", str(path), "--config", str(sources.parent), "--json"])
    assert found.exit_code == 3, "a draft would not be read"
    [[table]] = [one["tables"] for one in json.loads(found.stdout)]
    assert table["draft"] is True
    assert table["records"] == 40
    assert table["columns"]["created_at"] == {"from": ["Created"], "kind": "instant", "nulls": 0.0, "rejects": 0.025}
    assert table["columns"]["first_arrived_at"]["nulls"] == round(20 / 39, 4)
    assert table["unread"] == ["Remarks"]
    assert [bad["record"] for bad in table["bad"]] == [4]
    (sources / "ex.toml").write_text(new.stdout.replace("draft   = true\n", ""))
    shown = runner.invoke(app, ["sources", "check", str(path), "--config", str(sources.parent)])
    assert shown.exit_code == 0, shown.output
    assert "its path incidents_*.csv fits incoming/CHECK/incidents_20260501.csv" in " ".join(shown.stdout.split())
    assert "not read: Remarks" in shown.stdout


def test_check_names_the_nearest_profile_and_what_a_missing_column_may_be_called(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(text([["Incident No", *HEADER[1:]], *records()]))
    sources = tmp_path / "config/sources"
    sources.mkdir(parents=True)
    (sources / "ex.toml").write_text(
        'profile = "ex"\ntable = "incidents"\n[time]\nformats = ["%d/%m/%Y %H:%M:%S"]\n'
        '[columns]\nincident_id = "Incident Number"\ncreated_at = "Created"\n'
    )
    runner = CliRunner()
    found = runner.invoke(app, ["sources", "check", str(path), "--config", str(sources.parent), "--json"])
    assert found.exit_code == 3
    [one] = json.loads(found.stdout)
    assert (one["fault"], one["nearest"], one["missing"]) == ("no_profile", "ex", ["Incident Number"])
    assert one["similar"]["Incident Number"][0] == "Incident No"
    shown = runner.invoke(app, ["sources", "check", str(path), "--config", str(sources.parent)])
    assert "Incident Number: could it be Incident No" in shown.stdout


def test_names_that_are_cut_short_and_codes_for_words(tmp_path: Path) -> None:
    header = ["Inc No", "Created", "Call Rcvd", "Pri", "Caller Tel", "Origin", "Arr"]
    rows = [
        [row[0], row[1], row[1], row[3], row[4], "999" if number % 3 else "101", row[2]]
        for number, row in enumerate(records())
    ]
    columns = drafted(tmp_path, text([header, *rows]))["columns"]
    assert columns["incident_id"] == "Inc No"
    assert columns["call_received_at"] == "Call Rcvd"
    assert columns["grade_initial"]["from"] == "Pri"
    assert columns["caller_key"] == {"number": "Caller Tel"}
    assert columns["origin"] == {"from": "Origin", "map": {"999": "public", "101": "public"}}
    assert columns["first_arrived_at"] == {"from": "Arr", "after": "call_received_at"}


def test_numbers_that_are_no_known_codes_are_no_words(tmp_path: Path) -> None:
    rows = [[*row[:5], str(number % 3)] for number, row in enumerate(records())]
    assert "origin" not in drafted(tmp_path, text([[*HEADER[:5], "Origin"], *rows]))["columns"]
