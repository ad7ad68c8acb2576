"""The metric SQL as Athena runs it: one text for both engines, percentiles rewritten exactly, never approximated.

``make athena`` writes each text into ``athena/``, where a reader and a review see what it becomes.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import sqlglot
from sqlglot import exp

from callclock.metrics.catalogue import Family, families

FOLDER = Path(__file__).parents[1] / "athena"


def athena_steps(family: Family) -> Mapping[str, str]:
    """SELECTs of a family in Athena's dialect, by name: the views it rests on, in order, and last the family itself.

    They read the curated table and the small relations that evaluation registers (``periods``, ``run``, ``grades``).
    """
    steps = {step.name: step.sql for step in family.relations}
    return {name: to_athena(sql) for name, sql in {**steps, family.name: family.select}.items()}


def to_athena(sql: str) -> str:
    """Translate one SELECT of the portable core from DuckDB to Athena.

    Athena has no exact percentile aggregate: ``quantile_cont(x, p)`` becomes the interpolation between two elements of
    the ordered array of x, ``quantile_disc(x, p)`` one element of it, which gives the same number. The array of one
    group has to fit one worker.
    """
    tree = sqlglot.parse_one(sql, read="duckdb").transform(_exact_quantile)
    return tree.sql("athena", pretty=True)


def _exact_quantile(node: exp.Expr) -> exp.Expr:
    if not isinstance(node, exp.PercentileCont | exp.PercentileDisc | exp.Quantile):
        return node
    share = node.args.get("quantile") or node.args.get("expression")
    if share is None:
        raise ValueError(f"{node.sql('duckdb')}: a percentile needs the share as its second argument")
    x = node.this.sql("athena")
    p = f"CAST({share.sql('athena')} AS DOUBLE)"
    exact = _element(x, p) if isinstance(node, exp.PercentileDisc) else _interpolated(x, p)
    # ELEMENT_AT refuses place 0 and the array is NULL where nothing was aggregated: no value then, as in DuckDB.
    return sqlglot.parse_one(f"CASE WHEN COUNT({x}) > 0 THEN {exact} END", read="athena")


def _ordered(x: str) -> str:
    return f"ARRAY_AGG({x} ORDER BY {x}) FILTER(WHERE {x} IS NOT NULL)"


def _element(x: str, p: str) -> str:
    """Smallest value that at least the share ``p`` of all values does not exceed."""
    return f"ELEMENT_AT({_ordered(x)}, CAST(CEIL(COUNT({x}) * {p}) AS INTEGER))"


def _interpolated(x: str, p: str) -> str:
    place = f"((COUNT({x}) - 1) * {p})"
    low, high = (
        f"CAST(ELEMENT_AT({_ordered(x)}, CAST({way}({place}) AS INTEGER) + 1) AS DOUBLE)" for way in ("FLOOR", "CEIL")
    )
    return f"{low} + ({high} - {low}) * ({place} - FLOOR({place}))"


def texts() -> Mapping[str, str]:
    """Every file of ``athena/`` by name: one for each step and each family, whatever its kinds of period."""
    found = {
        name: sql for family in families() if family.name == family.file for name, sql in athena_steps(family).items()
    }
    return {
        f"{name}.sql": f"-- Athena's text of callclock/metrics/{name}.sql, written by make athena.\n{sql}\n"
        for name, sql in sorted(found.items())
    }


def main() -> int:
    """Write ``athena/`` anew; texts without a source are removed."""
    FOLDER.mkdir(exist_ok=True)
    wanted = texts()
    for file in FOLDER.glob("*.sql"):
        if file.name not in wanted:
            file.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
