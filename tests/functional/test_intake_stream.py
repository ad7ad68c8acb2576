"""Objects of a data stream on their way in: nested keys without an extension, packed or not, one call over several."""

import gzip
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from callclock.reasons import ExportReason, ExportStatus
from tests.support.desk import Desk

PROFILES = Path(__file__).parents[2] / "events" / "profiles"
FIRST, SECOND = ((PROFILES / "samples" / f"amazon_connect_{hour}.json").read_bytes() for hour in ("22", "23"))


@pytest.fixture
def desk() -> Desk:
    return Desk(amazon_connect=(PROFILES / "amazon_connect.toml").read_text("utf-8"))


def test_packed_or_not_an_object_is_read_by_its_bytes(desk: Desk) -> None:
    [packed] = desk.drop(gzip.compress(FIRST), "incoming/EX/connect/2026/03/31/22/stream-1-2026-03-31-22-05-00-abc.gz")
    assert (packed.status, packed.records_read, packed.accepted) == (ExportStatus.READ, 9, 7), packed.message
    [plain] = desk.drop(SECOND, "incoming/EX/connect/2026/03/31/23/stream-1-2026-03-31-23-05-00-def")
    assert (plain.status, plain.records_read, plain.accepted) == (ExportStatus.READ, 5, 4), plain.message
    # Staged as the legs came: what makes one call of them is the fold.
    legs = [
        (row["record_key"][:8], row["leg"][:8])
        for key in desk.staged()
        for row in pq.read_table(BytesIO(desk.lake.objects[key][0])).to_pylist()
    ]
    assert {leg for call, leg in legs if call == "00000001"} == {"00000001", "00000002"}
    assert len(legs) == 7 + 4
    assert len(desk.hints) == 2


def test_a_broken_record_costs_only_itself_and_a_cut_object_is_held(desk: Desk) -> None:
    broken = FIRST.replace(
        b'{"AWSAccountId":"111122223333","AWSContactTraceRecordFormatVersion":"2017-03-10"',
        b'{"AWSAccountId":111122223333x',
        1,
    )
    [receipt] = desk.drop(broken, "incoming/EX/connect/a")
    assert (receipt.status, receipt.accepted, receipt.quarantined) == (ExportStatus.READ, 6, 1), receipt.message
    assert receipt.reasons == {"bad_json": 1}
    [cut] = desk.drop(SECOND[:-20], "incoming/EX/connect/b")
    assert (cut.status, cut.reason) == (ExportStatus.HELD, ExportReason.TRUNCATED)
