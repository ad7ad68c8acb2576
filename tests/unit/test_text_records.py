"""Records of text files: the file made readable, and every record found again as DuckDB counts them."""

from pathlib import Path
from random import Random

import duckdb
import pytest

from callclock.exports.header import Header, cells
from callclock.exports.profile_sections import FileFormat
from callclock.exports.text import Lines, Prepared, UnreadableError, prepare

PLAIN = FileFormat()


def lines_of(text: bytes, layout: FileFormat = PLAIN) -> list[bytes]:
    return list(Lines.of(layout).records(iter(text.splitlines(keepends=True))))


@pytest.mark.parametrize(
    ("text", "records"),
    [
        (b"a,b\nc,d\n", [b"a,b\n", b"c,d\n"]),
        (b'a,"b\nc",d\ne\n', [b'a,"b\nc",d\n', b"e\n"]),
        (b'5" pipe,x\n6" pipe,y\n', [b'5" pipe,x\n', b'6" pipe,y\n']),
        (b'"say ""hi""\nthere",x\ny\n', [b'"say ""hi""\nthere",x\n', b"y\n"]),
        (b'"x"y,"a\nb"\nz\n', [b'"x"y,"a\nb"\n', b"z\n"]),
        (b'a,"b\nc\nd', [b'a,"b\nc\nd']),
        (b'"",""\n"""",x\n', [b'"",""\n', b'"""",x\n']),
        (b'"a\n\nb"\n', [b'"a\n\nb"\n']),
    ],
)
def test_records_end_where_no_quoted_cell_is_open(text: bytes, records: list[bytes]) -> None:
    assert lines_of(text) == records


@pytest.mark.parametrize(
    "body",
    [
        b'1,2\n3,"4\n5"\n6\n7,8\n',
        b'1,"x"y\n3,4\n5\n',
        b'1,5" pipe\n3,4,5\n6,7\n',
        b'1,2\n3,"4\n5,6\n7,8\n',
    ],
)
def test_duckdb_counts_the_same_records(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\n" + body)
    with duckdb.connect() as db:
        rows = db.execute(
            f"SELECT * FROM read_csv('{path}', auto_detect=false, header=true, delim=',', quote='\"', escape='\"', "
            "columns={'a': 'VARCHAR', 'b': 'VARCHAR'}, store_rejects=true)"
        ).fetchall()
        rejects = dict(db.execute("SELECT DISTINCT line - 1, csv_line FROM reject_errors").fetchall())
    prepared = prepare(path, PLAIN, tmp_path / "work")
    found = dict(prepared.raw(range(1, 99), len(rows) + len(rejects)))
    assert len(found) == len(rows) + len(rejects)
    for number, text in rejects.items():
        assert found[number].decode().rstrip("\n") == text.rstrip("\n")


def records_one_by_one(content: bytes) -> list[bytes]:
    """Records of a text of which a line end ends one wherever the quotes before it are even."""
    records, here, inside = [], bytearray(), False
    for byte in content:
        here.append(byte)
        inside ^= byte == ord('"')
        if byte == ord("\n") and not inside:
            records.append(bytes(here))
            here.clear()
    return [*records, bytes(here)] if here else records


@pytest.mark.parametrize("block", [1, 7, 1 << 16])
@pytest.mark.parametrize("end", [b"", b"\n", b"7", b'7,"\n8\n'])
def test_records_are_found_again_whatever_blocks_they_lie_across(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, end: bytes
) -> None:
    monkeypatch.setattr("callclock.exports.text._CHUNK", block)
    dice = Random(block)
    path = tmp_path / "x.csv"
    for _ in range(60):
        path.write_bytes(b"a,b\n" + b"".join(dice.choices([b"1", b",", b"\r\n", b"\n", b'"2"', b'"\n3"'], k=40)) + end)
        records = records_one_by_one(path.read_bytes())
        wanted = sorted(dice.sample(range(len(records)), k=min(3, len(records))))
        prepared = Prepared(path, Lines.of(PLAIN), 0, cut=False)
        found = dict(prepared.raw(wanted, len(records) - 1))
        assert found == {n: records[n].removesuffix(b"\n").removesuffix(b"\r") for n in wanted}


def prepared_text(tmp_path: Path, content: bytes, layout: FileFormat = PLAIN) -> bytes:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    return prepare(path, layout, tmp_path / "work").path.read_bytes()


@pytest.mark.parametrize(
    ("content", "layout", "expected"),
    [
        (b"a,b\n1,2\n", PLAIN, b"a,b\n1,2\n"),
        (b"a,b\r\n1,2\n3,4\r\n", PLAIN, b"a,b\n1,2\n3,4\n"),
        (b"\n\na,b\n1,2\n  \n3,4\n\n", PLAIN, b"a,b\n1,2\n3,4\n"),
        (b'a,b\n1,"x\n\ny"\n\n3,4\n', PLAIN, b'a,b\n1,"x\n\ny"\n3,4\n'),
        ("a,£\n1,2\n".encode("cp1252"), PLAIN, "a,£\n1,2\n".encode()),
        ("é,£\n".encode() + "1,£\n".encode("cp1252"), PLAIN, "é,£\n1,£\n".encode()),
        ("a,£\r\n1,2\r\n".encode("utf-16"), PLAIN, "a,£\n1,2\n".encode()),
        ("a,£\r\n1,2\r\n".encode("latin-1"), FileFormat(encoding="latin-1"), "a,£\n1,2\n".encode()),
        (b"Report of May\nmade by X\na,b\n1,2\n", FileFormat(skip=2), b"a,b\n1,2\n"),
        (b'"Report\n\nof May"\n\n\na,b\n1,2\n', FileFormat(skip=2), b"a,b\n1,2\n"),
        (
            b"Id,When,,Kind\n\n,Sent,There,\n1,2,3,4\n",
            FileFormat(header_rows=2),
            b"Id,When / Sent,When / There,Kind\n1,2,3,4\n",
        ),
        (b'x\r\nA;"B\r\nC"\r\n1;2\r\n', FileFormat(skip=1, delimiter=";"), b'A;"B\nC"\n1;2\n'),
    ],
)
def test_what_duckdb_is_given(tmp_path: Path, content: bytes, layout: FileFormat, expected: bytes) -> None:
    assert prepared_text(tmp_path, content, layout) == expected


def test_a_clean_file_is_not_copied(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"\xef\xbb\xbfa,b\r\n1,2\r\n")
    prepared = prepare(path, PLAIN, tmp_path / "work")
    assert prepared.path == path
    assert not prepared.cut


@pytest.mark.parametrize("chunk", [1, 2, 5, 1 << 20])
@pytest.mark.parametrize(
    ("content", "as_it_is"),
    [
        (b"a,b\n1,2\n3,4\n", True),
        (b"a,b\r\n1,2\r\n3,4\r\n", True),
        (b"a,b\n1,2\n3,4\r\n", False),
        (b"a,b\r\n1,2\n3,4\n", False),
        (b"a,b\r\n1,2\r3,4\r\n", False),
        (b"a,b\r1,2\r3,4\r", False),
    ],
)
def test_one_kind_of_line_end_is_told_across_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, chunk: int, as_it_is: bool
) -> None:
    monkeypatch.setattr("callclock.exports.text._CHUNK", chunk)
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    prepared = prepare(path, PLAIN, tmp_path / "work")
    assert (prepared.path == path) == as_it_is
    assert prepared.path.read_bytes().replace(b"\r", b"") == b"a,b\n1,2\n3,4\n"


@pytest.mark.parametrize("chunk", [1, 2, 5, 1 << 20])
@pytest.mark.parametrize(
    ("content", "as_it_is"),
    [
        (b"a,b\n1,2\n3,4\n", True),
        (b"a, \t\n \t,b\n", True),
        (b"a,b\n1,2\n\n3,4\n", False),
        (b"a,b\r\n1,2\r\n\r\n3,4\r\n", False),
        (b"a,b\n1,2\n \t  \t\n3,4\n", False),
        (b"\na,b\n1,2\n3,4\n", False),
        (b" \t\r\na,b\r\n1,2\r\n3,4\r\n", False),
        (b"a,b\n1,2\n3,4\n  \n", False),
    ],
)
def test_a_blank_line_is_seen_across_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, chunk: int, as_it_is: bool
) -> None:
    monkeypatch.setattr("callclock.exports.text._CHUNK", chunk)
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    prepared = prepare(path, PLAIN, tmp_path / "work")
    assert (prepared.path == path) == as_it_is
    if not as_it_is:
        assert prepared.path.read_bytes().replace(b"\r", b"") == b"a,b\n1,2\n3,4\n"


@pytest.mark.parametrize("content", [b"a,b\n1,2", b"a,b\r\n1,2", "a,b\n1,2".encode("utf-16")])
def test_a_file_without_a_last_line_end_is_cut(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    assert prepare(path, PLAIN, tmp_path / "work").cut


def test_a_byte_that_is_no_encoding_stays_to_be_rejected(tmp_path: Path) -> None:
    assert prepared_text(tmp_path, b"a,b\n1,\x81\n") == b"a,b\n1,\x81\n"


def test_utf16_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="utf-16"):
        prepared_text(tmp_path, b"a,b\n1,2\n", FileFormat(encoding="utf-16"))


def test_repeated_and_nameless_columns() -> None:
    header = Header.of([" A ", "B", "A", ""])
    assert header.places == {"A#1": 0, "B": 1, "A#2": 2, "#4": 3}
    assert header.find(("X", "B")) == 1
    assert header.missing([("A",), ("B",), ("C", "D")]) == ("A (stands twice: say A#1 or A#2)", "C or D")


def test_cells_follow_quotes() -> None:
    assert cells('a;"b;c";d', ";", '"') == ["a", "b;c", "d"]


def test_counted_quotes_give_way_to_cells_where_they_come_to_another_number(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b'a,b\n1,5" pipe\n2,x\n3,6" pipe\n4,"y\nz"\n')
    prepared = prepare(path, PLAIN, tmp_path / "work")
    assert dict(prepared.raw([1, 2, 3, 4], records=4)) == {1: b'1,5" pipe', 2: b"2,x", 3: b'3,6" pipe', 4: b'4,"y\nz"'}
    assert dict(prepared.raw([], records=4)) == {}
