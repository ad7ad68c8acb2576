"""One export's refresh after a long history and after a short one, and against making everything anew.

Lake and results lie in a folder, so what is measured is the work of measure and not the network: fold the month that
the export touches, read and write the force's state, make what follows. Every month of the history is made once.
"""

import pickle
import tempfile
import time
from collections.abc import Iterator, MutableMapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, unquote

import duckdb

from benchmarks.measured import Figure, alone, in_turn
from callclock import layout, state
from callclock.clock import Month
from callclock.contracts import INCIDENTS
from callclock.engine import name
from callclock.exports.receipt import CoverageRow
from callclock.lake.coverage import Coverage
from callclock.lake.curate import Curator
from callclock.metrics.catalogue import families
from callclock.refresh import Refresh
from callclock.settings import Force, assemble
from tests.support.memory_lake import MemoryBucket

BUILD = Path("build/bench")
ROWS = 2_000
SHORT, MIDDLE, LONG = 12, 36, 360
_LAST = Month(2026, 3)
_TAKEN = datetime(2026, 6, 1, tzinfo=UTC)
_WANTED = ("attendance_counts", "attendance_waits", "attendance_counts_year", "attendance_waits_year")
_FAMILIES = [family for family in families() if family.name in _WANTED]
_STAGED = (Path(__file__).parent / "incidents_staged.sql").read_text("utf-8")


class _Files(MutableMapping[str, tuple[bytes, dict[str, str]]]):
    """Objects of a bucket, each in a file of its own, so that a process reads those alone that it asks for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def __getitem__(self, key: str) -> tuple[bytes, dict[str, str]]:
        found: tuple[bytes, dict[str, str]] = pickle.loads((self.folder / quote(key, safe="")).read_bytes())
        return found

    def __setitem__(self, key: str, value: tuple[bytes, dict[str, str]]) -> None:
        (self.folder / quote(key, safe="")).write_bytes(pickle.dumps(value))

    def __delitem__(self, key: str) -> None:
        (self.folder / quote(key, safe="")).unlink()

    def __iter__(self) -> Iterator[str]:
        return (unquote(path.name) for path in self.folder.iterdir())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, key: object) -> bool:
        return (self.folder / quote(str(key), safe="")).exists()


def _bucket(folder: Path, kind: str) -> MemoryBucket:
    bucket = MemoryBucket(f"{folder.name}-{kind}")
    bucket.objects = _Files(folder / kind)  # type: ignore[assignment]  # a dict in all that is asked of it
    return bucket


def _stage(lake: MemoryBucket, month: Month, export_id: str, taken: datetime, work: Path) -> None:
    """Put what intake would stage of an export of one month."""
    columns = ", ".join(f"CAST({name(c.name)} AS {c.kind.duckdb}) AS {name(c.name)}" for c in INCIDENTS.staged)
    empty = ", ".join(f"CAST(NULL AS {c.kind.duckdb}) AS {name(c.name)}" for c in INCIDENTS.staged)
    part = work / "part.parquet"
    with duckdb.connect() as db:
        said = {"rows": ROWS, "month": str(month), "export_id": export_id, "taken": taken.replace(tzinfo=None)}
        for variable, value in said.items():
            db.execute(f"SET VARIABLE {variable} = ?", [value])
        filled = f"SELECT {empty} WHERE false UNION ALL BY NAME ({_STAGED})"
        db.execute(f"COPY (SELECT {columns} FROM ({filled})) TO '{part}' (FORMAT parquet)")
    lake.put(layout.staged("incidents", "EX", month, export_id), part)


def _refresh(folder: Path, months: list[Month], taken: datetime, first: Month, work: Path) -> None:
    """Fold the months that were staged anew, and make what follows."""
    lake, results = _bucket(folder, "lake"), _bucket(folder, "results")
    known, read = state.load(lake, "EX")
    curator = Curator(lake, INCIDENTS, "EX", "Europe/London", 2.0, work / "fold")
    folded = curator.curate(months, known.curated.get("incidents", {}))
    known = known.with_curated("incidents", folded.months)
    covered = CoverageRow(
        source="cad", table_name="incidents", export_id="all", covered_from=datetime(first.year, first.month, 1, tzinfo=UTC),
        covered_to=taken - timedelta(days=1), exported_at=taken, resend="delta", selected_by="start", covers="span",
    )  # fmt: skip
    refresh = Refresh(
        force_code="EX", force=Force(name="Bench"), targets=assemble({}).targets, coverage=Coverage((covered,)), now=taken,
        lake=lake, results=results, workdir=work / "refresh",
    )  # fmt: skip
    # As measure does: once what was folded is known, and again at the end (in between only every few seconds).
    read = state.save(lake, "EX", known, read)
    *_, made = [known, *refresh.run(known, _FAMILIES)]
    state.save(lake, "EX", made, read)


def made_anew(folder: str, months: str) -> tuple[float, float]:
    """Fold and make the whole history."""
    many = int(months)
    first = _LAST.plus(1 - many)
    with tempfile.TemporaryDirectory(dir=BUILD) as work:
        tempfile.tempdir = work
        lake = _bucket(Path(folder), "lake")
        for n in range(many):
            _stage(lake, first.plus(n), "first", _TAKEN, Path(work))
        began = time.perf_counter(), time.process_time()
        _refresh(Path(folder), [first.plus(n) for n in range(many)], _TAKEN, first, Path(work))
        tempfile.tempdir = None
    return began


def one_export(folder: str, months: str) -> tuple[float, float]:
    """Fold and make what an export of the last month touches."""
    with tempfile.TemporaryDirectory(dir=BUILD) as work:
        tempfile.tempdir = work
        taken = datetime.now(UTC).replace(microsecond=0)
        lake = _bucket(Path(folder), "lake")
        for earlier in [found.key for found in lake.list("staged/") if "again-" in found.key]:
            # Every round is to fold as much as the one before.
            lake.remove(earlier)
        _stage(lake, _LAST, f"again-{taken:%Y%m%dT%H%M%S}", taken, Path(work))
        began = time.perf_counter(), time.process_time()
        _refresh(Path(folder), [_LAST], taken, _LAST.plus(1 - int(months)), Path(work))
        tempfile.tempdir = None
    return began


def figures() -> Iterator[Figure]:
    """Measure, and say what is promised of each figure."""
    BUILD.mkdir(parents=True, exist_ok=True)
    folders = {months: BUILD / f"history_{months}" for months in (SHORT, MIDDLE, LONG)}
    whole = {months: alone(made_anew, folder, months) for months, folder in folders.items()}
    found = in_turn({str(months): (one_export, (folder, months)) for months, folder in folders.items()})
    of = f"{ROWS:,} incidents a month; counts and waits"
    short, middle, long = (found[str(months)].cpu_seconds for months in (SHORT, MIDDLE, LONG))
    yield Figure("one export's refresh, 12 months of history", short, "s", note=of)
    yield Figure("that with 360 months / with 12", long / short, "x", 1.25)
    yield Figure(
        "all 36 months made anew / one export's refresh", whole[MIDDLE].cpu_seconds / middle, "x", 10, at_least=True
    )
