"""Reading back what was measured: the values of one force, brought to local files for DuckDB to query."""

import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from glob import escape
from pathlib import Path

import duckdb

from callclock import layout
from callclock.engine import quote
from callclock.objects import Bucket, Listed
from callclock.settings import digest

_AT_ONCE = 8
"""Objects asked for at a time: no more than a client has connections."""


def fetch_values(results: Bucket, force_code: str, families: Iterable[str] | None = None) -> list[Path]:
    """Bring the value objects of a force to local files.

    Parameters
    ----------
    families
        Which families; None for all.

    Returns
    -------
    list of Path
        One Parquet file per month and family that there is. A warm function keeps them, so that a tick over years of
        values asks for a listing and for what has changed.
    """
    return _fetch(results, layout.values_prefix(force_code), families)


def fetch_restatements(results: Bucket, force_code: str, families: Iterable[str] | None = None) -> list[Path]:
    """Bring the restatements of a force to local files, as :func:`fetch_values` does the values."""
    return _fetch(results, layout.restatements_prefix(force_code), families)


def fetch_curves(results: Bucket, force_code: str, months: int) -> list[Path]:
    """Bring the curves of attendance of the newest months of a force to local files."""
    return _fetch(results, layout.curves_prefix(force_code), None, newest=months)


def _fetch(results: Bucket, prefix: str, families: Iterable[str] | None, newest: int | None = None) -> list[Path]:
    wanted = None if families is None else set(families)
    listed = list(results.list(prefix))
    months = sorted({found.key.split("/")[-2] for found in listed})[-newest:] if newest else None

    def of_those(found: Listed) -> bool:
        month, file = found.key.split("/")[-2:]
        family = file.removesuffix(".parquet")
        return (wanted is None or family in wanted) and (months is None or month in months)

    # Years of values are hundreds of small objects: what takes the time is waiting for each.
    with ThreadPoolExecutor(_AT_ONCE) as workers:
        brought = workers.map(partial(fetch_listed, results), filter(of_those, listed))
        return [path for path in brought if path]


def fetch_listed(results: Bucket, found: Listed) -> Path | None:
    """Bring one listed object to a local file that a warm function keeps; None where it has gone since."""
    folder, _, name = found.key.rpartition("/")
    kept = Path(tempfile.gettempdir()) / "callclock-kept" / results.name / folder
    path = _kept_as(kept, name, found.etag)
    return path if path.exists() else _bring(results, found.key, kept, name)


def _kept_as(folder: Path, name: str, etag: str) -> Path:
    return folder / f"{name}@{digest(etag)[:16]}"


def _bring(results: Bucket, key: str, folder: Path, name: str) -> Path | None:
    """Fetch one object in place of the version kept so far; a newer one than was listed is as good, or better."""
    for old in folder.glob(f"{escape(name)}@*"):
        old.unlink()
    part = folder / f"{name}.part"
    read = results.fetch(key, part)
    return part.rename(_kept_as(folder, name, read.etag)) if read else None


def laid_folder(results: Bucket, force_code: str) -> Path:
    """Folder in which a warm function keeps the rows of a force's files that its rules read."""
    return Path(tempfile.gettempdir()) / "callclock-kept" / results.name / f"laid-{force_code}"


def kv_metadata(db: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Key-value metadata of a Parquet file: its inputs, its contract version."""
    rows = db.execute(f"SELECT decode(key), decode(value) FROM parquet_kv_metadata({quote(str(path))})").fetchall()
    return {str(key): str(value) for key, value in rows}
