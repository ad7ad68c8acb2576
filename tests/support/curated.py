"""Curated rows from records said in plain words, and values back as a table.

The derived columns are worked out here in Python, from METRICS and not from the fold's SQL, so that a test of the
measures rests on a second reading of the definitions.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from callclock.clock import Month, Period
from callclock.columns import Kind, Table
from callclock.contracts import TABLES
from callclock.engine import connect
from callclock.metrics.catalogue import Family
from callclock.metrics.evaluate import prepare
from callclock.metrics.known import Known, SourceKnown
from callclock.settings import Force, Targets, assemble

LONDON = ZoneInfo("Europe/London")
FORCE = Force(name="Test")
TARGETS = assemble({}).targets
TOLERANCE_MS = 2000
_ARROW = {
    Kind.TEXT: pa.string(),
    Kind.INSTANT: pa.timestamp("ms"),
    Kind.INT: pa.int64(),
    Kind.MS: pa.int64(),
    Kind.BOOL: pa.bool_(),
    Kind.DATE: pa.date32(),
    Kind.DOUBLE: pa.float64(),
}
Row = dict[str, Any]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def ms(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else (end - start) // timedelta(milliseconds=1)


def _common(row: Row, started_at: datetime, exported_at: datetime) -> Row:
    local = started_at.astimezone(LONDON)
    return {
        "source": "test",
        "resend": "snapshot",
        "observed_at": exported_at,
        "exported_at": exported_at,
        "started_at": started_at,
        "local_date": local.date(),
        "local_hour": local.hour,
        **row,
    }


def incident(exported_at: datetime, **said: Any) -> Row:
    """One curated incident; say the instants and codes that matter."""
    row: Row = {"origin": "public", "grade_initial": "2", "grade_final": "2", "grade_scheme": "standard", **said}
    start = next(row[k] for k in ("submitted_at", "call_received_at", "created_at") if row.get(k) is not None)
    arrived, closed = row.get("first_arrived_at"), row.get("closed_at")
    arrival = ms(start, arrived)
    on_scene = arrival is not None and -TOLERANCE_MS <= arrival <= 0
    negative = arrival is not None and arrival < -TOLERANCE_MS
    by_origin = {"officer": "officer_made", "external": "external", "unknown": "origin_unknown"}
    derived = {
        "clock_start_at": start,
        "clock_fallback": row.get("submitted_at") is None and row.get("call_received_at") is None,
        "attend_ms": None if negative else arrival,
        "close_ms": ms(start, closed),
        "call_to_answer_ms": ms(row.get("call_received_at"), row.get("call_answered_at")),
        "created_to_dispatch_ms": ms(row.get("created_at"), row.get("first_dispatched_at")),
        "dispatch_to_arrival_ms": ms(row.get("first_dispatched_at"), arrived),
        "outcome": "attended" if arrived else "closed_unattended" if closed else "open",
        "exclusion": row.get("set_aside")
        or by_origin.get(row["origin"])
        or ("already_on_scene" if on_scene else "negative_interval" if negative else None),
    }
    return _common({**derived, **row}, start, exported_at)


def call(exported_at: datetime, **said: Any) -> Row:
    """One curated call; ``stage`` is said, as the fold has it."""
    start = said["call_started_at"]
    queued = [said[k] for k in ("queued_at", "switchboard_queued_at", "skill_queued_at") if said.get(k)]
    answers = [said[k] for k in ("switchboard_answered_at", "first_answered_at", "final_answered_at") if said.get(k)]
    first = min(answers, default=None)
    derived = {
        "line": "101",
        "direction": "inbound",
        "queue": "none",
        "first_queued_at": min(queued, default=None),
        "first_answered_at": first,
        "wait_first_ms": ms(start, first),
        "wait_final_ms": ms(start, said.get("final_answered_at")),
        "queue_wait_first_ms": ms(min(queued, default=None), first),
        "end_ms": ms(start, said.get("ended_at")),
    }
    return _common({**derived, **said, "first_answered_at": first}, start, exported_at)


def assessment(exported_at: datetime, **said: Any) -> Row:
    """One curated safeguarding record: an assessment made or declined, and whether it was shared."""
    start = said.get("assessed_at") or said["declined_at"]
    return _common({"tool": "DASH", **said}, start, exported_at)


def contact(exported_at: datetime, **said: Any) -> Row:
    """One curated contact."""
    return _common({"channel": "online_report", **said}, said["submitted_at"], exported_at)


def regrade(exported_at: datetime, **said: Any) -> Row:
    """One curated change of an incident's grade."""
    return _common({"grade_from": "2", "grade_to": "3", **said}, said["regraded_at"], exported_at)


def interval(exported_at: datetime, **said: Any) -> Row:
    """Counts of one interval; an hour unless its end is said."""
    row = {"provider": "acd", "line": "101", "queue": "all", "offered": 0, **said}
    start = row["interval_start"]
    rest = row["offered"] - (row.get("answered") or 0) - (row.get("abandoned") or 0)
    return _common({"interval_end": start + timedelta(hours=1), "unaccounted": rest, **row}, start, exported_at)


def write(table: Table, rows: Iterable[Mapping[str, Any]], path: Path) -> Path:
    """Write rows as a curated file of the table."""

    def plain(value: object) -> object:
        return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value

    rows = list(rows)
    columns = {c.name: pa.array([plain(row.get(c.name)) for row in rows], _ARROW[c.kind]) for c in table.columns}
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def values(
    families: Sequence[Family],
    rows: Iterable[Mapping[str, Any]],
    home: Month,
    workdir: Path,
    *,
    as_at: datetime,
    **more: Any,
) -> pd.DataFrame:
    """Values of families of one table in one partition, from curated rows; ``more`` as for :func:`values_of`."""
    path = write_numbered(families[0].table, rows, workdir)
    return values_of(families, [path], home, workdir, as_at=as_at, **more)


def write_numbered(table: str, rows: Iterable[Mapping[str, Any]], workdir: Path) -> Path:
    """Write rows as a curated file, each with a key of its own where it says none."""
    numbered = [{"record_key": str(n), **row} for n, row in enumerate(rows)]
    return write(TABLES[table], numbered, workdir / f"{table}.parquet")


def values_of(
    families: Sequence[Family],
    paths: Sequence[Path],
    home: Month,
    workdir: Path,
    *,
    as_at: datetime,
    sources: Sequence[SourceKnown] = (),
    holes: Collection[Period] = frozenset(),
    force: Force = FORCE,
    targets: Targets = TARGETS,
    also: Mapping[str, Sequence[Path]] | None = None,
) -> pd.DataFrame:
    """Values of families that read the same tables in one partition; the files of all but the first are ``also``."""
    tables = families[0].tables
    known = Known(
        as_at, tuple(sources) or tuple(SourceKnown(table, "test", as_at, "snapshot") for table in tables), holes
    )
    found = []
    with connect(workdir / "duckdb") as con:
        files = {**dict.fromkeys(tables, ()), tables[0]: paths, **(also or {})}
        ready = prepare(con, files, homes=[home], force=force, targets=targets, known=known)
        for family in families:
            out = workdir / f"{family.name}.parquet"
            ready.evaluate(family, {home: out})
            ready.check(family, out)
            found.append(pq.read_table(out))
    return pa.concat_tables(found, promote_options="permissive").to_pandas()


def one(frame: pd.DataFrame, **keys: str) -> pd.Series:
    """The one row with these keys; keys not said are ``all``, grade_basis initial where there is one."""
    where = dict.fromkeys(
        ("grade", "population", "area", "line", "queue", "stage", "hour_of_week", "reason", "risk_level"), "all"
    )
    where |= {"period_kind": "month", **keys}
    if where["grade"] != "all" and "grade_scheme" not in keys:
        where["grade_scheme"] = "standard"
    if keys["metric"].startswith("attendance."):
        where.setdefault("grade_basis", "initial")
    chosen = frame
    for key, value in where.items():
        chosen = chosen[chosen[key] == value]
    assert len(chosen) == 1, f"{len(chosen)} rows for {where}"
    return chosen.iloc[0]
