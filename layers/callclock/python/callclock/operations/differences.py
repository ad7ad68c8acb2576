"""What differs between a file that stands and the same file made anew, row by row."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb

from callclock.bookkeeping import COVERAGE
from callclock.columns import Column, Kind, Table
from callclock.contracts import CURATED, METRIC_VALUES, VALUE_KEYS
from callclock.engine import name, quote, rows_of

_SQL = (resources.files("callclock.operations") / "differences.sql").read_text("utf-8")
# Sums of fractions may be added up in another order elsewhere; all else is to be the same to the last bit.
_RELATIVE = 1e-12
_PERIODS = ("period_kind", "period_label")


@dataclass(frozen=True)
class Difference:
    """How one object that stands differs from what it would be if it were made anew.

    Attributes
    ----------
    table, month
        Which; coverage has no month.
    family
        Family of the measures, for results.
    only_standing, only_rebuilt
        Rows that the other side lacks.
    changed
        Rows of the same key that are not the same.
    columns
        Columns in which these differ.
    told
        For values each metric and period that differs; a curated row is never named, for it is about a person.
    due
        What stands was made from something else, and would be made again at measure's next run.
    unreadable
        What stands is no Parquet file any more.
    exports
        Of coverage: exports whose rows differ.
    """

    table: str
    month: str | None
    family: str | None = None
    only_standing: int = 0
    only_rebuilt: int = 0
    changed: int = 0
    columns: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    due: bool = False
    unreadable: bool = False
    exports: tuple[str, ...] = ()

    @property
    def is_none(self) -> bool:
        """Whether nothing differs."""
        return not (self.only_standing or self.only_rebuilt or self.changed or self.unreadable)


def keys_of(table: Table) -> tuple[str, ...]:
    """Columns that tell one row of a table from another."""
    if table in CURATED:
        return ("source", "record_key")
    if table is METRIC_VALUES:
        return VALUE_KEYS
    if table is COVERAGE:
        return ("table_name", "source", "export_id")
    # Of curves and matrices: everything before the first day, which follows from the period.
    names = [column.name for column in table.columns]
    return tuple(names[: names.index("period_start")])


def difference(
    db: duckdb.DuckDBPyConnection,
    table: Table,
    standing: Path | None,
    rebuilt: Path | None,
    *,
    month: str | None,
    family: str | None = None,
) -> Difference:
    """Compare two files of a table; one that is not there has no rows."""
    found = Difference(table.name, month, family)
    try:
        rows = db.execute(_query(table, standing, rebuilt)).fetchall()
    except duckdb.Error:
        if standing is None or _is_readable(db, standing):
            raise
        return Difference(table.name, month, family, unreadable=True)
    if not rows:
        return found
    told = tuple(sorted({str(one) for one, *_ in rows if one is not None}))
    is_coverage = table is COVERAGE
    return Difference(
        table.name,
        month,
        family,
        only_standing=sum(n for _, _, only, _, n in rows if only),
        only_rebuilt=sum(n for _, only, _, _, n in rows if only),
        changed=sum(n for _, new, old, _, n in rows if not (new or old)),
        columns=tuple(dict.fromkeys(c for _, new, old, columns, _ in rows if not (new or old) for c in columns)),
        told=() if is_coverage else told,
        exports=told if is_coverage else (),
    )


def _query(table: Table, standing: Path | None, rebuilt: Path | None) -> str:
    keys = keys_of(table)
    return _SQL.format(
        keys=", ".join(map(name, keys)),
        columns=", ".join(name(column.name) for column in table.columns),
        standing=rows_of(table.columns, [standing] if standing else []),
        rebuilt=rows_of(table.columns, [rebuilt] if rebuilt else []),
        same_key=" AND ".join(f"s.{name(key)} IS NOT DISTINCT FROM r.{name(key)}" for key in keys),
        told=_told(keys),
        changed=", ".join(_is_changed(column) for column in table.columns if column.name not in keys),
    )


def _told(keys: Sequence[str]) -> str:
    """SQL of what may be said of a row: metric and period, or the export; nothing of a curated one."""
    if "export_id" in keys:
        return "coalesce(s.export_id, r.export_id)"
    wanted = [key for key in ("metric", *_PERIODS) if key in keys]
    if not wanted:
        return "NULL"
    return "concat_ws(' ', " + ", ".join(f"coalesce(s.{key}, r.{key})" for key in wanted) + ")"


def _is_changed(column: Column) -> str:
    """SQL of a column's name where the two sides differ in it, else NULL."""
    s, r = f"s.{name(column.name)}", f"r.{name(column.name)}"
    differs = f"{s} IS DISTINCT FROM {r}"
    if column.kind is Kind.DOUBLE:
        differs += f" AND coalesce(abs({s} - {r}) > {_RELATIVE} * greatest(abs({s}), abs({r})), true)"
    return f"CASE WHEN {differs} THEN {quote(column.name)} END"


def _is_readable(db: duckdb.DuckDBPyConnection, path: Path) -> bool:
    try:
        db.execute(f"FROM parquet_metadata({quote(str(path))})").fetchall()
    except duckdb.Error:
        return False
    return True
