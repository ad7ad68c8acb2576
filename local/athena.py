"""Athena SQL answered by DuckDB over Glue tables: checks definitions, projection and translation, not Trino.

What it does not do as Athena does: `greatest`/`least` with NULL, `extract(dow)`, approximate functions' sketches. Bytes
scanned count whole objects of every partition that the WHERE clause leaves, not the columns read.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import duckdb
import sqlglot
from sqlglot import Token, exp
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from callclock import engine
from local.athena_mount import mount, surviving
from local.athena_tables import GlueTable

_CATALOG = "awsdatacatalog"
_PROPERTIES = re.compile(
    r"TBLPROPERTIES\s+(?:`?(?P<database>\w+)`?\.)?`?(?P<table>\w+)`?\s*(?:\(\s*'(?P<key>[^']*)'\s*\))?", re.IGNORECASE
)
_SHOW = re.compile(r"\s*(SHOW|DESCRIBE|DESC)\s+(?:EXTENDED\s+|FORMATTED\s+)?(.*?)\s*;?\s*", re.IGNORECASE | re.DOTALL)
_MEMORY_MB = 2048


class QueryError(Exception):
    """Why a query failed, as Athena would say it in StateChangeReason."""


@dataclass(frozen=True)
class Stored:
    """An object that may hold rows."""

    key: str
    size: int


class Store(Protocol):
    """Where the objects of tables lie."""

    def objects(self, bucket: str, prefix: str) -> Iterable[Stored]:
        """Every object below a prefix."""

    def path(self, bucket: str, stored: Stored) -> Path:
        """Local file with an object's content."""


@dataclass(frozen=True)
class Answer:
    """Rows of a query, with DuckDB's type names and the bytes that were read for them."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    scanned_bytes: int = 0
    is_ddl: bool = False


@dataclass(frozen=True)
class Catalogue:
    """The tables that a query may name, where they lie, and the instant that projection counts from."""

    tables: Mapping[tuple[str, str], GlueTable]
    store: Store
    now: datetime

    @classmethod
    def of(cls, raw: Iterable[Mapping[str, Any]], store: Store, now: datetime) -> Catalogue:
        """Catalogue of Glue tables, each a ``TableInput`` with its ``DatabaseName``."""
        read = [GlueTable.read(table) for table in raw]
        return cls({(table.database, table.name): table for table in read}, store, now)

    def find(self, database: str | None, name: str) -> GlueTable:
        """Table of a name.

        Raises
        ------
        QueryError
            There is none.
        """
        found = self.tables.get(((database or "default").lower(), name.lower()))
        if found is None:
            known = ", ".join(sorted(f"{d}.{t}" for d, t in self.tables))
            raise QueryError(
                f"TABLE_NOT_FOUND: Table '{_CATALOG}.{database or 'default'}.{name}' does not exist ({known})"
            )
        return found

    def files(self, table: GlueTable) -> Iterator[tuple[Stored, Mapping[str, str]]]:
        """Objects of a table that Athena would see, with their partition values."""
        for stored in self.store.objects(table.bucket, table.prefix):
            values = table.partition_of(stored.key, self.now)
            if values is not None and stored.size:
                yield stored, values


def ask(
    sql: str,
    catalogue: Catalogue,
    *,
    database: str | None = None,
    parameters: Sequence[str] = (),
    scan_limit: int | None = None,
) -> Answer:
    """Answer a statement in Athena's SQL.

    Parameters
    ----------
    sql
        One SELECT, SHOW or DESCRIBE.
    catalogue
        Tables it may name.
    database
        Database of tables named without one.
    parameters
        SQL literals for its question marks, in order; they are bound, not pasted.
    scan_limit
        Bytes after which it is stopped.

    Raises
    ------
    QueryError
        It cannot be answered; the text is the reason.
    """
    if found := _SHOW.fullmatch(sql):
        return _show(found[1].upper(), found[2], catalogue, database)
    tree = _parsed(sql)
    marks = {mark.name for mark in tree.find_all(exp.Placeholder)}
    if len(marks) != len(parameters):
        raise QueryError(
            f"INVALID_PARAMETER_USAGE: Incorrect number of parameters: expected {len(marks)} but found "
            f"{len(parameters)}"
        )
    with (
        tempfile.TemporaryDirectory(prefix="athena-") as workdir,
        engine.connect(Path(workdir), threads=2, memory_mb=_MEMORY_MB) as con,
    ):
        try:
            bound = {f"p{i}": _literal(text, con) for i, text in enumerate(parameters)}
            scanned = _mount_all(tree, catalogue, database, con, scan_limit)
            done = con.execute(_translated(tree, catalogue, database), bound)
            described = done.description or []
            rows = done.fetchall()
        except OptimizeError as fault:
            raise QueryError(f"COLUMN_NOT_FOUND: {fault}") from fault
        except (duckdb.Error, SqlglotError) as fault:
            raise QueryError(f"{type(fault).__name__}: {fault}") from fault
    return Answer(tuple(d[0] for d in described), tuple(str(d[1]) for d in described), rows, scanned)


def _parsed(sql: str) -> exp.Query:
    kind = re.split(r"[\s(]", sql.strip(), maxsplit=1)[0].upper()
    if kind not in {"SELECT", "WITH", ""}:
        raise QueryError(
            f"NOT_SUPPORTED: {kind} is not answered here, only SELECT, SHOW and DESCRIBE: nothing writes tables"
        )
    try:
        trees = [tree for tree in sqlglot.parse(_numbered(sql), read="athena") if tree is not None]
    except SqlglotError as fault:
        raise QueryError(f"SYNTAX_ERROR: {fault}") from fault
    if len(trees) != 1:
        raise QueryError("SYNTAX_ERROR: Only one sql statement is allowed")
    [tree] = trees
    if not isinstance(tree, exp.Query):
        raise QueryError("SYNTAX_ERROR: no SELECT")
    for i, column in enumerate(tree.selects):
        if not isinstance(column, exp.Column | exp.Alias | exp.Star):
            column.replace(exp.alias_(column.copy(), f"_col{i}"))
    return tree


def _tokens(sql: str) -> list[Token]:
    try:
        return sqlglot.tokenize(sql, read="athena")
    except SqlglotError as fault:
        raise QueryError(f"SYNTAX_ERROR: {fault}") from fault


def _numbered(sql: str) -> str:
    """Name the question marks, for translation may repeat one or change their order."""
    marks = [token for token in _tokens(sql) if token.token_type.name == "PLACEHOLDER"]
    for i, mark in reversed(list(enumerate(marks))):
        sql = f"{sql[: mark.start]}:p{i}{sql[mark.end + 1 :]}"
    return sql


def _mount_all(
    tree: exp.Query, catalogue: Catalogue, database: str | None, con: duckdb.DuckDBPyConnection, limit: int | None
) -> int:
    """Make a view of every table that the query names, of what its WHERE leaves; return the bytes of their objects."""
    wanted: dict[tuple[str, str], dict[Stored, Mapping[str, str]]] = {}
    for scope in traverse_scope(tree):
        for alias, source in scope.sources.items():
            if isinstance(source, exp.Table):
                table = catalogue.find(source.db or database, source.name)
                files = list(catalogue.files(table))
                kept = surviving(scope, alias, table, [values for _, values in files], con)
                mine = wanted.setdefault((table.database, table.name), {})
                mine.update({stored: values for (stored, values), keep in zip(files, kept, strict=True) if keep})
    scanned = sum(stored.size for files in wanted.values() for stored in files)
    if limit is not None and scanned > limit:
        raise QueryError(
            f"Query cancelled! : Bytes scanned limit was exceeded ({scanned:,} bytes, the workgroup allows {limit:,})"
        )
    allowed: list[Path] = []
    for (schema, name), found in wanted.items():
        table = catalogue.tables[(schema, name)]
        paths = [(catalogue.store.path(table.bucket, stored), values) for stored, values in found.items()]
        fault = mount(table, paths, con)
        if fault:
            raise QueryError(fault)
        allowed += [path for path, _ in paths]
    con.execute(f"SET allowed_paths = {engine.parquet_list(allowed)}" if allowed else "SELECT 1")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
    return scanned


def _translated(tree: exp.Query, catalogue: Catalogue, database: str | None) -> str:
    """Text for DuckDB. Types are worked out first, for Athena divides integers to integers and DuckDB does not."""
    schema: dict[str, Any] = {}
    for (db, name), table in catalogue.tables.items():
        schema.setdefault(db, {})[name] = {**table.columns, **table.partition_keys}
    qualified = qualify(tree.copy(), schema=schema, db=database, dialect="athena", quote_identifiers=True)
    typed = annotate_types(qualified, schema=schema, dialect="athena")
    for named in typed.find_all(exp.Table):
        named.set("catalog", None)
    for select in typed.find_all(exp.Select):
        _group_by_place(select)
    return typed.transform(_whole_units).sql("duckdb")


def _group_by_place(select: exp.Select) -> None:
    """Group by the place of a column that holds a parameter, for DuckDB takes none in GROUP BY."""
    places = {column.unalias(): i for i, column in enumerate(select.selects, start=1)}
    group = select.args.get("group")
    for by in list(group.expressions) if group else []:
        if by.find(exp.Placeholder) and by in places:
            by.replace(exp.Literal.number(places[by]))


def _whole_units(node: exp.Expr) -> exp.Expr:
    """Count whole units, as Athena's ``date_diff`` does; DuckDB's of that name counts boundaries."""
    if isinstance(node, exp.DateDiff):
        unit = exp.Literal.string((node.text("unit") or "day").lower())
        return exp.Anonymous(this="date_sub", expressions=[unit, node.expression, node.this])
    return node


def _literal(text: str, con: duckdb.DuckDBPyConnection) -> Any:
    """Value of one execution parameter, which Athena takes as an SQL literal."""
    try:
        tree = sqlglot.parse_one(text, read="athena")
    except SqlglotError as fault:
        raise QueryError(f"SYNTAX_ERROR: execution parameter {text!r} is no literal") from fault
    plain = exp.Literal | exp.Cast | exp.Neg | exp.Boolean | exp.Null | exp.DataType | exp.DataTypeParam
    if not all(isinstance(part, plain) for part in tree.walk()):
        raise QueryError(f"SYNTAX_ERROR: execution parameter {text!r} is no literal: quote text, as in '101'")
    found = con.execute(f"SELECT {tree.sql('duckdb')}").fetchone()
    return found[0] if found else None


def _show(verb: str, what: str, catalogue: Catalogue, database: str | None) -> Answer:
    words = [word.strip("`\"'") for word in re.split(r"[\s.]+", what)]
    head = words[0].upper() if verb == "SHOW" else "COLUMNS"
    if head in {"DATABASES", "SCHEMAS"}:
        return Answer(("database_name",), ("VARCHAR",), sorted({(d,) for d, _ in catalogue.tables}), is_ddl=True)
    if head == "TABLES":
        wanted = words[2] if len(words) > 2 else database or "default"
        return Answer(
            ("tab_name",), ("VARCHAR",), sorted((t,) for d, t in catalogue.tables if d == wanted), is_ddl=True
        )
    if found := _PROPERTIES.fullmatch(what):
        return _properties(catalogue.find(found["database"] or database, found["table"]), found["key"])
    if head != "COLUMNS":
        raise QueryError(f"NOT_SUPPORTED: SHOW {head} is not answered here")
    named = words[2:] if verb == "SHOW" else words
    table = catalogue.find(named[-2] if len(named) > 1 else database, named[-1])
    if verb == "SHOW":
        fields = [(name,) for name in (*table.columns, *table.partition_keys)]
        return Answer(("field",), ("VARCHAR",), fields, is_ddl=True)
    rows = [(name, kind, table.comments[name]) for name, kind in table.columns.items()]
    rows += [(name, kind, "partition key") for name, kind in table.partition_keys.items()]
    return Answer(("col_name", "data_type", "comment"), ("VARCHAR",) * 3, rows, is_ddl=True)


def _properties(table: GlueTable, key: str | None) -> Answer:
    """Properties of a table, or the one asked for: what each figure means stands there."""
    if key is not None and key not in table.parameters:
        raise QueryError(f"{table.name} has no property {key!r}: ask SHOW TBLPROPERTIES {table.name} for all")
    rows = sorted((name, value) for name, value in table.parameters.items() if key in {None, name})
    return Answer(("prpt_name", "prpt_value"), ("VARCHAR",) * 2, rows, is_ddl=True)


@dataclass(frozen=True)
class DirectoryStore:
    """Buckets that a run left as folders."""

    folders: Mapping[str, Path]

    def objects(self, bucket: str, prefix: str) -> Iterator[Stored]:
        """Every object below a prefix."""
        folder = self.folders[bucket]
        for file in sorted((folder / prefix).rglob("*")):
            if file.is_file():
                yield Stored(file.relative_to(folder).as_posix(), file.stat().st_size)

    def path(self, bucket: str, stored: Stored) -> Path:
        """Local file with an object's content."""
        return self.folders[bucket] / stored.key


def query_directory(sql: str, out: Path) -> tuple[tuple[str, ...], Sequence[tuple[Any, ...]]]:
    """Ask in Athena SQL over what a run left.

    Parameters
    ----------
    sql
        One SELECT, SHOW or DESCRIBE.
    out
        Folder with ``glue.json`` and the buckets below it.

    Returns
    -------
    tuple
        Column names, and rows of Python values.

    Raises
    ------
    QueryError
        Nothing lies there, or the query cannot be answered.
    """
    file = out / "glue.json"
    if not file.is_file():
        raise QueryError(f"{file} is missing: name a folder that `callclock run` or `callclock demo` left with --out")
    left = json.loads(file.read_text("utf-8"))
    store = DirectoryStore({bucket: out / folder for bucket, folder in left["buckets"].items()})
    now = max(datetime.fromisoformat(left["now"]), datetime.now(UTC))
    answer = ask(sql, Catalogue.of(left["tables"], store, now))
    return answer.names, answer.rows
