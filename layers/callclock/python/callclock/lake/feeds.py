"""Feeds: what is known of each source as such, for values that speak of the feed itself (METRICS "E")."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import accumulate, pairwise
from typing import Self

from callclock.clock import Month, local_day, local_midnight
from callclock.exports.receipt import CoverageRow
from callclock.lake.coverage import NEVER, Coverage, Hole, holes_between, spans_of
from callclock.lake.curate import CuratedMonth
from callclock.metrics.known import FOR_EVER, ExportKnown, Known, SourceKnown
from callclock.settings import Force

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Feed:
    """One source of one table.

    Attributes
    ----------
    holes
        Stretches of which its exports say nothing, from the beginning of time to its end, in order.
    exports
        In order of arrival.
    freshest
        Of each export and those that had arrived before it, the one that was taken last.
    snapshots
        See :class:`callclock.metrics.known.SourceKnown`, in order.
    """

    source: SourceKnown
    holes: Sequence[Hole]
    exports: Sequence[ExportKnown]
    freshest: Sequence[ExportKnown]
    snapshots: Sequence[tuple[datetime, datetime, datetime]]

    @classmethod
    def of(cls, source: SourceKnown, rows: Sequence[CoverageRow], force: Force) -> Self:
        """Gather what the exports of a source say of it."""
        exports = sorted((_export(row) for row in rows), key=lambda export: export.arrived_at)
        freshest = list(accumulate(exports, _fresher))
        return cls(source, list(_holes(rows, force)), exports, freshest, list(_snapshots(rows)))

    def between(self, start: datetime, end: datetime, curated: CuratedMonth | None = None) -> SourceKnown:
        """Return the source with its holes and exports between two instants, and the freshest export before them.

        Parameters
        ----------
        curated
            Month of its table that lies between the two; None where there is none.
        """
        first = bisect_left(self.exports, start, key=lambda export: export.arrived_at)
        last = bisect_left(self.exports, end, key=lambda export: export.arrived_at)
        before = [replace(self.freshest[first - 1], records=0, quarantined=0)] if first else []
        holes = self.holes[bisect_right(self.holes, start, key=lambda hole: hole.end) :]
        stretches = self.snapshots[bisect_right(self.snapshots, start, key=lambda stretch: stretch[1]) :]
        stretches = stretches[: bisect_left(stretches, end, key=lambda stretch: stretch[0])]
        snapshots = tuple((max(since, start), min(until, end), taken) for since, until, taken in stretches)
        return replace(
            self.source,
            holes=tuple((max(hole.start, start), min(hole.end, end)) for hole in holes if hole.start < end),
            exports=(*before, *self.exports[first:last]),
            snapshots=snapshots,
            missed=tuple(_missed(snapshots, curated, self.source.source)) if curated else (),
        )


def feeds_of(coverage: Coverage, tables: Sequence[str], force: Force) -> tuple[Feed, ...]:
    """Every source of these tables."""
    found = []
    for table in tables:
        rows = dict(coverage.by_source(table))
        found += [Feed.of(source, rows[source.source], force) for source in coverage.sources_known(table, force)]
    return tuple(found)


def last_heard(feeds: Sequence[Feed]) -> datetime:
    """Return when the newest export arrived, of whatever source; ``NEVER`` where there is none."""
    return max((feed.exports[-1].arrived_at for feed in feeds), default=NEVER)


def feeds_by_month(
    coverage: Coverage, curated: Mapping[str, Mapping[Month, CuratedMonth]], told: Iterable[Month], force: Force
) -> Iterator[tuple[Month, Known]]:
    """What is known of every source in each month, from the first record to when the force was last heard of.

    Parameters
    ----------
    curated
        Curated months of every table.
    told
        Months that something was told of before, though the exports may have been withdrawn since.
    """
    feeds = feeds_of(coverage, tuple(curated), force)
    heard = last_heard(feeds)
    month = min((month for months in curated.values() for month in months), default=None)
    last = max([Month.of(local_day(heard, force.tz)), *told])
    while month and month <= last:
        first, end = (local_midnight(day, force.tz) for day in (month.first_day, month.next_first_day))
        here = {table: months[month] for table, months in curated.items() if month in months}
        yield month, Known(heard, tuple(feed.between(first, end, here.get(feed.source.table_name)) for feed in feeds))
        month = month.plus(1)


def _fresher(one: ExportKnown, other: ExportKnown) -> ExportKnown:
    return other if other.exported_at > one.exported_at else one


def _export(row: CoverageRow) -> ExportKnown:
    """Coverage of an older version does not say when an export arrived; it was hardly taken long before."""
    return ExportKnown(row.arrived_at or row.exported_at, row.exported_at, row.records or 0, row.quarantined or 0)


def _snapshots(rows: Sequence[CoverageRow]) -> Iterator[tuple[datetime, datetime, datetime]]:
    """Stretches in order, each with the newest snapshot that covers it; one chosen by closing date covers no starts."""
    spans = sorted(
        ((r.covered_from, r.covered_to + _MILLISECOND, r.exported_at) for r in rows
         if r.resend == "snapshot" and r.selected_by == "start" and r.covered_from and r.covered_to),
        reverse=True,
    )  # fmt: skip
    edges = sorted({edge for since, until, _ in spans for edge in (since, until)})
    covering: list[tuple[timedelta, datetime, datetime]] = []
    found: tuple[datetime, datetime, datetime] | None = None
    for since, until in pairwise(edges):
        while spans and spans[-1][0] <= since:
            _, end, taken = spans.pop()
            heappush(covering, (FOR_EVER - taken, end, taken))
        while covering and covering[0][1] <= since:
            heappop(covering)
        newest = covering[0][2] if covering else None
        if found and newest == found[2]:
            found = (found[0], until, found[2])
            continue
        if found:
            yield found
        found = (since, until, newest) if newest else None
    if found:
        yield found


def _missed(
    snapshots: Sequence[tuple[datetime, datetime, datetime]], curated: CuratedMonth, source: str
) -> Iterator[str]:
    """What newer snapshots cover, for each instant at which records of a source were last seen; comparable.

    Snapshots that hold all that they cover add nothing, however many come: the values rest on no more than this. Where
    nobody knows when records were last seen, each new one counts.
    """
    if curated.last_seen is None:
        yield from (f"{since} {until} {taken}" for since, until, taken in snapshots)
        return
    for seen_at, which in curated.last_seen.get(source, {}).items():
        stretches: list[tuple[datetime, datetime]] = []
        for since, until, taken in snapshots:
            if taken <= seen_at:
                continue
            joined = stretches and stretches[-1][1] == since
            stretches.append((stretches.pop()[0], until) if joined else (since, until))
        if stretches:
            yield f"{seen_at} {which} {' '.join(f'{since}..{until}' for since, until in stretches)}"


def _holes(rows: Sequence[CoverageRow], force: Force) -> Iterator[Hole]:
    limit = timedelta(hours=force.coverage_gap_h)
    spans = spans_of(rows)
    if not spans:
        yield Hole(NEVER, FOR_EVER)
        return
    yield Hole(NEVER, spans[0][0]).snapped(limit, force.tz)
    yield from holes_between(spans, limit, force.tz)
    reached, exported_at = max(end for _, end in spans), max(row.exported_at for row in rows)
    # After its newest start nothing is known but for a while, as in every hole; after its newest export nothing at all.
    silent = exported_at - reached > limit
    yield Hole(Hole(reached, exported_at).snapped(limit, force.tz).start if silent else exported_at, FOR_EVER)
