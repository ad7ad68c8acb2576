"""Rows of one file that have one key: the highest version wins, or they are parts of one thing (``repeats``)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb

from callclock.columns import Column, Kind
from callclock.engine import name
from callclock.exports.grammar import CALLER_KEY
from callclock.exports.profile import Profile
from callclock.exports.scan import Scan, as_staged

# The keys of so many rows fit in memory at once.
_KEYS_AT_ONCE = 1_000_000
# Of several rows that are one thing: the last to close, else the first to happen (source-profiles.md, pick).
_LAST = frozenset({"closed_at", "ended_at"})


@dataclass(frozen=True)
class Folded:
    """What stands for the good rows: SQL of one row for each record, or leg of one, in the columns of the scan.

    Attributes
    ----------
    repeated
        Keys (or legs) that more than one row has.
    conflicts
        Keys whose rows disagree in a column that all should share, by column.
    in_order
        The rows come in the order of the export.
    """

    sql: str
    repeated: int
    conflicts: Mapping[str, int]
    in_order: bool = False


def fold(db: duckdb.DuckDBPyConnection, scan: Scan, good: str, *, rows: int) -> Folded:
    """Keep one row for each key.

    Parameters
    ----------
    good
        SQL of the good rows.
    rows
        How many they are, or nearly.
    """
    known_by = "record_key, _leg" if scan.has_legs else "record_key"
    repeated = _find_repeated(db, known_by, good, shares=max(1, -(-rows // _KEYS_AT_ONCE)))
    if not repeated:
        return Folded(good, 0, {}, in_order=scan.in_order)
    several = f"SELECT g.* FROM ({good}) AS g SEMI JOIN repeated USING ({known_by})"
    collapse = scan.profile.repeats == "collapse"
    columns = dict(_collapsed(scan) if collapse else _newest(scan))
    starts = [start for start in scan.profile.contract.starts if start in scan.targets]
    folded = ", ".join(f"{sql} AS {name(column)}" for column, sql in columns.items())
    version = _VERSION.format(known_by=known_by, updated=_updated(scan))
    one = (
        f"SELECT *, {as_staged(f'coalesce({", ".join(name(start) for start in starts)})')} AS started_at "
        f"FROM (SELECT {known_by}, 0 AS _entry, {folded} FROM (SELECT *, {version} AS _version FROM ({several})) "
        f"GROUP BY {known_by})"
    )
    db.execute(f"CREATE OR REPLACE TEMP TABLE folded AS {one}")
    conflicts = dict(_conflicts(db, scan, several)) if collapse else {}
    single = f"SELECT g.* FROM ({good}) AS g ANTI JOIN repeated USING ({known_by})"
    return Folded(f"{single} UNION ALL BY NAME FROM folded", repeated, conflicts)


def _find_repeated(db: duckdb.DuckDBPyConnection, known_by: str, good: str, *, shares: int) -> int:
    """Make the table ``repeated`` of keys that more than one row has, a share at a time; give their number."""
    found = 0
    for share in range(shares):
        into = "INSERT INTO repeated" if share else "CREATE OR REPLACE TEMP TABLE repeated AS"
        of_share = f"WHERE hash(record_key) % {shares} = {share}" if shares > 1 else ""
        [[made]] = db.execute(
            f"{into} SELECT {known_by} FROM ({good}) {of_share} GROUP BY {known_by} HAVING count(*) > 1"
        ).fetchall()
        found += made
    return found


# Within one file the versions of a record differ by when it was changed, then by place.
_VERSION = "row_number() OVER (PARTITION BY {known_by} ORDER BY {updated} NULLS FIRST, _row)"


def _updated(scan: Scan) -> str:
    return "record_updated_at" if "record_updated_at" in scan.targets else "NULL::TIMESTAMP"


def _carried(scan: Scan) -> Iterator[str]:
    """Columns that are neither the key nor a target."""
    yield from ("set_aside", "time_flags")
    if scan.has_caller:
        yield "_caller"


def _newest(scan: Scan) -> Iterator[tuple[str, str]]:
    """Every column of the highest version; a milestone that it does not know, of the highest that does."""
    yield "_row", "arg_max(_row, _version)"
    for carried in _carried(scan):
        yield carried, f"arg_max_null({name(carried)}, _version)"
    for target, column in scan.targets.items():
        known = column.milestone and not scan.profile.export.retracts
        yield target, f"{'arg_max' if known else 'arg_max_null'}({name(target)}, _version)"


def _collapsed(scan: Scan) -> Iterator[tuple[str, str]]:
    """First, last or shared value of each column; the record stands where its first row stood."""
    yield "_row", "min(_row)"
    for carried in _carried(scan):
        yield carried, f"arg_min({name(carried)}, _row)"
    for target, column in scan.targets.items():
        way = _pick(scan.profile, column)
        yield target, f"arg_min({name(target)}, _row)" if way == "same" else f"{way}({name(target)})"


def _pick(profile: Profile, column: Column) -> str:
    said = next((rule.pick for entry in profile.entries for t, rule in entry.items() if t == column.name), None)
    if said:
        return said
    if column.name in _LAST:
        return "max"
    return "min" if column.kind in {Kind.INSTANT, Kind.MS} else "same"


def _conflicts(db: duckdb.DuckDBPyConnection, scan: Scan, several: str) -> Iterator[tuple[str, int]]:
    same = [t for t, column in scan.targets.items() if t != CALLER_KEY and _pick(scan.profile, column) == "same"]
    if not same:
        return
    differ = ", ".join(f"count(DISTINCT {name(target)}) > 1 AS {name(target)}" for target in same)
    counts = ", ".join(f"count(*) FILTER ({name(target)})" for target in same)
    [found] = db.execute(f"SELECT {counts} FROM (SELECT {differ} FROM ({several}) GROUP BY record_key)").fetchall()
    yield from ((target, n) for target, n in zip(same, found, strict=True) if n)
