"""A backlog tells one story, whatever the order in which it comes; a feed that stops is told; the clock may jump."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from callclock.clock import Month
from callclock.reasons import State
from local.due import first_due
from local.schedule import next_fire
from tests.support.monthly import CALLS, CONFIG, monthly
from tests.support.pipeline import FORCE, Pipeline, only_monthly_abandonment
from tests.support.template import Template

ABANDONMENT = "metric = 'calls.abandonment_rate' AND line = '101' AND queue = 'all' AND hour_of_week = 'all'"
SCHEDULE = Template().data["Parameters"]["TickSchedule"]["Default"]
Drop = tuple[str, bytes, datetime]
YEAR = [1, 2, 9, 5, 2, 1, 3, 5, 3, 9, 2, 5]
"""Hung up of each month's twenty calls: one breach that is over, and one from November on, in which one month is good."""


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("kept")
    with only_monthly_abandonment(folder):
        yield folder


def months(first: str, hung_up: Sequence[int]) -> list[Drop]:
    start = Month.parse(first)
    return [monthly(str(start.plus(n)), bad) for n, bad in enumerate(hung_up)]


def played(*groups: Sequence[Drop]) -> Pipeline:
    """Drop each group at once, after the last of them would have come, then tick."""
    pipeline = Pipeline(**CONFIG)
    now = max(at for group in groups for _, _, at in group)
    for group in groups:
        now += timedelta(minutes=1)
        for key, content, _ in group:
            pipeline.drop(key, content, now)
        pipeline.run()
    pipeline.tick(now + timedelta(hours=23))
    pipeline.run()
    return pipeline


def plainly(first: str, hung_up: Sequence[int]) -> tuple[State, str | None]:
    """State and first month of the breach at the end: beyond 20 % opens one, two months in a row at 10 % close it."""
    since, good = None, 0
    for n, bad in enumerate(hung_up):
        good = good + 1 if bad <= 0.1 * CALLS else 0
        if bad > 0.2 * CALLS and since is None:
            since = str(Month.parse(first).plus(n))
        since = None if good == 2 else since
    return (State.OK, None) if since is None else (State.RECOVERING if good else State.BREACH, since)


def test_twelve_months_in_any_order_or_at_once_end_the_same(folder: Path) -> None:
    drops = months("2024-04", YEAR)
    mixed = Random(11).sample(drops, k=12)
    at_once, mixed_up = played(drops), played(mixed[:3], mixed[3:7], [*mixed[7:], mixed[0]])
    assert at_once.state() == mixed_up.state()
    for pipeline in (at_once, mixed_up):
        assert [value for _, value in pipeline.values(ABANDONMENT, folder)] == [bad / CALLS for bad in YEAR]
        assert pipeline.stands("101") == plainly("2024-04", YEAR) == (State.BREACH, "2024-11")
        assert pipeline.open_story("101"), "somebody knows of it"
    assert [reason for _, reason in at_once.reasons("101")] == ["first_breach"], "told once, though hints come by tens"


def test_five_years_at_once_tell_one_story(folder: Path) -> None:
    hung_up = [*Random(5).choices([1, 2, 3, 5, 9], k=59), 5]
    start = Month(2019, 4)
    names = [(str(start.plus(n)), bad) for n, bad in enumerate(hung_up)]
    pipeline = played([monthly(*names[n], *names[n + 1 : n + 12]) for n in range(0, 60, 12)])
    assert [value for _, value in pipeline.values(ABANDONMENT, folder)] == [bad / CALLS for bad in hung_up]
    assert pipeline.stands("101") == plainly("2019-04", hung_up)
    assert [reason for _, reason in pipeline.reasons("101")] == ["first_breach"]


def test_a_feed_that_stops_is_told_once_and_so_is_its_return() -> None:
    pipeline = played(months("2025-01", [1, 2]))
    assert pipeline.mails == []
    # March is due twenty days after it is over.
    for day in ("2025-04-20T05:15:00Z", "2025-04-21T05:15:00Z", "2025-04-22T05:15:00Z"):
        pipeline.tick(datetime.fromisoformat(day))
        pipeline.run()
    assert pipeline.reasons("101") == [("2025-04-21", "no_data")]
    key, content, _ = monthly("2025-03", 2)
    pipeline.drop(key, content, datetime.fromisoformat("2025-04-23T06:00:00Z"))
    pipeline.run()
    assert pipeline.reasons("101")[1:] == [("2025-04-23", "data_back")]


def lived(story: Sequence[Drop], until: datetime, *, jump: bool) -> tuple[Pipeline, int]:
    """Live through a story with every daily tick, or only with those at which something may fall due; and how many."""
    pipeline, ticks = Pipeline(**CONFIG), 0
    now = story[0][2]
    for key, content, at in [*story, ("", b"", until)]:
        while True:
            due = first_due(pipeline.lake, pipeline.results, pipeline.log, FORCE, now) if jump else now
            tick = next_fire(SCHEDULE, max(due, now)) if due else None
            if tick is None or tick >= at:
                break
            now, ticks = tick, ticks + 1
            pipeline.tick(now)
            pipeline.run()
        now = at
        if key:
            pipeline.drop(key, content, at)
            pipeline.run()
    return pipeline, ticks


def test_a_clock_that_jumps_to_the_next_due_instant_sends_the_mails_of_every_daily_tick() -> None:
    """Nearly four months: a breach, reminders, a month that comes late, and at last silence."""
    january, february, (key, march, _) = months("2025-01", [5, 6, 5])
    story = [january, february, (key, march, datetime.fromisoformat("2025-05-02T06:00:00Z"))]
    end = datetime.fromisoformat("2025-05-25T00:00:00Z")
    (daily, all_ticks), (jumping, few_ticks) = lived(story, end, jump=False), lived(story, end, jump=True)
    assert jumping.mails == daily.mails
    assert [reason for _, reason in daily.reasons("101")] == [
        "first_breach", "still_in_breach", "still_in_breach", "no_data", "data_back", "no_data",
    ]  # fmt: skip
    assert (all_ticks, few_ticks) == (110, 5)
