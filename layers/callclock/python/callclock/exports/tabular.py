"""Kinds of export file, told by the bytes and never by the name."""

import codecs
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from callclock.exports.text import UnreadableError

_PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# UTF-16 shows as zeros between the letters. A header may begin with a bracket: [Date],[Time].
_JSON = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\0\s]*(?:\{|\[[\0\s]*(?:[{\]]|$))")
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_SAMPLE = 1 << 16
_NEVER_TEXT = bytes(set(range(32)) - set(b"\t\n\r\f\x1a\x1b"))
_BINARY_SHARE = 0.05


class FileKind(StrEnum):
    """What a file is; ``other`` is none of what can be read."""

    TEXT = "text"
    PARQUET = "parquet"
    WORKBOOK = "workbook"
    JSON = "json"
    GZIP = "gzip"
    ZIP = "zip"
    OTHER = "other"

    @property
    def packs(self) -> bool:
        """Whether it is an archive, whose files are the exports."""
        return self in {FileKind.GZIP, FileKind.ZIP}


def kind_of(path: Path) -> FileKind:
    """Kind of a file. A zip that cannot be opened is a zip all the same."""
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    if head.startswith(_PARQUET):
        return FileKind.PARQUET
    if head.startswith(_GZIP):
        return FileKind.GZIP
    if head.startswith(_ZIP):
        return _kind_of_zip(path)
    if _is_binary(head):
        return FileKind.OTHER
    return FileKind.JSON if _JSON.match(head) else FileKind.TEXT


def _kind_of_zip(path: Path) -> FileKind:
    """Tell an archive from the workbooks and other office documents that are zips too."""
    try:
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
            said = packed.read("mimetype")[:_SAMPLE] if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError):
        return FileKind.ZIP
    if said == _ODS or any(name.startswith("xl/workbook") for name in names):
        return FileKind.WORKBOOK
    return FileKind.OTHER if said or "[Content_Types].xml" in names else FileKind.ZIP


def _is_binary(sample: bytes) -> bool:
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    never = len(sample) - len(sample.translate(None, _NEVER_TEXT))
    # A NUL in the first line, or many of them, is no text; a lone one in a cell matters only where that is read.
    return b"\0" in sample.split(b"\n", 1)[0] or never > len(sample) * _BINARY_SHARE


def parquet_head(path: Path) -> tuple[Sequence[str], Sequence[str | None]]:
    """Names of the columns, and the first row as text.

    Raises
    ------
    UnreadableError
        The file is cut or broken.
    """
    with whole_parquet():
        file = pq.ParquetFile(path)
        first: list[str | None] = [None] * len(file.schema_arrow.names)
        for batch in file.iter_batches(batch_size=1):
            first = [None if value is None else str(value) for value in (column[0].as_py() for column in batch.columns)]
            break
        return file.schema_arrow.names, first


@contextmanager
def whole_parquet() -> Iterator[None]:
    """Tell a Parquet file that is cut or broken from a fault of ours."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as fault:
        raise UnreadableError(f"the file is no whole Parquet file ({fault}): export it again and drop it") from fault


def parquet_rows(path: Path, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Rows of a Parquet file by number, from 1 and ascending, each as one line of JSON."""
    numbers = iter(wanted)
    number = next(numbers, None)
    first = 1
    with whole_parquet():
        for batch in pq.ParquetFile(path).iter_batches():
            while number is not None and number < first + batch.num_rows:
                [row] = batch.slice(number - first, 1).to_pylist()
                yield number, json.dumps(row, default=str, ensure_ascii=False).encode()
                number = next(numbers, None)
            first += batch.num_rows
