"""Wall clocks to UTC and back, as SQL over naive TIMESTAMPs.

A wall clock of the doubled autumn hour has two instants; one that spring leaves out is read with the offset before the
gap (PEP 495). London is done by arithmetic, seven times as fast as ICU; other zones by ICU's ``timezone()``, which
gives the second of two instants.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from callclock.clock import Month
from callclock.engine import quote

FIRST_YEAR = 1996
"""The rule of the last Sundays holds from here on; an earlier wall clock is no instant."""

_LAST_YEAR = 2037
_LONDON = frozenset({"Europe/London", "Europe/Jersey", "Europe/Guernsey", "Europe/Isle_of_Man", "GB"})
_UTC = frozenset({"UTC", "Etc/UTC", "Etc/GMT", "GMT"})

# Months in which London's clock changes.
_CHANGES = (3, 10)
# {t} is a column, so every repetition is a look at a vector, not a calculation.
_LONDON_SUMMER = (
    "(month({t}) BETWEEN 4 AND 9"
    " OR (month({t}) = 3 AND day({t}) >= 25 AND day({t}) - isodow({t}) % 7 > 24"
    " AND NOT (isodow({t}) = 7 AND hour({t}) < {change}))"
    " OR (month({t}) = 10 AND (day({t}) - isodow({t}) % 7 <= 24 OR (isodow({t}) = 7 AND hour({t}) < {change}))))"
)
_CHANGE_HOUR = "hour({t}) = 1 AND isodow({t}) = 7 AND day({t}) >= 25"


@dataclass(frozen=True)
class Reading:
    """SQL of the two instants that a wall clock may mean, over columns named in :meth:`Clock.read`."""

    first: str
    second: str


@dataclass(frozen=True)
class Clock:
    """The clock of one zone."""

    zone: str

    def anchor(self, wall: str) -> str:
        """SQL of the one instant from which :meth:`read` tells the others; ``wall`` is the name of a column.

        In London the first of two, elsewhere the second: what each way of reckoning gives for nothing.
        """
        if self.zone in _UTC:
            return wall
        if self.zone in _LONDON:
            summer = _LONDON_SUMMER.format(t=wall, change=2)
            return f"CASE WHEN {summer} THEN {wall} - INTERVAL 1 HOUR ELSE {wall} END"
        return f"CAST(timezone({quote(self.zone)}, {wall}) AS TIMESTAMP)"

    def flag(self, wall: str, anchor: str) -> str:
        """SQL that tells what a wall clock is: ``A`` ambiguous, ``N`` non-existent, else NULL.

        ``wall`` and ``anchor`` are names of columns, the latter holding :meth:`anchor` of the former.
        """
        if self.zone in _UTC:
            return "NULL::VARCHAR"
        if self.zone in _LONDON:
            # Nearly every clock is let go by its hour, so the rest is asked of few.
            cases = f"CASE month({wall}) WHEN 10 THEN 'A' WHEN 3 THEN 'N' END"
            return f"CASE WHEN {_CHANGE_HOUR.format(t=wall)} THEN {cases} END"
        flags = " ".join(f"WHEN {doubled} THEN 'A'" for _, doubled in self._doubled(wall, anchor))
        return f"CASE WHEN {self.wall(anchor)} <> {wall} THEN 'N' {flags} END"

    def read(self, wall: str, anchor: str, flag: str) -> Reading:
        """SQL of both instants; ``wall``, ``anchor`` and ``flag`` are names of columns that hold what those give."""
        if self.zone in _UTC:
            return Reading(wall, wall)
        if self.zone in _LONDON:
            return Reading(first=anchor, second=f"CASE WHEN {flag} = 'A' THEN {wall} ELSE {anchor} END")
        firsts = " ".join(f"WHEN {doubled} THEN {earlier}" for earlier, doubled in self._doubled(wall, anchor))
        return Reading(first=f"CASE {firsts} ELSE {anchor} END" if firsts else anchor, second=anchor)

    def _doubled(self, wall: str, anchor: str) -> Iterator[tuple[str, str]]:
        """SQL of each earlier instant that a clock put back may mean, and that it does."""
        for fold in _folds(self.zone):
            earlier = f"({anchor} - INTERVAL {fold} SECOND)"
            yield earlier, f"{self.wall(earlier)} = {wall}"

    def wall(self, instant: str) -> str:
        """SQL of the wall clock at an instant."""
        if self.zone in _UTC:
            return instant
        if self.zone in _LONDON:
            # On the UTC line summer begins and ends at 01:00 of the last Sundays.
            summer = _LONDON_SUMMER.format(t=instant, change=1)
            return f"CASE WHEN {summer} THEN {instant} + INTERVAL 1 HOUR ELSE {instant} END"
        return f"timezone({quote(self.zone)}, timezone('UTC', {instant}))"

    def wall_in(self, instant: str, month: Month) -> str:
        """SQL of the wall clock at an instant of a local month: in ten of twelve London's clock does not change."""
        if self.zone in _LONDON and month.month not in _CHANGES:
            return f"{instant} + INTERVAL 1 HOUR" if min(_CHANGES) < month.month < max(_CHANGES) else instant
        return self.wall(instant)


@cache
def _folds(zone: str) -> tuple[int, ...]:
    """Seconds by which the zone's clock was ever put back since :data:`FIRST_YEAR`."""
    tz = ZoneInfo(zone)
    found = set()
    at, end = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(_LAST_YEAR, 1, 1, tzinfo=UTC)
    before = at.astimezone(tz).utcoffset()
    while at < end:
        at += timedelta(days=1)
        now = at.astimezone(tz).utcoffset()
        if before and now and now < before:
            found.add(int((before - now).total_seconds()))
        before = now
    return tuple(sorted(found))
