"""Monthly exports of a small switchboard, twenty calls a month, some of them hung up."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from callclock.clock import Month

CALLS = 20
PROFILE = """
profile = "switch"
table = "calls"
[match]
path = "incoming/EX/switch_*.csv"
[export]
key = ["Call"]
resend = "snapshot"
exported_at = "name:%Y%m%d"
[time]
zone = "Europe/London"
formats = ["%d/%m/%Y %H:%M:%S"]
[columns]
call_id = "Call"
line = { const = "101" }
direction = { const = "inbound" }
call_started_at = "Start"
first_answered_at = "Answer"
final_answered_at = "Answer"
ended_at = "End"
end_cause = { from = "Result", map = { Answered = "answered", Abandoned = "hung_up" } }
queue = { const = "none" }
"""
FORCE = """
[forces.EX]
name = "Example"
coverage_gap_h = 48
"""
# Beyond 0.2 in one month is a breach, two months at 0.1 or less are a recovery.
THRESHOLDS = """
[[rules]]
id = "101"
title = "101 calls abandoned"
metric = "calls.abandonment_rate"
period = "month"
where = { line = "101" }
direction = "above"
severities = [{ name = "warning", level = 0.2 }, { name = "critical", level = 0.4 }]
recover = 0.1
min_n = 10
renotify_days = 28
due_days = 20
"""
CONFIG: Mapping[str, str] = {"force": FORCE, "source_switch": PROFILE, "thresholds": THRESHOLDS}
_WALL = "%d/%m/%Y %H:%M:%S"


def monthly(month: str, hung_up: int, *more: tuple[str, int]) -> tuple[str, bytes, datetime]:
    """Key, content and arrival of an export of one month, or of several that follow each other.

    ``hung_up`` of the twenty calls of each month, spread evenly over it, were hung up. It is taken on the second of the
    month after the last, with all calls of that month's first day so that the month is whole, and dropped on the third.
    """
    lines = ["Call,Start,Answer,End,Result"]
    for name, bad in ((month, hung_up), *more):
        of = Month.parse(name)
        hours = (of.next_first_day - of.first_day).days * 24
        for n in range(CALLS):
            at = datetime(of.year, of.month, 1, tzinfo=UTC) + timedelta(hours=1 + n * (hours - 3) / (CALLS - 1))
            gave_up = n < bad
            answer = "" if gave_up else (at + timedelta(seconds=30)).strftime(_WALL)
            end = (at + timedelta(seconds=90)).strftime(_WALL)
            lines.append(f"{name}-{n:02d},{at:{_WALL}},{answer},{end},{'Abandoned' if gave_up else 'Answered'}")
    last = Month.parse((more[-1] if more else (month, 0))[0]).next_first_day
    taken = last + timedelta(days=1)
    key = f"incoming/EX/switch_{month}_{taken:%Y%m%d}.csv"
    arrives = datetime(taken.year, taken.month, taken.day, 6, tzinfo=UTC) + timedelta(days=1)
    return key, "\n".join(lines).encode() + b"\n", arrives
