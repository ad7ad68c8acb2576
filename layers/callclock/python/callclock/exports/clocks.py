"""Wall clocks to UTC and back, as SQL over naive TIMESTAMPs.

A wall clock of the doubled autumn hour has two instants; one that spring leaves out is read with the offset before the
gap (PEP 495). London is done by arithmetic, seven times as fast as ICU; other zones by ICU's ``timezone()``, which
gives the second of two instants.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from callclock.engine import quote

FIRST_YEAR = 1996
"""The rule of the last Sundays holds from here on; an earlier wall clock is no instant."""

_LAST_YEAR = 2037
_LONDON = frozenset({"Europe/London", "Europe/Jersey", "Europe/Guernsey", "Europe/Isle_of_Man", "GB"})
_UTC = frozenset({"UTC", "Etc/UTC", "Etc/GMT", "GMT"})

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
    """SQL of what a wall clock may mean, over columns named in :meth:`Clock.second` and :meth:`Clock.first`."""

    first: str
    second: str
    flag: str


@dataclass(frozen=True)
class Clock:
    """The clock of one zone."""

    zone: str

    @property
    def _folds(self) -> tuple[int, ...]:
        return _folds(self.zone)

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

    def read(self, wall: str, anchor: str) -> Reading:
        """SQL of both instants and of the flag: ``A`` ambiguous, ``N`` non-existent, else NULL.

        ``wall`` and ``anchor`` are names of columns, the latter holding :meth:`anchor` of the former.
        """
        if self.zone in _UTC:
            return Reading(wall, wall, "NULL")
        if self.zone in _LONDON:
            at_change = _CHANGE_HOUR.format(t=wall)
            ambiguous = f"month({wall}) = 10 AND {at_change}"
            return Reading(
                first=anchor,
                second=f"CASE WHEN {ambiguous} THEN {wall} ELSE {anchor} END",
                flag=f"CASE WHEN {ambiguous} THEN 'A' WHEN month({wall}) = 3 AND {at_change} THEN 'N' END",
            )
        earlier = {fold: f"({anchor} - INTERVAL {fold} SECOND)" for fold in self._folds}
        doubled = {fold: f"{self.wall(earlier[fold])} = {wall}" for fold in earlier}
        firsts = " ".join(f"WHEN {doubled[fold]} THEN {earlier[fold]}" for fold in earlier)
        flags = " ".join(f"WHEN {doubled[fold]} THEN 'A'" for fold in earlier)
        return Reading(
            first=f"CASE {firsts} ELSE {anchor} END" if firsts else anchor,
            second=anchor,
            flag=f"CASE WHEN {self.wall(anchor)} <> {wall} THEN 'N' {flags} END",
        )

    def wall(self, instant: str) -> str:
        """SQL of the wall clock at an instant."""
        if self.zone in _UTC:
            return instant
        if self.zone in _LONDON:
            # On the UTC line summer begins and ends at 01:00 of the last Sundays.
            summer = _LONDON_SUMMER.format(t=instant, change=1)
            return f"CASE WHEN {summer} THEN {instant} + INTERVAL 1 HOUR ELSE {instant} END"
        return f"timezone({quote(self.zone)}, timezone('UTC', {instant}))"


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
