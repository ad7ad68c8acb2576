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
