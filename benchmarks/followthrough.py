"""What became of those who hung up, with one caller who stands for one call in twenty, against callers all alike."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from benchmarks.measured import Figure, in_turn
from callclock.clock import Month
from callclock.contracts import TABLES
from callclock.engine import connect, name
from callclock.metrics.catalogue import families
from callclock.metrics.evaluate import prepare
from callclock.metrics.known import Known, SourceKnown
from callclock.settings import Force, assemble

BUILD = Path("build/bench")
ROWS = 400_000
SKEW = 0.05
_HERE = Path(__file__).parent
_AS_AT = datetime(2026, 6, 1, tzinfo=UTC)


def curated(table: str, rows: int, skew: float) -> Path:
    """Write a curated year of ``rows`` calls, or of the contacts that go with them."""
    path = BUILD / f"{table}_{rows}_{skew:g}.parquet"
    if not path.exists():
        columns = TABLES[table].columns
        typed = ", ".join(f"CAST({name(c.name)} AS {c.kind.duckdb}) AS {name(c.name)}" for c in columns)
        empty = ", ".join(f"CAST(NULL AS {c.kind.duckdb}) AS {name(c.name)}" for c in columns)
        sql = (_HERE / f"{table}_curated.sql").read_text("utf-8")
        with duckdb.connect() as db:
            db.execute("SET VARIABLE rows = ?", [rows])
            db.execute("SET VARIABLE skew = ?", [skew])
            filled = f"SELECT {empty} WHERE false UNION ALL BY NAME ({sql})"
            db.execute(f"COPY (SELECT {typed} FROM ({filled})) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    return path


def follow(calls: str, contacts: str) -> None:
    """Family C of the year: rolling and to date."""
    chosen = [f for f in families() if f.name.startswith("followthrough_") and f.name.endswith("_year")]
    sources = tuple(SourceKnown(table, "sim", _AS_AT, "snapshot") for table in chosen[0].tables)
    paths = {"calls": [Path(calls)], "contacts": [Path(contacts)], "incidents": []}
    with tempfile.TemporaryDirectory(dir=BUILD) as folder, connect(Path(folder), threads=1) as db:
        known = Known(_AS_AT, sources)
        march = Month(2026, 3)
        ready = prepare(db, paths, homes=[march], force=Force(name="Bench"), targets=assemble({}).targets, known=known)
        for family in chosen:
            ready.evaluate(family, {march: Path(folder) / f"{family.name}.parquet"})


def figures(rows: int = ROWS) -> Iterator[Figure]:
    """Measure, and say what is promised."""
    BUILD.mkdir(parents=True, exist_ok=True)
    made = {skew: tuple(curated(table, rows, skew) for table in ("calls", "contacts")) for skew in (0.0, SKEW)}
    found = in_turn({"uniform": (follow, made[0.0]), "skewed": (follow, made[SKEW])})
    uniform, skewed = found["uniform"], found["skewed"]
    yield Figure("after the hang-up, callers all alike", uniform.cpu_seconds, "s", note=f"{rows:,} calls of a year")
    yield Figure(
        "one caller with 5 % of all calls / callers all alike", skewed.cpu_seconds / uniform.cpu_seconds, "x", 1.2
    )
    yield Figure("peak memory with that caller", skewed.peak_mb, "MB")
