"""Cells before anything is made of them: blanks of every kind around them, and words that stand for missing."""

import codecs
import sys
import time
import unicodedata
from pathlib import Path

import duckdb
import pytest

from callclock.exports import text
from callclock.exports.profile_sections import FileFormat
from callclock.exports.text import prepare
from tests.support.staging import rows, staged

BLANKS = [chr(n) for n in range(sys.maxunicode + 1) if unicodedata.category(chr(n)) == "Zs"]
PROFILE = """
profile = "cad"
table = "incidents"
[export]
key = ["Id"]
[time]
formats = ["%d/%m/%Y %H:%M"]
{nulls}
[columns]
incident_id = "Id"
created_at = "Start"
area = "Area"
{more}
"""
DECLARED = '[format]\nencoding = "cp1252"\n'


def profile(*words: str, more: str = "") -> str:
    listed = ", ".join(f'"{word}"' for word in words)
    return PROFILE.format(nulls=f'[nulls]\n"*" = [{listed}]' if words else "", more=more)


def test_what_trim_takes_away_is_what_is_looked_for() -> None:
    with duckdb.connect() as db:
        found = db.execute(
            "SELECT chr(n::INTEGER) FROM range(1, 1114112) AS r(n) WHERE n NOT BETWEEN 55296 AND 57343 AND trim(chr(n::INTEGER)) = ''"
        ).fetchall()
    assert {blank for (blank,) in found} == set(BLANKS) == {" ", *text._OTHER_BLANKS}


@pytest.mark.parametrize("blank", BLANKS, ids=lambda blank: f"{ord(blank):04x}")
def test_blanks_of_unicode_go(tmp_path: Path, blank: str) -> None:
    """Found out by a look at the file, which spares the other files a look at each cell."""
    lines = f"Id,Start,Area\na{blank},01/03/2026 10:00,{blank}é north{blank}\nb,01/03/2026 10:00,{blank}\n"
    made = staged(tmp_path / "plain", profile(), lines)
    assert [(row["record_key"], row["area"]) for row in rows(made)] == [("a", "é north"), ("b", None)]
    assert prepare(tmp_path / "plain/export.csv", FileFormat(), tmp_path / "look").other_blanks is (blank != " ")
    titled = staged(tmp_path / "titled", profile(more="[format]\nskip = 1\n"), f"Printed\n{lines}")
    assert [(row["record_key"], row["area"]) for row in rows(titled)] == [("a", "é north"), ("b", None)]


@pytest.mark.parametrize("more", ["", DECLARED], ids=["found out", "declared"])
def test_a_blank_of_windows_goes(tmp_path: Path, more: str) -> None:
    lines = "Id,Start,Area\na,01/03/2026 10:00,\u00a0é\u00a0\n".encode("cp1252")
    [row] = rows(staged(tmp_path, profile(more=more), lines))
    assert row["area"] == "é"


def test_a_blank_between_two_looks_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of which the first ends within its three bytes."""
    monkeypatch.setattr(text, "_CHUNK", 40)
    for before in range(30, 45):
        path = tmp_path / f"{before}.csv"
        path.write_bytes(b"x" * before + "\u2003".encode() + b"\n")
        assert prepare(path, FileFormat(), tmp_path).other_blanks
    path.write_bytes(codecs.BOM_UTF8 + ("é" * 90).encode() + b"\n")
    assert not prepare(path, FileFormat(), tmp_path).other_blanks


def test_what_stands_for_missing_is_missing_and_nothing_else(tmp_path: Path) -> None:
    cells = ("N/K", " N/K ", "n/k", "-", "", "  ", "N/K.", "it's")
    lines = "".join(f"{n},01/03/2026 10:00,{cell}\n" for n, cell in enumerate(cells))
    made = staged(tmp_path, profile("N/K", "-", "it's"), f"Id,Start,Area\n{lines}")
    assert [row["area"] for row in rows(made)] == [None, None, "n/k", None, None, None, "N/K.", None]


def test_many_words_for_missing_cost_little(tmp_path: Path) -> None:
    """Each of them once doubled what DuckDB had to plan: fifteen took a minute."""

    def seconds(folder: str, *words: str) -> float:
        began = time.process_time()
        staged(tmp_path / folder, profile(*words), "Id,Start,Area\na,01/03/2026 10:00,x\n")
        return time.process_time() - began

    seconds("warm", "w")
    assert seconds("many", *(f"w{n}" for n in range(12))) < 4 * seconds("one", "w")


@pytest.mark.parametrize("words", [3, 600])
def test_a_map_gives_its_words_however_many_there_are(tmp_path: Path, words: int) -> None:
    """Few are an enumeration while they are read."""
    known = ", ".join(f"C{n} = 'code {n}'" for n in range(words))
    maps = f'opening_code = {{ from = "Code", map = {{ {known} }}, else = "none such" }}\n'
    maps += f'closing_code = {{ from = "Code", map = {{ {known} }} }}\n'
    cells = ["C2", "", "C9999", *["C1"] * 60]
    lines = "\n".join(f"{n},01/03/2026 10:00,N,{cell}" for n, cell in enumerate(cells))
    made = staged(tmp_path, profile(more=maps), f"Id,Start,Area,Code\n{lines}\n")
    found = [(row["record_key"], row["opening_code"], row["closing_code"]) for row in rows(made)]
    assert found[:2] == [("0", "code 2", "code 2"), ("1", "none such", None)]
    assert found[2:] == [(str(n), "code 1", "code 1") for n in range(3, 63)]
    assert made.receipt.reasons == {"unmapped:closing_code": 1}


@pytest.mark.parametrize(
    ("also", "kept"), [('"Id"', False), ('{ from = "Id", map = { a = "z" }, else = "keep" }', True)]
)
def test_what_is_the_key_word_for_word_is_kept_once_until_it_is_staged(tmp_path: Path, also: str, kept: bool) -> None:
    text_of = profile().replace('incident_id = "Id"', f"incident_id = {also}")
    made = staged(tmp_path, text_of, "Id,Start,Area\na,01/03/2026 10:00,N\nb,01/03/2026 10:00,N\n")
    assert [(row["record_key"], row["incident_id"]) for row in rows(made)] == [("a", "z" if kept else "a"), ("b", "b")]
    [flagged] = tmp_path.rglob("flagged.parquet")
    with duckdb.connect() as db:
        names = db.execute(f"SELECT name FROM parquet_schema('{flagged}')").fetchall()
    assert (("incident_id",) in names) == kept
