"""Time until half of all were attended, and the curve it is read from: against lifelines and METRICS' worked example."""

import json
import random
import warnings
from collections.abc import Iterator, Sequence
from datetime import timedelta
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
Seen = tuple[str, int]  # what became of an incident, and after how many milliseconds


def incidents(seen: Sequence[Seen], **said: Any) -> Iterator[dict[str, Any]]:
    """Incidents that were attended, closed, or last seen open that long after the call."""
    for number, (outcome, after) in enumerate(seen):
        then = START + timedelta(milliseconds=after)
        told = {"attended": {"first_arrived_at": then}, "closed": {"closed_at": then}, "open": {}}[outcome]
        known = then if outcome == "open" else AS_AT
        yield incident(known, record_key=f"{number} {said}", call_received_at=START, **told, **said)


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


def at_random(chance: random.Random, count: int, *, ties: bool) -> list[Seen]:
    times = range(1, 40) if ties else range(1, 10**6)
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


@pytest.mark.parametrize("seed", range(6))
def test_lifelines_with_ties(seed: int, tmp_path: Path) -> None:
    seen = at_random(random.Random(100 + seed), 60, ties=True)
    reached = [time for time, share in incidence(seen) if share >= 0.5 - 1e-9]
    row = median(seen, tmp_path)
    assert row["value"] == reached[0] / 1000 if reached else pd.isna(row["value"])


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
