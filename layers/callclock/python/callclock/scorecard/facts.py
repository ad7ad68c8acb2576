"""What the page is made of, typed: rows as they come from the results, told apart once, here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib import resources

import duckdb

from callclock.clock import PeriodKind
from callclock.scorecard.shown import CHARTED, METRICS, MONTHS_SHOWN

Row = Mapping[str, object]

_PARTS = ("stage", "channel", "source", "hour_of_week", "outcome", "reason", "age_band", "window_label", "risk_level")


@dataclass(frozen=True)
class Value:
    """One row of ``rows.sql``. ``part`` joins the other key columns that are not ``all``, in contract order, by ``/``.

    ``value`` and ``target`` are seconds, shares from 0 to 1, counts or ratios, as ``unit`` says; ``as_at`` is UTC.
    """

    metric: str
    kind: PeriodKind
    label: str
    start: date
    end: date
    grade: str
    population: str
    area: str
    line: str
    part: str
    value: float | None
    unit: str
    n: int | None
    n_immature: int
    n_unknown: int
    complete: bool
    target: float | None
    as_at: datetime
    definition_version: str
    notes: str


@dataclass(frozen=True)
class Curve:
    """One row of ``curves.sql``: how many of all incidents had been attended, by time since the call.

    ``after_s`` are seconds; ``thousandths`` the share attended by each, shorter where nobody can know the rest; the
    first ``settled`` of them will not change.
    """

    kind: PeriodKind
    label: str
    grade: str
    population: str
    area: str
    after_s: tuple[float, ...]
    thousandths: tuple[int, ...]
    settled: int


@dataclass(frozen=True)
class Facts:
    """All that the page of a force shows.

    Attributes
    ----------
    values
        Rows of ``rows.sql``.
    curves
        Rows of ``curves.sql``.
    feeds, stopped, told, restated
        Rows of the SQL file of that name; columns as selected there.
    """

    values: Sequence[Value] = ()
    curves: Sequence[Curve] = ()
    feeds: Sequence[Row] = field(default=())
    stopped: Sequence[Row] = field(default=())
    told: Sequence[Row] = field(default=())
    restated: Sequence[Row] = field(default=())


def sql(name: str) -> str:
    """Text of one of the SQL files beside this module (``rows``, ``feeds``, ...)."""
    return (resources.files("callclock.scorecard") / f"{name}.sql").read_text("utf-8")


def values(found: Iterable[Row]) -> tuple[Value, ...]:
    """Take rows of ``rows.sql`` over.

    Raises
    ------
    TypeError
        A column holds what its contract does not allow, named with the row's metric.
    """
    return tuple(_value(row) for row in found)


def _value(row: Row) -> Value:
    return Value(
        metric=str(row["metric"]),
        kind=PeriodKind(str(row["period_kind"])),
        label=str(row["period_label"]),
        start=_day(row, "period_start"),
        end=_day(row, "period_end"),
        grade=str(row["grade"]),
        population=str(row["population"]),
        area=str(row["area"]),
        line=str(row["line"]),
        part="/".join(str(row[key]) for key in _PARTS if row[key] != "all") or "all",
        value=number(row["value"]),
        unit=str(row["unit"]),
        n=count(row["n"]),
        n_immature=count(row["n_immature"]) or 0,
        n_unknown=count(row["n_unknown"]) or 0,
        complete=bool(row["complete"]),
        target=number(row["target"]),
        as_at=instant(row, "as_at"),
        definition_version=str(row["definition_version"]),
        notes=str(row["notes"]),
    )


def _curve(row: Row) -> Curve:
    after_s, thousandths = row["after_s"], row["thousandths"]
    return Curve(
        kind=PeriodKind(str(row["period_kind"])),
        label=str(row["period_label"]),
        grade=str(row["grade"]),
        population=str(row["population"]),
        area=str(row["area"]),
        after_s=tuple(after_s) if isinstance(after_s, list) else (),
        thousandths=tuple(thousandths) if isinstance(thousandths, list) else (),
        settled=count(row["settled"]) or 0,
    )


def number(value: object) -> float | None:
    """Number as float, anything else as None."""
    return float(value) if isinstance(value, int | float) else None


def count(value: object) -> int | None:
    """Whole number, anything else as None."""
    return value if isinstance(value, int) else None


def instant(row: Row, column: str) -> datetime:
    """Instant of a column, in UTC: DuckDB hands TIMESTAMP_MS out without a zone."""
    found = row[column]
    if not isinstance(found, datetime):
        raise TypeError(f"{row.get('metric', 'row')}: {column} is {found!r}: the contract says an instant")
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _day(row: Row, column: str) -> date:
    found = row[column]
    if not isinstance(found, date):
        raise TypeError(f"{row.get('metric', 'row')}: {column} is {found!r}: the contract says a date")
    return found


def gather(db: duckdb.DuckDBPyConnection) -> Facts:
    """Read all that the page shows from the views of the results: values, curves, feeds, notices, restatements."""
    shown = {"metrics": list(METRICS), "charted": list(CHARTED), "months": MONTHS_SHOWN}
    return Facts(
        values=values(rows(db, "rows", shown)),
        curves=tuple(_curve(row) for row in rows(db, "curves", {"months": MONTHS_SHOWN})),
        feeds=rows(db, "feeds"),
        stopped=rows(db, "stopped"),
        told=rows(db, "told"),
        restated=rows(db, "restated", {"metrics": list(METRICS)}),
    )


def rows(db: duckdb.DuckDBPyConnection, name: str, given: Mapping[str, object] | None = None) -> list[Row]:
    """Rows of one of the SQL files beside this module, by column."""
    found = db.execute(sql(name), given) if given else db.execute(sql(name))
    columns = [column[0] for column in found.description]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
