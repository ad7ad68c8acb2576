"""Between now and the next due instant nothing is told: a clock that jumps there misses no mail."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from callclock.clock import Month, PeriodKind
from callclock.settings import Downtime, Severity
from callclock.thresholds import Delivered, Observation, Rule, decide, next_due


def rule(renotify: int | None, due: int | None, age: int | None, downtime: tuple[Downtime, ...] = ()) -> Rule:
    return Rule(
        id="r", revision=1, metric="m", period=PeriodKind.MONTH, direction="above", zone=ZoneInfo("Europe/London"),
        severities=(Severity("warning", 0.3),), recover=0.25, renotify_days=renotify, due_days=due, max_age_days=age, downtime=downtime,
    )  # fmt: skip


def series(values: list[float]) -> list[Observation]:
    month, found = Month(2025, 9), []
    for value in values:
        end = month.next_first_day
        as_at = datetime(end.year, end.month, 4, 6, tzinfo=UTC)
        found.append(Observation(month.first_day, end, value, 100, complete=True, as_at=as_at))
        month = month.plus(1)
    return found


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([0.2, 0.27, 0.4]), min_size=1, max_size=5),
    st.sampled_from([None, 7, 28]),
    st.sampled_from([None, 5, 20]),
    st.sampled_from([None, 40, 60]),
    st.lists(st.tuples(st.integers(-2, 100), st.integers(0, 20)), max_size=3),
)
def test_jumping_gives_the_mails_of_every_daily_tick(
    values: list[float], renotify: int | None, due: int | None, age: int | None, windows: list[tuple[int, int]]
) -> None:
    made = series(values)
    start = made[-1].as_at
    day = start.date()
    downtime = tuple(
        Downtime(day + timedelta(days=after), day + timedelta(days=after + length), "works")
        for after, length in windows
    )
    watched = rule(renotify, due, age, downtime)
    days = [start + timedelta(days=n) for n in range(120)]

    def told(jump: bool) -> list[tuple[date, str]]:
        log: list[Delivered] = []
        found = []
        wake: datetime | None = start
        for now in days:
            if jump and (wake is None or now < wake):
                continue
            decision = decide(made, log, watched, now)
            if decision.tell:
                log.append(decision.delivered(now, watched))
                found.append((now.date(), decision.reason.value))
            wake = next_due(made, log, watched, now + timedelta(microseconds=1))
        return found

    every_day = told(jump=False)
    assert told(jump=True) == every_day
    assert not [day for day, _ in every_day if any(window.start <= day <= window.end for window in downtime)]
