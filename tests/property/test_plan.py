"""The plan: a refresh of what a touched month affects leaves the same values as working out everything anew."""

import random
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callclock import plan
from callclock.clock import Month, periods_of
from callclock.contracts import TABLES
from callclock.engine import connect
from callclock.metrics.catalogue import Family, families, family
from callclock.metrics.evaluate import prepare
from callclock.metrics.known import Known, SourceKnown
from tests.support.curated import FORCE, TARGETS, at, call, contact, incident, write

LONDON = ZoneInfo("Europe/London")
AS_AT = at("2027-03-01T00:00:00Z")
KNOWN = Known(AS_AT, tuple(SourceKnown(table, "test", AS_AT, "snapshot") for table in TABLES))
FIRST, MONTHS = Month(2025, 11), 3
# One of short periods and one of long ones, one of each table, one that looks behind and ahead in several.
TRIED = [family(name) for name in ("attendance_counts", "calls_outcomes_year", "followthrough_chance")]

months = st.builds(Month, st.integers(1996, 2060), st.integers(1, 12))
# The plan looks at nothing else of a family.
SHAPES = list({(of.kinds, of.look_behind, of.look_ahead): of for of in families()}.values())
everyone = st.sampled_from(SHAPES)


@given(touched=months, of=everyone)
@settings(max_examples=60, deadline=None)
def test_affected_is_the_inverse_of_needed(touched: Month, of: Family) -> None:
    affected = plan.affected(touched, of)
    for home in (touched.plus(n) for n in range(-30, 31)):
        assert (home in affected) == (touched in plan.needed(home, of))


@given(touched=months)
@settings(max_examples=60, deadline=None)
def test_one_touched_month_reads_at_most_29_months(touched: Month) -> None:
    read = {month for of in SHAPES for home in plan.affected(touched, of) for month in plan.needed(home, of)}
    assert touched in read
    assert len(read) <= 29


@given(home=months, of=everyone)
@settings(max_examples=60, deadline=None)
def test_every_day_of_a_period_lies_in_a_needed_month(home: Month, of: Family) -> None:
    days = {
        Month.of(period.start + timedelta(days=n))
        for period in periods_of(home)
        if period.kind in of.kinds
        for n in range((period.end - period.start).days)
    }
    assert days <= set(plan.needed(home, of))


@pytest.mark.parametrize(
    ("name", "touched", "homes"),
    [
        # 1 May 2026 is a Friday: its week began in April. April began the quarter.
        ("attendance_marks", Month(2026, 5), ["2026-04", "2026-05"]),
        # 1 June 2026 is a Monday; the quarter began in April.
        ("attendance_marks", Month(2026, 6), ["2026-04", "2026-06"]),
        ("attendance_marks_year", Month(2026, 6), [str(Month(2026, 6).plus(n)) for n in range(12)]),
    ],
)
def test_hand_worked(name: str, touched: Month, homes: list[str]) -> None:
    assert [str(home) for home in plan.affected(touched, family(name))] == homes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plan")


@cache
def month_file(table: str, month: Month, version: int, folder: Path) -> Path:
    """Curated file of one version of a month."""
    chance = random.Random(f"{table} {month} {version}")
    first = datetime(month.year, month.month, 1, tzinfo=LONDON)
    hours = int((month.next_first_day - month.first_day).days * 24) - 2
    starts = [first + timedelta(hours=chance.choice([0, hours, chance.randrange(hours)])) for _ in range(6)]
    rows = [_row(table, chance, start.astimezone(AS_AT.tzinfo), str(n)) for n, start in enumerate(starts)]
    return write(TABLES[table], rows, folder / f"{table}-{month}-{version}.parquet")


def _row(table: str, chance: random.Random, start: datetime, key: str) -> dict[str, Any]:
    end = start + timedelta(minutes=chance.randrange(1, 5000))
    caller = {"caller_key": chance.choice(["a", "b"]), "key_epoch": "1", "record_key": f"{start:%Y-%m} {key}"}
    if table == "calls":
        stage = chance.choice(["answered", "queue", "ivr"])
        return call(AS_AT, call_started_at=start, ended_at=end, stage=stage, **caller)
    if table == "contacts":
        return contact(AS_AT, submitted_at=start, **caller)
    came = chance.random() < 0.7
    grade = chance.choice(["1", "2"])
    return incident(
        AS_AT,
        **caller,
        call_received_at=start,
        grade_initial=grade,
        domestic_abuse=chance.random() < 0.5,
        first_arrived_at=end if came else None,
        closed_at=None if came else end,
    )


@cache
def worked_out(name: str, home: Month, months: tuple[tuple[Month, int], ...], folder: Path) -> list[dict[str, Any]]:
    """Value rows of one partition from these versions of curated months."""
    of, out = family(name), folder / "values.parquet"
    paths = {table: [month_file(table, month, version, folder) for month, version in months] for table in of.tables}
    with connect(folder / "duckdb") as con:
        ready = prepare(con, paths, homes=[home], force=FORCE, targets=TARGETS, known=KNOWN)
        ready.evaluate(of, {home: out})
    rows: list[dict[str, Any]] = pq.read_table(out).to_pylist()
    return rows


def homes_of(of: Family) -> list[Month]:
    """Partitions that any curated month could reach; of long periods those near both ends of the reach."""
    reach = (*range(MONTHS), *range(10, MONTHS + 11)) if of.name.endswith("_year") else range(-2, MONTHS)
    return [FIRST.plus(n) for n in reach]


@given(
    touches=st.lists(
        st.dictionaries(st.integers(0, MONTHS - 1).map(FIRST.plus), st.integers(1, 2), min_size=1, max_size=2),
        min_size=1,
        max_size=2,
    ),
    of=st.sampled_from(TRIED),
)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_refreshes_equal_a_full_rebuild(touches: list[dict[Month, int]], of: Family, folder: Path) -> None:
    curated: dict[Month, int] = {}
    values: dict[Month, list[dict[str, Any]]] = {}
    for touch in touches:
        curated |= touch
        for home in sorted({home for month in touch for home in plan.affected(month, of)} & set(homes_of(of))):
            needed = tuple((month, curated[month]) for month in plan.needed(home, of) if month in curated)
            values[home] = worked_out(of.name, home, needed, folder)
    for home in homes_of(of):
        # The rebuild knows no plan: it reads every month there is.
        rebuilt = worked_out(of.name, home, tuple(sorted(curated.items())), folder)
        assert values.get(home, []) == rebuilt, home
    assert any(values.values())
