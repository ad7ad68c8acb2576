"""Published figures that cannot be true together: the inspectors' own, made-up ones, and a linear programme as the judge."""

import json
import random
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import linprog
from typer.testing import CliRunner

from local.check_figures import Figure, FigureError, check, conflict_of
from local.cli import app

HOUR, DAY = 3600.0, 86400.0


def test_the_inspectors_figures() -> None:
    verdict = check(["mean=22h", "over_7d=0.41", "within_4h=0.08"])
    (conflict,) = verdict.conflicts
    assert [figure.text for figure in conflict.figures] == ["mean=22h", "over_7d=0.41"]
    assert conflict.least_mean_s == pytest.approx(0.41 * 7 * DAY)
    assert "41.0 % waited longer than 7 d 0 h, the mean is at least 68 h 53 min" in conflict.why
    assert verdict.hints[0] == "A median of 22 h 0 min would fit all of them."
    assert check(["median=22h", "over_7d=0.41", "within_4h=0.08"]).conflicts == ()


@pytest.mark.parametrize(
    ("figures", "conflicts"),
    [
        (["median=2h", "within_4h=0.08"], [["median=2h", "within_4h=0.08"]]),
        (["median=5h", "within_4h=0.08"], []),
        (["within_4h=0.3", "over_15m=20%"], [["within_4h=0.3", "over_15m=20%"]]),
        (["over_4h=0.87", "within_4h=0.69"], [["over_4h=0.87", "within_4h=0.69"]]),
        (["within_4h=0.69", "over_4h=0.87"], [["within_4h=0.69", "over_4h=0.87"]]),
        (["p90=1h", "median=3h"], [["p90=1h", "median=3h"]]),
        # Both may have been an hour and a half.
        (["p90=1h", "median=2h"], []),
        (["mean=30h", "over_24h=0"], [["mean=30h", "over_24h=0"]]),
        (["mean=23h", "over_24h=0"], []),
        # Each pair can be; all three cannot.
        (["mean=10h", "over_7d=6%", "median=4h"], [["mean=10h", "over_7d=6%", "median=4h"]]),
        (["mean=22h", "over_7d=0.41", "within_4h=0.08", "median=1h"],
         [["mean=22h", "over_7d=0.41"], ["within_4h=0.08", "median=1h"]]),
        # Worked by hand: 9.5 x 0.5 + 158.5 x 0.405 = 68.94 h at least, 4 + 6.5 x 0.605 + 13.5 x 0.5 = 14.68 h at most.
        (["mean=68.7h", "over_7d=0.41", "median=10h"], [["mean=68.7h", "over_7d=0.41", "median=10h"]]),
        (["mean=69.0h", "over_7d=0.41", "median=10h"], []),
        (["mean=14.9h", "over_4h=0.60", "median=10h", "within_24h=1"],
         [["mean=14.9h", "over_4h=0.60", "median=10h", "within_24h=1"]]),
        (["mean=14.6h", "over_4h=0.60", "median=10h", "within_24h=1"], []),
        # Rounded: 0.13 may be 0.125, of which 7 d make 21 h 0 min; 21h may be 21.5 h.
        (["mean=21h", "over_7d=0.13"], []),
        (["mean=20.9h", "over_7d=0.13"], [["mean=20.9h", "over_7d=0.13"]]),
        (["mean=22h"], []),
    ],
)  # fmt: skip
def test_smallest_choices_that_cannot_be(figures: list[str], conflicts: list[list[str]]) -> None:
    found = [[figure.text for figure in conflict.figures] for conflict in check(figures).conflicts]
    assert found == conflicts


@pytest.mark.parametrize(
    ("text", "value", "low", "high"),
    [
        ("mean=22h", 22 * HOUR, 21.5 * HOUR, 22.5 * HOUR),
        ("mean=22.0h", 22 * HOUR, 21.95 * HOUR, 22.05 * HOUR),
        ("median=3h20m", 12_000.0, 11_970.0, 12_030.0),
        ("p95=1d 4h", 28 * HOUR, 27.5 * HOUR, 28.5 * HOUR),
        ("over_7d=0.41", 0.41, 0.405, 0.415),
        ("over_7d=41%", 0.41, 0.405, 0.415),
        ("within_15min=0.5 %", 0.005, 0.0045, 0.0055),
        ("over_24h=0", 0.0, 0.0, 0.0),
        ("over_24h=0%", 0.0, 0.0, 0.005),
        ("within_60m=1", 1.0, 1.0, 1.0),
    ],
)
def test_a_figure_and_what_it_may_be_rounded_from(text: str, value: float, low: float, high: float) -> None:
    figure = Figure.read(text)
    assert (figure.value, figure.low, figure.high) == pytest.approx((value, low, high), abs=1e-12)


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        (["average=22h"], "'average=22h' is no figure"),
        (["mean"], "'mean' is no figure"),
        (["over=0.4"], "is no figure"),
        (["mean=22"], "'22' is no time"),
        (["over_7d=22h"], "'22h' is no share"),
        (["over_7d=41"], "at most 1, or 100 %"),
        (["p0=1h"], "no such percentile"),
        (["mean=1h", "mean=2h"], "mean stands twice"),
        ([f"over_{n}h=0.1" for n in range(1, 18)], "give at most 16"),
    ],
)
def test_what_cannot_be_read(figures: list[str], said: str) -> None:
    with pytest.raises(FigureError, match=said):
        check(figures)


@pytest.mark.parametrize("seed", range(40))
def test_figures_of_real_waits_are_never_called_impossible(seed: int) -> None:
    chance = np.random.default_rng(seed)
    # Percentiles of few are interpolated, and so are no bounds: of many they are.
    waits = chance.lognormal(9, chance.uniform(0.1, 2.5), 20_000) + chance.choice([0, 10 * DAY], 20_000, p=[0.9, 0.1])
    figures = [
        f"mean={waits.mean() / HOUR:.1f}h",
        f"median={np.median(waits) / 60:.0f}m",
        f"p90={np.percentile(waits, 90) / HOUR:.2f}h",
    ]
    for mark, seconds in (("15m", 900), ("4h", 4 * HOUR), ("24h", DAY), ("7d", 7 * DAY)):
        figures += [f"within_{mark}={(waits <= seconds).mean():.3f}", f"over_{mark}={(waits > seconds).mean():.1%}"]
    assert check(figures).conflicts == ()


def possible(figures: list[Figure]) -> bool:
    """Whether any waits have these figures: a linear programme over people who waited at, before or after each time."""
    times = sorted({bound.at_s for figure in figures for bound in figure.bounds()})
    gaps = [b - a for a, b in pairwise([0.0, *times])]
    tiny = min(gaps, default=1.0) * 1e-7
    support = np.array(sorted({0.0, 1e12, *times, *(t + tiny for t in times), *(t - tiny for t in times if t > tiny)}))
    above, most = [], []
    for figure in figures:
        if figure.name == "mean":
            above += [support / HOUR, -support / HOUR]
            most += [figure.high * (1 + 1e-6) / HOUR, -figure.low * (1 - 1e-6) / HOUR]
        for bound in figure.bounds():
            held = (support < bound.at_s if bound.before else support <= bound.at_s).astype(float)
            above += [held, -held]
            most += [bound.most, -bound.least]
    found = linprog(
        np.zeros(len(support)), A_ub=np.array(above), b_ub=most, A_eq=np.ones((1, len(support))), b_eq=[1.0]
    )
    assert found.status in {0, 2}, found.message
    return bool(found.status == 0)


def test_a_linear_programme_finds_the_same() -> None:
    chance = random.Random(5)
    names = ["median", "p90", "within_4h", "over_4h", "within_24h", "over_7d"]
    verdicts = set()
    for _ in range(600):
        texts = []
        for name in chance.sample(names, chance.randrange(1, 4)):
            timed = name in {"median", "p90"}
            texts.append(
                f"{name}={chance.randrange(1, 60)}h" if timed else f"{name}={chance.choice([1, chance.random()]):.2f}"
            )
        if chance.random() < 0.8:
            texts.append(f"mean={near_the_edge(texts, chance) / HOUR:.3f}h")
        figures = [Figure.read(text) for text in texts]
        here = possible(figures)
        assert (not check(texts).conflicts) == here, texts
        assert (conflict_of(figures) is None) == here, texts
        verdicts.add((here, texts[-1].startswith("mean")))
    assert len(verdicts) == 4


def near_the_edge(texts: list[str], chance: random.Random) -> float:
    """A mean near the least or the greatest that the others leave, where the two judges could differ."""
    too_small = conflict_of([Figure.read(text) for text in (*texts, "mean=0.000001s")])
    too_great = conflict_of([Figure.read(text) for text in (*texts, "mean=999999d")])
    least = (too_small and too_small.least_mean_s) or 36 * HOUR
    most = (too_great and too_great.most_mean_s) or 100 * HOUR
    return chance.choice([least, most]) * chance.uniform(0.97, 1.03)


def test_the_command() -> None:
    run = CliRunner().invoke
    found = run(app, ["check-figures", "mean=22h", "over_7d=0.41", "within_4h=0.08"])
    assert found.exit_code == 3
    assert found.stdout.startswith("These cannot be true together:\n  mean=22h, over_7d=0.41\n    When 41.0 %")
    found = run(app, ["check-figures", "mean=22h", "over_7d=0.41", "--json"])
    told = json.loads(found.stdout)
    assert (found.exit_code, told["can_be_true_together"]) == (3, False)
    assert told["conflicts"][0]["figures"] == ["mean=22h", "over_7d=0.41"]
    assert run(app, ["check-figures", "mean=22h", "within_4h=0.08"]).exit_code == 0
    found = run(app, ["check-figures", "average=22h"])
    assert found.exit_code == 2
    assert "write mean=22h" in found.stderr
