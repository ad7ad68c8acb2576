"""The one place that opens DuckDB: bounded memory, one thread unless told, no network, no extensions."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import duckdb

from callclock.columns import Column

_DEFAULT_MEMORY_MB = 1024
# Lambda gives one vCPU for every 1,769 MB.
_MB_A_VCPU = 1769
# DuckDB's own accounting leaves out the interpreter, its buffers and the Parquet writer: leave them room.
_SHARE_OF_FUNCTION_MEMORY = 0.6
# In a process that has no file of its own DuckDB takes itself for a console and draws bars into the log.
_OF_A_CONNECTION = "SET TimeZone = 'UTC'; SET enable_progress_bar = false"
_PARSED: dict[str, duckdb.Statement] = {}
_READING = Lock()


def quote(text: str) -> str:
    """SQL string literal of ``text``."""
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """SQL identifier of ``text``."""
    return '"' + text.replace('"', '""') + '"'


def parquet_list(paths: Sequence[Path]) -> str:
    """SQL list literal of paths, for ``read_parquet``."""
    return "[" + ", ".join(quote(str(path)) for path in paths) + "]"


FILE = "file"
"""Column in which :func:`rows_of` tells the file of a row, where it is asked for."""


def rows_of(columns: Sequence[Column], paths: Sequence[Path], file: str | None = None) -> str:
    """SELECT of ``columns`` from Parquet files of any contract version; no row where there is no file.

    A column that an older file lacks is NULL; what a file has besides is left out.

    Parameters
    ----------
    file
        Further column, for the path of each row's file.
    """
    more = [name(file)] if file else []
    empty = ", ".join(
        [f"CAST(NULL AS {c.kind.duckdb}) AS {name(c.name)}" for c in columns] + [f"NULL::VARCHAR AS {m}" for m in more]
    )
    nothing = f"SELECT {empty} WHERE false"
    if not paths:
        return nothing
    wanted = ", ".join([f"CAST({name(c.name)} AS {c.kind.duckdb}) AS {name(c.name)}" for c in columns] + more)
    told = f", filename = {quote(file)}" if file else ""
    files = f"read_parquet({parquet_list(paths)}, union_by_name = true{told})"
    return f"SELECT {wanted} FROM ({nothing} UNION ALL BY NAME SELECT * FROM {files})"


def function_memory_mb(share: float = 1.0) -> int:
    """MB of a share of the function's memory; outside Lambda, of a small function's."""
    return int(int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", _DEFAULT_MEMORY_MB)) * share)


def cores() -> int:
    """Cores that the function's memory buys."""
    return max(1, round(function_memory_mb() / _MB_A_VCPU))


@contextmanager
def connect(
    workdir: Path, *, threads: int | None = None, memory_mb: int | None = None, shared_by: int = 1
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory database that spills to ``workdir`` and can reach nothing else.

    Parameters
    ----------
    workdir
        Directory for spilling, home and extensions; on Lambda below ``/tmp``.
    threads
        By default one for each vCPU that the function's memory buys.
    memory_mb
        Limit in MB; by default a share of the function's memory.
    shared_by
        How many databases are open side by side and share memory and cores between them.
    """
    memory_mb = memory_mb or function_memory_mb(_SHARE_OF_FUNCTION_MEMORY / shared_by)
    threads = threads or max(1, cores() // shared_by)
    workdir.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        config={
            "threads": threads,
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": str(workdir / "spill"),
            "home_directory": str(workdir),
            "extension_directory": str(workdir / "extensions"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": True,
        }
    )
    try:
        connection.execute(_OF_A_CONNECTION)
        yield connection
    finally:
        connection.close()


@contextmanager
def beside(db: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a further connection to a database, for work side by side: temporary tables and variables are its own.

    It costs next to nothing; to open a database takes as long as a dozen statements.
    """
    connection = db.cursor()
    try:
        connection.execute(_OF_A_CONNECTION)
        yield connection
    finally:
        connection.close()


def parsed(db: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """Statement of this text, read once in a process: it takes 2 to 6 ms for a long one.

    For texts that come again and again, word for word: what differs from time to time goes into parameters.
    """
    with _READING:
        found = _PARSED.get(sql)
        if found is None:
            [found] = db.extract_statements(sql)
            _PARSED[sql] = found
        return found


@contextmanager
def held_to(db: duckdb.DuckDBPyConnection, memory_mb: int) -> Iterator[None]:
    """Bound a database's memory more narrowly for a while: for work that can spill, and takes what it is given."""
    [[before]] = db.execute("SELECT current_setting('memory_limit')").fetchall()
    db.execute(f"SET memory_limit = '{memory_mb}MB'")
    try:
        yield
    finally:
        db.execute(f"SET memory_limit = {quote(before)}")
