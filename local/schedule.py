"""When a schedule fires next, for a stack that stays up in real time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((\S+) (\S+) \* \* \? \*\)")


def next_fire(expression: str, after: datetime) -> datetime | None:
    """First instant after one at which a schedule fires.

    Parameters
    ----------
    expression
        ``rate(n minutes)``, or ``cron(minute hour * * ? *)``: daily, which is what is followed in real time.
    after
        Instant, UTC.

    Returns
    -------
    datetime or None
        None when the expression is another cron: then it is fired by `LocalStack.tick` only.
    """
    if found := _RATE.fullmatch(expression):
        return after + timedelta(**{f"{found[2]}s": int(found[1])})
    found = _CRON.fullmatch(expression)
    if found is None or not (found[1] + found[2]).isdigit():
        return None
    at = after.replace(hour=int(found[2]), minute=int(found[1]), second=0, microsecond=0)
    return at if at > after else at + timedelta(days=1)
