"""Profiles to start from: each reads its made-up sample, and says what it may hold and what it may not.

Expected values are worked out by hand from the samples. (Contact records have a test of their own.)
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callclock.contracts import TABLES
from callclock.exports.profile import Profile, parse_profile, parse_profiles
from callclock.exports.receipt import Receipt
from tests.support.calls_of import Row, curated

PROFILES = Path(__file__).parents[2] / "events" / "profiles"
TEXTS = {f"sources/{path.name}": path.read_text("utf-8") for path in sorted(PROFILES.glob("*.toml"))}


def read(tmp_path: Path, profile: str, sample: str) -> tuple[list[Row], Receipt]:
    made: Profile = parse_profile(
        f"sources/{profile}.toml",
        TEXTS[f"sources/{profile}.toml"].replace("[export]", "[export]\nquarantine_max = 0.3", 1),
    )
    found, [receipt] = curated(
        [(f"incoming/EX/{sample}", PROFILES / "samples" / sample)],
        made,
        tmp_path,
        arrived_at=datetime(2026, 3, 4, tzinfo=UTC),
    )
    return found, receipt


def told(row: Row, *names: str) -> tuple[Any, ...]:
    return tuple(row[name] // 1000 if name.endswith("_ms") and row[name] is not None else row[name] for name in names)


WAITS = ("line", "direction", "stage", "queue", "legs", "wait_first_ms", "wait_final_ms", "end_ms")


def test_avaya_cms(tmp_path: Path) -> None:
    found, receipt = read(tmp_path, "avaya_cms", "avaya_cms_call_rec_20260303.csv")
    assert {row["call_id"][6:10]: told(row, *WAITS) for row in found} == {
        "4711": ("101", "inbound", "answered", "21", 2, 70, 730, 1230),
        "4712": ("101", "inbound", "queue", "none", 1, None, None, 95),
        "4713": ("101", "inbound", "ivr", "none", 1, None, None, 20),
        "4714": ("101", "inbound", "ivr_contained", "none", 1, None, None, 45),
        "4715": ("999", "inbound", "answered", "31", 1, 6, 6, 200),
    }
    assert [bool(row["caller_key"]) for row in found] == [True, True, True, False, True]
    assert receipt.reasons == {"unmapped:end_cause": 1}  # a disposition that Avaya does not document
    assert (receipt.records_read, receipt.accepted, receipt.folded, receipt.quarantined) == (7, 5, 1, 1)


def test_cisco_uccx(tmp_path: Path) -> None:
    found, receipt = read(tmp_path, "cisco_uccx", "cisco_uccx_20260303.csv")
    assert {row["call_id"]: told(row, *WAITS, "reported_queue_ms") for row in found} == {
        "1-500001": ("101", "inbound", "answered", "Crime Desk", 2, 99, 484, 1199, 360),
        "1-500002": ("101", "inbound", "switchboard_queue", "Switchboard", 1, None, None, 130, 90),
        "1-500003": ("101", "inbound", "ivr_contained", "none", 1, None, None, 50, None),
        "1-500004": ("101", "inbound", "ivr", "none", 1, None, None, 15, None),
        "1-500005": ("999", "inbound", "answered", "999", 1, 4, 4, 240, 3),
        "1-500006": ("101", "inbound", "failed", "none", 1, None, None, 1, None),
    }
    assert receipt.dropped_reasons == {"answered_by_another_queue": 1}
    assert receipt.reasons == {"bad_instant:call_started_at": 1, "bad_instant:ivr_entered_at": 1}


def test_genesys_cloud(tmp_path: Path) -> None:
    found, receipt = read(tmp_path, "genesys_cloud", "genesys_20260303.jsonl")
    names = ("line", "offered", "answered", "abandoned", "unaccounted", "answered_within_20s", "answered_within_10s")
    assert [
        (row["interval_start"].strftime("%H:%M"), row["interval_end"].strftime("%H:%M"), *told(row, *names))
        for row in found
    ] == [
        ("10:00", "10:30", "101", 40, 31, 7, 2, 14, None),
        ("10:00", "10:30", "999", 12, 12, 0, 0, None, None),
        ("10:30", "11:00", "101", 0, 0, 1, -1, None, None),
    ]
    assert receipt.dropped_reasons == {"other_channel": 1}
    assert receipt.reasons == {"bad_int:offered": 1}


def test_all_of_them_can_be_in_force_together() -> None:
    profiles = parse_profiles(TEXTS)
    assert {profile.name: profile.table for profile in profiles} == {
        "amazon_connect": "calls", "avaya_cms": "calls", "cisco_uccx": "calls", "genesys_cloud": "call_intervals",
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_each_says_what_it_was_made_from_and_that_nobody_has_tried_it(name: str) -> None:
    head = TEXTS[name].split("\nprofile", 1)[0]
    assert "NOT YET TRIED ON A REAL EXPORT: made from" in head
    assert "Make it yours:" in head
    assert f"`{Path(name).name}`" in (PROFILES / "README.md").read_text("utf-8")


def test_no_source_is_named_in_code() -> None:
    library = Path(__file__).parents[2] / "layers" / "callclock" / "python" / "callclock"
    names = re.compile(r"amazon.?connect|avaya|cisco|uccx|genesys|InitialContactId|ContactId", re.IGNORECASE)
    code = [path for kind in ("*.py", "*.sql") for path in library.rglob(kind)]
    assert len(code) > len(TABLES)
    assert [path.name for path in code if names.search(path.read_text("utf-8"))] == []
