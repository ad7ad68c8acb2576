"""Who is told, and when (METRICS): a pure function from a series and what was delivered to one decision.

:func:`decide` works in two steps that know nothing of each other. :func:`callclock.replay.replay` reads the series
alone and says which breaches there were and how the newest stands; then the log of what was delivered decides
whether that is news.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from callclock import spc
from callclock.clock import local_day, local_midnight
from callclock.reasons import HeldBack, NoticeReason, State
from callclock.replay import (
    Breach,
    Observation,
    Rule,
    Story,
    calendar,
    frontier_of,
    next_period_end,
    replay,
    signals_completed,
)

__all__ = ["Decision", "Delivered", "Observation", "Rule", "decide", "next_due", "open_story"]

_BREACH_NOTICES = frozenset({
    NoticeReason.FIRST_BREACH,
    NoticeReason.WORSENED,
    NoticeReason.STILL_IN_BREACH,
    NoticeReason.RULE_CHANGED,
    NoticeReason.DATA_BACK,
})  # fmt: skip
_CLOSING = frozenset({NoticeReason.RECOVERED, NoticeReason.CORRECTED, NoticeReason.RULE_CHANGED})


@dataclass(frozen=True)
class Delivered:
    """A notice that was accepted. ``at`` is the ``now`` of its decision, ``frontier`` the period_end it was about.

    ``found`` is the period_end of the first period of a past breach that came to light; None in older entries.
    """

    at: datetime
    revision: int | str
    reason: NoticeReason
    state: State
    severity: str | None
    since: date | None
    frontier: date | None
    found: date | None = None

    @property
    def tells_breach(self) -> bool:
        """Tell whether whoever read it knows of a breach that lasts."""
        return self.reason in _BREACH_NOTICES and self.state is State.BREACH

    @property
    def ends_story(self) -> bool:
        """Tell whether it closes what was told before it. A new rule does, and may open the next story itself."""
        return self.reason in _CLOSING


@dataclass(frozen=True)
class Decision:
    """One decision. When ``tell``, exactly one notice goes out, for ``reason``.

    ``since`` is the first day of the breach spoken of; ``frontier`` the period_end of the newest complete period;
    ``page`` whether somebody may be woken; ``flags`` the signals of concern that the newest point completes;
    ``ended_since`` the first day of the delivered breach that this notice ends; ``behind`` the state that missing data
    suspends (the same as ``state`` otherwise); ``held_back`` why nobody is told of what the rule finds;
    ``found`` the period_end of a past breach's first period, which tells years to date apart that all begin on 1 April.
    """

    state: State
    reason: NoticeReason
    tell: bool
    since: date | None
    severity: str | None
    frontier: date | None
    page: bool
    behind: State
    flags: tuple[spc.SignalRule, ...] = ()
    ended_since: date | None = None
    held_back: HeldBack | None = None
    found: date | None = None

    def delivered(self, now: datetime, rule: Rule) -> Delivered:
        """Entry to record once the notice was accepted, and not before."""
        return Delivered(
            now, rule.revision, self.reason, self.state, self.severity, self.since, self.frontier, self.found
        )


def _in_order(log: Sequence[Delivered]) -> list[Delivered]:
    return sorted(log, key=lambda entry: entry.at)


def _told(log: Sequence[Delivered]) -> tuple[list[Delivered], list[Delivered]]:
    """Breach notices that stand: those of closed stories and those of the open one. A correction withdraws its own."""
    closed: list[Delivered] = []
    story: list[Delivered] = []
    for entry in _in_order(log):
        if entry.ends_story:
            closed += story if entry.reason is not NoticeReason.CORRECTED else []
            story = []
        if entry.tells_breach:
            story.append(entry)
    return closed, story


def open_story(log: Sequence[Delivered]) -> tuple[Delivered, ...]:
    """Return the delivered breach notices that nothing delivered since has closed, oldest first."""
    return tuple(_told(log)[1])


def _patience_ends(series: Sequence[Observation], frontier: date | None, rule: Rule) -> list[datetime]:
    """Instants later than which data are missing: the next period is overdue, or all that is known too old."""
    found = []
    if rule.due_days is not None and frontier is not None:
        due = next_period_end(rule.period, frontier) + timedelta(days=rule.due_days)
        found.append(local_midnight(due, rule.zone))
    if rule.max_age_days is not None and series:
        found.append(max(row.as_at for row in series) + timedelta(days=rule.max_age_days))
    return found


def lacks_data(series: Sequence[Observation], frontier: date | None, rule: Rule, now: datetime) -> bool:
    """Tell whether the period after the frontier is overdue, or all that is known is too old (METRICS "No data")."""
    return any(now > instant for instant in _patience_ends(series, frontier, rule))


@dataclass(frozen=True)
class _Case:
    """A replay beside the log; each method is a reason and says whether it holds."""

    story: Story
    log: Sequence[Delivered]
    rule: Rule
    now: datetime

    @property
    def told(self) -> tuple[Delivered, ...]:
        return open_story(self.log)

    def told_of(self, breach: Breach) -> list[Delivered]:
        """Open breach notices that belong to a breach."""
        return [entry for entry in self.told if breach.holds(entry.frontier)]

    @property
    def lasting(self) -> Breach | None:
        """The breach at the frontier, where the state is ``breach``."""
        current = self.story.current
        return current if current is not None and current.lasts else None

    def rule_changed(self) -> bool:
        return bool(self.told) and self.told[-1].revision != self.rule.revision

    def first_breach(self) -> bool:
        return self.lasting is not None and not self.told_of(self.lasting)

    def worsened(self) -> bool:
        if self.lasting is None:
            return False
        worst_told = max((self.rule.rank(entry.severity) for entry in self.told_of(self.lasting)), default=-1)
        return self.rule.rank(self.lasting.severity) > worst_told

    def recovered(self) -> bool:
        mine = [breach for breach in self.story.breaches if self.told_of(breach)]
        return bool(mine) and mine[-1].over

    def corrected(self) -> bool:
        return bool(self.told) and not any(self.told_of(breach) for breach in self.story.breaches)

    def data_back(self) -> bool:
        return bool(self.log) and self.log[-1].reason is NoticeReason.NO_DATA

    def still_in_breach(self) -> bool:
        if self.lasting is None or self.rule.renotify_days is None:
            return False
        last = local_day(self.told_of(self.lasting)[-1].at, self.rule.zone)
        return (local_day(self.now, self.rule.zone) - last).days >= self.rule.renotify_days

    def past_breach(self) -> Breach | None:
        """Oldest breach, recovering or over, that a correction made and nobody was told of."""
        late = (breach for breach in self.story.breaches if breach.found_late and not breach.lasts)
        return next((breach for breach in late if not self._was_told(breach)), None)

    def past_breach_found(self) -> bool:
        return self.past_breach() is not None

    def _was_told(self, breach: Breach) -> bool:
        found = [entry for entry in self.log if entry.reason is NoticeReason.PAST_BREACH_FOUND]
        if any(_is_of(entry, breach) for entry in found):
            return True
        closed, story = _told(self.log)
        return any(breach.holds(entry.frontier) for entry in (*closed, *story))

    def history(self) -> bool:
        unknown = all(entry.revision != self.rule.revision for entry in self.log)
        return unknown and any(not breach.lasts for breach in self.story.breaches)


def _is_of(entry: Delivered, breach: Breach) -> bool:
    """Tell whether a past breach that was told is this one: by ends, or by starts where an old entry has no end."""
    if entry.found is not None:
        return breach.holds(entry.found)
    return entry.since is not None and breach.since <= entry.since <= breach.last_start


_REASONS: tuple[tuple[NoticeReason, Callable[[_Case], bool]], ...] = (
    (NoticeReason.RULE_CHANGED, _Case.rule_changed),
    (NoticeReason.FIRST_BREACH, _Case.first_breach),
    (NoticeReason.WORSENED, _Case.worsened),
    (NoticeReason.RECOVERED, _Case.recovered),
    (NoticeReason.CORRECTED, _Case.corrected),
    (NoticeReason.DATA_BACK, _Case.data_back),
    (NoticeReason.STILL_IN_BREACH, _Case.still_in_breach),
    (NoticeReason.PAST_BREACH_FOUND, _Case.past_breach_found),
)
"""In the order in which they are told (METRICS "Order"); no_data goes before all of them and suspends them."""


def decide(series: Sequence[Observation], delivered: Sequence[Delivered], rule: Rule, now: datetime) -> Decision:
    """Decide what to tell of one series (METRICS "Who is told, and when").

    Parameters
    ----------
    series
        Every row known, in any order.
    delivered
        Every notice of this rule and series that was accepted, in any order.
    rule
        The rule in force.
    now
        The instant of the event that set the work off, never the wall clock.

    Returns
    -------
    Decision
        Record :meth:`Decision.delivered` after the notice was accepted, where it says ``tell``.

    Raises
    ------
    ValueError
        When the periods of the series are not those of the rule.
    """
    log = _in_order(delivered)
    late = bool(log) and now < log[-1].at
    if rule.kind == "signal":
        return _decide_signal(series, log, rule, now, late)
    story = replay(series, rule)
    case = _Case(story, log, rule, now)
    no_data = lacks_data(series, story.frontier, rule, now)
    reason = None if late else _news(case, no_data)
    current = story.current
    past = case.past_breach() if reason is NoticeReason.PAST_BREACH_FOUND else None
    about = past or current
    held_back = None if late else _held_back(case, reason, no_data, series)
    return Decision(
        state=State.NO_DATA if no_data else story.state,
        reason=reason or (NoticeReason.HISTORY if case.history() else NoticeReason.NOTHING),
        tell=reason is not None and held_back is None,
        since=about.since if about else None,
        severity=current.severity if current and not no_data else None,
        frontier=story.frontier,
        page=reason not in {None, NoticeReason.PAST_BREACH_FOUND},
        behind=story.state,
        ended_since=case.told[-1].since if reason in _CLOSING else None,
        held_back=held_back,
        found=past.first_end if past else None,
    )


def _held_back(
    case: _Case, reason: NoticeReason | None, no_data: bool, series: Sequence[Observation]
) -> HeldBack | None:
    """Say why nobody is told; None where somebody is, or where there is nothing to tell."""
    if reason is not None:
        return HeldBack.MAINTENANCE if case.rule.maintenance_ends(case.now) else None
    if no_data:
        return None
    newest = next((row for row in series if row.complete and row.period_end == case.story.frontier), None)
    few = newest is not None and newest.value is not None and case.rule.observed(newest) is None
    if case.lasting is not None:
        return HeldBack.TOLD_BEFORE
    if case.story.state is State.PENDING:
        return HeldBack.NOT_ENOUGH_PERIODS
    if few and newest is not None and newest.value is not None and case.rule.breaches(newest.value):
        return HeldBack.TOO_FEW_RECORDS
    return HeldBack.HISTORY if case.history() else None


def next_due(
    series: Sequence[Observation], delivered: Sequence[Delivered], rule: Rule, now: datetime
) -> datetime | None:
    """Return the next instant at which time alone may make :func:`decide` tell something, None when it never will.

    Between ``now`` and that instant every decision on the same series and log tells nothing, so a clock may jump there.
    """
    log = _in_order(delivered)
    frontier = frontier_of(calendar(series, rule.period))
    due = [instant + timedelta.resolution for instant in _patience_ends(series, frontier, rule)]
    if rule.kind == "threshold" and rule.renotify_days is not None:
        case = _Case(replay(series, rule), log, rule, now)
        told = case.told_of(case.lasting) if case.lasting else []
        if told:
            again = local_day(told[-1].at, rule.zone) + timedelta(days=rule.renotify_days)
            due.append(local_midnight(again, rule.zone))
    over = rule.maintenance_ends(now)
    if over is not None:
        due.append(over)
    # What falls due in planned downtime is told when that is over.
    return min((rule.maintenance_ends(instant) or instant for instant in due if instant >= now), default=None)


def _news(case: _Case, no_data: bool) -> NoticeReason | None:
    """First reason that holds; while data are missing nothing but that is told, and once."""
    if no_data:
        return None if case.data_back() else NoticeReason.NO_DATA
    return next((reason for reason, holds in _REASONS if holds(case)), None)


def _decide_signal(
    series: Sequence[Observation], log: Sequence[Delivered], rule: Rule, now: datetime, late: bool
) -> Decision:
    slots = calendar(series, rule.period)
    frontier = frontier_of(slots)
    flags = signals_completed(slots, rule)
    no_data = lacks_data(series, frontier, rule, now)
    suspended = bool(log) and log[-1].reason is NoticeReason.NO_DATA
    known = any(entry.reason is NoticeReason.SIGNAL and entry.frontier == frontier for entry in log)
    reason = None
    if no_data:
        reason = None if suspended else NoticeReason.NO_DATA
    elif flags and not known:
        reason = NoticeReason.SIGNAL
    elif suspended:
        reason = NoticeReason.DATA_BACK
    reason = None if late else reason
    held_back = HeldBack.MAINTENANCE if reason is not None and rule.maintenance_ends(now) else None
    return Decision(
        state=State.NO_DATA if no_data else State.OK,
        reason=reason or NoticeReason.NOTHING,
        tell=reason is not None and held_back is None,
        since=None,
        severity=None,
        frontier=frontier,
        page=reason is not None,
        behind=State.OK,
        flags=flags,
        held_back=held_back,
    )
