"""Until when a table is known, and which periods a hole in what its exports cover makes incomplete."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from callclock.clock import Month, Period, PeriodKind, periods_of
from callclock.exports.receipt import CoverageRow
from callclock.lake.coverage import Coverage, periods_with_holes
from callclock.metrics.known import FOR_EVER
from callclock.objects import ChangedMeanwhileError
from callclock.settings import Force, Retirement
from tests.support.staged import MemoryBucket, instant

FORCE = Force(name="Test")
JANUARY = Month(2026, 1)


def export(
    span: tuple[str, str] | None, exported: str, source: str = "cad", table: str = "incidents", resend: str = "snapshot"
) -> CoverageRow:
    covered = (instant(span[0]), instant(span[1])) if span else (None, None)
    return CoverageRow(
        source, table, f"{source}-{table}-{exported}", *covered, instant(exported), resend, "start", "span"
    )


def incomplete(rows: Sequence[CoverageRow], month: Month = JANUARY, force: Force = FORCE) -> set[str]:
    holes = Coverage().with_rows(rows).holes("incidents", force)
    # A rolling year has the label of its last month.
    periods = [period for period in periods_of(month) if period.kind is not PeriodKind.ROLLING_12M]
    return {period.label for period in periods_with_holes(holes, periods, force.tz)}


def days(month: Month, first: int, last: int) -> set[str]:
    return {f"{month}-{day:02d}" for day in range(first, last + 1)}


WHOLE = export(("2025-12-01T00:05:00Z", "2026-01-31T23:50:00Z"), "2026-02-03T09:00:00Z")


def test_a_month_covered_to_its_end_has_no_hole_though_exported_on_the_third() -> None:
    assert incomplete([WHOLE]) & {"2026-01", *days(JANUARY, 1, 31)} == set()
    # Of February nothing is said, though the export was taken on the third.
    assert {"2026-02", *days(Month(2026, 2), 1, 3)} <= incomplete([WHOLE], Month(2026, 2))


@pytest.mark.parametrize(
    ("reached", "resumed", "touched"),
    [
        ("2026-01-10T12:00:00Z", "2026-01-10T18:00:00Z", set()),  # exactly the limit
        ("2026-01-10T12:00:00Z", "2026-01-10T18:00:00.001Z", {"2026-01-10"}),
        ("2026-01-10T23:50:00Z", "2026-01-11T00:10:00Z", set()),
        ("2026-01-10T23:50:00Z", "2026-01-12T00:10:00Z", {"2026-01-11"}),
        ("2026-01-10T20:00:00Z", "2026-01-11T03:00:00Z", {"2026-01-10", "2026-01-11"}),
        ("2026-01-10T12:00:00Z", "2026-01-13T12:00:00Z", days(JANUARY, 10, 13)),
    ],
)
def test_two_exports_join_within_the_limit(reached: str, resumed: str, touched: set[str]) -> None:
    rows = [
        export(("2025-12-01T00:05:00Z", reached), "2026-01-11T09:00:00Z"),
        export((resumed, "2026-01-31T23:50:00Z"), "2026-02-01T00:00:00Z"),
    ]
    found = {label for label in incomplete(rows) if len(label) == len("2026-01-10") and "W" not in label}
    assert found == touched
    assert ("2026-01" in incomplete(rows)) == bool(touched)
    assert incomplete(rows[::-1]) == incomplete(rows)


def test_overlapping_exports_leave_no_hole() -> None:
    inner = export(("2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z"), "2026-01-06T01:00:00Z")
    assert incomplete([WHOLE, inner]) == incomplete([WHOLE])


def test_a_longer_period_bears_one_in_a_hundred() -> None:
    def quarter(hours: float) -> bool:
        start = instant("2026-02-10T12:00:00Z")
        rows = [
            CoverageRow("cad", "incidents", "a", instant("2025-01-01T00:00:00Z"), start, start, "snapshot", "start", "span"),
            CoverageRow("cad", "incidents", "b", start + timedelta(hours=hours), instant("2026-03-31T22:59:00Z"),
                        instant("2026-03-31T23:00:00Z"), "snapshot", "start", "span"),
        ]  # fmt: skip
        return "2026-Q1" in incomplete(rows)

    # The first quarter of 2026 has 90 days less the hour of the clock change: 2,159 h.
    assert not quarter(21.58)
    assert quarter(21.60)


def test_what_lies_before_the_first_export_is_not_known() -> None:
    late = export(("2026-01-15T00:30:00Z", "2026-01-31T23:50:00Z"), "2026-02-01T00:00:00Z")
    assert {"2026-01", *days(JANUARY, 1, 14)} <= incomplete([late])
    assert incomplete([late]) & days(JANUARY, 15, 31) == set()
    # A second source that begins later makes no hole: it had not begun.
    second = export(("2026-01-20T12:00:00Z", "2026-01-31T23:50:00Z"), "2026-02-01T00:00:00Z", source="new")
    assert incomplete([late, second]) == incomplete([late])


def test_every_live_source_must_cover_a_period() -> None:
    silent = export(("2025-12-01T00:00:00Z", "2026-01-20T12:00:00Z"), "2026-01-31T23:55:00Z", source="other")
    assert incomplete([WHOLE, silent]) >= {"2026-01", *days(JANUARY, 20, 31)}
    retired = Force(name="Test", retired=(Retirement("other", date(2026, 1, 21)),))
    assert incomplete([WHOLE, silent], force=retired) & days(JANUARY, 21, 31) == set()


def test_days_are_local() -> None:
    rows = [
        export(("2025-12-01T00:00:00Z", "2026-07-09T22:50:00Z"), "2026-07-10T00:00:00Z"),
        export(("2026-07-10T23:10:00Z", "2026-07-31T22:50:00Z"), "2026-08-01T00:00:00Z"),
    ]
    found = incomplete(rows, Month(2026, 7))
    assert found & days(Month(2026, 7), 1, 31) == {"2026-07-10"}


def test_other_tables_and_empty_exports_say_nothing() -> None:
    other = export(("2026-01-15T00:00:00Z", "2026-01-16T00:00:00Z"), "2026-02-01T00:00:00Z", table="calls")
    empty = export(None, "2026-02-02T00:00:00Z")
    assert incomplete([WHOLE, other]) == incomplete([WHOLE])
    assert Coverage().with_rows([empty]).holes("incidents", FORCE) == ()
    assert Coverage().holes("incidents", FORCE) == ()


NOW = instant("2026-02-10T00:00:00Z")


def test_a_table_is_known_until_its_least_known_live_source() -> None:
    rows = [
        export(None, "2026-02-01T00:00:00Z"),
        export(None, "2026-02-05T00:00:00Z"),
        export(None, "2026-02-03T00:00:00Z", source="other", resend="delta"),
        export(None, "2026-01-03T00:00:00Z", source="phones", table="calls"),
    ]
    known = Coverage().with_rows(rows)
    assert known.table_as_at("incidents", FORCE, NOW) == instant("2026-02-03T00:00:00Z")
    assert known.table_as_at("contacts", FORCE, NOW) is None
    assert [(s.source, s.as_at, s.resend) for s in known.sources_known("incidents", FORCE)] == [
        ("cad", instant("2026-02-05T00:00:00Z"), "snapshot"),
        ("other", instant("2026-02-03T00:00:00Z"), "delta"),
    ]
    covered = export(("2026-01-01T00:00:00Z", "2026-01-31T23:00:00Z"), "2026-02-04T00:00:00Z")
    [cad, other] = known.with_rows([covered]).sources_known("incidents", FORCE)
    assert (cad.covered_from, cad.covered_to) == (instant("2026-01-01T00:00:00Z"), instant("2026-01-31T23:00:00Z"))
    assert (other.covered_from, other.covered_to, other.retired_at) == (None, None, None)
    gone = Force(name="Test", retired=(Retirement("other", date(2026, 2, 10)),))
    assert known.table_as_at("incidents", gone, NOW) == instant("2026-02-05T00:00:00Z")
    assert known.table_as_at("incidents", gone, NOW - timedelta(days=1)) == instant("2026-02-03T00:00:00Z")
    all_gone = replace(gone, retired=(*gone.retired, Retirement("cad", date(2026, 2, 1))))
    assert known.table_as_at("incidents", all_gone, NOW) == instant("2026-02-05T00:00:00Z")


def test_kept_and_read_back(tmp_path: Path) -> None:
    bucket = MemoryBucket()
    empty = Coverage.load(bucket, "AVN", tmp_path)
    assert empty == Coverage()
    rows = [WHOLE, export(None, "2026-02-05T00:00:00Z")]
    empty.with_rows(rows).save(bucket, "AVN", tmp_path)
    found = Coverage.load(bucket, "AVN", tmp_path)
    assert set(found.rows) == set(rows)
    # A newer reading of the same export replaces the older one, and does not stand beside it.
    again = export(("2025-12-01T00:05:00Z", "2026-01-30T00:00:00Z"), "2026-02-03T09:00:00Z")
    assert set(found.with_rows([again]).rows) == {again, rows[1]}
    with pytest.raises(ChangedMeanwhileError):
        empty.with_rows(rows).save(bucket, "AVN", tmp_path)


def test_a_period_is_touched_by_its_own_hours_only() -> None:
    day = Period(PeriodKind.DAY, date(2026, 1, 10), date(2026, 1, 11))
    rows = [
        export(("2025-12-01T00:00:00Z", "2026-01-10T23:59:00Z"), "2026-01-11T00:00:00Z"),
        export(("2026-01-12T12:00:00Z", "2026-01-31T23:00:00Z"), "2026-02-01T00:00:00Z"),
    ]
    holes = Coverage().with_rows(rows).holes("incidents", FORCE)
    assert periods_with_holes(holes, [day], FORCE.tz) == frozenset()
    assert all(isinstance(hole.start, datetime) and hole.start < hole.end for hole in holes)


def gaps(rows: Sequence[CoverageRow], force: Force = FORCE) -> list[tuple[datetime, datetime]]:
    [known] = Coverage().with_rows(rows).sources_known("incidents", force)
    return list(known.gaps)


def test_a_window_must_not_touch_what_a_live_source_does_not_cover() -> None:
    """Unlike a hole, the last gap begins at the newest instant covered, to the millisecond, and has no end."""
    assert gaps([WHOLE]) == [(instant("2026-01-31T23:50:00Z"), FOR_EVER)]
    later = export(("2026-02-10T12:00:00Z", "2026-02-20T12:00:00Z"), "2026-02-21T09:00:00Z")
    assert gaps([WHOLE, later]) == [
        (instant("2026-02-01T00:00:00Z"), instant("2026-02-10T12:00:00Z")),
        (instant("2026-02-20T12:00:00Z"), FOR_EVER),
    ]
    joined = export(("2026-02-01T00:05:00Z", "2026-02-20T12:00:00Z"), "2026-02-21T09:00:00Z")
    assert gaps([WHOLE, joined]) == [(instant("2026-02-20T12:00:00Z"), FOR_EVER)]
    assert gaps([export(None, "2026-02-21T09:00:00Z")]) == []


@pytest.mark.parametrize(
    ("last_day", "due"),
    [(date(2026, 2, 1), []), (date(2026, 2, 2), [("2026-01-31T23:50:00Z", "2026-02-02T00:00:00Z")])],
)
def test_a_retired_source_is_missed_until_its_retirement_only(last_day: date, due: list[tuple[str, str]]) -> None:
    force = replace(FORCE, retired=(Retirement("cad", last_day),))
    assert gaps([WHOLE], force) == [(instant(start), instant(end)) for start, end in due]
