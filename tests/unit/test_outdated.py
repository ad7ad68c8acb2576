"""Which exports a changed profile would read differently: by what each was read by, the newest first, and never a heap."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from callclock.exports.profile import parse_profiles
from callclock.ledger import Entry
from callclock.outdated import reread_by
from callclock.reasons import ExportStatus
from tests.support.monthly import PROFILE

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
FILE = "sources/switch.toml"
PROFILES = parse_profiles({FILE: PROFILE, "sources/other.toml": PROFILE.replace('"switch"', '"other"')})
NOW = {profile.name: profile.hash for profile in PROFILES}


def entry(n: int, source: str | None, read_by: str, status: ExportStatus = ExportStatus.READ, **more: str) -> Entry:
    return Entry(
        force_code="EX",
        export_id=f"{n:064d}",
        status=status,
        object_key=more.get("key", f"incoming/EX/switch_{n}.csv"),
        arrived_at=FIRST + timedelta(days=n),
        exported_at=FIRST,
        config_hash="c",
        profiles={"calls": read_by} if source else {},
        months={},
        member=more.get("member"),
        sources={"calls": source} if source else {},
    )


def said(*entries: Entry) -> str:
    return reread_by(FILE, PROFILES, entries)


def test_only_what_another_version_of_it_read() -> None:
    assert said() == ""
    assert (
        said(
            entry(1, "switch", NOW["switch"]),
            entry(2, "other", "old"),
            entry(3, "switch", "old", ExportStatus.WITHDRAWN),
        )
        == ""
    )
    held = entry(4, "switch", "old", ExportStatus.HELD)
    assert "differently: switch_4.csv. `callclock replay --profile switch`" in said(
        held, entry(1, "switch", NOW["switch"])
    )


def test_ten_are_named_the_newest_first_and_all_are_counted() -> None:
    found = said(*(entry(n, "switch", "old") for n in range(1013)))
    assert "1,013 exports were read by what it said before" in found
    assert "differently: switch_1012.csv, switch_1011.csv, " in found
    assert "switch_1003.csv and 1,003 more. " in found
    assert "switch_1002.csv" not in found


def test_a_refused_export_may_be_its_own_where_its_path_fits() -> None:
    refused = entry(1, None, "", ExportStatus.REFUSED)
    assert "may be its own now: switch_1.csv." in said(refused)
    assert said(replace(refused, object_key="incoming/EX/letters/switch.csv")) == ""
    packed = entry(2, None, "", ExportStatus.REFUSED, key="incoming/EX/year.zip", member="switch_2.csv")
    assert "may be its own now: switch_2.csv." in said(packed)
    assert said(entry(3, None, "", ExportStatus.LANDED)) == ""


def test_a_profile_that_is_no_more() -> None:
    assert "read by a profile that is there no more: switch_1.csv." in said(entry(1, "gone", "old"))
