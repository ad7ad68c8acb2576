"""Which rows of a scan are good, and when the export was taken (METRICS "What is known, and until when")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from callclock.columns import Kind
from callclock.engine import name, quote
from callclock.exports.read import Scanned
from callclock.exports.scan import HEADER_AGAIN, Scan
from callclock.exports.walls import ROW
from callclock.reasons import RowReason


@dataclass(frozen=True)
class Taken:
    """When an export was taken.

    Attributes
    ----------
    at
        UTC, to the millisecond.
    stated
        The export, its name or its metadata say so; else it was told from its newest instant or its arrival.
    """

    at: datetime
    stated: bool


@dataclass(frozen=True)
class Judged:
    """What each row is worth.

    Attributes
    ----------
    good
        SQL of the good rows.
    rows
        Good input rows.
    bad
        Record number and reasons of every record that is not accepted, ascending, rejects included.
    dropped
        Records by the reason of the rule that drops them.
    headers
        Records that are the header once more.
    """

    good: str
    rows: int
    bad: Sequence[tuple[int, str]]
    dropped: Mapping[str, int]
    taken: Taken
    headers: int = 0


def judge(
    db: duckdb.DuckDBPyConnection,
    scanned: Scanned,
    *,
    stated: datetime | None,
    kept: datetime | None,
    arrived_at: datetime,
) -> Judged:
    """Tell good rows from bad ones.

    Parameters
    ----------
    stated
        When the export was taken by its name or metadata; a column of the profile goes before it.
    kept
        What was found when this export was first seen: it stands.
    arrived_at
        Arrival of the object: the limit of instants where nothing states when the export was taken.
    """
    rows = scanned.all_rows
    passed = f"SELECT * FROM ({rows}) WHERE _dropped IS NULL AND _reasons IS NULL"
    newest = _newest(db, scanned.scan, passed, arrived_at)
    stated = newest.column or stated
    taken = Taken(_ms(kept or stated or newest.not_later or arrived_at), stated is not None)
    if scanned.scan.profile.export.exported_at.way == "arrival" and stated is None:
        taken = Taken(_ms(kept or arrived_at), stated=False)
    limit = taken.at if taken.stated else arrived_at
    late = [column for column, at in newest.instants.items() if at and at > limit]
    bad, dropped = _marked(db, rows)
    if late:
        _add_late(db, bad, passed, late, limit)
    good, count = passed, newest.rows
    if bad and (late or len(scanned.scan.profile.entries) > 1):
        db.execute("CREATE OR REPLACE TEMP TABLE bad_rows AS SELECT unnest($n::BIGINT[]) AS bad_row", {"n": list(bad)})
        good = f"SELECT * FROM ({passed}) WHERE {ROW} NOT IN (FROM bad_rows)"
        [[count]] = db.execute(f"SELECT count(DISTINCT {ROW}) FROM ({good})").fetchall()
    for reason in scanned.dropped.values():
        dropped[reason] = dropped.get(reason, 0) + 1
    headers = dropped.pop(HEADER_AGAIN, 0)
    numbered = {scanned.record_no(row): reasons for row, reasons in bad.items()}
    return Judged(good, count, sorted([*numbered.items(), *scanned.rejects.items()]), dropped, taken, headers)


def happened(scan: Scan) -> tuple[str, ...]:
    """Targets that tell of something past: a slot agreed for tomorrow, or the end of an interval, may lie ahead."""
    contract = scan.profile.contract
    return tuple(
        target
        for target, column in scan.targets.items()
        if column.kind is Kind.INSTANT
        and (column.milestone or target in contract.starts or target == "record_updated_at")
    )


@dataclass(frozen=True)
class _Newest:
    """Of so many ``rows``: newest value of each instant, newest of all not later than arrival, and of ``column``."""

    instants: Mapping[str, datetime | None]
    not_later: datetime | None
    column: datetime | None
    rows: int


def _newest(db: duckdb.DuckDBPyConnection, scan: Scan, passed: str, arrived_at: datetime) -> _Newest:
    told = [name(column) for column in happened(scan)]
    asked = [f"max({column})" for column in told]
    asked.append("max(_exported)" if scan.has_exported else "NULL")
    asked.append(f"count(DISTINCT {ROW})" if len(scan.profile.entries) > 1 else "count(*)")
    [[*found, rows]] = db.execute(f"SELECT {', '.join(asked)} FROM ({passed})").fetchall()
    *newest, column = (at.replace(tzinfo=UTC) if at else None for at in found)
    not_later: list[datetime | None] = newest
    if any(at and at > arrived_at for at in newest):
        arrival = f"TIMESTAMP {quote(arrived_at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' '))}"
        asked = [f"max({column}) FILTER ({column} <= {arrival})" for column in told]
        [before] = db.execute(f"SELECT {', '.join(asked)} FROM ({passed})").fetchall()
        not_later = [at.replace(tzinfo=UTC) if at else None for at in before]
    return _Newest(
        instants=dict(zip(happened(scan), newest, strict=True)),
        not_later=max((at for at in not_later if at), default=None),
        column=column,
        rows=rows,
    )


def _marked(db: duckdb.DuckDBPyConnection, rows: str) -> tuple[dict[int, str], dict[str, int]]:
    """Reasons of the bad rows, by row; and how many input rows a rule drops, by its reason."""
    # Dropped rows may be most of an export: they are counted there, and only the bad ones are brought here.
    marked = db.execute(
        f"SELECT _dropped, if(_dropped IS NULL, {ROW}, NULL) AS bad_row, if(_dropped IS NULL, _entry, NULL) AS entry, "
        f"_reasons, count(*) FROM ({rows}) WHERE _reasons IS NOT NULL OR (_dropped IS NOT NULL AND _entry = 0) "
        "GROUP BY ALL ORDER BY bad_row, entry"
    ).fetchall()
    bad: dict[int, str] = {}
    for dropped, row, _, reasons, _ in marked:
        if dropped is None:
            _add(bad, row, reasons)
    return bad, {dropped: count for dropped, _, _, _, count in marked if dropped is not None}


def _add_late(
    db: duckdb.DuckDBPyConnection, bad: dict[int, str], passed: str, late: Sequence[str], limit: datetime
) -> None:
    """Add the rows that tell of something later than ``limit``."""
    edge = limit.astimezone(UTC).replace(tzinfo=None)
    told = ", ".join(f"CASE WHEN {name(c)} > $edge THEN {quote(f'{RowReason.FUTURE}:{c}')} END" for c in late)
    found = db.execute(
        f"SELECT {ROW}, why FROM (SELECT {ROW}, concat_ws(';', {told}) AS why FROM ({passed})) WHERE why <> ''",
        {"edge": edge},
    ).fetchall()
    for row, reasons in found:
        _add(bad, row, reasons)


def _add(bad: dict[int, str], row: int, reasons: str) -> None:
    """Add reasons to those that a row has."""
    before = bad[row].split(";") if row in bad else []
    bad[row] = ";".join(dict.fromkeys([*before, *reasons.split(";")]))


def _ms(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
