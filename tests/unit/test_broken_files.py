"""Files that were cut or broken on their way: refused or held with a reason, never a crash."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from callclock.exports.profile import parse_profile
from callclock.exports.recognise import recognise
from callclock.reasons import ExportReason
from tests.support.staging import bad, rows, staged

PROFILE = """
profile = "made_up"
table = "incidents"
[export]
key = ["Ref"]
quarantine_max = 1.0
[time]
formats = ["%d/%m/%Y %H:%M:%S"]
[columns]
incident_id = "Ref"
created_at = "Made"
area = "Beat"
"""


def parquet() -> bytes:
    out = io.BytesIO()
    made = [{"Ref": f"{n}", "Made": f"0{n % 9 + 1}/03/2026 10:00:00", "Beat": f"B{n % 7}"} for n in range(200)]
    pq.write_table(pa.Table.from_pylist(made), out, row_group_size=50, compression="none")
    return out.getvalue()


@pytest.mark.parametrize("at", [-8, -60, -200, 30, 4])
def test_a_parquet_file_that_was_cut(tmp_path: Path, at: int) -> None:
    path = tmp_path / "export.parquet"
    path.write_bytes(parquet()[:at])
    found = recognise("incoming/EX/export.parquet", path, [parse_profile("sources/x.toml", PROFILE)])
    assert found.fault is ExportReason.UNREADABLE
    assert "no whole Parquet file" in found.message


def test_a_parquet_file_with_a_broken_page(tmp_path: Path) -> None:
    content = bytearray(parquet())
    # The header of the last row group's first page: the head of the file is sound.
    place = pq.ParquetFile(io.BytesIO(content)).metadata.row_group(3).column(0).dictionary_page_offset
    content[place : place + 8] = b"\xff" * 8
    made = staged(tmp_path, PROFILE, bytes(content), name="export.parquet")
    assert (made.receipt.status, made.receipt.reason) == ("held", ExportReason.UNREADABLE)


def test_a_record_of_quotes_alone_is_a_record(tmp_path: Path) -> None:
    """A cell that holds one quote is written as four."""
    made = staged(tmp_path, PROFILE, 'Ref,Made,Beat\n1,01/03/2026 10:00:00,N\n,""""\n,"",\n')
    assert bad(made) == {2: "too_few_cells"}
    assert made.receipt.layout_skipped == 1
    assert len(rows(made)) == 1
