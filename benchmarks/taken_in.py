"""Intake, and what must be done in any case: bare DuckDB. One thread, as Lambda gives a function of this size."""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import exports
from benchmarks.exports import BUILD, FORM
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

_ARRIVED = datetime(2026, 12, 1, tzinfo=UTC)
_PROFILE = parse_profile("sources/bench_cad.toml", exports.PROFILE)
_MEMORY_MB = 1000


class _NoPandas:
    """Finder by which there is no pandas, as in the functions: where there is one, pyarrow loads it."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def _as_in_a_function() -> None:
    sys.meta_path.insert(0, _NoPandas)


def bare_typed(path: str) -> None:
    """Read with types, and nothing checked that DuckDB does not check by itself; write Parquet."""
    types = dict.fromkeys(exports.TIMES, "TIMESTAMP") | dict.fromkeys(exports.NUMBERS, "INTEGER")
    _copy(path, types, f", timestampformat = '{FORM}', store_rejects = true")


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
    _as_in_a_function()
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
    _as_in_a_function()
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
