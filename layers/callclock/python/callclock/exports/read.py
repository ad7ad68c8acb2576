"""The one scan of an export: every row with its reasons, and the records that are no rows at all (DESIGN 2)."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import duckdb

from callclock.engine import name, quote
from callclock.exports.conditions import holds
from callclock.exports.header import cells
from callclock.exports.json_source import JsonSource
from callclock.exports.profile import Profile
from callclock.exports.rules import Action, RowRule
from callclock.exports.scan import Scan
from callclock.exports.source import Source, TextSource
from callclock.exports.text import Prepared, UnreadableError
from callclock.exports.walls import ROW
from callclock.reasons import RowReason

_REASONS: Mapping[str, RowReason] = {
    "MISSING COLUMNS": RowReason.TOO_FEW_CELLS,
    "TOO MANY COLUMNS": RowReason.TOO_MANY_CELLS,
    "UNQUOTED VALUE": RowReason.BAD_QUOTE,
    "INVALID STATE": RowReason.BAD_QUOTE,
    "INVALID ENCODING": RowReason.BAD_ENCODING,
    "LINE SIZE OVER MAXIMUM": RowReason.TOO_LONG,
}

# Of the rows between scan and staging, which live for seconds: small row groups, for each month is later read from
# those that hold it; nothing compressed, and no large dictionary tried and thrown away.
_FORM = (
    "(FORMAT parquet, PARQUET_VERSION v2, COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 100, ROW_GROUP_SIZE 20_480)"
)


@dataclass(frozen=True)
class Scanned:
    """What one scan found.

    Attributes
    ----------
    scan
        The query, for the columns it gives.
    flagged
        Parquet of its rows, with ``_row`` for the record number.
    rows
        Rows in it.
    rejects
        Reasons (joined by ``;``) of the records that are no rows, by record number from 1.
    dropped
        Reason of the rule that says that a short line is no record, by record number.
    truncated
        The file ends inside a record.
    last_row
        Number of the last row as a spreadsheet counts them, titles and header too; 0 where it never was one.
    """

    scan: Scan
    flagged: Path
    rows: int
    rejects: Mapping[int, str]
    dropped: Mapping[int, str]
    truncated: bool
    last_row: int

    @property
    def records(self) -> int:
        """Records below the header."""
        return self.rows + len(self.rejects) + len(self.dropped)

    @property
    def all_rows(self) -> str:
        """SQL of the rows, in order."""
        keyed = "".join(f", record_key AS {name(target)}" for target in self.scan.keyed)
        return f"SELECT *{keyed} FROM read_parquet({quote(str(self.flagged))})"

    @cached_property
    def _rejected_before(self) -> Mapping[int, int]:
        """How many records before it were rejected, by the last row for which fewer were."""
        gone = sorted([*self.rejects, *self.dropped])
        return {number - place: place for place, number in enumerate(gone, start=1)}

    @property
    def has_gaps(self) -> bool:
        """Whether the number of a row is not that of its record."""
        return bool(self._rejected_before)

    def record_no(self, row: int) -> int:
        """Give the number of a row's record: its place among the accepted, and the rejected ones before it."""
        edges = [*self._rejected_before]
        place = bisect_left(edges, row)
        return row + (self._rejected_before[edges[place - 1]] if place else 0)

    def note_gaps(self, db: duckdb.DuckDBPyConnection) -> None:
        """Make the table that :meth:`number_rows` looks into where there :attr:`has_gaps`."""
        if self.has_gaps:
            db.execute(
                "CREATE OR REPLACE TEMP TABLE rejected_before AS SELECT unnest($after) AS after, unnest($n) AS n",
                {"after": [*self._rejected_before], "n": [*self._rejected_before.values()]},
            )

    def number_rows(self, rows: str) -> str:
        """SQL of rows with their ``record_no``, in no order where there :attr:`has_gaps`."""
        if not self.has_gaps:
            return f"SELECT *, {ROW} AS record_no FROM ({rows})"
        return (
            f"SELECT f.*, f.{ROW} + coalesce(b.n, 0) AS record_no FROM ({rows}) AS f "
            f"ASOF LEFT JOIN rejected_before AS b ON f.{ROW} > b.after"
        )


def scan_export(db: duckdb.DuckDBPyConnection, source: Source, workdir: Path) -> Scanned:
    """Read every record of an export once.

    Raises
    ------
    UnreadableError
        DuckDB cannot read the file as the profile says.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    flagged = workdir / "flagged.parquet"
    scan = _scan(source)
    rows, rejects = _copy(db, scan, flagged)
    rejects |= source.rejects if isinstance(source, JsonSource) else {}
    tailless = source.tailless if isinstance(source, TextSource) else None
    if tailless and RowReason.TOO_FEW_CELLS in {r for found in rejects.values() for r in found}:
        # The header ends with a delimiter that the records have not.
        other_rows, other = _copy(db, _scan(tailless), workdir / "tailless.parquet", again=True)
        if len(other) < len(rejects):
            source, scan, flagged = tailless, _scan(tailless), workdir / "tailless.parquet"
            rows, rejects = other_rows, other
    if isinstance(source, TextSource) and RowReason.BAD_QUOTE in {r for found in rejects.values() for r in found}:
        # Beyond a stray quote nobody can tell where a record ends: those go first, whole, then the rest is read.
        sound, taken = _without_bad_quotes(source.prepared, workdir)
        scan = _scan(replace(source, prepared=sound))
        rows, left = _copy(db, scan, flagged, again=True)
        back = [number - place for place, number in enumerate(taken)]
        rejects = dict.fromkeys(taken, (RowReason.BAD_QUOTE,))
        rejects |= {number + bisect_right(back, number): why for number, why in left.items()}
    dropped = _ruled_short_lines(source, rejects, rows + len(rejects)) if isinstance(source, TextSource) else {}
    reasons = {number: ";".join(why) for number, why in sorted(rejects.items()) if dropped.get(number) is None}
    reasons |= dict(_ruled_reasons(dropped, rejects))
    return Scanned(
        scan=scan,
        flagged=flagged,
        rows=rows,
        rejects=dict(sorted(reasons.items())),
        dropped={number: rule.reason for number, rule in dropped.items() if rule.action is Action.DROP},
        truncated=_is_truncated(source, rows + len(rejects), reasons),
        last_row=_last_row(source, rows + len(rejects)),
    )


def _last_row(source: Source, records: int) -> int:
    """Number of the last row where the file is or may once have been a sheet."""
    if not isinstance(source, TextSource):
        return 0
    return source.last_row or source.skipped + source.profile.format.header_rows + records


def _scan(source: Source) -> Scan:
    blanks = source.prepared.other_blanks if isinstance(source, TextSource) else True
    bare = Scan(source.profile, source.header, "", blanks)
    return replace(bare, source=source.sql(bare.places))


def _copy(
    db: duckdb.DuckDBPyConnection, scan: Scan, out: Path, *, again: bool = False
) -> tuple[int, dict[int, tuple[RowReason, ...]]]:
    """Run the scan; give the number of its rows, and the records that DuckDB rejects, each with its reasons."""
    if again:
        db.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    try:
        [[written]] = db.execute(f"COPY ({scan.sql()}) TO {quote(str(out))} {_FORM}").fetchall()
    except duckdb.Error as fault:
        # What DuckDB finds in a broken Parquet file it raises as no particular kind of error.
        if not isinstance(fault, duckdb.InvalidInputException) and type(fault) is not duckdb.Error:
            raise
        first = str(fault).splitlines()[0]
        raise UnreadableError(
            f"the file cannot be read as {scan.profile.file} says ({first}): mend [format] there, then drop the file "
            "again"
        ) from fault
    return written // len(scan.profile.entries), _rejected(db)


def _rejected(db: duckdb.DuckDBPyConnection) -> dict[int, tuple[RowReason, ...]]:
    """Reasons of the records that DuckDB has rejected, by their number."""
    try:
        found = db.execute("SELECT DISTINCT line - 1, error_type::VARCHAR FROM reject_errors ORDER BY ALL").fetchall()
    except duckdb.CatalogException:
        # Only a text that DuckDB has read has this table.
        return {}
    kinds: dict[int, dict[RowReason, None]] = {}
    for number, kind in found:
        kinds.setdefault(number, {})[_REASONS[kind]] = None
    return {number: tuple(why) for number, why in kinds.items()}


def _without_bad_quotes(prepared: Prepared, workdir: Path) -> tuple[Prepared, Sequence[int]]:
    """Copy a text without the records whose quotes are unsound; give their numbers."""
    d, q = re.escape(prepared.lines.delimiter), re.escape(prepared.lines.quote)
    cell = rb"(?: ?%b[^%b]*+(?:%b%b[^%b]*+)*+%b *|(?! ?%b)[^%b\n]*+)" % (q, q, q, q, q, q, q, d)
    sound = re.compile(rb"%b(?:%b%b)*+\r?\n?" % (cell, d, cell))
    out = workdir / "sound.csv"
    taken = []
    with prepared.path.open("rb") as file, out.open("wb") as kept:
        for number, record in enumerate(prepared.lines.records(file)):
            if number and prepared.lines.quote in record and not sound.fullmatch(record):
                taken.append(number)
            else:
                kept.write(record)
    return replace(prepared, path=out), taken


def _ruled_short_lines(
    source: TextSource, rejects: Mapping[int, Sequence[RowReason]], records: int
) -> dict[int, RowRule]:
    """Hold ``[[rules]]`` against the lines that have too few cells: a total or a footer is no bad record."""
    profile = source.profile
    short = [number for number, why in rejects.items() if tuple(why) == (RowReason.TOO_FEW_CELLS,)]
    if not profile.rules or not short:
        return {}
    found = {}
    for number, raw in source.raw(sorted(short), records):
        row = _named(raw, source, profile)
        rule = next((rule for rule in profile.rules if holds(rule.condition, row)), None)
        if rule and rule.action is not Action.SET_ASIDE:
            found[number] = rule
    return found


def _ruled_reasons(
    ruled: Mapping[int, RowRule], rejects: Mapping[int, Sequence[RowReason]]
) -> Iterator[tuple[int, str]]:
    """Give the reasons of short lines that a rule quarantines: its own word first."""
    for number, rule in ruled.items():
        if rule.action is Action.QUARANTINE:
            yield number, ";".join([rule.reason, *rejects[number]])


def _named(raw: bytes, source: TextSource, profile: Profile) -> dict[str, str | None]:
    found = cells(raw.decode("utf-8", "replace"), profile.format.delimiter, profile.format.quote)
    row: dict[str, str | None] = {}
    for column, place in source.header.places.items():
        cell = found[place].strip(" ") if place < len(found) else ""
        missing = ("", *profile.nulls.get("*", ()), *profile.nulls.get(column, ()))
        row[column] = None if cell in missing else cell
    return row


def _is_truncated(source: Source, records: int, rejects: Mapping[int, str]) -> bool:
    """Tell whether the last record was cut: a quote that is never closed, or too few cells and no line end."""
    if isinstance(source, JsonSource):
        return source.truncated
    if not isinstance(source, TextSource):
        return False
    why = rejects.get(records, "").split(";")
    if RowReason.BAD_QUOTE in why:
        [(_, raw)] = source.raw([records], records)
        return source.lines.stays_open(raw, inside=False)
    return RowReason.TOO_FEW_CELLS in why and source.prepared.cut
