"""What is done a part at a time, so that memory is bounded, gives what it gives at once: keyed callers, repeated keys."""

import hmac
from pathlib import Path
from random import Random

import pytest

from callclock.engine import connect, held_to
from tests.support.staging import rows, staged

PROFILE = """
profile = "made_up"
table = "incidents"
[export]
key = ["No"]
quarantine_max = 1.0
[time]
formats = ["%Y-%m-%d %H:%M"]
[columns]
incident_id = "No"
created_at = "Made"
caller_key = { id = "Caller" }
"""


def records(dice: Random) -> list[tuple[str, str, str]]:
    """Sixty rows of forty numbers, starts and callers over eight months in no order."""
    return [
        (
            f"N{dice.randrange(40)}",
            f"2026-{dice.randrange(1, 9):02d}-{dice.randrange(1, 28):02d} 10:{dice.randrange(60):02d}",
            dice.choice(["", *"abcdefghijkl"]),
        )
        for _ in range(60)
    ]


def key(caller: str) -> str | None:
    return hmac.new(b"secret", f"made_up|{caller}".encode(), "sha256").hexdigest() if caller else None


@pytest.mark.parametrize("at_once", [1, 7, 10**6])
def test_every_share_finds_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr("callclock.exports.repeats._KEYS_AT_ONCE", at_once)
    monkeypatch.setattr("callclock.exports.write._RECORDS_AT_ONCE", at_once)
    said = records(Random(7))
    made = staged(tmp_path, PROFILE, "No,Made,Caller\n" + "".join(",".join(row) + "\n" for row in said))
    last = {row[0]: (number, *row) for number, row in enumerate(said, start=1)}
    assert made.receipt.superseded == len(said) - len(last)
    assert [(r["record_no"], r["incident_id"], r["caller_key"]) for r in rows(made)] == [
        (number, incident, key(caller)) for number, incident, _, caller in sorted(last.values())
    ]
    assert {str(month) for month in made.parts} == {made_at[:7] for _, _, made_at, _ in last.values()}


def test_a_database_held_to_less_has_its_own_limit_again(tmp_path: Path) -> None:
    def limit() -> str:
        [[said]] = db.execute("SELECT current_setting('memory_limit')").fetchall()
        return str(said)

    with connect(tmp_path, memory_mb=614) as db:
        before = limit()
        with held_to(db, 200):
            assert limit() == "190.7 MiB"
        assert limit() == before == "585.5 MiB"
