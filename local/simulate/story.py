"""What the simulated year is to tell, in numbers; the SQL beside it makes records of them.

The inspectors' figures are exact by construction: waits are drawn by rank from quantile knots, so every seed has the
same distribution over the year, and a month that goes badly only takes the bad ranks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import log
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/London")
FORCE = "SIM"
YEAR_START, YEAR_END = date(2023, 4, 1), date(2024, 4, 1)
TAIL_END = date(2024, 4, 6)  # calls go on for some days, so that 72 h after the year are known

CALLS_A_YEAR = 430_000  # 101 and 999 together; rows scales it
OFFERED_101 = 340_000
BASE_999 = 86_000
BASE_CONTACTS = 27_000
OTHER_INCIDENTS = 21_000  # raised by officers, other forces, or by nobody knows whom
CALLERS = 160_000
OUTBOUND = 3_400

ABANDONMENT_101 = 0.244
REDIAL = 0.40  # of those who hung up
ATTEMPTS = 4  # nobody tries 101 more often than that
GRADE_2_MEDIAN_H = 11.0
DOMESTIC_MEDIAN_H, DOMESTIC_WITHIN_4H, DOMESTIC_OVER_7D = 22.0, 0.08, 0.41
DECLINED_SHARE = 0.38


@dataclass(frozen=True)
class MonthStory:
    """How one month goes: relative demand, relative abandonment, and how far grade 2 waits shift in rank."""

    month: str
    demand: float
    abandonment: float
    shift: float


MONTHS = (
    MonthStory("2023-04", 0.95, 0.165, -0.09),
    MonthStory("2023-05", 1.01, 0.185, -0.08),
    MonthStory("2023-06", 1.07, 0.240, -0.06),
    MonthStory("2023-07", 1.13, 0.320, 0.06),
    MonthStory("2023-08", 1.12, 0.340, 0.08),
    MonthStory("2023-09", 1.05, 0.300, 0.07),
    MonthStory("2023-10", 1.01, 0.260, 0.05),
    MonthStory("2023-11", 0.94, 0.190, 0.02),
    MonthStory("2023-12", 0.92, 0.160, -0.04),
    MonthStory("2024-01", 0.92, 0.225, -0.03),
    MonthStory("2024-02", 0.93, 0.265, 0.05),
    MonthStory("2024-03", 0.97, 0.275, 0.06),
    MonthStory("2024-04", 0.97, 0.270, 0.06),
)
WEEKDAY_DEMAND = (1.14, 1.06, 1.03, 1.02, 1.05, 0.89, 0.81)  # Monday first
WEEKDAY_ABANDONMENT = (1.15, 1.05, 1.00, 0.98, 1.02, 0.90, 0.85)
HOUR_DEMAND_101 = (
    1.4, 1.0, 0.7, 0.6, 0.6, 0.8, 1.4, 2.6, 4.4, 6.2, 6.8, 6.9,
    6.7, 6.5, 6.5, 6.5, 6.7, 6.8, 6.3, 5.6, 4.8, 4.0, 3.0, 2.0,
)  # fmt: skip
HOUR_DEMAND_999 = (
    4.2, 3.6, 3.0, 2.5, 2.0, 1.7, 1.8, 2.4, 3.2, 3.7, 4.0, 4.2,
    4.4, 4.5, 4.7, 5.1, 5.4, 5.6, 5.7, 5.7, 5.6, 5.5, 5.3, 4.8,
)  # fmt: skip
HOUR_ABANDONMENT = (
    0.6, 0.5, 0.5, 0.5, 0.5, 0.5, 0.6, 0.8, 0.9, 1.0, 1.1, 1.1,
    1.0, 1.0, 1.0, 1.1, 1.2, 1.3, 1.3, 1.2, 1.0, 0.9, 0.8, 0.7,
)  # fmt: skip


@dataclass(frozen=True)
class Response:
    """What becomes of the incidents of one kind.

    Attributes
    ----------
    attended
        Share that somebody attends, sooner or later.
    closed_early, closed_late
        Shares closed without attendance within 7 days, and later; the rest stay open.
    knots
        (share of the attended, hours): attended within so many hours; log-linear between.
    """

    kind: str
    attended: float
    closed_early: float
    closed_late: float
    knots: tuple[tuple[float, float], ...]


def quantile_share(knots: tuple[tuple[float, float], ...], hours: float) -> float:
    """Share of the attended whose wait is at most ``hours``."""
    for (low, from_h), (high, to_h) in pairwise(knots):
        if from_h <= hours <= to_h:
            return low + (high - low) * (log(hours) - log(from_h)) / (log(to_h) - log(from_h))
    raise ValueError(f"{hours} h lies outside the knots {knots}")


_DOMESTIC_ATTENDED, _DOMESTIC_CLOSED_EARLY = 0.81, 0.06
DOMESTIC = Response(
    "2_domestic", _DOMESTIC_ATTENDED, _DOMESTIC_CLOSED_EARLY, 0.11,
    (
        (0.0, 0.25),
        (DOMESTIC_WITHIN_4H / _DOMESTIC_ATTENDED, 4.0),
        (0.5, DOMESTIC_MEDIAN_H),
        ((1 - DOMESTIC_OVER_7D - _DOMESTIC_CLOSED_EARLY) / _DOMESTIC_ATTENDED, 168.0),
        (0.97, 600.0),
        (1.0, 670.0),
    ),
)  # fmt: skip
GRADE_1 = Response("1", 0.97, 0.029, 0.001, ((0.0, 0.035), (0.5, 0.18), (0.9, 0.36), (1.0, 2.0)))
GRADE_3 = Response("3", 0.62, 0.30, 0.06, ((0.0, 1.0), (0.5, 30.0), (0.9, 120.0), (1.0, 500.0)))
GRADE_4 = Response("4", 0.70, 0.24, 0.05, ((0.0, 20.0), (0.5, 48.0), (0.9, 140.0), (1.0, 400.0)))


def other_grade_2(domestic: int, other: int) -> Response:
    """Grade 2 without domestic abuse, such that ``GRADE_2_MEDIAN_H`` is the median of both together.

    Parameters
    ----------
    domestic, other
        Incidents of the year in either group.
    """
    attended = 0.75
    weight_domestic, weight_other = domestic * DOMESTIC.attended, other * attended
    domestic_by_then = quantile_share(DOMESTIC.knots, GRADE_2_MEDIAN_H)
    share = (0.5 * (weight_domestic + weight_other) - weight_domestic * domestic_by_then) / weight_other
    knots = ((0.0, 0.15), (0.12, 1.0), (share, GRADE_2_MEDIAN_H), (0.86, 72.0), (0.93, 168.0), (1.0, 600.0))
    return Response("2_other", attended, 0.20, 0.04, knots)


def attempts(hang_up: float) -> tuple[float, float]:
    """Calls that one first attempt on 101 leads to, and the hang-ups among them.

    ``hang_up`` is the probability in an average hour. Who redials calls again in a busy hour: the factors of hour and
    weekday do not even out over redials.
    """
    slots, factors = hour_slots(HOUR_DEMAND_101), hour_abandonment()
    even = _weekday_even()
    offered = hung_up = 0.0
    for attempt in range(ATTEMPTS):
        weight = (REDIAL * hang_up) ** attempt * _moment(slots, factors, even, attempt)
        offered += weight
        hung_up += (REDIAL * hang_up) ** attempt * hang_up * _moment(slots, factors, even, attempt + 1)
    return offered, hung_up


def _moment(slots: list[int], factors: list[float], even: float, power: int) -> float:
    hours = sum(factors[hour] ** power for hour in slots) / len(slots)
    pairs = zip(WEEKDAY_DEMAND, WEEKDAY_ABANDONMENT, strict=True)
    return hours * sum(d * (a / even) ** power for d, a in pairs) / sum(WEEKDAY_DEMAND)


def abandonment_by_month() -> dict[str, float]:
    """Probability of hanging up by month, scaled so that the year, redials counted, has ``ABANDONMENT_101``."""
    year = [story for story in MONTHS if story.month < str(YEAR_END)[:7]]

    def of_year(scale: float) -> float:
        offered = hung_up = 0.0
        for story in year:
            calls, given_up = attempts(scale * story.abandonment)
            offered += story.demand * _days(story.month) * calls
            hung_up += story.demand * _days(story.month) * given_up
        return hung_up / offered

    low, high = 0.5, 1.5
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if of_year(middle) < ABANDONMENT_101 else (low, middle)
    return {story.month: low * story.abandonment for story in MONTHS}


def base_101(rate_by_month: dict[str, float]) -> float:
    """First attempts in the year, so that they and their redials are ``OFFERED_101`` calls."""
    year = [story for story in MONTHS if story.month < str(YEAR_END)[:7]]
    demand = {s.month: s.demand * _days(s.month) for s in year}
    offered = sum(demand[s.month] * attempts(rate_by_month[s.month])[0] for s in year)
    return OFFERED_101 * sum(demand.values()) / offered


def _weekday_even() -> float:
    """What the weekday does to hanging up, on the average call."""
    pairs = zip(WEEKDAY_DEMAND, WEEKDAY_ABANDONMENT, strict=True)
    return sum(d * a for d, a in pairs) / sum(WEEKDAY_DEMAND)


def _days(month: str) -> int:
    first = date.fromisoformat(f"{month}-01")
    return ((first + timedelta(days=32)).replace(day=1) - first).days


def epoch(day: date, hour: int = 0) -> int:
    """Seconds since 1970 (UTC) at ``hour`` o'clock, local, of ``day``."""
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).astimezone(UTC).timestamp())


@dataclass(frozen=True)
class Day:
    """One local day: where it begins (seconds since 1970), how long it is, and its share of a year's demand."""

    day: date
    month: str
    starts: int
    seconds: int
    demand: float
    hang_up: float


def days() -> list[Day]:
    """All days of the year and its tail; ``demand`` adds up to 1 over the year."""
    rates = abandonment_by_month()
    of_month = {story.month: story for story in MONTHS}
    even = _weekday_even()
    whole = sum(of_month[str(day)[:7]].demand * WEEKDAY_DEMAND[day.weekday()] for day in _each(YEAR_START, YEAR_END))
    found = []
    for day in _each(YEAR_START, TAIL_END):
        month, weekday, starts = str(day)[:7], day.weekday(), epoch(day)
        demand = of_month[month].demand * WEEKDAY_DEMAND[weekday] / whole
        hang_up = rates[month] * WEEKDAY_ABANDONMENT[weekday] / even
        found.append(Day(day, month, starts, epoch(day + timedelta(days=1)) - starts, demand, hang_up))
    return found


def hour_slots(demand: tuple[float, ...]) -> list[int]:
    """Hours of the day in proportion to demand, a thousand entries or nearly: a uniform draw picks one."""
    return [hour for hour, weight in enumerate(demand) for _ in range(round(1000 * weight / sum(demand)))]


def hour_abandonment() -> list[float]:
    """Factor on hanging up by hour of the day; 1 on the average call."""
    slots = hour_slots(HOUR_DEMAND_101)
    even = sum(HOUR_ABANDONMENT[hour] for hour in slots) / len(slots)
    return [factor / even for factor in HOUR_ABANDONMENT]


def _each(first: date, end: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((end - first).days)]
