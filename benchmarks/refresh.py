"""Refresh against a plain scan of the columns it uses, and against the same measures in pandas and polars.

``python -m benchmarks --only refresh``. Ratios are of processor seconds, as in ``intake``.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl

from benchmarks.measured import Figure, alone, in_turn
from callclock.clock import Month, PeriodKind
from callclock.contracts import INCIDENTS
from callclock.engine import connect, name
from callclock.metrics.catalogue import LONG, Family, families, steps_below
from callclock.metrics.evaluate import prepare
from callclock.metrics.known import Known, SourceKnown
from callclock.settings import Force, assemble

BUILD = Path("build/bench")
ROWS = 1_000_000
MONTH = Month(2026, 3)
_AS_AT = datetime(2026, 6, 1, tzinfo=UTC)
_SHORT = ("attendance_counts", "attendance_waits")
_KINDS = (PeriodKind.DAY, PeriodKind.WEEK, PeriodKind.MONTH)
_MONTH_ROWS = (Path(__file__).parent / "incidents_curated.sql").read_text("utf-8")
# What attendance_judged and attendance_population read of an incident.
_USED = (
    "source", "clock_start_at", "started_at", "local_date", "local_hour", "grade_scheme", "grade_initial", "grade_final",
    "domestic_abuse", "area", "service", "exclusion", "set_aside", "outcome", "closure_reason", "clock_fallback",
    "selected_by", "attend_ms", "close_ms", "created_to_dispatch_ms", "dispatch_to_arrival_ms", "first_arrived_at",
    "reported_arrival_ms", "observed_at", "closed_at",
)  # fmt: skip


def curated(path: Path, rows: int) -> Path:
    """Write a curated month of ``rows`` incidents."""
    if path.exists():
        return path
    columns = ", ".join(f"CAST({name(c.name)} AS {c.kind.duckdb}) AS {name(c.name)}" for c in INCIDENTS.columns)
    with duckdb.connect() as db:
        db.execute("SET VARIABLE rows = ?", [rows])
        empty = ", ".join(f"CAST(NULL AS {c.kind.duckdb}) AS {name(c.name)}" for c in INCIDENTS.columns)
        filled = f"SELECT {empty} WHERE false UNION ALL BY NAME ({_MONTH_ROWS})"
        db.execute(f"COPY (SELECT {columns} FROM ({filled})) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    return path


def scan(path: str) -> None:
    """Read the columns that the measures use, and no more."""
    with tempfile.TemporaryDirectory(dir=BUILD) as folder, connect(Path(folder), threads=1) as db:
        db.execute(f"SELECT {', '.join(f'max({column})' for column in _USED)} FROM read_parquet('{path}')").fetchall()


def _measure(path: str, chosen: Sequence[Family], before: Sequence[Family] = ()) -> tuple[float, float]:
    """Make families of the month; when the work on them began, once those ``before`` them were made."""
    known = Known(_AS_AT, (SourceKnown("incidents", "cad", _AS_AT, "snapshot"),))
    with tempfile.TemporaryDirectory(dir=BUILD) as folder, connect(Path(folder), threads=1) as db:
        ready = prepare(
            db,
            {"incidents": [Path(path)]},
            homes=[MONTH],
            force=Force(name="Bench"),
            targets=assemble({}).targets,
            known=known,
            steps=steps_below(read for family in (*before, *chosen) for read in family.read),
        )
        for family in before:
            ready.evaluate(family, {MONTH: Path(folder) / f"{family.name}.parquet"})
        began = time.perf_counter(), time.process_time()
        for family in chosen:
            ready.evaluate(family, {MONTH: Path(folder) / f"{family.name}.parquet"})
    return began


def counts_and_waits(path: str) -> None:
    """Counts, means, medians and 90th (and 95th) percentiles by day, week and month."""
    _measure(path, _named(*_SHORT))


def many_months(path: str) -> None:
    """Do the same ten times over: as many incidents as ten such months hold, month by month."""
    for _ in range(10):
        counts_and_waits(path)


def medians(path: str) -> tuple[float, float]:
    """Means and percentiles of those attended, once incidents are judged and counted."""
    return _measure(path, _named("attendance_waits"), before=_named("attendance_counts"))


def curves(path: str) -> tuple[float, float]:
    """The whole curve, and the time by which half of all were attended, once incidents are judged and counted."""
    return _measure(path, _named("attendance_all", "attendance_curve"), before=_named("attendance_counts"))


def family_a(path: str) -> None:
    """All of family A by day, week, month and quarter."""
    _measure(path, [family for family in _families() if not set(family.kinds) & set(LONG)])


def _named(*names: str) -> list[Family]:
    return [replace(family, kinds=_KINDS) for family in _families() if family.name in names]


def _families() -> list[Family]:
    return [family for family in families() if family.tables == ("incidents",)]


def _cells(kind: str) -> list[list[str]]:
    """Cells of a period: by both grades or none, population and (month) area, and (month) the hour of the week."""
    grades = [[], ["grade_initial"], ["grade_final"]]
    by = [[], ["population"]]
    if kind == "month":
        by += [["area"], ["population", "area"], ["hour_of_week"]]
    return [[*grade, *more] for grade in grades for more in by]


_READ = ["local_date", "local_hour", "grade_initial", "grade_final", "domestic_abuse", "area", "attend_ms", "outcome"]


def in_pandas(path: str) -> None:
    """Counts by outcome, mean, median, 90th and 95th percentile of the same cells; nothing is left out or judged."""
    read = pd.read_parquet(path, columns=_READ)
    day = pd.to_datetime(read["local_date"])
    read = read.assign(
        population=read["domestic_abuse"].map({True: "domestic_abuse", False: "other"}),
        hour_of_week=day.dt.dayofweek * 24 + read["local_hour"],
        day=day, week=day.dt.to_period("W").dt.start_time, month=day.dt.to_period("M").dt.start_time,
    )  # fmt: skip
    for kind in ("day", "week", "month"):
        for cell in _cells(kind):
            grouped = read.groupby([kind, *cell], sort=False)
            grouped["outcome"].value_counts()
            waits = grouped["attend_ms"]
            pd.DataFrame({"n": waits.count(), "mean": waits.mean(), **{q: waits.quantile(q) for q in (0.5, 0.9, 0.95)}})


def in_polars(path: str) -> None:
    """Do the same in polars."""
    read = pl.read_parquet(path, columns=_READ).with_columns(
        pl.when("domestic_abuse").then(pl.lit("domestic_abuse")).otherwise(pl.lit("other")).alias("population"),
        (pl.col("local_date").dt.weekday().cast(pl.Int64) * 24 + pl.col("local_hour")).alias("hour_of_week"),
        pl.col("local_date").alias("day"),
        pl.col("local_date").dt.truncate("1w").alias("week"),
        pl.col("local_date").dt.truncate("1mo").alias("month"),
    )
    wait = pl.col("attend_ms")
    for kind in ("day", "week", "month"):
        for cell in _cells(kind):
            read.group_by(kind, *cell, "outcome").len()
            read.group_by(kind, *cell).agg(
                wait.count().alias("n"), wait.mean().alias("mean"),
                *(wait.quantile(q, interpolation="linear").alias(str(q)) for q in (0.5, 0.9, 0.95)),
            )  # fmt: skip


def figures(rows: int = ROWS) -> Iterator[Figure]:
    """Measure, and say what is promised of each figure."""
    BUILD.mkdir(parents=True, exist_ok=True)
    path = curated(BUILD / f"curated_{rows}.parquet", rows)
    found = in_turn({
        task.__name__: (task, (path,))
        for task in (scan, counts_and_waits, family_a, medians, curves, in_pandas, in_polars)
    })  # fmt: skip
    many = alone(many_months, path)
    plain, ours = found["scan"], found["counts_and_waits"]
    yield Figure("plain scan of the columns used", plain.cpu_seconds, "s", note=f"{rows:,} incidents of one month")
    yield Figure("counts and waits / plain scan", ours.cpu_seconds / plain.cpu_seconds, "x", 6.0)
    yield Figure("all of family A / plain scan", found["family_a"].cpu_seconds / plain.cpu_seconds, "x")
    yield Figure("curves / plain medians", found["curves"].cpu_seconds / found["medians"].cpu_seconds, "x", 3.0)
    yield Figure(
        "counts and waits in pandas / ours", found["in_pandas"].cpu_seconds / ours.cpu_seconds, "x", 2.5, at_least=True
    )
    yield Figure(
        "counts and waits in polars / ours", found["in_polars"].cpu_seconds / ours.cpu_seconds, "x", 2.0, at_least=True
    )
    yield Figure(
        "peak memory of counts and waits",
        ours.peak_mb,
        "MB",
        min(found["in_pandas"].peak_mb, found["in_polars"].peak_mb),
    )
    yield Figure(
        "peak memory of ten such months", many.peak_mb, "MB", 1200.0, note=f"{10 * rows:,} incidents, month by month"
    )
    yield Figure("peak memory in pandas", found["in_pandas"].peak_mb, "MB")
    yield Figure("peak memory in polars", found["in_polars"].peak_mb, "MB")
