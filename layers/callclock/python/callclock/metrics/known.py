"""What is known of the tables that measures read, and until when (METRICS "What is known, and until when")."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from callclock.clock import Period
from callclock.metrics.configured import fill
from callclock.settings import Force

FOR_EVER = datetime(9999, 12, 31, tzinfo=UTC)
"""End of what has no end."""


@dataclass(frozen=True)
class ExportKnown:
    """One export of a source: when it came, how fresh it was, how many of its records were judged and refused."""

    arrived_at: datetime
    exported_at: datetime
    records: int = 0
    quarantined: int = 0


@dataclass(frozen=True)
class SourceKnown:
    """Until when one source of a table is known.

    Attributes
    ----------
    as_at
        Its newest exported_at.
    resend
        How it re-sends: snapshot or delta.
    covered_from, covered_to
        First and newest instant that its exports cover, both inclusive; None where none held a row.
    gaps
        Stretches that its exports do not cover between the first and its retirement, in order; both ends are covered.
        While it is live the last begins at ``covered_to`` and ends with time itself (``FOR_EVER``).
    retired_at
        Local midnight of the day from which it no longer sends; None while it is live.
    holes
        Stretches of which its exports say nothing, in order; of use to families that speak of each source.
    exports
        Exports that arrived in the days counted, and the freshest of those before; for the same families.
    snapshots
        Stretches that snapshots cover, from and until, and when the newest that covers each was taken: no two overlap.
    missed
        What its snapshots did not hold of the records that they should have held, as far as that is told by hashes.
    """

    table_name: str
    source: str
    as_at: datetime
    resend: str
    covered_from: datetime | None = None
    covered_to: datetime | None = None
    retired_at: datetime | None = None
    gaps: tuple[tuple[datetime, datetime], ...] = ()
    holes: tuple[tuple[datetime, datetime], ...] = ()
    exports: tuple[ExportKnown, ...] = ()
    snapshots: tuple[tuple[datetime, datetime, datetime], ...] = ()
    missed: tuple[str, ...] = ()

    @property
    def feed(self) -> str:
        """All that is known of it as a feed, to be compared."""
        return f"{self.table_name}/{self.source} {self.retired_at} {self.holes} {self.exports} {self.missed}"


@dataclass(frozen=True)
class Known:
    """What is known of the tables that a family reads (METRICS "What is known, and until when").

    Attributes
    ----------
    as_at
        The least as_at of those tables that were ever sent; a table's is the least over its live sources. Of a family
        that speaks of each source, when the force was last heard of.
    sources
        Each source of each table.
    holes
        Periods that a coverage hole makes incomplete.
    """

    as_at: datetime
    sources: tuple[SourceKnown, ...]
    holes: Collection[Period] = frozenset()


def register_known(con: duckdb.DuckDBPyConnection, known: Known, force: Force) -> None:
    """Register what is known of the sources, as the SQL of the measures asks for it."""
    fill(
        con,
        "sources",
        "table_name VARCHAR, source VARCHAR, as_at TIMESTAMP, resend VARCHAR, covered_from TIMESTAMP, "
        "covered_to TIMESTAMP, retired_at TIMESTAMP",
        [(s.table_name, s.source, utc(s.as_at), s.resend, *map(_utc_or_none, _spans(s))) for s in known.sources],
    )
    fill(
        con,
        "source_gaps",
        "table_name VARCHAR, source VARCHAR, gap_from TIMESTAMP, gap_to TIMESTAMP",
        [(s.table_name, s.source, *map(utc, gap)) for s in known.sources for gap in s.gaps],
    )
    fill(
        con,
        "source_holes",
        "source VARCHAR, hole_from TIMESTAMP, hole_to TIMESTAMP",
        [(s.source, *map(utc, hole)) for s in known.sources for hole in s.holes],
    )
    fill(
        con,
        "exports",
        "source VARCHAR, arrived_at TIMESTAMP, exported_at TIMESTAMP, records BIGINT, quarantined BIGINT",
        [
            (s.source, utc(e.arrived_at), utc(e.exported_at), e.records, e.quarantined)
            for s in known.sources
            for e in s.exports
        ],
    )
    fill(
        con,
        "snapshots",
        "source VARCHAR, covers_from TIMESTAMP, covers_until TIMESTAMP, exported_at TIMESTAMP",
        [(s.source, *map(utc, stretch)) for s in known.sources for stretch in s.snapshots],
    )
    fill(
        con,
        "run",
        "force_as_at TIMESTAMP, count_unknown_origin BOOLEAN",
        [(utc(known.as_at), force.unknown_origin_is_public)],
    )


def _spans(source: SourceKnown) -> tuple[datetime | None, datetime | None, datetime | None]:
    return source.covered_from, source.covered_to, source.retired_at


def utc(instant: datetime) -> datetime:
    """UTC without its zone, as DuckDB keeps it."""
    return instant.astimezone(UTC).replace(tzinfo=None)


def _utc_or_none(instant: datetime | None) -> datetime | None:
    return utc(instant) if instant else None
