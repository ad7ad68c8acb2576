"""Kinds of export file, told by extension and by the first bytes."""

import json
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path

import pyarrow.parquet as pq

_PARQUET_MAGIC = b"PAR1"


class FileKind(StrEnum):
    """How a file is opened: as delimited text, or as Parquet."""

    TEXT = "text"
    PARQUET = "parquet"


def kind_of(path: Path) -> FileKind:
    """Kind of a file: Parquet where it says so by name or by its first bytes, else text."""
    with path.open("rb") as file:
        magic = file.read(len(_PARQUET_MAGIC))
    return FileKind.PARQUET if magic == _PARQUET_MAGIC else FileKind.TEXT


def parquet_head(path: Path) -> tuple[Sequence[str], Sequence[str | None]]:
    """Names of the columns, and the first row as text."""
    file = pq.ParquetFile(path)
    first: list[str | None] = [None] * len(file.schema_arrow.names)
    for batch in file.iter_batches(batch_size=1):
        first = [None if value is None else str(value) for value in (column[0].as_py() for column in batch.columns)]
        break
    return file.schema_arrow.names, first


def parquet_rows(path: Path, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Rows of a Parquet file by number, from 1 and ascending, each as one line of JSON."""
    numbers = iter(wanted)
    number = next(numbers, None)
    first = 1
    for batch in pq.ParquetFile(path).iter_batches():
        while number is not None and number < first + batch.num_rows:
            [row] = batch.slice(number - first, 1).to_pylist()
            yield number, json.dumps(row, default=str, ensure_ascii=False).encode()
            number = next(numbers, None)
        first += batch.num_rows
