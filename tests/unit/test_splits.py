"""What a notice says moved a figure: the parts are those of the values, and add up to their change by hand."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from callclock.clock import Month, PeriodKind
from callclock.contracts import METRIC_VALUES, RESTATEMENTS, VALUE_KEYS
from callclock.engine import connect
from callclock.metrics.catalogue import metric
from callclock.notices import Split
from callclock.notify import Hint, _Telling
from callclock.parts import Part, contributions, effects
from callclock.replay import Rule
from callclock.series import load_series, metrics_of
from callclock.settings import Force, Severity, ThresholdRule
from callclock.splits import load_split
from callclock.stand_ins import stand_in, stand_ins
from callclock.thresholds import decide

GRADE_2 = {"grade": "2", "grade_basis": "initial", "grade_scheme": "standard", "population": "domestic_abuse"}
MEDIAN = ThresholdRule(
    "wait", "Grade 2: time to attend", "attendance.median_s", PeriodKind.MONTH, "above",
    severities=(Severity("warning", 36 * 3600.0),), recover=20 * 3600.0,
    where={"grade": "2", "population": "domestic_abuse"},
)  # fmt: skip
HUNG_UP = ThresholdRule(
    "101", "101 calls abandoned", "calls.abandonment_rate", PeriodKind.MONTH, "above",
    severities=(Severity("warning", 0.1),), recover=0.08, where={"line": "101"},
)  # fmt: skip
LINE_101 = {"line": "101"}
MAY = date(2026, 6, 1)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(tmp_path / "duckdb") as db:
        for table in (METRIC_VALUES, RESTATEMENTS):
            columns = ", ".join(f"{column.name} {column.kind.duckdb}" for column in table.columns)
            db.execute(f"CREATE TABLE {table.name} ({columns})")
        yield db


def put(db: duckdb.DuckDBPyConnection, name: str, month: int, where: Mapping[str, str], **said: Any) -> None:
    """One row of values, of a month of 2026; every key that is not named is ``all``."""
    span = Month(2026, month)
    row = {
        **dict.fromkeys(VALUE_KEYS, "all"), "basis": "record", "metric": name, "period_kind": "month",
        "period_label": str(span), "period_start": span.first_day, "period_end": span.next_first_day,
        "unit": metric(name).unit, "complete": True, "as_at": "2026-09-01 00:00:00", "definition_version": "1",
        "n_immature": 0, "n_excluded": 0, "n_unknown": 0, **where, **said,
    }  # fmt: skip
    if said.get("denominator"):
        row["value"] = said["numerator"] / said["denominator"]
    db.execute(f"INSERT INTO metric_values ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


def split_of(db: duckdb.DuckDBPyConnection, rule: ThresholdRule, frontier: date = MAY) -> Split | None:
    return load_split(db, rule, load_series(db, rule), frontier)


def medians(db: duckdb.DuckDBPyConnection) -> None:
    for month, hours in ((3, 20), (4, 30), (5, 43)):
        put(db, "attendance.median_s", month, GRADE_2, value=hours * 3600.0, n=500)


def test_a_median_is_spoken_for_by_the_share_at_the_mark_nearest_to_its_limit(
    db: duckdb.DuckDBPyConnection,
) -> None:
    """36 hours are nearer to 24 than to 168. By hand: 300 of 600 in April, 240 of 600 in May: ten points fewer."""
    medians(db)
    for name in ("attendance.within_24h", "attendance.within_7d", "attendance.within_4h"):
        for month, north, south in ((4, 200, 100), (5, 120, 120)):
            put(db, name, month, GRADE_2, numerator=north + south, denominator=600, n=600)
            put(db, name, month, {**GRADE_2, "area": "North"}, numerator=north, denominator=400, n=400)
            put(db, name, month, {**GRADE_2, "area": "South"}, numerator=south, denominator=200, n=200)
    split = split_of(db, MEDIAN)
    assert split == Split(
        "area", "April 2026", (Part("North", 200, 400, 120, 400), Part("South", 100, 200, 120, 200)),
        about="It has no parts that add up; the share of incidents attended within 24 hours, the nearest mark, has.",
    )  # fmt: skip
    assert split
    assert sum(effect.total for effect in effects(split.parts)) == Fraction(240, 600) - Fraction(300, 600)


@pytest.mark.parametrize(
    ("name", "level", "found"),
    [
        ("attendance.median_s", 4 * 3600.0, "attendance.within_4h"),
        ("attendance.p90_s", 900.0, "attendance.within_15m"),
        ("attendance.median_all_s", 30 * 86400.0, "attendance.within_7d"),
        ("calls.wait_first_median_s", 45.0, "calls.answered_within_60s"),
        ("calls.wait_first_p95_s", 1200.0, "calls.waited_over_15m"),
        ("calls.wait_first_p90_s", 0.0, "calls.answered_within_10s"),
        ("calls.wait_final_median_s", 45.0, None),
        ("attendance.mean_s", 3600.0, None),
    ],
)
def test_the_nearest_mark(name: str, level: float, found: str | None) -> None:
    rule = replace(MEDIAN, metric=name, severities=(Severity("warning", level),), recover=0)
    share = stand_in(rule, 1e9)
    assert (share.metric if share else None) == found
    assert found is None or found in metrics_of(rule)
    signal = replace(rule, kind="signal", severities=(), recover=None)
    assert stand_in(signal, level) == share, "a signal has no limit: the value itself says which mark"


@pytest.mark.parametrize(
    ("metric_name", "seconds", "longer", "grew", "apart"),
    [
        ("attendance.median_s", 14400, True, False, ""),
        ("attendance.median_s", 14400, False, True, ""),
        ("attendance.median_s", 14400, True, True, "whom nobody came to"),
        ("calls.wait_first_median_s", 30, True, False, ""),
        ("calls.wait_first_median_s", 300, True, True, ""),
        ("calls.wait_first_median_s", 300, True, False, "who gave up"),
    ],
)
def test_a_mail_says_that_the_two_moved_apart(
    metric_name: str, seconds: float, longer: bool, grew: bool, apart: str
) -> None:
    """People waited longer, and more of all were reached in time: both can be so, and a reader must not stumble."""
    share = stand_in(replace(MEDIAN, metric=metric_name, severities=(Severity("warning", seconds),), recover=0), 0)
    assert share
    said = share.about(longer, grew).partition("has.")[2]
    assert said == (f" The two moved apart: the share counts those too {apart}." if apart else "")


@pytest.mark.parametrize("name", ["attendance.median_s", "calls.wait_first_p90_s"])
def test_what_stands_in_is_a_share_that_there_is(name: str) -> None:
    assert {metric(share.metric).unit for share in stand_ins(name)} == {"share"}


def test_a_stage_in_which_nobody_hung_up_in_one_month_is_nought_there(db: duckdb.DuckDBPyConnection) -> None:
    """Values hold no row for it: its denominator is that of the whole all the same."""
    for month, queue, ringing in ((4, 90, 0), (5, 150, 40)):
        put(db, "calls.abandonment_rate", month, LINE_101, numerator=queue + ringing, denominator=1000, n=1000)
        for stage, hung_up in (("queue", queue), ("ringing", ringing)):
            if hung_up:
                stages = {**LINE_101, "stage": stage}
                put(db, "calls.abandoned_share", month, stages, numerator=hung_up, denominator=1000, n=1000)
    split = split_of(db, HUNG_UP)
    assert split
    assert split.parts == (Part("queue", 90, 1000, 150, 1000), Part("ringing", 0, 1000, 40, 1000))
    assert [(e.name, e.total) for e in contributions(split.parts)] == [
        ("queue", Fraction(60, 1000)), ("ringing", Fraction(40, 1000))
    ]  # fmt: skip


def test_nobody_hung_up_at_all_before(db: duckdb.DuckDBPyConnection) -> None:
    put(db, "calls.abandonment_rate", 4, LINE_101, numerator=0, denominator=900, n=900)
    put(db, "calls.abandonment_rate", 5, LINE_101, numerator=200, denominator=1000, n=1000)
    put(db, "calls.abandoned_share", 5, {**LINE_101, "stage": "queue"}, numerator=200, denominator=1000, n=1000)
    split = split_of(db, HUNG_UP)
    assert split
    assert split.parts == (Part("queue", 0, 900, 200, 1000),)


def test_a_mean_has_parts_in_seconds(db: duckdb.DuckDBPyConnection) -> None:
    rule = replace(MEDIAN, metric="attendance.mean_s")
    for month, north, south in ((4, 3600.0, 7200.0), (5, 3600.0, 14400.0)):
        put(db, "attendance.mean_s", month, GRADE_2, value=(north * 300 + south * 100) / 400, n=400)
        put(db, "attendance.mean_s", month, {**GRADE_2, "area": "North"}, value=north, n=300)
        put(db, "attendance.mean_s", month, {**GRADE_2, "area": "South"}, value=south, n=100)
    split = split_of(db, rule)
    assert split
    assert (split.unit, split.about) == ("s", "")
    assert {effect.name: effect.total for effect in effects(split.parts)} == {"South": 1800, "North": 0}


def test_a_count_has_parts_that_are_counts(db: duckdb.DuckDBPyConnection) -> None:
    rule = replace(MEDIAN, metric="attendance.open", severities=(Severity("warning", 50),), recover=40)
    for month, north, south in ((4, 30, 0), (5, 30, 45)):
        put(db, "attendance.open", month, GRADE_2, value=float(north + south))
        put(db, "attendance.open", month, {**GRADE_2, "area": "North"}, value=float(north))
        if south:
            put(db, "attendance.open", month, {**GRADE_2, "area": "South"}, value=float(south))
    split = split_of(db, rule)
    assert split == Split(
        "area", "April 2026", (Part("North", 30, 30, 30, 75), Part("South", 0, 30, 45, 75)), "count", True
    )


@pytest.mark.parametrize("name", ["attendance.gap_ratio", "calls.wait_final_median_s", "followthrough.delay_median_s"])
def test_some_measures_have_no_parts(db: duckdb.DuckDBPyConnection, name: str) -> None:
    rule = replace(MEDIAN, metric=name, where={})
    where = {"grade_basis": "initial"} if name.startswith("attendance") else {}
    for month in (4, 5):
        for area in ("all", "North", "South"):
            put(db, name, month, {**where, "area": area}, value=2.0, n=500)
    assert len(load_series(db, rule).rows) == 2
    assert split_of(db, rule) is None


def test_no_parts_before_is_no_split(db: duckdb.DuckDBPyConnection) -> None:
    """A force that names its areas only now: there is nothing to hold them against."""
    medians(db)
    for area in ("North", "South"):
        put(db, "attendance.within_24h", 5, {**GRADE_2, "area": area}, numerator=100, denominator=300, n=300)
    assert split_of(db, MEDIAN) is None


def test_one_value_alone_is_no_change(db: duckdb.DuckDBPyConnection) -> None:
    put(db, "calls.abandonment_rate", 5, LINE_101, numerator=200, denominator=1000, n=1000)
    assert split_of(db, HUNG_UP) is None


def told(db: duckdb.DuckDBPyConnection, rule: ThresholdRule) -> Split | None:
    """Split of the notice that is told of a rule in September, as notify has it."""
    force, at = Force("Example", suppress_below=5, suppress_domestic_abuse_below=10), datetime(2026, 9, 1, tzinfo=UTC)
    table: Any = SimpleNamespace(db=db)
    telling = _Telling(Hint("EX", None, at), force, rule, None, table, list)  # type: ignore[arg-type]
    decision = decide(telling.series.rows, [], Rule.of(rule, force), at)
    assert decision.tell
    return telling._split(decision, telling._context().where)


@pytest.mark.parametrize(("population", "below"), [("domestic_abuse", 10), ("all", 5)])
def test_areas_of_domestic_abuse_have_the_stricter_limit(
    db: duckdb.DuckDBPyConnection, population: str, below: int
) -> None:
    """METRICS "Publishing small numbers": 1 to 9 below the level of the force, though the rule is of the whole force."""
    rule = replace(
        MEDIAN, metric="attendance.over_7d", severities=(Severity("warning", 0.05),), recover=0.03,
        where={"grade": "2", "population": population},
    )  # fmt: skip
    for month, late in ((4, 10), (5, 70)):
        for area, n in (("all", 600), ("North", 400), ("South", 200)):
            where = {**GRADE_2, "population": population, "area": area}
            put(db, "attendance.over_7d", month, where, numerator=late, denominator=n, n=n)
    split = told(db, rule)
    assert split
    assert split.suppress_below == below


def test_a_past_breach_is_split_at_its_own_month(db: duckdb.DuckDBPyConnection) -> None:
    for month, hung_up in ((2, 50), (3, 300), (4, 60), (5, 50)):
        put(db, "calls.abandonment_rate", month, LINE_101, numerator=hung_up, denominator=1000, n=1000)
        stages = {**LINE_101, "stage": "queue"}
        put(db, "calls.abandoned_share", month, stages, numerator=hung_up, denominator=1000, n=1000)
    keys = ", ".join(VALUE_KEYS)
    db.execute(
        f"INSERT INTO restatements ({keys}, period_end, old_value, restated_at) SELECT {keys}, period_end, 0.05, as_at "
        "FROM metric_values WHERE metric = 'calls.abandonment_rate' AND period_label = '2026-03'"
    )
    split = told(db, HUNG_UP)
    assert split
    assert (split.compared_with, split.parts) == ("February 2026", (Part("queue", 50, 1000, 300, 1000),))
