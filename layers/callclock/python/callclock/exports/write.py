"""Staged parts: the good rows of an export in the columns of the contract, one file for each local month."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from callclock.clock import Month, local_midnight
from callclock.columns import LEG, Column, Kind, Table
from callclock.contracts import CONTRACT_VERSION
from callclock.engine import held_to, name, quote
from callclock.exports.callers import CallerSecret, key_callers
from callclock.exports.clocks import Clock
from callclock.exports.grammar import CALLER_KEY
from callclock.exports.rules import Caller
from callclock.exports.scan import Scan
from callclock.settings import Force

# Columns whose absence from a profile changes what a missing value means (contracts, tells).
_TELLING = ("closed_at", "outcome", "alternative_offered_at")
# Sorting a month takes all that it is given; with so little a large one spills to disc, and takes a tenth longer.
_MEMORY_MB = 250
# The callers of so many records fit in it.
_RECORDS_AT_ONCE = 500_000
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
    scan: Scan,
    records: str,
    *,
    lineage: Lineage,
    force: Force,
    secret: CallerSecret,
    workdir: Path,
) -> dict[Month, Path]:
    """Write one Parquet file for each local month of ``started_at``, in order of record number.

    Parameters
    ----------
    records
        SQL of one row for each record, in the columns of the scan.
    force
        Its zone decides days and months.

    Raises
    ------
    AssertionError
        When a written file is not what the contract says: a fault in the code.
    """
    parts = {}
    with held_to(db, _MEMORY_MB):
        for months in _together(_months(db, records, force)):
            # The callers of some months at a time: each is keyed once for them, and those of years fit in no memory.
            _key_callers(db, scan, _between(records, months[0], months[-1], force), secret)
            for month in months:
                parts[month] = workdir / f"{month}.parquet"
                rows = _rows(scan, _between(records, month, month, force), force)
                _write(db, f"SELECT {', '.join(_columns(scan, lineage, secret))} FROM ({rows}) AS r", parts[month])
                check_footer(db, parts[month], scan.profile.contract)
    return parts


def _rows(scan: Scan, records: str, force: Force) -> str:
    """SQL of the records of a month, in order, with their wall clock and the keys of their callers."""
    key, callers = "", ""
    if scan.has_caller:
        key = ", k.caller_key AS _key"
        # Those of this month first: else a table of all callers is built for each month.
        here = f"FROM callers SEMI JOIN ({records}) AS r ON r._caller = callers.caller"
        callers = f"LEFT JOIN ({here}) AS k ON k.caller = r._caller"
    # In order before there are more columns: what all rows have in common need not be sorted.
    return (
        f"SELECT r.*, {Clock(force.zone).wall('r.started_at')} AS _wall{key} FROM ({records}) AS r {callers} "
        "ORDER BY r.record_no, r.record_key"
    )


def _write(db: duckdb.DuckDBPyConnection, rows: str, path: Path) -> None:
    # What has more words than the limit gains nothing by a dictionary, and trying it costs time.
    db.execute(
        f"COPY ({rows}) TO {quote(str(path))} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, "
        f"DICTIONARY_SIZE_LIMIT 1000, KV_METADATA {{contract_version: '{CONTRACT_VERSION}'}})"
    )


def _key_callers(db: duckdb.DuckDBPyConnection, scan: Scan, records: str, secret: CallerSecret) -> None:
    callers = [e[CALLER_KEY].source for e in scan.profile.entries if CALLER_KEY in e]
    if callers and isinstance(callers[0], Caller):
        key_callers(
            db,
            f"SELECT _caller AS caller FROM ({records})",
            is_number=callers[0].is_number,
            source=scan.profile.name,
            region=scan.profile.export.region,
            secret=secret,
        )


def _months(db: duckdb.DuckDBPyConnection, records: str, force: Force) -> Mapping[Month, int]:
    """Count the records of each local month, in order."""
    wall = Clock(force.zone).wall("started_at")
    found = db.execute(
        f"SELECT year({wall}), month({wall}), count(*) FROM ({records}) GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    return {Month(year, month): count for year, month, count in found}


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
        yield f"CAST({value} AS {column.kind.duckdb}) AS {name(column.name)}"


def _value(column: Column, scan: Scan, lineage: Lineage, secret: CallerSecret) -> str:
    if column.name in scan.targets:
        return f"r.{name(column.name)}"
    export = scan.profile.export
    tells = ";".join(target for target in _TELLING if target in scan.profile.targets)
    time = scan.profile.time
    has_caller = scan.has_caller
    known: Mapping[str, str] = {
        CALLER_KEY: "r._key" if has_caller else "NULL",
        "key_epoch": f"CASE WHEN r._key IS NOT NULL THEN {quote(secret.epoch)} END" if has_caller else "NULL",
        "source": quote(scan.profile.name),
        "record_key": "r.record_key",
        LEG: "r._leg" if scan.has_legs else "NULL",
        "started_at": "r.started_at",
        "local_date": "r._wall",
        "local_hour": "hour(r._wall)",
        "exported_at": _literal(lineage.exported_at),
        "export_id": quote(lineage.export_id),
        "record_no": "r.record_no",
        "observed_at": _literal(lineage.exported_at),
        "resend": quote(export.resend),
        "selected_by": quote(export.selected_by),
        "retracts": str(export.retracts).lower(),
        "set_aside": "r.set_aside",
        "tells": quote(tells) if tells else "NULL",
        "time_flags": "r.time_flags",
        "tolerance_ms": str(round(time.tolerance_s * 1000)) if time.tolerance_stated else "NULL",
    }
    return known.get(column.name, "NULL")


def _literal(instant: datetime) -> str:
    return f"TIMESTAMP {quote(instant.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' '))}"


def check_footer(db: duckdb.DuckDBPyConnection, path: Path, table: Table) -> None:
    """Hold the footer of a staged file against the contract: columns, order and physical types.

    Raises
    ------
    AssertionError
        Naming the first column that differs.
    """
    found = db.execute(
        f"SELECT name, type, converted_type FROM parquet_schema({quote(str(path))}) WHERE num_children IS NULL"
    ).fetchall()
    wanted = [(column.name, *_PARQUET_TYPES[column.kind]) for column in table.staged]
    if found != wanted:
        differs = next((pair for pair in zip(found, wanted, strict=False) if pair[0] != pair[1]), (found, wanted))
        raise AssertionError(f"{path.name}: the file has {differs[0]}, the contract of {table.name} {differs[1]}")
