"""What an export is as a whole: when it was taken, what it covers, why it is refused or held, which id it has."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callclock.exports.exported_at import on_the_day
from callclock.exports.profile import parse_profile
from callclock.exports.receipt import Receipt
from callclock.exports.stage import export_id, stated_exported_at
from callclock.reasons import ExportReason, ExportStatus
from callclock.settings import Force
from tests.support.staging import ARRIVED, bad, rows, staged

PROFILE = """
profile = "made_up"
table = "contacts"
[export]
key = ["Id"]
quarantine_max = 0.5
{export}
[time]
formats = ["%d/%m/%Y %H:%M"]
[columns]
contact_id = "Id"
channel = {{ const = "webchat" }}
submitted_at = "Sent"
"""
FORCE = Force(name="Example")
TEXT = "Id,Sent,Taken\n1,01/07/2026 12:00,05/07/2026 09:00\n2,03/07/2026 12:00,05/07/2026 09:00\n"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("export", "name", "metadata", "wanted"),
    [
        ("", "a.csv", {}, "2026-07-03T11:00"),
        ('exported_at = "newest"', "a_20260801.csv", {}, "2026-07-03T11:00"),
        ('exported_at = "arrival"', "a.csv", {}, "2026-12-01T00:00"),
        ('exported_at = "name:%Y%m%d"', "a_2026-07_20260801.csv", {}, "2026-08-01T22:59:59.999"),
        ('exported_at = "name:%Y%m%d"', "a_20260101_20260131_20261101.csv", {}, "2026-11-01T23:59:59.999"),
        ('exported_at = "name:%Y%m%dT%H%M"', "a_20260801T0600.csv", {}, "2026-08-01T05:00"),
        ('exported_at = "name:%Y%m%d"', "a.csv", {}, "2026-07-03T11:00"),
        ('exported_at = "name:%Y%m%d"', "a.csv", {"exported-at": "2026-08-01T06:00:00+01:00"}, "2026-08-01T05:00"),
        ('exported_at = "metadata:taken"', "a.csv", {"taken": "2026-08-01"}, "2026-08-01T22:59:59.999"),
        ('exported_at = { from = "Taken" }', "a.csv", {"exported-at": "2026-08-01"}, "2026-07-05T08:00"),
    ],
)  # fmt: skip
def test_when_it_was_taken(tmp_path: Path, export: str, name: str, metadata: dict[str, str], wanted: str) -> None:
    made = staged(tmp_path, PROFILE.format(export=export), TEXT, name=name, metadata=metadata)
    assert made.receipt.status is ExportStatus.READ, made.receipt.message
    assert made.receipt.exported_at == utc(wanted)
    assert {row["exported_at"].replace(tzinfo=UTC) for row in rows(made)} == {utc(wanted)}


def test_taken_later_than_it_arrived_is_refused(tmp_path: Path) -> None:
    made = staged(tmp_path, PROFILE.format(export='exported_at = "name:%Y%m%d"'), TEXT, name="a_20261202.csv")
    assert (made.receipt.status, made.receipt.reason) == (ExportStatus.REFUSED, ExportReason.EXPORTED_IN_FUTURE)
    assert (made.parts, made.quarantine, made.coverage) == ({}, None, None)
    column = staged(
        tmp_path / "b",
        PROFILE.format(export='exported_at = { from = "Taken" }'),
        TEXT,
        arrived_at=utc("2026-07-04T00:00"),
    )
    assert column.receipt.reason is ExportReason.EXPORTED_IN_FUTURE


def test_what_lies_after_it_was_taken_is_quarantined(tmp_path: Path) -> None:
    made = staged(tmp_path, PROFILE.format(export='exported_at = "name:%Y%m%d"'), TEXT, name="a_20260702.csv")
    assert bad(made) == {2: "future:submitted_at"}
    newest = staged(tmp_path / "b", PROFILE.format(export=""), TEXT, arrived_at=utc("2026-07-02T00:00"))
    assert bad(newest) == {2: "future:submitted_at"}
    assert newest.receipt.exported_at == utc("2026-07-01T11:00")


def test_what_lies_exactly_at_it_is_not_later(tmp_path: Path) -> None:
    made = staged(tmp_path, PROFILE.format(export='exported_at = "name:%Y%m%dT%H%M"'), TEXT, name="a_20260701T1200.csv")
    assert [row["record_no"] for row in rows(made)] == [1]
    assert bad(made) == {2: "future:submitted_at"}


def test_what_the_ledger_kept_stands(tmp_path: Path) -> None:
    kept = utc("2026-07-02T00:00")
    made = staged(tmp_path, PROFILE.format(export=""), TEXT, exported_at=kept)
    assert made.receipt.exported_at == kept
    assert bad(made) == {}, "nothing stated it, so arrival is the limit"


def test_coverage_by_span_and_by_name(tmp_path: Path) -> None:
    span = staged(tmp_path, PROFILE.format(export='resend = "delta"'), TEXT).coverage
    assert span
    assert (span.covered_from, span.covered_to) == (utc("2026-07-01T11:00"), utc("2026-07-03T11:00"))
    assert (span.resend, span.covers, span.source, span.table_name) == ("delta", "span", "made_up", "contacts")
    assert (span.arrived_at, span.records, span.quarantined) == (ARRIVED, 2, 0)
    export = 'covers = "name"\nexported_at = "name:%Y%m%d"'
    named = staged(tmp_path / "b", PROFILE.format(export=export), TEXT, name="a_2026-07_20260805.csv").coverage
    assert named
    assert (named.covered_from, named.covered_to) == (utc("2026-06-30T23:00"), utc("2026-07-31T22:59:59.999"))
    nameless = staged(tmp_path / "c", PROFILE.format(export='covers = "name"'), TEXT, name="a.csv").receipt
    assert (nameless.status, nameless.reason) == (ExportStatus.HELD, ExportReason.UNREADABLE)


def test_header_alone_is_read_and_covers_nothing(tmp_path: Path) -> None:
    made = staged(tmp_path, PROFILE.format(export=""), "Id,Sent,Taken\n")
    assert (made.receipt.status, made.receipt.records_read) == (ExportStatus.READ, 0)
    assert (made.parts, made.quarantine, made.coverage) == ({}, None, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Id,Sent\n1,01/07/2026 12:00\n2,01/0", ExportReason.TOO_MUCH_QUARANTINED),
        ("Id,Sent\n1,01/07/2026 12:00\n2,01/07/2026 12:00\n3", ExportReason.TRUNCATED),
        ('Id,Sent\n1,01/07/2026 12:00\n2,"01/07/2026 12:00\n3,01/07/2026 12:00\n', ExportReason.TRUNCATED),
        ("Id,Sent\n1,07/31/2026 12:00\n2,07/01/2026 12:00\n3,31 July\n", ExportReason.TOO_MUCH_QUARANTINED),
    ],
)
def test_held_with_quarantine_and_nothing_staged(tmp_path: Path, text: str, reason: ExportReason) -> None:
    profile = PROFILE.format(export="").replace("quarantine_max = 0.5", "quarantine_max = 0.34")
    made = staged(tmp_path, profile, text)
    assert (made.receipt.status, made.receipt.reason) == (ExportStatus.HELD, reason)
    assert (made.parts, made.coverage) == ({}, None)
    assert made.quarantine
    assert made.receipt.months == ()
    assert "drop" in made.receipt.message.lower()


def test_a_column_that_vanished_holds_the_export_and_is_named(tmp_path: Path) -> None:
    receipt = staged(tmp_path, PROFILE.format(export=""), "Id,When\n1,x\n").receipt
    assert (receipt.status, receipt.reason) == (ExportStatus.HELD, ExportReason.UNREADABLE)
    assert "Sent" in receipt.message
    assert "When" in receipt.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = "Réf,Sent\r\né£1,01/07/2026 12:00\r\n"
    declared = f'[format]\nencoding = "{encoding.removesuffix("-sig")}"\n'
    for number, form in enumerate([declared, ""] if encoding != "latin-1" else [declared]):
        profile = PROFILE.format(export="").replace('"Id"', '"Réf"').replace("[time]", f"{form}[time]")
        [row] = rows(staged(tmp_path / str(number), profile, text.encode(encoding)))
        assert row["record_key"] == "é£1"


def test_export_id_is_made_of_force_bytes_and_what_was_stated(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text(TEXT)
    two.write_text(TEXT + "\n")
    ids = {
        export_id("EX", one, None), export_id("EX", one, ARRIVED), export_id("EX", two, None), export_id("EY", one, None),
        export_id("EX", one, ARRIVED + timedelta(milliseconds=1)),
    }  # fmt: skip
    assert len(ids) == 5
    assert export_id("EX", one, None) == export_id("EX", one, None)


def test_first_profile_by_name_that_states_it_decides() -> None:
    silent = parse_profile("sources/a.toml", PROFILE.format(export="").replace("made_up", "a"))
    by_name = parse_profile("sources/b.toml", PROFILE.format(export='exported_at = "name:%Y%m%d"'))
    assert stated_exported_at(("incoming/EX/x_20260801.csv",), {}, (by_name, silent), FORCE) == utc(
        "2026-08-01T22:59:59.999"
    )
    assert stated_exported_at(("incoming/EX/x.csv",), {}, (by_name, silent), FORCE) is None


def test_receipt_of_a_staging_survives_being_written(tmp_path: Path) -> None:
    receipt = staged(tmp_path, PROFILE.format(export=""), TEXT + "3,,\n").receipt
    assert Receipt.from_json(receipt.to_json()) == receipt
    assert "\n" not in receipt.to_json()


@pytest.mark.parametrize(
    ("arrived", "taken"),
    [
        ("2026-03-03T18:30:00+00:00", "2026-03-03T18:30:00+00:00"),  # the evening of the day itself
        ("2026-03-04T06:00:00+00:00", "2026-03-03T23:59:59.999000+00:00"),  # next morning: the end of the day
        ("2026-03-02T18:30:00+00:00", "2026-03-03T23:59:59.999000+00:00"),  # the evening before: still in the future
    ],
)
def test_a_date_in_the_name_of_a_file_that_arrives_on_it(arrived: str, taken: str) -> None:
    stated = datetime.fromisoformat("2026-03-03T23:59:59.999+00:00")
    found = on_the_day(stated, datetime.fromisoformat(arrived), ZoneInfo("Europe/London"))
    assert found == datetime.fromisoformat(taken)
