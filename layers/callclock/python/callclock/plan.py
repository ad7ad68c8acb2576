"""Which partitions of values a touched month changes, and which curated days a partition's values need. Pure."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from functools import cache

from callclock.clock import Month, PeriodKind, stretch
from callclock.metrics.catalogue import Family

# A quarter lies in its first month, a week in the month it starts in; year to date and rolling years reach back to the
# month eleven before the one they lie in.
_EARLIEST_HOME = -2
_LATEST_HOME = 11
_SHORTEST_MONTH = 28


def homes(curated: Collection[Month]) -> Iterator[Month]:
    """Partitions in which values of these curated months may lie, in order."""
    home, last = min(curated).plus(_EARLIEST_HOME), max(curated)
    while home <= last:
        yield home
        home = home.plus(1)


def counted(home: Month, family: Family) -> tuple[date, date]:
    """First day of the periods whose values of a family lie in the partition ``home``, and the day after their last."""
    return _counted(home, family.kinds)


# Asked for several times in every partition there ever was.
@cache
def _counted(home: Month, kinds: tuple[PeriodKind, ...]) -> tuple[date, date]:
    found = [spanned for kind in kinds if (spanned := stretch(home, kind))]
    return min(start for start, _ in found), max(end for _, end in found)


def seen(home: Month, family: Family) -> tuple[date, date]:
    """First day that values of a family in the partition ``home`` see, and the day after their last.

    Weeks and quarters run over into later months, year to date and rolling years reach back; the family's look-behind
    and look-ahead come on top.
    """
    return _seen(home, family.kinds, family.look_behind, family.look_ahead)


@cache
def _seen(home: Month, kinds: tuple[PeriodKind, ...], behind: int, ahead: int) -> tuple[date, date]:
    first, end = _counted(home, kinds)
    return Month.of(first).plus(-behind).first_day, end + timedelta(days=ahead)


@cache
def months_of(first: date, end: date) -> tuple[Month, ...]:
    """Months that hold the days from ``first`` up to ``end``, in order."""
    months, month = [], Month.of(first)
    while month.first_day < end:
        months.append(month)
        month = month.plus(1)
    return tuple(months)


@cache
def within(first: date, end: date) -> frozenset[Month]:
    """Do the same in no order, to look months up in."""
    return frozenset(months_of(first, end))


def needed(home: Month, family: Family) -> tuple[Month, ...]:
    """Curated months that the values of a family in the partition ``home`` need, in order."""
    return months_of(*seen(home, family))


def affected(touched: Month, family: Family) -> tuple[Month, ...]:
    """Partitions whose values of a family change when the curated month ``touched`` does, in order.

    The inverse of :func:`needed`. Together they stay within 23 curated months for one touched month, and a few more
    for a family that looks behind or ahead.
    """
    ahead = -(-family.look_ahead // _SHORTEST_MONTH)
    homes = (touched.plus(n) for n in range(_EARLIEST_HOME - ahead, _LATEST_HOME + family.look_behind + 1))
    return tuple(home for home in homes if touched in needed(home, family))
