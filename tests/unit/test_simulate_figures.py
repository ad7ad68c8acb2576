"""The simulated year holds the inspectors' figures: worked out from the dropped files alone, by csv and statistics.

Nothing of the library is asked, and nothing of the generator but the files (and, for the story, truth.json).
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import pytest

from local.simulate import simulate

LONDON = ZoneInfo("Europe/London")
PUBLIC = {"999 call", "101 call", "Online", "Front counter"}
NO_DEMAND = {"TRAINING", "PRE-PLANNED"}
DAY = 86400.0
Row = dict[str, str]


class Files:
    """Exports under a directory; of each record the version with the newest export."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.truth = json.loads((out / "truth.json").read_text())
        self.calls = self.newest("acd_calls", "Call Ref")
        self.incidents = self.newest("cad_incidents", "Incident Number")
        self.risk = self.newest("cad_risk", "Assessment")
        self.contacts = self.newest("online_contacts", "Reference")

    def paths(self, system: str) -> list[Path]:
        found = (self.out / "incoming" / "SIM").glob(f"{system}_*.csv")
        return sorted(found, key=lambda path: re.search(r"\d{8}T\d{4}", path.name)[0])

    def newest(self, system: str, key: str) -> list[Row]:
        records = {}
        for path in self.paths(system):
            for row in rows(path):
                if row[key] and None not in row.values() and readable(row):
                    records[row[key]] = row
        return list(records.values())


def rows(path: Path) -> Iterator[Row]:
    encoding = "cp1252" if path.name.startswith("cad_") else "utf-8-sig"
    return csv.DictReader(io.StringIO(path.read_bytes().decode(encoding), newline=""))


def readable(row: Row) -> bool:
    """Rows that any intake must refuse: dates that are none, words that nobody knows."""
    dates = (row.get("Date", ""), row.get("Call Received", ""), row.get("Submitted", ""))
    if any(date.startswith(("31/02", "00/00")) or "/2032" in date for date in dates):
        return False
    return row.get("End") != "25:61:00" and row.get("Result") != "#N/A" and row.get("Initial Grade") != "Grade 9"


def seconds(text: str) -> float | None:
    """Seconds since 1970 of a London wall clock, or None."""
    return datetime.strptime(text, "%d/%m/%Y %H:%M:%S").replace(tzinfo=LONDON).timestamp() if text else None


def in_year(date: str) -> bool:
    """``dd/mm/yyyy...`` lies in the financial year 2023/24."""
    return "2023-04" <= f"{date[6:10]}-{date[3:5]}" < "2024-04"


def started(row: Row) -> str:
    return row["Submitted Online"] or row["Call Received"]


def public(row: Row) -> bool:
    no_demand = row["Opening Code"] in NO_DEMAND or row["Closing Code"] == "DUPLICATE" or row["Appointment"]
    return row["Origin"] in PUBLIC and not no_demand and in_year(started(row))


def grade_2(files: Files, *, domestic_only: bool) -> list[tuple[float | None, float | None]]:
    """(seconds to arrival, seconds to closing) of grade 2; who was on the scene before the call is left out."""
    found = []
    for row in files.incidents:
        if public(row) and row["Initial Grade"] == "Grade 2" and (row["DA Flag"] == "Y" or not domestic_only):
            start, arrived, closed = seconds(started(row)), seconds(row["First At Scene"]), seconds(row["Closed"])
            if arrived is None or arrived > start:
                found.append((arrived and arrived - start, closed and closed - start))
    return found


def offered_101(files: Files) -> list[Row]:
    return [r for r in files.calls if r["Line"] == "101" and r["Direction"] == "In" and in_year(r["Date"])]


def gave_up(call: Row) -> bool:
    return call["Result"] == "Abandoned" and not call["Switchboard Answer"] and not call["Answer"]


def abandonment(files: Files) -> float:
    calls = offered_101(files)
    return sum(map(gave_up, calls)) / len(calls)


def over(waits: list[tuple[float | None, float | None]], mark: float) -> float:
    return sum((a is None or a > mark) and (a is not None or c is None or c > mark) for a, c in waits) / len(waits)


def within(waits: list[tuple[float | None, float | None]], mark: float) -> float:
    return sum(a is not None and a <= mark for a, _ in waits) / len(waits)


def attended_median_h(waits: list[tuple[float | None, float | None]]) -> float:
    return median(a for a, _ in waits if a is not None) / 3600


def declined_share(files: Files) -> float:
    attended = {
        r["Incident Number"] for r in files.incidents if public(r) and r["DA Flag"] == "Y" and r["First At Scene"]
    }
    asked = [r for r in files.risk if r["Incident Number"] in attended]
    return sum(not r["Assessed"] for r in asked) / len(asked)


@pytest.fixture(scope="session")
def year(tmp_path_factory) -> Files:
    out = tmp_path_factory.mktemp("year")
    simulate(out, seed=1)
    return Files(out)


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (lambda f: attended_median_h(grade_2(f, domestic_only=False)), 11.0),
        (lambda f: attended_median_h(grade_2(f, domestic_only=True)), 22.0),
        (lambda f: within(grade_2(f, domestic_only=True), 4 * 3600), 0.08),
        (lambda f: over(grade_2(f, domestic_only=True), 7 * DAY), 0.41),
        (abandonment, 0.244),
        (declined_share, 0.38),
    ],
    ids=[
        "grade 2 median h",
        "domestic median h",
        "domestic within 4 h",
        "domestic over 7 d",
        "abandoned 101",
        "declined",
    ],
)
def test_inspectors_figure_is_in_the_files(year, figure, expected):
    assert figure(year) == pytest.approx(expected, rel=0.02)


def test_size_of_the_year(year):
    assert len(offered_101(year)) == pytest.approx(340_000, rel=0.02)
    assert sum(r["Line"] == "999" and in_year(r["Date"]) for r in year.calls) == pytest.approx(90_000, rel=0.02)
    grades = {r["Initial Grade"] for r in year.incidents}
    assert grades == {"Grade 1", "Grade 2", "Grade 3", "Grade 4"}


def test_story_of_abandonment_ends_in_breach(year):
    by_month: dict[str, list[bool]] = defaultdict(list)
    for call in offered_101(year):
        by_month[f"{call['Date'][6:10]}-{call['Date'][3:5]}"].append(gave_up(call))
    rates = {month: sum(gave) / len(gave) for month, gave in by_month.items()}
    for told in year.truth["months"]:
        assert rates[told["month"]] == pytest.approx(told["calls_101_abandonment_rate"], abs=0.003)
    assert rates["2023-04"] < 0.18 < 0.20 < rates["2023-06"] < rates["2023-07"]
    assert rates["2023-08"] > 0.30
    assert rates["2023-12"] < 0.18
    assert min(rates[month] for month in ("2024-01", "2024-02", "2024-03")) > 0.20


def digits(number: str) -> str:
    """Ten national digits, however the number was written; empty for a withheld one."""
    return re.sub(r"\D", "", number)[-10:]


def test_people_who_hung_up_turn_to_the_website_more_often_when_it_was_offered(year):
    online = defaultdict(list)
    for row in year.contacts:
        if row["Channel"] == "Online report" and row["Telephone"]:
            online[digits(row["Telephone"])].append(seconds(row["Submitted"]))
    reached: dict[bool, list[bool]] = {True: [], False: []}
    for call in filter(gave_up, offered_101(year)):
        if digits(call["Caller"]):
            start = seconds(f"{call['Date']} {call['Start']}")
            later = [at for at in online[digits(call["Caller"])] if start < at <= start + DAY]
            reached[bool(call["Website Offered"])].append(bool(later))
    offered, not_offered = (sum(found) / len(found) for found in (reached[True], reached[False]))
    assert 0.08 < offered < 0.20
    assert not_offered < offered - 0.03


def test_clock_changes(year):
    autumn = sorted((c["Call Ref"], c["Start"]) for c in year.calls if c["Date"] == "29/10/2023")
    turned_back = [later for (_, earlier), (_, later) in pairwise(autumn) if later < earlier]
    assert len(turned_back) == 1, "references rise with time, the wall clock falls back once"
    assert turned_back[0] >= "01:00:00"
    assert not any(c["Date"] == "31/03/2024" and c["Start"][:2] == "01" for c in year.calls)
    assert any(c["Date"] == "31/03/2024" and c["Start"][:2] == "02" for c in year.calls)


def test_exports_overlap_are_repeated_corrected_and_late(year):
    files = year.truth["files"]
    arrivals = [datetime.fromisoformat(f["arrives_at"]) for f in files]
    assert arrivals == sorted(arrivals)
    assert all(f["arrives_at"] > f["exported_at"] for f in files)
    assert any((a - datetime.fromisoformat(f["exported_at"])).days > 30 for a, f in zip(arrivals, files, strict=True))
    assert max(f["exported_at"] for f in files) == "2024-04-30T05:00:00Z"
    same = [p.read_bytes() for p in year.paths("acd_calls") if "2023-07" in p.name]
    assert same[0] == same[1]
    september = [{r["Call Ref"]: r for r in rows(p)} for p in year.paths("acd_calls") if "2023-09_" in p.name]
    assert sum(gave_up(r) for r in september[0].values()) > sum(
        gave_up(september[1].get(k, r)) for k, r in september[0].items()
    )
    october = {r["Call Ref"] for p in year.paths("acd_calls") if "2023-10_" in p.name for r in rows(p)}
    assert len(october & september[1].keys()) > 1000


def test_a_correction_moves_an_incident_to_another_month(year):
    months = defaultdict(set)
    for path in year.paths("cad_incidents"):
        for row in rows(path):
            if row["Incident Number"] and None not in row.values() and readable(row):
                months[row["Incident Number"]].add(started(row)[3:10])
    assert sum(len(found) == 2 for found in months.values()) == 1


def test_about_one_row_in_a_thousand_is_dirty_and_keys_are_unique(year):
    records = dirty = 0
    for path in [*year.paths("acd_calls")[::3], *year.paths("cad_incidents"), *year.paths("online_contacts")]:
        starts: dict[str, set[str]] = defaultdict(set)
        for row in rows(path):
            records += 1
            key = row.get("Call Ref") or row.get("Incident Number") or row.get("Reference") or ""
            if not key or None in row.values() or not readable(row):
                dirty += 1
            else:
                starts[key].add(
                    row.get("Date", "") + (row.get("Start") or row.get("Created") or row.get("Submitted") or "")
                )
        assert all(len(found) == 1 for found in starts.values()), path.name
    assert 0.0007 < dirty / records < 0.0013


def test_same_seed_same_bytes_and_another_seed_agrees(tmp_path):
    for name, seed in (("first", 7), ("again", 7), ("other", 8)):
        simulate(tmp_path / name, seed=seed, rows=30_000)
    files = sorted(path.relative_to(tmp_path / "first") for path in (tmp_path / "first").rglob("*") if path.is_file())
    assert len(files) > 60
    assert all((tmp_path / "first" / f).read_bytes() == (tmp_path / "again" / f).read_bytes() for f in files)
    first, other = Files(tmp_path / "first"), Files(tmp_path / "other")
    assert first.calls != other.calls
    # 24,000 calls: four standard errors of the difference of two shares are 0.016.
    assert abandonment(first) == pytest.approx(abandonment(other), abs=0.016)
    assert attended_median_h(grade_2(other, domestic_only=True)) == pytest.approx(22.0, rel=0.08)


def test_too_few_rows_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least 1000"):
        simulate(tmp_path, rows=10)


def test_truth_agrees_with_the_files(year):
    figures = year.truth["figures"]
    assert abandonment(year) == pytest.approx(figures["calls_101_abandonment_rate"], abs=0.001)
    assert declined_share(year) == pytest.approx(figures["safeguarding_declined_share"], abs=0.005)
    assert datetime.fromisoformat(year.truth["files"][0]["exported_at"]).tzinfo == UTC
