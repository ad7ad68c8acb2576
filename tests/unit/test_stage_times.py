"""Wall clocks of a row read together: next day, doubled hour, tolerance, dated maps, constant steps.

Expected instants are worked out by hand; where a zone matters, by zoneinfo.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.staging import bad, rows, staged

CALLS = """
profile = "made_up"
table = "calls"
[export]
key = ["Id"]
[time]
formats = ["%d/%m/%Y %H:%M:%S"]
{time}
[columns]
call_id = "Id"
line = {{ const = "101" }}
call_started_at = {{ date = "Day", time = "Start" }}
first_answered_at = {{ date = "Day", time = "Answer", after = "call_started_at" }}
ended_at = {{ date = "Day", time = "End", after = "call_started_at" }}
"""
HEAD = "Id,Day,Start,Answer,End\n"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("line", "start", "answer", "end"),
    [
        pytest.param("1,03/03/2026,10:00:00,10:00:05,10:05:00", "2026-03-03T10:00", "2026-03-03T10:00:05", "2026-03-03T10:05", id="plain"),
        pytest.param("1,03/03/2026,23:59:50,00:00:05,00:03:00", "2026-03-03T23:59:50", "2026-03-04T00:00:05", "2026-03-04T00:03", id="next day"),
        pytest.param("1,03/03/2026,10:00:00,09:59:58,10:05:00", "2026-03-03T10:00", "2026-03-03T09:59:58", "2026-03-03T10:05", id="within tolerance stays"),
        pytest.param("1,03/03/2026,10:00:00,09:00:00,10:05:00", "2026-03-03T10:00", "2026-03-03T09:00", "2026-03-03T10:05", id="an hour before is no next day"),
        # 25 October 2026: 01:00 to 02:00 happens twice, first in BST (00:00Z), then in GMT (01:00Z).
        pytest.param("1,25/10/2026,01:50:00,01:55:00,02:10:00", "2026-10-25T01:50", "2026-10-25T01:55", "2026-10-25T02:10", id="doubled: later of two"),
        pytest.param("1,25/10/2026,01:50:00,01:10:00,01:20:00", "2026-10-25T00:50", "2026-10-25T01:10", "2026-10-25T01:20", id="doubled: across the change"),
        pytest.param("1,25/10/2026,00:50:00,01:10:00,01:20:00", "2026-10-24T23:50", "2026-10-25T00:10", "2026-10-25T00:20", id="start before: first of two"),
        pytest.param("1,28/03/2026,23:50:00,00:10:00,02:10:00", "2026-03-28T23:50", "2026-03-29T00:10", "2026-03-29T01:10", id="next day over the spring change"),
        pytest.param("1,24/10/2026,23:50:00,01:10:00,02:10:00", "2026-10-24T22:50", "2026-10-25T00:10", "2026-10-25T02:10", id="next day into the doubled hour"),
    ],
)  # fmt: skip
def test_times_of_day_after_a_start(tmp_path: Path, line: str, start: str, answer: str, end: str) -> None:
    [row] = rows(staged(tmp_path, CALLS.format(time=""), HEAD + line + "\n"))
    assert (row["call_started_at"], row["first_answered_at"], row["ended_at"]) == (at(start), at(answer), at(end))


@pytest.mark.parametrize(("doubled", "start"), [("first", "2026-10-25T00:50"), ("second", "2026-10-25T01:50")])
def test_which_of_two_equal_hours_can_be_said(tmp_path: Path, doubled: str, start: str) -> None:
    profile = CALLS.format(time=f'doubled = "{doubled}"')
    [row] = rows(staged(tmp_path, profile, HEAD + "1,25/10/2026,01:50:00,,02:10:00\n"))
    assert row["call_started_at"] == at(start)
    assert row["time_flags"] == "call_started_at=A 25/10/2026 01:50:00"


def test_a_time_that_does_not_exist_is_read_with_the_offset_before_and_flagged(tmp_path: Path) -> None:
    [row] = rows(staged(tmp_path, CALLS.format(time=""), HEAD + "1,29/03/2026,01:30:00,,02:40:00\n"))
    assert row["call_started_at"] == at("2026-03-29T01:30")
    assert row["ended_at"] == at("2026-03-29T01:40")
    assert row["time_flags"] == "call_started_at=N 29/03/2026 01:30:00"


def test_the_text_of_every_clock_that_could_not_tell_is_kept(tmp_path: Path) -> None:
    profile = CALLS.format(time="").replace(
        "first_answered_at = {",
        'final_answered_at = { first = [{ from = "Again", after = "call_started_at" }, "Other"] }\nfirst_answered_at = { only = { Id = "1" }, ',
    )
    lines = ["Id,Day,Start,Answer,End,Again,Other", "1,24/10/2026,23:50:00,01:10:00,03:00:00,,25/10/2026 01:20:00"]
    [row] = rows(staged(tmp_path, profile, "\n".join(lines) + "\n"))
    assert row["time_flags"].split(";") == [
        "first_answered_at=A 24/10/2026 01:10:00",  # as written: the next day is ours
        "final_answered_at=A 25/10/2026 01:20:00",
    ]


@pytest.mark.parametrize(
    ("tolerance", "start", "answer"),
    [(2, "2026-10-25T00:50", "2026-10-25T01:49:30"), (60, "2026-10-25T01:50", "2026-10-25T01:49:30")],
)
def test_how_far_two_clocks_may_differ_is_the_profile_s_to_say(
    tmp_path: Path, tolerance: int, start: str, answer: str
) -> None:
    profile = CALLS.format(time=f"tolerance_s = {tolerance}")
    [row] = rows(staged(tmp_path, profile, HEAD + "1,25/10/2026,01:50:00,01:49:30,02:10:00\n"))
    assert (row["call_started_at"], row["first_answered_at"]) == (at(start), at(answer))


def test_a_day_that_begins_twice_in_one_night(tmp_path: Path) -> None:
    """Over midnight, through the doubled hour and out of it: each clock on its own day and in its own hour."""
    [row] = rows(staged(tmp_path, CALLS.format(time=""), HEAD + "1,24/10/2026,23:59:59,00:00:00,01:59:59\n"))
    assert (row["call_started_at"], row["first_answered_at"], row["ended_at"]) == (
        at("2026-10-24T22:59:59"), at("2026-10-24T23:00"), at("2026-10-25T00:59:59"),
    )  # fmt: skip
    assert row["local_date"].isoformat() == "2026-10-24"


def test_another_zone_and_the_force_s_own_local_day(tmp_path: Path) -> None:
    profile = CALLS.format(time='zone = "America/New_York"')
    [row] = rows(staged(tmp_path, profile, HEAD + "1,01/11/2026,01:30:00,,01:10:00\n"))
    # The second 01:30 would be after 01:10, so the start was in the first (EDT, 05:30Z) and the end in the second.
    assert row["call_started_at"] == at("2026-11-01T05:30")
    assert row["ended_at"] == at("2026-11-01T06:10")
    assert (str(row["local_date"]), row["local_hour"]) == ("2026-11-01", 5)


def test_instants_that_state_their_offset_and_a_fallback_format(tmp_path: Path) -> None:
    profile = """
profile = "made_up"
table = "contacts"
[export]
key = ["Id"]
[time]
formats = ["%Y-%m-%dT%H:%M:%S%z", "%d/%m/%Y %H:%M"]
[columns]
contact_id = "Id"
channel = { const = "webchat" }
submitted_at = "Sent"
"""
    lines = [
        "1,2026-07-01T12:00:00Z",
        "2,2026-07-01T12:00:00+02:00",
        "3,01/07/2026 12:00",
        "4,1 July",
        "5,01/01/1995 00:00",
    ]
    made = staged(
        tmp_path, profile.replace('key = ["Id"]', 'key = ["Id"]\nquarantine_max = 0.5'), "Id,Sent\n" + "\n".join(lines)
    )
    assert [row["submitted_at"] for row in rows(made)] == [
        at("2026-07-01T12:00"),
        at("2026-07-01T10:00"),
        at("2026-07-01T11:00"),
    ]
    assert bad(made) == {4: "bad_instant:submitted_at", 5: "bad_instant:submitted_at"}


def test_dated_map_chooses_by_local_day_and_sets_the_scheme(tmp_path: Path) -> None:
    profile = """
profile = "made_up"
table = "incidents"
[export]
key = ["Id"]
quarantine_max = 0.5
[time]
formats = ["%d/%m/%Y %H:%M"]
[columns]
incident_id = "Id"
created_at = "Made"
grade_initial = { from = "Grade", by = "created_at", map = [{ until = 2020-10-20, scheme = "3-grade", values = { I = "1" } }, { since = 2020-10-20, scheme = "5-grade", values = { I = "2" } }] }
first_dispatched_at = { start = "created_at", plus = "Sent after", unit = ["m:ss", "m:ss:00"] }
appointment_slot = { start = "created_at", add = "1 month" }
"""
    lines = [
        "1,19/10/2020 23:59,I,27:29:00",
        "2,20/10/2020 00:00,I,1:05",
        "3,20/10/2020 00:00,II,",
        "4,20/10/2020 00:00,I,-5",
    ]
    made = staged(tmp_path, profile, "Id,Made,Grade,Sent after\n" + "\n".join(lines) + "\n")
    first, second = rows(made)
    assert (first["grade_initial"], first["grade_scheme"]) == ("1", "3-grade")
    assert (second["grade_initial"], second["grade_scheme"]) == ("2", "5-grade")
    # 23:59 BST is 22:59Z; 27 min 29 s later. A month later on the local calendar, when the clocks have gone back.
    assert first["first_dispatched_at"] == at("2020-10-19T23:26:29")
    assert second["appointment_slot"] == at("2020-11-20T00:00")
    assert second["created_at"] == at("2020-10-19T23:00")
    assert bad(made) == {3: "unmapped:grade_initial", 4: "bad_ms:first_dispatched_at"}
    assert first["exported_at"].replace(tzinfo=UTC) < datetime(2020, 10, 21, tzinfo=UTC)


def test_seconds_and_milliseconds_since_1970(tmp_path: Path) -> None:
    profile = """profile = "x"
table = "contacts"
[time]
formats = ["epoch", "%d/%m/%Y %H:%M"]
[export]
quarantine_max = 1.0
[columns]
contact_id = "Id"
channel = { const = "webchat" }
submitted_at = "At"
"""
    cells = [
        "1793492430",
        "1793492430.466",
        "1793492430466",
        "01/11/2026 00:20",
        "26/10/2025 01:30",
        "820454399",
        "46327",
        "17934924301",
        "-1793492430",
        "1e9",
    ]
    made = staged(tmp_path, profile, "Id,At\n" + "".join(f"{n},{cell}\n" for n, cell in enumerate(cells)))
    told = [row["submitted_at"].isoformat(timespec="milliseconds") for row in rows(made)]
    assert told == [
        "2026-11-01T00:20:30.000",
        "2026-11-01T00:20:30.466",
        "2026-11-01T00:20:30.466",
        "2026-11-01T00:20:00.000",
        "2025-10-26T01:30:00.000",
    ]
    # A spreadsheet's serial, figures that are neither, and before 1996: no instants.
    assert set(bad(made)) == {6, 7, 8, 9, 10}
    flags = [row["time_flags"] for row in rows(made)]
    assert flags[:3] == [None] * 3
    assert flags[4] == "submitted_at=A 26/10/2025 01:30"
