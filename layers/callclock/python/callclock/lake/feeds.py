"""Feeds: what is known of each source as such, for values that speak of the feed itself (METRICS "E")."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Self

from callclock.clock import Month, local_day, local_midnight
from callclock.exports.receipt import CoverageRow
from callclock.lake.coverage import NEVER, Coverage, Hole, holes_between, spans_of
from callclock.lake.curate import CuratedMonth
from callclock.metrics.evaluate import FOR_EVER, ExportKnown, Known, SourceKnown
from callclock.settings import Force


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
    """

    source: SourceKnown
    holes: Sequence[Hole]
    exports: Sequence[ExportKnown]
    freshest: Sequence[ExportKnown]

    @classmethod
    def of(cls, source: SourceKnown, rows: Sequence[CoverageRow], force: Force) -> Self:
        """Gather what the exports of a source say of it."""
        exports = sorted((_export(row) for row in rows), key=lambda export: export.arrived_at)
        freshest = list(accumulate(exports, _fresher))
        return cls(source, list(_holes(rows, force)), exports, freshest)

    def between(self, start: datetime, end: datetime) -> SourceKnown:
        """Return the source with its holes and exports between two instants, and the freshest export before them."""
        first = bisect_left(self.exports, start, key=lambda export: export.arrived_at)
        last = bisect_left(self.exports, end, key=lambda export: export.arrived_at)
        before = [replace(self.freshest[first - 1], records=0, quarantined=0)] if first else []
        holes = self.holes[bisect_right(self.holes, start, key=lambda hole: hole.end) :]
        return replace(
            self.source,
            holes=tuple((max(hole.start, start), min(hole.end, end)) for hole in holes if hole.start < end),
            exports=(*before, *self.exports[first:last]),
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
        yield month, Known(heard, tuple(feed.between(first, end) for feed in feeds))
        month = month.plus(1)


def _fresher(one: ExportKnown, other: ExportKnown) -> ExportKnown:
    return other if other.exported_at > one.exported_at else one


def _export(row: CoverageRow) -> ExportKnown:
    """Coverage of an older version does not say when an export arrived; it was hardly taken long before."""
    return ExportKnown(row.arrived_at or row.exported_at, row.exported_at, row.records or 0, row.quarantined or 0)


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
