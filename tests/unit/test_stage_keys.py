"""Incident numbers that begin anew each day: told apart by the day, within one export and between two."""

from pathlib import Path

import pytest

from callclock.exports.profile import parse_profile
from callclock.reasons import ExportReason, ExportStatus
from callclock.settings import ConfigurationError
from tests.support.staging import bad, rows, staged

PROFILE = """
profile = "made_up"
table = "incidents"
[export]
{export}
[time]
formats = ["%d/%m/%Y %H:%M"]
[columns]
incident_id = {incident_id}
created_at = "Made"
"""
BY_DAY = '{ join = ["No"], day = "created_at", by = "/" }'
HEAD = "No,Made,Day\n"


def lines(days: int, numbers: int, month: int = 6) -> str:
    return HEAD + "".join(
        f"{n},{day:02d}/{month:02d}/2026 {n % 24:02d}:30,{day:02d}/{month:02d}\n"
        for day in range(1, days + 1)
        for n in range(1, numbers + 1)
    )


@pytest.mark.parametrize(
    ("export", "incident_id"),
    [
        ("", BY_DAY),
        ('key = ["Day", "No"]', '{ join = ["Day", "No"] }'),
        ('key = ["Day"]\nkey_else = { join = ["No"], day = "created_at" }', BY_DAY),
    ],
)
def test_the_day_tells_them_apart(tmp_path: Path, export: str, incident_id: str) -> None:
    text = (
        lines(3, 5)
        if "key_else" not in export
        else "\n".join(line.rpartition(",")[0] + "," for line in lines(3, 5).splitlines()).replace("Made,", "Made,Day")
        + "\n"
    )
    made = staged(tmp_path, PROFILE.format(export=export, incident_id=incident_id), text)
    assert made.receipt.status is ExportStatus.READ, made.receipt.message
    assert (made.receipt.accepted, made.receipt.superseded) == (15, 0)
    assert len({row["record_key"] for row in rows(made)}) == len({row["incident_id"] for row in rows(made)}) == 15


def test_the_day_is_local_and_two_exports_agree_on_it(tmp_path: Path) -> None:
    profile = PROFILE.format(export="", incident_id=BY_DAY)
    # 00:30 in June is 23:30 of the day before in UTC.
    [first] = rows(staged(tmp_path / "a", profile, HEAD + "17,02/06/2026 00:30,\n"))
    [again] = rows(staged(tmp_path / "b", profile, HEAD + "17,02/06/2026 00:30,x\n"))
    [other] = rows(staged(tmp_path / "c", profile, HEAD + "17,03/06/2026 00:30,\n"))
    assert first["incident_id"] == first["record_key"] == again["record_key"] == "17/2026-06-02"
    assert other["record_key"] == "17/2026-06-03"


def test_without_a_start_there_is_no_key(tmp_path: Path) -> None:
    profile = PROFILE.format(export="quarantine_max = 1.0", incident_id=BY_DAY)
    made = staged(tmp_path, profile, HEAD + "17,soon,\n18,,\n,02/06/2026 00:30,\n")
    assert bad(made) == {
        1: "bad_instant:created_at;missing:incident_id",
        2: "missing:incident_id;missing:started_at",
        3: "missing:incident_id",
    }


def test_a_key_that_forgets_the_day_holds_the_export(tmp_path: Path) -> None:
    profile = PROFILE.format(export='key = ["No"]', incident_id='"No"')
    receipt = staged(tmp_path / "a", profile, lines(3, 5)).receipt
    assert (receipt.status, receipt.reason) == (ExportStatus.HELD, ExportReason.REPEATED_KEYS)
    assert "5 of 5 keys" in receipt.message
    few = lines(1, 40) + "1,02/06/2026 10:00,\n2,03/06/2026 10:00,\n"
    receipt = staged(tmp_path / "b", profile, few).receipt
    assert (receipt.status, receipt.superseded) == (ExportStatus.READ, 2), "two of forty: people correcting a start"


def test_a_day_that_nothing_fills_is_a_fault() -> None:
    export = 'key = ["No"]\nkey_else = { join = ["No"], day = "submitted_at" }'
    with pytest.raises(ConfigurationError, match=r"export\.key_else\.day: waits for submitted_at"):
        parse_profile("sources/x.toml", PROFILE.format(export=export, incident_id='"No"'))
    with pytest.raises(ConfigurationError, match=r"columns\.incident_id: waits for submitted_at"):
        parse_profile(
            "sources/x.toml", PROFILE.format(export="", incident_id='{ join = ["No"], day = "submitted_at" }')
        )
    with pytest.raises(ConfigurationError, match="no instant 'area'"):
        parse_profile("sources/x.toml", PROFILE.format(export="", incident_id='{ join = ["No"], day = "area" }'))
