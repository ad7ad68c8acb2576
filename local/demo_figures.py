"""The figures that the demo shows: what was waited, what the inspectors found, what became of those who hung up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.table import Table

from callclock.wording import figure
from local.athena import query_directory
from local.inbox import Mail

type Row = Mapping[str, object]

_SQL = """
SELECT metric, grade, population, line, outcome, window_label, period_kind, period_label, period_end, value, unit, n,
  complete
FROM results.metric_values
WHERE period_kind IN ('month', 'fy_to_date') AND grade_basis IN ('all', 'initial') AND area = 'all' AND queue = 'all'
  AND stage = 'all' AND hour_of_week = 'all' AND metric IN ({metrics})
"""
_MONTHS_SHOWN = 3


@dataclass(frozen=True)
class Shown:
    """A figure by the name that a reader gives it."""

    title: str
    metric: str
    grade: str = "all"
    population: str = "all"
    line: str = "all"
    outcome: str = "all"
    window_label: str = "all"

    def of(self, rows: Sequence[Row], kind: str, label: str, end: object = None) -> Row | None:
        """Row of the figure in one period; ``end`` tells the year to date of one month from that of another."""
        cell = (self.metric, self.grade, self.population, self.line, self.outcome, self.window_label, kind, label)
        names = ("metric", "grade", "population", "line", "outcome", "window_label", "period_kind", "period_label")
        found = (r for r in rows if tuple(r[name] for name in names) == cell and end in {None, r["period_end"]})
        return next(found, None)


_WAITED = (
    Shown("Grade 2, all: median time to attend", "attendance.median_s", "2"),
    Shown("Grade 2, domestic abuse: median", "attendance.median_s", "2", "domestic_abuse"),
    Shown("Grade 2, domestic abuse: mean", "attendance.mean_s", "2", "domestic_abuse"),
    Shown("Grade 2, domestic abuse: 90th percentile", "attendance.p90_s", "2", "domestic_abuse"),
    Shown("Grade 2, domestic abuse: within 4 h", "attendance.within_4h", "2", "domestic_abuse"),
    Shown("Grade 2, domestic abuse: nobody within 7 d", "attendance.over_7d", "2", "domestic_abuse"),
    Shown("101: calls offered", "calls.offered", line="101"),
    Shown("101: hung up with no answer", "calls.abandonment_rate", line="101"),
    Shown("101: median wait to the first answer", "calls.wait_first_median_s", line="101"),
    Shown("999: answered within 10 s", "calls.answered_within_10s", line="999"),
)
_INSPECTED = (
    (Shown("Grade 2: half were attended within", "attendance.median_s", "2"), "11 h"),
    (Shown("Grade 2 domestic abuse: half within", "attendance.median_s", "2", "domestic_abuse"), "22 h"),
    (Shown("Grade 2 domestic abuse: within 4 h", "attendance.within_4h", "2", "domestic_abuse"), "8 %"),
    (Shown("Grade 2 domestic abuse: nobody within 7 d", "attendance.over_7d", "2", "domestic_abuse"), "41 %"),
    (Shown("101 calls given up", "calls.abandonment_rate", line="101"), "24.4 %"),
    (Shown("Safeguarding declined, where attended", "safeguarding.declined_share", outcome="attended"), "38 %"),
)
_SHARE, _CHANCE, _UNLINKABLE = (f"followthrough.{name}" for name in ("share", "placebo_share", "unlinkable_share"))
_FOLLOWED = {
    "answered_101": "got through on 101 later",
    "call_999": "dialled 999",
    "callback": "were called back",
    "online_report": "reported online",
    "webchat": "turned to webchat",
    "email_social": "wrote an e-mail or on social media",
    "front_counter": "came to a front counter",
    "incident_logged": "are in an incident only",
    "none_found": "were not heard of again",
}


def results(out: Path) -> Sequence[Row]:
    """Rows of the results under ``out`` that the tables show."""
    shown = {*(one.metric for one in _WAITED), *(one.metric for one, _ in _INSPECTED)}
    metrics = ", ".join(f"'{metric}'" for metric in sorted(shown | {_SHARE, _CHANCE, _UNLINKABLE}))
    names, rows = query_directory(_SQL.format(metrics=metrics), out)
    return [dict(zip(names, row, strict=True)) for row in rows]


def waited(rows: Sequence[Row]) -> Table:
    """Waits of the newest months and of the last whole financial year."""
    months = sorted({str(r["period_label"]) for r in rows if r["period_kind"] == "month"})[-_MONTHS_SHOWN:]
    periods: list[tuple[str, str, object]] = [("month", month, None) for month in months]
    periods += [year] if (year := _last_year(rows)) else []
    table = _table("", *(label for _, label, _ in periods))
    for shown in _WAITED:
        table.add_row(shown.title, *(_text(shown.of(rows, *period)) for period in periods))
    return table


def inspected(rows: Sequence[Row], mails: Sequence[Mail]) -> Table | None:
    """What inspectors found at a force, beside the same figures of the year, and when people were first told of each.

    None where no financial year is over.
    """
    year = _last_year(rows)
    if year is None:
        return None
    table = _table("", "inspectors", year[1], "first told")
    for shown, found in _INSPECTED:
        told = _first_told(shown, mails)
        when = f"{told:%d %b %Y}" if told else "no limit on it"
        table.add_row(shown.title, found, _text(shown.of(rows, *year)), when)
    return table


def followed(rows: Sequence[Row]) -> Table | None:
    """What became within 72 h of those who hung up on 101 in the last whole financial year; None where none is over."""
    year = _last_year(rows)
    if year is None:
        return None
    table = _table("", "share", "by chance alone")
    for outcome, words in _FOLLOWED.items():
        share, chance = (
            Shown(words, metric, line="101", outcome=outcome, window_label="72h").of(rows, *year)
            for metric in (_SHARE, _CHANCE)
        )
        table.add_row(words, _text(share), _text(chance) if chance else "")
    unlinkable = Shown("", _UNLINKABLE, line="101").of(rows, *year)
    table.add_row("(no number, nobody can tell; of all)", _text(unlinkable), "")
    return table


def _first_told(shown: Shown, mails: Sequence[Mail]) -> datetime | None:
    """When the first mail came about a rule on this figure."""
    wanted = {"metric": shown.metric, "grade": shown.grade, "population": shown.population, "line": shown.line}
    about: Iterator[datetime] = (
        mail.at for mail in mails if all(mail.attributes.get(key, "all") == value for key, value in wanted.items())
    )
    return next(about, None)


def _last_year(rows: Sequence[Row]) -> tuple[str, str, object] | None:
    """Year to date of the newest March."""
    ends = [r["period_end"] for r in rows if r["period_kind"] == "fy_to_date" and str(r["period_end"])[5:] == "04-01"]
    last = max(map(str, ends), default=None)
    if last is None:
        return None
    end = next(end for end in ends if str(end) == last)
    return "fy_to_date", f"{int(last[:4]) - 1}/{last[2:4]}", end


def _text(row: Row | None) -> str:
    """Figure as people read it, in brackets while it is not complete."""
    if row is None or row["value"] is None:
        return "–"
    text = figure(float(str(row["value"])), str(row["unit"]))
    return text if row["complete"] else f"({text})"


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(first)
    for other in others:
        table.add_column(other, justify="right")
    return table
