"""What values see of a curated month: the days from one up to another, and no day besides."""

import hashlib
from datetime import date, timedelta

from callclock.lake.curate import CuratedMonth

FIRST = date(2026, 3, 1)
DAYS = {str(FIRST + timedelta(days=n)): f"counted {n}" for n in range(0, 31, 3)}
LOOKED_UP = {str(FIRST + timedelta(days=n)): f"looked up {n}" for n in range(1, 31, 4)}


def _hash(days: dict[str, str], first: date, end: date) -> str:
    text = "\n".join(f"{day} {days[day]}" for day in sorted(days) if first <= date.fromisoformat(day) < end)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def test_the_hash_is_that_of_the_days_within_whether_or_not_that_is_all_of_them() -> None:
    month = CuratedMonth("v", 0, None, days=dict(reversed(DAYS.items())), looked_up=LOOKED_UP)
    for start in range(-2, 32):
        for length in range(36):
            first = FIRST + timedelta(days=start)
            end = first + timedelta(days=length)
            assert month.seen(first, end, looked_up=False) == _hash(DAYS, first, end)
            assert month.seen(first, end, looked_up=True) == _hash(LOOKED_UP, first, end)


def test_what_others_look_up_is_all_of_it_where_nothing_says_otherwise() -> None:
    month = CuratedMonth("v", 0, None, days=DAYS)
    assert month.seen(FIRST, date(2026, 4, 1), looked_up=True) == _hash(DAYS, FIRST, date(2026, 4, 1))
    assert CuratedMonth("v", 0, None).seen(FIRST, date(2026, 4, 1), looked_up=False) == "v"
