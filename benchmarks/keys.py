"""What one small export asks of the lake after a long history and after a short one: requests, and bytes read.

The fold itself over a bucket that counts. Keys that ascend, as numbers do that a system gives out, fall into the last
shard of the key index; keys in no order fall into all of them, which is shown and not promised.
"""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from benchmarks.measured import Figure
from callclock import layout
from callclock.clock import Month
from callclock.contracts import INCIDENTS
from callclock.engine import name
from callclock.lake.curate import Curator
from tests.support.memory_lake import MemoryBucket

ROWS, ROWS_A_MONTH = 1_000, 10_000
SHORT, LONG = 12, 120
_FIRST = Month(2016, 1)
_TAKEN = datetime(2026, 6, 1, tzinfo=UTC)
_STAGED = (Path(__file__).parent / "incidents_staged.sql").read_text("utf-8")


def _stage(lake: MemoryBucket, month: Month, rows: int, key: str, work: Path) -> None:
    """Put what intake would stage of an export of one month; ``key`` is SQL of a record's key."""
    columns = ", ".join(f"CAST({name(c.name)} AS {c.kind.duckdb}) AS {name(c.name)}" for c in INCIDENTS.staged)
    empty = ", ".join(f"CAST(NULL AS {c.kind.duckdb}) AS {name(c.name)}" for c in INCIDENTS.staged)
    part = work / "part.parquet"
    with duckdb.connect() as db:
        for variable, value in {
            "rows": rows,
            "month": str(month),
            "export_id": "e",
            "taken": _TAKEN.replace(tzinfo=None),
        }.items():
            db.execute(f"SET VARIABLE {variable} = ?", [value])
        filled = (
            f"SELECT {empty} WHERE false UNION ALL BY NAME (SELECT * REPLACE ({key} AS record_key) FROM ({_STAGED}))"
        )
        db.execute(f"COPY (SELECT {columns} FROM ({filled})) TO '{part}' (FORMAT parquet)")
    lake.put(layout.staged("incidents", "EX", month, "e"), part)


def asked(months: int, key: str, *, in_turn: bool) -> tuple[int, int]:
    """Requests and bytes read of the fold of an export after so many months.

    Parameters
    ----------
    in_turn
        Each month of the history was folded when it came; else all at once, which is many times as fast where every
        month writes every shard.
    """
    lake = MemoryBucket()
    history = [_FIRST.plus(n) for n in range(months)]
    for month in history:
        with tempfile.TemporaryDirectory() as work:
            _stage(lake, month, ROWS_A_MONTH, key, Path(work))
    for together in [[month] for month in history] if in_turn else [history]:
        _fold(lake, together)
    with tempfile.TemporaryDirectory() as work:
        _stage(lake, _FIRST.plus(months), ROWS, key, Path(work))
    lake.requests = lake.bytes_read = 0
    _fold(lake, [_FIRST.plus(months)])
    return lake.requests, lake.bytes_read


def _fold(lake: MemoryBucket, months: list[Month]) -> None:
    with tempfile.TemporaryDirectory() as work:
        Curator(lake, INCIDENTS, "EX", "Europe/London", 2.0, Path(work)).curate(months, {})


def figures() -> Iterator[Figure]:
    """Measure, and say what is promised of each figure."""
    for told, key, limit in (("keys in order", "record_key", 1.3), ("keys in no order", "md5(record_key)", None)):
        in_turn = limit is not None
        requests, read = asked(SHORT, key, in_turn=in_turn)
        more_requests, more_read = asked(LONG, key, in_turn=in_turn)
        of = f"{ROWS:,} rows, {told}; {ROWS_A_MONTH:,} rows in each month before"
        yield Figure(f"requests of one export's fold, {told}", requests, "", note=of)
        yield Figure(f"those with {LONG} months of history / with {SHORT}", more_requests / requests, "x", limit)
        yield Figure(f"bytes it reads, {told}", read / 1e6, "MB", note=of)
        yield Figure(f"those with {LONG} months of history / with {SHORT}", more_read / read, "x", limit)
