"""``callclock sources check`` says of an export the same whatever it is packed in, and of each file of an archive."""

import gzip
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from local.cli import app
from tests.support.workbooks import ods, xlsx

PROFILE = """
profile = "web"
table = "contacts"
[match]
path = "web*"
[export]
key = ["Reference"]
quarantine_max = 0.5
[time]
formats = ["%d/%m/%Y %H:%M:%S"]
[columns]
contact_id = "Reference"
channel = { from = "Channel", map = { Web = "online_report", Chat = "webchat" } }
submitted_at = "Sent"
incident_id = "Incident"
"""
HEADER = ["Reference", "Channel", "Sent", "Incident", "Remarks"]
ROWS = [
    ["A1", "Web", "02/03/2026 10:00:00", "77", "x"],
    ["A2", "Chat", "02/03/2026 11:00:00", "", "x"],
    ["A3", "Pigeon", "02/03/2026 12:00:00", "", "x"],
    ["A4", "Web", "02/03/2026 13:00:00", "", "x"],
]


def csv(rows: list[list[str]] = ROWS, header: list[str] = HEADER) -> bytes:
    return "".join(",".join(row) + "\n" for row in [header, *rows]).encode()


def objects(header: list[str] = HEADER) -> list[dict[str, str]]:
    return [{name: cell for name, cell in zip(header, row, strict=True) if cell} for row in ROWS]


def zipped(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def parquet(path: Path, header: list[str]) -> Path:
    pq.write_table(pa.table({name: [row[n] for row in ROWS] for n, name in enumerate(header)}), path)
    return path


KINDS: Mapping[str, Callable[[Path, list[str]], Path]] = {
    "csv": lambda folder, header: written(folder / "web.csv", csv(header=header)),
    "gz": lambda folder, header: written(folder / "web.csv.gz", gzip.compress(csv(header=header))),
    "zip": lambda folder, header: zipped(folder / "web.zip", {"web_03.csv": csv(header=header)}),
    "xlsx": lambda folder, header: xlsx(folder / "web.xlsx", {"Sheet1": [header, *ROWS]}),
    "ods": lambda folder, header: ods(folder / "web.ods", {"Sheet1": [header, *ROWS]}),
    "zipped xlsx": lambda folder, header: zipped(
        folder / "web.zip", {"web.xlsx": xlsx(folder / "inner.xlsx", {"Sheet1": [header, *ROWS]}).read_bytes()}
    ),
    "json array": lambda folder, header: written(folder / "web.json", json.dumps(objects(header)).encode()),
    "json lines": lambda folder, header: written(
        folder / "web.jsonl", "".join(f"{json.dumps(o)}\n" for o in objects(header)).encode()
    ),
    "gzipped json lines": lambda folder, header: written(
        folder / "web.jsonl.gz", gzip.compress("".join(f"{json.dumps(o)}\n" for o in objects(header)).encode())
    ),
    "parquet": lambda folder, header: parquet(folder / "web.parquet", header),
}


def checked(file: Path, *more: str) -> tuple[int, Any]:
    sources = file.parent / "config/sources"
    sources.mkdir(parents=True, exist_ok=True)
    (sources / "web.toml").write_text(PROFILE)
    found = CliRunner().invoke(app, ["sources", "check", str(file), "--config", str(sources.parent), *more])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.exit_code, json.loads(found.stdout) if "--json" in more else " ".join(found.stdout.split())


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_is_the_same_in_whatever_it_comes(kind: str, tmp_path: Path) -> None:
    file = KINDS[kind](tmp_path, HEADER)
    code, [one] = checked(file, "--json")
    assert (code, one["fault"]) == (0, None), one["message"]
    [table] = one["tables"]
    assert (table["profile"], table["status"], table["records"]) == ("web", "read", 4)
    assert table["reasons"] == {"unmapped:channel": 1}
    assert table["columns"]["contact_id"] == {"from": ["Reference"], "kind": "text", "nulls": 0.0, "rejects": 0.0}
    assert table["columns"]["channel"] == {"from": ["Channel"], "kind": "text", "nulls": 0.0, "rejects": 0.25}
    assert table["columns"]["incident_id"]["nulls"] == 0.6667
    assert table["unread"] == ["Remarks"]
    [bad] = table["bad"]
    assert (bad["record"], bad["reasons"]) == (3, "unmapped:channel")
    assert "Pigeon" in bad["raw"]
    shown = checked(file)[1]
    assert "profile web (sources/web.toml) feeds contacts:" in shown
    assert "record 3: unmapped:channel" in shown


@pytest.mark.parametrize("kind", KINDS)
def test_a_renamed_column_is_missed_and_its_like_is_named(kind: str, tmp_path: Path) -> None:
    file = KINDS[kind](tmp_path, ["Reference No", *HEADER[1:]])
    code, [one] = checked(file, "--json")
    assert (code, one["fault"], one["nearest"], one["missing"]) == (3, "no_profile", "web", ["Reference"])
    assert one["similar"] == {"Reference": ["Reference No"]}


def test_each_file_of_an_archive_is_told_of_and_what_is_left_out(tmp_path: Path) -> None:
    strange = b"Dear,Sir\n1,2\n"
    members = {
        "web_1.csv": csv(),
        "web_2.csv": csv(ROWS[:2]),
        "letter.csv": strange,
        "logo.png": b"\x89PNG\r\n\x1a\n" + bytes(99),
    }
    file = zipped(tmp_path / "month.zip", members)
    code, found = checked(file, "--json")
    assert code == 3, "one of them would be refused"
    told = {one["member"]: (one["fault"], [table["records"] for table in one["tables"]]) for one in found}
    assert told == {"web_1.csv": (None, [4]), "web_2.csv": (None, [2]), "letter.csv": ("no_profile", [])}
    assert {tuple(one["left_out"]) for one in found} == {("logo.png",)}
    shown = checked(file)[1]
    assert "left out, because no export is of its kind: logo.png" in shown
    del members["letter.csv"]
    assert checked(zipped(tmp_path / "sound.zip", members), "--json")[0] == 0


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"web/../../up.csv": csv()}, "leads out of the archive"),
        ({"inner.zip": b"PK\x05\x06" + bytes(18)}, "an archive in an archive"),
        ({"logo.png": b"\x89PNG\r\n\x1a\n" + bytes(99)}, "no file that could be an export"),
    ],
)
def test_an_archive_that_would_be_refused(content: dict[str, bytes], why: str, tmp_path: Path) -> None:
    code, [one] = checked(zipped(tmp_path / "web.zip", content), "--json")
    assert (code, one["fault"], one["tables"]) == (3, "bad_archive", [])
    assert why in one["message"]


def test_a_cut_gz_and_a_json_that_is_none(tmp_path: Path) -> None:
    code, [one] = checked(written(tmp_path / "web.csv.gz", gzip.compress(csv() * 500)[:-20]), "--json")
    assert (code, one["fault"]) == (3, "bad_archive")
    assert "broken" in one["message"]
    code, [one] = checked(written(tmp_path / "web.json", b'[{"Reference": "A1", "Sent": '), "--json")
    assert code == 3
    assert one["message"] or one["tables"][0]["message"]
