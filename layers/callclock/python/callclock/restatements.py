"""Restatements: a change of a value that had been published as complete, and what caused it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from itertools import groupby
from pathlib import Path

import duckdb

from callclock import layout
from callclock.clock import Month, format_instant
from callclock.contracts import METRIC_VALUES, RESTATEMENTS, VALUE_KEYS
from callclock.engine import FILE, quote, rows_of
from callclock.metrics.catalogue import Family
from callclock.metrics.configured import fill
from callclock.objects import Bucket, Read

_SQL = (resources.files("callclock") / "restatements.sql").read_text("utf-8")


# What is known until when: it decides what is complete, and never changes a value that was.
_TIME_ALONE = frozenset({"as_at", "sources", "linked", "holes"})
REBUILT = ("rebuild", "made anew from what it had been made from")


def cause(old: Mapping[str, object], new: Mapping[str, object]) -> tuple[str, str] | None:
    """Tell what made a result differ, from the inputs of its two versions.

    Returns
    -------
    tuple
        ``export``, ``configuration`` or ``definition``, and the inputs that differ, as text. None where only time went
        on: no value that was complete can have changed.
    """
    differing = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    if set(differing) <= _TIME_ALONE:
        return None
    if {"definition", "sql", "code"} & set(differing):
        word = "definition"
    elif "configuration" in differing:
        word = "configuration"
    else:
        word = "export"
    return word, ";".join(f"{name}: {json.dumps(old.get(name))} -> {json.dumps(new.get(name))}" for name in differing)


@dataclass(frozen=True)
class Versions:
    """Two consecutive versions of one result object, of METRIC_VALUES.

    Attributes
    ----------
    month
        Partition in which its values lie.
    why
        What :func:`cause` found between them.
    """

    family: Family
    month: Month
    old: Path
    new: Path
    why: tuple[str, str]


def restate(
    db: duckdb.DuckDBPyConnection,
    results: Bucket,
    versions: Sequence[Versions],
    *,
    force_code: str,
    now: datetime,
    workdir: Path,
) -> int:
    """Add what changed between two versions of result objects to the restatements of their months.

    Called before the new versions are published: a crash in between repeats it, and the same change at the same
    ``now`` is one row.

    Returns
    -------
    int
        Rows added.
    """
    added = 0
    in_order = sorted(versions, key=lambda one: one.family.name)
    for _, of_family in groupby(in_order, key=lambda one: one.family.name):
        same = list(of_family)
        for month, rows in _changed(db, same, now):
            key = layout.restatements(force_code, month, same[0].family.name)
            before, after = workdir / "restatements-before.parquet", workdir / "restatements.parquet"
            was: Read | None = results.fetch(key, before)
            known = rows_of(RESTATEMENTS.columns, [before] if was else [])
            columns = ", ".join(column.name for column in RESTATEMENTS.columns)
            changed = f"SELECT {columns} FROM changed WHERE month = DATE {quote(str(month.first_day))}"
            db.execute(
                f"COPY (SELECT {columns} FROM ({known} UNION {changed}) ORDER BY ALL) TO {quote(str(after))} "
                "(FORMAT parquet, COMPRESSION zstd)"
            )
            results.replace(key, after, was)
            added += rows
    return added


def _changed(db: duckdb.DuckDBPyConnection, versions: Sequence[Versions], now: datetime) -> Sequence[tuple[Month, int]]:
    """Gather what changed in one family into a table; return the months in which it did, with their rows."""
    family = versions[0].family
    fill(
        db,
        "versions",
        "month DATE, old_file VARCHAR, new_file VARCHAR, cause VARCHAR, detail VARCHAR",
        [(v.month.first_day, str(v.old), str(v.new), *v.why) for v in versions],
    )
    # A key that is the same in all rows tells none from another.
    telling = [key for key in VALUE_KEYS if key not in family.alike]
    sql = _SQL.format(
        old_values=rows_of(METRIC_VALUES.columns, [v.old for v in versions], FILE),
        new_values=rows_of(METRIC_VALUES.columns, [v.new for v in versions], FILE),
        keys=", ".join(f"o.{key}" if key in telling else f"{quote(family.alike[key])} AS {key}" for key in VALUE_KEYS),
        same_keys=" AND ".join(f"n.{key} = o.{key}" for key in telling),
    )
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE changed AS {sql}",
        {"restated_at": format_instant(now).removesuffix("Z"), "family": family.name},
    )
    found = db.execute("SELECT month, count(*) FROM changed GROUP BY month ORDER BY month").fetchall()
    return [(Month.of(month), rows) for month, rows in found]
