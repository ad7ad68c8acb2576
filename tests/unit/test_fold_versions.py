"""Versions, older files and the file that a fold writes; and calls whose legs come in an unusual order."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from callclock.clock import Month
from callclock.columns import Table
from callclock.contracts import CALL_INTERVALS, CALLS, CONTACTS, CONTRACT_VERSION, INCIDENTS, REGRADES, SAFEGUARDING
from callclock.engine import connect
from callclock.lake.fold import ExportFold, by_export, fold_month, left, summarise
from tests.support.staged import ARROW, instant, read_rows, together, write_staged

MARCH = Month(2026, 3)
START = instant("2026-03-02T10:00:00Z")
Row = dict[str, Any]


def utc(text: str) -> datetime:
    """An instant as Parquet without a zone gives it back."""
    return instant(text).replace(tzinfo=None)


def fold(
    tmp_path: Path,
    table: Table,
    rows: Sequence[Mapping[str, object]],
    *,
    elsewhere: Sequence[Mapping[str, object]] = (),
    without: frozenset[str] = frozenset(),
) -> tuple[list[Row], ExportFold]:
    here = [write_staged(tmp_path / f"{n}.parquet", table, [row]) for n, row in enumerate(rows[1:])]
    here += [write_staged(tmp_path / "old.parquet", table, rows[:1], without=without)] if rows else []
    other = [write_staged(tmp_path / "other.parquet", table, elsewhere)] if elsewhere else []
    out = tmp_path / "out.parquet"
    with connect(tmp_path / "db") as db:
        fold_month(
            db,
            table,
            month=MARCH,
            zone="Europe/London",
            tolerance_s=2,
            here=here,
            elsewhere=other,
            moved_keys=sorted({("cad", str(row["record_key"])) for row in elsewhere}),
            out=out,
        )
        return read_rows(out), together(by_export(db, table, MARCH))


def incident(**more: object) -> Row:
    return {"incident_id": "1", "record_key": "1", "call_received_at": START, "origin": "public", **more}


def test_version_is_update_then_export_time_then_export_then_record_number(tmp_path: Path) -> None:
    ascending = [
        incident(area="a", exported_at=instant("2026-03-09T00:00:00Z"), export_id="z", record_no=9),
        incident(area="b", record_updated_at=START, exported_at=instant("2026-03-03T00:00:00Z"), export_id="y"),
        incident(
            area="c", record_updated_at=START, exported_at=instant("2026-03-04T00:00:00Z"), export_id="a", record_no=8
        ),
        incident(
            area="d", record_updated_at=START, exported_at=instant("2026-03-04T00:00:00Z"), export_id="b", record_no=1
        ),
        incident(
            area="e", record_updated_at=START, exported_at=instant("2026-03-04T00:00:00Z"), export_id="b", record_no=2
        ),
    ]
    for highest in range(1, len(ascending) + 1):
        rows = ascending[:highest]
        [row], counts = fold(tmp_path, INCIDENTS, list(reversed(rows)))
        assert row["area"] == "abcde"[highest - 1]
        assert row["observed_at"] == utc("2026-03-09T00:00:00Z")
        assert counts.outdated == highest - 1


def test_equal_in_time_and_different_in_content_is_counted(tmp_path: Path) -> None:
    same = [incident(area="N", export_id="a"), incident(area="N", export_id="b")]
    assert conflicts(tmp_path, same) == (None, 0)
    disputed = [*same, incident(area=None, export_id="c")]
    assert conflicts(tmp_path, disputed) == (1, 3)
    later = incident(area="S", export_id="c", exported_at=instant("2026-04-02T00:00:00Z"))
    assert conflicts(tmp_path, [*same, later]) == (None, 0)
    # The record stands as the later version says; that the earlier ones had differed stays counted, once for each time.
    assert conflicts(tmp_path, [*disputed, later]) == (1, 3)
    assert conflicts(tmp_path, [*disputed, later, {**later, "area": "W", "export_id": "d"}]) == (2, 5)


def conflicts(tmp_path: Path, rows: list[dict[str, Any]]) -> tuple[Any, int]:
    """Times at which the one record is in conflict, and versions that are."""
    [row], counts = fold(tmp_path, INCIDENTS, rows)
    return row["conflicts"], counts.conflicts


def test_a_retraction_wipes_what_came_before_it_and_not_what_came_after(tmp_path: Path) -> None:
    day = [instant(f"2026-03-{n:02d}T00:00:00Z") for n in range(3, 7)]
    rows = [
        incident(export_id="a", exported_at=day[0], first_dispatched_at=START, closed_at=day[0]),
        incident(export_id="b", exported_at=day[1], retracts=True),
        incident(export_id="c", exported_at=day[2], first_dispatched_at=START + timedelta(minutes=5)),
        incident(export_id="d", exported_at=day[3]),
    ]
    for order in permutations(rows):
        [row], _ = fold(tmp_path, INCIDENTS, order)
        assert row["first_dispatched_at"] == utc("2026-03-02T10:05:00Z")
        assert row["closed_at"] is None


def test_a_file_of_an_earlier_contract_folds(tmp_path: Path) -> None:
    gained = frozenset({"reopened", "area", "tells"})
    rows = [incident(), incident(record_key="2", incident_id="2", area="N")]
    found, _ = fold(tmp_path, INCIDENTS, rows, without=gained)
    assert [(row["record_key"], row["area"]) for row in found] == [("1", None), ("2", "N")]
    # And when every file is an old one.
    [row], _ = fold(tmp_path, INCIDENTS, rows[:1], without=gained)
    assert (row["area"], row["reopened"]) == (None, None)


MINIMAL: dict[str, tuple[Table, Row]] = {
    "incidents": (INCIDENTS, {"incident_id": "1", "created_at": START}),
    "regrades": (REGRADES, {"incident_id": "1", "regraded_at": START, "grade_to": "1"}),
    "calls": (CALLS, {"call_id": "1", "line": "101", "call_started_at": START}),
    "contacts": (CONTACTS, {"contact_id": "1", "channel": "webchat", "submitted_at": START}),
    "safeguarding": (SAFEGUARDING, {"incident_id": "1", "declined_at": START}),
    "call_intervals": (
        CALL_INTERVALS,
        {
            "provider": "x",
            "line": "999",
            "queue": "all",
            "interval_start": START,
            "interval_end": START,
            "offered": 9,
            "answered": 5,
            "abandoned": 6,
        },
    ),
}


@pytest.mark.parametrize("name", MINIMAL)
def test_the_file_is_what_the_contract_says(name: str, tmp_path: Path) -> None:
    table, said = MINIMAL[name]
    rows = [{**said, "record_key": key} for key in "cab"]
    found, _ = fold(tmp_path, table, rows)
    assert [row["record_key"] for row in found] == ["a", "b", "c"]
    missing = [c.name for c in table.columns if not c.nullable for row in found if row[c.name] is None]
    assert missing == []
    schema = pq.read_schema(tmp_path / "out.parquet")
    assert [(f.name, f.type) for f in schema] == [(c.name, ARROW[c.kind]) for c in table.columns]
    assert schema.metadata[b"contract_version"] == str(CONTRACT_VERSION).encode()
    assert all(row["started_at"] == utc("2026-03-02T10:00:00Z") for row in found)


@pytest.mark.parametrize("name", MINIMAL)
def test_no_rows_give_an_empty_file_of_the_contract(name: str, tmp_path: Path) -> None:
    table, _ = MINIMAL[name]
    found, counts = fold(tmp_path, table, [])
    assert found == []
    assert counts == ExportFold("all", 0, 0, 0, 0, 0, 0)
    assert pq.read_schema(tmp_path / "out.parquet").names == [c.name for c in table.columns]


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    rows = [incident(record_key=str(n), incident_id=str(n), area="NS"[n % 2]) for n in range(20)]
    made = []
    for n, order in enumerate((rows, rows[::-1])):
        folder = tmp_path / str(n)
        fold(folder, INCIDENTS, order)
        made.append((folder / "out.parquet").read_bytes())
    assert made[0] == made[1]


def test_unaccounted_may_be_negative(tmp_path: Path) -> None:
    table, said = MINIMAL["call_intervals"]
    [row], _ = fold(tmp_path, table, [{**said, "record_key": "a"}])
    assert row["unaccounted"] == -2


def test_a_start_corrected_into_another_month_leaves_this_one(tmp_path: Path) -> None:
    here = incident(exported_at=instant("2026-03-03T00:00:00Z"))
    moved = incident(export_id="e2", call_received_at=instant("2026-02-27T10:00:00Z"))
    stays = incident(
        export_id="e2", call_received_at=instant("2026-02-27T10:00:00Z"), exported_at=instant("2026-03-01T00:00:00Z")
    )
    assert fold(tmp_path, INCIDENTS, [here], elsewhere=[moved])[0] == []
    [row], _ = fold(tmp_path, INCIDENTS, [here], elsewhere=[stays])
    assert row["call_received_at"] == utc("2026-03-02T10:00:00Z")


def test_what_became_of_each_export_whatever_the_order(tmp_path: Path) -> None:
    first = [incident(record_key=key, incident_id=key) for key in "abcd"]
    later = {"export_id": "e2", "exported_at": instant("2026-04-02T00:00:00Z")}
    away = incident(record_key="d", incident_id="d", **later | {"call_received_at": instant("2026-02-27T10:00:00Z")})
    second = [
        incident(record_key="a", incident_id="a", **later),
        incident(record_key="b", incident_id="b", area="N", **later),
        incident(record_key="e", incident_id="e", **later),
        # Taken at the very time of the first export, and it says something else.
        incident(record_key="c", incident_id="c", area="S", export_id="e3"),
    ]
    parts = [write_staged(tmp_path / f"{n}.parquet", INCIDENTS, [row]) for n, row in enumerate([*first, *second])]
    other = write_staged(tmp_path / "other.parquet", INCIDENTS, [away])
    february, march = Month(2026, 2), MARCH
    with connect(tmp_path / "db") as db:

        def folded(month: Month, here: list[Path], elsewhere: list[Path]) -> tuple[ExportFold, ...]:
            out = tmp_path / f"{month}.parquet"
            keys = [("cad", key) for key in "abcde"]
            fold_month(
                db, INCIDENTS, month=month, zone="Europe/London", tolerance_s=2, here=here, elsewhere=elsewhere,
                moved_keys=keys, out=out,
            )  # fmt: skip
            return by_export(db, INCIDENTS, month)

        for order in (parts, parts[::-1]):
            # Of e1: all new; a, b and d since displaced by e2, c by e3, which contradicts it.
            assert folded(march, order, [other]) == (
                ExportFold("e1", inserted=4, replaced=0, unchanged=0, outdated=4, moved=0, conflicts=1),
                ExportFold("e2", inserted=1, replaced=1, unchanged=1, outdated=0, moved=0, conflicts=0),
                ExportFold("e3", inserted=0, replaced=1, unchanged=0, outdated=0, moved=0, conflicts=1),
            )
        assert left(db, INCIDENTS, tmp_path / f"{march}.parquet") == 0
        assert folded(february, [other], parts) == (
            ExportFold("e2", inserted=0, replaced=1, unchanged=0, outdated=0, moved=1, conflicts=0),
        )
        assert left(db, INCIDENTS, tmp_path / f"{march}.parquet") == 4


def call(**more: object) -> Row:
    seconds = {k: START + timedelta(seconds=v) for k, v in more.items() if isinstance(v, int | float)}
    rest = {k: v for k, v in more.items() if not isinstance(v, int | float)}
    return {"call_id": "1", "record_key": "1", "line": "101", "call_started_at": START, **seconds, **rest}


@pytest.mark.parametrize(
    ("more", "stage", "end_cause"),
    [
        # No end cause mapped: what the instants say.
        (
            {"switchboard_queued_at": 5, "switchboard_answered_at": 9, "skill_queued_at": 20, "ended_at": 60},
            "skill_queue",
            "hung_up",
        ),
        ({"switchboard_queued_at": 5, "switchboard_answered_at": 9, "ended_at": 60}, "answered", "answered"),
        ({"queued_at": 5, "callback_asked_at": 50, "ended_at": 60}, "callback", "callback"),
        (
            {"queued_at": 5, "switchboard_answered_at": 9, "callback_asked_at": 50, "ended_at": 60},
            "callback",
            "callback",
        ),
        ({"queued_at": 5}, "unknown", "unknown"),
        ({"ended_at": 60}, "network", "hung_up"),
        # The telephone of the switchboard rang; the caller hung up in the queue after it.
        (
            {"ringing_at": 7, "switchboard_answered_at": 9, "skill_queued_at": 20, "ended_at": 60},
            "skill_queue",
            "hung_up",
        ),
        ({"skill_queued_at": 20, "ringing_at": 20, "ended_at": 60}, "ringing", "hung_up"),
        ({"ringing_at": 7, "ended_at": 60}, "ringing", "hung_up"),
        # Back in the switchboard's queue after its answer: it was not the help.
        ({"switchboard_answered_at": 9, "switchboard_queued_at": 20, "ended_at": 60}, "switchboard_queue", "hung_up"),
        # The order of precedence.
        ({"final_answered_at": 9, "ended_at": 60, "end_cause": "failed"}, "failed", "failed"),
        ({"final_answered_at": 9, "ended_at": 60, "end_cause": "transferred_out"}, "answered", "transferred_out"),
        (
            {"callback_asked_at": 9, "ended_at": 60, "end_cause": "transferred_out"},
            "transferred_out",
            "transferred_out",
        ),
        ({"callback_asked_at": 9, "ended_at": 60, "end_cause": "flow_ended"}, "callback", "flow_ended"),
        ({"first_answered_at": 9, "ended_at": 60, "end_cause": "callback"}, "callback", "callback"),
        ({"queued_at": 5, "ended_at": 60, "end_cause": "flow_ended"}, "ivr_contained", "flow_ended"),
        (
            {
                "ivr_entered_at": 0,
                "alternative_offered_at": 61,
                "ended_at": 60,
                "tells": "outcome;alternative_offered_at",
            },
            "ivr_before_alternative",
            "hung_up",
        ),
        (
            {"ivr_entered_at": 0, "alternative_offered_at": 60, "ended_at": 60, "tells": "alternative_offered_at"},
            "ivr_after_alternative",
            "hung_up",
        ),
        # The answer is told and its time is not.
        ({"queued_at": 5, "ended_at": 60, "end_cause": "answered"}, "answered", "answered"),
    ],
)
def test_stage_and_end_cause(tmp_path: Path, more: Mapping[str, object], stage: str, end_cause: str) -> None:
    [row], _ = fold(tmp_path, CALLS, [call(**more)])
    assert (row["stage"], row["end_cause"]) == (stage, end_cause)


@pytest.mark.parametrize(
    ("more", "waits"),
    [
        # wait_first, wait_final, queue_wait_first
        ({"queued_at": 5, "first_answered_at": 9.5, "ended_at": 60}, (9_500, 9_500, 4_500)),
        # Answered without a queue: the later queue was no wait for the first answer, and nobody who could help came.
        ({"switchboard_answered_at": 9, "skill_queued_at": 20, "ended_at": 60}, (9_000, None, None)),
        (
            {"switchboard_answered_at": 9, "skill_queued_at": 20, "final_answered_at": 30, "ended_at": 60},
            (9_000, 30_000, None),
        ),
        ({"queued_at": 5, "ended_at": 60, "end_cause": "answered"}, (None, None, None)),
        (
            {"switchboard_answered_at": 9, "skill_queued_at": 20, "ended_at": 60, "end_cause": "answered"},
            (9_000, None, None),
        ),
    ],
)
def test_waits(tmp_path: Path, more: Mapping[str, object], waits: tuple[int | None, ...]) -> None:
    [row], _ = fold(tmp_path, CALLS, [call(**more)])
    assert (row["wait_first_ms"], row["wait_final_ms"], row["queue_wait_first_ms"]) == waits


def test_local_hour_and_month_against_pandas(tmp_path: Path) -> None:
    """Every half hour around both changes of the clock in March and October, in the force's zone."""
    starts = pd.date_range("2026-03-28T22:00", "2026-03-29T05:00", freq="30min", tz="UTC")
    rows = [incident(record_key=f"{n:03d}", call_received_at=start.to_pydatetime()) for n, start in enumerate(starts)]
    found, _ = fold(tmp_path, INCIDENTS, rows)
    local = starts.tz_convert("Europe/London")
    assert [(row["local_date"], row["local_hour"]) for row in found] == [(at.date(), at.hour) for at in local]
    assert pa.types.is_date32(pq.read_schema(tmp_path / "out.parquet").field("local_date").type)


def test_a_callback_asked_for_after_the_call_is_the_last_event_of_its_month(tmp_path: Path) -> None:
    """It is undecided for 24 hours more: a month that settled by the end of the call would leave it so for ever."""
    asked = instant("2026-04-06T10:00:00Z")
    row = {"call_id": "1", "line": "101", "call_started_at": START, "record_key": "1", "source": "cad"}
    row |= {"ended_at": START + timedelta(minutes=9), "callback_asked_at": asked}
    here = [write_staged(tmp_path / "calls.parquet", CALLS, [row])]
    with connect(tmp_path / "db") as db:
        fold_month(
            db,
            CALLS,
            month=MARCH,
            zone="Europe/London",
            tolerance_s=2,
            here=here,
            elsewhere=[],
            moved_keys=[],
            out=tmp_path / "out.parquet",
        )
        assert summarise(db, CALLS).last_event == asked
