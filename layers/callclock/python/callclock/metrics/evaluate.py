"""From curated Parquet files to the values of one month's partition. No S3 here."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from callclock.clock import Month, Period, PeriodKind, local_midnight, periods_of
from callclock.contracts import CONTRACT_VERSION, TABLES
from callclock.engine import name, parquet_list, quote, rows_of
from callclock.metrics.catalogue import LONG, Family, Relation, families, steps_below
from callclock.metrics.configured import fill, register_configuration
from callclock.settings import Force, Targets

FOR_EVER = datetime(9999, 12, 31, tzinfo=UTC)
"""End of what has no end."""

_QUANTILE = re.compile(r"quantile_cont\((\w+), ([\d.]+)\)")


class ImpossibleFiguresError(Exception):
    """Figures that cannot be true together were worked out: a fault in the code, never one of the data.

    They are not to be released; the text names family, partition and the first of them.
    """


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


def prepare(
    con: duckdb.DuckDBPyConnection,
    tables: Mapping[str, Sequence[Path]],
    *,
    home: Month,
    force: Force,
    targets: Targets,
    known: Known,
    steps: Sequence[Relation] | None = None,
) -> None:
    """Register what the families that read exactly these tables need, for the values of one partition.

    Parameters
    ----------
    con
        Connection of ``engine.connect``.
    tables
        ``Family.tables``, in their order, each with its curated files of the months that ``plan.needed`` names, those
        that exist.
    home
        Month in whose partition the values will lie.
    steps
        Shared steps to make ready, each after what it needs (``catalogue.steps_below``); None for all those of these
        tables. A partition of few stale families needs few, and every step costs its planning. Stored steps that rest
        on periods are left to :func:`evaluate`: to make them ready empty would plan them once more.

    Raises
    ------
    ConfigurationError
        Two entries of targets.toml hold for one grade (or metric) on one day.
    """
    for table, paths in tables.items():
        con.execute(f"CREATE OR REPLACE TEMP VIEW {name(table)} AS {rows_of(TABLES[table].columns, paths)}")
    register_configuration(con, force, targets)
    fill(
        con,
        "sources",
        "table_name VARCHAR, source VARCHAR, as_at TIMESTAMP, resend VARCHAR, covered_from TIMESTAMP, "
        "covered_to TIMESTAMP, retired_at TIMESTAMP",
        [(s.table_name, s.source, _utc(s.as_at), s.resend, *map(_utc_or_none, _spans(s))) for s in known.sources],
    )
    fill(
        con,
        "source_gaps",
        "table_name VARCHAR, source VARCHAR, gap_from TIMESTAMP, gap_to TIMESTAMP",
        [(s.table_name, s.source, *map(_utc, gap)) for s in known.sources for gap in s.gaps],
    )
    fill(
        con,
        "source_holes",
        "source VARCHAR, hole_from TIMESTAMP, hole_to TIMESTAMP",
        [(s.source, *map(_utc, hole)) for s in known.sources for hole in s.holes],
    )
    fill(
        con,
        "exports",
        "source VARCHAR, arrived_at TIMESTAMP, exported_at TIMESTAMP, records BIGINT, quarantined BIGINT",
        [
            (s.source, _utc(e.arrived_at), _utc(e.exported_at), e.records, e.quarantined)
            for s in known.sources
            for e in s.exports
        ],
    )
    fill(
        con,
        "snapshots",
        "source VARCHAR, covers_from TIMESTAMP, covers_until TIMESTAMP, exported_at TIMESTAMP",
        [(s.source, *map(_utc, stretch)) for s in known.sources for stretch in s.snapshots],
    )
    fill(
        con,
        "run",
        "force_as_at TIMESTAMP, count_unknown_origin BOOLEAN",
        [(_utc(known.as_at), force.unknown_origin_is_public)],
    )
    columns = "period_no INTEGER, period_kind VARCHAR, period_label VARCHAR, period_start DATE, period_end DATE, "
    columns += "start_at TIMESTAMP, end_at TIMESTAMP, hole BOOLEAN"
    # A year to date or a rolling year that ends in a month not begun would be published before its time.
    begun = local_midnight(home.first_day, force.tz) <= max([known.as_at, *(s.as_at for s in known.sources)])
    periods = [period for period in periods_of(home) if begun or period.kind not in LONG]
    rows = [(number, *_period_row(period, force, known)) for number, period in enumerate(periods)]
    fill(con, "home_periods", columns, rows)
    fill(con, "periods", columns, [])
    fill(con, "period_days", "period_no INTEGER, period_kind VARCHAR, period_label VARCHAR, local_date DATE", [])
    fill(con, "reach", "first_date DATE, end_date DATE", [])
    fill(con, "worked_out", "step VARCHAR, period_kind VARCHAR", [])
    con.execute("SET VARIABLE stands = NULL")
    for step in _of_tables(tuple(tables)) if steps is None else steps:
        if not (step.stored and step.by_period):
            kind = "TABLE" if step.stored else "VIEW"
            con.execute(f"CREATE OR REPLACE TEMP {kind} {name(step.name)} AS {all_at_once(step.sql)}")


def work_out_month(con: duckdb.DuckDBPyConnection, step: Relation, family: Family, out: Path) -> None:
    """Write the rows of a monthly step for the month that :func:`prepare` named, for :func:`evaluate` to read."""
    _of_kinds(con, [PeriodKind.MONTH], family)
    con.execute(f"COPY ({all_at_once(step.sql)}) TO {quote(str(out))} (FORMAT parquet)")


def evaluate(
    con: duckdb.DuckDBPyConnection,
    family: Family,
    out: Path,
    *,
    metadata: Mapping[str, str] | None = None,
    months: Mapping[str, Sequence[Path]] | None = None,
) -> int:
    """Work out the values of a family for the partition that :func:`prepare` named, and write them.

    What the family shares with others is worked out with the first of them.

    Parameters
    ----------
    out
        Parquet file to write.
    metadata
        Goes into the file beside its contract_version.
    months
        For monthly steps that it rests on, by name: what :func:`work_out_month` wrote for each month of its periods. A
        step that is not there is worked out from the records, which takes longer and gives the same.

    Returns
    -------
    int
        Rows written, in the order of their keys, with the columns of the family's result table.

    Raises
    ------
    ImpossibleFiguresError
        The family's check found values that cannot be.
    """
    there = {name for name, files in (months or {}).items() if files}
    for step in steps_below(family.read, ready=there):
        if step.stored and step.by_period:
            _keep(con, step, family, (months or {}).get(step.name))
    _of_kinds(con, family.kinds, family)
    columns = ", ".join(f"CAST({name(c.name)} AS {c.kind.duckdb}) AS {name(c.name)}" for c in family.result.columns)
    order = ", ".join(family.order)
    said = {"contract_version": str(CONTRACT_VERSION), **(metadata or {})}
    pairs = ", ".join(f"{quote(key)}: {quote(value)}" for key, value in said.items())
    counted = con.execute(
        f"COPY (SELECT {columns} FROM ({family.select}) ORDER BY {order}) TO {quote(str(out))} (FORMAT parquet, "
        f"COMPRESSION zstd, COMPRESSION_LEVEL 1, KV_METADATA {{{pairs}}})"
    ).fetchone()
    if family.check:
        _check(con, family, family.check, out)
    return int(counted[0]) if counted else 0


def _check(con: duckdb.DuckDBPyConnection, family: Family, check: Relation, out: Path) -> None:
    con.execute(f"CREATE OR REPLACE TEMP VIEW released AS SELECT * FROM read_parquet({parquet_list([out])})")
    found = con.execute(f"SELECT * FROM ({check.sql}) AS found ORDER BY ALL")
    columns = [column[0] for column in found.description or ()]
    rows = found.fetchall()
    if rows:
        first = ", ".join(f"{column} {value}" for column, value in zip(columns, rows[0], strict=True))
        raise ImpossibleFiguresError(f"{family.name}: {len(rows)} figures cannot be ({check.name}); the first: {first}")


def all_at_once(sql: str) -> str:
    """Ask for all percentiles of a column at once: DuckDB then keeps and orders its values once, not for each.

    The portable core has no lists, so the texts ask for them one by one; the answers are the same.
    """
    shares: dict[str, list[str]] = {}
    for column, share in _QUANTILE.findall(sql):
        if share not in shares.setdefault(column, []):
            shares[column].append(share)

    def one_of_all(found: re.Match[str]) -> str:
        column, share = found.groups()
        asked = shares[column]
        return f"quantile_cont({column}, [{', '.join(asked)}])[{asked.index(share) + 1}]"

    return _QUANTILE.sub(one_of_all, sql)


def _keep(con: duckdb.DuckDBPyConnection, step: Relation, family: Family, months: Sequence[Path] | None = None) -> None:
    """Work a stored step out for the kinds of period that it does not hold yet.

    Percentiles keep their values in memory: year to date and rolling year come one after the other, and so twelve
    months bound it.
    """
    held = con.execute("SELECT period_kind FROM worked_out WHERE step = ?", [step.name]).fetchall()
    wanted = [kind for kind in family.kinds if (kind.value,) not in held]
    long = [kind for kind in wanted if kind in LONG]
    apart = [[kind] for kind in long] if step.percentiles else [long]
    first = not held
    for together in ([kind for kind in wanted if kind not in LONG], *apart):
        if together:
            _of_kinds(con, together, family)
            sql = _of_months(months) if months else all_at_once(step.sql)
            _add(con, step, sql, first=first)
            first = False
            con.executemany("INSERT INTO worked_out VALUES (?, ?)", [(step.name, kind.value) for kind in together])


def _add(con: duckdb.DuckDBPyConnection, step: Relation, sql: str, *, first: bool) -> None:
    """Keep rows of a step. Under its name stand those of the kinds of period that are asked for."""
    kept = name(f"kept_{step.name}")
    if not first:
        con.execute(f"INSERT INTO {kept} BY NAME {sql}")
        return
    con.execute(f"CREATE OR REPLACE TEMP TABLE {kept} AS {sql}")
    of_periods = f"SELECT * FROM {kept} WHERE period_kind IN (SELECT period_kind FROM periods)"
    con.execute(f"CREATE OR REPLACE TEMP VIEW {name(step.name)} AS {of_periods}")


def _of_months(months: Sequence[Path]) -> str:
    """SQL of a monthly step: the rows of each month once for every period that holds it."""
    return (
        "SELECT p.period_kind, p.period_label, m.* EXCLUDE (period_kind, period_label, first_day) "
        "FROM (SELECT *, CAST(period_label || '-01' AS DATE) AS first_day "
        f"FROM read_parquet({parquet_list(months)})) AS m "
        "JOIN periods AS p ON m.first_day >= p.period_start AND m.first_day < p.period_end "
        "WHERE p.period_kind NOT IN ('day', 'week')"
    )


def _of_kinds(con: duckdb.DuckDBPyConnection, kinds: Sequence[PeriodKind], family: Family) -> None:
    """Let ``periods`` hold the partition's periods of these kinds, and ``period_days`` each local day of them.

    Records join by day: to find a record's periods by their bounds costs several times as much. ``reach`` is as far as
    the family looks behind and ahead of them; more may be at hand, for the sake of a family that looks further. Where
    they stand so already, for the step or the family before, nothing is done.
    """
    wanted = f"{' '.join(kinds)} {family.look_behind} {family.look_ahead}"
    if con.execute("SELECT getvariable('stands')").fetchone() == (wanted,):
        return
    con.execute(f"SET VARIABLE stands = {quote(wanted)}")
    con.execute("DELETE FROM periods")
    con.execute("INSERT INTO periods FROM home_periods WHERE period_kind IN ?", [[kind.value for kind in kinds]])
    con.execute("DELETE FROM period_days")
    con.execute(
        "INSERT INTO period_days SELECT period_no, period_kind, period_label, "
        "UNNEST(generate_series(period_start, period_end - 1, INTERVAL 1 DAY)) FROM periods"
    )
    con.execute("DELETE FROM reach")
    con.execute(
        "INSERT INTO reach SELECT date_trunc('month', min(period_start)) - to_months(?), "
        "max(period_end) + to_days(?) FROM periods",
        [family.look_behind, family.look_ahead],
    )


def _of_tables(tables: tuple[str, ...]) -> Iterable[Relation]:
    """Shared steps of the families that read these tables, each after what it needs."""
    return {step.name: step for family in families() if family.tables == tables for step in family.relations}.values()


def _spans(source: SourceKnown) -> tuple[datetime | None, datetime | None, datetime | None]:
    return source.covered_from, source.covered_to, source.retired_at


def _period_row(period: Period, force: Force, known: Known) -> tuple[object, ...]:
    start, end = (_utc(local_midnight(day, force.tz)) for day in (period.start, period.end))
    return (period.kind.value, period.label, period.start, period.end, start, end, period in known.holes)


def _utc(instant: datetime) -> datetime:
    """UTC without its zone, as DuckDB keeps it."""
    return instant.astimezone(UTC).replace(tzinfo=None)


def _utc_or_none(instant: datetime | None) -> datetime | None:
    return _utc(instant) if instant else None
