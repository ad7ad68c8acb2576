"""What a notice says moved a figure: the parts are those of the values, and add up to their change by hand."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from callclock.clock import Month, PeriodKind
from callclock.contracts import METRIC_VALUES, RESTATEMENTS, VALUE_KEYS
from callclock.engine import connect
from callclock.metrics.catalogue import families, metric
from callclock.moved_text import Beside, Moved, Sides, Split
from callclock.notify import Hint, _Telling
from callclock.parts import Effect, Part, contributions, effects
from callclock.replay import Rule
from callclock.series import load_series, metrics_of
from callclock.settings import Force, Severity, ThresholdRule
from callclock.small_numbers import is_hidden
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


def split_of(db: duckdb.DuckDBPyConnection, rule: ThresholdRule, frontier: date = MAY) -> Moved | None:
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
    assert isinstance(split, Split)
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
        ("calls.wait_final_median_s", 45.0, "calls.wait_final_mean_s"),
        ("calls.queue_wait_first_p90_s", 45.0, "calls.queue_wait_first_mean_s"),
        ("attendance.dispatch_to_arrival_p90_s", 900.0, "attendance.dispatch_to_arrival_mean_s"),
        ("calls.abandon_time_median_s", 45.0, "calls.abandon_time_mean_s"),
        ("attendance.mean_s", 3600.0, None),
    ],
)
def test_the_nearest_mark(name: str, level: float, found: str | None) -> None:
    share = stand_in(name, level)
    assert (share.metric if share else None) == found
    assert found is None or found in metrics_of(replace(MEDIAN, metric=name))


@pytest.mark.parametrize(("kind", "mark"), [("threshold", "24 hours"), ("signal", "4 hours")])
def test_a_signal_has_no_limit_and_the_value_itself_says_which_mark(
    db: duckdb.DuckDBPyConnection, kind: str, mark: str
) -> None:
    rule = (
        replace(MEDIAN, kind=kind) if kind == "threshold" else replace(MEDIAN, kind=kind, severities=(), recover=None)
    )
    for month, hours, within in ((4, 4, 300), (5, 5, 240)):
        put(db, "attendance.median_s", month, GRADE_2, value=hours * 3600.0, n=600)
        for name in ("attendance.within_4h", "attendance.within_24h"):
            put(db, name, month, GRADE_2, numerator=within, denominator=600, n=600)
            for area in ("North", "South"):
                put(db, name, month, {**GRADE_2, "area": area}, numerator=within / 2, denominator=300, n=300)
    split = split_of(db, rule)
    assert isinstance(split, Split)
    assert f"within {mark}, the nearest mark" in split.about


@pytest.mark.parametrize(
    ("metric_name", "seconds", "longer", "grew", "apart"),
    [
        ("attendance.median_s", 14400, True, False, ""),
        ("attendance.median_s", 14400, False, True, ""),
        ("attendance.median_s", 14400, True, True, "whom nobody came to"),
        ("calls.wait_first_median_s", 30, True, False, ""),
        ("calls.wait_first_median_s", 300, True, True, ""),
        ("calls.wait_first_median_s", 300, True, False, "who gave up"),
        ("calls.wait_final_p90_s", 300, True, True, ""),
        ("calls.wait_final_p90_s", 300, True, False, "how long everybody waited"),
    ],
)
def test_a_mail_says_that_the_two_moved_apart(
    metric_name: str, seconds: float, longer: bool, grew: bool, apart: str
) -> None:
    """People waited longer, and more of all were reached in time: both can be so, and a reader must not stumble."""
    share = stand_in(metric_name, seconds)
    assert share
    said = share.about(longer, grew).partition("has.")[2]
    counts = "the mean counts" if "wait_final" in metric_name else "the share counts those too"
    assert said == (f" The two moved apart: {counts} {apart}." if apart else "")


@pytest.mark.parametrize("name", sorted({m.name for family in families() for m in family.metrics if stand_ins(m.name)}))
def test_what_stands_in_is_a_measure_that_there_is_of_the_unit_that_it_says(name: str) -> None:
    assert {(metric(share.metric).unit, share.unit) for share in stand_ins(name)} <= {("share", "share"), ("s", "s")}


def test_no_percentile_is_left_without_what_speaks_for_it_but_those_that_no_mean_is_published_of() -> None:
    percentiles = {m.name for f in families() for m in f.metrics if re.search("_(median|p90|p95)(_all)?_s$", m.name)}
    assert {name for name in percentiles if not stand_ins(name)} == {
        "followthrough.delay_median_s", "safeguarding.time_to_share_median_s"
    }  # fmt: skip


def test_a_stage_in_which_nobody_hung_up_in_one_month_is_nought_there(db: duckdb.DuckDBPyConnection) -> None:
    """Values hold no row for it: its denominator is that of the whole all the same."""
    for month, queue, ringing in ((4, 90, 0), (5, 150, 40)):
        put(db, "calls.abandonment_rate", month, LINE_101, numerator=queue + ringing, denominator=1000, n=1000)
        for stage, hung_up in (("queue", queue), ("ringing", ringing)):
            if hung_up:
                stages = {**LINE_101, "stage": stage}
                put(db, "calls.abandoned_share", month, stages, numerator=hung_up, denominator=1000, n=1000)
    split = split_of(db, HUNG_UP)
    assert isinstance(split, Split)
    assert split.parts == (Part("queue", 90, 1000, 150, 1000), Part("ringing", 0, 1000, 40, 1000))
    assert [(e.name, e.total) for e in contributions(split.parts)] == [
        ("queue", Fraction(60, 1000)), ("ringing", Fraction(40, 1000))
    ]  # fmt: skip


def test_nobody_hung_up_at_all_before(db: duckdb.DuckDBPyConnection) -> None:
    put(db, "calls.abandonment_rate", 4, LINE_101, numerator=0, denominator=900, n=900)
    put(db, "calls.abandonment_rate", 5, LINE_101, numerator=200, denominator=1000, n=1000)
    put(db, "calls.abandoned_share", 5, {**LINE_101, "stage": "queue"}, numerator=200, denominator=1000, n=1000)
    split = split_of(db, HUNG_UP)
    assert isinstance(split, Split)
    assert split.parts == (Part("queue", 0, 900, 200, 1000),)


def test_a_mean_has_parts_in_seconds(db: duckdb.DuckDBPyConnection) -> None:
    rule = replace(MEDIAN, metric="attendance.mean_s")
    for month, north, south in ((4, 3600.0, 7200.0), (5, 3600.0, 14400.0)):
        put(db, "attendance.mean_s", month, GRADE_2, value=(north * 300 + south * 100) / 400, n=400)
        put(db, "attendance.mean_s", month, {**GRADE_2, "area": "North"}, value=north, n=300)
        put(db, "attendance.mean_s", month, {**GRADE_2, "area": "South"}, value=south, n=100)
    split = split_of(db, rule)
    assert isinstance(split, Split)
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


def test_a_ratio_is_no_mean(db: duckdb.DuckDBPyConnection) -> None:
    """The area of a ratio that no two sides are known of has no part in it."""
    rule = replace(MEDIAN, metric="attendance.gap_ratio")
    for month in (4, 5):
        for area in ("all", "North", "South"):
            put(db, "attendance.gap_ratio", month, {**GRADE_2, "area": area}, value=2.0)
    assert len(load_series(db, rule).rows) == 2
    assert split_of(db, rule) is None


def gap(db: duckdb.DuckDBPyConnection, name: str, old: tuple[float, float], new: tuple[float, float]) -> None:
    """A gap in April and May, and the medians of its two sides, in seconds."""
    against = "other" if name.endswith("other") else "all"
    for month, (abuse, others) in ((4, old), (5, new)):
        value = abuse - others if name.endswith("_s") else abuse / others
        put(db, name, month, GRADE_2, value=value)
        put(db, "attendance.median_s", month, GRADE_2, value=abuse, n=481)
        put(db, "attendance.median_s", month, {**GRADE_2, "population": against}, value=others, n=2204)


@pytest.mark.parametrize(
    ("name", "against", "abuse", "others"),
    [
        # By hand: (43200 - 28800)(1/14400 + 1/21600)/2 = 5/6, and (1/21600 - 1/14400)(28800 + 43200)/2 = -5/6.
        ("attendance.gap_ratio", "all", Fraction(5, 6), Fraction(-5, 6)),
        ("attendance.gap_ratio_other", "other", Fraction(5, 6), Fraction(-5, 6)),
        ("attendance.gap_s", "all", Fraction(14400), Fraction(-7200)),
    ],
)
def test_a_gap_has_two_sides(
    db: duckdb.DuckDBPyConnection, name: str, against: str, abuse: Fraction, others: Fraction
) -> None:
    """Twice as long as the others in both months: domestic abuse waited longer, and so did they."""
    gap(db, name, (28800, 14400), (43200, 21600))
    split = split_of(db, replace(MEDIAN, metric=name))
    assert isinstance(split, Sides)
    assert split.effects == (Effect("domestic_abuse", abuse, Fraction()), Effect(against, others, Fraction()))
    assert [[row.value for row in rows] for rows in (split.old, split.new)] == [[28800, 14400], [43200, 21600]]
    assert metrics_of(replace(MEDIAN, metric=name)) >= {name, "attendance.median_s", "attendance.within_4h"}


@pytest.mark.parametrize("kind", list(PeriodKind))
@pytest.mark.parametrize("of", ["threshold", "signal"])
def test_a_rule_on_a_gap_is_read_whatever_its_period(db: duckdb.DuckDBPyConnection, kind: PeriodKind, of: str) -> None:
    """Signals are read from weeks or months only: a side is no rule of its own."""
    gap(db, "attendance.gap_ratio", (28800, 14400), (43200, 14400))
    db.execute("UPDATE metric_values SET period_kind = ?", [kind.value])
    rule = replace(MEDIAN, metric="attendance.gap_ratio", period=kind)
    if of == "signal" and kind in {PeriodKind.WEEK, PeriodKind.MONTH}:
        rule = replace(rule, kind="signal", severities=(), recover=None)
    split = split_of(db, rule)
    assert isinstance(split, Sides)
    assert split.foremost == "domestic_abuse"


def test_the_side_that_moved_a_gap_most_is_split_by_area_at_the_mark_nearest_to_its_own_median(
    db: duckdb.DuckDBPyConnection,
) -> None:
    """A limit on a ratio is no time; 12 hours, the median of May, are nearer to 24 than to 4."""
    gap(db, "attendance.gap_ratio", (28800, 14400), (43200, 14400))
    for month, north, south in ((4, 60, 100), (5, 30, 102)):
        put(db, "attendance.within_24h", month, GRADE_2, numerator=north + south, denominator=240, n=240)
        for area, within in (("North", north), ("South", south)):
            put(db, "attendance.within_24h", month, {**GRADE_2, "area": area}, numerator=within, denominator=120, n=120)
            other = {**GRADE_2, "population": "all", "area": area}
            put(db, "attendance.within_24h", month, other, numerator=1, denominator=2, n=2)
    split = told(db, replace(MEDIAN, metric="attendance.gap_ratio", severities=(Severity("warning", 1.5),), recover=1))
    assert isinstance(split, Sides)
    assert split.foremost == "domestic_abuse"
    assert split.within == Split(
        "area", "April 2026", (Part("North", 60, 120, 30, 120), Part("South", 100, 120, 102, 120)), suppress_below=10,
        about="Its median has no parts that add up; the share of incidents attended within 24 hours, the nearest mark, "
        "has.",
    )  # fmt: skip


def test_a_gap_of_shares_is_split_in_points(db: duckdb.DuckDBPyConnection) -> None:
    """By hand: 40 % less 60 % in April, 30 % less 65 % in May: ten points of the fifteen are those of domestic abuse."""
    rule = replace(MEDIAN, metric="attendance.gap_within_4h", direction="below", severities=(Severity("w", -0.1),))
    for month, abuse, others in ((4, 40, 120), (5, 30, 130)):
        put(db, rule.metric, month, GRADE_2, value=abuse / 100 - others / 200, n=300)
        for where, within, n in ((GRADE_2, abuse, 100), ({**GRADE_2, "population": "other"}, others, 200)):
            put(db, "attendance.within_4h", month, where, numerator=within, denominator=n, n=n)
            for area, part in (("North", within - 10), ("South", 10)):
                put(
                    db,
                    "attendance.within_4h",
                    month,
                    {**where, "area": area},
                    numerator=part,
                    denominator=n / 2,
                    n=n / 2,
                )
    split = split_of(db, rule)
    assert isinstance(split, Sides)
    assert [round(float(e.total), 9) for e in split.effects or ()] == [-0.1, -0.05]
    assert split.within
    assert (split.within.about, split.within.parts[0]) == ("", Part("North", 30, 50, 20, 50))


def test_a_gap_that_rests_on_few_is_not_printed_and_counts_for_nothing_under_the_least_n(
    db: duckdb.DuckDBPyConnection,
) -> None:
    """A gap has no n (METRICS): that of its smaller side says whether it is observed, and whether it may be printed."""
    rule = replace(MEDIAN, metric="attendance.gap_ratio", severities=(Severity("warning", 1.5),), recover=1)
    gap(db, rule.metric, (28800, 14400), (43200, 14400))
    observed = Rule.of(rule, Force("Example"))
    assert [observed.observed(row) for row in load_series(db, rule).rows] == [2.0, 3.0]
    db.execute(
        "UPDATE metric_values SET n = 9 WHERE metric = 'attendance.median_s' AND period_label = '2026-05' AND n = 481"
    )
    few = load_series(db, rule).rows
    assert [observed.observed(row) for row in few] == [2.0, None]
    assert [is_hidden(row, rule.metric, "ratio", 5) for row in few] == [False, True]
    split = split_of(db, rule)
    assert split
    assert split.said() == ["Against April 2026: not printed, because a side of it rests on small numbers."]


def test_those_who_hung_up_are_split_by_stage_where_every_stage_is_told(db: duckdb.DuckDBPyConnection) -> None:
    """A stage of which too few can be linked has no share: the others do not make up the whole, and nothing is split."""
    where = {**LINE_101, "window_label": "72h"}
    rule = replace(
        MEDIAN,
        metric="followthrough.no_contact_found_share",
        severities=(Severity("w", 0.5),),
        recover=0.4,
        where=where,
    )
    for month, queue, message in ((4, 200, 90), (5, 260, 92)):
        put(db, rule.metric, month, where, numerator=queue + message, denominator=600, n=600)
        put(db, rule.metric, month, {**where, "stage": "queue"}, numerator=queue, denominator=400, n=400)
        put(db, rule.metric, month, {**where, "stage": "ivr"}, numerator=message, denominator=200, n=200)
    split = split_of(db, rule)
    assert isinstance(split, Split)
    assert (split.dimension, split.parts) == (
        "stage",
        (Part("ivr", 90, 200, 92, 200), Part("queue", 200, 400, 260, 400)),
    )
    db.execute("UPDATE metric_values SET value = NULL WHERE stage = 'ivr' AND period_label = '2026-05'")
    assert split_of(db, rule) is None


def test_grades_of_two_schemes_are_no_parts(db: duckdb.DuckDBPyConnection) -> None:
    """Grade 1 of one scheme is not grade 1 of another: of two of one name neither makes up the whole."""
    rule = replace(MEDIAN, metric="attendance.over_7d", severities=(Severity("w", 0.05),), recover=0.03, where={})
    whole = {**GRADE_2, "grade": "all", "grade_scheme": "all", "population": "all"}
    for month in (4, 5):
        put(db, rule.metric, month, whole, numerator=30 * month, denominator=800, n=800)
        for scheme in ("old", "new"):
            for grade, n in (("1", 20 * month), ("2", 10 * month)):
                part = {**whole, "grade": grade, "grade_scheme": scheme}
                put(db, rule.metric, month, part, numerator=n / 2, denominator=200, n=200)
    assert split_of(db, rule) is None


def test_a_percentile_that_no_mark_belongs_to_is_spoken_for_by_its_mean(db: duckdb.DuckDBPyConnection) -> None:
    """By hand: (100 x 60 + 300 x 20) / 400 = 30 s in April, (100 x 60 + 300 x 40) / 400 = 45 s in May."""
    rule = replace(
        MEDIAN, metric="calls.wait_final_p90_s", severities=(Severity("warning", 300),), recover=0, where=LINE_101
    )
    for month, slow, all_p90, mean in ((4, 20.0, 200, 30), (5, 40.0, 330, 45)):
        put(db, "calls.wait_final_p90_s", month, LINE_101, value=all_p90, n=400)
        put(db, "calls.wait_final_mean_s", month, LINE_101, value=mean, n=400)
        put(db, "calls.wait_final_mean_s", month, {**LINE_101, "queue": "crime"}, value=60.0, n=100)
        put(db, "calls.wait_final_mean_s", month, {**LINE_101, "queue": "general"}, value=slow, n=300)
    split = split_of(db, rule)
    assert isinstance(split, Split)
    assert (split.dimension, split.unit) == ("queue", "s")
    assert {effect.name: effect.total for effect in effects(split.parts)} == {"general": 15, "crime": 0}
    assert split.about == "It has no parts that add up; the mean of the same calls has."


def test_how_long_it_took_to_hang_up_is_split_by_stage_before_queue(db: duckdb.DuckDBPyConnection) -> None:
    """The mean has parts: 16 s more, for twice as many stayed in the queue until they hung up."""
    rule = replace(
        MEDIAN,
        metric="calls.abandon_time_median_s",
        where=LINE_101,
        severities=(Severity("warning", 45.0),),
        recover=30.0,
    )
    for month, median, waited, listened in ((4, 40, 200, 800), (5, 55, 400, 600)):
        put(db, rule.metric, month, LINE_101, value=median, n=1000)
        mean = (waited * 100 + listened * 20) / 1000
        put(db, "calls.abandon_time_mean_s", month, LINE_101, value=mean, n=1000)
        for key, of in (("stage", ("skill_queue", "ivr")), ("queue", ("crime", "none"))):
            for name, value, n in zip(of, (100.0, 20.0), (waited, listened), strict=True):
                put(db, "calls.abandon_time_mean_s", month, {**LINE_101, key: name}, value=value, n=n)
    split = split_of(db, rule)
    assert isinstance(split, Split)
    assert (split.dimension, split.unit) == ("stage", "s")
    assert sum(effect.total for effect in effects(split.parts)) == 52 - 36
    assert split.about == "It has no parts that add up; the mean of the same hang-ups has."


def test_medians_by_stage_stand_beside_each_other(db: duckdb.DuckDBPyConnection) -> None:
    """Values hold no mean of it and no share: each stage by itself, and none that rests on few."""
    rule = replace(MEDIAN, metric="followthrough.delay_median_s", where={**LINE_101, "window_label": "72h"})
    for month, all_s, queue, message, rang in ((4, 60, 90, 20, 8), (5, 80, 150, 21, 500)):
        for stage, value, n in (
            ("all", all_s, 900),
            ("skill_queue", queue, 400),
            ("ivr", message, 400),
            ("ringing", rang, 9),
        ):
            put(db, rule.metric, month, {**rule.where, "stage": stage}, value=value, n=n)
    split = split_of(db, rule)
    assert isinstance(split, Beside)
    assert split.said() == [
        "It has no parts that add up. By stage, each by itself, most changed first:",
        "- in the queue for a call handler: 2 min 30 s, 1 min 30 s in April 2026",
        "- in the recorded message: 21 s, 20 s in April 2026",
    ]
    alone = replace(split, parts=split.parts[:1])
    assert [name for name, _, _ in alone.parts] == ["ivr"]
    few = [(name, replace(old, n=9), new) for name, old, new in split.parts]
    assert replace(split, parts=tuple(few)).said() == ["This measure has no split that adds up; see what to look at."]


def test_no_parts_before_is_no_split(db: duckdb.DuckDBPyConnection) -> None:
    """A force that names its areas only now: there is nothing to hold them against."""
    medians(db)
    for area in ("North", "South"):
        put(db, "attendance.within_24h", 5, {**GRADE_2, "area": area}, numerator=100, denominator=300, n=300)
    assert split_of(db, MEDIAN) is None


def test_one_value_alone_is_no_change(db: duckdb.DuckDBPyConnection) -> None:
    put(db, "calls.abandonment_rate", 5, LINE_101, numerator=200, denominator=1000, n=1000)
    assert split_of(db, HUNG_UP) is None


def told(db: duckdb.DuckDBPyConnection, rule: ThresholdRule) -> Moved | None:
    """Split of the notice that is told of a rule in September, as notify has it."""
    force, at = Force("Example", suppress_below=5, suppress_domestic_abuse_below=10), datetime(2026, 9, 1, tzinfo=UTC)
    telling = _Telling(Hint("EX", None, at), force, rule, None, db, list)  # type: ignore[arg-type]
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
        for area, part, n in (("all", late, 600), ("North", late - 5, 400), ("South", 5, 200)):
            where = {**GRADE_2, "population": population, "area": area}
            put(db, "attendance.over_7d", month, where, numerator=part, denominator=n, n=n)
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
    assert isinstance(split, Split)
    assert (split.compared_with, split.parts) == ("February 2026", (Part("queue", 50, 1000, 300, 1000),))
