"""Series of one rule, read from the values of one force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path

import duckdb

from callclock.contracts import METRIC_VALUES, RESTATEMENTS, VALUE_KEYS
from callclock.engine import quote, rows_of
from callclock.gaps import gap_of, with_sides
from callclock.laid import lay_kept
from callclock.replay import Observation
from callclock.settings import ThresholdRule
from callclock.stand_ins import stand_ins

_SERIES = (resources.files("callclock") / "series.sql").read_text("utf-8")
# Keys that the rule's own columns give, or that the series is chosen by.
_NOT_IN_WHERE = frozenset({"metric", "period_kind", "period_label", "basis"})
RATE_OF_STAGES = "calls.abandonment_rate"
STAGES_OF_RATE = "calls.abandoned_share"


@dataclass(frozen=True)
class Series:
    """The rows of a rule's series, oldest first, and their unit."""

    rows: tuple[Observation, ...]
    unit: str


def where_of(rule: ThresholdRule) -> Mapping[str, str]:
    """Value of every key column of a rule's series: what its ``where`` leaves out is ``all``, grade_basis ``initial``.

    ``grade_scheme`` is left out where the rule does not name it: the newest scheme speaks.
    """
    fixed = {key: "all" for key in VALUE_KEYS if key not in _NOT_IN_WHERE and key != "grade_scheme"}
    if rule.metric.startswith("attendance."):
        fixed["grade_basis"] = "initial"
    return {**fixed, "basis": "record", **rule.where}


def metrics_of(rule: ThresholdRule) -> frozenset[str]:
    """Metrics that a notice of a rule reads: its own, and those of which one says what moved it."""
    stages = [STAGES_OF_RATE] if rule.metric == RATE_OF_STAGES else []
    gap = gap_of(rule.metric)
    own = [rule.metric, *([gap.metric] if gap else [])]
    return frozenset({*own, *stages, *(instead.metric for name in own for instead in stand_ins(name))})


def lay_series(
    db: duckdb.DuckDBPyConnection,
    rules: Sequence[ThresholdRule],
    values: Sequence[Path],
    restated: Sequence[Path],
    kept: Path | None = None,
) -> None:
    """Lay out what :func:`load_series` and :func:`callclock.splits.load_split` read for these rules, as tables.

    Each rule asks for a few rows of the same hundreds of files: they are opened once for all.

    Parameters
    ----------
    values, restated
        Files of the families that the rules watch (``results.fetch_values``, ``results.fetch_restatements``).
    kept
        Folder in which what is laid out is kept for the next time; None to open every file.
    """
    asked = {
        "metric": sorted({metric for rule in rules for metric in metrics_of(rule)}),
        "period_kind": sorted({rule.period.value for rule in rules}),
        # Hours of the week are most of the rows there are, and no part that a figure is split into.
        "hour_of_week": sorted({where_of(rule)["hour_of_week"] for rule in rules}),
    }
    where = " AND ".join(f"{key} IN ?" for key in asked)
    for table, files in ((METRIC_VALUES, values), (RESTATEMENTS, restated)):
        if kept:
            lay_kept(db, table, files, asked, kept)
            continue
        rows = rows_of(table.columns, files)
        db.execute(f"CREATE TABLE {table.name} AS SELECT * FROM ({rows}) WHERE {where}", [*asked.values()])


def load_series(db: duckdb.DuckDBPyConnection, rule: ThresholdRule) -> Series:
    """Read the series of a rule from what :func:`lay_series` laid out; a gap has its two sides beside each row."""
    sql = _SERIES.format(
        where=conditions(where_of(rule)),
        said_keys=", ".join(f"r.{key}" for key in VALUE_KEYS),
        same_keys=" AND ".join(f"s.{key} = c.{key}" for key in VALUE_KEYS),
    )
    rows = db.execute(sql, {"metric": rule.metric, "period": rule.period.value}).fetchall()
    found = tuple(_observation(row) for row in rows)
    gap = gap_of(rule.metric)
    if gap is not None:
        found = with_sides(found, [load_series(db, side).rows for side in gap.rules(rule)])
    return Series(found, str(rows[-1][-1]) if rows else "")


def _observation(row: tuple[object, ...]) -> Observation:
    start, end, value, n, complete, as_at, restated_from, version, numerator, denominator, *counts, _unit = row
    assert isinstance(start, date)  # noqa: S101 - the contract's types, told to the type checker
    assert isinstance(end, date)  # noqa: S101
    assert isinstance(as_at, datetime)  # noqa: S101
    return Observation(
        period_start=start,
        period_end=end,
        value=_number(value),
        n=None if n is None else int(str(n)),
        complete=bool(complete),
        as_at=as_at.replace(tzinfo=UTC),
        restated_from=_number(restated_from),
        definition_version=str(version),
        numerator=_number(numerator),
        denominator=_number(denominator),
        n_immature=int(str(counts[0])),
        n_excluded=int(str(counts[1])),
        n_unknown=int(str(counts[2])),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def conditions(where: Mapping[str, str]) -> str:
    """SQL that holds key columns to their values."""
    return "".join(f" AND {key} = {quote(value)}" for key, value in sorted(where.items()))
