"""The quarantine of an export: records not accepted, each with its number, its reasons and its text as in the file.

It holds raw text, so it lies in the exports bucket only.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from callclock.exports.text import Lines

_BATCH = 20_000
_SCHEMA = pa.schema(
    [
        pa.field("record_no", pa.int64(), nullable=False),
        pa.field("reasons", pa.string(), nullable=False),
        pa.field("raw", pa.string(), nullable=False),
        pa.field("object_key", pa.string(), nullable=False),
        pa.field("export_id", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Quarantine:
    """What was written.

    Attributes
    ----------
    path
        The file, None where no record is bad.
    records
        Records in it.
    reasons
        Records by reason; one with two reasons counts under each.
    blank
        Records that hold nothing but delimiters: rows of the layout, no records, and so not in the file.
    """

    path: Path | None
    records: int
    reasons: Mapping[str, int]
    blank: int


def write_quarantine(
    bad: Sequence[tuple[int, str]],
    texts: Iterator[tuple[int, bytes]],
    *,
    lines: Lines | None,
    object_key: str,
    export_id: str,
    out: Path,
) -> Quarantine:
    """Write the records that were not accepted.

    Parameters
    ----------
    bad
        Record number and reasons (joined by ``;``), ascending.
    texts
        The text of each of them, in the same order.
    lines
        How the file is laid out, to tell empty rows; None where it is not text.
    out
        File to write.
    """
    nothing = (lines.delimiter + lines.quote if lines else b"") + b" \t\r\n"
    reasons: Counter[str] = Counter()
    blank = records = 0
    writer: pq.ParquetWriter | None = None
    batch: list[dict[str, object]] = []

    def flush() -> None:
        nonlocal writer
        if writer is None:
            out.parent.mkdir(parents=True, exist_ok=True)
            writer = pq.ParquetWriter(out, _SCHEMA, compression="zstd")
        writer.write_table(pa.Table.from_pylist(batch, schema=_SCHEMA))
        batch.clear()

    for (record_no, why), (found_no, raw) in zip(bad, texts, strict=True):
        if record_no != found_no:
            raise AssertionError(f"{object_key}: looked for record {record_no} and found {found_no}")
        # A cell that holds a quote is written with quotes alone, and is not empty.
        if lines and not raw.strip(nothing) and not any(map(str.strip, lines.cells(raw))):
            blank += 1
            continue
        records += 1
        reasons.update(dict.fromkeys(why.split(";"), 1))
        text = raw.decode("utf-8", errors="backslashreplace")
        said = {"record_no": record_no, "reasons": why, "raw": text, "object_key": object_key, "export_id": export_id}
        batch.append(said)
        if len(batch) == _BATCH:
            flush()
    if batch:
        flush()
    if writer is not None:
        writer.close()
    return Quarantine(out if writer else None, records, dict(reasons), blank)
