"""From curated Parquet files to the values of months' partitions. No S3 here."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from callclock.clock import Month, Period, PeriodKind, local_midnight, periods_of
from callclock.contracts import CONTRACT_VERSION, METRIC_VALUES, TABLES
from callclock.engine import name, parquet_list, parsed, quote, rows_of
from callclock.metrics.catalogue import LONG, Family, Relation, families, steps_below
from callclock.metrics.configured import fill, register_configuration
from callclock.metrics.known import Known, register_known, utc
from callclock.settings import Force, Targets

# SQL of a monthly step: the rows of each month once for every period that holds it.
_OF_MONTHS = (
    "SELECT p.period_kind, p.period_label, m.* EXCLUDE (period_kind, period_label, first_day) "
    "FROM (SELECT *, CAST(period_label || '-01' AS DATE) AS first_day FROM read_parquet($months)) AS m "
    "JOIN periods AS p ON m.first_day >= p.period_start AND m.first_day < p.period_end "
    "WHERE p.period_kind NOT IN ('day', 'week')"
)
_QUANTILE = re.compile(r"quantile_cont\((\w+), ([\d.]+)\)")


class ImpossibleFiguresError(Exception):
    """Figures that cannot be true together were worked out: a fault in the code, never one of the data.

    They are not to be released; the text names family, partition and the first of them.
    """


def prepare(
    con: duckdb.DuckDBPyConnection,
    tables: Mapping[str, Sequence[Path]],
    *,
    homes: Sequence[Month],
    force: Force,
    targets: Targets,
    known: Known,
    days: tuple[date, date] | None = None,
    steps: Sequence[Relation] | None = None,
) -> "Ready":
    """Register what the families that read exactly these tables need, for the values of some partitions.

    Parameters
    ----------
    con
        Connection of ``engine.connect``.
    tables
        ``Family.tables``, in their order, each with its curated files of the months that ``plan.needed`` names, those
        that exist.
    homes
        Months in whose partitions the values will lie; see :meth:`Ready.turn_to`.
    days
        First day whose records are read, and the day after the last (``plan.seen``, over partitions and families); None
        for all of these months. A month that is seen for three of its days need not be made ready whole.
    steps
        Shared steps to make ready, each after what it needs (``catalogue.steps_below``); None for all those of these
        tables. A partition of few stale families needs few, and every step costs its planning. Stored steps that rest
        on periods are left to :meth:`Ready.evaluate`: to make them ready empty would plan them once more.

    Raises
    ------
    ConfigurationError
        Two entries of targets.toml hold for one grade (or metric) on one day.
    """
    seen = f" WHERE local_date >= DATE '{days[0]}' AND local_date < DATE '{days[1]}'" if days else ""
    for table, paths in tables.items():
        rows = rows_of(TABLES[table].columns, paths)
        con.execute(f"CREATE OR REPLACE TEMP VIEW {name(table)} AS SELECT * FROM ({rows}){seen}")
    register_configuration(con, force, targets)
    register_known(con, known, force)
    ready = Ready(con, force, known)
    ready.turn_to(homes)
    for step in _of_tables(tuple(tables)) if steps is None else steps:
        if not (step.stored and step.by_period):
            kind = "TABLE" if step.stored else "VIEW"
            con.execute(parsed(con, f"CREATE OR REPLACE TEMP {kind} {name(step.name)} AS {all_at_once(step.sql)}"))
    return ready


@dataclass
class Ready:
    """Records that stand ready on a connection, and what was worked out of them; :func:`prepare` makes it."""

    con: duckdb.DuckDBPyConnection
    force: Force
    known: Known
    _periods: Mapping[Month, Sequence[Period]] = field(default_factory=dict)
    _laid: tuple[object, ...] = ()
    _worked_out: dict[str, list[PeriodKind]] = field(default_factory=dict)

    def turn_to(self, homes: Sequence[Month]) -> None:
        """Let what is worked out from here on be the values of these partitions, of all of them at once.

        The label of a short period tells in which partition it lies. A year to date is called the same in each of its
        months, and some steps look as far as the first and the last period do: a family of long periods, or one that
        reads ``reach``, is for one partition at a time.
        """
        self._periods = {home: list(self._begun(home)) for home in homes}
        self._worked_out = {}
        self._lay([])
        self._laid = ()

    def work_out_month(self, step: Relation, family: Family, out: Path) -> None:
        """Write the rows of a monthly step for the month turned to, for :meth:`evaluate` to read."""
        self._of_kinds([PeriodKind.MONTH], family)
        self.con.execute(f"COPY ({all_at_once(step.sql)}) TO {quote(str(out))} (FORMAT parquet)")

    def evaluate(
        self,
        family: Family,
        outs: Mapping[Month, Path],
        *,
        metadata: Mapping[Month, Mapping[str, str]] | None = None,
        months: Mapping[str, Sequence[Path]] | None = None,
    ) -> Mapping[Month, int]:
        """Work out the values of a family for partitions turned to, and write them.

        What the family shares with others is worked out with the first of them.

        Parameters
        ----------
        outs
            Parquet file to write for each partition: all of those turned to, or some.
        metadata
            Goes into the file beside its contract_version.
        months
            For monthly steps that it rests on, by name: what :meth:`work_out_month` wrote for each month of its
            periods. A step that is not there is worked out from the records, which takes longer and gives the same.

        Returns
        -------
        dict
            Rows written for each partition, in the order of their keys, with the columns of the family's result table.
        """
        there = {name for name, files in (months or {}).items() if files}
        for step in steps_below(family.read, ready=there):
            if step.stored and step.by_period:
                self._keep(step, family, (months or {}).get(step.name))
        self._of_kinds(family.kinds, family)
        columns = ", ".join(_written(family))
        values = f"({family.select})"
        if len(self._periods) > 1:
            self.con.execute(parsed(self.con, f"CREATE OR REPLACE TEMP TABLE values_of_all AS {family.select}"))
            values = "values_of_all"
        counted = {}
        for home, out in outs.items():
            said = {"contract_version": str(CONTRACT_VERSION), **(metadata or {}).get(home, {})}
            mine = f"WHERE {self._lies_in(home, family)}" if len(self._periods) > 1 else ""
            copy = (
                f"COPY (SELECT {columns} FROM {values} {mine} ORDER BY {', '.join(family.order)}) "
                "TO $out (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, KV_METADATA $said)"
            )
            # Of one partition the text is the same each time.
            statement = copy if mine else parsed(self.con, copy)
            [[counted[home]]] = self.con.execute(statement, {"out": str(out), "said": said}).fetchall()
        return counted

    def check(self, family: Family, out: Path) -> None:
        """Look for values that cannot be, in a file that :meth:`evaluate` has just written.

        Raises
        ------
        ImpossibleFiguresError
            The family's check found some.
        """
        if not family.check:
            return
        self.con.execute(f"CREATE OR REPLACE TEMP VIEW released AS SELECT * FROM read_parquet({parquet_list([out])})")
        found = self.con.execute(f"SELECT * FROM ({family.check.sql}) AS found ORDER BY ALL")
        columns = [column[0] for column in found.description or ()]
        rows = found.fetchall()
        if rows:
            first = ", ".join(f"{column} {value}" for column, value in zip(columns, rows[0], strict=True))
            raise ImpossibleFiguresError(
                f"{family.name}: {len(rows)} figures cannot be ({family.check.name}); the first: {first}"
            )

    def _begun(self, home: Month) -> Iterator[Period]:
        """Periods of a partition; a year that ends in a month not begun would be published before its time."""
        heard = max([self.known.as_at, *(source.as_at for source in self.known.sources)])
        begun = local_midnight(home.first_day, self.force.tz) <= heard
        return (period for period in periods_of(home) if begun or period.kind not in LONG)

    def _lies_in(self, home: Month, family: Family) -> str:
        mine = [period for period in self._periods[home] if period.kind in family.kinds]
        labels = ", ".join(f"({quote(period.kind.value)}, {quote(period.label)})" for period in mine)
        return f"(period_kind, period_label) IN ({labels})"

    def _keep(self, step: Relation, family: Family, months: Sequence[Path] | None) -> None:
        """Work a stored step out for the kinds of period that it does not hold yet.

        Percentiles keep their values in memory: year to date and rolling year come one after the other, and so twelve
        months bound it.
        """
        held = self._worked_out.setdefault(step.name, [])
        wanted = [kind for kind in family.kinds if kind not in held]
        long = [kind for kind in wanted if kind in LONG]
        apart = [[kind] for kind in long] if step.percentiles else [long]
        for together in ([kind for kind in wanted if kind not in LONG], *apart):
            if together:
                self._of_kinds(together, family)
                sql = _OF_MONTHS if months else all_at_once(step.sql)
                given = {"months": [str(path) for path in months]} if months else {}
                _add(self.con, step, sql, given, first=not held)
                held += together

    def _of_kinds(self, kinds: Sequence[PeriodKind], family: Family) -> None:
        """Let ``periods`` hold the periods of these kinds, and ``period_days`` each local day of them.

        Records join by day: to find a record's periods by their bounds costs several times as much. ``reach`` is as far
        as the family looks behind and ahead of them; more may be at hand, for the sake of a family that looks further.
        Where they stand so already, for the step or the family before, nothing is done.
        """
        wanted = (tuple(kinds), family.look_behind, family.look_ahead)
        if self._laid != wanted:
            self._laid = wanted
            self._lay([period for periods in self._periods.values() for period in periods if period.kind in kinds])
            self.con.execute(
                "INSERT INTO reach SELECT date_trunc('month', min(period_start)) - to_months(?), "
                "max(period_end) + to_days(?) FROM periods",
                [family.look_behind, family.look_ahead],
            )

    def _lay(self, periods: Sequence[Period]) -> None:
        """Lay out periods and their days, and no reach yet."""
        columns = "period_no INTEGER, period_kind VARCHAR, period_label VARCHAR, period_start DATE, period_end DATE, "
        columns += "start_at TIMESTAMP, end_at TIMESTAMP, hole BOOLEAN"
        rows = [(number, *_period_row(period, self.force, self.known)) for number, period in enumerate(periods)]
        fill(self.con, "periods", columns, rows)
        self.con.execute(
            "CREATE OR REPLACE TEMP TABLE period_days AS SELECT period_no, period_kind, period_label, "
            "CAST(UNNEST(generate_series(period_start, period_end - 1, INTERVAL 1 DAY)) AS DATE) AS local_date "
            "FROM periods"
        )
        fill(self.con, "reach", "first_date DATE, end_date DATE", [])


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


def _add(con: duckdb.DuckDBPyConnection, step: Relation, sql: str, given: Mapping[str, object], *, first: bool) -> None:
    """Keep rows of a step. Under its name stand those of the kinds of period that are asked for."""
    kept = name(f"kept_{step.name}")
    if not first:
        con.execute(parsed(con, f"INSERT INTO {kept} BY NAME {sql}"), given)
        return
    con.execute(parsed(con, f"CREATE OR REPLACE TEMP TABLE {kept} AS {sql}"), given)
    of_periods = f"SELECT * FROM {kept} WHERE period_kind IN (SELECT period_kind FROM periods)"
    con.execute(f"CREATE OR REPLACE TEMP VIEW {name(step.name)} AS {of_periods}")


def _written(family: Family) -> Iterator[str]:
    """Columns of its result table.

    What is the same in every row is not carried through the ordering; an enumeration's dictionary need not be found.
    """
    alike = family.alike if family.result is METRIC_VALUES else {}
    for column in family.result.columns:
        said = quote(alike[column.name]) if column.name in alike else None
        value = f"CAST({said} AS ENUM ({said}))" if said else f"CAST({name(column.name)} AS {column.kind.duckdb})"
        yield f"{value} AS {name(column.name)}"


def _of_tables(tables: tuple[str, ...]) -> Iterable[Relation]:
    """Shared steps of the families that read these tables, each after what it needs."""
    return {step.name: step for family in families() if family.tables == tables for step in family.relations}.values()


def _period_row(period: Period, force: Force, known: Known) -> tuple[object, ...]:
    start, end = (utc(local_midnight(day, force.tz)) for day in (period.start, period.end))
    return (period.kind.value, period.label, period.start, period.end, start, end, period in known.holes)
