"""A JSON export opened for DuckDB: the fields that a profile reads, as the text they would be in a CSV."""

import codecs
import io
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from callclock.engine import quote
from callclock.exports.header import Header
from callclock.exports.json_records import LONGEST, Found, JsonText, TooLongError, paths, text, walk
from callclock.exports.profile import Profile
from callclock.exports.text import UnreadableError
from callclock.exports.walls import ROW
from callclock.reasons import RowReason

_BATCH = 10_000
_HEAD_RECORDS = 200
_CHUNK = 1 << 20
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class JsonSource:
    """A JSON export.

    Attributes
    ----------
    header
        The fields that the profile reads: to a profile they are columns.
    profile
        The profile that opened it.
    rejects
        Reasons of the records that are no rows, by record number from 1.
    truncated
        The file ends inside a record or an array.
    absent
        Fields that the profile reads and no record has.
    """

    header: Header
    profile: Profile
    rejects: Mapping[int, tuple[RowReason, ...]]
    truncated: bool
    absent: tuple[str, ...]
    _texts: Path
    _utf8: Path
    _places: "_Places"

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
        columns = "".join(f", c{place}" for place in places)
        texts = f"read_parquet({quote(str(self._texts))}, file_row_number = true)"
        return f"SELECT file_row_number + 1 AS {ROW}{columns} FROM {texts}"

    def raw(self, numbers: Sequence[int], _records: int) -> Iterator[tuple[int, bytes]]:
        """Text of records by number, ascending."""
        with self._utf8.open("rb") as file:
            for number in numbers:
                file.seek(self._places.starts[number - 1])
                yield number, file.read(self._places.sizes[number - 1])


@dataclass(frozen=True)
class _Places:
    """Where each record stands in the file, in bytes."""

    starts: "array[int]" = field(default_factory=lambda: array("q"))
    sizes: "array[int]" = field(default_factory=lambda: array("q"))


def json_head(head: bytes, encoding: str | None) -> tuple[Sequence[str], Sequence[str | None]]:
    """Fields of the first records together, and what the first record has in them.

    Parameters
    ----------
    head
        First bytes of a file; the last record in them may be cut short.
    """
    known = _encoding(head, encoding)
    utf8 = head if known == "utf-8" else head.decode(known, "ignore").encode()
    found: dict[str, str | None] = {}
    for record in islice(JsonText(io.BytesIO(utf8), strict=encoding is not None), _HEAD_RECORDS):
        first = not found
        for name, value in paths(record.value or {}):
            found.setdefault(name, text(value) if first else None)
    return tuple(found), tuple(found.values())


def open_json(path: Path, profile: Profile, workdir: Path) -> JsonSource:
    """Open a JSON export by its profile.

    Raises
    ------
    UnreadableError
        The declared encoding cannot read it, or a record has no end.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    utf8 = _utf8(path, profile.format.encoding, workdir)
    names = tuple(dict.fromkeys(name for columns in profile.reads for name in columns))
    texts = workdir / "fields.parquet"
    places = _Places()
    rejects: dict[int, tuple[RowReason, ...]] = {}
    with utf8.open("rb") as file, _Texts(texts, [profile.known_as(name) for name in names]) as out:
        records = JsonText(file, strict=profile.format.encoding is not None)
        for number, record in enumerate(_checked(records), start=1):
            places.starts.append(record.start)
            places.sizes.append(record.size)
            reason = record.reason or out.take(record.value or {})
            if reason:
                rejects[number] = (reason,)
    seen = {name for name, is_seen in zip(names, out.seen, strict=True) if is_seen}
    return JsonSource(
        header=_header(names, seen, profile),
        profile=profile,
        rejects=rejects,
        truncated=records.cut,
        absent=tuple(name for name in names if name not in seen),
        _texts=texts,
        _utf8=utf8,
        _places=places,
    )


def _header(names: Sequence[str], seen: set[str], profile: Profile) -> Header:
    """Give the places of the fields: of aliases those that the file has, or the first where it has none."""
    header = Header.of(names)
    kept = set(seen)
    for columns in profile.reads:
        if not seen & set(columns):
            kept.add(columns[0])
    return Header(header.names, {name: place for name, place in header.places.items() if name in kept}, frozenset())


class _Texts:
    """Writes the fields of each record as one row of texts."""

    def __init__(self, out: Path, fields: Sequence[Sequence[str]]) -> None:
        self.seen = [False] * len(fields)
        self._fields = [tuple(tuple(name.split(".")) for name in names) for names in fields]
        self._columns: list[list[str | None]] = [[] for _ in fields]
        schema = pa.schema([pa.field(f"c{place}", pa.string()) for place in range(len(fields))])
        self._writer = pq.ParquetWriter(out, schema, compression="zstd", compression_level=1)

    def __enter__(self) -> "_Texts":
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()

    def take(self, record: dict[str, object]) -> RowReason | None:
        """Take a record as a row; or say why it cannot be one."""
        row = [self._first(record, names) for names in self._fields]
        if any(cell is not None and not cell.isascii() and not _is_text(cell) for cell in row):
            return RowReason.BAD_ENCODING
        for place, cell in enumerate(row):
            if cell is not None:
                self.seen[place] = True
            self._columns[place].append(cell)
        if len(self._columns[0]) == _BATCH:
            self._flush()
        return None

    @staticmethod
    def _first(record: dict[str, object], names: Sequence[tuple[str, ...]]) -> str | None:
        for name in names:
            value = walk(record, name)
            if value is not None:
                return text(value)
        return None

    def _flush(self) -> None:
        arrays = [pa.array(column, pa.string()) for column in self._columns]
        self._writer.write_table(pa.table(arrays, schema=self._writer.schema))
        for column in self._columns:
            column.clear()


def _is_text(cell: str) -> bool:
    """Tell half of a surrogate pair, which JSON can spell and no text holds."""
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True


def _checked(records: JsonText) -> Iterator[Found]:
    try:
        yield from records
    except TooLongError as fault:
        raise UnreadableError(
            f"a record {fault} does not end within {LONGEST >> 20} million characters: records are the objects of a "
            "file, one after another or in an array. Export it so, then drop the file again"
        ) from fault


def _encoding(head: bytes, declared: str | None) -> str:
    return declared or ("utf-16" if head.startswith(_UTF16) else "utf-8")


def _utf8(path: Path, declared: str | None, workdir: Path) -> Path:
    """Give the file in UTF-8: itself, unless it says by its first bytes or its profile that it is not."""
    with path.open("rb") as file:
        encoding = _encoding(file.read(2), declared)
    if encoding == "utf-8":
        return path
    out = workdir / "utf8.json"
    try:
        with path.open(encoding=encoding, newline="") as coded, out.open("w", encoding="utf-8", newline="") as copy:
            while chunk := coded.read(_CHUNK):
                copy.write(chunk)
    except UnicodeError as fault:
        raise UnreadableError(
            f"the file is not {encoding} as [format] encoding says ({fault}): mend the profile, then drop it again"
        ) from fault
    return out
