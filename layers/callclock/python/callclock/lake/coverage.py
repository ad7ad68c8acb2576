"""Coverage: what each export covers, and so until when a table is known (METRICS "What is known, and until when")."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from callclock import layout
from callclock.bookkeeping import COVERAGE
from callclock.clock import Month, Period, PeriodKind, format_instant, local_day, local_midnight, periods_of, stretch
from callclock.engine import connect, name, quote, rows_of
from callclock.exports.receipt import CoverageRow, Receipt
from callclock.metrics.known import FOR_EVER, SourceKnown
from callclock.objects import Bucket, Read
from callclock.reasons import ExportStatus
from callclock.settings import Force

# METRICS "Readings": a longer period is incomplete only when holes cover more than 1 % of it.
_SHORT_KINDS = frozenset({PeriodKind.DAY, PeriodKind.WEEK, PeriodKind.MONTH})
_TOLERATED_SHARE = 0.01
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Hole:
    """A stretch of time that no export covers."""

    start: datetime
    end: datetime

    def snapped(self, limit: timedelta, zone: ZoneInfo) -> "Hole":
        """Return the hole with its ends moved to a local midnight inside it that lies within ``limit``."""
        after = local_midnight(local_day(self.start, zone) + timedelta(days=1), zone)
        before = local_midnight(local_day(self.end, zone), zone)
        return Hole(
            after if after - self.start <= limit else self.start,
            before if self.end - before <= limit else self.end,
        )


@dataclass(frozen=True)
class Coverage:
    """What every export of a force covers, in order of table, source and export."""

    rows: tuple[CoverageRow, ...] = ()
    read: Read | None = None

    @classmethod
    def load(cls, results: Bucket, force_code: str, workdir: Path) -> Self:
        """Read the coverage of a force; none where nothing was read yet."""
        path = workdir / "coverage.parquet"
        read = results.fetch(layout.coverage(force_code), path)
        if read is None:
            return cls()
        columns = ", ".join(name(field.name) for field in fields(CoverageRow))
        with connect(workdir / "duckdb") as db:
            found = db.execute(f"SELECT {columns} FROM ({rows_of(COVERAGE.columns, [path])})").fetchall()
        rows = (CoverageRow(*map(_aware, row)) for row in found)
        return cls(tuple(sorted(rows, key=_order)), read)

    def with_rows(self, rows: Iterable[CoverageRow]) -> Self:
        """Return the coverage with these rows in place of older readings of the same export and table."""
        known = {(row.export_id, row.table_name): row for row in (*self.rows, *rows)}
        return type(self)(tuple(sorted(known.values(), key=_order)), self.read)

    def with_receipts(self, receipts: Iterable[Receipt], withdrawn: Collection[str]) -> Self:
        """Return the coverage with what these receipts say, and without what was withdrawn."""
        gone = {(r.export_id, r.table_name) for r in receipts if r.status is ExportStatus.WITHDRAWN}
        told = self.with_rows([r.coverage for r in receipts if r.status is ExportStatus.READ and r.coverage])
        rows = (r for r in told.rows if r.export_id not in withdrawn and (r.export_id, r.table_name) not in gone)
        return type(self)(tuple(rows), self.read)

    def save(self, results: Bucket, force_code: str, workdir: Path) -> None:
        """Replace the coverage of a force; raises ``ChangedMeanwhileError`` when another run was here."""
        path = workdir / "coverage-new.parquet"
        columns = ", ".join(f"{name(c.name)} {c.kind.duckdb}" for c in COVERAGE.columns)
        with connect(workdir / "duckdb") as db:
            db.execute(f"CREATE TABLE coverage ({columns})")
            if self.rows:
                # One statement for all: a row at a time takes seconds for years of daily exports.
                values = [[_plain(getattr(row, c.name)) for row in self.rows] for c in COVERAGE.columns]
                db.execute(f"INSERT INTO coverage SELECT {', '.join('unnest(?)' for _ in values)}", values)
            db.execute(f"COPY (FROM coverage) TO {quote(str(path))} (FORMAT parquet, COMPRESSION zstd)")
        results.replace(layout.coverage(force_code), path, self.read)

    def sources_known(self, table: str, force: Force) -> tuple[SourceKnown, ...]:
        """Each source of a table: until when it is known, how it re-sends, what its exports cover."""
        retired = {retirement.source: local_midnight(retirement.on, force.tz) for retirement in force.retired}
        found = []
        for source, rows in self.by_source(table):
            newest = max(rows, key=lambda row: row.exported_at)
            retired_at = retired.get(source)
            found.append(
                SourceKnown(
                    table_name=table,
                    source=source,
                    as_at=newest.exported_at,
                    resend=newest.resend,
                    covered_from=min((row.covered_from for row in rows if row.covered_from), default=None),
                    covered_to=max((row.covered_to for row in rows if row.covered_to), default=None),
                    retired_at=retired_at,
                    gaps=tuple((gap.start, gap.end) for gap in _gaps(rows, force, retired_at)),
                )
            )
        return tuple(found)

    def by_source(self, table: str) -> Iterator[tuple[str, tuple[CoverageRow, ...]]]:
        """Rows of each source of a table."""
        mine = sorted((row for row in self.rows if row.table_name == table), key=lambda row: row.source)
        for source, group in groupby(mine, key=lambda row: row.source):
            yield source, tuple(group)

    def table_as_at(self, table: str, force: Force, now: datetime) -> datetime | None:
        """Return the table's as_at: the least over its live sources of their newest exported_at; None without export.

        A table all of whose sources are retired is known until the last of them.
        """
        known = self.sources_known(table, force)
        live = [source.as_at for source in known if source.retired_at is None or source.retired_at > now]
        return min(live) if live else max((source.as_at for source in known), default=None)

    def holes(self, table: str, force: Force) -> tuple[Hole, ...]:
        """Stretches longer than the force's limit that no export of a source covers, and the time before the first.

        Exports by span cover from their first to their newest start; two of them join when nothing but a stretch within
        the limit lies between them. Between the newest start and exported_at (or the source's retirement) lies a hole
        too: a month exported on the third says nothing of the first two days of the next. A hole that begins or ends
        within the limit of a local midnight begins or ends at it: the last call of a day is not the end of what is
        known of it.
        """
        limit = timedelta(hours=force.coverage_gap_h)
        ends = {retirement.source: local_midnight(retirement.on, force.tz) for retirement in force.retired}
        found: list[Hole] = []
        starts = []
        for source, rows in self.by_source(table):
            spans = spans_of(rows)
            if not spans:
                continue
            starts.append(spans[0][0])
            found += holes_between(spans, limit, force.tz)
            reached = max(end for _, end in spans)
            exported_at = max(row.exported_at for row in rows)
            last = min(exported_at, ends.get(source, exported_at))
            if last - reached > limit:
                found.append(Hole(reached, last).snapped(limit, force.tz))
        if starts:
            found.append(Hole(NEVER, min(starts)).snapped(limit, force.tz))
        return tuple(hole for hole in found if hole.start < hole.end)


def spans_of(rows: Iterable[CoverageRow]) -> list[tuple[datetime, datetime]]:
    """What exports cover, in order of the starts."""
    return sorted((r.covered_from, r.covered_to) for r in rows if r.covered_from and r.covered_to)


def holes_between(spans: Sequence[tuple[datetime, datetime]], limit: timedelta, zone: ZoneInfo) -> Iterator[Hole]:
    """Holes between spans that are in order of their starts."""
    reached = spans[0][1]
    for start, end in spans[1:]:
        if start - reached > limit:
            snapped = Hole(reached, start).snapped(limit, zone)
            # Across one midnight both ends may snap to it. It is a hole all the same, in both days.
            yield snapped if snapped.start < snapped.end else Hole(reached, start)
        reached = max(reached, end)


def _gaps(rows: Sequence[CoverageRow], force: Force, retired_at: datetime | None) -> Iterator[Hole]:
    """Stretches from the first coverage of a source to its retirement that windows must not touch (METRICS "C").

    Other than a hole, the last begins at the newest instant covered itself and does not end while the source is live.
    """
    limit = timedelta(hours=force.coverage_gap_h)
    spans = spans_of(rows)
    if not spans:
        return
    yield from holes_between(spans, limit, force.tz)
    reached = max(end for _, end in spans)
    if retired_at is None:
        yield Hole(reached, FOR_EVER)
    elif retired_at - reached > limit:
        yield Hole(reached, retired_at)


def touched_in(home: Month, holes: Sequence[Hole], zone: ZoneInfo) -> frozenset[Period]:
    """Periods that a hole makes incomplete, of those whose values lie in the partition ``home``.

    Most months have none near: of them not even the periods are drawn up, for a refresh asks in every month there ever
    was.
    """
    spans = [spanned for kind in PeriodKind if (spanned := stretch(home, kind))]
    start = local_midnight(min(first for first, _ in spans), zone)
    end = local_midnight(max(after for _, after in spans), zone)
    near = [hole for hole in holes if hole.end > start and hole.start < end]
    return periods_with_holes(near, periods_of(home), zone) if near else frozenset()


def periods_with_holes(holes: Sequence[Hole], periods: Iterable[Period], zone: ZoneInfo) -> frozenset[Period]:
    """Those of ``periods`` that a hole makes incomplete.

    Day, week and month are touched by any hole; a longer period when holes cover more than 1 % of it.
    """
    found = set()
    for period in periods:
        start, end = (local_midnight(day, zone) for day in (period.start, period.end))
        touching = [hole for hole in holes if hole.end > start and hole.start < end]
        lost = sum((min(end, hole.end) - max(start, hole.start) for hole in touching), timedelta())
        if lost > timedelta() and (period.kind in _SHORT_KINDS or lost > (end - start) * _TOLERATED_SHARE):
            found.add(period)
    return frozenset(found)


def _order(row: CoverageRow) -> tuple[str, str, str, str]:
    return (row.table_name, row.source, format_instant(row.exported_at), row.export_id)


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _plain(value: object) -> object:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value
