"""What becomes of rows: repeated keys, wide rows, rules, titles and totals, columns that clash, typed Parquet."""

import hashlib
import hmac
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from callclock.contracts import CONTRACT_VERSION, INCIDENTS
from callclock.reasons import ExportReason, ExportStatus
from tests.support.staging import bad, rows, staged

INCIDENT = """
profile = "made_up"
table = "incidents"
repeats = "{repeats}"
[export]
key = ["Id"]
quarantine_max = 0.9
{export}
[time]
formats = ["%H:%M %d/%m/%Y"]
[columns]
incident_id = "Id"
created_at = "Made"
grade_initial = "Grade"
opening_code = "Code"
first_dispatched_at = {{ from = "Sent", after = "created_at" }}
first_arrived_at = {{ from = "There", after = "created_at" }}
closed_at = {{ from = "Closed", after = "created_at" }}
record_updated_at = "Changed"
"""
HEAD = "Id,Made,Grade,Code,Sent,There,Closed,Changed\n"
DAY = "03/03/2026"


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-03T{clock}")


def lines(*found: str) -> str:
    """``1|10:00|...`` with clocks only, all on one day."""
    cells = (line.split("|") for line in found)
    return HEAD + "".join(",".join(f"{c} {DAY}" if c[2:3] == ":" else c for c in line) + "\n" for line in cells)


def test_newest_row_of_a_key_wins_and_milestones_it_lost_are_kept(tmp_path: Path) -> None:
    made = staged(
        tmp_path,
        INCIDENT.format(repeats="newest", export=""),
        lines(
            "1|10:00|2|A|10:05|10:20||11:00",
            "2|10:00|2|A|10:05|10:20||",
            "1|10:00|3||10:06|||12:00",
            "1|09:00|1|Z|||10:59|10:30",  # changed before the other two: an older version, though it stands last
        ),
    )
    one, two = sorted(rows(made), key=lambda row: row["record_key"])
    assert (one["record_no"], one["grade_initial"], one["opening_code"]) == (3, "3", None)
    assert (one["first_dispatched_at"], one["first_arrived_at"], one["closed_at"]) == (
        at("10:06"),
        at("10:20"),
        at("10:59"),
    )
    assert (one["created_at"], one["started_at"]) == (at("10:00"), at("10:00"))
    assert two["record_no"] == 2
    counts = made.receipt.counts
    assert (counts.records_read, counts.accepted, counts.superseded, counts.folded) == (4, 2, 2, 0)


def test_a_source_that_retracts_takes_milestones_back(tmp_path: Path) -> None:
    text = lines("1|10:00|2|A|10:05|10:20||11:00", "1|10:00|3||10:06|||12:00")
    [row] = rows(staged(tmp_path, INCIDENT.format(repeats="newest", export="retracts = true"), text))
    assert row["first_arrived_at"] is None
    assert row["retracts"] is True


def test_collapse_makes_one_record_of_unit_rows_and_counts_what_differs(tmp_path: Path) -> None:
    text = lines(
        "1|10:00|2|A|10:05||10:40|", "1|10:00|2|B|10:03|10:20|10:50|", "1|10:00|2||10:04|10:15||", "2|10:00|3|A||||"
    )
    made = staged(tmp_path, INCIDENT.format(repeats="collapse", export=""), text)
    one, _ = rows(made)
    assert (one["first_dispatched_at"], one["first_arrived_at"], one["closed_at"]) == (
        at("10:03"),
        at("10:15"),
        at("10:50"),
    )
    assert (one["opening_code"], one["record_no"]) == ("A", 1)
    assert dict(made.receipt.conflicts) == {"opening_code": 1}
    counts = made.receipt.counts
    assert (counts.records_read, counts.accepted, counts.superseded, counts.folded) == (4, 2, 0, 2)


def test_repeats_can_be_an_error(tmp_path: Path) -> None:
    text = lines("1|10:00|2|A||||", "1|10:00|2|B||||")
    receipt = staged(tmp_path, INCIDENT.format(repeats="error", export=""), text).receipt
    assert (receipt.status, receipt.reason) == (ExportStatus.HELD, ExportReason.REPEATED_KEYS)


def test_key_falls_back_and_else_is_missing(tmp_path: Path) -> None:
    text = HEAD + f"1,10:00 {DAY},2,A,,,,\n,10:00 {DAY},2,B,,,,\n,10:00 {DAY},2,,,,,\n"
    profile = INCIDENT.format(repeats="newest", export='key_else = { join = ["Made", "Code"], by = "/" }')
    profile = profile.replace('incident_id = "Id"', 'incident_id = { first = ["Id", "Made"] }')
    made = staged(tmp_path, profile, text)
    assert [row["record_key"] for row in rows(made)] == ["1", f"10:00 {DAY}/B"]
    assert bad(made) == {3: "missing:key"}


def test_title_rows_totals_and_empty_rows_are_told_apart_from_records(tmp_path: Path) -> None:
    profile = (
        INCIDENT.format(repeats="newest", export="")
        + """
[format]
skip = 2
[[rules]]
reason = "total"
then = "drop"
if = { Id = { starts = "Total" } }
[[rules]]
reason = "training"
then = "set_aside"
if = { Code = ["TRAIN", "TEST"] }
[[rules]]
reason = "no_such_code"
then = "quarantine"
if = { Code = { word = "void" } }
"""
    )
    body = lines("1|10:00|2|TRAIN||||", "2|10:00|2|A||||", "3|10:00|2|now Void!||||").removeprefix(HEAD)
    made = staged(tmp_path, profile, f'"Incidents, all"\nof March\n{HEAD}{body},,,,,,,\nTotal 3\n\nTotal,,,,,,,\n')
    counts = made.receipt.counts
    assert (counts.records_read, counts.accepted, counts.set_aside, counts.dropped) == (8, 2, 1, 2)
    assert (counts.layout_skipped, counts.quarantined) == (3, 1)
    assert [row["set_aside"] for row in rows(made)] == ["training", None]
    assert bad(made) == {3: "no_such_code"}
    assert dict(made.receipt.dropped_reasons) == {"total": 2}


def test_two_columns_of_one_name_and_one_without(tmp_path: Path) -> None:
    profile = INCIDENT.format(repeats="newest", export="").replace('"Code"', '"Note#2"').replace('"Grade"', '"#5"')
    text = f"Id,Made,Note,Note,,Sent,There,Closed,Changed\n1,10:00 {DAY},no,yes,4,,,,\n"
    [row] = rows(staged(tmp_path, profile, text))
    assert (row["opening_code"], row["grade_initial"]) == ("yes", "4")
    receipt = staged(tmp_path / "b", profile.replace("Note#2", "Note"), text).receipt
    assert receipt.reason is ExportReason.UNREADABLE
    assert "Note#1" in receipt.message


def test_staged_file_is_what_the_contract_says(tmp_path: Path) -> None:
    made = staged(tmp_path, INCIDENT.format(repeats="newest", export=""), lines("1|10:00|2|A||||"))
    [(month, part)] = made.parts.items()
    file = pq.ParquetFile(part)
    assert str(month) == "2026-03"
    assert file.schema_arrow.names == [column.name for column in INCIDENTS.staged]
    assert file.schema_arrow.field("started_at").type == pa.timestamp("ms")
    assert file.metadata.metadata[b"contract_version"] == str(CONTRACT_VERSION).encode()
    [row] = rows(made)
    assert row["tells"] == "closed_at"
    assert row["key_epoch"] is None
    assert row["observed_at"] == row["exported_at"] == at("10:00")


@pytest.mark.parametrize(("time", "stated"), [("tolerance_s = 90", 90_000), ("tolerance_s = 2", 2_000), ("", None)])
def test_how_far_clocks_may_differ_goes_with_the_rows_where_it_is_said(
    tmp_path: Path, time: str, stated: int | None
) -> None:
    profile = INCIDENT.format(repeats="newest", export="").replace("[time]", f"[time]\n{time}")
    [row] = rows(staged(tmp_path, profile, lines("1|10:00|2|A||||")))
    assert row["tolerance_ms"] == stated


def test_months_are_local(tmp_path: Path) -> None:
    text = HEAD + "1,23:30 30/06/2026,2,A,,,,\n2,00:30 01/07/2026,2,A,,,,\n3,00:30 01/01/2026,2,A,,,,\n"
    made = staged(tmp_path, INCIDENT.format(repeats="newest", export=""), text)
    assert {str(month): pq.read_table(part).num_rows for month, part in made.parts.items()} == {
        "2026-01": 1, "2026-06": 1, "2026-07": 1,
    }  # fmt: skip
    abroad = staged(tmp_path / "b", INCIDENT.format(repeats="newest", export=""), text, zone="America/New_York")
    assert [str(month) for month in abroad.parts] == ["2025-12", "2026-06"]


@pytest.mark.parametrize("tz", [None, "UTC"])
def test_parquet_is_read_as_the_same_text(tmp_path: Path, tz: str | None) -> None:
    table = pa.table(
        {
            "Id": pa.array([1.0, 2.0, 3.0]),
            "Made": pa.array(
                [datetime.fromisoformat("2026-07-01T12:00:00.005"), None, datetime.fromisoformat("2026-07-02")],
                pa.timestamp("us", tz),
            ),
            "Grade": [2, 3, 1],
            **{name: pa.array([None] * 3, pa.string()) for name in ("Code", "Sent", "There", "Closed", "Changed")},
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    content = (tmp_path / "in.parquet").read_bytes()
    made = staged(tmp_path, INCIDENT.format(repeats="newest", export=""), content, name="export.parquet")
    first, third = rows(made)
    hour = 12 if tz else 11  # a wall clock of London in summer, unless the file types it as an instant
    assert first["created_at"] == datetime.fromisoformat(f"2026-07-01T{hour}:00:00.005")
    assert (first["record_key"], first["grade_initial"], third["record_no"]) == ("1", "2", 3)
    assert bad(made) == {2: "missing:started_at"}


def test_callers_are_linked_by_their_keyed_hash_and_never_written(tmp_path: Path) -> None:
    profile = INCIDENT.format(repeats="newest", export="") + 'caller_key = { number = "Code" }\n'
    numbers = ["07700900194", "+44 7700 900194", "(01632) 960 001", "101", "4.47E+11"]
    text = lines(*(f"{n}|10:00|2|{number}||||" for n, number in enumerate(numbers)))
    made = staged(tmp_path, profile.replace('opening_code = "Code"\n', ""), text)

    def key(e164: str) -> str:
        return hmac.new(b"secret", e164.encode(), hashlib.sha256).hexdigest()

    mobile, town = key("+447700900194"), key("+441632960001")
    assert [row["caller_key"] for row in rows(made)] == [mobile, mobile, town, None, None]
    assert [row["key_epoch"] for row in rows(made)] == ["1", "1", "1", None, None]
    written = b"".join(part.read_bytes() for part in made.parts.values()) + made.receipt.to_json().encode()
    assert not any(number.encode() in written for number in ("7700900194", "1632960001", "960 001"))
    assert made.receipt.exported_at == datetime(2026, 3, 3, 10, tzinfo=UTC)
