"""Figures, periods and times in the words of a person: ``22 h 10 min``, ``24.4 %``, ``Tuesday 9 April 2024, 06:00``."""

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from callclock.clock import Month, PeriodKind

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

PERIOD_NOUN = {
    PeriodKind.DAY: "day",
    PeriodKind.WEEK: "week",
    PeriodKind.MONTH: "month",
    PeriodKind.QUARTER: "quarter",
    PeriodKind.FY_TO_DATE: "year to date",
    PeriodKind.ROLLING_12M: "rolling year",
}

_PARTS = {
    ("stage", "network"): "before the call connected",
    ("stage", "ivr"): "in the recorded message",
    ("stage", "ivr_before_alternative"): "in the recorded message, before another way was offered",
    ("stage", "ivr_after_alternative"): "after another way was offered",
    ("stage", "queue"): "in the queue",
    ("stage", "switchboard_queue"): "in the queue of the switchboard",
    ("stage", "skill_queue"): "in the queue for a call handler",
    ("stage", "ringing"): "while it rang",
    ("stage", "unknown"): "not known where",
    ("area", "unknown"): "area not known",
    ("grade", "unknown"): "grade not known",
    ("queue", "none"): "in no queue",
}


def part(dimension: str, name: str) -> str:
    """Name one part of a figure: a stage in words, a grade as ``grade 2``, an area or a queue as the force calls it."""
    return _PARTS.get((dimension, name), f"grade {name}" if dimension == "grade" and name.isdigit() else name)


_POPULATIONS = {
    "domestic_abuse": "domestic abuse",
    "other": "other than domestic abuse",
    "unknown": "domestic abuse not known",
}
_TAKEN_FOR_GRANTED = frozenset({("grade_basis", "initial"), ("basis", "record")})


def place(key: str, value: str) -> str:
    """Name what a figure is broken down by: ``line 101``, ``domestic abuse``; "" for what is taken for granted."""
    if (key, value) in _TAKEN_FOR_GRANTED or key == "grade_scheme":
        return ""
    if key == "population":
        return _POPULATIONS.get(value, value)
    if key in {"stage", "outcome", "channel", "reason"}:
        return part(key, value).replace("_", " ")
    if key == "window_label":
        return f"within {value}"
    return f"{value} grade" if key == "grade_basis" else f"{key.replace('_', ' ')} {value}"


def rounded(value: float, digits: int, scale: int = 1) -> Decimal:
    """Round ``scale`` times a value half up, as it is written: 0.2845 is 28.5 %, whatever the binary says."""
    return (Decimal(repr(value)) * scale).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def duration(seconds: float) -> str:
    """Write seconds: ``8.3 s``, ``4 min 30 s``, ``22 h 10 min``, from seven days on ``9 d 4 h``."""
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if rounded(seconds, 1) < 60:
        return f"{rounded(seconds, 1):f} s".replace(".0 s", " s")
    whole = int(rounded(seconds, 0))
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = int(rounded(seconds / 60, 0))
    if minutes < 7 * 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    hours = int(rounded(seconds / 3600, 0))
    return f"{hours // 24} d {hours % 24} h"


def share(fraction: float, digits: int = 1) -> str:
    """Write a fraction as ``24.4 %``."""
    return f"{rounded(fraction, digits, 100) + 0:f} %"


def figure(value: float, unit: str) -> str:
    """Write a value of the unit ``s``, ``share``, ``count`` or ``ratio`` (contracts, metric_values)."""
    match unit:
        case "s":
            return duration(value)
        case "share":
            return share(value)
        case "count":
            return f"{rounded(value, 0):,f}"
        case _:
            return f"{rounded(value, 2):f}"


def told_apart(value: float, level: float, unit: str) -> tuple[str, str]:
    """Write two figures, with as many digits as it takes to see that they differ, where they do."""
    pair = figure(value, unit), figure(level, unit)
    if value == level or pair[0] != pair[1]:
        return pair
    if unit == "s":
        return f"{value:,.1f} s", f"{level:,.1f} s"
    scale, sign = (100, " %") if unit == "share" else (1, "")
    for digits in range(2, 7):
        a, b = rounded(value, digits, scale), rounded(level, digits, scale)
        if a != b:
            return f"{a:f}{sign}", f"{b:f}{sign}"
    return pair


def change(value: float, unit: str) -> str:
    """Write a change with its sign: shares in points, the rest in the unit."""
    text = f"{rounded(abs(value), 1, 100):f} points" if unit == "share" else figure(abs(value), unit)
    sign = "-" if value < 0 else "+" if value else ""
    return f"{sign}{text}"


def count(number: float, below: int) -> str:
    """Write a number of records; one that is small and not nought is not told."""
    return f"fewer than {below}" if 0 < number < below else f"{number:,.0f}"


def day(when: date) -> str:
    """Write a day as ``Tuesday 9 April 2024``."""
    return f"{WEEKDAYS[when.weekday()]} {short_day(when)}"


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """Write an instant in local time as ``Tuesday 9 April 2024, 06:00``."""
    local = instant.astimezone(zone)
    return f"{day(local.date())}, {local:%H:%M}"


def short_day(when: date) -> str:
    """Write a day as ``9 April 2024``."""
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def period(kind: PeriodKind, start: date, end: date) -> str:
    """Name a period (``end`` exclusive): ``March 2026``, ``the week from Monday 30 March 2026``."""
    last = end - timedelta(days=1)
    last_month = f"{MONTHS[last.month - 1]} {last.year}"
    match kind:
        case PeriodKind.DAY:
            return day(start)
        case PeriodKind.WEEK:
            return f"the week from {day(start)}"
        case PeriodKind.MONTH:
            return last_month
        case PeriodKind.QUARTER:
            return f"{MONTHS[start.month - 1]} to {last_month}"
        case PeriodKind.FY_TO_DATE:
            return f"the financial year to {short_day(last)}"
        case PeriodKind.ROLLING_12M:
            return f"the 12 months to {last_month}"


def period_ending(kind: PeriodKind, end: date) -> str:
    """Name the period of a kind that ends (exclusively) at ``end``."""
    month = Month.of(end - timedelta(days=1))
    starts = {
        PeriodKind.DAY: end - timedelta(days=1),
        PeriodKind.WEEK: end - timedelta(days=7),
        PeriodKind.QUARTER: month.plus(-2).first_day,
        PeriodKind.FY_TO_DATE: month.plus(-((month.month - 4) % 12)).first_day,
        PeriodKind.ROLLING_12M: month.plus(-11).first_day,
    }
    return period(kind, starts.get(kind, month.first_day), end)


def listed(words: Sequence[str]) -> str:
    """Join as ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def sentence(words: str) -> str:
    """Begin with a capital."""
    return f"{words[:1].upper()}{words[1:]}"


def printable_ascii(text: str, most: int) -> str:
    """Cut a text to so many printable ASCII characters: accents go, line breaks become spaces, the rest ``?``."""
    plain = unicodedata.normalize("NFKD", text.translate(_DASHES))
    bare = "".join(mark for mark in plain if not unicodedata.combining(mark))
    kept = " ".join("".join(mark if mark.isspace() or " " <= mark <= "~" else "?" for mark in bare).split())
    return kept if len(kept) <= most else f"{kept[: most - 3].rstrip()}..."


_DASHES = str.maketrans({
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MINUS SIGN}": "-",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
})  # fmt: skip
