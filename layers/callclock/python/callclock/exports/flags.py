"""What looks wrong in an export that was read all the same: flagged in its receipt, never repaired."""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from callclock.columns import Kind
from callclock.engine import name
from callclock.exports.read import Scanned
from callclock.exports.rules import Caller, Cell
from callclock.exports.scan import Scan, in_scientific_notation
from callclock.exports.source import Source, TextSource

_GB = "GB"
_CALLER = "_caller"


@dataclass(frozen=True)
class Flag:
    """One thing that looks wrong: ``word`` and, after a colon, the export column; records; a sentence for people."""

    word: str
    records: int
    sentence: str


def flags(db: duckdb.DuckDBPyConnection, source: Source, scanned: Scanned) -> tuple[Flag, ...]:
    """Find what looks wrong in the encoding and in numbers that went through a spreadsheet."""
    of_encoding = _of_encoding(source) if isinstance(source, TextSource) else ()
    columns = dict(_texts(scanned.scan))
    if not columns:
        return tuple(of_encoding)
    asked = [f"count(*) FILTER ({test})" for column in columns.values() for test in _tests(column)]
    [counts] = db.execute(f"SELECT {', '.join(asked)} FROM ({scanned.all_rows}) WHERE _entry = 0").fetchall()
    found = zip(columns.items(), zip(counts[::2], counts[1::2], strict=True), strict=True)
    of_numbers = (
        flag
        for (said, column), (scientific, zeros) in found
        for flag in (_scientific(said, scientific), _short(said, column, zeros, db, scanned))
        if flag
    )
    return (*of_encoding, *of_numbers)


def _tests(column: str) -> tuple[str, str]:
    """SQL that a number is in scientific notation, and that it begins, or should begin, with a zero."""
    cell = name(column)
    zero = rf"length({cell}) = 10 AND regexp_full_match({cell}, '[1-37-9]\d{{9}}')" if column == _CALLER else None
    return in_scientific_notation(cell), zero or f"starts_with({cell}, '0')"


def _of_encoding(source: TextSource) -> Iterator[Flag]:
    prepared = source.prepared
    if prepared.mixed:
        yield Flag("mixed_encoding", prepared.mixed.records, f"{prepared.mixed}")
    if prepared.looks_utf8:
        yield Flag(
            "looks_utf8",
            0,
            f"{source.profile.file} declares {source.profile.format.encoding}, but the file is sound UTF-8, so that é "
            "reads as Ã©",
        )


def _texts(scan: Scan) -> Iterator[tuple[str, str]]:
    """Export columns that are kept as they stand, each with the column of the scan that holds it."""
    for entry in scan.profile.entries:
        for target, rule in entry.items():
            match rule.source:
                case Cell(columns=columns, maps=()) if scan.profile.contract.by_name[target].kind is Kind.TEXT:
                    yield columns[0], target
                case Caller(columns=columns, is_number=True):
                    yield columns[0], _CALLER
    if len(scan.profile.export.key) == 1:
        yield scan.profile.export.key[0], "record_key"


def _scientific(said: str, count: int) -> Flag | None:
    if not count:
        return None
    return Flag(
        f"scientific:{said}",
        count,
        f"{said} is in scientific notation in {count} records, as spreadsheets write long numbers: the figures it has "
        "lost cannot be had back from this file",
    )


def _short(said: str, column: str, zeros: int, db: duckdb.DuckDBPyConnection, scanned: Scanned) -> Flag | None:
    """Find telephone numbers without the zero of the trunk, and numbers shorter than those that begin with a zero."""
    if not zeros:
        return None
    short = zeros
    if column != _CALLER:
        widths = _widths(db, scanned, column)
        zeroed = {width for width, first in widths if first}
        short = sum(n for (width, first), n in widths.items() if not first and width < min(zeroed, default=0))
        if len(zeroed) != 1 or not short:
            return None
    elif scanned.scan.profile.export.region != _GB:
        return None
    return Flag(
        f"lost_zeros:{said}",
        short,
        f"{said} has lost the zero it begins with in {short} records, most likely in a spreadsheet",
    )


def _widths(db: duckdb.DuckDBPyConnection, scanned: Scanned, column: str) -> dict[tuple[int, bool], int]:
    """Count whole numbers by their width and whether they begin with a zero."""
    cell = name(column)
    found = db.execute(
        f"SELECT length({cell}), starts_with({cell}, '0'), count(*) FROM ({scanned.all_rows}) "
        rf"WHERE _entry = 0 AND regexp_full_match({cell}, '\d+') GROUP BY ALL"
    ).fetchall()
    return {(width, first): count for width, first, count in found}
