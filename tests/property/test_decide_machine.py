"""Whatever arrives in whatever order, and wherever the sender falls over: what METRICS promises of notices holds."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from callclock.clock import Month, PeriodKind, local_day
from callclock.reasons import NoticeReason, State
from callclock.settings import Downtime, Severity
from callclock.thresholds import Decision, Delivered, Observation, Rule, decide, open_story

LONDON = ZoneInfo("Europe/London")
LEVELS = (Severity("warning", 0.3), Severity("critical", 0.4))
FIRST = Month(2024, 1)
VALUES = st.sampled_from([0.1, 0.2, 0.25, 0.27, 0.3, 0.31, 0.36, 0.4, 0.45, 0.9])
ENDING = {NoticeReason.RECOVERED, NoticeReason.CORRECTED}
ABOUT_A_BREACH = {NoticeReason.FIRST_BREACH, NoticeReason.WORSENED, NoticeReason.STILL_IN_BREACH}

# Planned works of one to four months, some of them while the newest month is about to arrive.
works = st.builds(
    lambda after, days: (Downtime(date(2024, 2, 1) + timedelta(after), date(2024, 2, 1) + timedelta(after + days), "works"),),
    st.integers(0, 90), st.integers(20, 120),
)  # fmt: skip
rules = st.builds(
    lambda m, more, k, renotify, due, downtime: Rule(
        "rule", 1, "attendance.over_4h", PeriodKind.MONTH, "above", LONDON, severities=LEVELS, recover=0.25,
        m=m, n=m + more, k=k, min_n=30, renotify_days=renotify, due_days=due, downtime=downtime,
    ),
    st.integers(1, 3), st.integers(0, 3), st.integers(1, 3),
    st.sampled_from([None, 1, 7, 40]), st.sampled_from([None, 20, 70]),
    st.one_of(st.just(()), works),
)  # fmt: skip


def a_month(place: int, value: float, *, n: int = 200, complete: bool = True) -> Observation:
    month = FIRST.plus(place)
    as_at = datetime.combine(month.next_first_day, datetime.min.time(), UTC) + timedelta(days=9)
    return Observation(month.first_day, month.next_first_day, value, n, complete, as_at)


class Sender(RuleBasedStateMachine):
    """A notify that publishes before it records, and may fall over in between; readers get what was published."""

    @initialize(chosen=rules)
    def start(self, chosen: Rule) -> None:
        self.rule = chosen
        self.rows: dict[date, Observation] = {}
        self.place = 0
        self.now = datetime(2024, 2, 10, 6, tzinfo=UTC)
        self.log: list[Delivered] = []
        self.read: list[Delivered] = []

    def send(self, *, falls_over: bool = False) -> Decision:
        decision = decide(list(self.rows.values()), self.log, self.rule, self.now)
        if decision.tell:
            assert self.rule.maintenance_ends(self.now) is None, "told in planned downtime"
            entry = decision.delivered(self.now, self.rule)
            self.check(entry)
            self.read.append(entry)
            if not falls_over:
                self.log.append(entry)
        return decision

    def check(self, entry: Delivered) -> None:
        story = open_story(self.log)
        if entry.reason in ENDING:
            assert story, "told the end of a breach that was never delivered"
        if entry.reason is NoticeReason.STILL_IN_BREACH:
            assert self.rule.renotify_days is not None
            last = max(notice.at for notice in story)
            passed = (local_day(self.now, LONDON) - local_day(last, LONDON)).days
            assert passed >= self.rule.renotify_days, "told again before the interval had passed"
        if entry.reason is NoticeReason.WORSENED:
            same = [notice for notice in story if notice.since == entry.since]
            assert all(self.rule.rank(notice.severity) < self.rule.rank(entry.severity) for notice in same)
        if entry.reason in ABOUT_A_BREACH:
            assert entry.state is State.BREACH
            assert entry.severity is not None
            assert entry.since is not None

    @rule(value=VALUES, falls_over=st.booleans())
    def the_next_month_arrives(self, value: float, falls_over: bool) -> None:
        row = a_month(self.place, value)
        self.place += 1
        self.rows[row.period_end] = row
        self.now = max(self.now, row.as_at)
        self.send(falls_over=falls_over)

    @rule(value=VALUES, kind=st.sampled_from(["skipped", "small", "incomplete"]))
    def the_next_month_does_not_count(self, value: float, kind: str) -> None:
        row = a_month(self.place, value, n=3 if kind == "small" else 200, complete=kind != "incomplete")
        self.place += 1
        if kind != "skipped":
            self.rows[row.period_end] = row
        self.now = max(self.now, row.as_at)
        self.send()

    @rule(back=st.integers(0, 6), value=VALUES)
    def an_older_month_is_corrected_or_arrives_late(self, back: int, value: float) -> None:
        row = a_month(max(self.place - 1 - back, 0), value)
        old = self.rows.get(row.period_end)
        if old is not None and old.complete and old.value != value:
            row = replace(row, restated_from=old.value, as_at=self.now)
        elif old is not None and old.complete:
            return
        self.rows[row.period_end] = row
        self.place = max(self.place, 1)
        self.now += timedelta(hours=1)
        self.send()

    @rule(days=st.integers(1, 45), falls_over=st.booleans())
    def the_tick_comes(self, days: int, falls_over: bool) -> None:
        self.now += timedelta(days=days)
        self.send(falls_over=falls_over)

    @rule()
    def the_same_message_comes_again(self) -> None:
        before = len(self.read)
        for _ in range(12):
            if not self.send().tell:
                break
        assert not self.send().tell, "the same observation is told without end"
        told = [entry.reason for entry in self.read[before:] if entry.reason is not NoticeReason.PAST_BREACH_FOUND]
        assert len(told) <= 1, f"one observation told more than once: {told}"

    @rule(hours=st.integers(1, 400))
    def an_older_message_comes_late(self, hours: int) -> None:
        if self.log:
            late = self.log[-1].at - timedelta(hours=hours)
            assert not decide(list(self.rows.values()), self.log, self.rule, late).tell

    @rule(value=VALUES)
    def it_falls_over_between_publishing_and_recording(self, value: float) -> None:
        """The redelivered message tells the same once more, and then it is known."""
        row = a_month(self.place, value)
        self.place += 1
        self.rows[row.period_end] = row
        self.now = max(self.now, row.as_at)
        lost = self.send(falls_over=True)
        repeat = self.send()
        assert repeat == lost
        if lost.tell:
            third = decide(list(self.rows.values()), self.log, self.rule, self.now)
            assert not third.tell or third.reason is NoticeReason.PAST_BREACH_FOUND

    @invariant()
    def nobody_hears_of_one_breach_twice_in_the_interval(self) -> None:
        """A second notice of one breach needs the interval to have passed, a worse severity, or an end in between."""
        if not hasattr(self, "log"):
            return
        story: list[Delivered] = []
        for entry in self.log:
            if entry.reason in ENDING:
                assert story, "an end without a delivered breach"
                story = []
            elif entry.reason in ABOUT_A_BREACH:
                same = [earlier for earlier in story if earlier.since == entry.since]
                if same and self.rule.rank(entry.severity) <= max(self.rule.rank(e.severity) for e in same):
                    assert self.rule.renotify_days is not None
                    days = (local_day(entry.at, LONDON) - local_day(same[-1].at, LONDON)).days
                    assert days >= self.rule.renotify_days
                story.append(entry)

    @invariant()
    def a_lasting_breach_is_known_unless_the_notice_was_lost(self) -> None:
        if not getattr(self, "rows", None):
            return
        decision = decide(list(self.rows.values()), self.log, self.rule, self.now)
        if decision.state is State.BREACH and not decision.tell and not self.rule.maintenance_ends(self.now):
            assert open_story(self.log)

    @invariant()
    def planned_downtime_puts_off_and_swallows_nothing(self) -> None:
        """Whatever was held back, the day after the works tells what it would have told had there been none."""
        over = self.rule.maintenance_ends(self.now) if getattr(self, "rows", None) else None
        if over is not None:
            without = replace(self.rule, downtime=())
            rows = list(self.rows.values())
            assert decide(rows, self.log, self.rule, over) == decide(rows, self.log, without, over)


TestSender = Sender.TestCase
TestSender.settings = settings(max_examples=90, stateful_step_count=25, deadline=None)


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.one_of(st.none(), VALUES), min_size=1, max_size=14), chosen=rules, data=st.data())
def test_any_order_ends_in_the_same_state_and_breach(
    values: list[float | None], chosen: Rule, data: st.DataObject
) -> None:
    rows = [a_month(place, value) for place, value in enumerate(values) if value is not None]
    first = datetime(2026, 1, 1, 6, tzinfo=UTC)
    ends = []
    for order in (rows, data.draw(st.permutations(rows))):
        log: list[Delivered] = []
        known: list[Observation] = []
        for minute, row in enumerate(order):
            known.append(row)
            now = first + timedelta(minutes=minute)
            decision = decide(known, log, chosen, now)
            if decision.tell:
                log.append(decision.delivered(now, chosen))
        tick = first + timedelta(days=1)
        decision = decide(known, log, chosen, tick)
        if decision.tell:
            log.append(decision.delivered(tick, chosen))
        known_of = decision.state is State.BREACH and bool(open_story(log))
        ends.append((decision.state, decision.behind, decision.since, decision.severity, decision.frontier, known_of))
    assert ends[0] == ends[1]


@settings(max_examples=30, deadline=None)
@given(
    values=st.lists(st.sampled_from([100, 104, 96, 108, 92, 150, 400]), min_size=13, max_size=20),
    falls_over=st.sets(st.integers(0, 19)),
)
def test_a_signal_is_read_once_for_each_period_and_once_more_where_the_sender_fell_over(
    values: list[float], falls_over: set[int]
) -> None:
    watched = Rule("signal", 1, "calls.wait_first_mean_s", PeriodKind.MONTH, "above", LONDON, kind="signal")
    log: list[Delivered] = []
    known: list[Observation] = []
    for place, value in enumerate(values):
        known.append(a_month(place, value))
        read = []
        for attempt in range(3):
            decision = decide(known, log, watched, known[-1].as_at)
            if decision.tell:
                assert (decision.reason, decision.state) == (NoticeReason.SIGNAL, State.OK)
                assert decision.flags
                assert place >= 12, "told before the thirteenth point"
                read.append(decision)
                if attempt or place not in falls_over:
                    log.append(decision.delivered(known[-1].as_at, watched))
        assert len(read) <= (2 if place in falls_over else 1)
        assert len(set(read)) <= 1, "the repeat says something else"


@settings(max_examples=30, deadline=None)
@given(values=st.lists(VALUES, min_size=1, max_size=14), chosen=rules)
def test_mirrored_values_and_levels_decide_alike(values: list[float], chosen: Rule) -> None:
    """A rule from below over 1 - x is the rule from above over x; in whole percents, so that equality stays so."""
    rows = [a_month(place, round(100 * value)) for place, value in enumerate(values)]
    mirrored = [replace(row, value=100 - (row.value or 0.0)) for row in rows]
    above = replace(chosen, severities=(Severity("warning", 30), Severity("critical", 40)), recover=25)
    below = replace(
        chosen, direction="below", severities=(Severity("warning", 70), Severity("critical", 60)), recover=75
    )
    now = datetime(2026, 1, 1, 6, tzinfo=UTC)
    assert decide(rows, [], above, now) == decide(mirrored, [], below, now)
