"""The fold by hand: which version wins, what is kept of the others, and what follows from the folded row."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from callclock.clock import Month
from callclock.contracts import CALLS, INCIDENTS
from callclock.engine import connect
from callclock.lake.fold import fold_month, left, summarise
from tests.support.memory_lake import instant, read_rows, write_staged

MARCH = Month(2026, 3)


def fold(tmp_path: Path, table, rows: Sequence[Mapping[str, object]], month: Month = MARCH) -> list[dict]:
    part = write_staged(tmp_path / "part.parquet", table, rows)
    with connect(tmp_path / "db") as db:
        fold_month(
            db, table, month=month, zone="Europe/London", tolerance_s=2, here=[part], out=tmp_path / "out.parquet"
        )
    return read_rows(tmp_path / "out.parquet")


def incident(**more: object) -> dict[str, object]:
    return {
        "incident_id": "1",
        "record_key": "1",
        "call_received_at": instant("2026-03-02T10:00:00Z"),
        "origin": "public",
        **more,
    }


def test_the_highest_version_wins_whatever_the_order(tmp_path: Path) -> None:
    old = incident(area="North", exported_at=instant("2026-03-03T00:00:00Z"), export_id="z")
    new = incident(area="South", exported_at=instant("2026-03-04T00:00:00Z"), export_id="a")
    for rows in ([old, new], [new, old]):
        [row] = fold(tmp_path, INCIDENTS, rows)
        assert row["area"] == "South"
        assert row["observed_at"] == instant("2026-03-04T00:00:00Z").replace(tzinfo=None)


def test_a_stated_update_beats_a_later_export_and_none_is_lowest(tmp_path: Path) -> None:
    updated = incident(area="North", record_updated_at=instant("2026-03-03T00:00:00Z"), export_id="a")
    silent = incident(area="South", exported_at=instant("2026-04-02T00:00:00Z"), export_id="b")
    [row] = fold(tmp_path, INCIDENTS, [updated, silent])
    assert row["area"] == "North"


def test_a_milestone_once_known_is_kept(tmp_path: Path) -> None:
    arrived = incident(first_arrived_at=instant("2026-03-02T11:00:00Z"), exported_at=instant("2026-03-03T00:00:00Z"))
    later = incident(area="South", export_id="e2")
    [row] = fold(tmp_path, INCIDENTS, [arrived, later])
    assert row["attend_ms"] == 3_600_000
    assert row["outcome"] == "attended"
    assert row["area"] == "South"


def test_the_answer_of_an_incident_s_call_counts_from_the_call_not_from_the_log(tmp_path: Path) -> None:
    [row] = fold(
        tmp_path,
        INCIDENTS,
        [
            incident(
                created_at=instant("2026-03-02T10:00:30Z"),
                call_answered_at=instant("2026-03-02T10:00:12.250Z"),
                first_dispatched_at=instant("2026-03-02T10:01:30Z"),
            )
        ],
    )
    assert (row["call_to_answer_ms"], row["created_to_dispatch_ms"]) == (12_250, 60_000)


def test_a_source_that_retracts_takes_it_back(tmp_path: Path) -> None:
    arrived = incident(first_arrived_at=instant("2026-03-02T11:00:00Z"), exported_at=instant("2026-03-03T00:00:00Z"))
    later = incident(export_id="e2", retracts=True)
    [row] = fold(tmp_path, INCIDENTS, [arrived, later])
    assert row["first_arrived_at"] is None
    assert row["outcome"] == "open"


@pytest.mark.parametrize(
    ("call", "month", "hour"),
    [
        ("2026-03-31T22:59:59.999Z", Month(2026, 3), 23),
        ("2026-03-31T23:10:00Z", Month(2026, 4), 0),  # summer time: 00:10 on 1 April in London
    ],
)
def test_the_month_is_the_local_one(tmp_path: Path, call: str, month: Month, hour: int) -> None:
    rows = [incident(call_received_at=instant(call))]
    [row] = fold(tmp_path, INCIDENTS, rows, month)
    assert row["local_hour"] == hour
    other = Month(2026, 4) if month == MARCH else MARCH
    assert fold(tmp_path, INCIDENTS, rows, other) == []


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({}, "open"),
        ({"closed_at": instant("2026-03-02T12:00:00Z")}, "closed_unattended"),
        ({"tells": None}, "unknown"),
        ({"tells": "outcome", "outcome": "closed_unattended"}, "closed_unattended"),
        ({"outcome": "open", "first_arrived_at": instant("2026-03-02T11:00:00Z")}, "attended"),
        ({"reported_arrival_ms": 60_000}, "attended"),
    ],
)
def test_outcomes(tmp_path: Path, more: Mapping[str, object], outcome: str) -> None:
    [row] = fold(tmp_path, INCIDENTS, [incident(**more)])
    assert row["outcome"] == outcome


@pytest.mark.parametrize(
    ("more", "exclusion", "attend_ms"),
    [
        ({}, None, None),
        ({"origin": "alarm"}, None, None),
        ({"origin": None}, "origin_unknown", None),
        ({"origin": "officer", "set_aside": "duplicate"}, "officer_made", None),
        ({"set_aside": "training", "origin": "external"}, "training", None),
        ({"first_arrived_at": instant("2026-03-02T10:00:00Z")}, "already_on_scene", 0),
        ({"first_arrived_at": instant("2026-03-02T09:59:58Z")}, "already_on_scene", 0),
        ({"first_arrived_at": instant("2026-03-02T09:59:57.999Z")}, "negative_interval", None),
        ({"first_arrived_at": instant("2026-03-02T10:00:00.001Z")}, None, 1),
        # A profile that says how far its clocks may differ goes before what the force says.
        ({"first_arrived_at": instant("2026-03-02T09:58:30Z"), "tolerance_ms": 90_000}, "already_on_scene", 0),
        ({"first_arrived_at": instant("2026-03-02T09:58:29.999Z"), "tolerance_ms": 90_000}, "negative_interval", None),
        ({"first_arrived_at": instant("2026-03-02T09:59:59.999Z"), "tolerance_ms": 0}, "negative_interval", None),
        ({"first_arrived_at": instant("2026-03-02T09:00:00Z"), "origin": "officer"}, "officer_made", None),
    ],
)
def test_exclusions_in_their_order(
    tmp_path: Path, more: Mapping[str, object], exclusion: str | None, attend_ms: int | None
) -> None:
    [row] = fold(tmp_path, INCIDENTS, [incident(**more)])
    assert (row["exclusion"], row["attend_ms"]) == (exclusion, attend_ms)


def test_who_left_and_summary(tmp_path: Path) -> None:
    rows = [incident(), incident(record_key="2", incident_id="2", closed_at=instant("2026-03-09T00:00:00Z"))]
    fold(tmp_path, INCIDENTS, rows)
    (tmp_path / "out.parquet").rename(tmp_path / "before.parquet")
    changed = [incident(area="East"), incident(record_key="3", incident_id="3")]
    part = write_staged(tmp_path / "p.parquet", INCIDENTS, changed)
    with connect(tmp_path / "db") as db:
        fold_month(
            db, INCIDENTS, month=MARCH, zone="Europe/London", tolerance_s=2, here=[part], out=tmp_path / "o.parquet"
        )
        gone = left(db, INCIDENTS, tmp_path / "before.parquet")
        summary = summarise(db, INCIDENTS)
    assert gone == 1
    assert (summary.records, summary.open) == (2, 2)


def waterfall() -> list[dict[str, object]]:
    """Records of the worked example, as a source that knows every leg would stage them."""
    examples = json.loads((Path(__file__).parents[1] / "fixtures" / "worked-examples.json").read_text())["examples"]
    example = next(e for e in examples if e["id"] == "stage_waterfall")
    start = instant("2026-03-02T09:00:00Z")
    causes = {"abandoned": "hung_up", "flow_ended": "flow_ended", "callback": "callback", "answered": "answered"}
    rows: list[dict[str, object]] = []
    for record in example["records"]:
        at = {k: start + timedelta(seconds=v) for k, v in record.items() if isinstance(v, int | float) and k != "id"}
        rows.append({
            "call_id": str(record["id"]), "record_key": str(record["id"]), "record_no": record["id"], "line": "101",
            "call_started_at": start, "ivr_entered_at": at.get("ivr"), "alternative_offered_at": at.get("alternative"),
            "switchboard_queued_at": at.get("queued_switchboard"), "skill_queued_at": at.get("queued_skill"),
            "ringing_at": at.get("ringing"), "first_answered_at": at.get("first_answer"), "final_answered_at": at.get("final_answer"),
            "callback_asked_at": at.get("callback_asked"), "callback_connected_at": at.get("callback_connected"),
            "ended_at": at["ended"], "end_cause": causes[record["outcome"]], "tells": "alternative_offered_at",
        })  # fmt: skip
    return rows


def test_stages_of_the_worked_example(tmp_path: Path) -> None:
    found = {int(str(row["call_id"])): row["stage"] for row in fold(tmp_path, CALLS, waterfall())}
    assert found == {
        1: "network", 2: "ivr_before_alternative", 3: "ivr_after_alternative", 4: "ivr_contained", 5: "switchboard_queue",
        6: "switchboard_queue", 7: "skill_queue", 8: "ringing", 9: "callback", 10: "callback", 11: "answered", 12: "answered",
    }  # fmt: skip


def call(**more: object) -> dict[str, object]:
    start = instant("2026-03-02T09:00:00Z")
    seconds = {k: start + timedelta(seconds=v) for k, v in more.items() if isinstance(v, int | float)}
    rest = {k: v for k, v in more.items() if not isinstance(v, int | float)}
    return {"call_id": "1", "record_key": "1", "line": "101", "call_started_at": start, **seconds, **rest}


@pytest.mark.parametrize(
    ("more", "stage"),
    [
        ({"switchboard_queued_at": 5, "switchboard_answered_at": 9, "ended_at": 60, "end_cause": "hung_up"}, "answered"),
        ({"switchboard_queued_at": 5, "switchboard_answered_at": 9, "ended_at": 60, "end_cause": "transferred_out"}, "transferred_out"),
        ({"switchboard_queued_at": 5, "switchboard_answered_at": 9, "callback_asked_at": 50, "ended_at": 60, "end_cause": "callback"}, "callback"),
        ({"queued_at": 5, "ended_at": 60, "end_cause": "hung_up"}, "queue"),
        ({"ivr_entered_at": 0, "ended_at": 60, "end_cause": "hung_up"}, "ivr"),
        ({"ivr_entered_at": 0, "ended_at": 60, "end_cause": "failed"}, "failed"),
        ({"ivr_entered_at": 0, "ended_at": 60, "end_cause": "unknown"}, "unknown"),
        ({"ivr_entered_at": 0, "ended_at": 60, "end_cause": "hung_up", "stage": "queue"}, "queue"),
        ({"queued_at": 5, "first_answered_at": 9, "ended_at": 60, "end_cause": "hung_up"}, "answered"),
    ],
)  # fmt: skip
def test_stages(tmp_path: Path, more: Mapping[str, object], stage: str) -> None:
    [row] = fold(tmp_path, CALLS, [call(**more)])
    assert row["stage"] == stage


def test_waits(tmp_path: Path) -> None:
    [row] = fold(
        tmp_path,
        CALLS,
        [
            call(
                switchboard_queued_at=3,
                switchboard_answered_at=10,
                skill_queued_at=40,
                final_answered_at=640,
                ended_at=900,
            )
        ],
    )
    assert (row["wait_first_ms"], row["wait_final_ms"], row["queue_wait_first_ms"], row["end_ms"]) == (
        10_000,
        640_000,
        7_000,
        900_000,
    )
    assert row["end_cause"] == "answered"
