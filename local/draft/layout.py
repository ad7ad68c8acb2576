"""How a file is laid out: its encoding, delimiter, quote, title rows and header."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from callclock.exports.header import Header, cells, composed
from callclock.exports.json_source import json_head
from callclock.exports.profile_sections import FileFormat
from callclock.exports.tabular import FileKind, kind_of, parquet_head
from callclock.exports.text import Lines, UnreadableError, decode_head
from callclock.exports.workbook import read_sheet

_HEAD = 1 << 20
_CHUNK = 1 << 24
_RECORDS = 300
_TITLES = 20
_DELIMITERS = (",", "\t", ";", "|", "^", "~")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_NOT_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_VALUE = re.compile(r"[\s\d.,:/+%-]*\d[\s\d.,:/+%-]*")
_NAMED_SHARE = 0.6


@dataclass(frozen=True)
class Layout:
    """What a file is and how its columns are found.

    Attributes
    ----------
    header
        Its columns, under the names a profile uses.
    found
        What was found, in words for a comment.
    """

    kind: FileKind
    format: FileFormat
    header: Header
    found: tuple[str, ...]


def lay_out(path: Path, workdir: Path) -> Layout:
    """Find out how a file is laid out.

    Raises
    ------
    UnreadableError
        It is none of the kinds that can be read, or holds nothing; the text says what to do.
    """
    kind = kind_of(path)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise UnreadableError("the file is empty: not even a header. Look whether the export itself failed")
    match kind:
        case FileKind.TEXT:
            return _text(path, head)
        case FileKind.WORKBOOK:
            return _workbook(path, workdir)
        case FileKind.JSON:
            names, _ = json_head(head, None)
            return Layout(kind, FileFormat(), Header.of(names), (f"JSON; its records have {len(names)} fields",))
        case FileKind.PARQUET:
            names, _ = parquet_head(path)
            return Layout(kind, FileFormat(), Header.of(names), ("Parquet: it says itself how it is laid out",))
        case FileKind.GZIP | FileKind.ZIP:
            raise UnreadableError("the file is an archive: unpack it and ask about one of the files in it")
        case FileKind.OTHER:
            raise UnreadableError(
                "the file is neither text, workbook nor Parquet, or locked with a password: export it as CSV, XLSX, "
                "ODS, JSON or Parquet"
            )


def _text(path: Path, head: bytes) -> Layout:
    encoding, found = _encoding(path, head)
    lines = decode_head(head, FileFormat(encoding=encoding)).encode().splitlines(keepends=True)
    if len(head) == _HEAD:
        lines.pop()
    layout = max((_with(lines, FileFormat(delimiter=d, encoding=encoding)) for d in _DELIMITERS), key=_Divided.score)
    if layout.apostrophes > layout.quotes:
        layout = replace(layout, format=replace(layout.format, quote="'"))
        layout = _with(lines, layout.format)
    skip, header_rows, names = _header(layout.records, layout.width)
    said = [found, f"{layout.width} columns" + ("" if layout.width > 1 else ": no delimiter was recognised")]
    if skip:
        said.append(f"{skip} rows above the header")
    return Layout(
        FileKind.TEXT,
        replace(layout.format, skip=skip, header_rows=header_rows),
        Header.of(names),
        tuple(said),
    )


def _encoding(path: Path, head: bytes) -> tuple[str | None, str]:
    """Encoding to declare, None where the file shows it by itself; and what was found."""
    if head.startswith(_UTF16):
        return None, "UTF-16, which its first two bytes say"
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, ascii_only, undefined, spelled_utf8 = True, True, False, False
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            ascii_only = ascii_only and chunk.isascii()
            undefined = undefined or bool(_NOT_CP1252.search(chunk))
            spelled_utf8 = spelled_utf8 or bool(_UTF8_LETTER.search(chunk))
            utf8 = utf8 and _decodes(decoder, chunk)
    if ascii_only:
        return None, "plain ASCII, which every encoding reads alike"
    if utf8:
        return None, "UTF-8"
    if spelled_utf8 or undefined:
        return None, "a mixture: records that are not UTF-8 are read as Windows-1252, and the receipt says which"
    return "cp1252", "not UTF-8, every byte a letter in Windows-1252"


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes) -> bool:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True)
class _Divided:
    """The first records of a text as one delimiter divides them; blank lines are records without cells."""

    format: FileFormat
    records: Sequence[Sequence[str]]
    width: int
    share: float
    quotes: int
    apostrophes: int

    def score(self) -> tuple[bool, float, int]:
        """Evenness first, then columns: a comma in a remark divides unevenly."""
        return self.width > 1, round(self.share, 2), self.width


def _with(lines: Sequence[bytes], layout: FileFormat) -> _Divided:
    raw = [record.decode("utf-8", "replace").rstrip("\r\n") for record in islice(_records(lines, layout), _RECORDS)]
    rows = [cells(record, layout.delimiter, layout.quote) if record.strip() else () for record in raw]
    widths = Counter(len(row) for row in rows if row)
    width, often = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(0, 0))
    begins = [cell[:1] for record in raw for cell in record.split(layout.delimiter)]
    return _Divided(layout, rows, width, often / max(widths.total(), 1), begins.count('"'), begins.count("'"))


def _records(lines: Sequence[bytes], layout: FileFormat) -> Iterator[bytes]:
    return Lines.of(layout).records(lines)


def _header(rows: Sequence[Sequence[str]], width: int) -> tuple[int, int, Sequence[str]]:
    """Rows above the header, rows of the header, and its names."""
    for skip, row in enumerate(rows[:_TITLES]):
        # A delimiter after the last cell of every record may be missing after the header's.
        if not (row and width - 1 <= len(row) <= width and _names(row, _NAMED_SHARE * width)):
            continue
        below = rows[skip + 1] if skip + 1 < len(rows) else ()
        if "" in map(str.strip, row[:-1]) and below and _names(below, width - 1):
            return skip, 2, composed([row, below], carry=True)
        return skip, 1, row
    first = next((skip for skip, row in enumerate(rows) if len(row) == width), 0)
    return first, 1, rows[first] if rows else ()


def _names(row: Sequence[str], least: float) -> bool:
    """Whether a row can be a header: filled, and nothing in it is a number or a time."""
    filled = [cell.strip() for cell in row if cell.strip()]
    return len(filled) >= max(least, 1) and not any(_VALUE.fullmatch(cell) for cell in filled)


def _workbook(path: Path, workdir: Path) -> Layout:
    workdir.mkdir(parents=True, exist_ok=True)
    out = workdir / "first.csv"
    sheet = read_sheet(path, FileFormat(), out)
    with out.open(encoding="utf-8", newline="") as file:
        rows = [row for row in islice(csv.reader(file), _RECORDS) if any(map(str.strip, row))]
    width = max((sum(bool(cell.strip()) for cell in row) for row in rows), default=0)
    place, header_rows, names = _header([row[:width] for row in rows], width)
    wanted = {name.strip() for name in rows[place] if name.strip()} if rows else set()
    layout = FileFormat(header_rows=header_rows)
    # Empty rows count as rows above the header, and the copy has none of them.
    for skip in range(place, place + _TITLES):
        header = read_sheet(path, replace(layout, skip=skip)).header or ()
        if wanted <= {part for name in header for part in (name, *name.split(" / "))}:
            layout, names = replace(layout, skip=skip), header
            break
    found = [f"a workbook of {', '.join(sheet.sheets)}; the first sheet that is not hidden is read"]
    if layout.skip:
        found.append(f"{layout.skip} rows above the header")
    return Layout(FileKind.WORKBOOK, layout, Header.of(names), tuple(found))
