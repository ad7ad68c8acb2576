"""Where a record counts when a year ends: calendar, ISO and financial years, midnights in winter and summer time.

Every label is written out by hand.
"""

from datetime import timedelta

import pandas as pd
import pytest

from callclock.clock import Month
from callclock.metrics.catalogue import family
from tests.support.curated import at, call, incident, values

AS_AT = at("2028-06-01T00:00:00Z")
HOMES = [Month(2025, 10).plus(n) for n in range(16)]
LAST = "2027-01"
# An instant; its day, week, month and quarter; its financial year; in how many months to date, to January 2027, it is.
CASES = {
    "2025-12-31T23:59:59.999Z": ("2025-12-31 2026-W01 2025-12 2025-Q4", "2025/26", 4),
    "2026-01-01T00:00:00.000Z": ("2026-01-01 2026-W01 2026-01 2026-Q1", "2025/26", 3),
    "2026-03-31T22:59:59.999Z": ("2026-03-31 2026-W14 2026-03 2026-Q1", "2025/26", 1),
    "2026-03-31T23:00:00.000Z": ("2026-04-01 2026-W14 2026-04 2026-Q2", "2026/27", 10),
    "2026-12-31T23:59:59.999Z": ("2026-12-31 2026-W53 2026-12 2026-Q4", "2026/27", 2),
    "2027-01-01T00:00:00.000Z": ("2027-01-01 2026-W53 2027-01 2027-Q1", "2026/27", 1),
}


def counted(found: pd.DataFrame) -> dict[str, list[tuple[str, str]]]:
    return {
        kind: sorted(zip(rows.period_label, rows.period_end.astype(str), strict=True))
        for kind, rows in found.groupby("period_kind")
    }


def due(instant: str) -> dict[str, list[str]]:
    labels, year, months = CASES[instant]
    short = {kind: [label] for kind, label in zip(("day", "week", "month", "quarter"), labels.split(), strict=True)}
    first = Month.parse(labels.split()[2])
    rolling = [str(first.plus(n)) for n in range(12) if str(first.plus(n)) <= LAST]
    return {**short, "fy_to_date": [year] * months, "rolling_12m": rolling}


@pytest.fixture(scope="module")
def incidents(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Counts of one incident at each instant, told apart by the scheme of its grade."""
    rows = [incident(AS_AT, call_received_at=at(text), closed_at=AS_AT, grade_scheme=text) for text in CASES]
    families = [family("attendance_counts"), family("attendance_counts_year")]
    workdir = tmp_path_factory.mktemp("incidents")
    found = pd.concat([values(families, rows, home, workdir / str(home), as_at=AS_AT) for home in HOMES])
    found = found[(found.metric == "attendance.incidents") & (found.grade == "unknown") & (found.area == "all")]
    return found[(found.grade_basis == "initial") & (found.population == "all") & (found.hour_of_week == "all")]


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Episodes of two hang-ups, the second a quarter of an hour after the instant; each on a line of its own."""
    rows = [
        call(
            AS_AT, call_started_at=start, ended_at=start + timedelta(minutes=1), stage="queue", line=text,
            caller_key="k", key_epoch="1",
        )
        for text in CASES for start in (at(text), at(text) + timedelta(minutes=15))
    ]  # fmt: skip
    families = [family("calls_callers"), family("calls_callers_year")]
    workdir = tmp_path_factory.mktemp("calls")
    found = pd.concat([values(families, rows, home, workdir / str(home), as_at=AS_AT) for home in HOMES])
    return found[(found.metric == "calls.callers_abandoned") & (found.hour_of_week == "all")]


@pytest.mark.parametrize("instant", CASES)
def test_an_incident_counts_in_the_periods_of_its_local_day(instant: str, incidents: pd.DataFrame) -> None:
    found = counted(incidents[incidents.grade_scheme == instant])
    assert {kind: [label for label, _ in rows] for kind, rows in found.items()} == due(instant)
    year = [end for _, end in found["fy_to_date"]]
    assert year == sorted(set(year)), "a row for each month"
    assert set(incidents.value) == {1}


@pytest.mark.parametrize("instant", CASES)
def test_an_episode_counts_in_the_periods_of_its_first_call(instant: str, calls: pd.DataFrame) -> None:
    """Also where the second call of it belongs to another year."""
    mine = calls[(calls.line == instant) & (calls.denominator > 0)]
    found = counted(mine)
    assert {kind: [label for label, _ in rows] for kind, rows in found.items()} == due(instant)
    assert set(mine.value) == set(mine.denominator) == {1}
