"""What a proposed rule would have told: it is replayed over the results there are, in the order they became known."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from callclock.clock import local_midnight
from callclock.replay import Observation, Rule
from callclock.thresholds import Decision, Delivered, decide, next_due

_MARK = re.compile(r"_(\d+)(m|h|d)$")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True)
class Taken:
    """One export: from which source, and when it was taken."""

    source: str
    at: datetime


@dataclass(frozen=True)
class Told:
    """A notice that would have gone out, and the series as it was known then."""

    at: datetime
    decision: Decision
    known: tuple[Observation, ...]


def settles_after(metric: str, settles_days: int) -> timedelta:
    """How long after a period its value can be complete: its mark (``within_4h``), or the days of its definition."""
    mark = _MARK.search(metric)
    of_mark = int(mark[1]) * _UNITS[mark[2]] if mark else timedelta()
    return max(of_mark, timedelta(days=settles_days))


def would_tell(
    series: Sequence[Observation],
    rule: Rule,
    exports: Sequence[Taken],
    *,
    settles: timedelta,
    since: datetime,
) -> Iterator[Told]:
    """Replay a rule from ``since`` to the newest export and a month beyond.

    A value counts as known from the first moment at which every source seen so far had sent an export that was taken
    after the value could be complete. Values are those there are now: a correction made since is taken as known from
    the start, so nothing is told of it.

    Parameters
    ----------
    series
        Rows of the rule's series.
    exports
        Every export of the table that the metric is worked out from.
    settles
        :func:`settles_after` of the metric.

    Yields
    ------
    Told
        In order.
    """
    taken = sorted(exports, key=lambda export: export.at)
    if not taken:
        return
    until = taken[-1].at + timedelta(days=31)
    log: list[Delivered] = []
    arrivals = iter(sorted({export.at for export in taken if export.at > since}))
    coming = next(arrivals, None)
    now: datetime | None = since
    while now is not None and now <= until:
        known = tuple(_known(series, rule, taken, settles, now))
        decision = decide(known, log, rule, now)
        if decision.tell:
            log.append(decision.delivered(now, rule))
            yield Told(now, decision, known)
            # The same moment may have more to tell: past breaches come one after the other.
            continue
        due = next_due(known, log, rule, now + timedelta.resolution)
        while coming is not None and coming <= now:
            coming = next(arrivals, None)
        now = min((instant for instant in (due, coming) if instant is not None), default=None)


def _known(
    series: Iterable[Observation], rule: Rule, taken: Sequence[Taken], settles: timedelta, now: datetime
) -> Iterator[Observation]:
    newest: dict[str, datetime] = {}
    for export in taken:
        if export.at <= now:
            newest[export.source] = export.at
    if not newest:
        return
    as_at = min(newest.values())
    for row in series:
        if row.complete and local_midnight(row.period_end, rule.zone) + settles <= as_at:
            yield replace(row, as_at=min(row.as_at, as_at), restated_from=None)
