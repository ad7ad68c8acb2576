"""What a rule finds in a series, read alone: its breaches, the state at the frontier, its signals (METRICS).

Nothing here knows what anybody was told; that is for :mod:`callclock.thresholds`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal, Self
from zoneinfo import ZoneInfo

from callclock import spc
from callclock.clock import Month, PeriodKind, local_day, local_midnight
from callclock.reasons import State
from callclock.settings import Downtime, Force, Severity, ThresholdRule

_OVERLAPPING = frozenset({PeriodKind.FY_TO_DATE, PeriodKind.ROLLING_12M})
_CHARTED = frozenset({PeriodKind.WEEK, PeriodKind.MONTH})


@dataclass(frozen=True)
class Rule:
    """One rule over one series. Levels are in the unit of the metric; severities run from the mildest to the worst.

    ``renotify_days``, ``due_days`` and ``max_age_days`` are off when None. A ``signal`` rule takes only ``direction``
    (the side that is a concern), ``min_n`` and the two that concern missing data. In ``downtime`` nobody is told.
    """

    id: str
    revision: int | str
    metric: str
    period: PeriodKind
    direction: spc.Side
    zone: ZoneInfo
    kind: Literal["threshold", "signal"] = "threshold"
    severities: tuple[Severity, ...] = ()
    recover: float = 0.0
    m: int = 1
    n: int = 1
    k: int = 2
    min_n: int = 0
    renotify_days: int | None = None
    due_days: int | None = None
    max_age_days: int | None = None
    rebased_on: tuple[date, ...] = ()
    downtime: tuple[Downtime, ...] = ()

    def __post_init__(self) -> None:
        if self.kind == "signal" and self.period not in _CHARTED:
            raise ValueError(f"rule {self.id!r}: signals are read from weeks or months, not {self.period}")
        levels = [severity.level for severity in self.severities]
        for milder, worse in zip([self.recover, *levels], levels, strict=False):
            if self.beyond(milder, worse):
                raise ValueError(
                    f"rule {self.id!r}: {milder} lies beyond {worse}, {self.direction} it: "
                    "write recover and severities from the best level to the worst"
                )
        if len(set(levels)) < len(levels):
            raise ValueError(f"rule {self.id!r}: two severities have one level: give each its own")

    @classmethod
    def of(cls, threshold: ThresholdRule, force: Force) -> Self:
        """Take a configured rule over for a force: its zone, its planned downtime and its declared rebases."""
        return cls(
            id=threshold.id,
            revision=threshold.revision,
            metric=threshold.metric,
            period=threshold.period,
            direction=threshold.direction,
            zone=force.tz,
            downtime=force.downtime,
            rebased_on=force.rebased_on(threshold.metric),
            kind=threshold.kind,
            severities=threshold.severities,
            recover=threshold.recover or 0.0,
            m=threshold.m,
            n=threshold.n,
            k=threshold.k,
            min_n=threshold.min_n,
            renotify_days=threshold.renotify_days,
            due_days=threshold.due_days,
            max_age_days=threshold.max_age_days,
        )

    def beyond(self, value: float, level: float) -> bool:
        """Tell whether ``value`` is strictly on the bad side of ``level``: equality is no breach."""
        return value > level if self.direction == "above" else value < level

    def maintenance_ends(self, now: datetime) -> datetime | None:
        """Local midnight after the planned downtime that holds ``now``; None where none does."""
        today = local_day(now, self.zone)
        ends = [window.end for window in self.downtime if window.start <= today <= window.end]
        return local_midnight(max(ends) + timedelta(days=1), self.zone) if ends else None

    def breaches(self, value: float) -> bool:
        """Tell whether a value is beyond the mildest severity."""
        return self.beyond(value, self.severities[0].level)

    def severity_of(self, value: float) -> Severity:
        """Worst severity that a breaching value is beyond."""
        return [severity for severity in self.severities if self.beyond(value, severity.level)][-1]

    def rank(self, severity: str | None) -> int:
        """Place of a severity from the mildest, 0; -1 for none of this rule's."""
        names = [known.name for known in self.severities]
        return names.index(severity) if severity in names else -1

    def observed(self, row: "Observation | None") -> float | None:
        """Value of a period that counts: complete, and its n known and at least ``min_n`` (METRICS "Observed")."""
        if row is None or not row.complete or row.records < self.min_n:
            return None
        return row.value

    @property
    def window(self) -> tuple[int, int]:
        """M and N; one of one where neighbouring values share their records."""
        return (1, 1) if self.period in _OVERLAPPING else (self.m, self.n)


@dataclass(frozen=True)
class Observation:
    """One row of a series. ``restated_from`` is the value last published as complete before this one, if any.

    ``sides`` are the two figures that a gap holds against each other (:mod:`callclock.gaps`), of the same period.
    """

    period_start: date
    period_end: date
    value: float | None
    n: int | None
    complete: bool
    as_at: datetime
    restated_from: float | None = None
    definition_version: str = ""
    numerator: float | None = None
    denominator: float | None = None
    n_immature: int = 0
    n_excluded: int = 0
    n_unknown: int = 0
    sides: tuple["Observation", ...] = ()

    @property
    def records(self) -> int:
        """Records it rests on: its n; a gap has none of its own (METRICS), but those of its smaller side."""
        if self.n is None and self.sides:
            return min(side.records for side in self.sides)
        return self.n or 0


@dataclass(frozen=True)
class Breach:
    """A breach as the replay finds it: from the period that starts ``since`` to the one that ends ``last_end``."""

    since: date
    first_end: date
    last_start: date
    last_end: date
    severity: str
    recovering: bool = False
    over: bool = False
    found_late: bool = False
    """Whether a period of it breaches now and did not when it was first published."""

    @property
    def lasts(self) -> bool:
        """Whether it is in state ``breach``: neither recovering nor over."""
        return not (self.recovering or self.over)

    def holds(self, frontier: date | None) -> bool:
        """Tell whether the period that ends at ``frontier`` is one of the breach."""
        return frontier is not None and self.first_end <= frontier <= self.last_end


@dataclass(frozen=True)
class Story:
    """What a replay finds: every breach in order, and the state at the frontier."""

    state: State
    breaches: tuple[Breach, ...]
    frontier: date | None

    @property
    def current(self) -> Breach | None:
        """The breach that is not over."""
        return self.breaches[-1] if self.breaches and not self.breaches[-1].over else None


def next_period_end(kind: PeriodKind, end: date) -> date:
    """End of the calendar neighbour of the period that ends (exclusively) at ``end``.

    Year to date and rolling rows follow one another month by month.
    """
    match kind:
        case PeriodKind.DAY:
            return end + timedelta(days=1)
        case PeriodKind.WEEK:
            return end + timedelta(days=7)
        case PeriodKind.QUARTER:
            return Month.of(end).plus(3).first_day
        case _:
            return Month.of(end).plus(1).first_day


def calendar(series: Sequence[Observation], kind: PeriodKind) -> list[Observation | None]:
    """Lay the complete rows out from the first to the frontier, None for each neighbour that is missing.

    Raises
    ------
    ValueError
        When two rows have one period_end, or an end is not the end of a period of this kind.
    """
    complete = sorted((row for row in series if row.complete), key=lambda row: row.period_end)
    by_end = {row.period_end: row for row in complete}
    laid: list[Observation | None] = []
    end = complete[0].period_end if complete else None
    while end is not None and end <= complete[-1].period_end:
        laid.append(by_end.get(end))
        end = next_period_end(kind, end)
    if len(complete) != sum(row is not None for row in laid):
        raise ValueError(
            f"the complete rows of this series are no {kind} neighbours of {complete[0].period_end}, or two have one "
            f"period_end: {', '.join(str(row.period_end) for row in complete)}: refresh the values of this metric"
        )
    return laid


def frontier_of(slots: Sequence[Observation | None]) -> date | None:
    """End of the newest complete period of a series laid out by :func:`calendar`; None where there is none."""
    return slots[-1].period_end if slots and slots[-1] is not None else None


def replay(series: Sequence[Observation], rule: Rule) -> Story:
    """Replay a threshold in calendar order from the first complete period to the frontier.

    Unobserved periods hold their place and count for nothing. After a recovery the window starts again.
    """
    m, n = rule.window
    slots = calendar(series, rule.period)
    breaches: list[Breach] = []
    window: list[Observation | None] = []
    good = 0
    for row in slots:
        value = rule.observed(row)
        open_ = breaches[-1] if breaches and not breaches[-1].over else None
        if open_ is not None:
            good, breaches[-1] = _continue(open_, row, good, rule)
            if breaches[-1].over:
                window = []
            continue
        window = [*window, row][-n:]
        bad = [seen for seen in window if seen is not None and _is_bad(seen, rule)]
        if row is not None and value is not None and rule.breaches(value) and len(bad) >= m:
            breaches.append(_begin(bad, row, value, rule))
            good = 0
    any_bad = any(row is not None and _is_bad(row, rule) for row in window)
    return Story(_state(breaches, any_bad), tuple(breaches), frontier_of(slots))


def _is_bad(row: Observation, rule: Rule) -> bool:
    value = rule.observed(row)
    return value is not None and rule.breaches(value)


def _turned_bad(row: Observation, rule: Rule) -> bool:
    """Tell whether a period breaches now and did not as it was last published."""
    return _is_bad(row, rule) and row.restated_from is not None and not rule.breaches(row.restated_from)


def _begin(bad: Sequence[Observation], newest: Observation, value: float, rule: Rule) -> Breach:
    return Breach(
        since=bad[0].period_start,
        first_end=bad[0].period_end,
        last_start=newest.period_start,
        last_end=newest.period_end,
        severity=rule.severity_of(value).name,
        found_late=any(_turned_bad(row, rule) for row in bad),
    )


def _continue(breach: Breach, row: Observation | None, good: int, rule: Rule) -> tuple[int, Breach]:
    """Carry a breach over one more period; ``good`` counts the periods in a row that recover."""
    value = rule.observed(row)
    if row is not None:
        breach = replace(breach, last_start=row.period_start, last_end=row.period_end)
    if row is None or value is None:
        return good, breach
    if rule.breaches(value):
        late = breach.found_late or _turned_bad(row, rule)
        return 0, replace(breach, severity=rule.severity_of(value).name, recovering=False, found_late=late)
    if rule.beyond(value, rule.recover):
        return 0, breach
    return good + 1, replace(breach, recovering=True, over=good + 1 >= rule.k)


def _state(breaches: Sequence[Breach], any_bad: bool) -> State:
    if breaches and not breaches[-1].over:
        return State.RECOVERING if breaches[-1].recovering else State.BREACH
    return State.PENDING if any_bad else State.OK


def signals_completed(slots: Sequence[Observation | None], rule: Rule) -> tuple[spc.SignalRule, ...]:
    """Signals on the worse side that the newest complete period completes, if its n is enough to count."""
    if not slots or rule.observed(slots[-1]) is None:
        return ()
    newest = xmr_points(slots, rule)[-1]
    return tuple(flag.rule for flag in newest.completes if flag.side == rule.direction)


def xmr_points(slots: Sequence[Observation | None], rule: Rule) -> tuple[spc.Point, ...]:
    """Chart of a series laid out by :func:`calendar`; a declared rebase and a new definition each start it anew."""
    starts = []
    version = next((row.definition_version for row in slots if row is not None), "")
    rebases = sorted(rule.rebased_on)
    for place, row in enumerate(slots):
        if row is None:
            continue
        declared = [on for on in rebases if on <= row.period_start]
        if declared or row.definition_version != version:
            starts.append(place)
        rebases, version = rebases[len(declared) :], row.definition_version
    return spc.xmr_chart([row.value if row else None for row in slots], starts)
