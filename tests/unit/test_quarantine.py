"""Records not accepted: number, reasons and text as in the file."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from callclock.exports.profile_sections import FileFormat
from callclock.exports.quarantine import Quarantine, write_quarantine
from callclock.exports.tabular import parquet_rows
from callclock.exports.text import prepare

LAYOUT = FileFormat()


def quarantine(tmp_path: Path, content: bytes, bad: list[tuple[int, str]]) -> Quarantine:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    prepared = prepare(path, LAYOUT, tmp_path / "work")
    return write_quarantine(
        bad,
        prepared.raw([number for number, _ in bad], 6),
        lines=prepared.lines,
        object_key="incoming/SIM/x.csv",
        export_id="e",
        out=tmp_path / "q" / "quarantine.parquet",
    )


CONTENT = b'a,b\n1,2\n3,"4\n5"\n6, \xff\n,,\n" ",\n7,8\n'


def test_text_number_and_reasons(tmp_path: Path) -> None:
    made = quarantine(tmp_path, CONTENT, [(2, "missing:x;bad_int:y"), (3, "bad_encoding"), (6, "missing:x")])
    assert made.path is not None
    rows = pq.read_table(made.path).to_pylist()
    assert [(row["record_no"], row["reasons"], row["raw"]) for row in rows] == [
        (2, "missing:x;bad_int:y", '3,"4\n5"'),
        (3, "bad_encoding", "6, ÿ"),  # declares no encoding, so it is read as cp1252
        (6, "missing:x", "7,8"),
    ]
    assert {(row["object_key"], row["export_id"]) for row in rows} == {("incoming/SIM/x.csv", "e")}
    assert made.reasons == {"missing:x": 2, "bad_int:y": 1, "bad_encoding": 1}
    assert (made.records, made.blank) == (3, 0)


def test_empty_rows_are_no_records(tmp_path: Path) -> None:
    made = quarantine(tmp_path, CONTENT, [(4, "missing:x"), (5, "missing:x")])
    assert made == Quarantine(None, 0, {}, 2)


def test_a_record_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shorter"):
        quarantine(tmp_path, CONTENT, [(99, "missing:x")])


def test_rows_of_parquet_are_found_by_number(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"n": list(range(1, 200_001)), "t": ["é"] * 200_000}), path, row_group_size=70_000)
    found = list(parquet_rows(path, [1, 70_000, 70_001, 199_999]))
    assert [number for number, _ in found] == [1, 70_000, 70_001, 199_999]
    assert [text.decode() for _, text in found] == [f'{{"n": {n}, "t": "é"}}' for n in (1, 70_000, 70_001, 199_999)]
