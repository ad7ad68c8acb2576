"""The committed sample exports are what their script writes, and tell the story their README promises.

Worked out with csv, zoneinfo and statistics alone; nothing of the library is asked.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import pytest

from events.make_exports import make

EXPORTS = Path(__file__).parents[2] / "events" / "exports"
INCOMING = EXPORTS / "incoming" / "SIM"
LONDON = ZoneInfo("Europe/London")


def rows(path: Path) -> list[dict[str, str]]:
    encoding = "cp1252" if path.name.startswith("cad_") else "utf-8-sig"
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(encoding), newline="")))


def instant(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%d/%m/%Y %H:%M:%S").replace(tzinfo=LONDON)
    except ValueError:
        return None


def whole(row: dict[str, str]) -> bool:
    return all(value is not None for value in row.values())


def newest_incidents() -> dict[str, dict[str, str]]:
    """Highest export date of each incident number wins; rows an intake must refuse are left out."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(INCOMING.glob("cad_*"), key=lambda path: path.stem[-8:]):
        for row in rows(path):
            if whole(row) and row["Incident Number"] and row["Initial Grade"] != "Grade 7":
                start = instant(row["Call Received"] or row["Online Submitted"])
                if start:
                    found[row["Incident Number"]] = row | {"start": start}
    return found


@pytest.mark.parametrize("name", sorted(path.name for path in INCOMING.glob("*.csv")))
def test_committed_file_is_what_the_script_writes(name, remade):
    assert (remade / name).read_bytes() == (INCOMING / name).read_bytes()
    assert (INCOMING / name).stat().st_size < 150_000


@pytest.fixture(scope="module")
def remade(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("remade")
    assert {path.name for path in make(out)} == {path.name for path in INCOMING.glob("*.csv")}
    return out / "incoming" / "SIM"


@pytest.mark.parametrize(
    ("month", "export", "rate"),
    [("2026-01", "20260203", 0.24), ("2026-02", "20260303", 0.06), ("2026-03", "20260403", 0.04)],
)
def test_abandonment_of_101_by_month(month, export, rate):
    calls = {}
    for row in rows(INCOMING / f"acd_{month}_{export}.csv"):
        good_date = whole(row) and instant(f"{row['Date']} {row['Start']}") and instant(f"{row['Date']} {row['End']}")
        if good_date and row["Result"] != "???" and row["Line"] == "101" and row["Direction"] == "In":
            calls[row["Call Ref"]] = row
    hung_up = [
        r for r in calls.values() if r["Result"] == "Abandoned" and not r["Switchboard Answer"] and not r["Answer"]
    ]
    assert len(calls) == 700
    assert len(hung_up) / len(calls) == rate


def domestic_grade_2_hours(month: str) -> list[float]:
    hours = []
    for row in newest_incidents().values():
        arrived = instant(row["Arrived"])
        public = row["Origin"] in {"999 call", "101 call", "Online", "Front counter"}
        if (
            row["start"].strftime("%Y-%m") == month
            and public
            and row["Initial Grade"] == "Grade 2"
            and row["DA Flag"] == "Y"
            and arrived
        ):
            hours.append((arrived.timestamp() - row["start"].timestamp()) / 3600)
    return hours


def test_grade_2_domestic_abuse_waits_long_in_january_only():
    january, february = domestic_grade_2_hours("2026-01"), domestic_grade_2_hours("2026-02")
    assert len(january) >= 20
    assert len(february) >= 20
    assert median(january) > 20
    assert median(february) < 10


def test_corrected_january_moves_an_incident_to_another_month():
    first = {row["Incident Number"]: row for row in rows(INCOMING / "cad_2026-01_20260203.csv")}
    again = {row["Incident Number"]: row for row in rows(INCOMING / "cad_2026-01_20260302.csv")}
    moved = [n for n, row in again.items() if row["Call Received"][3:10] != first[n]["Call Received"][3:10]]
    flags = [n for n, row in again.items() if (first[n]["DA Flag"], row["DA Flag"]) == ("N", "Y")]
    assert len(moved) == 1
    assert len(flags) == 3


def test_dirt_is_there():
    text = (INCOMING / "cad_2026-02_20260303.csv").read_bytes().decode("cp1252")
    assert all(word in text for word in ("31/02/2026", "N/K", "Grade 7", "–"))
    records = rows(INCOMING / "cad_2026-02_20260303.csv")
    assert sum(not whole(row) for row in records) == 1
    assert sum(row["Incident Number"] == "" for row in records) == 1
    repeated = Counter(tuple(row.values()) for row in records if whole(row))
    assert max(repeated.values()) == 2
    origins = Counter(row["Origin"] for row in records)
    assert origins["Police generated"] > 20
    assert origins[""] > 0
    assert any(row["Opening Code"] == "TRAINING" for row in records)
    assert any(row["Appointment"] for row in records)


def test_an_incident_and_a_call_span_the_spring_clock_change():
    change = datetime(2026, 3, 29, 2, tzinfo=LONDON)
    spanning = [
        r for r in newest_incidents().values()
        if (a := instant(r["Arrived"])) and change - timedelta(hours=12) < r["start"] < change <= a
    ]  # fmt: skip
    calls = [
        r for r in rows(INCOMING / "acd_2026-03_20260403.csv") if r["Date"] == "29/03/2026" and r["Start"] == "00:58:30"
    ]
    assert spanning
    assert calls
    assert calls[0]["End"] > "02:00:00"
