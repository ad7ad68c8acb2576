"""Signs that a profile reads an export wrongly although every cell of it can be read: then the export is held."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from callclock.columns import Table
from callclock.exports.clocks import Clock
from callclock.exports.profile import Profile

_MINUTE_S = 60
_AFTERNOON = "BETWEEN 13 AND 23"
_ROWS_TO_TELL = 20
_LOST_SHARE = 0.05
# A source's own duration, and the two instants that it is between (the first that is known begins it).
_STARTS = ("submitted_at", "call_received_at", "created_at")
_PAIRS: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "incidents": {
        "reported_dispatch_ms": (_STARTS, ("first_dispatched_at",)),
        "reported_arrival_ms": (_STARTS, ("first_arrived_at",)),
    },
    "calls": {
        "reported_ivr_ms": (("ivr_entered_at",), ("ivr_left_at",)),
        "reported_queue_ms": (("queued_at",), ("queue_left_at",)),
        "reported_talk_ms": (("final_answered_at", "first_answered_at"), ("ended_at",)),
    },
}


@dataclass(frozen=True)
class Disagreement:
    """Of ``rows`` that give both, the share whose reported duration is not what its instants say."""

    column: str
    rows: int
    share: float


def disagreement(db: duckdb.DuckDBPyConnection, relation: str, profile: Profile) -> Disagreement | None:
    """Compare reported durations with the differences of instants, beyond the profile's tolerance.

    A source whose stamps are exact to the minute may differ by one more minute.

    Parameters
    ----------
    relation
        SQL of the good rows, with the columns that the profile fills.

    Returns
    -------
    Disagreement or None
        The worst; None where the profile fills no pair, or no row gives both.
    """
    filled = set(profile.targets)
    tolerance = profile.time.tolerance_s + (_MINUTE_S if profile.time.precision == "minute" else 0)
    found = []
    for column, (starts, ends) in _PAIRS.get(profile.table, {}).items():
        start, end = _known(starts, filled), _known(ends, filled)
        if column not in filled or not start or not end:
            continue
        computed = f"date_diff('millisecond', {start}, {end})"
        row = db.execute(
            f"SELECT count(*), avg((abs({computed} - {column}) > {round(tolerance * 1000)})::INT) FROM {relation} "
            f"WHERE {computed} IS NOT NULL AND {column} IS NOT NULL"
        ).fetchone()
        if row and row[0]:
            found.append(Disagreement(column, row[0], row[1]))
    return max(found, key=lambda one: one.share, default=None)


def lost_am_pm(db: duckdb.DuckDBPyConnection, relation: str, profile: Profile) -> tuple[str, ...]:
    """Name the instants of which a spreadsheet, or a format, lost AM and PM.

    Such a column has 20 values or more and none from 13 to 23 o'clock, and 5 % of the intervals to it (of the start:
    of those from it) are within 30 minutes of -12 hours, which nothing but a lost half of the day makes.
    """
    filled = set(profile.targets)
    start = _known(profile.contract.starts, filled)
    ends = [end for end in _milestones(profile.contract) if end in filled and end not in profile.contract.starts]
    if not start or not ends:
        return ()
    texts = ", ".join(f"CAST({sql} AS TIMESTAMP) AS t{place}" for place, sql in enumerate([start, *ends]))
    instants = f"(SELECT {texts} FROM {relation})"
    places = range(1, len(ends) + 1)
    # Hardly ever is anything so early, and to know that takes a fourth of counting.
    earliest = f"least({', '.join(f't{place}' for place in places)})"
    early = db.execute(f"SELECT 1 FROM {instants} WHERE {earliest} <= t0 - INTERVAL '690 minutes' LIMIT 1").fetchone()
    if not early:
        return ()
    suspects = _half_a_day_early(db, instants, {0: tuple(places)} | {place: (place,) for place in places})
    names = ("the start", *ends)
    return tuple(names[place] for place in suspects if _has_no_afternoon(db, instants, place, profile))


def _half_a_day_early(
    db: duckdb.DuckDBPyConnection, instants: str, intervals: Mapping[int, tuple[int, ...]]
) -> tuple[int, ...]:
    """Columns with enough intervals near -12 hours, of those that concern them."""
    asked = []
    for ends in intervals.values():
        # Instants are compared, not intervals, which DuckDB compares many times as slowly.
        edges = "t0 - INTERVAL '750 minutes' AND t0 - INTERVAL '690 minutes'"
        near = " OR ".join(f"t{end} BETWEEN {edges}" for end in ends)
        known = " OR ".join(f"t{end} IS NOT NULL" for end in ends)
        asked.append(f"count(*) FILTER ({near}), count(*) FILTER (t0 IS NOT NULL AND ({known}))")
    [found] = db.execute(f"SELECT {', '.join(asked)} FROM {instants}").fetchall()
    counts = zip(intervals, found[::2], found[1::2], strict=True)
    return tuple(place for place, near, known in counts if near and near >= _LOST_SHARE * known)


def _has_no_afternoon(db: duckdb.DuckDBPyConnection, instants: str, place: int, profile: Profile) -> bool:
    wall = Clock(profile.time.zone).wall(f"t{place}")
    [[known, afternoon]] = db.execute(
        f"SELECT count(t{place}), count(*) FILTER (hour({wall}) {_AFTERNOON}) FROM {instants}"
    ).fetchall()
    return bool(known >= _ROWS_TO_TELL and not afternoon)


def _milestones(table: Table) -> list[str]:
    return [column.name for column in table.mapped if column.milestone]


def _known(columns: tuple[str, ...], filled: set[str]) -> str:
    """SQL of the first of these that is known; empty where the profile fills none."""
    names = [column for column in columns if column in filled]
    return f"coalesce({', '.join(names)})" if len(names) > 1 else "".join(names)
