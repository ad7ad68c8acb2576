"""Figures and periods as people read them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from callclock import wording
from callclock.clock import PeriodKind


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (8.25, "8.3 s"),
        (45, "45 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (270, "4 min 30 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 0 min"),
        (79800, "22 h 10 min"),
        (68.9 * 3600, "68 h 54 min"),
        (604799, "7 d 0 h"),
        (604800 + 4 * 3600, "7 d 4 h"),
        (-90, "-1 min 30 s"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert wording.duration(seconds) == text


def test_shares_round_as_they_are_written() -> None:
    assert wording.share(0.244) == "24.4 %"
    assert wording.share(0.2845) == "28.5 %"
    assert wording.share(0.0) == "0.0 %"
    assert wording.share(1e-07) == "0.0 %"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(79800, "s", "22 h 10 min"), (0.244, "share", "24.4 %"), (12345, "count", "12,345"), (2.018, "ratio", "2.02")],
)
def test_figures(value: float, unit: str, text: str) -> None:
    assert wording.figure(value, unit) == text


@pytest.mark.parametrize(
    ("value", "level", "unit", "texts"),
    [
        (0.244, 0.2, "share", ("24.4 %", "20.0 %")),
        (0.2, 0.2, "share", ("20.0 %", "20.0 %")),
        (0.2004, 0.2, "share", ("20.04 %", "20.00 %")),
        (0.20004, 0.2, "share", ("20.004 %", "20.000 %")),
        (14400.4, 14400, "s", ("14,400.4 s", "14,400.0 s")),
        (1.001, 1.0, "ratio", ("1.001", "1.000")),
    ],
)
def test_figures_that_differ_are_told_apart(value: float, level: float, unit: str, texts: tuple[str, str]) -> None:
    assert wording.told_apart(value, level, unit) == texts


def test_changes_carry_their_sign() -> None:
    assert wording.change(0.134, "share") == "+13.4 points"
    assert wording.change(-0.0005, "share") == "-0.1 points"
    assert wording.change(0, "share") == "0.0 points"
    assert wording.change(-3700, "s") == "-1 h 2 min"


def test_small_counts_are_not_told() -> None:
    assert [wording.count(n, 5) for n in (0, 1, 4, 5, 12345)] == ["0", "fewer than 5", "fewer than 5", "5", "12,345"]


def test_moments_are_local() -> None:
    london = ZoneInfo("Europe/London")
    assert wording.moment(datetime(2024, 4, 9, 5, 0, tzinfo=UTC), london) == "Tuesday 9 April 2024, 06:00"
    assert wording.moment(datetime(2024, 1, 9, 5, 0, tzinfo=UTC), london) == "Tuesday 9 January 2024, 05:00"


PERIODS = [
    (PeriodKind.DAY, date(2024, 4, 9), date(2024, 4, 10), "Tuesday 9 April 2024"),
    (PeriodKind.WEEK, date(2026, 3, 30), date(2026, 4, 6), "the week from Monday 30 March 2026"),
    (PeriodKind.MONTH, date(2026, 12, 1), date(2027, 1, 1), "December 2026"),
    (PeriodKind.QUARTER, date(2026, 1, 1), date(2026, 4, 1), "January to March 2026"),
    (PeriodKind.FY_TO_DATE, date(2025, 4, 1), date(2025, 7, 1), "the financial year to 30 June 2025"),
    (PeriodKind.FY_TO_DATE, date(2025, 4, 1), date(2026, 4, 1), "the financial year to 31 March 2026"),
    (PeriodKind.ROLLING_12M, date(2025, 3, 1), date(2026, 3, 1), "the 12 months to February 2026"),
]


@pytest.mark.parametrize(("kind", "start", "end", "text"), PERIODS)
def test_periods(kind: PeriodKind, start: date, end: date, text: str) -> None:
    assert wording.period(kind, start, end) == text
    assert wording.period_ending(kind, end) == text


def test_subjects_are_printable_ascii() -> None:
    assert (
        wording.printable_ascii("Cafe\u0301 \u2013 na\u00efve\nline\ttwo \u2019 \u4f60", 100)
        == "Cafe - naive line two ' ?"
    )
    cut = wording.printable_ascii("word " * 40, 100)
    assert len(cut) == 100
    assert cut.endswith("word wo...")


def test_lists_read_as_a_person_writes_them() -> None:
    assert wording.listed(["a"]) == "a"
    assert wording.listed(["a", "b"]) == "a and b"
    assert wording.listed(["a", "b", "c"]) == "a, b and c"
