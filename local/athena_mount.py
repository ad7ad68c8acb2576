"""Makes a Glue table readable in DuckDB, with Athena's types and Athena's refusals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from callclock import engine
from local.athena_tables import GlueTable

_DUCKDB = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "smallint": "SMALLINT",
    "tinyint": "TINYINT",
    "double": "DOUBLE",
    "float": "FLOAT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "binary": "BLOB",
}
# What Athena reads as a Hive type: Parquet's physical type, and what the file says that it means.
_PARQUET = {
    "string": r"BYTE_ARRAY (UTF8|ENUM|JSON|StringType.*)",
    "int": r"INT32 (|INT_(8|16|32)|IntType\(.*isSigned=1\))",
    "bigint": r"INT64 (|INT_64|IntType\(.*isSigned=1\))",
    "double": r"DOUBLE ",
    "float": r"FLOAT ",
    "boolean": r"BOOLEAN ",
    "date": r"INT32 (DATE|DateType.*)",
    "timestamp": r"INT96 |INT64 (TIMESTAMP_(MILLIS|MICROS)|TimestampType\(.*NANOS=<null>.*)",
}


def mount(
    table: GlueTable, files: Sequence[tuple[Path, Mapping[str, str]]], con: duckdb.DuckDBPyConnection
) -> str | None:
    """Make a view of the table over these files; say why Athena could not read one, None when it could.

    Parameters
    ----------
    table
        Definition.
    files
        Local files with their partition values.
    con
        Where the view is made, in a schema of the database's name.
    """
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {engine.name(table.database)}")
    view = f"{engine.name(table.database)}.{engine.name(table.name)}"
    columns = {name: _type(kind) for name, kind in table.columns.items()}
    keys = {name: _type(kind) for name, kind in table.partition_keys.items()}
    if not files:
        empty = ", ".join(f"CAST(NULL AS {kind}) AS {engine.name(c)}" for c, kind in {**columns, **keys}.items())
        con.execute(f"CREATE VIEW {view} AS SELECT {empty} WHERE false")
        return None
    paths = engine.parquet_list([path for path, _ in files])
    if table.format == "parquet":
        fault, have = _schema(table, paths, con)
        if fault:
            return fault
        source = f"read_parquet({paths}, union_by_name = true, filename = true, hive_partitioning = false)"
    else:
        have = set(columns)
        struct = ", ".join(f"{engine.quote(c)}: {engine.quote(kind)}" for c, kind in columns.items())
        source = (
            f"read_json({paths}, format = 'newline_delimited', columns = {{{struct}}}, filename = true, "
            "hive_partitioning = false)"
        )
    _partitions(table, files, con)
    # By name, as Athena reads Parquet; a column that no file has reads NULL.
    selected = [
        f"CAST({'f.' + engine.name(c) if c in have else 'NULL'} AS {kind}) AS {engine.name(c)}"
        for c, kind in columns.items()
    ]
    selected += [f"CAST(p.{engine.name(k)} AS {kind}) AS {engine.name(k)}" for k, kind in keys.items()]
    con.execute(
        f"CREATE VIEW {view} AS SELECT {', '.join(selected)} FROM {source} f "
        f"JOIN {_partition_table(table)} p ON p.file_name = f.filename"
    )
    return None


def _type(kind: str) -> str:
    return kind.upper() if kind.startswith("decimal") else _DUCKDB[kind]


def _partition_table(table: GlueTable) -> str:
    return engine.name(f"partitions of {table.database}.{table.name}")


def _partitions(
    table: GlueTable, files: Sequence[tuple[Path, Mapping[str, str]]], con: duckdb.DuckDBPyConnection
) -> None:
    keys = list(table.partition_keys)
    declared = ", ".join(f"{engine.name(name)} VARCHAR" for name in ("file_name", *keys))
    con.execute(f"CREATE TEMP TABLE {_partition_table(table)} ({declared})")
    marks = ", ".join("?" for _ in ("file_name", *keys))
    con.executemany(
        f"INSERT INTO {_partition_table(table)} VALUES ({marks})",
        [[str(path), *(values[key] for key in keys)] for path, values in files],
    )


def _schema(table: GlueTable, paths: str, con: duckdb.DuckDBPyConnection) -> tuple[str | None, set[str]]:
    """Why Athena could not read a file, and the columns that there are."""
    found = con.execute(
        "SELECT DISTINCT file_name, name, type, coalesce(converted_type, logical_type, ''), "
        f"coalesce(precision, 0), coalesce(scale, 0) FROM parquet_schema({paths}) WHERE type IS NOT NULL ORDER BY ALL"
    ).fetchall()
    have = set()
    for file, column, physical, meaning, precision, scale in found:
        kind = table.columns.get(column)
        if kind is None:
            continue
        have.add(column)
        if kind.startswith("decimal"):
            fits = kind.replace(" ", "") == f"decimal({precision},{scale})"
        else:
            fits = re.fullmatch(_PARQUET.get(kind, ".*"), f"{physical} {meaning}") is not None
        if not fits:
            actual = f"{physical} {meaning}".strip()
            return (
                f"HIVE_BAD_DATA: Field {column}'s type {actual} in parquet file {Path(file).name} is incompatible with "
                f"type {kind} defined in table schema of {table.database}.{table.name}"
            ), have
    return None, have


def surviving(
    scope: Scope, alias: str, table: GlueTable, partitions: Sequence[Mapping[str, str]], con: duckdb.DuckDBPyConnection
) -> list[bool]:
    """Say which partitions a SELECT leaves: those not ruled out by AND-ed tests of partition keys alone."""
    if not partitions:
        return []
    tests = _tests(scope, alias, table)
    if not tests or not table.partition_keys:
        return [True] * len(partitions)
    keys = list(table.partition_keys)
    row = "(" + ", ".join(["?"] * (len(keys) + 1)) + ")"
    bound = [value for i, values in enumerate(partitions) for value in (i, *(values[key] for key in keys))]
    names = ", ".join(engine.name(name) for name in ("place", *keys))
    try:
        left = con.execute(
            f"SELECT place FROM (VALUES {', '.join([row] * len(partitions))}) t({names}) WHERE {' AND '.join(tests)}",
            bound,
        ).fetchall()
    except duckdb.Error:  # the query itself will say what is wrong with it
        return [True] * len(partitions)
    kept = {int(place) for (place,) in left}
    return [i in kept for i in range(len(partitions))]


def _tests(scope: Scope, alias: str, table: GlueTable) -> list[str]:
    where = scope.expression.args.get("where") if isinstance(scope.expression, exp.Select) else None
    if where is None:
        return []
    alone = len(scope.sources) == 1
    found = []
    for test in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        columns = list(test.find_all(exp.Column))
        own = all((c.table == alias or (alone and not c.table)) and c.name in table.partition_keys for c in columns)
        if columns and own and not test.find(exp.Query, exp.Placeholder, exp.Parameter):
            copy = test.copy()
            for column in copy.find_all(exp.Column):
                column.set("table", None)
            found.append(f"({copy.sql('duckdb')})")
    return found
