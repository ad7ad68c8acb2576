"""The mail of the weekly digest: how every figure that is watched stands, what was told, how fresh the data are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from callclock import notice_text as text
from callclock import wording
from callclock.clock import format_instant, local_day
from callclock.notice_text import Context, Link
from callclock.notices import SUBJECT_MOST, Mail, file_name, laid_out
from callclock.reasons import State
from callclock.replay import Observation, Rule
from callclock.small_numbers import is_hidden
from callclock.thresholds import Delivered
from callclock.weekly import Feed, Span, Standing, Stopped, Watched

SCHEMA: Final = "callclock.digest/2"
REASON: Final = "digest"
"""What stands for a reason in the log of what was delivered and in the table of notices."""

FIGURES_MOST: Final = 100
"""Figures in one digest, the worst first: SNS takes no message of more than 256 KiB."""
TOLD_MOST: Final = 50
"""Notices, and exports, that are told again in one digest, the newest."""
_WORST_FIRST = (State.BREACH, State.NO_DATA, State.RECOVERING)
_SINCE = {
    State.BREACH: "Beyond its limit since {begun}.",
    State.RECOVERING: "The breach began in {begun}.",
    State.NO_DATA: "When data stopped a breach was open, since {begun}.",
}


@dataclass(frozen=True)
class Digest:
    """One digest of one force.

    ``downtime_ends`` is set while planned downtime holds other notices back; ``stopped`` are all exports that stand
    refused or held, whenever they were told.
    """

    force_code: str
    force_name: str
    zone: ZoneInfo
    span: Span
    now: datetime
    standings: Sequence[Standing]
    feeds: Sequence[Feed]
    links: Sequence[Link]
    stopped: Sequence[Stopped] = ()
    downtime_ends: datetime | None = None

    @property
    def told(self) -> list[tuple[Delivered, Watched]]:
        """Return what was delivered in these weeks, oldest first; of very many the newest."""
        found = [(entry, s.watched) for s in self.standings for entry in s.watched.log]
        within = [pair for pair in found if self.span.holds(pair[0].at, self.zone)]
        return sorted(within, key=lambda pair: (pair[0].at, pair[1].rule.id))[-TOLD_MOST:]

    @property
    def listed(self) -> list[Standing]:
        """Figures that are listed, as they were configured; of very many the worst."""
        worst = sorted(self.standings, key=_badness)[:FIGURES_MOST]
        return [standing for standing in self.standings if standing in worst]

    @property
    def newly_stopped(self) -> list[Stopped]:
        """Exports that were told in these weeks and still stand refused or held, oldest first."""
        within = [export for export in self.stopped if self.span.holds(export.at, self.zone)]
        return sorted(within, key=lambda export: (export.at, export.shown))

    @property
    def state(self) -> State:
        """The worst state that any rule is in."""
        there = {standing.state for standing in self.standings}
        return next((state for state in _WORST_FIRST if state in there), State.OK)

    def mail(self) -> Mail:
        """Compose it, as :func:`callclock.notices.compose` does a notice."""
        late = [feed for feed in self.feeds if feed.late]
        return Mail(
            subject=self._subject(),
            body=laid_out(self._paragraphs()),
            attributes={
                "force_code": self.force_code,
                "reason": REASON,
                "state": self.state.value,
                "feeds": "late" if late else "in_time",
                "exports": "stopped" if self.newly_stopped else "read",
            },
            data=self._data(),
        )

    def _of(self, *states: State) -> list[Standing]:
        return [standing for standing in self.standings if standing.state in states]

    def _quiet(self) -> list[Standing]:
        """Rules of which there is nothing to say but that they were looked at."""
        return [standing for standing in self._of(State.OK, State.PENDING) if not standing.worse]

    def _unusual(self) -> list[Standing]:
        """Rules within their limits whose newest figure is a signal for the worse."""
        return [standing for standing in self._of(State.OK, State.PENDING) if standing.worse]

    def _counts(self) -> list[str]:
        counted = (
            (len(self._of(State.BREACH)), "beyond {its} limit"),
            (len(self._of(State.RECOVERING)), "recovering"),
            (len(self._of(State.NO_DATA)), "without data"),
            (len(self._unusual()), "changed for the worse"),
        )
        return [f"{n} {words.format(its='its' if n == 1 else 'their')}" for n, words in counted if n]

    def _subject(self) -> str:
        counts = self._counts()
        found = f"{', '.join(counts)}, of {_figures(len(self.standings))}" if counts else "all within their limits"
        stopped = f", {_exports(len(self.newly_stopped))} not read" if self.newly_stopped else ""
        week = f"[{self.force_code}] Week to {wording.short_day(self.span.last)}"
        whole = f"{week}: {found}{stopped}"
        # What is too long loses of how many, not the exports that nobody read.
        short = f"{week}: {', '.join(counts)}{stopped}" if counts and len(whole) > SUBJECT_MOST else whole
        return wording.printable_ascii(short, SUBJECT_MOST)

    def _paragraphs(self) -> list[tuple[str, list[str]]]:
        listed = self.listed

        def items(standings: Sequence[Standing]) -> list[str]:
            return [_item(standing) for standing in standings if standing in listed]

        return [
            ("", self._opening()),
            ("BEYOND THEIR LIMIT NOW", items(self._of(State.BREACH))),
            ("RECOVERING", items(self._of(State.RECOVERING))),
            ("WITHOUT DATA: LAST KNOWN", items(self._of(State.NO_DATA))),
            ("WHAT WAS TOLD IN THAT TIME", self._told_lines() or ["Nothing."]),
            ("UNUSUAL CHANGES", self._signal_lines() or ["None in the newest complete figures."]),
            ("ALL ELSE THAT IS WATCHED", items([*self._unusual(), *self._quiet()])),
            ("HOW FRESH THE DATA ARE", self._feed_lines()),
            ("EXPORTS REFUSED OR HELD", self._export_lines()),
            ("WHAT TO LOOK AT", [f"- {link.label}:\n  {link.target}" for link in self.links]),
        ]

    def _opening(self) -> list[str]:
        quiet = len(self._quiet())
        within = [f"{quiet} within {'its' if quiet == 1 else 'their'} limits"] if quiet else []
        verb = "is" if len(self.standings) == 1 else "are"
        said = [
            f"{self.force_name} ({self.force_code}), {wording.day(self.span.start)} to {wording.day(self.span.last)}.",
            f"{_figures(len(self.standings))} {verb} watched: {wording.listed([*self._counts(), *within])}.",
        ]
        if len(self.standings) > FIGURES_MOST:
            said.append(f"Only the {FIGURES_MOST} that are worst are listed.")
        if self.downtime_ends is not None:
            said.append(f"Planned downtime until {wording.moment(self.downtime_ends, self.zone)} holds notices back.")
        return said

    def _told_lines(self) -> list[str]:
        return [
            f"- {wording.day(local_day(entry.at, self.zone))}: {watched.context.title}: {text.phrase(entry)}."
            for entry, watched in self.told
        ]

    def _signal_lines(self) -> list[str]:
        said = []
        for standing in self.standings:
            name = text.period_of(standing.newest, standing.watched.rule) if standing.newest else ""
            about = f"- {standing.watched.context.title}, {name}"
            said += [f"{about}: a concern, {text.signals(standing.worse, 'worse')}."] if standing.worse else []
            said += [f"{about}: an improvement, {text.signals(standing.better, 'better')}."] if standing.better else []
        return said

    def _feed_lines(self) -> list[str]:
        said = []
        for feed in self.feeds:
            newest = f"newest export taken {wording.day(local_day(feed.newest, self.zone))}, {_days(feed.days)} ago"
            late = f". LATE: never silent for more than {_days(feed.longest_pause or 0)} before" if feed.late else ""
            said.append(f"- {feed.source} ({feed.table_name}): {newest}{late}.")
        return said

    def _export_lines(self) -> list[str]:
        new = self.newly_stopped[-TOLD_MOST:]
        said = [
            f"- {file_name(export.shown)}: {export.status.value}, {export.reason.value.replace('_', ' ')}, told "
            f"{wording.day(local_day(export.at, self.zone))}."
            for export in new
        ]
        older = len(self.stopped) - len(new)
        if older:
            verb = "waits" if older == 1 else "wait"
            said.append(f"{_exports(older)} told of before still {verb} to be mended or withdrawn.")
        return said or ["None."]

    def _data(self) -> Mapping[str, object]:
        return {
            "schema": SCHEMA,
            "decided_at": format_instant(self.now),
            "force_code": self.force_code,
            "covers_from": self.span.start.isoformat(),
            "covers_until": self.span.end.isoformat(),
            "state": self.state.value,
            "downtime_ends": format_instant(self.downtime_ends) if self.downtime_ends else None,
            "figures": [_as_data(standing) for standing in self.listed],
            "figures_in_all": len(self.standings),
            "told": [
                {
                    "at": format_instant(entry.at),
                    "rule_id": watched.rule.id,
                    "title": watched.context.title,
                    "reason": entry.reason.value,
                    "state": entry.state.value,
                    "severity": entry.severity,
                }
                for entry, watched in self.told
            ],
            "feeds": [
                {
                    "source": feed.source,
                    "table": feed.table_name,
                    "newest_export_at": format_instant(feed.newest),
                    "days": feed.days,
                    "longest_pause_days": feed.longest_pause,
                    "late": feed.late,
                }
                for feed in self.feeds
            ],
            "exports_stopped": [
                {
                    "at": format_instant(export.at),
                    "object_key": export.shown,
                    "status": export.status.value,
                    "reason": export.reason.value,
                }
                for export in self.newly_stopped[-TOLD_MOST:]
            ],
            "exports_stopped_in_all": len(self.stopped),
            "links": [{"label": link.label, "target": link.target} for link in self.links],
        }


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _exports(number: int) -> str:
    return "1 export" if number == 1 else f"{number} exports"


def _badness(standing: Standing) -> int:
    """Place of a figure among others, the worst first."""
    if standing.state in _WORST_FIRST:
        return _WORST_FIRST.index(standing.state)
    return len(_WORST_FIRST) + (0 if standing.worse else 1)


def _figures(number: int) -> str:
    return "1 figure" if number == 1 else f"{number} figures"


def _item(standing: Standing) -> str:
    """Say in one paragraph what a figure is, against its limit and against the period before."""
    rule, context = standing.watched.rule, standing.watched.context
    if standing.newest is None:
        return f"- {context.title}: there is no complete figure yet."
    if standing.newest.value is None:
        return f"- {context.title}: nothing to count in {text.period_of(standing.newest, rule)}."
    said = [f"- {context.title}: {text.against(rule, standing.newest, standing.newest.value, context)}"]
    if counted := text.counted(standing.newest, rule, context):
        said.append(counted)
    if standing.before is not None and standing.before.value is not None:
        shown = text.shown_figure(standing.before, rule, context) or "not printed (small numbers)"
        said.append(f"{wording.sentence(text.period_of(standing.before, rule))}: {shown}.")
    if standing.since is not None:
        begun = text.named_from(standing.since, rule, standing.watched.series)
        said.append(_SINCE[standing.state].format(begun=begun))
    return " ".join(said)


def _as_data(standing: Standing) -> dict[str, object]:
    """Return the same as data; what the text does not print is null here too."""
    rule, context = standing.watched.rule, standing.watched.context
    return {
        "rule_id": rule.id,
        "revision": str(rule.revision),
        "title": context.title,
        "metric": rule.metric,
        "where": dict(context.where),
        "period_kind": rule.period.value,
        "unit": context.unit or None,
        "state": standing.state.value,
        "severity": standing.severity,
        "since": standing.since.isoformat() if standing.since else None,
        "newest": _figure(standing.newest, rule, context),
        "before": _figure(standing.before, rule, context),
        "levels": {severity.name: severity.level for severity in rule.severities},
        "recover": rule.recover if rule.kind == "threshold" else None,
        "worse": [flag.value for flag in standing.worse],
        "better": [flag.value for flag in standing.better],
    }


def _figure(row: Observation | None, rule: Rule, context: Context) -> dict[str, object] | None:
    if row is None:
        return None
    hidden = is_hidden(row, rule.metric, context.unit, context.suppress_below)
    small = row.n is not None and 0 < row.n < context.suppress_below
    return {
        "period_start": row.period_start.isoformat(),
        "period_end": row.period_end.isoformat(),
        "value": None if hidden else row.value,
        "value_hidden": hidden and row.value is not None,
        "n": None if small else row.n,
        "as_at": format_instant(row.as_at),
    }
