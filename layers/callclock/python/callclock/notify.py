"""Notify: decides whom to tell, publishes, then records what was delivered, in that order (DESIGN 1).

A crash between publishing and recording sends at most one repeat; nothing is recorded that nobody accepted. What was
sent is owed to the table of notices from then on until it lies there.
"""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from functools import cache, cached_property
from importlib import resources
from pathlib import Path

import duckdb

from callclock import configuration, layout
from callclock.bookkeeping import COVERAGE
from callclock.clock import format_instant, local_day, parse_instant
from callclock.engine import connect, quote, rows_of
from callclock.export_notices import ExportNotices
from callclock.ledger import DeliveredLog, Mark, Marks
from callclock.metrics.catalogue import families
from callclock.moved_text import Moved, Sides
from callclock.notices import Context, Link, Mail, compose, held_back
from callclock.notices_table import NoticesTable
from callclock.objects import Bucket
from callclock.outbox import Topic
from callclock.reasons import NoticeReason, State
from callclock.replay import Rule
from callclock.results import fetch_restatements, fetch_values, laid_folder
from callclock.series import Series, lay_series, load_series, metrics_of, where_of
from callclock.settings import Force, Settings, ThresholdRule
from callclock.splits import load_split
from callclock.thresholds import Decision, Delivered, decide
from callclock.weekly import Feed, Standing, Watched, due, feeds
from callclock.weekly_mail import REASON, SCHEMA, Digest

_FEEDS_TAKEN = (resources.files("callclock") / "feeds_taken.sql").read_text("utf-8")
_DIGEST = "weekly-digest"


@dataclass(frozen=True)
class Notify:
    """What notify works with."""

    lake: Bucket
    results: Bucket
    marks: Marks
    delivered: DeliveredLog
    breaches: Topic
    operations: Topic
    digests: Topic

    @property
    def exports(self) -> ExportNotices:
        """What tells of exports."""
        return ExportNotices(self.lake, self.results, self.delivered, self.operations)

    def table(self, force_code: str) -> NoticesTable:
        """Return the table of the notices of a force."""
        return NoticesTable(self.results, self.delivered, force_code)


@dataclass(frozen=True)
class Hint:
    """One message of the notify queue: values of a force may have changed, or an export was refused or held.

    ``tick`` says that the force's daily tick set it off.
    """

    force_code: str
    export_id: str | None
    now: datetime
    tick: bool = False


def parse_hint(body: str) -> Hint:
    """Read a message: ``{force_code, now}``, ``{force_code, tick}`` or ``{force_code, export_id, now}``."""
    data: Mapping[str, str] = json.loads(body)
    now = parse_instant(data.get("tick") or data["now"])
    return Hint(data["force_code"], data.get("export_id"), now, "tick" in data)


def tell(hint: Hint, notify: Notify) -> int:
    """Do what one hint asks for, tell of exports that are marked and whose hint was lost, and write what is owed.

    What is owed to the table of notices comes last: whoever is to be told is told, whatever becomes of the table.

    Returns
    -------
    int
        Notices published.
    """
    untold = notify.marks.of(Mark.UNTOLD, hint.force_code)
    exports = {*untold, *([hint.export_id] if hint.export_id else [])}
    notices = notify.exports
    told = sum(notices.tell(hint.force_code, export_id, hint.now) for export_id in sorted(exports))
    notify.marks.clear(Mark.UNTOLD, hint.force_code, untold)
    if hint.force_code in layout.NO_FORCES:
        return told
    if not hint.export_id:
        told += _tell_of_values(hint, notify)
    notify.table(hint.force_code).write_owed()
    return told


def rules_of(settings: Settings, force_code: str) -> Sequence[ThresholdRule]:
    """Rules that watch a force."""
    return [rule for rule in settings.rules if not rule.forces or force_code in rule.forces]


def families_of(rules: Sequence[ThresholdRule]) -> Sequence[str]:
    """Families whose values a notice of these rules reads."""
    watched = {(metric, rule.period) for rule in rules for metric in metrics_of(rule)}
    return [
        family.name
        for family in families()
        if any((metric.name, kind) in watched for metric in family.metrics for kind in family.kinds)
    ]


def story_of(force_code: str, rule_id: str) -> str:
    """Name under which the notices of one rule of one force are recorded."""
    return f"{force_code}#rule#{rule_id}"


def delivered_of(log: DeliveredLog, story: str) -> list[Delivered]:
    """Notices of a story that were accepted, oldest first."""
    return [_delivered(entry) for entry in log.of_story(story)]


def _publish(topic: Topic, mail: Mail) -> None:
    topic.publish(mail.subject, mail.body, mail.data, mail.attributes)


def _tell_of_values(hint: Hint, notify: Notify) -> int:
    settings = configuration.in_force(notify.lake)
    force = settings.force(hint.force_code) or Force(name=hint.force_code)
    rules = rules_of(settings, hint.force_code)
    wanted = families_of(rules)
    with tempfile.TemporaryDirectory(prefix="callclock-") as name:
        workdir = Path(name)
        values = fetch_values(notify.results, hint.force_code, wanted)
        restated = fetch_restatements(notify.results, hint.force_code, wanted)
        with connect(workdir / "duckdb") as db:
            lay_series(db, rules, values, restated, laid_folder(notify.results, hint.force_code))
            # Read at most once, and only where somebody is told.
            heard = cache(lambda: _feeds(hint, force, notify, db, workdir))
            tellings = [_Telling(hint, force, rule, notify, db, heard) for rule in rules]
            told = sum(telling.run() for telling in tellings)
            if hint.tick and values:
                told += _tell_the_week(hint, force, tellings, notify, heard)
    return told


def _tell_the_week(
    hint: Hint,
    force: Force,
    tellings: "Sequence[_Telling]",
    notify: Notify,
    heard: Callable[[], Sequence[Feed]],
) -> int:
    """Publish the digest of the week, where that is due, from what the rules were decided on."""
    story = f"{hint.force_code}#{REASON}"
    told_until = [date.fromisoformat(entry["until"]) for entry in notify.delivered.of_story(story)]
    span = due(told_until, hint.now, force.tz)
    if span is None:
        return 0
    standings = [Standing.of(telling.watched, hint.now) for telling in tellings]
    held_until = [end for s in standings if (end := s.watched.rule.maintenance_ends(hint.now))]
    digest = Digest(
        force_code=hint.force_code,
        force_name=force.name,
        zone=force.tz,
        span=span,
        now=hint.now,
        standings=standings,
        feeds=heard(),
        links=(
            *_page_links(hint.force_code, notify),
            Link(
                "What was sent, and what was held back",
                f"SELECT * FROM results.notices WHERE force_code = {quote(hint.force_code)} ORDER BY decided_at DESC",
            ),
        ),
        stopped=notify.exports.stopped(hint.force_code),
        downtime_ends=max(held_until, default=None),
    )
    mail = digest.mail()
    _publish(notify.digests, mail)
    notify.table(hint.force_code).owe(_row_of(digest, mail))
    notify.delivered.record(story, hint.now, REASON, {"from": str(span.start), "until": str(span.end)})
    return 1


def _row_of(digest: Digest, mail: Mail) -> Mapping[str, object]:
    """Row of a digest in the table of notices."""
    return {
        "rule_id": _DIGEST,
        "revision": SCHEMA.rpartition("/")[2],
        "decided_at": format_instant(digest.now).removesuffix("Z"),
        "reason": REASON,
        "state": digest.state.value,
        "severity": None,
        "since": None,
        "frontier_end": None,
        "metric": "all",
        "value": None,
        "subject": mail.subject,
        "held_back": None,
    }


def _feeds(hint: Hint, force: Force, notify: Notify, db: duckdb.DuckDBPyConnection, workdir: Path) -> list[Feed]:
    path = workdir / "coverage.parquet"
    there = notify.results.fetch(layout.coverage(hint.force_code), path)
    db.execute(f"CREATE VIEW coverage AS {rows_of(COVERAGE.columns, [path] if there else [])}")
    taken = [(str(s), str(t), at.replace(tzinfo=UTC)) for s, t, at in db.execute(_FEEDS_TAKEN).fetchall()]
    today = local_day(hint.now, force.tz)
    return feeds(taken, {gone.source for gone in force.retired if gone.on <= today}, hint.now, force.tz)


def _page_links(force_code: str, notify: Notify) -> tuple[Link, Link]:
    """Links to the page of a force; neither carries access."""
    results, page = notify.results.name, layout.page(force_code)
    return (
        Link("The page (your own sign-in opens it)", layout.console(notify.breaches.region, results, page)),
        Link("The same, to copy", f"s3://{results}/{page}"),
    )


@dataclass(frozen=True)
class _Telling:
    """One rule of one force at one moment."""

    hint: Hint
    force: Force
    configured: ThresholdRule
    notify: Notify
    db: duckdb.DuckDBPyConnection
    heard: Callable[[], Sequence[Feed]]

    @cached_property
    def rule(self) -> Rule:
        return Rule.of(self.configured, self.force)

    @cached_property
    def series(self) -> Series:
        return load_series(self.db, self.configured)

    @cached_property
    def log(self) -> list[Delivered]:
        """What had been delivered before."""
        return delivered_of(self.notify.delivered, story_of(self.hint.force_code, self.rule.id))

    @property
    def watched(self) -> Watched:
        return Watched(self.rule, self.series.rows, self.log, self._context())

    def run(self) -> int:
        rule, series = self.rule, self.series
        decision = decide(series.rows, self.log, rule, self.hint.now)
        if not decision.tell:
            if decision.held_back:
                line = held_back(decision, self.hint.force_code, self.configured.title)
                self._table.keep_held_back(self._row(decision, line))
            return 0
        context = self._context()
        split = self._split(decision, context.where)
        context = replace(context, split=split, links=self._links(), silent_sources=self._silent())
        mail = compose(decision, rule, series.rows, context, self.hint.now)
        _publish(self.notify.breaches, mail)
        self._table.owe(self._row(decision, mail.subject))
        entry = _entry(decision.delivered(self.hint.now, rule))
        # Two past breaches can come to light at one instant, when its message comes again.
        told = f"{decision.reason}#{decision.found}" if decision.found else decision.reason
        self.notify.delivered.record(story_of(self.hint.force_code, rule.id), self.hint.now, told, entry)
        return 1

    @property
    def _table(self) -> NoticesTable:
        return self.notify.table(self.hint.force_code)

    def _context(self) -> Context:
        where = {key: value for key, value in self.configured.where.items() if value != "all"}
        return Context(
            force_code=self.hint.force_code,
            force_name=self.force.name,
            title=self.configured.title,
            unit=self.series.unit,
            where=where,
            suppress_below=self._suppress_below(where),
        )

    def _split(self, decision: Decision, where: Mapping[str, str]) -> Moved | None:
        """What moved the value that the notice speaks of. Its parts have a limit of their own for small numbers."""
        spoken = decision.found or decision.frontier
        split = load_split(self.db, self.configured, self.series, spoken) if spoken else None
        if split is None:
            return None
        if isinstance(split, Sides):
            below = self._suppress_below(where)
            within = split.within
            inner = within and replace(within, suppress_below=self._suppress_below({**where, within.dimension: "each"}))
            return replace(split, suppress_below=below, within=inner)
        return replace(split, suppress_below=self._suppress_below({**where, split.dimension: "each"}))

    def _silent(self) -> tuple[str, ...]:
        """Sources that the figure rests on and that have been silent for longer than ever before."""
        of = [family for family in families() if any(m.name == self.rule.metric for m in family.metrics)]
        tables = {table for family in of for table in (family.table, *family.also)}
        return tuple(sorted({feed.source for feed in self.heard() if feed.late and feed.table_name in tables}))

    def _links(self) -> tuple[Link, ...]:
        conditions = "".join(f" AND {key} = {quote(value)}" for key, value in sorted(where_of(self.configured).items()))
        sql = (
            "SELECT period_label, value, n, complete, as_at FROM results.metric_values"
            f" WHERE force_code = {quote(self.hint.force_code)} AND metric = {quote(self.configured.metric)}"
            f" AND period_kind = {quote(self.configured.period.value)}{conditions} ORDER BY period_end"
        )
        return (
            *_page_links(self.hint.force_code, self.notify),
            Link("The figures, in Athena", sql),
            Link("What was read of the exports", "SELECT * FROM results.receipts ORDER BY arrived_at DESC"),
        )

    def _suppress_below(self, where: Mapping[str, str]) -> int:
        if where.get("population") == "domestic_abuse" and where.get("area"):
            return self.force.suppress_domestic_abuse_below
        return self.force.suppress_below

    def _row(self, decision: Decision, subject: str) -> Mapping[str, object]:
        """Row of a notice in the table that Athena reads."""
        row = next((r for r in self.series.rows if r.period_end == decision.frontier), None)
        return {
            "rule_id": self.rule.id,
            "revision": str(self.rule.revision),
            "decided_at": format_instant(self.hint.now).removesuffix("Z"),
            "reason": decision.reason.value,
            "state": decision.state.value,
            "severity": decision.severity,
            "since": decision.since,
            "frontier_end": decision.frontier,
            "metric": self.rule.metric,
            "value": row.value if row else None,
            "subject": subject,
            "held_back": decision.held_back,
        }


def _entry(delivered: Delivered) -> Mapping[str, str]:
    """Write a delivered entry as text; what is not known is left out."""
    said = {field.name: getattr(delivered, field.name) for field in fields(delivered) if field.name != "at"}
    return {name: str(value) for name, value in said.items() if value is not None}


def _delivered(entry: Mapping[str, str]) -> Delivered:
    def day(name: str) -> date | None:
        return date.fromisoformat(entry[name]) if name in entry else None

    return Delivered(
        at=parse_instant(entry["at"].partition("#")[0]),
        revision=entry["revision"],
        reason=NoticeReason(entry["reason"]),
        state=State(entry["state"]),
        severity=entry.get("severity"),
        since=day("since"),
        frontier=day("frontier"),
        found=day("found"),
    )
