"""Leaps of the quarantine rate: an export of which more could not be accepted than of its source's others before it."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from callclock.exports.receipt import CoverageRow
from callclock.lake.coverage import Coverage
from callclock.settings import QuarantineLeap


@dataclass(frozen=True)
class Leap:
    """An export whose quarantine rate leapt.

    Attributes
    ----------
    row
        The export.
    usual
        Median rate of the exports before it.
    compared
        How many these are.
    """

    row: CoverageRow
    usual: float
    compared: int

    @property
    def rate(self) -> float:
        """Share of its records that were not accepted."""
        return rate_of(self.row)


def rate_of(row: CoverageRow) -> float:
    """Share of the judged records of an export that were not accepted; 0 where none was judged."""
    return (row.quarantined or 0) / row.records if row.records else 0.0


def leaps(coverage: Coverage, export_ids: Iterable[str], limits: QuarantineLeap) -> tuple[Leap, ...]:
    """Find those of these exports that leapt, each in every table that it feeds.

    An export is compared with those of its source that were taken before it, in whatever order they arrived. With too
    few of them nothing is usual yet.
    """
    wanted = set(export_ids)
    found = (_leap(row, coverage, limits) for row in coverage.rows if row.export_id in wanted)
    return tuple(leap for leap in found if leap)


def _leap(row: CoverageRow, coverage: Coverage, limits: QuarantineLeap) -> Leap | None:
    if (row.quarantined or 0) < limits.records:
        return None
    before = sorted(
        (
            (other.exported_at, other.export_id, rate_of(other))
            for other in coverage.rows
            if (other.source, other.table_name) == (row.source, row.table_name)
            and other.records
            and (other.exported_at, other.export_id) < (row.exported_at, row.export_id)
        ),
    )[-limits.exports :]
    if len(before) < limits.exports_least:
        return None
    usual = median(rate for _, _, rate in before)
    is_leap = rate_of(row) >= max(limits.times * usual, usual + limits.share)
    return Leap(row, usual, len(before)) if is_leap else None
