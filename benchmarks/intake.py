"""Intake against what must be done in any case: bare DuckDB, and the same work in pandas and polars.

``python -m benchmarks --only intake``. Ratios are of processor seconds: on a machine that others use too, the wall
clock measures them.
"""

import shutil
from collections.abc import Iterator

from benchmarks import exports, frames, taken_in
from benchmarks.exports import BUILD
from benchmarks.measured import Figure, alone, in_turn

ROWS, MANY_ROWS = 1_000_000, 10_000_000


def figures(rows: int = ROWS, many_rows: int = MANY_ROWS) -> Iterator[Figure]:
    """Measure, and say what is promised of each figure."""
    BUILD.mkdir(parents=True, exist_ok=True)
    path = exports.make(BUILD / f"bench_{rows}.csv", rows)
    ours_and_bare = (taken_in.bare_typed, taken_in.bare_text, taken_in.validated, taken_in.whole)
    tasks = (*ours_and_bare, frames.with_pandas, frames.with_polars)
    found = in_turn({task.__name__: (task, (path,)) for task in tasks})
    typed, ours = found["bare_typed"], found["validated"]
    of = f"{rows:,} incidents, {path.stat().st_size / 1e6:,.0f} MB"
    yield Figure("bare typed read to Parquet", typed.cpu_seconds, "s", note=of)
    yield Figure("validated intake / bare typed read", ours.cpu_seconds / typed.cpu_seconds, "x", 1.5)
    yield Figure("validated intake / bare text read", ours.cpu_seconds / found["bare_text"].cpu_seconds, "x", 1.1)
    yield Figure("whole intake / bare typed read", found["whole"].cpu_seconds / typed.cpu_seconds, "x", 3.0)
    yield Figure(
        "the same work in pandas / validated intake",
        found["with_pandas"].cpu_seconds / ours.cpu_seconds,
        "x",
        6.0,
        at_least=True,
    )
    yield Figure("the same work in polars / validated intake", found["with_polars"].cpu_seconds / ours.cpu_seconds, "x")
    yield Figure("peak memory of whole intake", found["whole"].peak_mb, "MB", note=of)
    yield Figure("peak memory in pandas", found["with_pandas"].peak_mb, "MB")
    if many_rows:
        many = exports.make(BUILD / f"bench_{many_rows}.csv", many_rows)
        peak = alone(taken_in.whole, many).peak_mb
        yield Figure(
            "peak memory of whole intake, ten times the rows",
            peak,
            "MB",
            550,
            note=f"{many.stat().st_size / 1e9:.1f} GB",
        )
        yield Figure("that / its own of a tenth of the rows", peak / found["whole"].peak_mb, "x", 1.3)
        many.unlink()
    clocks = in_turn({task.__name__: (task, (5_000_000,)) for task in (taken_in.an_hour_added, taken_in.london_to_utc)})
    yield Figure(
        "London to UTC / adding an hour",
        clocks["london_to_utc"].cpu_seconds / clocks["an_hour_added"].cpu_seconds,
        "x",
        4.0,
    )
    shutil.rmtree(BUILD)
