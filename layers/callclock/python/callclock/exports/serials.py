"""A spreadsheet's own dates and times as SQL over text: days since 1899-12-30, fractions of a day.

Only numbers of five figures are days (1996 is 35065, and 99999 far ahead): 20260301 or 1772359200 is none.
"""

ISO_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f")
"""How cells that are dates are written, alone or before a time."""

_DAY_ZERO = "1899-12-30"
_MS_A_DAY = 86_400_000


def serial_instant(text: str) -> str:
    """SQL of the wall clock that a serial number stands for, to the millisecond; NULL for other texts."""
    return (
        rf"(CASE WHEN regexp_full_match({text}, '\d{{5}}(\.\d+)?') THEN TIMESTAMP '{_DAY_ZERO}' + "
        f"to_milliseconds(round({text}::DOUBLE * {_MS_A_DAY})::BIGINT) END)"
    )


def serial_day(text: str) -> str:
    """SQL of a day as ISO where it is a serial number, else as it stands."""
    return (
        rf"(CASE WHEN regexp_full_match({text}, '\d{{5}}(\.0+)?') THEN "
        f"strftime(DATE '{_DAY_ZERO}' + {text}::DOUBLE::INTEGER, '%Y-%m-%d') ELSE {text} END)"
    )


def serial_time(text: str) -> str:
    """SQL of a time of day where it is a fraction of a day, else as it stands."""
    # The last half millisecond before midnight would round to the next day's beginning.
    ms = f"least(round({text}::DOUBLE * {_MS_A_DAY})::BIGINT, {_MS_A_DAY - 1})"
    clock = f"(TIMESTAMP '{_DAY_ZERO}' + to_milliseconds({ms}))"
    return (
        rf"(CASE WHEN NOT regexp_full_match({text}, '0(\.\d+)?') THEN {text} "
        f"WHEN {ms} % 1000 = 0 THEN strftime({clock}, '%H:%M:%S') ELSE strftime({clock}, '%H:%M:%S.%f') END)"
    )
