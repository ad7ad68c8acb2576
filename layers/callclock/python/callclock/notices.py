"""The mails: composed from a decision and what it was taken on, and read by somebody who runs a contact centre.

The body says, in the order of METRICS "Who is told, and when": what, where and since when; the value against the
limit with n and its usual range; the part that moved it most; how complete the data are; what to look at. Another
mail tells those who run the feeds of an export that was refused or held, or of which less could be read than usual.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from callclock import notice_text as text
from callclock import wording
from callclock.clock import format_instant
from callclock.moved_text import Split
from callclock.notice_text import Context, Link
from callclock.reasons import NEXT_STEP, ExportReason, ExportStatus, NoticeReason
from callclock.replay import Observation, Rule
from callclock.small_numbers import is_hidden
from callclock.thresholds import Decision

__all__ = [
    "Context", "ExportTrouble", "Link", "Mail", "QuarantineLeapt", "Split", "compose", "compose_export", "compose_leap",
    "file_name", "held_back", "laid_out", "wrapped",
]  # fmt: skip

SCHEMA = "callclock.notice/1"
EXPORT_SCHEMA = "callclock.export-notice/1"
LEAP_SCHEMA = "callclock.quarantine-notice/1"
LEAP_REASON = "quarantine_leap"
LEAP_STEP = (
    "Look at the reasons. If the source has changed (a column, a code, a format), mend its profile in config/sources/ "
    "and run `callclock replay` for the export; if the records are bad where they were made, have them mended there "
    "and exported again. If this is usual from now on, do nothing: it is compared with the exports before it."
)
REASONS_MOST = 5
SUBJECT_MOST = 100
"""SNS takes no longer subject, and printable ASCII only."""

TITLE_LEAST = 40
LINE_MOST = 72
_TIED = "\N{NO-BREAK SPACE}"
ATTRIBUTES_MOST = 10
"""SNS takes no more message attributes."""


@dataclass(frozen=True)
class Mail:
    """A message to publish: subject and plain text, attributes for filter policies, and the same as data."""

    subject: str
    body: str
    attributes: Mapping[str, str]
    data: Mapping[str, object]


def compose(decision: Decision, rule: Rule, series: Sequence[Observation], context: Context, now: datetime) -> Mail:
    """Compose the mail of a decision that tells.

    Parameters
    ----------
    decision
        As :func:`callclock.thresholds.decide` gave it.
    rule, series, now
        What it was taken on.
    context
        Names, unit, split and links.

    Returns
    -------
    Mail
        Subject of at most 100 printable ASCII characters; a line for each sentence.
    """
    row = text.spoken_of(decision, series)
    paragraphs = [
        ("", text.what(decision, rule, series, context)),
        ("THE VALUE", text.figures(decision, rule, series, row, context)),
        ("WHAT MOVED IT MOST", text.moved(decision, rule, series, row, context)),
        ("HOW COMPLETE THE DATA ARE", text.complete(decision, rule, series, row, context)),
        ("WHAT TO LOOK AT", [f"- {link.label}:\n  {link.target}" for link in context.links]),
    ]
    return Mail(
        subject=_subject(decision, rule, row, context),
        body=laid_out(paragraphs),
        attributes=_attributes(decision, rule, context),
        data=_data(decision, rule, row, context, now),
    )


def held_back(decision: Decision, force_code: str, title: str) -> str:
    """Line that stands in the table of notices for one that was held back."""
    why = decision.held_back.value.replace("_", " ") if decision.held_back else "told"
    return wording.printable_ascii(f"[{force_code}] {title}: held back, {why}", SUBJECT_MOST)


def _subject(decision: Decision, rule: Rule, row: Observation | None, context: Context) -> str:
    shown = text.shown_figure(row, rule, context) if row else None
    force, said = f"[{context.force_code}] ", f": {text.phrase(decision)}"
    if row is None or shown is None or decision.reason is NoticeReason.NO_DATA:
        return wording.printable_ascii(f"{force}{context.title}{said}", SUBJECT_MOST)
    whole = f"{force}{context.title}{said}, {shown} in {text.period_of(row, rule)}"
    if len(wording.printable_ascii(whole, len(whole) * 4)) <= SUBJECT_MOST:
        return wording.printable_ascii(whole, SUBJECT_MOST)
    # The period goes first, then the end of the title: a reader knows it, and not the figure.
    said = wording.printable_ascii(f"{said}, {shown}", SUBJECT_MOST)
    title = wording.printable_ascii(context.title, max(SUBJECT_MOST - len(force) - len(said), TITLE_LEAST))
    return wording.printable_ascii(f"{force}{title}{said}", SUBJECT_MOST)


def laid_out(paragraphs: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Plain text, each sentence a line of its own that is not broken: a telephone does that at its own width.

    No figure is parted from its sign; a line that begins with two spaces is to be copied whole.
    """
    blocks = []
    for heading, sentences in paragraphs:
        if not sentences:
            continue
        lines = "\n".join(sentences).split("\n")
        tied = [line if line.startswith("  ") else line.replace(" %", f"{_TIED}%") for line in lines]
        blocks.append("\n".join([heading, *tied] if heading else tied))
    return "\n\n".join(blocks) + "\n"


def wrapped(body: str) -> str:
    """Break the lines of a mail for a screen that does not, but for those that are to be copied whole."""
    lines = []
    for line in body.split("\n"):
        hanging = "  " if line.startswith("- ") else ""
        broken = textwrap.wrap(
            line, LINE_MOST, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
        )
        lines += [line] if line.startswith("  ") or not line else [part.replace(_TIED, " ") for part in broken]
    return "\n".join(lines)


def _attributes(decision: Decision, rule: Rule, context: Context) -> dict[str, str]:
    """Attributes that a subscription can filter by; dimensions in the order of ``where`` while there is room."""
    fixed = {
        "force_code": context.force_code,
        "metric": rule.metric,
        "severity": decision.severity or "none",
        "reason": decision.reason.value,
        "state": decision.state.value,
        "period_kind": rule.period.value,
    }
    dimensions = {key: value for key, value in context.where.items() if key not in fixed and value}
    return dict([*fixed.items(), *dimensions.items()][:ATTRIBUTES_MOST])


def _data(
    decision: Decision, rule: Rule, row: Observation | None, context: Context, now: datetime
) -> dict[str, object]:
    """Return the notice as data, versioned by ``schema``; what the text does not print is null here too."""
    hidden = row is None or is_hidden(row, rule.metric, context.unit, context.suppress_below)
    n = row.n if row else None
    return {
        "schema": SCHEMA,
        "decided_at": format_instant(now),
        "force_code": context.force_code,
        "rule_id": rule.id,
        "revision": str(rule.revision),
        "title": context.title,
        "metric": rule.metric,
        "where": dict(context.where),
        "period_kind": rule.period.value,
        "period_start": row.period_start.isoformat() if row else None,
        "period_end": row.period_end.isoformat() if row else None,
        "state": decision.state.value,
        "reason": decision.reason.value,
        "severity": decision.severity,
        "since": decision.since.isoformat() if decision.since else None,
        "ended_since": decision.ended_since.isoformat() if decision.ended_since else None,
        "frontier": decision.frontier.isoformat() if decision.frontier else None,
        "page": decision.page,
        "flags": [flag.value for flag in decision.flags],
        "unit": context.unit,
        "value": None if hidden or row is None else row.value,
        "value_hidden": hidden and row is not None,
        "n": None if n is None or 0 < n < context.suppress_below else n,
        "as_at": format_instant(row.as_at) if row else None,
        "levels": {severity.name: severity.level for severity in rule.severities},
        "recover": rule.recover if rule.kind == "threshold" else None,
        "links": [{"label": link.label, "target": link.target} for link in context.links],
    }


def file_name(shown: str) -> str:
    """Name of an export without the folders of its key; the file of an archive, in brackets, keeps its own."""
    key, bracket, member = shown.partition(" (")
    return key.rpartition("/")[2] + bracket + member


@dataclass(frozen=True)
class ExportTrouble:
    """An export that was refused or held. ``message`` is the plain sentence of the receipt; it holds no raw value."""

    force_code: str
    object_key: str
    status: ExportStatus
    reason: ExportReason
    message: str
    nearest_profile: str | None = None
    missing_columns: tuple[str, ...] = ()
    receipt_key: str | None = None


@dataclass(frozen=True)
class QuarantineLeapt:
    """An export that was read, though more of its records than usual could not be accepted.

    Attributes
    ----------
    reasons
        Records by reason; a record with two counts under each.
    rate, usual
        Share of its records in quarantine, and the median share of the ``compared`` exports of its source before it.
    receipt_key, quarantine_key
        Where its receipt lies, and the records with their raw text.
    """

    force_code: str
    object_key: str
    source: str
    table_name: str
    records: int
    quarantined: int
    reasons: Mapping[str, int]
    rate: float
    usual: float
    compared: int
    receipt_key: str
    quarantine_key: str


def compose_leap(leapt: QuarantineLeapt) -> Mail:
    """Compose the mail to those who run the feeds: of which file more was not accepted than usual, why, what to do."""
    name = file_name(leapt.object_key)
    most = sorted(leapt.reasons.items(), key=lambda found: (-found[1], found[0]))
    body = laid_out([
        ("", [
            "More records than usual could not be accepted",
            f"{leapt.quarantined:,} of {leapt.records:,} records of an export that {leapt.source} read into "
            f"{leapt.table_name} are in quarantine: {leapt.rate:.2%}. In the {leapt.compared} exports before it, "
            f"{leapt.usual:.2%} at the median. The others were read and count.",
            "The file:", f"  {leapt.object_key}",
        ]),
        ("WHY", [f"- {reason}: {n:,}" for reason, n in most[:REASONS_MOST]]),
        ("WHAT TO DO NEXT", [LEAP_STEP]),
        ("WHAT TO LOOK AT", [
            f"- The receipt:\n  {leapt.receipt_key}",
            f"- The records, with raw text, for those who may see it:\n  {leapt.quarantine_key}",
            "- Day by day, in Athena:\n  SELECT period_label, value, numerator, denominator FROM results.metric_values"
            f" WHERE force_code = '{leapt.force_code}' AND metric = 'feed.quarantine_rate'"
            f" AND source = '{leapt.source}' ORDER BY period_label DESC",
        ]),
    ])  # fmt: skip
    subject = f"[{leapt.force_code}] {leapt.rate:.2%} of records not accepted, usually {leapt.usual:.2%}: {name}"
    data: dict[str, object] = {**asdict(leapt), "reasons": dict(most), "schema": LEAP_SCHEMA, "next_step": LEAP_STEP}
    return Mail(
        subject=wording.printable_ascii(subject, SUBJECT_MOST),
        body=body,
        attributes={"force_code": leapt.force_code, "status": ExportStatus.READ.value, "reason": LEAP_REASON},
        data=data,
    )


def compose_export(trouble: ExportTrouble) -> Mail:
    """Compose the mail to those who run the feeds: which file, what is wrong with it, what to do next.

    Parameters
    ----------
    trouble
        What the receipt says of the export. The object key stands in the body only whole, in the subject cut.
    """
    name = file_name(trouble.object_key)
    reason = trouble.reason.value.replace("_", " ")
    said = [f"Export {trouble.status.value}: {reason}", trouble.message, "The file:", f"  {trouble.object_key}"]
    if trouble.nearest_profile is not None:
        missing = ", ".join(trouble.missing_columns)
        said.append(
            f"The nearest profile is {trouble.nearest_profile}" + (f"; it misses: {missing}." if missing else ".")
        )
    look = [f"- The receipt:\n  {trouble.receipt_key}"] if trouble.receipt_key else []
    body = laid_out([
        ("", said),
        ("WHAT TO DO NEXT", [NEXT_STEP[trouble.reason]]),
        ("WHAT TO LOOK AT", look),
    ])  # fmt: skip
    subject = f"[{trouble.force_code}] Export {trouble.status.value}, {reason}: {name}"
    return Mail(
        subject=wording.printable_ascii(subject, SUBJECT_MOST),
        body=body,
        attributes={
            "force_code": trouble.force_code,
            "status": trouble.status.value,
            "reason": trouble.reason.value,
        },
        data={
            "schema": EXPORT_SCHEMA,
            "force_code": trouble.force_code,
            "object_key": trouble.object_key,
            "status": trouble.status.value,
            "reason": trouble.reason.value,
            "message": trouble.message,
            "nearest_profile": trouble.nearest_profile,
            "missing_columns": list(trouble.missing_columns),
            "next_step": NEXT_STEP[trouble.reason],
            "receipt_key": trouble.receipt_key,
        },
    )
