"""Work every family out on chDB (ClickHouse) and compare it with DuckDB: ``python on_chdb.py FOLDER``, by make portable.

Counts and texts have to be equal, floats to 1e-9. What ClickHouse understands otherwise is said to it here: names and
stars are written out, COUNT is signed, CONCAT_WS leaves NULL out, percentiles are the exact ones.
"""

import json
import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from chdb import session
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

SETTINGS = (
    "join_use_nulls = 1, group_by_use_nulls = 1, aggregate_functions_null_for_empty = 1, cast_keep_nullable = 1, "
    "prefer_column_name_to_alias = 1, data_type_default_nullable = 1"
)
COUNTS = (exp.Count, exp.RowNumber, exp.Rank, exp.DenseRank)


def translated(sql: str, schema: Mapping[str, Mapping[str, str]]) -> str:
    """One SELECT of the portable core in ClickHouse's dialect."""
    tree = qualify(
        sqlglot.parse_one(sql, read="duckdb"),
        dialect="duckdb",
        schema=dict(schema),
        quote_identifiers=False,
        validate_qualify_columns=False,
        expand_alias_refs=False,
    )
    for node in list(tree.find_all(*COUNTS)):
        whole: exp.Expr = node
        while isinstance(whole.parent, exp.Filter | exp.Window):
            whole = whole.parent
        whole.replace(exp.cast(whole.copy(), "BIGINT"))
    return tree.transform(_plain).sql("clickhouse")


def _plain(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.PercentileCont | exp.PercentileDisc | exp.Quantile):
        share = node.args.get("quantile") or node.args["expression"]
        name = "quantileExactLow" if isinstance(node, exp.PercentileDisc) else "quantileExactInclusive"
        return exp.var(f"{name}OrNull({share.sql()})({node.this.sql('clickhouse')})")
    if isinstance(node, exp.ConcatWs):
        between, *parts = (part.sql("clickhouse") for part in node.expressions)
        return exp.var(f"arrayStringConcat(arrayFilter(x -> x IS NOT NULL, [{', '.join(parts)}]), {between})")
    return node


def values(db: Any, folder: Path) -> list[dict[str, Any]]:
    """Rows of the family that lies in a folder, worked out by chDB."""
    schema: dict[str, dict[str, str]] = {}

    def make(name: str, select: str) -> None:
        db.query(f"CREATE TABLE {name} ENGINE = Memory AS {select}")
        described = db.query(f"DESCRIBE TABLE {name}", "JSONEachRow").data()
        schema[name] = {json.loads(line)["name"]: "text" for line in described.splitlines()}

    for file in sorted(folder.glob("input-*.parquet")):
        make(file.stem.removeprefix("input-"), f"SELECT * FROM file('{file}', Parquet)")
    texts = json.loads((folder / "texts.json").read_text("utf-8"))
    for name, sql in texts.items():
        if name != folder.name:
            make(name, f"{translated(sql, schema)} SETTINGS {SETTINGS}")
    whole = f"SELECT * FROM ({translated(texts[folder.name], schema)})"
    found = db.query(f"{whole} SETTINGS {SETTINGS}, output_format_arrow_string_as_string = 1", "Arrow").bytes()
    return pa.ipc.open_file(found).read_all().to_pylist()


def differences(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> Iterator[str]:
    """Where two lists of rows are not the same; rows are told apart by their texts and after_s."""
    if len(ours) != len(theirs):
        yield f"{len(ours)} rows, chDB {len(theirs)}"
        return
    for a, b in zip(sorted(ours, key=_key), sorted(theirs, key=_key), strict=True):
        for column, value in a.items():
            if not _same(value, b[column]):
                yield f"{column}: {value!r}, chDB {b[column]!r}, in {_key(a)}"


def _key(row: dict[str, Any]) -> list[str]:
    texts = [str(value) for column, value in sorted(row.items()) if isinstance(value, str) and column != "notes"]
    return [*texts, f"{row.get('after_s', 0):010.1f}"]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and b is not None:
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    # Days and instants have types of their own in either engine; to the second their texts are the same.
    return a == b or (not isinstance(a, str | int | float | None) and str(a)[:19] == str(b)[:19])


def main(root: Path) -> int:
    """Compare every family below a folder; 1 when one differs."""
    faults = 0
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        db = session.Session()
        db.query("CREATE DATABASE f ENGINE = Atomic")
        db.query("USE f")
        ours = pq.read_table(folder / "values.parquet").to_pylist()
        found = list(differences(ours, values(db, folder)))
        db.close()
        faults += bool(found)
        print(f"{folder.name}: {len(ours)} rows, {found[0] if found else 'equal'}", flush=True)
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
