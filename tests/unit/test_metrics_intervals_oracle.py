"""Counts by interval: every value against a second addition in plain Python, and worked by hand."""

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from callclock.clock import Month, periods_of
from callclock.metrics.catalogue import family
from tests.support.against_oracle import same_values
from tests.support.curated import at, interval, values
from tests.support.intervals_oracle import expected

FAMILIES = [family("calls_intervals"), family("calls_intervals_year")]
KEYS = ("metric", "period_kind", "period_label", "period_end", "line", "hour_of_week", "basis")
MARCH = Month(2026, 3)
AS_AT = at("2026-05-01T00:00:00Z")
HOUR = timedelta(hours=1)


def check(rows: list[dict[str, Any]], workdir: Path, as_at: datetime = AS_AT) -> pd.DataFrame:
    """Compare all values of March's partition with the oracle's; the values."""
    found = values(FAMILIES, rows, MARCH, workdir, as_at=as_at)
    mine = {(p.kind.value, p.label, p.end.isoformat()) for p in periods_of(MARCH)}
    same_values(found, expected(rows, as_at, mine), KEYS)
    return found


def counts(start: str, **said: Any) -> dict[str, Any]:
    return interval(AS_AT, interval_start=at(start), **said)


def of_month(found: pd.DataFrame, metric: str, basis: str = "interval", line: str = "101") -> pd.Series:
    row = found[(found.metric == metric) & (found.period_kind == "month") & (found.hour_of_week == "all")]
    row = row[(row.basis == basis) & (row.line == line)]
    assert len(row) == 1
    return row.iloc[0]


@pytest.mark.parametrize("seed", range(3))
def test_random_counts(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    first = at("2026-02-20T00:00:00Z")
    edges = [at(t) for t in ("2026-03-29T00:30:00Z", "2026-03-31T22:30:00Z", "2026-02-28T23:30:00Z")]
    starts = [first + chance.randrange(48 * 45) * HOUR / 2 for _ in range(150)]
    starts += [at("2025-04-01T00:00:00Z") + chance.randrange(24 * 320) * HOUR for _ in range(60)]
    rows = []
    for start in [*starts, *edges * 5]:
        offered = chance.choice([0, 1, chance.randrange(200)])
        said: dict[str, Any] = {"provider": chance.choice(["acd", "cad", "BT", "bt"]), "offered": offered}
        said["line"] = chance.choice(["101", "999"])
        said["queue"] = chance.choice(["all", "crime"])
        said["interval_end"] = start + chance.choice([HOUR / 4, HOUR, HOUR, 24 * HOUR, 24 * 31 * HOUR])
        answered = said["answered"] = chance.choice([None, chance.randrange(offered + 2)])
        said["abandoned"] = chance.choice([None, chance.randrange(offered + 2)])
        for band in (10, 30, 60):
            said[f"answered_within_{band}s"] = chance.choice([None, chance.randrange((answered or 3) + 2)])
        said["band_bound"] = chance.choice(["inclusive", None] if seed else ["inclusive", "strict"])
        said["set_aside"] = chance.choices([None, "training"], [20, 1])[0]
        rows.append(interval(AS_AT, interval_start=start, **said))
    assert len(check(rows, tmp_path, at(["2026-05-01T00:00:00Z", "2026-03-20T12:00:00Z"][seed % 2]))) > 800


def test_queues_and_providers_of_a_line_are_summed_and_bt_stands_apart(tmp_path: Path) -> None:
    rows = [
        counts("2026-03-02T10:00:00Z", provider="acd", queue="a", offered=10, answered=7, abandoned=2),
        counts("2026-03-02T10:00:00Z", provider="acd", queue="b", offered=5, answered=5, abandoned=0),
        counts("2026-03-02T11:00:00Z", provider="other", offered=5, answered=4, abandoned=1),
        counts("2026-03-02T10:00:00Z", provider="BT", offered=40, answered=38, abandoned=2, answered_within_10s=19),
    ]
    found = check(rows, tmp_path)
    assert of_month(found, "calls.offered").value == 20
    assert of_month(found, "calls.unaccounted").value == 1
    assert of_month(found, "calls.abandonment_rate").value == pytest.approx(3 / 20)
    # BT counts of those it saw answered; the others of those that came in.
    assert of_month(found, "calls.answered_within_10s", "bt").value == pytest.approx(19 / 38)
    assert of_month(found, "calls.abandonment_rate", "bt").value == pytest.approx(2 / 40)


def test_a_band_that_a_system_does_not_have_is_null(tmp_path: Path) -> None:
    rows = [
        counts("2026-03-02T10:00:00Z", offered=10, answered=9, answered_within_10s=6, band_bound="inclusive"),
        counts("2026-03-02T11:00:00Z", offered=30, answered=9),
    ]
    found = check(rows, tmp_path)
    has, has_not = of_month(found, "calls.answered_within_10s"), of_month(found, "calls.answered_within_30s")
    assert (has.value, has.denominator, has.n_unknown, has.notes) == (0.6, 10, 30, "band_inclusive")
    assert pd.isna(has_not.value)
    assert has_not.n_unknown == 40


def test_an_interval_counts_in_the_periods_and_hours_that_hold_all_of_it(tmp_path: Path) -> None:
    rows = [
        counts("2026-03-02T10:00:00Z", offered=1),
        counts("2026-03-02T10:30:00Z", offered=10),  # to half past eleven: in no hour
        counts("2026-03-01T00:00:00Z", offered=100, interval_end=at("2026-03-31T23:00:00Z")),  # all of March
        counts("2026-03-31T22:30:00Z", offered=1000),  # half an hour of it is April
    ]
    found = check(rows, tmp_path)
    month = of_month(found, "calls.offered")
    assert (month.value, month.n_excluded) == (111, 1000)
    offered = found[(found.metric == "calls.offered") & (found.line == "101")]
    days = offered[offered.period_kind == "day"].set_index("period_label").value
    assert days.to_dict() == {"2026-03-02": 11}
    hours = offered[(offered.period_kind == "month") & (offered.hour_of_week != "all")].set_index("hour_of_week").value
    assert hours.to_dict() == {"010": 1}


def test_counts_that_do_not_add_up_are_shown_without_an_interval(tmp_path: Path) -> None:
    rows = [counts("2026-03-02T10:00:00Z", offered=2, answered=1, abandoned=5, answered_within_60s=4)]
    found = check(rows, tmp_path)
    rate = of_month(found, "calls.abandonment_rate")
    assert (rate.value, rate.notes) == (2.5, "counts_disagree")
    assert pd.isna(rate.ci_low)
    assert of_month(found, "calls.unaccounted").value == -4
    assert of_month(found, "calls.share_60s_plus").value == -1.5


def test_no_counts(tmp_path: Path) -> None:
    assert check([], tmp_path).empty
