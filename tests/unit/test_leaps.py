"""Which exports leapt, by hand: against the median of the source's own exports before, and never for a record or two."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from callclock.exports.receipt import CoverageRow
from callclock.lake.coverage import Coverage
from callclock.lake.leaps import leaps
from callclock.settings import QuarantineLeap

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
LIMITS = QuarantineLeap()


def export(n: int, records: int | None, quarantined: int | None, source: str = "acd") -> CoverageRow:
    """The export taken on the nth day; they arrive in the opposite order."""
    at, came = FIRST + timedelta(days=n), FIRST + timedelta(days=500 - n)
    return CoverageRow(
        source, "calls", f"{source}-{n}", at, at, at, "delta", "start", "span", came, records, quarantined
    )


def leapt(rows: Sequence[CoverageRow], limits: QuarantineLeap = LIMITS) -> list[tuple[str, float, int]]:
    """Every export that leapt: its id, what is usual, of how many."""
    coverage = Coverage().with_rows(rows)
    found = leaps(coverage, [row.export_id for row in rows], limits)
    return sorted((leap.row.export_id, leap.usual, leap.compared) for leap in found)


# Usual is 0.2 %: a leap is 0.7 % and more.
USUAL = [export(n, 1000, quarantined) for n, quarantined in enumerate([1, 2, 40, 2])]


@pytest.mark.parametrize(
    ("records", "quarantined", "is_leap"),
    [
        (10_000, 70, True),
        (10_000, 69, False),  # more than three times as many, and yet not half a point more
        (20, 9, False),  # nine records are nine records
        (20, 10, True),
        (0, 0, False),
        (1000, 2, False),
    ],
)
def test_three_times_the_usual_and_half_a_point_more(records: int, quarantined: int, is_leap: bool) -> None:
    # The one of 4 % leapt only if there were enough before it: there were two.
    assert leapt([*USUAL, export(9, records, quarantined)]) == ([("acd-9", 0.002, 4)] if is_leap else [])


def test_three_times_where_much_is_usual() -> None:
    much = [export(n, 1000, 20) for n in range(3)]
    assert leapt([*much, export(9, 1000, 59)]) == []
    assert leapt([*much, export(9, 1000, 60)]) == [("acd-9", 0.02, 3)]


def test_with_two_exports_nothing_is_usual_yet() -> None:
    assert leapt([*USUAL[:2], export(9, 1000, 500)]) == []
    assert leapt([*USUAL[:2], export(9, 1000, 500)], QuarantineLeap(exports_least=2)) == [("acd-9", 0.0015, 2)]


def test_only_its_own_source_and_only_what_was_taken_before() -> None:
    others = [export(n, 1000, 0, "cad") for n in range(8)]
    later = [export(n, 1000, 0) for n in range(20, 30)]
    assert leapt([*USUAL[:2], *others, *later, export(9, 1000, 500)]) == []


def test_the_last_exports_count_and_those_without_a_record_or_a_count_do_not() -> None:
    rows = [export(n, 100, 50) for n in range(5)] + [export(n, 100, 0) for n in range(5, 15)]
    unsaid = [export(n, None, None) for n in range(15, 30)] + [export(n, 0, 0) for n in range(30, 45)]
    assert leapt([*rows, *unsaid, export(60, 1000, 20)]) == [("acd-60", 0.0, 10)]
    assert leapt([*rows, *unsaid, export(60, 1000, 20)], QuarantineLeap(exports=12)) == [("acd-60", 0.0, 12)]
    assert leapt([*rows, *unsaid, export(60, 1000, 20)], QuarantineLeap(exports=50)) == [("acd-60", 0.0, 15)]
