"""Which partitions of values a touched month changes, and which curated months a partition's values need. Pure."""

from datetime import timedelta

from callclock.clock import Month, periods_of
from callclock.metrics.catalogue import Family

# A quarter lies in its first month, a week in the month it starts in; year to date and rolling years reach back to the
# month eleven before the one they lie in.
_EARLIEST_HOME = -2
_LATEST_HOME = 11


def needed(home: Month, family: Family) -> tuple[Month, ...]:
    """Curated months that the values of a family in the partition ``home`` need, in order.

    Weeks and quarters run over into later months, year to date and rolling years reach back; the family's look-behind
    and look-ahead come on top.
    """
    months = set()
    for period in periods_of(home):
        if period.kind not in family.kinds:
            continue
        month = Month.of(period.start).plus(-family.look_behind)
        last = Month.of(period.end - timedelta(days=1)).plus(family.look_ahead)
        while month <= last:
            months.add(month)
            month = month.plus(1)
    return tuple(sorted(months))


def affected(touched: Month, family: Family) -> tuple[Month, ...]:
    """Partitions whose values of a family change when the curated month ``touched`` does, in order.

    The inverse of :func:`needed`. Together they stay within 23 curated months for one touched month, and two more for
    each month that the family looks behind or ahead.
    """
    first, last = _EARLIEST_HOME - family.look_ahead, _LATEST_HOME + family.look_behind
    homes = (touched.plus(n) for n in range(first, last + 1))
    return tuple(home for home in homes if touched in needed(home, family))
