"""Staged parts: the good rows of an export in the columns of the contract, one file for each local month."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from callclock.clock import Month, local_midnight
from callclock.columns import LEG, Column, Kind, Table
from callclock.contracts import CONTRACT_VERSION
from callclock.engine import held_to, name, parquet_list, quote
from callclock.exports.callers import Callers, CallerSecret, key_sql
from callclock.exports.clocks import Clock
from callclock.exports.grammar import CALLER_KEY
from callclock.exports.read import Scanned
from callclock.exports.repeats import Folded
from callclock.exports.rules import Caller
from callclock.exports.scan import Scan
from callclock.settings import Force

# Columns whose absence from a profile changes what a missing value means (contracts, tells).
_TELLING = ("closed_at", "outcome", "alternative_offered_at")
# Sorting a month takes all that it is given; with so little a large one spills to disc, and takes a tenth longer.
_MEMORY_MB = 250
# The numbers of so many callers fit in it.
_RECORDS_AT_ONCE = 500_000
_NONE = "NULL"
_PARQUET_TYPES = {
    Kind.TEXT: ("BYTE_ARRAY", "UTF8"),
    Kind.INSTANT: ("INT64", "TIMESTAMP_MILLIS"),
    Kind.INT: ("INT64", "INT_64"),
    Kind.MS: ("INT64", "INT_64"),
    Kind.BOOL: ("BOOLEAN", None),
    Kind.DATE: ("INT32", "DATE"),
    Kind.DOUBLE: ("DOUBLE", None),
}


@dataclass(frozen=True)
class Lineage:
    """What every row of one staging has in common."""

    export_id: str
    exported_at: datetime


def write_parts(
    db: duckdb.DuckDBPyConnection,
    scanned: Scanned,
    folded: Folded,
    months: Mapping[Month, int],
    *,
    lineage: Lineage,
    force: Force,
    secret: CallerSecret,
    workdir: Path,
) -> dict[Month, Path]:
    """Write one Parquet file for each local month of ``started_at``, in order of record number.

    Parameters
    ----------
    folded
        One row for each record, in the columns of the scan.
    months
        Months and how many rows each has, in order.
    force
        Its zone decides days and months.

    Raises
    ------
    AssertionError
        When a written file is not what the contract says: a fault in the code.
    """
    scan = scanned.scan
    columns = ", ".join(_columns(scan, lineage, secret))
    callers = _callers(scan)
    keys = secret.pads() if callers else {}
    parts = {month: workdir / f"{month}.parquet" for month in months}
    scanned.note_gaps(db)
    for together in _together(months):
        all_rows = _between(folded.sql, together[0], together[-1], force)
        numbers = callers is not None and callers.read_numbers(db, all_rows, "_caller")
        # Rows that nothing was joined to come as they stand in the export.
        sorts = numbers or scanned.has_gaps or not folded.in_order
        with held_to(db, _MEMORY_MB) if sorts else nullcontext():
            for month in together:
                rows = scanned.number_rows(_between(folded.sql, month, month, force))
                if callers:
                    rows = callers.hashed(rows, "_caller", numbers=numbers)
                # In order before there are more columns: what all rows have in common need not be sorted.
                order = " ORDER BY record_no, record_key" if sorts else ""
                wall = Clock(force.zone).wall_in("started_at", month)
                ordered = f"SELECT *, {wall} AS _wall FROM ({rows}){order}"
                _write(db, f"SELECT {columns} FROM ({ordered}) AS r", keys, parts[month])
    check_footers(db, [*parts.values()], scan.profile.contract)
    return parts


def _write(db: duckdb.DuckDBPyConnection, rows: str, keys: Mapping[str, bytes], path: Path) -> None:
    # What has more words than the limit gains nothing by a dictionary, and trying it costs time.
    db.execute(
        f"COPY ({rows}) TO {quote(str(path))} (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, "
        f"COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000, KV_METADATA {{contract_version: '{CONTRACT_VERSION}'}})",
        keys,
    )


def _callers(scan: Scan) -> Callers | None:
    sources = (entry[CALLER_KEY].source for entry in scan.profile.entries if CALLER_KEY in entry)
    found = next((source for source in sources if isinstance(source, Caller)), None)
    return Callers(found.is_number, scan.profile.name, scan.profile.export.region) if found else None


def _together(months: Mapping[Month, int]) -> Iterator[Sequence[Month]]:
    """Months in turn, as many at once as have :data:`_RECORDS_AT_ONCE` records; one that has more stands alone."""
    here: list[Month] = []
    records = 0
    for month, count in months.items():
        if here and records + count > _RECORDS_AT_ONCE:
            yield here
            here, records = [], 0
        here.append(month)
        records += count
    if here:
        yield here


def _between(records: str, first: Month, last: Month, force: Force) -> str:
    """SQL of the records of local months."""
    begin, end = (_literal(local_midnight(day, force.tz)) for day in (first.first_day, last.next_first_day))
    return f"SELECT * FROM ({records}) WHERE started_at >= {begin} AND started_at < {end}"


def _columns(scan: Scan, lineage: Lineage, secret: CallerSecret) -> Iterator[str]:
    for column in scan.profile.contract.staged:
        value = _value(column, scan, lineage, secret)
        typed = value if column.kind is Kind.TEXT and value != _NONE else f"CAST({value} AS {column.kind.duckdb})"
        yield f"{typed} AS {name(column.name)}"


def _value(column: Column, scan: Scan, lineage: Lineage, secret: CallerSecret) -> str:
    if column.name in scan.targets:
        return f"r.{name(column.name)}"
    export = scan.profile.export
    tells = ";".join(target for target in _TELLING if target in scan.profile.targets)
    time = scan.profile.time
    has_caller = scan.has_caller
    known: Mapping[str, str] = {
        CALLER_KEY: key_sql("r._hashed") if has_caller else _NONE,
        "key_epoch": f"CASE WHEN r._hashed IS NOT NULL THEN {_constant(secret.epoch)} END" if has_caller else _NONE,
        "source": _constant(scan.profile.name),
        "record_key": "r.record_key",
        LEG: "r._leg" if scan.has_legs else _NONE,
        "started_at": "r.started_at",
        "local_date": "r._wall",
        "local_hour": "hour(r._wall)",
        "exported_at": _literal(lineage.exported_at),
        "export_id": _constant(lineage.export_id),
        "record_no": "r.record_no",
        "observed_at": _literal(lineage.exported_at),
        "resend": _constant(export.resend),
        "selected_by": _constant(export.selected_by),
        "retracts": str(export.retracts).lower(),
        "set_aside": "r.set_aside",
        "tells": _constant(tells) if tells else _NONE,
        "time_flags": "r.time_flags",
        "tolerance_ms": str(round(time.tolerance_s * 1000)) if time.tolerance_stated else _NONE,
    }
    return known.get(column.name, _NONE)


def _constant(word: str) -> str:
    """SQL of a text that all rows have in common.

    In Parquet an enumeration is text like any other, but its dictionary is known: of a text, each row's is looked up.
    """
    return f"CAST({quote(word)} AS ENUM ({quote(word)}))"


def _literal(instant: datetime) -> str:
    return f"TIMESTAMP {quote(instant.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' '))}"


def check_footers(db: duckdb.DuckDBPyConnection, parts: Sequence[Path], table: Table) -> None:
    """Hold the footers of staged files against the contract: columns, order and physical types.

    Raises
    ------
    AssertionError
        Naming the first column that differs.
    """
    if not parts:
        return
    found: dict[str, list[tuple[str, str, str | None]]] = {}
    for file, *column in db.execute(
        f"SELECT file_name, name, type, converted_type FROM parquet_schema({parquet_list(parts)}) "
        "WHERE num_children IS NULL"
    ).fetchall():
        found.setdefault(file, []).append((column[0], column[1], column[2]))
    wanted = [(column.name, *_PARQUET_TYPES[column.kind]) for column in table.staged]
    for path in parts:
        has = found.get(str(path), [])
        if has != wanted:
            differs = next((pair for pair in zip(has, wanted, strict=False) if pair[0] != pair[1]), (has, wanted))
            raise AssertionError(f"{path.name}: the file has {differs[0]}, the contract of {table.name} {differs[1]}")
