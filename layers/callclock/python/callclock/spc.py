"""XmR charts (METRICS "Signals over time"): limits, the four rules that make a signal, assurance against a target.

A series is a sequence in calendar order in which None stands for a missing or incomplete period: nothing reaches
across one, neither a moving range nor a run. Side ``above`` or ``below`` says where a signal lies; which of the two
is a concern is for the reader of the measure to say.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Literal

Side = Literal["above", "below"]

LOCKED_ON = 12
"""Points on which limits are locked; with fewer they are trial limits and flag nothing."""

MEAN_TO_LIMIT = 2.66
RANGE_TO_LIMIT = 3.267


class SignalRule(StrEnum):
    """What can make a signal."""

    OUTSIDE = "outside"
    RUN7 = "run7"
    TREND7 = "trend7"
    TWO_OF_THREE = "two_of_three"


class Assurance(StrEnum):
    """Whether the process, left as it is, meets its target."""

    ALWAYS_MET = "always_met"
    NEVER_MET = "never_met"
    HIT_AND_MISS = "hit_and_miss"


@dataclass(frozen=True)
class Limits:
    """Limits of an XmR chart, in the unit of the values and never clipped; ``dropped`` ranges were screened out."""

    mean: float
    mean_range: float
    lower: float
    upper: float
    dropped: int
    locked: bool

    def clipped(self, least: float | None, most: float | None) -> "Limits":
        """Return the limits as they are drawn: within the possible range of the measure. Never test against these."""
        lower = self.lower if least is None else max(self.lower, least)
        upper = self.upper if most is None else min(self.upper, most)
        return replace(self, lower=lower, upper=upper)


@dataclass(frozen=True, order=True)
class Flag:
    """A signal and the side on which it lies (of a trend: the way it goes)."""

    rule: SignalRule
    side: Side


@dataclass(frozen=True)
class Point:
    """One period of a chart.

    ``flags`` are the signals that the point is part of; ``completes`` those that became a signal with it, which are the
    ones to tell: the seventh point of a run, not the eighth, and none of those that the limits were locked on.
    """

    value: float | None
    limits: Limits | None
    flags: tuple[Flag, ...]
    completes: tuple[Flag, ...]


def xmr_limits(values: Sequence[float | None], *, screen: bool = True) -> Limits | None:
    """Work out limits over all the values given.

    Parameters
    ----------
    values
        In calendar order; None where a period is missing or incomplete.
    screen
        Whether moving ranges above 3.267 times their mean are dropped, once.

    Returns
    -------
    Limits
        None without two neighbouring values. ``locked`` says whether there were twelve points.
    """
    known = [value for value in values if value is not None]
    ranges = [abs(b - a) for a, b in pairwise(values) if a is not None and b is not None]
    if not ranges:
        return None
    kept = ranges
    if screen:
        most = RANGE_TO_LIMIT * statistics.mean(ranges)
        kept = [width for width in ranges if width <= most]
    mean, mean_range = statistics.mean(known), statistics.mean(kept)
    reach = MEAN_TO_LIMIT * mean_range
    return Limits(
        mean=mean,
        mean_range=mean_range,
        lower=mean - reach,
        upper=mean + reach,
        dropped=len(ranges) - len(kept),
        locked=len(known) >= LOCKED_ON,
    )


def side_of_mean(value: float, limits: Limits) -> Side | None:
    """Side of the mean on which a value lies; None on it."""
    if value == limits.mean:
        return None
    return "above" if value > limits.mean else "below"


def outside(window: Sequence[float], limits: Limits) -> Side | None:
    """One point strictly beyond a limit."""
    (value,) = window
    return side_of_mean(value, limits) if not limits.lower <= value <= limits.upper else None


def run_of_seven(window: Sequence[float], limits: Limits) -> Side | None:
    """Seven points on one side of the mean; a point on it breaks the run."""
    sides = {side_of_mean(value, limits) for value in window}
    return sides.pop() if len(sides) == 1 else None


def trend_of_seven(window: Sequence[float], _: Limits) -> Side | None:
    """Seven points of which each lies strictly beyond the one before: six differences of one sign."""
    steps = [b - a for a, b in pairwise(window)]
    if all(step > 0 for step in steps):
        return "above"
    return "below" if all(step < 0 for step in steps) else None


def in_outer_third(value: float, limits: Limits) -> bool:
    """Tell whether a value lies between two thirds of the way to a limit and the limit itself."""
    reach = limits.upper - limits.mean
    return 2 * reach < 3 * abs(value - limits.mean) and limits.lower <= value <= limits.upper


def two_of_three(window: Sequence[float], limits: Limits) -> Side | None:
    """Three points on one side of the mean, two or more of them in the outer third."""
    sides = {side_of_mean(value, limits) for value in window}
    if len(sides) != 1 or sum(in_outer_third(value, limits) for value in window) < 2:
        return None
    return sides.pop()


_RULES: tuple[tuple[SignalRule, int, Callable[[Sequence[float], Limits], Side | None]], ...] = (
    (SignalRule.OUTSIDE, 1, outside),
    (SignalRule.RUN7, 7, run_of_seven),
    (SignalRule.TREND7, 7, trend_of_seven),
    (SignalRule.TWO_OF_THREE, 3, two_of_three),
)


def xmr_chart(values: Sequence[float | None], rebased_at: Sequence[int] = ()) -> tuple[Point, ...]:
    """Draw a series up as an XmR chart: limits locked on the first twelve points, flags from the four rules.

    Parameters
    ----------
    values
        In calendar order; None where a period is missing or incomplete.
    rebased_at
        Places in ``values`` at which a declared rebase starts a new process, with limits and runs of its own.
    """
    starts = sorted({0, *rebased_at})
    ends = [*starts[1:], len(values)]
    return tuple(point for a, b in zip(starts, ends, strict=True) for point in _segment(values[a:b]))


def _segment(values: Sequence[float | None]) -> list[Point]:
    known = [place for place, value in enumerate(values) if value is not None]
    locked_until = known[LOCKED_ON - 1] if len(known) >= LOCKED_ON else len(values) - 1
    limits = xmr_limits(values[: locked_until + 1])
    if limits is None or not limits.locked:
        return [Point(value, limits, (), ()) for value in values]
    flags: list[set[Flag]] = [set() for _ in values]
    completes: list[set[Flag]] = [set() for _ in values]
    for rule, length, test in _RULES:
        before = None
        for last in range(len(values)):
            side = _side_at(values, last, length, limits, test)
            if side is not None:
                for place in range(last - length + 1, last + 1):
                    if _marks(rule, values[place], limits):
                        flags[place].add(Flag(rule, side))
                if last > locked_until and (length == 1 or side != before):
                    completes[last].add(Flag(rule, side))
            before = side
    return [
        Point(value, limits, tuple(sorted(flags[i])), tuple(sorted(completes[i]))) for i, value in enumerate(values)
    ]


def _marks(rule: SignalRule, value: float | None, limits: Limits) -> bool:
    """Tell whether a point of a signal is itself marked: all are, but of two in three only those far out."""
    return value is not None and (rule is not SignalRule.TWO_OF_THREE or in_outer_third(value, limits))


def _side_at(
    values: Sequence[float | None],
    last: int,
    length: int,
    limits: Limits,
    test: Callable[[Sequence[float], Limits], Side | None],
) -> Side | None:
    """Side of the signal whose last point is ``last``; None where there is none or a period of it is missing."""
    window = [value for value in values[max(last - length + 1, 0) : last + 1] if value is not None]
    return test(window, limits) if len(window) == length else None


def proposed_rebase(chart: Sequence[Point]) -> int | None:
    """Place of the first of the newest seven points on one side since the limits in force were locked, or None.

    It only proposes: limits move by a rebase that force.toml declares (METRICS).
    """
    known = [i for i, point in enumerate(chart) if point.value is not None and point.limits is chart[-1].limits]
    for last in reversed(known[LOCKED_ON + 6 :]):
        if any(flag.rule is SignalRule.RUN7 for flag in chart[last].completes) and last - 6 in known[LOCKED_ON:]:
            return last - 6
    return None


def assurance(limits: Limits, target: float, worse: Side) -> Assurance:
    """Say whether a process between these limits meets its target; meeting it exactly is meeting it.

    Parameters
    ----------
    limits
        Locked, unclipped.
    target
        In the unit of the values.
    worse
        The side that misses: ``above`` where lower is better.
    """
    best, worst = (limits.lower, limits.upper) if worse == "above" else (-limits.upper, -limits.lower)
    signed = target if worse == "above" else -target
    if worst <= signed:
        return Assurance.ALWAYS_MET
    return Assurance.NEVER_MET if best > signed else Assurance.HIT_AND_MISS
