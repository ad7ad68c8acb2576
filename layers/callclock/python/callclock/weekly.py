"""When the weekly digest is due, and what it tells of: pure, from what notify knows of a force's rules.

A digest is due with the first daily tick of a local week. It tells how every figure that is watched stands now, what
was told in the weeks since the last digest, and how fresh the feeds are. It goes out also when all is well: whoever
reads nothing else would not know otherwise that anybody looked.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from typing import Self
from zoneinfo import ZoneInfo

from callclock.clock import PeriodKind, local_day
from callclock.notice_text import Context
from callclock.reasons import ExportReason, ExportStatus, State
from callclock.replay import Observation, Rule, calendar, frontier_of, replay, xmr_points
from callclock.spc import SignalRule
from callclock.thresholds import Delivered, lacks_data

_WEEK = timedelta(days=7)
_CHARTED = frozenset({PeriodKind.WEEK, PeriodKind.MONTH})
_FEWEST_EXPORTS = 3
"""From so many exports on a source has pauses to be late against."""


@dataclass(frozen=True)
class Span:
    """Whole local weeks that a digest tells of, from Monday ``start`` to the day before Monday ``end``."""

    start: date
    end: date

    @property
    def last(self) -> date:
        """The Sunday that ends them."""
        return self.end - timedelta(days=1)

    def holds(self, at: datetime, zone: ZoneInfo) -> bool:
        """Tell whether an instant lies in these weeks."""
        return self.start <= local_day(at, zone) < self.end


def due(told_until: Collection[date], now: datetime, zone: ZoneInfo) -> Span | None:
    """Return the weeks that a digest is to tell of now; None where that of this week has been delivered.

    Parameters
    ----------
    told_until
        ``Span.end`` of every digest that was delivered. The next one begins where the last ended, so that weeks in
        which nothing ran are made good by one digest; the first tells of the week before.
    now
        The instant of the tick, never the wall clock. One that is late, of an earlier week, tells nothing.
    zone
        The force's zone: weeks begin at its midnights.
    """
    today = local_day(now, zone)
    monday = today - timedelta(days=today.weekday())
    last = max(told_until, default=monday - _WEEK)
    return Span(last, monday) if last < monday else None


@dataclass(frozen=True)
class Feed:
    """How fresh one source of one table is. ``days`` are local days since its newest export was taken.

    ``longest_pause`` is the most days between two exports before; None where there are too few to say.
    """

    source: str
    table_name: str
    newest: datetime
    days: int
    longest_pause: int | None

    @property
    def late(self) -> bool:
        """Tell whether it has been silent for longer than ever before."""
        return self.longest_pause is not None and self.days > self.longest_pause


def feeds(
    taken: Iterable[tuple[str, str, datetime]], retired: Collection[str], now: datetime, zone: ZoneInfo
) -> list[Feed]:
    """Say how fresh each source is, from when its exports were taken.

    Parameters
    ----------
    taken
        Source, table and instant of every export, in this order.
    retired
        Sources that are no longer expected to send.
    """
    found = []
    for (source, table_name), rows in groupby(taken, key=lambda row: row[:2]):
        instants = [instant for _, _, instant in rows]
        days = sorted({local_day(instant, zone) for instant in instants})
        pauses = [(after - before).days for before, after in pairwise(days)]
        if source not in retired:
            silent = max((local_day(now, zone) - days[-1]).days, 0)
            longest = max(pauses) if len(days) >= _FEWEST_EXPORTS else None
            found.append(Feed(source, table_name, max(instants), silent, longest))
    return found


@dataclass(frozen=True)
class Stopped:
    """An export that was refused or held, told to operations at ``at``, and that nothing has changed since.

    ``shown`` is its object key, and which file of an archive.
    """

    shown: str
    status: ExportStatus
    reason: ExportReason
    at: datetime


@dataclass(frozen=True)
class Watched:
    """One rule: its series, what was delivered of it, and the names that a mail needs."""

    rule: Rule
    series: Sequence[Observation]
    log: Sequence[Delivered]
    context: Context


@dataclass(frozen=True)
class Standing:
    """How one rule stands: its state, the breach that lasts or is recovering, its two newest figures, its signals."""

    watched: Watched
    state: State
    since: date | None
    severity: str | None
    newest: Observation | None
    before: Observation | None
    worse: tuple[SignalRule, ...]
    better: tuple[SignalRule, ...]

    @classmethod
    def of(cls, watched: Watched, now: datetime) -> Self:
        """Find out how a rule stands, from its series alone, whatever anybody was told.

        A rule that has no complete figure at all is without data: it must not pass for one within its limits.
        """
        rule, series = watched.rule, watched.series
        slots = calendar(series, rule.period)
        story = replay(series, rule) if rule.kind == "threshold" else None
        current = story.current if story else None
        state = story.state if story else State.OK
        completes = xmr_points(slots, rule)[-1].completes if slots and rule.period in _CHARTED else ()
        counts = bool(slots) and rule.observed(slots[-1]) is not None
        flags = completes if counts else ()
        return cls(
            watched=watched,
            state=State.NO_DATA if not slots or lacks_data(series, frontier_of(slots), rule, now) else state,
            since=current.since if current else None,
            severity=current.severity if current else None,
            newest=slots[-1] if slots else None,
            before=slots[-2] if len(slots) > 1 else None,
            worse=tuple(flag.rule for flag in flags if flag.side == rule.direction),
            better=tuple(flag.rule for flag in flags if flag.side != rule.direction),
        )
