"""Instants, local days, months and the periods made of them. Nothing here reads the wall clock."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Self
from zoneinfo import ZoneInfo, available_timezones

FINANCIAL_YEAR_FIRST_MONTH = 4


@cache
def zones() -> frozenset[str]:
    """Names of all time zones. Asked for once: it walks through the whole database of zones."""
    return frozenset(available_timezones())


class PeriodKind(StrEnum):
    """Kinds of period (METRICS, Periods). Year to date and rolling rows are told apart by their end."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    FY_TO_DATE = "fy_to_date"
    ROLLING_12M = "rolling_12m"


# Of the other kinds one period at most lies in the partition of a month.
_DAYS_OF_EACH = {PeriodKind.DAY: 1, PeriodKind.WEEK: 7}


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month; ``str`` gives the partition value ``YYYY-MM``."""

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> Self:
        """Month that holds ``day``."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``YYYY-MM``; anything else is a ValueError."""
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
            raise ValueError(f"{text!r} is no month: write it as 2026-03")
        return cls(int(text[:4]), int(text[5:]))

    def plus(self, months: int) -> Self:
        """Month so many months later (or earlier, when negative)."""
        index = self.year * 12 + self.month - 1 + months
        return type(self)(index // 12, index % 12 + 1)

    @property
    def first_day(self) -> date:
        """First day of the month."""
        return date(self.year, self.month, 1)

    @property
    def next_first_day(self) -> date:
        """Day after the last of the month."""
        return self.plus(1).first_day

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, order=True)
class Period:
    """A period of local days: ``start`` inclusive, ``end`` exclusive."""

    kind: PeriodKind
    start: date
    end: date

    @property
    def label(self) -> str:
        """Label as METRICS writes it: ``2026-03-01``, ``2026-W05``, ``2026-03``, ``2026-Q1``, ``2025/26``.

        A rolling year is named by its last month.
        """
        match self.kind:
            case PeriodKind.DAY:
                return self.start.isoformat()
            case PeriodKind.WEEK:
                year, week, _ = self.start.isocalendar()
                return f"{year}-W{week:02d}"
            case PeriodKind.MONTH:
                return str(Month.of(self.start))
            case PeriodKind.QUARTER:
                return f"{self.start.year}-Q{(self.start.month + 2) // 3}"
            case PeriodKind.FY_TO_DATE:
                return f"{self.start.year}/{(self.start.year + 1) % 100:02d}"
            case PeriodKind.ROLLING_12M:
                return str(Month.of(self.end - timedelta(days=1)))

    @property
    def home(self) -> Month:
        """Month in whose partition the value lies: of its start, or of its end for year to date and rolling."""
        if self.kind in {PeriodKind.FY_TO_DATE, PeriodKind.ROLLING_12M}:
            return Month.of(self.end - timedelta(days=1))
        return Month.of(self.start)


def financial_year_start(month: Month) -> Month:
    """April at or before ``month``."""
    return Month(month.year - (month.month < FINANCIAL_YEAR_FIRST_MONTH), FINANCIAL_YEAR_FIRST_MONTH)


def stretch(month: Month, kind: PeriodKind) -> tuple[date, date] | None:
    """First day of a month's periods of one kind, those that lie in its partition, and the day after their last.

    None where there is none: a quarter begins in every third month.
    """
    first, after = month.first_day, month.next_first_day
    match kind:
        case PeriodKind.DAY | PeriodKind.MONTH:
            return first, after
        case PeriodKind.WEEK:
            # The last that begins in the month ends with the first Monday after it.
            return first + timedelta(days=-first.weekday() % 7), after + timedelta(days=-after.weekday() % 7)
        case PeriodKind.QUARTER:
            return (first, month.plus(3).first_day) if month.month % 3 == 1 else None
        case PeriodKind.FY_TO_DATE:
            return financial_year_start(month).first_day, after
        case PeriodKind.ROLLING_12M:
            return month.plus(-11).first_day, after


@cache
def periods_of(month: Month) -> tuple[Period, ...]:
    """Every period whose values lie in the partition of ``month``, in order of kind and start."""
    found = []
    for kind in PeriodKind:
        if spanned := stretch(month, kind):
            start, end = spanned
            whole = (end - start).days
            each = _DAYS_OF_EACH.get(kind, whole)
            starts = (start + timedelta(days=n) for n in range(0, whole, each))
            found += [Period(kind, first, first + timedelta(days=each)) for first in starts]
    return tuple(found)


def parse_instant(text: str) -> datetime:
    """Read an ISO instant that states its offset; the result is UTC."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} states no offset: write it as 2026-03-01T09:00:00Z")
    return instant.astimezone(UTC)


def format_instant(instant: datetime) -> str:
    """Write an instant as ``2026-03-01T09:00:00.000Z``."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def format_at_most(instant: datetime, latest: datetime | None) -> str:
    """Write an instant as ``format_instant``, or ``latest`` where that is earlier."""
    return format_instant(min(instant, latest) if latest else instant)


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """Instant, in UTC, at which the local ``day`` begins."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Local date of an instant."""
    return instant.astimezone(zone).date()
