"""The metric SQL as Athena runs it: one text for both engines, percentiles rewritten exactly, never approximated."""

from collections.abc import Mapping

import sqlglot
from sqlglot import exp

from callclock.metrics.catalogue import Family


def athena_steps(family: Family) -> Mapping[str, str]:
    """SELECTs of a family in Athena's dialect, by name: the views it rests on, in order, and last the family itself.

    They read the curated table and the small relations that evaluation registers (``periods``, ``run``, ``grades``).
    """
    steps = {step.name: step.sql for step in family.relations}
    return {name: to_athena(sql) for name, sql in {**steps, family.name: family.select}.items()}


def to_athena(sql: str) -> str:
    """Translate one SELECT of the portable core from DuckDB to Athena.

    Athena has no exact percentile aggregate: ``quantile_cont(x, p)`` becomes the interpolation between two elements of
    the ordered array of x, which gives the same number. The array of one group has to fit one worker.
    """
    tree = sqlglot.parse_one(sql, read="duckdb").transform(_exact_quantile)
    return tree.sql("athena", pretty=True)


def _exact_quantile(node: exp.Expr) -> exp.Expr:
    if not isinstance(node, exp.PercentileCont | exp.Quantile):
        return node
    share = node.args.get("quantile") or node.args.get("expression")
    if share is None:
        raise ValueError(f"{node.sql('duckdb')}: quantile_cont needs the share as its second argument")
    x = node.this.sql("athena")
    place = f"((COUNT({x}) - 1) * CAST({share.sql('athena')} AS DOUBLE))"
    ordered = f"ARRAY_AGG({x} ORDER BY {x}) FILTER(WHERE {x} IS NOT NULL)"
    low, high = (
        f"CAST(ELEMENT_AT({ordered}, CAST({way}({place}) AS INTEGER) + 1) AS DOUBLE)" for way in ("FLOOR", "CEIL")
    )
    # ELEMENT_AT refuses place 0 and the array is NULL where nothing was aggregated: no value then, as in DuckDB.
    exact = f"CASE WHEN COUNT({x}) > 0 THEN {low} + ({high} - {low}) * ({place} - FLOOR({place})) END"
    return sqlglot.parse_one(exact, read="athena")
