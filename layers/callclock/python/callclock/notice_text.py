"""What a notice says, paragraph by paragraph: plain sentences, no caller, no incident number and no small number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from callclock import spc, wording
from callclock.clock import PeriodKind
from callclock.gaps import gap_of
from callclock.moved_text import Moved
from callclock.reasons import NoticeReason, State
from callclock.replay import Observation, Rule, calendar, next_period_end, xmr_points
from callclock.small_numbers import is_hidden
from callclock.thresholds import Decision, Delivered

_COUNTED = {"domestic_abuse": "incidents of domestic abuse", "all": "incidents in all", "other": "others"}
_RECORDS = {"calls": "calls", "attendance": "incidents", "safeguarding": "incidents", "followthrough": "episodes"}
_STATE_WORDS = {
    State.OK: "within its limits",
    State.PENDING: "within its limits, with a period beyond them",
    State.BREACH: "beyond its limit",
    State.RECOVERING: "recovering",
    State.NO_DATA: "without data",
}
_SIGNAL_WORDS = {
    spc.SignalRule.OUTSIDE: "a value outside its usual limits",
    spc.SignalRule.RUN7: "seven in a row on the {side} side of the mean",
    spc.SignalRule.TREND7: "seven in a row each {side} than the one before",
    spc.SignalRule.TWO_OF_THREE: "two of three close to the limit on the {side} side",
}
_PHRASES = {
    NoticeReason.FIRST_BREACH: "beyond its limit{severity}",
    NoticeReason.STILL_IN_BREACH: "still beyond its limit{severity}",
    NoticeReason.WORSENED: "worse, now beyond the next limit{severity}",
    NoticeReason.RECOVERED: "recovered",
    NoticeReason.CORRECTED: "corrected, the breach told before is gone",
    NoticeReason.PAST_BREACH_FOUND: "a past breach came to light",
    NoticeReason.NO_DATA: "no data",
    NoticeReason.DATA_BACK: "data are back, {state}{severity}",
    NoticeReason.RULE_CHANGED: "new rule, {state}{severity}",
    NoticeReason.SIGNAL: "unusual change for the worse",
}


@dataclass(frozen=True)
class Link:
    """Something to look at: the saved query, the page, the receipts."""

    label: str
    target: str


@dataclass(frozen=True)
class Context:
    """What the mail needs beside the decision. ``where`` holds the key columns that are broken down, by name."""

    force_code: str
    force_name: str
    title: str
    unit: str
    where: Mapping[str, str] = field(default_factory=dict)
    split: Moved | None = None
    links: tuple[Link, ...] = ()
    silent_sources: tuple[str, ...] = ()
    suppress_below: int = 5


def spoken_of(decision: Decision, series: Sequence[Observation]) -> Observation | None:
    """Row that a notice speaks of: the newest complete one; of a past breach the first that breaches."""
    spoken = decision.found or decision.frontier
    return next((row for row in series if row.complete and row.period_end == spoken), None)


def _breaching_from(since: date, rule: Rule, series: Sequence[Observation]) -> Observation | None:
    """First breaching row that starts on a day; rows of a year to date share theirs."""
    rows = sorted((row for row in series if row.period_start == since), key=lambda row: row.period_end)
    return next((row for row in rows if (value := rule.observed(row)) is not None and rule.breaches(value)), None)


def shown_figure(row: Observation, rule: Rule, context: Context, value: float | None = None) -> str | None:
    """Value of a row as printed; None where it is hidden."""
    if is_hidden(row, rule.metric, context.unit, context.suppress_below, value):
        return None
    shown = row.value if value is None else value
    return None if shown is None else wording.figure(shown, context.unit)


def phrase(said: Decision | Delivered) -> str:
    """Say in a few words what happened; the headline."""
    severity = f" ({said.severity})" if said.severity else ""
    return _PHRASES.get(said.reason, "{state}").format(state=_STATE_WORDS[said.state], severity=severity)


def signals(found: Sequence[spc.SignalRule], side: str = "worse") -> str:
    """Say which signals a figure completes, and whether they lie on its ``worse`` or its ``better`` side."""
    return wording.listed([_SIGNAL_WORDS[rule].format(side=side) for rule in found])


def period_of(row: Observation, rule: Rule) -> str:
    """Name the period of a row."""
    return wording.period(rule.period, row.period_start, row.period_end)


def what(decision: Decision, rule: Rule, series: Sequence[Observation], context: Context) -> list[str]:
    """Say what happened, where and since when."""
    where = [words for key, value in context.where.items() if (words := wording.place(key, value))]
    place = ", ".join([f"{context.force_name} ({context.force_code})", *where])
    return [f"{context.title}: {phrase(decision)}", f"{place}.", *_since(decision, rule, series)]


def _since(decision: Decision, rule: Rule, series: Sequence[Observation]) -> list[str]:
    """Since when, told for each reason as a reader needs it."""
    said = []
    if decision.ended_since is not None:
        ended = named_from(decision.ended_since, rule, series)
        match decision.reason:
            case NoticeReason.RECOVERED:
                said.append(f"The breach that began in {ended} is over.")
            case NoticeReason.CORRECTED:
                said.append(f"The breach told as beginning in {ended} is not in the corrected figures.")
            case _:
                said.append(f"The levels of this rule changed; what was told since {ended} ends with this notice.")
    if decision.since is not None:
        begun = _begun(decision, decision.since, rule, series)
        match decision.reason:
            case NoticeReason.PAST_BREACH_FOUND:
                said.append(f"Corrected figures show a breach that began in {begun} and nobody was told of.")
            case NoticeReason.NO_DATA:
                said.append(f"When data stopped it was {_STATE_WORDS[decision.behind]}, since {begun}.")
            case _:
                said.append(f"Beyond its limit since {begun}.")
    if decision.flags:
        said.append(f"The newest figure completes: {signals(decision.flags)}.")
    return said


def _begun(decision: Decision, since: date, rule: Rule, series: Sequence[Observation]) -> str:
    """Name the first period of the breach spoken of; a past one of a year to date is known by its end alone."""
    row = spoken_of(decision, series) if decision.found is not None else None
    return period_of(row, rule) if row else named_from(since, rule, series)


def named_from(since: date, rule: Rule, series: Sequence[Observation]) -> str:
    """Name the period in which something began."""
    row = _breaching_from(since, rule, series) or next((row for row in series if row.period_start == since), None)
    return period_of(row, rule) if row else f"the {wording.PERIOD_NOUN[rule.period]} from {wording.day(since)}"


def figures(
    decision: Decision, rule: Rule, series: Sequence[Observation], row: Observation | None, context: Context
) -> list[str]:
    """Give the value against the limit, with n, and its usual range."""
    if row is None or row.value is None:
        return ["There is no complete figure."]
    said = [f"{against(rule, row, row.value, context)} {counted(row, rule, context)}".strip()]
    before = _before(series, row)
    earlier = shown_figure(before, rule, context) if before else None
    said += [f"In {period_of(before, rule)} it was {earlier}."] if before and earlier else []
    said += _corrections(decision, rule, series, context)
    if rule.kind == "threshold":
        level = wording.figure(rule.recover, context.unit)
        better = "or less" if rule.direction == "above" else "or more"
        row_of = f", {rule.k} in a row" if rule.k > 1 else ""
        said.append(f"It counts as recovered at {level} {better}{row_of}.")
    return [*said, usual_range(rule, series, row, context)]


def _before(series: Sequence[Observation], row: Observation) -> Observation | None:
    """Newest complete row before another: what its change is told against."""
    earlier = [other for other in series if other.complete and other.period_end < row.period_end]
    return max(earlier, key=lambda other: other.period_end, default=None)


def records(rule: Rule) -> str:
    """Word for what a rule's metric counts."""
    return _RECORDS.get(rule.metric.partition(".")[0], "records")


def counted(row: Observation, rule: Rule, context: Context) -> str:
    """Say from how many records a figure is; a gap has none of its own, but those of either side."""
    below = context.suppress_below
    gap = gap_of(rule.metric)
    if gap is not None and row.sides:
        of = [
            f"{wording.count(side.records, below)} {_COUNTED[population]}"
            for side, population in zip(row.sides, gap.populations, strict=True)
        ]
        return f"From {wording.listed(of)}."
    return f"From {wording.count(row.n, below)} {records(rule)}." if row.n is not None else ""


def against(rule: Rule, row: Observation, value: float, context: Context) -> str:
    """Value and the level it is to be read against."""
    hidden = is_hidden(row, rule.metric, context.unit, context.suppress_below)
    name = period_of(row, rule)
    if rule.kind == "signal":
        return f"Not printed for {name}: small numbers." if hidden else f"{shown_figure(row, rule, context)} in {name}."
    beyond = rule.breaches(value)
    severity = rule.severity_of(value) if beyond else rule.severities[0]
    side = rule.direction if beyond else "within"
    if hidden:
        level = wording.figure(severity.level, context.unit)
        return f"Not printed for {name} (small numbers), {side} the limit of {level} ({severity.name})."
    shown, level = wording.told_apart(value, severity.level, context.unit)
    return f"{shown} in {name}, {side} the limit of {level} ({severity.name})."


def _corrections(decision: Decision, rule: Rule, series: Sequence[Observation], context: Context) -> list[str]:
    """What was published before, where a correction is what the notice is about."""
    if decision.reason not in {NoticeReason.CORRECTED, NoticeReason.PAST_BREACH_FOUND}:
        return []
    said: list[str] = []
    since = decision.ended_since or decision.since
    if since is None:
        return said
    first = decision.found or since
    late = [row for row in series if row.period_start >= since and row.period_end >= first]
    rows = [row for row in late if row.restated_from is not None]
    for row in sorted(rows, key=lambda row: row.period_end)[:3]:
        old, new = shown_figure(row, rule, context, row.restated_from), shown_figure(row, rule, context)
        if old is not None and new is not None:
            said.append(f"{period_of(row, rule)} had been published as {old} and is now {new}.")
    return said


def usual_range(rule: Rule, series: Sequence[Observation], row: Observation, context: Context) -> str:
    """Say between what the series usually lies: limits of its chart from twelve points on, else its last points."""
    slots = [slot for slot in calendar(series, rule.period) if slot is None or slot.period_end <= row.period_end]
    noun = wording.PERIOD_NOUN[rule.period]
    if slots and rule.period in {PeriodKind.WEEK, PeriodKind.MONTH}:
        limits = xmr_points(slots, rule)[-1].limits
        if limits is not None and limits.locked:
            drawn = limits.clipped(None if context.unit == "ratio" else 0.0, 1.0 if context.unit == "share" else None)
            low, high = (wording.figure(level, context.unit) for level in (drawn.lower, drawn.upper))
            return f"Its usual range is {low} to {high} (limits locked on {spc.LOCKED_ON} {noun}s)."
    earlier = [slot for slot in slots[:-1] if slot is not None and rule.observed(slot) is not None]
    known = [slot.value for slot in earlier if shown_figure(slot, rule, context) is not None and slot.value is not None]
    known = known[-spc.LOCKED_ON :]
    if len(known) < 2:
        return "There are too few earlier figures to say what is usual."
    low, high = wording.figure(min(known), context.unit), wording.figure(max(known), context.unit)
    return f"The last {len(known)} earlier figures lay between {low} and {high}."


def moved(
    decision: Decision, rule: Rule, series: Sequence[Observation], row: Observation | None, context: Context
) -> list[str]:
    """Name the parts that moved the value most; what is printed adds up to the change printed."""
    split = context.split
    if decision.state is State.NO_DATA:
        return []
    if row is None or shown_figure(row, rule, context) is None:
        return ["Not printed: there is no figure, or small numbers."]
    before = _before(series, row)
    if split is None and (before is None or before.value is None):
        return ["There is no earlier figure to hold it against."]
    if split is None:
        return ["This measure has no split that adds up; see what to look at."]
    return split.said()


def complete(
    decision: Decision, rule: Rule, series: Sequence[Observation], row: Observation | None, context: Context
) -> list[str]:
    """Say how complete the data are, and what is missing."""
    said = []
    if row is not None:
        said.append(
            f"{wording.sentence(period_of(row, rule))} is complete: it is over, every record has reached "
            f"its mark, no export is missing. Data as at {wording.moment(row.as_at, rule.zone)}."
        )
        left_out = {"outside the population": row.n_excluded, "with an unknown outcome": row.n_unknown}
        counted = [f"{wording.count(n, context.suppress_below)} {what}" for what, n in left_out.items() if n]
        said += [f"Left out: {wording.listed(counted)}."] if counted else []
    if decision.frontier is not None:
        after = next_period_end(rule.period, decision.frontier)
        following = wording.sentence(wording.period_ending(rule.period, after))
        if decision.state is State.NO_DATA and rule.due_days is not None:
            due = wording.day(after + timedelta(days=rule.due_days))
            said.append(f"{following} was due by {due} and has no complete figure.")
        elif any(other.period_end == after and not other.complete for other in series):
            said.append(f"{following} is not complete yet and was not used.")
    if decision.state is State.NO_DATA and series:
        newest = wording.moment(max(other.as_at for other in series), rule.zone)
        said.append(f"The newest data are as at {newest}.")
    if context.silent_sources:
        said.append(f"Nothing new came from: {wording.listed(context.silent_sources)}.")
    return said or ["No complete figure is known."]
