"""Time until half of all were attended, and the curve it is read from: against lifelines and METRICS' worked example."""

import json
import random
import warnings
from collections.abc import Iterator, Sequence
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from lifelines import AalenJohansenFitter, KaplanMeierFitter

from callclock.clock import Month
from callclock.metrics.catalogue import family
from tests.support.curated import at, incident, one, values

EXAMPLES = json.loads((Path(__file__).parents[1] / "fixtures" / "worked-examples.json").read_text("utf-8"))["examples"]
EXAMPLE = next(example for example in EXAMPLES if example["id"] == "aalen_johansen")
START = at("2026-03-10T09:00:00Z")
AS_AT = at("2026-04-20T00:00:00Z")
HOURS_4 = 4 * 3_600_000
Seen = tuple[str, int]  # what became of an incident, and after how many milliseconds


def incidents(seen: Sequence[Seen], **said: Any) -> Iterator[dict[str, Any]]:
    """Incidents that were attended, closed, or last seen open that long after the call."""
    for number, (outcome, after) in enumerate(seen):
        then = START + timedelta(milliseconds=after)
        told = {"attended": {"first_arrived_at": then}, "closed": {"closed_at": then}, "open": {}}[outcome]
        known = then if outcome == "open" else AS_AT
        yield incident(known, record_key=f"{number} {said}", call_received_at=START, **told, **said)


def drawn(seen: Sequence[Seen], workdir: Path) -> pd.DataFrame:
    """The 49 rows of the curve of grade 2."""
    found = values([family("attendance_curve")], incidents(seen), Month(2026, 3), workdir, as_at=AS_AT)
    found = found[
        (found.grade == "2") & (found.grade_basis == "initial") & (found.population == "all") & (found.area == "all")
    ]
    assert len(found) == 49
    return found


def curve(seen: Sequence[Seen], workdir: Path) -> dict[float, float | None]:
    """Share attended by each point of the curve, in seconds."""
    found = drawn(seen, workdir)
    return {row.after_s: None if pd.isna(row.attended_share) else row.attended_share for row in found.itertuples()}


def median(seen: Sequence[Seen], workdir: Path) -> pd.Series:
    found = values([family("attendance_all")], incidents(seen), Month(2026, 3), workdir, as_at=AS_AT)
    return one(found, metric="attendance.median_all_s", grade="2")


@pytest.mark.parametrize("name", EXAMPLE["series"])
def test_worked_example(name: str, tmp_path: Path) -> None:
    seen = [(outcome, seconds * 1000) for outcome, seconds in EXAMPLE["series"][name]]
    row = median(seen, tmp_path)
    due = EXAMPLE["expected"][name]["median_all_s"]
    assert row["n"] == len(seen)
    assert pd.isna(row["value"]) if due is None else row["value"] == due
    # Those last seen open before the half could still move it; while there is no half, all that are open could.
    still_open = [after for outcome, after in seen if outcome == "open"]
    assert row["n_immature"] == sum(due is None or after < due * 1000 for after in still_open)
    assert row["complete"] == (row["n_immature"] == 0)


# Seconds that one of the example's stands for, so that its instants are points of the curve.
SCALE = {"mixed": 36, "never_half": 60, "exact_half": 360, "all_open": 3600, "none_attended": 3600}


@pytest.mark.parametrize("name", EXAMPLE["series"])
def test_worked_example_as_a_curve(name: str, tmp_path: Path) -> None:
    scale = SCALE[name]
    found = curve([(outcome, seconds * 1000 * scale) for outcome, seconds in EXAMPLE["series"][name]], tmp_path)
    for after, due in EXAMPLE["expected"][name]["cif"].items():
        # The last point at or before an instant on the curve; the first after one beyond it.
        points = [point for point in found if (point <= int(after) * scale) == (due is not None)]
        share = found[max(points) if due is not None else min(points)]
        assert share is None if due is None else share == pytest.approx(float(Fraction(due)), abs=1e-15)


def at_random(chance: random.Random, count: int, *, ties: bool) -> list[Seen]:
    # Ties lie four hours apart, to 156: on points of the curve and between them.
    times = range(HOURS_4, 40 * HOURS_4, HOURS_4) if ties else range(1, 10**9)
    picked = chance.choices(times, k=count) if ties else chance.sample(times, k=count)
    weights = chance.choice([(6, 2, 2), (3, 1, 4), (4, 4, 1)])
    return [
        (outcome, time)
        for time, outcome in zip(picked, chance.choices(["attended", "closed", "open"], weights, k=count), strict=True)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_lifelines_without_ties(seed: int, tmp_path: Path) -> None:
    seen = at_random(random.Random(seed), 60, ties=False)
    fitter = AalenJohansenFitter(calculate_variance=False)
    causes = [{"attended": 1, "closed": 2, "open": 0}[outcome] for outcome, _ in seen]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it jitters ties, and says so
        fitter.fit([after for _, after in seen], causes, event_of_interest=1)
    shares = fitter.cumulative_density_["CIF_1"]
    reached = shares[shares >= 0.5 - 1e-9]
    row = median(seen, tmp_path)
    assert pd.isna(row["value"]) if reached.empty else row["value"] == reached.index[0] / 1000
    last, outcome = max((after, outcome) for outcome, after in seen)
    for point, share in curve(seen, tmp_path).items():
        lost = outcome == "open" and point * 1000 > last
        due = None if lost else shares[shares.index <= point * 1000].iloc[-1]
        assert share is None if due is None else share == pytest.approx(due, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_lifelines_with_ties(seed: int, tmp_path: Path) -> None:
    seen = at_random(random.Random(100 + seed), 60, ties=True)
    reached = [time for time, share in incidence(seen) if share >= 0.5 - 1e-9]
    row = median(seen, tmp_path)
    assert row["value"] == reached[0] / 1000 if reached else pd.isna(row["value"])
    closed = [({"attended": "closed", "closed": "attended"}.get(outcome, outcome), after) for outcome, after in seen]
    attended_share, closed_share = dict(incidence(seen)), dict(incidence(closed))
    last = max(after for _, after in seen)
    lost = ("open", last) in seen
    for found in drawn(seen, tmp_path).itertuples():
        if found.after_s * 1000 > last and lost:
            assert pd.isna(found.attended_share)
            assert pd.isna(found.closed_share)
            continue
        point = max((time for time in attended_share if time <= found.after_s * 1000), default=None)
        due = (attended_share[point], closed_share[point]) if point else (0, 0)
        assert (found.attended_share, found.closed_share) == pytest.approx(due, abs=1e-12)


def incidence(seen: Sequence[Seen]) -> list[tuple[float, float]]:
    """Cumulative incidence from lifelines' Kaplan-Meier of either event, which takes ties as they are."""
    either = KaplanMeierFitter().fit([after for _, after in seen], [outcome != "open" for outcome, _ in seen])
    at_risk, free = either.event_table["at_risk"], either.survival_function_["KM_estimate"].shift(1)
    found, total = [], 0.0
    for time in at_risk.index[1:]:
        total += free[time] * sum(outcome == "attended" and after == time for outcome, after in seen) / at_risk[time]
        found.append((float(time), total))
    return found


@pytest.mark.parametrize(("unknown", "told"), [(1, True), (2, False)])
def test_more_than_one_in_twenty_unknown_blocks_it(unknown: int, told: bool, tmp_path: Path) -> None:
    rows = [*incidents([("attended", 1000)] * (20 - unknown))]
    rows += [
        incident(AS_AT, record_key=f"unknown {n}", call_received_at=START, outcome="unknown") for n in range(unknown)
    ]
    found = values([family("attendance_all")], rows, Month(2026, 3), tmp_path, as_at=AS_AT)
    row = one(found, metric="attendance.median_all_s", grade="2")
    assert (row["value"] == 1.0) == told
    assert pd.isna(row["value"]) != told
    assert (row["notes"] == "unknown_outcomes") != told
    assert row["n_unknown"] == unknown


def test_exactly_half_after_open_ones(tmp_path: Path) -> None:
    """What open ones hand on makes fractions that no binary number is: 9/8 x 8/7 x 7/6 of a ninth, three times."""
    seen = [("open", n) for n in (1, 2, 3)] + [("attended", 10 * n) for n in (1, 2, 3)]
    seen += [("closed", 10 * n) for n in (4, 5, 6)]
    assert median(seen, tmp_path)["value"] == 0.03


def test_of_a_mature_cohort_the_curve_is_the_share_within_each_mark(tmp_path: Path) -> None:
    chance = random.Random(8)
    seen = [(chance.choice(["attended", "closed"]), int(10 ** chance.uniform(3, 9))) for _ in range(80)]
    # Open at last sight, but older than the last mark.
    seen += [("open", chance.randrange(7 * 86_400_000, 30 * 86_400_000)) for _ in range(9)]
    found = values([family("attendance_marks")], incidents(seen), Month(2026, 3), tmp_path, as_at=AS_AT)
    drawn = curve(seen, tmp_path)
    for mark, seconds in {"15m": 900, "60m": 3600, "4h": 14_400, "24h": 86_400, "7d": 604_800}.items():
        within = one(found, metric=f"attendance.within_{mark}", grade="2")
        assert within["n_immature"] == 0
        assert within["value"] == drawn[seconds]


def test_open_at_a_point_is_still_waiting_there(tmp_path: Path) -> None:
    seen = [("attended", 60_000), ("open", 3_600_000), ("open", 3_600_001)]
    found = values([family("attendance_curve")], incidents(seen), Month(2026, 3), tmp_path, as_at=AS_AT)
    of_all = found[
        (found.grade == "all") & (found.grade_basis == "final") & (found.population == "all") & (found.area == "all")
    ]
    immature = dict(zip(of_all.after_s, of_all.n_immature, strict=True))
    assert [immature[point] for point in (900.0, 3600.0, 7200.0)] == [0, 0, 2]
    complete = dict(zip(of_all.after_s, of_all.complete, strict=True))
    assert [complete[point] for point in (3600.0, 7200.0)] == [True, False]
