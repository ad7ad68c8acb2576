"""What ``callclock sources new`` drafts from each real export, against the profile a person wrote for it.

Nothing of format, delimiter, encoding, time formats or words for missing may be left to change by hand. What else differs
is listed here: the zone, the meaning of words, and what no name of a column can tell.
"""

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local.draft import draft

HERE = Path(__file__).parent
DATA = os.environ.get("CALLCLOCK_REAL_DATA", "")
pytestmark = pytest.mark.skipif(not DATA, reason="CALLCLOCK_REAL_DATA names no folder with the real exports")
FILES = sorted(
    path.relative_to(DATA) for path in (Path(DATA).glob("*/*") if DATA else ()) if path.suffix in {".csv", ".txt"}
)

# Lines of the profiles written by hand that differ from the draft's or are missing from it, by set.
CHANGED = {
    "anonbank-1999-02": {
        "profile", "match.path", "export.key", "time.zone", "time.tolerance_s", "rules",
        "columns.call_id", "columns.line", "columns.first_answered_at", "columns.final_answered_at", "columns.ended_at",
        "columns.end_cause", "columns.reported_ivr_ms", "columns.reported_queue_ms", "columns.reported_talk_ms",
    },
    "decc-cad": {
        "profile", "match.path", "export.key_else", "time.zone", "rules",
        "columns.incident_id", "columns.domestic_abuse", "columns.domestic_abuse_source", "columns.service",
        "columns.origin", "columns.closed_at",
    },
    "decc-phone": {
        "profile", "match.path", "time.zone", "rows",
        "columns.provider", "columns.queue", "columns.band_bound",
    },
    "sffd-units": {
        "profile", "match.path", "export.key", "time.zone",
        "columns.incident_id", "columns.service", "columns.origin",
    },
    "spd-calls-222": {
        "profile", "match.path", "time.zone", "rules",
        "columns.closing_code", "columns.service", "columns.domestic_abuse", "columns.domestic_abuse_source",
        "columns.origin", "columns.outcome",
    },
}  # fmt: skip
# Said by hand without need: the default, or what the file shows by itself.
NEEDLESS = {"format.encoding", "export.resend"}


def flat(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Keys of a profile as ``section.key``; a column read plainly is one that is read ``from`` it."""
    found: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, dict) and prefix in {"", "match", "format", "export", "time"} and key != "key_else":
            found |= flat(value, f"{prefix}.{key}".strip("."))
        else:
            found[f"{prefix}.{key}".strip(".")] = (
                {"from": value} if prefix == "columns" and isinstance(value, str) else value
            )
    return found


@cache
def drafted(name: Path) -> dict[str, Any]:
    return flat(tomllib.loads(draft(Path(DATA) / name).text))


def by_hand(set_name: str) -> dict[str, Any]:
    return flat(tomllib.loads((HERE / set_name / "profile.toml").read_text("utf-8")))


def texts_in(path: Path) -> set[str]:
    """Whatever stands between delimiters: enough to tell which words a file has."""
    text = path.read_text("latin-1")
    return {cell.strip() for line in text.splitlines() for cell in line.replace("\t", ",").split(",")}


@pytest.mark.parametrize("name", FILES, ids=str)
def test_nothing_of_the_layout_is_left_to_do_by_hand(name: Path) -> None:
    path = Path(DATA) / name
    hand, made = by_hand(name.parts[0]), drafted(name)
    assert made["draft"] is True
    in_file = texts_in(path)
    for key, value in hand.items():
        if key.startswith("format.") and key != "format.encoding":
            assert made[key] == value, key
        if key.startswith("nulls."):
            assert set(made.get(key, [])) == set(value) & in_file, key
    assert {key for key in made if key.startswith("nulls.")} <= set(hand), "words for missing that are none"
    assert made["time.formats"] == hand["time.formats"]
    # Every encoding declared by hand reads these bytes as the draft's does.
    said = hand.get("format.encoding", "utf-8")
    assert path.read_bytes().decode(said) == path.read_bytes().decode(made.get("format.encoding", "utf-8"))


@pytest.mark.parametrize("name", FILES, ids=str)
def test_what_is_changed_by_hand_is_listed(name: Path) -> None:
    hand, made = by_hand(name.parts[0]), drafted(name)
    changed = {key for key, value in hand.items() if made.get(key) != value and not key.startswith("nulls.")}
    unexpected = changed - CHANGED[str(name.parent)] - NEEDLESS
    assert not unexpected, f"{name}: now changed by hand too: {sorted(unexpected)}"


def test_the_list_holds_nothing_that_the_draft_gives() -> None:
    for set_name, listed in CHANGED.items():
        hand = by_hand(set_name)
        drafts = [drafted(file) for file in FILES if file.parts[0] == set_name]
        needless = {key for key in listed if all(made.get(key) == hand.get(key) for made in drafts)}
        assert not needless, f"{set_name}: no longer changed by hand: {sorted(needless)}"
