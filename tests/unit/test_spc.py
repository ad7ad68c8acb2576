"""METRICS "Signals over time": hand-worked vectors, the published NHS example, and pandas as a second opinion."""

import random
from dataclasses import replace
from fractions import Fraction

import pandas as pd
import pytest

from callclock.spc import (
    Assurance,
    Flag,
    Limits,
    Point,
    SignalRule,
    assurance,
    in_outer_third,
    outside,
    proposed_rebase,
    run_of_seven,
    trend_of_seven,
    two_of_three,
    xmr_chart,
    xmr_limits,
)

WORKED = [
    20, 22, 18, 21, 19, 20, 22, 18, 20, 21, 19, 20, 24, 20.5, 24.5, 26, 20, 19, 19.5, 19, 18, 19, 19.5, 19,
    21.5, 21, 20.6, 20.2, 19.8, 19.4, 19,
]  # fmt: skip
STEADY = WORKED[:12]
NHS = [1, 2, 1, 2, 10, *[1, 2] * 6, 1]
UNIT = Limits(mean=0.0, mean_range=1.0, lower=-3.0, upper=3.0, dropped=0, locked=True)


def places(chart: tuple[Point, ...], rule: SignalRule) -> list[int]:
    """Points flagged by a rule, counted from 1."""
    return [place for place, point in enumerate(chart, 1) if any(flag.rule is rule for flag in point.flags)]


def completed(chart: tuple[Point, ...], rule: SignalRule) -> list[int]:
    return [place for place, point in enumerate(chart, 1) if any(flag.rule is rule for flag in point.completes)]


def test_worked_limits_are_locked_on_the_first_twelve() -> None:
    limits = xmr_chart(WORKED)[-1].limits
    assert limits is not None
    assert limits.locked
    assert limits.mean == 20
    assert limits.mean_range == float(Fraction(24, 11))
    assert (limits.upper, limits.lower) == pytest.approx((25.803636363636365, 14.196363636363635), abs=1e-12)
    assert limits.dropped == 0


@pytest.mark.parametrize(
    ("rule", "flagged", "told_at"),
    [
        (SignalRule.OUTSIDE, [16], [16]),
        (SignalRule.RUN7, [18, 19, 20, 21, 22, 23, 24], [24]),
        (SignalRule.TREND7, [25, 26, 27, 28, 29, 30, 31], [31]),
        (SignalRule.TWO_OF_THREE, [13, 15], [15]),
    ],
)
def test_worked_flags(rule: SignalRule, flagged: list[int], told_at: list[int]) -> None:
    chart = xmr_chart(WORKED)
    assert places(chart, rule) == flagged
    assert completed(chart, rule) == told_at


@pytest.mark.parametrize(
    ("target", "expected"),
    [(30, Assurance.ALWAYS_MET), (14, Assurance.NEVER_MET), (22, Assurance.HIT_AND_MISS)],
)
def test_worked_assurance_lower_is_better(target: float, expected: Assurance) -> None:
    limits = xmr_limits(STEADY)
    assert limits is not None
    assert assurance(limits, target, "above") is expected
    assert assurance(replace(limits, lower=-limits.upper, upper=-limits.lower), -target, "below") is expected


def test_a_target_at_the_very_limit() -> None:
    assert assurance(UNIT, 3.0, "above") is Assurance.ALWAYS_MET
    assert assurance(UNIT, -3.0, "above") is Assurance.HIT_AND_MISS
    assert assurance(UNIT, -3.0, "below") is Assurance.ALWAYS_MET
    assert assurance(UNIT, 3.0, "below") is Assurance.HIT_AND_MISS


def test_worked_screening() -> None:
    values = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1]
    limits, raw = xmr_limits(values), xmr_limits(values, screen=False)
    assert limits is not None
    assert raw is not None
    assert limits.mean == float(Fraction(13, 6))
    assert (limits.mean_range, limits.dropped) == (1, 2)
    assert raw.mean_range == float(Fraction(26, 11))
    assert (limits.upper, limits.lower) == pytest.approx((4.826666666666667, -0.49333333333333335), abs=1e-12)
    assert raw.upper == pytest.approx(8.453939393939395, abs=1e-12)


def test_nhs_vectors() -> None:
    assert len(NHS) == 18
    limits, raw = xmr_limits(NHS), xmr_limits(NHS, screen=False)
    assert limits is not None
    assert raw is not None
    assert (round(limits.upper, 1), round(limits.mean, 2), round(limits.lower, 2)) == (4.6, 1.94, -0.72)
    assert (round(raw.upper, 2), round(raw.lower, 2)) == (6.95, -3.06)


def test_screening_happens_once_and_spares_the_very_border() -> None:
    # Ranges 1 x 9, 10, 100: mean 10.83, border 35.4 drops the 100 only; a second pass (border 5.68) would drop the 10.
    values = [0.0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 11, 111]
    limits = xmr_limits(values)
    assert limits is not None
    assert limits.dropped == 1
    assert limits.mean_range == pytest.approx(1.9)


def test_limits_agree_with_pandas() -> None:
    chance = random.Random(11)
    for _ in range(20):
        values = [chance.gauss(20, 3) for _ in range(30)]
        series = pd.Series(values)
        ranges = series.diff().abs()
        kept = ranges[ranges <= 3.267 * ranges.mean()]
        limits = xmr_limits(values)
        assert limits is not None
        assert limits.upper == pytest.approx(series.mean() + 2.66 * kept.mean(), rel=1e-12)
        assert limits.lower == pytest.approx(series.mean() - 2.66 * kept.mean(), rel=1e-12)


def test_no_range_reaches_across_a_missing_period() -> None:
    limits = xmr_limits([1, 3, None, 100, 102])
    assert limits is not None
    assert (limits.mean, limits.mean_range) == (51.5, 2)
    assert xmr_limits([1, None, 3, None, 5]) is None
    assert xmr_limits([7]) is None
    assert xmr_limits([]) is None


def test_limits_lock_on_twelve_known_points_wherever_they_lie() -> None:
    chart = xmr_chart([*STEADY[:6], None, *STEADY[6:], 1000, 2000])
    limits = chart[-1].limits
    assert limits is not None
    assert limits.mean == 20


def test_eleven_points_have_trial_limits_and_no_flags() -> None:
    chart = xmr_chart([*STEADY[:10], 1000])
    limits = chart[0].limits
    assert limits is not None
    assert not limits.locked
    assert all(point.flags == () and point.completes == () for point in chart)


def test_the_points_that_locked_the_limits_complete_nothing() -> None:
    chart = xmr_chart([*STEADY[:11], 60])
    assert places(chart, SignalRule.OUTSIDE) == [12]
    assert completed(chart, SignalRule.OUTSIDE) == []


def test_outside_is_strict() -> None:
    assert outside([3.0], UNIT) is None
    assert outside([-3.0], UNIT) is None
    assert outside([3.0000001], UNIT) == "above"
    assert outside([-3.0000001], UNIT) == "below"


def test_run_needs_seven_and_breaks_on_the_mean() -> None:
    assert run_of_seven([1] * 7, UNIT) == "above"
    assert run_of_seven([-1] * 7, UNIT) == "below"
    assert run_of_seven([1, 1, 1, 0, 1, 1, 1], UNIT) is None
    assert run_of_seven([0] * 7, UNIT) is None
    assert run_of_seven([1, 1, 1, -1, 1, 1, 1], UNIT) is None


def test_a_run_is_broken_by_a_missing_week() -> None:
    unbroken = xmr_chart([*STEADY, *[20.5] * 7])
    broken = xmr_chart([*STEADY, *[20.5] * 4, None, *[20.5] * 3])
    assert completed(unbroken, SignalRule.RUN7) == [19]
    assert places(broken, SignalRule.RUN7) == []


def test_a_run_is_told_at_the_seventh_and_flags_all_that_follow() -> None:
    chart = xmr_chart([*STEADY, *[20.5] * 9])
    assert completed(chart, SignalRule.RUN7) == [19]
    assert places(chart, SignalRule.RUN7) == list(range(13, 22))


def test_trend_needs_six_strict_steps_of_one_sign() -> None:
    assert trend_of_seven([1, 2, 3, 4, 5, 6, 7], UNIT) == "above"
    assert trend_of_seven([7, 6, 5, 4, 3, 2, 1], UNIT) == "below"
    assert trend_of_seven([1, 2, 3, 3, 4, 5, 6], UNIT) is None
    assert trend_of_seven([1, 2, 3, 2, 4, 5, 6], UNIT) is None


def test_outer_third_is_open_below_and_closed_at_the_limit() -> None:
    assert not in_outer_third(2.0, UNIT)
    assert in_outer_third(2.01, UNIT)
    assert in_outer_third(3.0, UNIT)
    assert not in_outer_third(3.01, UNIT)
    assert in_outer_third(-2.5, UNIT)


def test_two_of_three_wants_all_three_on_one_side() -> None:
    assert two_of_three([2.5, 0.1, 2.5], UNIT) == "above"
    assert two_of_three([-2.5, -0.1, -2.5], UNIT) == "below"
    assert two_of_three([2.5, 0.0, 2.5], UNIT) is None
    assert two_of_three([2.5, -0.1, 2.5], UNIT) is None
    assert two_of_three([2.5, 2.5, 3.5], UNIT) == "above"
    assert two_of_three([2.5, 0.1, 3.5], UNIT) is None


def test_two_of_three_that_goes_on_is_told_once() -> None:
    chart = xmr_chart([*STEADY, 24.5, 24.4, 24.6, 21.0, 19.0])
    assert completed(chart, SignalRule.TWO_OF_THREE) == [15]
    assert places(chart, SignalRule.TWO_OF_THREE) == [13, 14, 15]


def test_equal_values_have_limits_at_the_mean_and_no_run() -> None:
    chart = xmr_chart([0.1] * 20)
    assert chart[-1].limits == Limits(0.1, 0.0, 0.1, 0.1, 0, True)
    assert all(point.flags == () for point in chart)
    assert xmr_chart([0.1] * 12 + [0.2])[-1].flags == (Flag(SignalRule.OUTSIDE, "above"),)


def test_a_rebase_starts_limits_and_runs_anew() -> None:
    chart = xmr_chart([*STEADY, *[value + 10 for value in STEADY], 31, 50], [12])
    first, second = chart[0].limits, chart[-1].limits
    assert first is not None
    assert second is not None
    assert (first.mean, second.mean) == (20, 30)
    assert completed(chart, SignalRule.RUN7) == []
    assert completed(chart, SignalRule.OUTSIDE) == [26]
    shifted = xmr_chart([*STEADY, *[20.5] * 4, *[20.5] * 12], [16])
    assert completed(shifted, SignalRule.RUN7) == []


def test_a_rebase_is_proposed_from_seven_points_after_the_lock() -> None:
    assert proposed_rebase(xmr_chart(WORKED)) == 17
    assert proposed_rebase(xmr_chart([*STEADY, *[20.5] * 6])) is None
    assert proposed_rebase(xmr_chart([*STEADY, *[20.5] * 7])) == 12
    assert proposed_rebase(xmr_chart([*STEADY[:-1], 21, *[20.5] * 6])) is None
    assert proposed_rebase(xmr_chart([])) is None


def test_a_declared_rebase_answers_the_proposal() -> None:
    values = [*STEADY, *[22.5] * 7]
    assert proposed_rebase(xmr_chart(values)) == 12
    assert proposed_rebase(xmr_chart(values, [12])) is None


def test_limits_are_clipped_for_drawing_only() -> None:
    limits = Limits(0.05, 0.05, -0.08, 1.2, 0, True)
    drawn = limits.clipped(0, 1)
    assert (drawn.lower, drawn.upper) == (0, 1)
    assert limits.clipped(None, None) == limits
    assert outside([-0.05], limits) is None
