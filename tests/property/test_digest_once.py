"""Never two digests in one week, and none missing, whatever ticks are repeated, late or lost."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from callclock.weekly import due
from tests.support.pipeline import MemoryLog

LONDON = ZoneInfo("Europe/London")
# Over both changes of the clocks.
BEGIN = datetime(2025, 10, 1, tzinfo=UTC)
HOURS = 24 * 200


def week_of(at: datetime) -> tuple[int, int]:
    """ISO week of the local day: what a person reads off a calendar."""
    return at.astimezone(LONDON).isocalendar()[:2]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, HOURS), st.integers(1, 3), st.sampled_from(["come", "lost", "crash"])), max_size=40
    )
)
def test_one_digest_in_each_week_that_has_a_tick(ticks: list[tuple[int, int, str]]) -> None:
    log = MemoryLog()
    sent: list[tuple[datetime, date, date]] = []
    newest: datetime | None = None
    for hour, times, fate in ticks:
        now = BEGIN + timedelta(hours=hour)
        for _ in range(times if fate != "lost" else 0):
            until = [date.fromisoformat(entry["until"]) for entry in log.of_story("EX#digest")]
            span = due(until, now, LONDON)
            # A crash before anything was published: the message comes again.
            if span is None or fate == "crash":
                continue
            sent.append((now, span.start, span.end))
            log.record("EX#digest", now, "digest", {"until": str(span.end)})
        late = newest is not None and week_of(now) < week_of(newest)
        if fate == "come":
            assert late or week_of(now) in {week_of(at) for at, _, _ in sent}
            newest = max(newest or now, now)
    weeks = [week_of(at) for at, _, _ in sent]
    assert len(set(weeks)) == len(weeks)
    assert weeks == sorted(weeks)
    for (_, _, end), (_, start, _) in pairwise(sent):
        assert start == end, "no week between two digests is left out, and none is told twice"
    assert all(start.isoweekday() == end.isoweekday() == 1 and start < end for _, start, end in sent)
