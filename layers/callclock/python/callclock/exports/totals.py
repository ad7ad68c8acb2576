"""Control totals: the sum of every duration and count of an export as it was read, and as it was staged."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from callclock.columns import Column, Kind
from callclock.engine import name, parquet_list
from callclock.exports.judge import happened
from callclock.exports.receipt import Total
from callclock.exports.scan import Scan

_SUMMED = frozenset({Kind.MS, Kind.INT})
ROWS = "rows"


@dataclass(frozen=True)
class Staged:
    """What the staged files of an export hold, added up.

    Attributes
    ----------
    totals
        ``rows``; every duration and count that the profile maps, in its unit (ms); for every milestone after the start,
        ``to_<milestone>_ms``: from the start, in ms. Rows that were superseded or folded within the file are part of
        ``read`` alone.
    watermark
        Newest instant of something that happened (UTC): how far the source's system had got. An export that says it was
        taken at night and knows nothing after noon comes from a copy that has stopped.
    """

    totals: Mapping[str, Total]
    watermark: datetime | None


def add_up(db: duckdb.DuckDBPyConnection, scan: Scan, good: str, parts: Sequence[Path], *, rows: int) -> Staged:
    """Add up what was read and what was staged of it.

    Parameters
    ----------
    good
        SQL of the good rows.
    parts
        The staged files.
    rows
        Rows of which each became one staged row; where they are as many as the good ones, no total may differ.

    Raises
    ------
    AssertionError
        No row was superseded or folded, and yet a total differs: a fault in the code, never in an export.
    """
    sums = {ROWS: "count(*)", **dict(_sums(scan))}
    asked = [f"CAST(coalesce({sql}, 0) AS HUGEINT)" for sql in sums.values()]
    [read] = db.execute(f"SELECT {', '.join(asked)} FROM ({good})").fetchall()
    staged, newest = [0] * len(sums), []
    if parts:
        asked += [f"max({name(target)})" for target in happened(scan)]
        [found] = db.execute(f"SELECT {', '.join(asked)} FROM read_parquet({parquet_list(parts)})").fetchall()
        staged, newest = [*found[: len(sums)]], [at.replace(tzinfo=UTC) for at in found[len(sums) :] if at]
    totals = {what: Total(*both) for what, *both in zip(sums, read, staged, strict=True)}
    if totals[ROWS].staged != rows:
        raise AssertionError(f"{totals[ROWS].staged} rows were staged of {rows}: this is a fault in callclock")
    lost = [what for what, total in totals.items() if total.read != total.staged]
    if lost and totals[ROWS].read == rows:
        raise AssertionError(f"control totals differ: {lost[0]} is {totals[lost[0]]}: this is a fault in callclock")
    return Staged(totals, max(newest, default=None))


def _sums(scan: Scan) -> Iterator[tuple[str, str]]:
    for target, column in scan.targets.items():
        if column.kind in _SUMMED:
            yield target, f"sum({name(target)})"
        elif _ends(column, scan):
            # As staged: casting to milliseconds rounds.
            start, end = (f"CAST({name(column)} AS {Kind.INSTANT.duckdb})" for column in ("started_at", target))
            yield f"to_{target}_ms", f"sum(date_diff('millisecond', {start}, {end}))"


def _ends(column: Column, scan: Scan) -> bool:
    return column.kind is Kind.INSTANT and column.milestone and column.name not in scan.profile.contract.starts
