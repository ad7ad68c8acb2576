"""Restatements: a change of a value that had been published as complete, and what caused it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
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
    for family, month, rows in _changed(db, versions, now):
        key = layout.restatements(force_code, month, family)
        before, after = workdir / "restatements-before.parquet", workdir / "restatements.parquet"
        was: Read | None = results.fetch(key, before)
        columns = ", ".join(column.name for column in RESTATEMENTS.columns)
        rows_now = (
            f"SELECT {columns} FROM changed "
            f"WHERE family = {quote(family)} AND month = DATE {quote(str(month.first_day))}"
        )
        if was:
            rows_now = f"SELECT {columns} FROM ({rows_of(RESTATEMENTS.columns, [before])} UNION {rows_now})"
        db.execute(f"COPY ({rows_now} ORDER BY ALL) TO {quote(str(after))} (FORMAT parquet, COMPRESSION zstd)")
        results.replace(key, after, was)
        added += rows
    return added


def _changed(
    db: duckdb.DuckDBPyConnection, versions: Sequence[Versions], now: datetime
) -> Sequence[tuple[str, Month, int]]:
    """Gather what changed into a table; return in which families and months something did, with their rows."""
    if not versions:
        return []
    fill(
        db,
        "versions",
        "family VARCHAR, month DATE, old_file VARCHAR, new_file VARCHAR, cause VARCHAR, detail VARCHAR",
        [(v.family.name, v.month.first_day, str(v.old), str(v.new), *v.why) for v in versions],
    )
    sql = _SQL.format(
        old_values=rows_of(METRIC_VALUES.columns, [v.old for v in versions], FILE),
        new_values=rows_of(METRIC_VALUES.columns, [v.new for v in versions], FILE),
        old_keys=", ".join(f"o.{key}" for key in VALUE_KEYS),
        new_keys=", ".join(f"n.{key}" for key in VALUE_KEYS),
        same_keys=" AND ".join(f"n.{key} = o.{key}" for key in VALUE_KEYS),
    )
    db.execute(f"CREATE OR REPLACE TEMP TABLE changed AS {sql}", {"restated_at": format_instant(now).removesuffix("Z")})
    found = db.execute("SELECT family, month, count(*) FROM changed GROUP BY ALL ORDER BY ALL").fetchall()
    return [(family, Month.of(month), rows) for family, month, rows in found]
