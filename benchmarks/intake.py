"""Intake against what must be done in any case: bare DuckDB, and the same work in pandas and polars.

``python -m benchmarks --only intake``. One thread, as Lambda gives a function of this size. Ratios are of processor
seconds: on a machine that others use too, the wall clock measures them.
"""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import polars as pl

from benchmarks import exports
from benchmarks.measured import Figure, alone, in_turn
from callclock.engine import connect
from callclock.exports.callers import CallerSecret
from callclock.exports.clocks import Clock
from callclock.exports.judge import judge
from callclock.exports.profile import parse_profile
from callclock.exports.quarantine import write_quarantine
from callclock.exports.read import scan_export
from callclock.exports.source import open_source
from callclock.exports.stage import Export, stage
from callclock.settings import Force

BUILD = Path("build/bench")
ROWS, MANY_ROWS = 1_000_000, 10_000_000
_ARRIVED = datetime(2026, 12, 1, tzinfo=UTC)
_FORM = "%d/%m/%Y %H:%M:%S"
_PROFILE = parse_profile("sources/bench_cad.toml", exports.PROFILE)
_MEMORY_MB = 1000


def bare_typed(path: str) -> None:
    """Read with types, and nothing checked that DuckDB does not check by itself; write Parquet."""
    types = dict.fromkeys(exports.TIMES, "TIMESTAMP") | dict.fromkeys(exports.NUMBERS, "INTEGER")
    _copy(path, types, f", timestampformat = '{_FORM}', store_rejects = true")


def bare_text(path: str) -> None:
    """Read all as text; write Parquet."""
    _copy(path, {}, "")


def _copy(path: str, types: dict[str, str], more: str) -> None:
    columns = ", ".join(f"'{name}': '{types.get(name, 'VARCHAR')}'" for name in exports.COLUMNS)
    with tempfile.TemporaryDirectory(dir=BUILD) as name, connect(Path(name), threads=1, memory_mb=_MEMORY_MB) as db:
        db.execute("SET preserve_insertion_order = false")
        db.execute(
            f"COPY (SELECT * FROM read_csv('{path}', header = true, auto_detect = false, delim = ',', quote = '\"', "
            f"escape = '\"', new_line = '\\n', columns = {{{columns}}}{more})) TO '{name}/out.parquet' "
            "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
        )


def validated(path: str) -> None:
    """Our scan: every row checked, in UTC, with its record number; the bad ones with their raw text in quarantine."""
    with tempfile.TemporaryDirectory(dir=BUILD) as name, connect(Path(name), threads=1, memory_mb=_MEMORY_MB) as db:
        workdir = Path(name)
        source = open_source(Path(path), _PROFILE, workdir)
        scanned = scan_export(db, source, workdir / "scan")
        judged = judge(db, scanned, stated=_ARRIVED, kept=None, arrived_at=_ARRIVED)
        quarantine = write_quarantine(
            judged.bad,
            source.raw([number for number, _ in judged.bad], scanned.records),
            lines=source.lines,
            object_key=path,
            export_id="bench",
            out=workdir / "quarantine.parquet",
        )
        assert 0 < quarantine.records < scanned.records


def whole(path: str) -> None:
    """All of intake: caller keys, local columns, one part a month, the receipt."""
    with tempfile.TemporaryDirectory(dir=BUILD) as name:
        export = Export("EX", "incoming/EX/bench_20261130.csv", Path(path), {}, _ARRIVED, None)
        made = stage(
            export,
            _PROFILE,
            force=Force(name="Bench"),
            secret=CallerSecret("1", b"secret"),
            config_hash="c",
            workdir=Path(name) / "work",
        )
        assert made.parts


def with_pandas(path: str) -> None:
    """Do the same checks, UTC times and quarantine in pandas."""
    read = pd.read_csv(path, dtype=str, keep_default_na=False)
    said = read.rename_axis("record_no").reset_index()
    reasons = pd.Series("", index=said.index)
    out = pd.DataFrame({"record_no": said["record_no"] + 1, "incident_id": said["Incident Number"]})
    for name in exports.TIMES:
        wall = pd.to_datetime(said[name], format=_FORM, errors="coerce")
        reasons = reasons.mask((said[name] != "") & wall.isna(), reasons + f"bad_instant:{name};")
        out[name] = wall.dt.tz_localize("Europe/London", ambiguous=True, nonexistent="shift_forward").dt.tz_convert(
            "UTC"
        )
    grades = {f"Grade {n}": str(n) for n in range(1, 6)}
    flags = {"YES": True, "Y": True, "True": True, "N": False, "No": False}
    out["grade"], out["domestic_abuse"] = said["Response Grade"].map(grades), said["DA Flag"].map(flags)
    reasons = reasons.mask(out["grade"].isna(), reasons + "bad_value:grade;")
    reasons = reasons.mask(out["domestic_abuse"].isna(), reasons + "bad_value:domestic_abuse;")
    for later in ("Closed", "First Arrival", "First Dispatched"):
        reasons = reasons.mask(out[later] < out["Created"], reasons + f"order:{later};")
    for name in ("LPA", "Opening Code", "Closing Code", "Contact Channel", "Caller"):
        out[name] = said[name]
    bad = reasons != ""
    out[~bad].to_parquet(BUILD / "pandas.parquet", compression="zstd")
    said[bad].assign(reasons=reasons[bad]).to_parquet(BUILD / "pandas-bad.parquet", compression="zstd")


def with_polars(path: str) -> None:
    """Do the same in polars, on one thread (``POLARS_MAX_THREADS`` is set by the runner)."""
    said = pl.read_csv(path, infer_schema=False).with_row_index("record_no", offset=1)
    walls = {name: pl.col(name).str.to_datetime(_FORM, strict=False) for name in exports.TIMES}
    utc = {
        name: wall.dt.replace_time_zone(
            "Europe/London", ambiguous="earliest", non_existent="null"
        ).dt.convert_time_zone("UTC")
        for name, wall in walls.items()
    }
    grades = {f"Grade {n}": str(n) for n in range(1, 6)}
    flags = {"YES": True, "Y": True, "True": True, "N": False, "No": False}
    out = said.with_columns(
        *(value.alias(f"{name} UTC") for name, value in utc.items()),
        pl.col("Response Grade").replace_strict(grades, default=None).alias("grade"),
        pl.col("DA Flag").replace_strict(flags, default=None, return_dtype=pl.Boolean).alias("domestic_abuse"),
    )
    checks = [
        *(
            pl.when(pl.col(name).is_not_null() & pl.col(f"{name} UTC").is_null()).then(pl.lit(f"bad_instant:{name}"))
            for name in exports.TIMES
        ),
        *(pl.when(pl.col(name).is_null()).then(pl.lit(f"bad_value:{name}")) for name in ("grade", "domestic_abuse")),
        *(
            pl.when(pl.col(f"{name} UTC") < pl.col("Created UTC")).then(pl.lit(f"order:{name}"))
            for name in ("Closed", "First Arrival", "First Dispatched")
        ),
    ]
    judged = out.with_columns(pl.concat_str(checks, separator=";", ignore_nulls=True).alias("reasons"))
    kept = [f"{name} UTC" for name in exports.TIMES] + [
        "LPA",
        "Opening Code",
        "Closing Code",
        "Contact Channel",
        "Caller",
    ]
    good = judged.filter(pl.col("reasons") == "").select(
        "record_no", "Incident Number", "grade", "domestic_abuse", *kept
    )
    good.write_parquet(BUILD / "polars.parquet", compression="zstd", compression_level=1)
    judged.filter(pl.col("reasons") != "").write_parquet(BUILD / "polars-bad.parquet", compression="zstd")


def _clock(sql: str, rows: str) -> None:
    with tempfile.TemporaryDirectory(dir=BUILD) as name, connect(Path(name), threads=1) as db:
        db.execute(
            f"CREATE TABLE t AS SELECT TIMESTAMP '2023-01-01' + to_seconds(i * 17) AS w FROM range({rows}) AS r(i)"
        )
        for _ in range(5):
            db.execute(f"SELECT max({sql}) FROM t").fetchall()


def an_hour_added(rows: str) -> None:
    """The floor of arithmetic with instants."""
    _clock("w + INTERVAL 1 HOUR", rows)


def london_to_utc(rows: str) -> None:
    """Wall clock of London to UTC."""
    _clock(Clock("Europe/London").anchor("w"), rows)


def figures(rows: int = ROWS, many_rows: int = MANY_ROWS) -> Iterator[Figure]:
    """Measure, and say what is promised of each figure."""
    BUILD.mkdir(parents=True, exist_ok=True)
    path = exports.make(BUILD / f"bench_{rows}.csv", rows)
    found = in_turn({
        task.__name__: (task, (path,))
        for task in (bare_typed, bare_text, validated, whole, with_pandas, with_polars)
    })  # fmt: skip
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
        peak = alone(whole, many).peak_mb
        yield Figure(
            "peak memory of whole intake, ten times the rows",
            peak,
            "MB",
            550,
            note=f"{many.stat().st_size / 1e9:.1f} GB",
        )
        yield Figure("that / its own of a tenth of the rows", peak / found["whole"].peak_mb, "x", 1.3)
        many.unlink()
    clocks = in_turn({task.__name__: (task, (5_000_000,)) for task in (an_hour_added, london_to_utc)})
    yield Figure(
        "London to UTC / adding an hour",
        clocks["london_to_utc"].cpu_seconds / clocks["an_hour_added"].cpu_seconds,
        "x",
        4.0,
    )
    shutil.rmtree(BUILD)
