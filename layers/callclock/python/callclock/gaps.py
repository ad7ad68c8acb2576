"""Measures that hold one figure against another: how long domestic abuse waits, against all or against other incidents.

Their change has two parts that add up, one for each side, whatever the figures themselves are made of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from callclock.parts import Effect
from callclock.replay import Observation
from callclock.settings import ThresholdRule

SIDE_WORDS: Final[Mapping[str, str]] = {
    "domestic_abuse": "domestic abuse",
    "all": "all incidents",
    "other": "other than domestic abuse",
}


@dataclass(frozen=True)
class Gap:
    """What a measure holds against what: ``metric`` of domestic abuse against that of another population.

    ``ratio``: the one over the other; else the one less the other. ``unit`` is that of either side.
    """

    metric: str
    unit: str
    against: str
    ratio: bool = False

    @property
    def populations(self) -> tuple[str, str]:
        """The two sides, in the order of their figures."""
        return ("domestic_abuse", self.against)

    def rules(self, rule: ThresholdRule) -> tuple[ThresholdRule, ThresholdRule]:
        """Rules by which the series of either side are found; their limits are those of the gap, not of a side."""
        first, second = (
            replace(rule, metric=self.metric, where={**rule.where, "population": population})
            for population in self.populations
        )
        return first, second

    def effects(self, old: Sequence[float], new: Sequence[float]) -> tuple[Effect, Effect] | None:
        """Say how far either side moved the gap; the two sum to its change exactly.

        Of a ratio a side's part is what its change does while the other side stands still, at the mean of both moments:
        (a1 - a0)(1/b0 + 1/b1)/2 and (1/b1 - 1/b0)(a0 + a1)/2.

        Parameters
        ----------
        old, new
            Figures of both sides, before and after.

        Returns
        -------
        tuple of Effect, or None
            None where a ratio has nothing below its line.
        """
        (a0, b0), (a1, b1) = ([Fraction(figure) for figure in figures] for figures in (old, new))
        if not self.ratio:
            parts = (a1 - a0, b0 - b1)
        elif b0 and b1:
            parts = ((a1 - a0) * (1 / b0 + 1 / b1) / 2, (1 / b1 - 1 / b0) * (a0 + a1) / 2)
        else:
            return None
        first, second = (
            Effect(population, part, Fraction()) for population, part in zip(self.populations, parts, strict=True)
        )
        return first, second


_MEDIAN = "attendance.median_s"
_GAPS: Final[Mapping[str, Gap]] = {
    "attendance.gap_ratio": Gap(_MEDIAN, "s", "all", ratio=True),
    "attendance.gap_ratio_other": Gap(_MEDIAN, "s", "other", ratio=True),
    "attendance.gap_s": Gap(_MEDIAN, "s", "all"),
    "attendance.gap_within_4h": Gap("attendance.within_4h", "share", "other"),
}


def gap_of(metric: str) -> Gap | None:
    """What a measure holds against what; None where it is no gap."""
    return _GAPS.get(metric)


def with_sides(rows: Sequence[Observation], sides: Sequence[Sequence[Observation]]) -> tuple[Observation, ...]:
    """Put to each row of a gap the rows of its two sides of the same period, where both are there."""
    by_end = [{row.period_end: row for row in side} for side in sides]
    return tuple(
        replace(row, sides=tuple(side[row.period_end] for side in by_end))
        if all(row.period_end in side for side in by_end)
        else row
        for row in rows
    )
