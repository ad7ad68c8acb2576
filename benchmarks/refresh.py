"""Refresh against a plain scan of the columns it uses, and against the same measures in pandas and polars."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl

from benchmarks.measured import Figure, in_turn
from callclock.clock import Month
from callclock.contracts import INCIDENTS
from callclock.engine import connect, name
from callclock.metrics.catalogue import families
from callclock.metrics.evaluate import Known, SourceKnown, evaluate, prepare
from callclock.settings import Force, assemble

BUILD = Path("build/bench")
ROWS = 1_000_000
MONTH = Month(2026, 3)
_AS_AT = datetime(2026, 6, 1, tzinfo=UTC)
_SHORT = ("attendance_counts", "attendance_waits")
_MONTH_ROWS = (Path(__file__).parent / "incidents_curated.sql").read_text("utf-8")
_USED = (
    "local_date",
    "grade_initial",
    "grade_final",
    "domestic_abuse",
    "area",
    "attend_ms",
    "outcome",
    "observed_at",
    "closed_at",
)


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


def _measure(path: str, wanted: frozenset[str]) -> None:
    chosen = [family for family in families() if family.tables == ("incidents",) and family.name in wanted]
    known = Known(_AS_AT, (SourceKnown("incidents", "cad", _AS_AT, "snapshot"),))
    with tempfile.TemporaryDirectory(dir=BUILD) as folder, connect(Path(folder), threads=1) as db:
        prepare(
            db,
            {"incidents": [Path(path)]},
            home=MONTH,
            force=Force(name="Bench"),
            targets=assemble({}).targets,
            known=known,
        )
        for family in chosen:
            evaluate(db, family, Path(folder) / f"{family.name}.parquet")


def counts_and_waits(path: str) -> None:
    """Counts, means, medians and 90th percentiles by day, week, month and quarter."""
    _measure(path, frozenset(_SHORT))


def family_a(path: str) -> None:
    """All of family A by day, week, month and quarter."""
    _measure(path, frozenset(f.name for f in families() if f.table == "incidents" and not f.name.endswith("_year")))


def _pandas_cells() -> list[list[str]]:
    return [[], ["grade"], ["population"], ["grade", "population"], ["area"], ["grade", "area"], ["population", "area"],
            ["grade", "population", "area"]]  # fmt: skip


def in_pandas(path: str) -> None:
    """Work out the counts, mean, median and 90th percentile of the cells in pandas, by the initial grade only."""
    read = pd.read_parquet(
        path, columns=["local_date", "grade_initial", "domestic_abuse", "area", "attend_ms", "outcome"]
    )
    day = pd.to_datetime(read["local_date"])
    read = read.rename(columns={"grade_initial": "grade"}).assign(
        population=read["domestic_abuse"].map({True: "domestic_abuse", False: "other"}),
        day=day, week=day.dt.to_period("W").dt.start_time, month=day.dt.to_period("M").dt.start_time,
        quarter=day.dt.to_period("Q").dt.start_time,
    )  # fmt: skip
    for kind in ("day", "week", "month", "quarter"):
        for cell in _pandas_cells():
            if kind in {"day", "week"} and "area" in cell:
                continue
            grouped = read.groupby([kind, *cell], sort=False)
            grouped["outcome"].value_counts()
            waits = grouped["attend_ms"]
            pd.DataFrame(
                {"n": waits.count(), "mean": waits.mean(), "median": waits.median(), "p90": waits.quantile(0.9)}
            )


def in_polars(path: str) -> None:
    """Work out the same in polars."""
    read = pl.read_parquet(
        path, columns=["local_date", "grade_initial", "domestic_abuse", "area", "attend_ms", "outcome"]
    )
    read = read.rename({"grade_initial": "grade"}).with_columns(
        pl.when("domestic_abuse").then(pl.lit("domestic_abuse")).otherwise(pl.lit("other")).alias("population"),
        pl.col("local_date").alias("day"),
        pl.col("local_date").dt.truncate("1w").alias("week"),
        pl.col("local_date").dt.truncate("1mo").alias("month"),
        pl.col("local_date").dt.truncate("1q").alias("quarter"),
    )
    wait = pl.col("attend_ms")
    for kind in ("day", "week", "month", "quarter"):
        for cell in _pandas_cells():
            if kind in {"day", "week"} and "area" in cell:
                continue
            read.group_by(kind, *cell, "outcome").len()
            read.group_by(kind, *cell).agg(
                wait.count().alias("n"), wait.mean().alias("mean"), wait.median().alias("median"),
                wait.quantile(0.9, interpolation="linear").alias("p90"),
            )  # fmt: skip


def figures(rows: int = ROWS) -> Iterator[Figure]:
    """Measure, and say what is promised of each figure."""
    BUILD.mkdir(parents=True, exist_ok=True)
    path = curated(BUILD / f"curated_{rows}.parquet", rows)
    found = in_turn({
        task.__name__: (task, (path,)) for task in (scan, counts_and_waits, family_a, in_pandas, in_polars)
    })  # fmt: skip
    plain, ours = found["scan"], found["counts_and_waits"]
    yield Figure("plain scan of the columns used", plain.seconds, "s", note=f"{rows:,} incidents of one month")
    yield Figure("counts and waits / plain scan", ours.seconds / plain.seconds, "x", 6.0)
    yield Figure("all of family A / plain scan", found["family_a"].seconds / plain.seconds, "x")
    yield Figure(
        "counts and waits in pandas / ours", found["in_pandas"].seconds / ours.seconds, "x", 2.5, at_least=True
    )
    yield Figure(
        "counts and waits in polars / ours", found["in_polars"].seconds / ours.seconds, "x", 2.0, at_least=True
    )
    yield Figure("peak memory of counts and waits", ours.peak_mb, "MB")
    yield Figure("peak memory in pandas", found["in_pandas"].peak_mb, "MB")
    yield Figure("peak memory in polars", found["in_polars"].peak_mb, "MB")
