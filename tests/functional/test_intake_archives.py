"""Archives on their way in: each file is an export of its own, with its identity, receipt and ledger entry."""

import gzip
from datetime import UTC, datetime
from io import BytesIO

import pyarrow.parquet as pq
import pytest

from callclock.reasons import ExportReason, ExportStatus
from tests.support.desk import ARRIVED, Desk
from tests.unit.test_archive import PDF, zipped

CONTACTS = """
profile = "chat"
table = "contacts"
[match]
path = "incoming/EX/chat_*"
[export]
key = ["Id"]
quarantine_max = 0.5
exported_at = "name:%Y%m%d"
[time]
formats = ["%d/%m/%Y %H:%M"]
[columns]
contact_id = "Id"
channel = { const = "webchat" }
submitted_at = "Sent"
"""
REGRADES = """
profile = "cad"
table = "regrades"
[match]
path = "cad*.csv"
[export]
key = ["Incident"]
[time]
formats = ["%d/%m/%Y %H:%M"]
[columns]
incident_id = "Incident"
regraded_at = "At"
"""
ONE = b"Id,Sent\n1,01/07/2026 12:00\n2,soon\n"
TWO = b"Id,Sent\n2,02/07/2026 12:00\n"
CAD = b"Incident,At\nA,01/07/2026 12:00\n"


@pytest.fixture
def desk() -> Desk:
    return Desk(chat=CONTACTS, cad=REGRADES)


def test_each_file_of_a_zip_is_an_export(desk: Desk) -> None:
    content = zipped(("july/chat_20260702.csv", TWO), ("chat_20260701.csv", ONE), ("cad.csv", CAD))
    receipts = desk.drop(content, "month.zip")
    assert [(r.member, r.table_name, r.status, r.records_read, r.accepted, r.quarantined) for r in receipts] == [
        ("cad.csv", "regrades", "read", 1, 1, 0),
        ("chat_20260701.csv", "contacts", "read", 2, 1, 1),
        ("july/chat_20260702.csv", "contacts", "read", 1, 1, 0),
    ]
    assert {r.object_key for r in receipts} == {"incoming/EX/month.zip"}
    assert [r.exported_at.date().isoformat() for r in receipts[1:]] == ["2026-07-01", "2026-07-02"], "each its own"
    assert len({r.export_id for r in receipts}) == len(desk.staged()) == len(desk.hints) == 3
    assert {(e.object_key, e.member, e.status) for e in desk.entries.values()} == {
        ("incoming/EX/month.zip", r.member, ExportStatus.READ) for r in receipts
    }
    [quarantine] = [body for key, (body, _) in desk.exports.objects.items() if key.startswith("quarantine/")]
    [bad] = pq.read_table(BytesIO(quarantine)).to_pylist()
    assert (bad["raw"], bad["object_key"]) == ("2,soon", "incoming/EX/month.zip (chat_20260701.csv)")


def test_dropping_it_again_or_unpacked_reads_nothing_twice(desk: Desk) -> None:
    content = zipped(("chat_20260701.csv", ONE), ("chat_20260702.csv", TWO))
    first = desk.drop(content, "month.zip")
    written = dict(desk.lake.objects)
    assert desk.drop(content, "month.zip") == ()
    assert desk.drop(zipped(("chat_20260702.csv", TWO)), "again.zip") == ()
    assert desk.drop(gzip.compress(ONE), "chat_20260701.csv.gz") == ()
    assert desk.drop(TWO, "chat_20260702.csv") == ()
    assert desk.lake.objects == written
    assert len(desk.entries) == len(first) == 2


def test_a_gz_is_known_by_the_name_of_what_it_holds(desk: Desk) -> None:
    [receipt] = desk.drop(gzip.compress(CAD), "cad_march.csv.gz")
    assert (receipt.table_name, receipt.object_key, receipt.member) == (
        "regrades",
        "incoming/EX/cad_march.csv.gz",
        None,
    )


def test_the_archive_s_name_counts_where_the_file_s_own_says_nothing(desk: Desk) -> None:
    [receipt] = desk.drop(zipped(("export.csv", TWO)), "chat_20260705.zip")
    assert receipt.table_name == "contacts"
    assert receipt.exported_at == datetime(2026, 7, 5, 22, 59, 59, 999000, tzinfo=UTC)


def test_one_bad_file_does_not_keep_the_others(desk: Desk) -> None:
    content = zipped(
        ("chat_20260701.csv", ONE),
        ("chat_20260702.csv", TWO + b"3"),
        ("cad.csv", CAD.replace(b"At", b"When")),
        ("z.csv", b""),
    )
    receipts = desk.drop(content, "month.zip")
    assert [(r.member, r.status, r.reason) for r in receipts] == [
        ("cad.csv", "refused", ExportReason.NO_PROFILE),
        ("chat_20260701.csv", "read", None),
        ("chat_20260702.csv", "held", ExportReason.TRUNCATED),
        ("z.csv", "refused", ExportReason.EMPTY_FILE),
    ]
    assert all("month.zip (" in r.message for r in receipts)
    assert {hint["export_id"] for hint in desk.told} == {r.export_id for r in receipts if r.status != "read"}
    assert [hint["export_id"] for hint in desk.hints] == [receipts[1].export_id]


def test_what_cannot_be_an_export_is_named_in_a_receipt_of_the_archive(desk: Desk) -> None:
    read, named = desk.drop(zipped(("cad.csv", CAD), ("logo.pdf", PDF)), "month.zip")
    assert (read.member, read.status) == ("cad.csv", "read")
    assert (named.table_name, named.status, named.records_read, named.member) == ("none", "read", 0, None)
    assert "logo.pdf" in named.message
    assert [r["table_name"] for r in desk.receipts() if r["force_code"] == "EX"] == ["regrades", "none"]
    assert desk.told == []


def test_a_refused_archive_leaves_nothing_behind_but_its_receipt(desk: Desk) -> None:
    [receipt] = desk.drop(zipped(("chat_20260701.csv", ONE), ("../cad.csv", CAD)), "month.zip")
    assert (receipt.status, receipt.reason) == (ExportStatus.REFUSED, ExportReason.BAD_ARCHIVE)
    assert "../cad.csv" in receipt.message
    assert desk.staged() == set()
    assert [hint["export_id"] for hint in desk.told] == [receipt.export_id]
    [entry] = desk.entries.values()
    assert entry.status is ExportStatus.REFUSED


def test_a_run_that_died_half_way_goes_on_where_it_was(desk: Desk) -> None:
    content = zipped(("chat_20260701.csv", ONE), ("chat_20260702.csv", TWO))
    whole = Desk(chat=CONTACTS, cad=REGRADES)
    wanted = {r.export_id for r in whole.drop(content, "month.zip")}
    put, calls = desk.lake.put, []

    def dying(key: str, *rest: object) -> None:
        calls.append(key)
        if len(calls) == 2:
            raise ConnectionError("died")
        put(key, *rest)

    desk.lake.put = dying
    with pytest.raises(ConnectionError):
        desk.drop(content, "month.zip")
    [again] = desk.drop(content, "month.zip")
    assert again.member == "chat_20260702.csv"
    assert {export_id for _, export_id in desk.entries} == wanted
    assert desk.staged() == whole.staged()


def test_an_archive_for_a_force_that_is_not_configured_is_refused_whole(desk: Desk) -> None:
    [receipt] = desk.drop(zipped(("cad.csv", CAD)), "incoming/XY/month.zip", at=ARRIVED)
    assert receipt.reason is ExportReason.UNKNOWN_FORCE
