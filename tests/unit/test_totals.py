"""Control totals against a plain loop over the cells, and what makes them differ."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callclock.exports import stage as staging
from callclock.exports.receipt import Receipt
from tests.support.staging import rows, staged

PROFILE = """
profile = "made_up"
table = "calls"
repeats = "newest"
[export]
key = ["Id"]
quarantine_max = 0.9
exported_at = "name:%Y%m%d"
[time]
zone = "UTC"
formats = ["%Y-%m-%dT%H:%M:%S.%f"]
[columns]
call_id = "Id"
line = { const = "101" }
direction = { const = "inbound" }
call_started_at = "Start"
queued_at = "Queue"
ended_at = "End"
priority = "Priority"
reported_queue_ms = { from = "Waited", unit = "s" }
"""
CELLS = [
    ("a", "2026-03-01T10:00:00.0004", "2026-03-01T10:00:30.0006", "2026-03-01T10:05:00.0", "2", "30.5"),
    ("b", "2026-03-01T11:00:00.0", "", "2026-03-01T11:00:07.25", "", ""),
    ("c", "2026-03-02T12:00:00.0", "2026-03-02T11:59:58.0", "", "3", "0"),
]


def read(tmp_path: Path, cells: list[tuple[str, ...]]) -> Receipt:
    lines = ["Id,Start,Queue,End,Priority,Waited", *(",".join(row) for row in cells)]
    return staged(tmp_path, PROFILE, "\n".join(lines) + "\n", name="calls_20260401.csv").receipt


def summed(pairs: list[tuple[str, str]]) -> int:
    """Milliseconds between two texts, each rounded to a millisecond as it is staged."""
    at = [
        [round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000) for text in pair]
        for pair in pairs
        if all(pair)
    ]
    return sum(end - start for start, end in at)


def test_totals_are_those_of_the_cells(tmp_path: Path) -> None:
    receipt = read(tmp_path, CELLS)
    assert {what: total.read for what, total in receipt.totals.items()} == {
        "rows": 3,
        "to_queued_at_ms": summed([(row[1], row[2]) for row in CELLS]),
        "to_ended_at_ms": summed([(row[1], row[3]) for row in CELLS]),
        "reported_queue_ms": 30_500,
    }
    assert all(total.read == total.staged for total in receipt.totals.values())


def test_a_row_that_was_superseded_is_read_and_not_staged(tmp_path: Path) -> None:
    receipt = read(tmp_path, [*CELLS, ("b", *CELLS[1][1:3], "2026-03-01T11:00:09.25", "7", "4")])
    assert receipt.counts.superseded == 1
    assert receipt.totals["rows"].read - receipt.totals["rows"].staged == 1
    assert receipt.totals["to_ended_at_ms"].read - receipt.totals["to_ended_at_ms"].staged == 7_250
    assert receipt.totals["reported_queue_ms"].staged == 34_500, "the newest version is the one that counts"


def test_quarantined_rows_count_for_nothing(tmp_path: Path) -> None:
    receipt = read(tmp_path, [*CELLS, ("d", "2026-03-01T12:00:00.0", "", "yesterday", "1", "900")])
    assert receipt.counts.quarantined == 1
    assert receipt.totals["reported_queue_ms"].read == 30_500


INTERVALS = """
profile = "counts"
table = "call_intervals"
[time]
formats = ["%d/%m/%Y %H:%M"]
[columns]
provider = { const = "acd" }
queue = "Queue"
interval_start = "Hour"
interval_end = { start = "interval_start", add = "1 hour" }
[[rows]]
line = { const = "999" }
offered = "A"
[[rows]]
line = { const = "101" }
offered = "B"
"""


def test_counts_are_added_up_too(tmp_path: Path) -> None:
    lines = "Hour,Queue,A,B\n01/03/2026 10:00,q,5,7\n01/03/2026 11:00,q,0,3\n"
    receipt = staged(tmp_path, INTERVALS, lines).receipt
    assert receipt.status == "read", receipt.message
    assert receipt.totals["offered"].read == receipt.totals["offered"].staged == 15
    assert receipt.totals["rows"].staged == 4, "two lines in each row"


def test_the_watermark_is_the_newest_thing_that_happened(tmp_path: Path) -> None:
    assert read(tmp_path / "a", CELLS).watermark == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert read(tmp_path / "b", []).watermark is None


@pytest.mark.parametrize("fault", ["a row is lost", "a value is lost"])
def test_a_loss_on_the_way_to_the_staged_file_is_a_fault(
    tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write: Callable = staging.write_parts

    def losing(db, scanned, folded, months, **more):
        lost = (
            f"SELECT * FROM ({folded.sql}) WHERE _row > 1"
            if fault == "a row is lost"
            else f"SELECT * REPLACE (NULL::BIGINT AS reported_queue_ms) FROM ({folded.sql})"
        )
        return write(db, scanned, replace(folded, sql=lost), months, **more)

    monkeypatch.setattr(staging, "write_parts", losing)
    with pytest.raises(AssertionError, match="fault in callclock"):
        read(tmp_path, CELLS)


def test_a_start_that_rounds_into_the_next_month_is_staged_there(tmp_path: Path) -> None:
    lines = "Id,Start,Queue,End,Priority,Waited\na,2026-02-28T23:59:59.9996,,2026-03-01T00:01:00.0,,\n"
    made = staged(tmp_path, PROFILE, lines, name="calls_20260401.csv")
    assert [str(month) for month in made.parts] == ["2026-03"]
    [row] = rows(made)
    assert (row["started_at"], str(row["local_date"]), row["local_hour"]) == (datetime(2026, 3, 1), "2026-03-01", 0)  # noqa: DTZ001
