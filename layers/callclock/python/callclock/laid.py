"""Rows chosen from hundreds of small Parquet files, kept with the names of those files: only new ones are opened again.

A kept row counts only while its file is among those that are asked for, and a file's name tells its content
(``results.fetch_listed``), so what is kept can be lost at any time and is never stale.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from callclock.columns import Table
from callclock.engine import quote, rows_of
from callclock.kept import forget_older
from callclock.settings import digest

_FILE = "laid_from"


def lay_kept(
    db: duckdb.DuckDBPyConnection, table: Table, files: Sequence[Path], asked: Mapping[str, Sequence[str]], kept: Path
) -> None:
    """Make a table of the rows that are asked for, from what was kept of its files and from those that are new.

    Parameters
    ----------
    files
        Files of the table, each under a name that tells its content.
    asked
        Values that a row's columns may have.
    kept
        Folder in which the rows are kept, in one file for a table.
    """
    columns = [(column.name, column.kind.duckdb) for column in table.columns]
    path = kept / f"{table.name}@{digest([dict(asked), columns])[:16]}.parquet"
    known = _files_in(db, path)
    wanted = {str(file) for file in files}
    new = [file for file in files if str(file) not in known]
    where = " AND ".join(f"{key} IN ?" for key in asked)
    db.execute(
        f"CREATE TABLE {table.name} AS SELECT * FROM ({rows_of(table.columns, new, _FILE)}) WHERE {where}",
        [*asked.values()],
    )
    if known:
        db.execute(
            f"INSERT INTO {table.name} BY NAME SELECT * FROM read_parquet({quote(str(path))}) WHERE {_FILE} IN ?",
            [sorted(wanted & known)],
        )
    if known != wanted:
        _keep(db, table.name, path, sorted(wanted))
    db.execute(f"ALTER TABLE {table.name} DROP COLUMN {_FILE}")


def _files_in(db: duckdb.DuckDBPyConnection, path: Path) -> set[str]:
    """Files whose rows are kept, those among them that have none."""
    if not path.exists():
        return set()
    found = db.execute(
        f"SELECT decode(value) FROM parquet_kv_metadata({quote(str(path))}) WHERE decode(key) = 'files'"
    ).fetchall()
    return {str(file) for (files,) in found for file in json.loads(files)}


def _keep(db: duckdb.DuckDBPyConnection, table: str, path: Path, files: Sequence[str]) -> None:
    """Write the rows in place of those kept before, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    names = quote(json.dumps(files))
    db.execute(f"COPY {table} TO {quote(str(part))} (FORMAT parquet, KV_METADATA {{files: {names}}})")
    part.replace(path)
    forget_older(path)
