"""A number is found however it is written and whatever it is packed in, and no other is taken for it."""

import gzip
import io
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from callclock.exports import traces
from callclock.exports.callers import e164
from callclock.exports.traces import Number, OpaqueError
from tests.support.workbooks import xlsx

NUMBER = Number.of("+447700900123")
WRITTEN = (
    "07700900123", "07700 900123", "07700 900 123", "(07700) 900-123", "+44 7700 900123", "+447700900123",
    "0044 7700 900123", "447700900123", "+44 (0)7700 900123", "7700900123", "7700900123.0", "07700.900.123",
    "07700\xa0900123", "07700/900123",
)  # fmt: skip
OTHERS = (
    "07700900124", "077009001234", "17700900123", "307700900123", "0770090012", "+337700900123", "07700 900x123",
    "35447700900123", "A7700900123456",
)  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_every_way_of_writing_it_is_found(written: str) -> None:
    assert NUMBER.is_in(f"1,{written},x")
    assert NUMBER.is_in(written)
    assert e164(written, "GB") in {"+447700900123", None}, "the same number, or none at all"


@pytest.mark.parametrize("written", OTHERS)
def test_no_other_is_taken_for_it(written: str) -> None:
    assert not NUMBER.is_in(f"1,{written},x")


def test_a_day_and_hour_is_no_number_of_london() -> None:
    london = Number.of("+442030010110")
    assert london.is_in("call 020 3001 0110")
    assert not london.is_in("2030-01-01 10:15:00")


def test_whatever_intake_reads_as_it_is_found() -> None:
    """Every number that intake makes one key of with this one, from a list of odd writings, is found as well."""
    odd = [
        a + b + c
        for a in ("", "+44", "0044", "44", "+44 (0)", "0")
        for b in ("7700", " 7700 ", "-7700.")
        for c in ("900123", "900 123", "900-123.0")
    ]
    same = [text for text in odd if e164(text, "GB") == "+447700900123"]
    assert len(same) > 20
    assert [text for text in same if not NUMBER.is_in(f";{text};")] == []


def written(folder: Path, content: bytes) -> Path:
    path = folder / "export"
    path.write_bytes(content)
    return path


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("first.csv", "a,b\n1,2\n")
        packed.writestr(name, content)
    return out.getvalue()


def parquet(cells: list[object]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"tel": cells, "n": list(range(len(cells)))}), out)
    return out.getvalue()


def workbook(rows: list[list[str | float]]) -> bytes:
    with TemporaryDirectory() as folder:
        return xlsx(Path(folder) / "book.xlsx", {"calls": rows}).read_bytes()


CSV = b"Ref,Tel\n1,07700 900456\n2,07700 900123\n3,\n"
HOLDING = {
    "text": CSV,
    "utf-16": CSV.decode().encode("utf-16"),
    "gz": gzip.compress(CSV),
    "zip": zipped("b.csv", CSV),
    "zip of gz": zipped("b.csv.gz", gzip.compress(CSV)),
    "parquet of text": parquet(["07700 900456", "07700 900123"]),
    "parquet of numbers": parquet([7700900456, 7700900123]),
    "parquet of fractions": parquet([7700900456.0, 7700900123.0]),
    "workbook of numbers": workbook([["Ref", "Tel"], [1, 7700900123.0]]),
    "workbook of text": workbook([["Ref", "Tel"], [1, "07700 900123"]]),
}


@pytest.mark.parametrize("kind", HOLDING)
def test_it_is_found_in_a_file_of_any_kind(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path, HOLDING[kind])
    assert NUMBER.is_in_file(path, tmp_path / "inside")
    assert not Number.of("+447700900999").is_in_file(path, tmp_path / "inside")


def test_it_is_found_in_the_name_of_a_file_of_an_archive(tmp_path: Path) -> None:
    assert NUMBER.is_in_file(written(tmp_path, zipped("calls of 07700900123.csv", b"")), tmp_path / "inside")


@pytest.mark.parametrize("at", [*range(95, 131), 200, 250])
def test_it_is_found_wherever_a_file_is_cut_to_be_looked_at(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "_CHUNK", 128)
    monkeypatch.setattr(traces, "_OVERLAP", 64)
    around = b"x" * at, b"y" * 300
    assert NUMBER.is_in_file(written(tmp_path, b"07700 900123".join(around)), tmp_path)
    for longer in (b"907700900123", b"077009001239"):
        assert not NUMBER.is_in_file(written(tmp_path, longer.join(around)), tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"\x1f\x8b broken",
        gzip.compress(CSV, mtime=0)[:-9],
        b"PK\x03\x04 broken",
        b"PAR1 broken",
        zipped("b.csv", CSV)[:-30],
    ],
)
def test_what_cannot_be_looked_into_is_told(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(OpaqueError):
        Number.of("+447700900999").is_in_file(written(tmp_path, content), tmp_path / "inside")


def test_what_unpacks_without_end_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "_UNTIL", 1 << 22)
    with pytest.raises(OpaqueError, match="without end"):
        NUMBER.is_in_file(written(tmp_path, gzip.compress(b"1" * (1 << 23))), tmp_path / "inside")
    nested = CSV
    for _ in range(6):
        nested = gzip.compress(nested)
    with pytest.raises(OpaqueError, match="times over"):
        NUMBER.is_in_file(written(tmp_path, nested), tmp_path / "inside")


def test_it_is_never_shown() -> None:
    assert "7700" not in repr(NUMBER)
