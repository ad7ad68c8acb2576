"""Shares that stand in for a median or a percentile where a mail says which part moved it most.

A percentile has no parts that add up. Whether it lies beyond a limit is whether enough people waited no longer than
that, and the share that did has parts: so the published share by the mark nearest to the limit stands in for it.
"""

import math
from dataclasses import dataclass

from callclock.settings import ThresholdRule

_ALSO = {"attendance": "whom nobody came to", "calls": "who gave up"}


@dataclass(frozen=True)
class StandIn:
    """A share by a mark: its metric, the mark in seconds, and what it counts, as a mail says it.

    ``rises``: it grows when people wait longer.
    """

    metric: str
    mark: float
    words: str
    rises: bool = False

    def about(self, longer: bool, grew: bool) -> str:
        """Say what stands in for a figure, and that they moved apart where they did.

        Parameters
        ----------
        longer, grew
            Whether the figure is longer than before, and whether the share is greater.
        """
        said = f"It has no parts that add up; the share of {self.words}, the nearest mark, has."
        if longer == (grew is self.rises):
            return said
        return f"{said} The two moved apart: the share counts those too {_ALSO[self.metric.partition('.')[0]]}."


_ATTENDED = (
    StandIn("attendance.within_15m", 900, "incidents attended within 15 minutes"),
    StandIn("attendance.within_60m", 3_600, "incidents attended within 60 minutes"),
    StandIn("attendance.within_4h", 14_400, "incidents attended within 4 hours"),
    StandIn("attendance.within_24h", 86_400, "incidents attended within 24 hours"),
    StandIn("attendance.within_7d", 604_800, "incidents attended within 7 days"),
)
_ANSWERED = (
    StandIn("calls.answered_within_10s", 10, "calls answered within 10 seconds"),
    StandIn("calls.answered_within_30s", 30, "calls answered within 30 seconds"),
    StandIn("calls.answered_within_60s", 60, "calls answered within 60 seconds"),
    StandIn("calls.waited_over_5m", 300, "calls kept waiting for over 5 minutes", rises=True),
    StandIn("calls.waited_over_15m", 900, "calls kept waiting for over 15 minutes", rises=True),
)
_STAND_INS = {
    **{f"attendance.{name}_s": _ATTENDED for name in ("median", "p90", "p95", "median_all")},
    **{f"calls.wait_first_{name}_s": _ANSWERED for name in ("median", "p90", "p95")},
}


def stand_ins(metric: str) -> tuple[StandIn, ...]:
    """Shares of which one stands in for a measure; none where it has parts of its own, or none at all."""
    return _STAND_INS.get(metric, ())


def stand_in(rule: ThresholdRule, newest: float) -> StandIn | None:
    """Return the share that stands in for the measure of a rule; None where none does.

    Parameters
    ----------
    newest
        The newest value. A rule for signals has no limit: there the mark nearest to this is taken.
    """
    wanted = max(rule.severities[0].level if rule.severities else newest, 1.0)
    return min(stand_ins(rule.metric), key=lambda share: abs(math.log(share.mark / wanted)), default=None)
