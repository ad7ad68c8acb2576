"""The legs of one call by hand: what the call has of each, which version of a leg counts, what is left without a leg."""

from collections.abc import Sequence
from datetime import datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from callclock.clock import Month
from callclock.contracts import CALLS
from callclock.engine import connect
from callclock.lake.fold import ExportFold, by_export, fold_month
from tests.support.memory_lake import instant, read_rows, write_staged
from tests.support.staged import together

MARCH = Month(2026, 3)
Row = dict[str, Any]


def at(clock: str) -> datetime:
    return instant(f"2026-03-02T{clock}Z")


def plain(clock: str) -> datetime:
    return at(clock).replace(tzinfo=None)


def leg(name: str, start: str, **more: object) -> Row:
    """A leg of the call ``A``, which its first leg is named after."""
    clocks = {k: at(v) if k.endswith("_at") and isinstance(v, str) else v for k, v in more.items()}
    return {"call_id": "A", "record_key": "A", "leg": name, "line": "unknown", "call_started_at": at(start), **clocks}


def fold(tmp_path: Path, rows: Sequence[Row]) -> tuple[list[Row], ExportFold]:
    part = write_staged(tmp_path / "part.parquet", CALLS, rows)
    with connect(tmp_path / "db") as db:
        fold_month(
            db, CALLS, month=MARCH, zone="Europe/London", tolerance_s=2, here=[part], out=tmp_path / "out.parquet"
        )
        counts = together(by_export(db, CALLS, MARCH))
    return read_rows(tmp_path / "out.parquet"), counts


SWITCHBOARD = leg(
    "A", "10:00:00", line="101", direction="inbound", caller_key="k", key_epoch="1", ivr_entered_at="10:00:00",
    switchboard_queued_at="10:00:40", switchboard_answered_at="10:01:40", first_answered_at="10:01:40", ended_at="10:02:30",
    end_cause="unknown", queue="Switchboard", reported_queue_ms=60_000, record_no=7,
)  # fmt: skip
CRIME = leg(
    "B", "10:02:30", skill_queued_at="10:02:30", first_answered_at="10:12:30", final_answered_at="10:12:30",
    ended_at="10:20:00", end_cause="answered", queue="Crime Desk", reported_queue_ms=600_000, record_no=3,
)  # fmt: skip


@pytest.mark.parametrize("rows", [[SWITCHBOARD, CRIME], [CRIME, SWITCHBOARD]])
def test_switchboard_and_skill_queue_are_one_call(tmp_path: Path, rows: Sequence[Row]) -> None:
    [call], counts = fold(tmp_path, rows)
    assert (call["line"], call["direction"], call["caller_key"], call["queue"]) == ("101", "inbound", "k", "Crime Desk")
    assert (call["stage"], call["end_cause"], call["legs"], call["leg"]) == ("answered", "answered", 2, "B")
    assert call["started_at"] == plain("10:00:00")
    assert call["wait_first_ms"] == 100_000
    assert call["queue_wait_first_ms"] == 60_000
    assert call["wait_final_ms"] == 750_000
    assert call["end_ms"] == 1_200_000
    assert call["reported_queue_ms"] == 660_000
    assert call["last_queued_at"] == plain("10:02:30")
    assert (counts.inserted, counts.outdated, counts.conflicts) == (2, 0, 0)


def test_hanging_up_in_a_further_queue_is_no_help(tmp_path: Path) -> None:
    """Both legs are of skill queues: the row has room for one entry of a kind, the stage must tell of the last."""
    first = leg("A", "10:00:00", line="101", skill_queued_at="10:00:10", first_answered_at="10:00:30", final_answered_at="10:00:30",
                ended_at="10:05:00", end_cause="unknown", queue="Crime Desk")  # fmt: skip
    second = leg("B", "10:05:00", skill_queued_at="10:05:00", ended_at="10:09:00", end_cause="hung_up", queue="Custody")
    [call], _ = fold(tmp_path, [first, second])
    assert (call["stage"], call["end_cause"], call["queue"]) == ("skill_queue", "hung_up", "Custody")
    assert call["queue_wait_first_ms"] == 20_000
    assert (call["wait_first_ms"], call["wait_final_ms"]) == (30_000, None)
    assert call["skill_queued_at"] == plain("10:00:10")
    assert call["last_queued_at"] == plain("10:05:00")


CALLBACK = leg(
    "B", "10:03:00", callback_asked_at="10:03:00", callback_connected_at="11:40:10", end_cause="callback", queue="Callback Queue",
    queued_at="10:04:39", final_answered_at="11:40:25", first_answered_at="11:40:25", ended_at="11:45:00", reported_queue_ms=9,
)  # fmt: skip
ASKED = leg(
    "A",
    "10:00:00",
    line="101",
    queued_at="10:00:40",
    ended_at="10:03:05",
    end_cause="unknown",
    queue="Crime Desk",
    reported_queue_ms=140_000,
)


def test_a_leg_of_a_callback_tells_of_the_callback_only(tmp_path: Path) -> None:
    [call], _ = fold(tmp_path, [CALLBACK, ASKED])
    assert (call["stage"], call["end_cause"], call["queue"]) == ("callback", "callback", "Crime Desk")
    assert call["ended_at"] == plain("10:03:05")
    assert call["callback_connected_at"] == plain("11:40:10")
    assert (call["first_answered_at"], call["final_answered_at"], call["reported_queue_ms"]) == (None, None, 140_000)
    assert call["last_queued_at"] == plain("10:00:40")


def test_a_callback_whose_call_has_not_come_yet(tmp_path: Path) -> None:
    [call], _ = fold(tmp_path, [CALLBACK])
    assert (call["line"], call["stage"], call["queue"], call["legs"]) == ("unknown", "callback", "none", 1)


def test_while_the_last_leg_goes_on_so_does_the_call(tmp_path: Path) -> None:
    [call], _ = fold(tmp_path, [SWITCHBOARD, {**CRIME, "ended_at": None, "end_cause": None}])
    assert call["ended_at"] is None


def test_of_each_leg_the_highest_version_counts_and_equal_ones_are_outdated(tmp_path: Path) -> None:
    """Delivered at least once, and updated later; the update is in the older export."""
    late = {
        **CRIME,
        "record_updated_at": at("12:00:00"),
        "exported_at": instant("2026-03-03T00:00:00Z"),
        "export_id": "e0",
        "queue": "Custody",
        "first_answered_at": None,
    }
    early = {**CRIME, "record_updated_at": at("11:00:00")}
    for rows in permutations([SWITCHBOARD, early, {**early, "record_no": 4}, late]):
        [call], counts = fold(tmp_path, rows)
        # A milestone stays known, what else a version says goes with it.
        assert (call["queue"], call["final_answered_at"]) == ("Custody", plain("10:12:30"))
        assert call["record_updated_at"] == plain("12:00:00")
        assert (call["export_id"], call["record_no"]) == ("e0", 3)
        assert (counts.outdated, counts.conflicts) == (2, 0)


def test_legs_that_are_disputed_make_a_call_that_is(tmp_path: Path) -> None:
    others = [{**CRIME, "queue": "Custody", "export_id": "e2"}, {**SWITCHBOARD, "queue": None, "export_id": "e2"}]
    [call], counts = fold(tmp_path, [SWITCHBOARD, CRIME, *others])
    assert (call["conflicts"], counts.conflicts) == (2, 4)
    [call], _ = fold(tmp_path, [SWITCHBOARD, CRIME])
    assert call["conflicts"] is None


def test_two_legs_of_one_second_begin_with_the_one_the_call_is_named_after(tmp_path: Path) -> None:
    root = leg(
        "M",
        "10:00:00",
        line="101",
        direction="inbound",
        queue="Switchboard",
        end_cause="unknown",
        ended_at="10:00:00",
        switchboard_queued_at="10:00:00",
    )
    other = leg(
        "B",
        "10:00:00",
        direction="outbound",
        queue="Crime Desk",
        end_cause="hung_up",
        ended_at="10:04:00",
        skill_queued_at="10:00:00",
    )
    rows = [{**row, "record_key": "M", "call_id": "M"} for row in (other, root)]
    [call], _ = fold(tmp_path, rows)
    assert (call["direction"], call["queue"], call["end_cause"], call["leg"]) == (
        "inbound",
        "Crime Desk",
        "hung_up",
        "B",
    )


def test_rows_without_legs_stand_beside_those_with(tmp_path: Path) -> None:
    """A profile that began to tell legs apart, and the exports read before it did."""
    before = {**SWITCHBOARD, "leg": None, "export_id": "e0", "exported_at": instant("2026-03-03T00:00:00Z")}
    whole = {**before, "call_id": "Z", "record_key": "Z", "source": "other", "callback_asked_at": at("10:00:00")}
    found, _ = fold(tmp_path, [before, CRIME, whole])
    assert [(row["record_key"], row["legs"], row["leg"], row["queue"]) for row in found] == [
        ("A", 1, "B", "Crime Desk"), ("Z", None, None, "Switchboard"),
    ]  # fmt: skip
    assert found[1]["first_answered_at"] == plain("10:01:40")


def test_a_table_of_calls_without_any_leg_is_folded_as_it_was(tmp_path: Path) -> None:
    [call], _ = fold(tmp_path, [{**SWITCHBOARD, "leg": None}])
    assert (call["legs"], call["leg"], call["stage"]) == (None, None, "answered")


def test_the_line_is_the_first_that_any_leg_knows(tmp_path: Path) -> None:
    [call], _ = fold(tmp_path, [{**SWITCHBOARD, "line": "unknown"}, {**CRIME, "line": "999"}])
    assert call["line"] == "999"
    [call], _ = fold(tmp_path, [{**SWITCHBOARD, "line": "unknown"}, CRIME])
    assert call["line"] == "unknown"
