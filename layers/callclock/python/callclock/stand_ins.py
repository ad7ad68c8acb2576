"""What stands in for a median or a percentile where a mail says which part moved it most.

A percentile has no parts that add up. Whether it lies beyond a limit is whether enough people waited no longer than
that, and the share that did has parts: so the published share by the mark nearest to the limit stands in for it. Where
no share is published by the same clock, the mean of the same records does.
"""

import math
from dataclasses import dataclass

_ALSO = {"attendance": "whom nobody came to", "calls": "who gave up"}


@dataclass(frozen=True)
class StandIn:
    """A share by a mark, or a mean: its metric, its unit, and what it is, as a mail says it.

    ``mark``: in seconds, of a share. ``rises``: it grows when people wait longer. ``by``: the dimension that says most.
    """

    metric: str
    words: str
    mark: float = 0.0
    rises: bool = False
    unit: str = "share"
    by: str | None = None

    def about(self, longer: bool, grew: bool, of: str = "It") -> str:
        """Say what stands in for a figure, and that they moved apart where they did.

        Parameters
        ----------
        longer, grew
            Whether the figure is longer than before, and whether what stands in for it is greater.
        of
            What the mail calls the figure.
        """
        nearest = ", the nearest mark," if self.mark else ""
        said = f"{of} has no parts that add up; the {self.words}{nearest} has."
        if longer == (grew is self.rises):
            return said
        if not self.mark:
            return f"{said} The two moved apart: the mean counts how long everybody waited."
        return f"{said} The two moved apart: the share counts those too {_ALSO[self.metric.partition('.')[0]]}."


_ATTENDED = (
    StandIn("attendance.within_15m", "share of incidents attended within 15 minutes", 900),
    StandIn("attendance.within_60m", "share of incidents attended within 60 minutes", 3_600),
    StandIn("attendance.within_4h", "share of incidents attended within 4 hours", 14_400),
    StandIn("attendance.within_24h", "share of incidents attended within 24 hours", 86_400),
    StandIn("attendance.within_7d", "share of incidents attended within 7 days", 604_800),
)
_ANSWERED = (
    StandIn("calls.answered_within_10s", "share of calls answered within 10 seconds", 10),
    StandIn("calls.answered_within_30s", "share of calls answered within 30 seconds", 30),
    StandIn("calls.answered_within_60s", "share of calls answered within 60 seconds", 60),
    StandIn("calls.waited_over_5m", "share of calls kept waiting for over 5 minutes", 300, rises=True),
    StandIn("calls.waited_over_15m", "share of calls kept waiting for over 15 minutes", 900, rises=True),
)
_BY_MEAN = {
    "calls.wait_final": "calls",
    "calls.queue_wait_first": "calls",
    "attendance.call_to_answer": "incidents",
    "attendance.created_to_dispatch": "incidents",
    "attendance.dispatch_to_arrival": "incidents",
}
"""Clocks by which no share is published, and what they time."""

_GAVE_UP = StandIn("calls.abandon_time_mean_s", "mean of the same hang-ups", rises=True, unit="s", by="stage")

_PERCENTILES = ("median", "p90", "p95")
_STAND_INS = {
    **{f"attendance.{name}_s": _ATTENDED for name in (*_PERCENTILES, "median_all")},
    **{f"calls.wait_first_{name}_s": _ANSWERED for name in _PERCENTILES},
    **{
        f"{clock}_{name}_s": (StandIn(f"{clock}_mean_s", f"mean of the same {what}", rises=True, unit="s"),)
        for clock, what in _BY_MEAN.items()
        for name in _PERCENTILES
    },
    "calls.abandon_time_median_s": (_GAVE_UP,),
}


def stand_ins(metric: str) -> tuple[StandIn, ...]:
    """What may stand in for a measure; nothing where it has parts of its own, or none at all."""
    return _STAND_INS.get(metric, ())


def stand_in(metric: str, wanted: float) -> StandIn | None:
    """Return what stands in for a measure; None where nothing does.

    Parameters
    ----------
    wanted
        Seconds to which the mark is to be nearest, by their ratio.
    """
    return min(
        stand_ins(metric), key=lambda found: abs(math.log(max(found.mark, 1.0) / max(wanted, 1.0))), default=None
    )
