"""What a force has configured, registered as relations that the SQL of the measures joins."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import duckdb

from callclock.engine import name
from callclock.settings import AttendanceTarget, ConfigurationError, Force, Grade, MetricTarget, Targets

_EVER = date(1, 1, 1)
_FOR_EVER = date(9999, 12, 31)
type _Dated = Grade | AttendanceTarget | MetricTarget


def register_configuration(con: duckdb.DuckDBPyConnection, force: Force, targets: Targets) -> None:
    """Register grades, targets, services and areas; ConfigurationError where two entries hold for one on one day."""
    _refuse_overlaps("grades", [(f"grade {g.grade!r} of scheme {g.scheme!r}", g) for g in targets.grades])
    _refuse_overlaps(
        "attendance",
        [(f"grade {t.grade!r} of scheme {t.scheme!r}, area_type {t.area_type!r}", t) for t in targets.attendance],
    )
    _refuse_overlaps("metrics", [(f"metric {t.metric!r}, line {t.line!r}", t) for t in targets.metrics])
    dated = "since DATE, until DATE"
    fill(
        con,
        "grades",
        f"grade VARCHAR, scheme VARCHAR, attendance_expected BOOLEAN, appointment BOOLEAN, {dated}",
        [(g.grade, g.scheme, g.attendance_expected, g.appointment, *_dates(g)) for g in targets.grades],
    )
    fill(
        con,
        "attendance_targets",
        f"grade VARCHAR, scheme VARCHAR, area_type VARCHAR, target_ms BIGINT, {dated}",
        [(t.grade, t.scheme, t.area_type, round(t.target * 1000), *_dates(t)) for t in targets.attendance],
    )
    fill(
        con,
        "metric_targets",
        f"metric VARCHAR, line VARCHAR, target DOUBLE, {dated}",
        [(t.metric, t.line, t.target, *_dates(t)) for t in targets.metrics],
    )
    fill(con, "services", "service VARCHAR", [(service,) for service in dict.fromkeys(force.services)])
    fill(con, "areas", "area VARCHAR, area_type VARCHAR", list(force.area_types.items()))


def _refuse_overlaps(section: str, entries: Sequence[tuple[str, _Dated]]) -> None:
    """Refuse two entries that hold on one day: a record would be counted twice."""
    in_order = sorted(entries, key=lambda entry: (entry[0], *_dates(entry[1])))
    for (key, entry), (next_key, next_entry) in pairwise(in_order):
        if key == next_key and _dates(entry)[1] > _dates(next_entry)[0]:
            raise ConfigurationError(
                f"targets.toml: {section}: {key}: two entries hold on {_dates(next_entry)[0]}: "
                "let the first end (until = the day after its last) where the next begins (since)"
            )


def _dates(entry: _Dated) -> tuple[date, date]:
    return entry.since or _EVER, entry.until or _FOR_EVER


def fill(con: duckdb.DuckDBPyConnection, relation: str, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Make a temporary table of these columns (``name TYPE, ...``) with these rows, in place of one that was there."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name(relation)} ({columns})")
    if rows:
        # One statement for all: a row at a time takes as long as the work itself where a month has little.
        given = [list(column) for column in zip(*rows, strict=True)]
        con.execute(f"INSERT INTO {name(relation)} SELECT {', '.join('UNNEST(?)' for _ in given)}", given)
