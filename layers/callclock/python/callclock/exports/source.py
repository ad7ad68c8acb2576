"""An export opened for DuckDB: its header, the SQL that gives its text columns, and its records by number."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from callclock.engine import name, quote
from callclock.exports.header import Header, cells
from callclock.exports.json_source import JsonSource, open_json
from callclock.exports.profile import Profile
from callclock.exports.profile_sections import FileFormat
from callclock.exports.serials import ISO_FORMATS
from callclock.exports.tabular import FileKind, kind_of, parquet_rows, whole_parquet
from callclock.exports.text import Lines, Prepared, UnreadableError, prepare
from callclock.exports.walls import ROW
from callclock.exports.workbook import read_sheet

_WALL = "%Y-%m-%d %H:%M:%S.%f"


@dataclass(frozen=True)
class TextSource:
    """A delimited text. ``prepared`` is what DuckDB reads; ``last_row`` is that of the sheet it was made from."""

    header: Header
    prepared: Prepared
    profile: Profile
    last_row: int | None = None

    @property
    def skipped(self) -> int:
        """Title rows above the header."""
        return self.prepared.skipped

    @property
    def tailless(self) -> "TextSource | None":
        """The same without the nameless columns that end its header, where nothing reads them: a delimiter too many."""
        named = max((place for place, name in enumerate(self.header.names, start=1) if name), default=0)
        tail = {f"#{place}" for place in range(named + 1, len(self.header.names) + 1)}
        if not tail or tail & {name for columns in self.profile.reads for name in columns}:
            return None
        places = {name: place for name, place in self.header.places.items() if place < named}
        return replace(self, header=replace(self.header, names=self.header.names[:named], places=places))

    @property
    def lines(self) -> Lines:
        """How its records are divided."""
        return self.prepared.lines

    def sql(self, places: Sequence[int]) -> str:
        """SQL of the rows that DuckDB accepts: ``_row`` and the columns at ``places``."""
        mark = self.profile.format.quote
        columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(self.header.names)))
        # Nothing is left to the sniffer: on a dirty file it chose no quote at all, or refused the whole file.
        return (
            f"SELECT row_number() OVER () AS {ROW}, {', '.join(f'c{place}' for place in places)} "
            f"FROM read_csv({quote(str(self.prepared.path))}, auto_detect = false, header = true, "
            f"delim = {quote(self.profile.format.delimiter)}, quote = {quote(mark)}, escape = {quote(mark)}, "
            f"store_rejects = true, columns = {{{columns}}})"
        )

    def raw(self, numbers: Sequence[int], records: int) -> Iterator[tuple[int, bytes]]:
        """Text of records by number, ascending, of so many in the file."""
        return self.prepared.raw(numbers, records)


@dataclass(frozen=True)
class ParquetSource:
    """A Parquet file; its values are read as the text they would be in a CSV."""

    header: Header
    path: Path
    profile: Profile
    kinds: tuple[pa.DataType, ...]

    @property
    def skipped(self) -> int:
        """Title rows: there are none."""
        return 0

    @property
    def lines(self) -> None:
        """It has none."""
        return

    def sql(self, places: Sequence[int]) -> str:
        """SQL of the rows: ``_row`` and the columns at ``places``."""
        columns = ", ".join(f"{_text(name(self.header.names[p]), self.kinds[p])} AS c{p}" for p in places)
        return (
            f"SELECT file_row_number + 1 AS {ROW}, {columns} "
            f"FROM read_parquet({quote(str(self.path))}, file_row_number = true)"
        )

    def raw(self, numbers: Sequence[int], _records: int) -> Iterator[tuple[int, bytes]]:
        """Rows by number, ascending, each as a line of JSON."""
        return parquet_rows(self.path, numbers)


Source = TextSource | ParquetSource | JsonSource


def open_source(path: Path, profile: Profile, workdir: Path) -> Source:
    """Open an export by its profile.

    Raises
    ------
    UnreadableError
        The file is not what the profile says; the text says why and what to do.
    """
    match kind_of(path):
        case FileKind.PARQUET:
            return _open_parquet(path, profile)
        case FileKind.WORKBOOK:
            return _open_workbook(path, profile, workdir)
        case FileKind.JSON:
            # What a record has not is missing in it: what every record has, recognise() has seen in the first.
            return open_json(path, profile, workdir)
    prepared = prepare(path, profile.format, workdir)
    with prepared.path.open("rb") as file:
        first = next(prepared.lines.records(file), b"").decode("utf-8-sig", "replace").rstrip("\r\n")
    header = Header.of(cells(first, profile.format.delimiter, profile.format.quote)).known_as(profile.aliases)
    _check(header, profile)
    return TextSource(header, prepared, profile)


def _open_workbook(path: Path, profile: Profile, workdir: Path) -> TextSource:
    workdir.mkdir(parents=True, exist_ok=True)
    out = workdir / "sheet.csv"
    sheet = read_sheet(path, profile.format, out)
    header = Header.of(sheet.header or ()).known_as(profile.aliases)
    _check(header, profile)
    layout = FileFormat()
    prepared = Prepared(out, Lines.of(layout), sheet.skipped, cut=False)
    # Cells that are dates are dates, whatever the profile says of those that are text.
    time = replace(profile.time, formats=(*profile.time.formats, *ISO_FORMATS))
    return TextSource(header, prepared, replace(profile, format=layout, time=time), sheet.last_row)


def _open_parquet(path: Path, profile: Profile) -> ParquetSource:
    with whole_parquet():
        schema = pq.read_schema(path)
    header = Header.of(schema.names).known_as(profile.aliases)
    _check(header, profile)
    if header.repeated:
        raise UnreadableError(f"two columns are named {min(header.repeated)!r}: Parquet names must differ")
    # Instants that the file types itself need no format of the profile's.
    zoned = any(pa.types.is_timestamp(kind) and kind.tz for kind in schema.types)
    formats = (*profile.time.formats, _WALL, *([f"{_WALL}%z"] if zoned else []))
    typed = replace(profile, time=replace(profile.time, formats=formats))
    return ParquetSource(header, path, typed, tuple(schema.types))


def _check(header: Header, profile: Profile) -> None:
    missing = header.missing(profile.reads)
    if missing:
        raise UnreadableError(
            f"{profile.name} ({profile.file}) reads columns that the file has not: {', '.join(missing)}; it has "
            f"{header.shown()}. Mend the profile and drop the file again"
        )


def _text(column: str, kind: pa.DataType) -> str:
    """SQL of a typed value as the text of a CSV cell."""
    if pa.types.is_timestamp(kind):
        wall = f"strftime({column}::TIMESTAMP, {quote(_WALL)})"
        return f"({wall} || '+00')" if kind.tz else wall
    if pa.types.is_floating(kind):
        # A whole number that became a float on its way is a whole number.
        return (
            f"(CASE WHEN {column} = trunc({column}) AND abs({column}) < 1e15 THEN {column}::BIGINT::VARCHAR "
            f"ELSE {column}::VARCHAR END)"
        )
    return f"{column}::VARCHAR"
