"""What stands for the good rows of an export, counted at once: a small export takes what its statements take."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from callclock.clock import Month
from callclock.exports.clocks import Clock
from callclock.exports.scan import Scan
from callclock.exports.walls import ROW
from callclock.settings import Force


@dataclass(frozen=True)
class Tally:
    """Counts of what is to be staged.

    Attributes
    ----------
    rows
        Rows, each of which becomes one that is staged.
    records
        Records that they tell of: one may fill several rows, and several may be the legs of one.
    aside
        Records that a rule set aside, by its reason.
    months
        Rows by local month of their start, in order.
    first, last
        The oldest start (UTC), and how far the newest reaches; None where there is no row.
    """

    rows: int
    records: int
    aside: Mapping[str, int]
    months: Mapping[Month, int]
    first: datetime | None
    last: datetime | None


def tally(db: duckdb.DuckDBPyConnection, scan: Scan, rows: str, force: Force) -> Tally:
    """Count what ``rows``, in the columns of the scan, hold.

    Parameters
    ----------
    rows
        SQL of one row for each record, or leg of one.
    force
        Its zone decides months.
    """
    # Counts cover until their interval ends; a record, only until the newest begins.
    newest = "interval_end - INTERVAL 1 MILLISECOND" if scan.profile.table == "call_intervals" else "started_at"
    walls = (
        f"SELECT set_aside, started_at, {newest} AS newest, {ROW}, {Clock(force.zone).wall('started_at')} AS wall "
        f"FROM ({rows})"
    )
    records = f"count(DISTINCT {ROW})" if len(scan.profile.entries) > 1 else "count(*)"
    found = db.execute(
        f"SELECT grouping(year, set_aside), set_aside, year, month, count(*), {records}, min(started_at), max(newest) "
        f"FROM (SELECT *, year(wall) AS year, month(wall) AS month FROM ({walls})) "
        "GROUP BY GROUPING SETS ((), (set_aside), (year, month)) ORDER BY year, month"
    ).fetchall()
    [(count, known, first, last)] = [tuple(row[4:]) for row in found if row[0] == _WHOLE]
    aside = {reason: n for grouped, reason, *_, n, _, _ in found if grouped == _BY_REASON and reason is not None}
    if scan.has_legs:
        known, aside = _of_legs(db, rows)
    return Tally(
        rows=count,
        records=known,
        aside=aside,
        months={Month(year, month): n for grouped, _, year, month, n, *_ in found if grouped == _BY_MONTH},
        first=first and first.replace(tzinfo=UTC),
        last=last and last.replace(tzinfo=UTC),
    )


# What grouping(year, set_aside) says of a row: a bit is set for what it is not grouped by.
_WHOLE, _BY_REASON, _BY_MONTH = 0b11, 0b10, 0b01


def _of_legs(db: duckdb.DuckDBPyConnection, rows: str) -> tuple[int, dict[str, int]]:
    """Count records of which each row is a leg, and those that their first leg sets aside, by reason."""
    found = db.execute(
        f"SELECT aside, count(*) FROM (SELECT arg_min(set_aside, {ROW}) AS aside FROM ({rows}) GROUP BY record_key) "
        "GROUP BY 1"
    ).fetchall()
    return sum(n for _, n in found), {reason: n for reason, n in found if reason is not None}
