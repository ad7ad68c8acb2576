"""The fold: from staged rows to the curated rows of a month, always from staged, so that order cannot matter."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import duckdb

from callclock.clock import Month
from callclock.columns import LEG, Table
from callclock.contracts import CONTRACT_VERSION
from callclock.engine import name, quote, rows_of

_SQL = {p.name: p.read_text("utf-8") for p in resources.files("callclock.lake").iterdir() if p.name.endswith(".sql")}
FOLD_VERSION = hashlib.sha256(repr((CONTRACT_VERSION, sorted(_SQL.items()))).encode()).hexdigest()[:12]
"""Changes when the SQL of the fold or the contracts do: the same parts are then folded anew."""

_RECORD = "source, record_key"
# Columns that say which export brought a row, not what it says of the record.
_PROVENANCE = frozenset({"exported_at", "export_id", "record_no", "observed_at"})
_OPEN = {"incidents": "outcome = 'open'"}
# How long values take a record to be known as it is (attendance_judged.sql, calls_stated.sql) where its source sends
# snapshots; one that sends what changed is known as far as it is (METRICS "What is known").
_KNOWN_UNTIL = {
    "incidents": "observed_at",
    "calls": "CASE WHEN stage = 'callback' AND callback_connected_at IS NULL "
    "THEN least(observed_at, coalesce(callback_asked_at, ended_at) + INTERVAL 24 HOUR) END",
}
_EVENTS = {
    "incidents": ("started_at", "first_arrived_at", "closed_at"),
    "calls": ("started_at", "ended_at", "callback_asked_at", "callback_connected_at"),
    "safeguarding": ("started_at", "assessed_at", "declined_at", "referral_shared_at"),
}


# What follow-through asks of an incident (followthrough_contacts.sql): closing it does not touch the hang-ups.
_LOOKED_UP = {
    "incidents": "caller_key, key_epoch, started_at, local_date, origin, "
    "coalesce(exclusion IN ('officer_made', 'training', 'pre_planned', 'external'), false)"
}


@dataclass(frozen=True)
class ExportFold:
    """What became of the rows that one export staged in one month, whatever the order of arrival.

    Every row is one of ``inserted`` (the first version of its record), ``replaced`` (it says something else than the
    version below it) and ``unchanged``. Of them ``outdated`` are those that a higher version has beaten, ``moved``
    those that began in another month than the version below, ``conflicts`` those that are equal in time to another
    version and differ from it in content.
    """

    export_id: str
    inserted: int
    replaced: int
    unchanged: int
    outdated: int
    moved: int
    conflicts: int


@dataclass(frozen=True)
class Summary:
    """What values rest on in a month; ``last_seen`` by source and instant, of the records that snapshots brought."""

    records: int
    open: int
    last_event: datetime | None
    days: Mapping[str, str]
    looked_up: Mapping[str, str]
    last_seen: Mapping[str, Mapping[datetime, str]]


def fold_month(
    db: duckdb.DuckDBPyConnection,
    table: Table,
    *,
    month: Month,
    zone: str,
    tolerance_s: float,
    here: Sequence[Path],
    elsewhere: Sequence[Path] = (),
    moved_keys: Sequence[tuple[str, str]] = (),
    out: Path,
) -> None:
    """Fold the staged rows of a month and write its curated file.

    Parameters
    ----------
    here
        Staged parts of the month.
    elsewhere
        Staged parts of other months that hold versions of ``moved_keys``.
    moved_keys
        ``(source, record_key)`` of records with versions in more than one month: their start was corrected, and all
        versions together decide in which month they stand.
    tolerance_s
        How much earlier than its call an arrival may be and still mean "already there", in seconds.
    out
        Curated file: the columns of the contract in order, rows by start, source and key, so that equal rows give equal
        bytes.
    """
    _load_staged(db, table, here, elsewhere, moved_keys)
    milestones = [column.name for column in table.staged if column.milestone]
    kept = "".join(
        f",\n        arg_max({m}, rank) FILTER (WHERE rank >= base AND {m} IS NOT NULL) AS known_{m}"
        for m in milestones
    )
    replaced = "".join(f", known.known_{m} AS {m}" for m in milestones)
    record = _record(db, table)
    content = _row_of([c.name for c in table.mapped])
    db.execute(f"CREATE OR REPLACE TEMP TABLE several AS {_SQL['several.sql'].format(record=record)}")
    disputed = _SQL["disputed.sql"].format(record=record, content=content)
    db.execute(f"CREATE OR REPLACE TEMP TABLE disputed AS {disputed}")
    fold = _SQL["fold.sql"].format(record=record, milestones=kept, replaced=replaced)
    db.execute(f"CREATE OR REPLACE TEMP TABLE folded AS {fold}")
    if table.has_legs:
        _fold_legs(db, table, told_apart=record != _RECORD)
    placed = _SQL["place.sql"].format(starts=", ".join(table.starts))
    derived = _SQL.get(f"derive_{table.name}.sql", "SELECT * FROM placed")
    bound = {"tolerance_ms": round(tolerance_s * 1000)} if "$tolerance_ms" in derived else {}
    columns = ", ".join(f"CAST({name(c.name)} AS {c.kind.duckdb}) AS {name(c.name)}" for c in table.columns)
    # Tables in between would be written for nobody.
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE folded_month AS WITH placed AS ({placed}), derived AS ({derived}) "
        f"SELECT {columns} FROM derived "
        f"WHERE local_date >= DATE '{month.first_day}' AND local_date < DATE '{month.next_first_day}'",
        {"zone": zone, **bound},
    )
    db.execute(
        f"COPY (FROM folded_month ORDER BY started_at, source, record_key) TO {quote(str(out))} "
        "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, "
        f"KV_METADATA {{contract_version: '{CONTRACT_VERSION}'}})"
    )


def by_export(db: duckdb.DuckDBPyConnection, table: Table, month: Month) -> tuple[ExportFold, ...]:
    """Count what became of the rows of each export in the last :func:`fold_month`, by export id."""
    content = _row_of([c.name for c in table.mapped])
    sql = _SQL["by_export.sql"].format(record=_record(db, table), content=content)
    found = db.execute(sql, {"first": month.first_day, "end": month.next_first_day}).fetchall()
    return tuple(ExportFold(export_id, *map(int, counts)) for export_id, *counts in found)


def left(db: duckdb.DuckDBPyConnection, table: Table, before: Path | None) -> int:
    """Count the records that stood in the month before the last :func:`fold_month` and no longer do."""
    if before is None:
        return 0
    stood = rows_of([table.by_name["source"], table.by_name["record_key"]], [before])
    found = db.execute(f"SELECT count(*) FROM ({stood}) ANTI JOIN folded_month USING ({_RECORD})").fetchall()
    return int(found[0][0])


def summarise(db: duckdb.DuckDBPyConnection, table: Table) -> Summary:
    """Summarise the month that the last :func:`fold_month` made."""
    events = ", ".join(_EVENTS.get(table.name, ("started_at",)))
    asked = _LOOKED_UP.get(table.name)
    counted = [name(c.name) for c in table.columns if c.name not in _PROVENANCE]
    if known_until := _KNOWN_UNTIL.get(table.name):
        counted.append(f"CASE WHEN resend IS DISTINCT FROM 'delta' THEN {known_until} END")
    sql = _SQL["summary.sql"].format(
        open=_OPEN.get(table.name, "false"), events=events, counted=", ".join(counted), looked_up=asked or "0"
    )
    days = db.execute(sql).fetchall()
    last = max((event for _, _, event, _, _, _ in days if event), default=None)
    last_seen: dict[str, dict[datetime, str]] = {}
    for source, instant, records, which in db.execute(_SQL["last_seen.sql"]).fetchall():
        last_seen.setdefault(source, {})[instant.replace(tzinfo=UTC)] = f"{records}.{int(which):x}"
    return Summary(
        records=sum(records for _, _, _, records, _, _ in days),
        open=sum(still_open for _, still_open, _, _, _, _ in days),
        last_event=last.replace(tzinfo=UTC) if last else None,
        days={str(day): f"{records}.{int(counted):x}" for day, _, _, records, counted, _ in days},
        looked_up={str(day): f"{records}.{int(found):x}" for day, _, _, records, _, found in days} if asked else {},
        last_seen=last_seen,
    )


def _record(db: duckdb.DuckDBPyConnection, table: Table) -> str:
    """Columns of ``staged`` whose highest version wins: of the record, or of its leg where any row names one."""
    if not table.has_legs or not db.execute("SELECT 1 FROM staged WHERE leg <> '' LIMIT 1").fetchall():
        return _RECORD
    db.execute("UPDATE staged SET leg = '' WHERE leg IS NULL")
    return f"{_RECORD}, {LEG}"


def _fold_legs(db: duckdb.DuckDBPyConnection, table: Table, *, told_apart: bool) -> None:
    """Make one row of the legs in ``folded``, and count them (docs/decisions/0012)."""
    if told_apart:
        db.execute(f"CREATE OR REPLACE TEMP TABLE together AS {_SQL[f'legs_{table.name}.sql']}")
        db.execute("DROP TABLE folded; ALTER TABLE together RENAME TO folded")
    else:
        db.execute("ALTER TABLE folded ADD COLUMN legs BIGINT")


def _row_of(columns: Sequence[str]) -> str:
    return "row(" + ", ".join(name(column) for column in columns) + ")"


def _load_staged(
    db: duckdb.DuckDBPyConnection,
    table: Table,
    here: Sequence[Path],
    elsewhere: Sequence[Path],
    moved_keys: Sequence[tuple[str, str]],
) -> None:
    rows = rows_of(table.staged, here)
    db.execute(f"CREATE OR REPLACE TEMP TABLE staged AS {rows}")
    if elsewhere and moved_keys:
        db.execute("CREATE OR REPLACE TEMP TABLE moved_keys (source VARCHAR, record_key VARCHAR)")
        db.executemany("INSERT INTO moved_keys VALUES (?, ?)", [list(key) for key in moved_keys])
        db.execute(
            f"INSERT INTO staged BY NAME SELECT s.* FROM ({rows_of(table.staged, elsewhere)}) AS s "
            "SEMI JOIN moved_keys USING (source, record_key)"
        )
