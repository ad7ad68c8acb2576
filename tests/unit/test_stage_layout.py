"""Texts as systems and spreadsheets leave them: columns moved, doubled and added, delimiters too many, words for nothing."""

from pathlib import Path

import pytest

from callclock.reasons import ExportReason, ExportStatus
from tests.support.staging import bad, rows, staged

PROFILE = """
profile = "made_up"
table = "incidents"
{more}
[export]
key = ["Ref"]
quarantine_max = 1.0
[time]
formats = ["%d/%m/%Y %H:%M:%S"]
[nulls]
"*" = ["NULL", "N/K", "#DIV/0!", "#N/A"]
Closed = ["1899-12-30", "00/01/1900 00:00:00"]
[columns]
incident_id = "Ref"
created_at = "Made"
closed_at = {{ from = "Closed", after = "created_at" }}
area = "Beat"
opening_code = "Opening"
reported_arrival_ms = {{ from = "Wait", unit = "min" }}
"""
HEAD = "Ref,Made,Closed,Beat,Opening,Wait"
T1, T2 = "01/03/2026 10:00:00", "01/03/2026 11:30:00"


def of(tmp_path: Path, *lines: str, more: str = "") -> object:
    return staged(tmp_path, PROFILE.format(more=more), "\n".join(lines) + "\n")


def test_columns_moved_and_added_are_read_by_name(tmp_path: Path) -> None:
    [plain] = rows(of(tmp_path / "a", HEAD, f"7,{T1},{T2},North,Burglary,5"))
    [moved] = rows(of(tmp_path / "b", "Wait,Beat,Added,Ref,Opening,Closed,,Made", f"5,North,x,7,Burglary,{T2},y,{T1}"))
    plain.pop("export_id"), moved.pop("export_id")
    assert moved == plain


@pytest.mark.parametrize("word", ["NULL", "N/K", "#DIV/0!", "#N/A", "", "  "])
def test_words_for_nothing(tmp_path: Path, word: str) -> None:
    [row] = rows(of(tmp_path, HEAD, f"7,{T1},{word},{word},{word},{word}"))
    assert [row[name] for name in ("closed_at", "area", "opening_code", "reported_arrival_ms")] == [None] * 4


def test_a_word_for_nothing_where_something_must_be(tmp_path: Path) -> None:
    assert bad(of(tmp_path, HEAD, f"NULL,{T1},,,,", "7,N/K,,,,")) == {
        1: "missing:key;missing:incident_id",
        2: "missing:started_at",
    }


def test_days_that_stand_for_nothing_are_nothing_only_where_the_profile_says_so(tmp_path: Path) -> None:
    made = of(
        tmp_path,
        HEAD,
        f"7,{T1},1899-12-30,,,",
        f"8,{T1},00/01/1900 00:00:00,,,",
        "9,1899-12-30,,,,",
        "10,30/12/1899 00:00:00,,,,",
    )
    assert [row["closed_at"] for row in rows(made)] == [None, None]
    assert bad(made) == {3: "bad_instant:created_at", 4: "bad_instant:created_at"}


@pytest.mark.parametrize(
    ("header", "tail"),
    [(HEAD, ","), (HEAD, ",,,"), (HEAD + ",", ""), (HEAD + ",,", ""), (HEAD + ",", ","), (HEAD + ", ,", ",")],
)
def test_delimiters_too_many(tmp_path: Path, header: str, tail: str) -> None:
    made = of(tmp_path, header, f"7,{T1},{T2},North,Burglary,5{tail}", f"8,{T1}{tail}")
    assert [row["record_key"] for row in rows(made)] == ["7"]
    assert made.receipt.counts.quarantined == 1, "a record that is truly short"


def test_a_nameless_column_that_holds_something_is_no_delimiter_too_many(tmp_path: Path) -> None:
    made = of(tmp_path, HEAD + ",", f"7,{T1},,,,,x", f"8,{T1},,,,,y", f"9,{T1},,,,")
    assert [row["record_key"] for row in rows(made)] == ["7", "8"]
    assert bad(made) == {3: "too_few_cells"}


def test_a_nameless_column_that_is_read_is_no_delimiter_too_many(tmp_path: Path) -> None:
    profile = PROFILE.format(more="").replace('"Opening"', '"#7"')
    made = staged(tmp_path, profile, f"{HEAD},\n7,{T1},{T2},North,Burglary,5\n8,{T1},{T2},North,x,5,y\n")
    assert [row["opening_code"] for row in rows(made)] == ["y"]
    assert bad(made) == {1: "too_few_cells"}


def test_files_strung_together_hold_their_header_again(tmp_path: Path) -> None:
    made = of(tmp_path, HEAD, f"7,{T1},,,,", HEAD, f"8,{T1},,,,", ' "Ref" ,Made,Closed,Beat,Opening,Wait', more="")
    assert [row["record_no"] for row in rows(made)] == [1, 3]
    counts = made.receipt.counts
    assert (counts.records_read, counts.accepted, counts.layout_skipped, counts.dropped) == (4, 2, 2, 0)


def test_line_ends_and_quotes_mixed_in_one_file(tmp_path: Path) -> None:
    text = f'{HEAD}\r\n1,{T1},,"No\rth",a,\r2,{T1},,"So\r\nuth","say ""x""",\n\n3,{T1},,"East, far",b,5\r\n'
    made = staged(tmp_path, PROFILE.format(more=""), text)
    assert [(row["record_no"], row["area"], row["opening_code"]) for row in rows(made)] == [
        (1, "No\nth", "a"), (2, "So\nuth", 'say "x"'), (3, "East, far", "b"),
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_delimiters_and_quotes(tmp_path: Path, delimiter: str, quote: str) -> None:
    more = f"[format]\ndelimiter = {delimiter!r}\nquote = {chr(34) + chr(92) + chr(34) + chr(34) if quote == chr(34) else chr(34) + quote + chr(34)}"
    more = more.replace("'\\t'", '"\\t"')
    head = delimiter.join(HEAD.split(","))
    cells = ["7", T1, "", f"{quote}a{delimiter}\n{quote}{quote}b{quote}", "x", ""]
    [row] = rows(staged(tmp_path, PROFILE.format(more=more), f"{head}\n{delimiter.join(cells)}\n"))
    assert row["area"] == f"a{delimiter}\n{quote}b"


def test_title_rows_totals_and_two_columns_of_one_name(tmp_path: Path) -> None:
    more = '[format]\nskip = 2\n[[rules]]\nreason = "total"\nthen = "drop"\nif = { Ref = { starts = "Total" } }'
    head = HEAD.replace("Opening", "Beat")
    profile = PROFILE.format(more=more).replace('"Opening"', '"Beat#2"').replace('"Beat"', '"Beat#1"')
    made = staged(tmp_path, profile, f"All of March\n\n{head}\n7,{T1},,North,N1,\n\nTotal: 1\n")
    assert [(row["area"], row["opening_code"]) for row in rows(made)] == [("North", "N1")]
    counts = made.receipt.counts
    assert (counts.records_read, counts.accepted, counts.dropped, counts.layout_skipped) == (4, 1, 1, 2)


MIXED = [
    (["é", "é", "é", "ü", "a"], "utf-8", {3}, "Windows-1252 in 3, another in the rest"),
    (["é", "é", "é", "ü", "a"], "cp1252", {3}, "UTF-8 in 3, another in the rest"),
    (["é", "é", "é", "é", "a"], "utf-8", {1, 4}, "Windows-1252 in 1, 4, another in the rest"),
]


@pytest.mark.parametrize(("beats", "most", "other", "told"), MIXED)
def test_a_file_that_mixes_encodings_is_told_where(
    tmp_path: Path, beats: list[str], most: str, other: set[int], told: str
) -> None:
    rare = "cp1252" if most == "utf-8" else "utf-8"
    lines = [f"{n},{T1},,{beat}{n},,\n".encode(rare if n in other else most) for n, beat in enumerate(beats, start=1)]
    made = staged(tmp_path, PROFILE.format(more=""), f"{HEAD}\n\n".encode() + b"".join(lines))
    assert [row["area"] for row in rows(made)] == [f"{beat}{n}" for n, beat in enumerate(beats, start=1)]
    assert made.receipt.flags == {"mixed_encoding": len(other)}
    assert told in made.receipt.message


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_file_in_one_encoding_is_not_mixed(tmp_path: Path, encoding: str) -> None:
    made = staged(tmp_path, PROFILE.format(more=""), f"{HEAD}\n7,{T1},,é\n,,\n8,{T1},,a,ü,\n".encode(encoding))
    assert made.receipt.flags == {}


def test_a_record_of_several_lines_is_one(tmp_path: Path) -> None:
    lines = [HEAD.encode(), f'1,{T1},,é,"ü\n'.encode("cp1252") + 'é\n\nü",'.encode("cp1252")]
    lines += [f"{n},{T1},,é,,".encode() for n in (2, 3)] + [f"4,{T1},,é,,".encode("cp1252"), f"5,{T1},,é,,".encode()]
    made = staged(tmp_path, PROFILE.format(more=""), b"\n".join(lines) + b"\n")
    assert made.receipt.flags == {"mixed_encoding": 2}
    assert "Windows-1252 in 1, 4, another" in made.receipt.message


def test_a_header_in_another_encoding_is_named(tmp_path: Path) -> None:
    made = staged(
        tmp_path, PROFILE.format(more=""), f"{HEAD},Größe\n".encode("cp1252") + f"7,{T1},,é,,,\n8,{T1},,é,,,\n".encode()
    )
    assert "Windows-1252 in the header" in made.receipt.message


def test_a_wrong_declaration_is_told(tmp_path: Path) -> None:
    made = staged(tmp_path, PROFILE.format(more='[format]\nencoding = "cp1252"'), f"{HEAD}\n7,{T1},,é,,\n")
    assert "looks_utf8" in made.receipt.flags
    assert "UTF-8" in made.receipt.message
    plain = staged(tmp_path / "b", PROFILE.format(more='[format]\nencoding = "cp1252"'), f"{HEAD}\n7,{T1},,e,,\n")
    assert plain.receipt.flags == {}


def test_a_declared_encoding_that_cannot_be_holds_the_file(tmp_path: Path) -> None:
    receipt = staged(tmp_path, PROFILE.format(more='[format]\nencoding = "utf-16"'), f"{HEAD}\n").receipt
    assert (receipt.status, receipt.reason) == (ExportStatus.HELD, ExportReason.UNREADABLE)
