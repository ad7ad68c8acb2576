"""Which rows of a scan are good, and when the export was taken (METRICS "What is known, and until when")."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from callclock.columns import Kind
from callclock.engine import name, quote
from callclock.exports.read import Scanned
from callclock.exports.scan import HEADER_AGAIN, Scan
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
        SQL of the good rows, with ``record_no``.
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
    rows = scanned.number_rows(db)
    passed = f"SELECT * FROM ({rows}) WHERE _dropped IS NULL AND _reasons IS NULL"
    instants = happened(scanned.scan)
    newest = _newest(db, scanned.scan, passed, instants, arrived_at)
    stated = newest.column or stated
    taken = Taken(_ms(kept or stated or newest.not_later or arrived_at), stated is not None)
    if scanned.scan.profile.export.exported_at.way == "arrival" and stated is None:
        taken = Taken(_ms(kept or arrived_at), stated=False)
    limit = taken.at if taken.stated else arrived_at
    late = [column for column, at in newest.instants.items() if at and at > limit]
    bad = _bad(db, rows, passed, late, limit)
    gone = bool(late) or len(scanned.scan.profile.entries) > 1
    good = f"SELECT * FROM ({passed}) WHERE record_no NOT IN (FROM bad_records)" if gone else passed
    [[count]] = db.execute(
        f"SELECT count(DISTINCT _row) FROM ({good})" if gone else f"SELECT count(*) FROM ({good})"
    ).fetchall()
    dropped = dict(
        db.execute(
            f"SELECT _dropped, count(*) FROM ({rows}) WHERE _dropped IS NOT NULL AND _entry = 0 GROUP BY 1"
        ).fetchall()
    )
    for reason in scanned.dropped.values():
        dropped[reason] = dropped.get(reason, 0) + 1
    headers = dropped.pop(HEADER_AGAIN, 0)
    return Judged(good, count, sorted([*bad.items(), *scanned.rejects.items()]), dropped, taken, headers)


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
    instants: Mapping[str, datetime | None]
    not_later: datetime | None
    column: datetime | None


def _newest(
    db: duckdb.DuckDBPyConnection, scan: Scan, passed: str, instants: Sequence[str], arrived_at: datetime
) -> _Newest:
    """Newest value of each instant, the newest of all not later than arrival, and what a column states."""
    arrival = f"TIMESTAMP {quote(arrived_at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' '))}"
    asked = [f"max({name(c)})" for c in instants]
    asked += [f"max({name(c)}) FILTER ({name(c)} <= {arrival})" for c in instants]
    asked.append("max(_exported)" if scan.has_exported else "NULL")
    [found] = db.execute(f"SELECT {', '.join(asked)} FROM ({passed})").fetchall()
    utc = [at.replace(tzinfo=UTC) if at else None for at in found]
    n = len(instants)
    return _Newest(
        instants=dict(zip(instants, utc[:n], strict=True)),
        not_later=max((at for at in utc[n : 2 * n] if at), default=None),
        column=utc[-1],
    )


def _bad(db: duckdb.DuckDBPyConnection, rows: str, passed: str, late: Sequence[str], limit: datetime) -> dict[int, str]:
    """Reasons by record number; the numbers stay in the table ``bad_records``."""
    bad: dict[int, str] = {}
    for number, reasons in _flagged(db, rows, passed, late, limit):
        before = bad[number].split(";") if number in bad else []
        bad[number] = ";".join(dict.fromkeys([*before, *reasons.split(";")]))
    db.execute("CREATE OR REPLACE TEMP TABLE bad_records AS SELECT unnest($n::BIGINT[]) AS record_no", {"n": list(bad)})
    return bad


def _flagged(
    db: duckdb.DuckDBPyConnection, rows: str, passed: str, late: Sequence[str], limit: datetime
) -> Iterator[tuple[int, str]]:
    yield from db.execute(f"SELECT record_no, _reasons FROM ({rows}) WHERE _reasons IS NOT NULL").fetchall()
    if late:
        edge = limit.astimezone(UTC).replace(tzinfo=None)
        told = ", ".join(f"CASE WHEN {name(c)} > $edge THEN {quote(f'{RowReason.FUTURE}:{c}')} END" for c in late)
        yield from db.execute(
            f"SELECT record_no, why FROM (SELECT record_no, concat_ws(';', {told}) AS why FROM ({passed})) "
            "WHERE why <> ''",
            {"edge": edge},
        ).fetchall()


def _ms(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
