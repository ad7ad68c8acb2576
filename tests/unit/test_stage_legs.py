"""Legs of one call in one file: what is staged of them, and where each row of the balance goes."""

from pathlib import Path

import pytest

from callclock.exports.profile import parse_profile
from callclock.reasons import ExportStatus
from callclock.settings import ConfigurationError
from tests.support.staging import bad, rows, staged

PROFILE = """profile = "made_up"
table = "calls"
[export]
key = ["Call"]
key_else = { join = ["Contact"] }
leg = ["Contact"]
quarantine_max = 1.0
[time]
formats = ["%Y-%m-%d %H:%M"]
[columns]
call_id = { first = ["Call", "Contact"] }
line = { const = "101" }
call_started_at = "Start"
queue = "Queue"
record_updated_at = "Updated"
first_answered_at = "Answer"
[[rules]]
reason = "test"
then = "set_aside"
if = { Queue = "TEST" }
"""
HEADER = "Call,Contact,Start,Queue,Answer,Updated\n"


def test_each_leg_is_a_row_and_the_newest_of_it(tmp_path: Path) -> None:
    made = staged(
        tmp_path,
        PROFILE,
        HEADER
        + ",A,2026-03-01 10:00,Switchboard,2026-03-01 10:01,2026-03-01 12:00\n"  # 1: the newest of its leg, though first
        + "A,B,2026-03-01 10:02,Crime,,2026-03-01 11:00\n"  # 2
        + ",A,2026-03-01 10:00,Old,2026-03-01 10:02,2026-03-01 11:00\n"  # 3: superseded
        + "A,B,2026-03-01 10:02,Crime,,2026-03-01 11:00\n"  # 4: delivered twice
        + ",C,2026-03-01 10:00,Crime,,2026-03-01 11:00\n"  # 5: another call
        + "A,,2026-03-01 10:00,Crime,,2026-03-01 11:00\n",  # 6: no leg
    )
    assert made.receipt.status is ExportStatus.READ
    assert [(row["record_key"], row["leg"], row["queue"], row["record_no"]) for row in rows(made)] == [
        ("A", "A", "Switchboard", 1), ("A", "B", "Crime", 4), ("C", "C", "Crime", 5),
    ]  # fmt: skip
    assert bad(made) == {6: "missing:leg"}
    counts = made.receipt.counts
    assert (counts.records_read, counts.accepted, counts.folded, counts.superseded, counts.quarantined) == (
        6,
        2,
        1,
        2,
        1,
    )


def test_legs_of_one_call_lie_in_their_own_months(tmp_path: Path) -> None:
    made = staged(tmp_path, PROFILE, HEADER + ",A,2026-03-31 23:58,X,,\nA,B,2026-04-01 00:01,Y,,\n")
    assert [str(month) for month in made.parts] == ["2026-03", "2026-04"]
    assert (made.receipt.accepted, made.receipt.folded) == (1, 1)


def test_a_call_is_set_aside_once_whatever_its_legs(tmp_path: Path) -> None:
    made = staged(
        tmp_path, PROFILE, HEADER + ",A,2026-03-01 10:00,TEST,,\nA,B,2026-03-01 10:01,TEST,,\n,C,2026-03-01 10:00,X,,\n"
    )
    assert made.receipt.set_aside_reasons == {"test": 1}
    assert (made.receipt.accepted, made.receipt.set_aside) == (2, 1)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (('key = ["Call"]\nkey_else = { join = ["Contact"] }\n', ""), r"export\.key: write the columns that all legs"),
        (('table = "calls"', 'table = "calls"\nrepeats = "collapse"'), r"export\.leg: goes neither with repeats"),
        (('table = "calls"', 'table = "contacts"'), r"export\.leg: table contacts has no legs"),
    ],
)  # fmt: skip
def test_where_legs_make_no_sense(change: tuple[str, str], fault: str) -> None:
    with pytest.raises(ConfigurationError, match=fault):
        parse_profile("sources/x.toml", PROFILE.replace(*change))
