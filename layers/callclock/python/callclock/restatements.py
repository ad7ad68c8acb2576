"""Restatements: a change of a value that had been published as complete, and what caused it."""

import json
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path

import duckdb

from callclock import layout
from callclock.clock import Month, format_instant
from callclock.contracts import METRIC_VALUES, RESTATEMENTS, VALUE_KEYS
from callclock.engine import quote, rows_of
from callclock.objects import Bucket, Read

_SQL = (resources.files("callclock") / "restatements.sql").read_text("utf-8")


# What is known until when: it decides what is complete, and never changes a value that was.
_TIME_ALONE = frozenset({"as_at", "sources", "linked", "holes"})


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


def restate(
    db: duckdb.DuckDBPyConnection,
    results: Bucket,
    *,
    force_code: str,
    month: Month,
    family: str,
    old: Path,
    new: Path,
    why: tuple[str, str],
    now: datetime,
    workdir: Path,
) -> int:
    """Add what changed between two versions of a result object to the restatements of its month.

    Called before the new version is published: a crash in between repeats it, and the same change at the same
    ``now`` is one row.

    Returns
    -------
    int
        Rows added.
    """
    changed = _changed(db, old, new, why, now)
    if not changed:
        return 0
    key = layout.restatements(force_code, month, family)
    before, after = workdir / "restatements-before.parquet", workdir / "restatements.parquet"
    was: Read | None = results.fetch(key, before)
    known = rows_of(RESTATEMENTS.columns, [before] if was else [])
    db.execute(f"CREATE OR REPLACE TEMP TABLE restated AS {known} UNION SELECT * FROM changed")
    columns = ", ".join(column.name for column in RESTATEMENTS.columns)
    db.execute(
        f"COPY (SELECT {columns} FROM restated ORDER BY ALL) TO {quote(str(after))} (FORMAT parquet, COMPRESSION zstd)"
    )
    results.replace(key, after, was)
    return changed


def _changed(db: duckdb.DuckDBPyConnection, old: Path, new: Path, why: tuple[str, str], now: datetime) -> int:
    db.execute(f"CREATE OR REPLACE TEMP VIEW old_values AS {rows_of(METRIC_VALUES.columns, [old])}")
    db.execute(f"CREATE OR REPLACE TEMP VIEW new_values AS {rows_of(METRIC_VALUES.columns, [new])}")
    sql = _SQL.format(
        keys=", ".join(f"o.{key}" for key in VALUE_KEYS),
        same_keys=" AND ".join(f"n.{key} = o.{key}" for key in VALUE_KEYS),
    )
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE changed AS {sql}",
        {
            "restated_at": format_instant(now).removesuffix("Z"),
            "cause": why[0],
            "cause_detail": why[1],
        },
    )
    found = db.execute("SELECT count(*) FROM changed").fetchone()
    return int(found[0]) if found else 0
