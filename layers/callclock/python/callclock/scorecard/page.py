"""The page: figures of one force with what is still open said beside them, whole in one HTML document.

The tables are HTML. Where the chart libraries were bundled (``python -m local.page_libraries``), a script draws each
chart from the table below it and lets the reader choose period, grade and area; without scripts the tables stay.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from callclock import wording
from callclock.clock import Month
from callclock.engine import quote
from callclock.metrics import catalogue
from callclock.scorecard import shown
from callclock.scorecard.facts import Facts, Row, count, instant, number
from callclock.scorecard.figures import NOTHING, Cell, Figure, packed
from callclock.scorecard.measured import Measured, measure
from callclock.scorecard.queries import QUERIES, Query
from callclock.scorecard.sections import headlines, sections
from callclock.scorecard.tables import Section
from callclock.settings import Force

_FILES = resources.files("callclock.scorecard")
_LIBRARIES: Final = "libraries.js"
_DASH: Final = NOTHING.text


@dataclass(frozen=True)
class PlainTable:
    """A table of words."""

    id: str
    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    nothing: str
    queries: Sequence[Query] = field(default=())


def libraries() -> str:
    """Return Vega, Vega-Lite and vega-embed as bundled at build time; empty where they were not."""
    bundle = _FILES / _LIBRARIES
    return bundle.read_text("utf-8") if bundle.is_file() else ""


def page(force_code: str, force: Force, facts: Facts, charts: str = "", saved_queries: str = "") -> str:
    """Render the page of one force.

    Parameters
    ----------
    force_code, force
        The force and its settings.
    facts
        What is shown.
    charts
        Script of the chart libraries (:func:`libraries`); empty for a page of tables alone.
    saved_queries
        Address at which a reader finds the saved queries, by a sign-in of their own; empty where there is none.

    Returns
    -------
    str
        A whole HTML document that asks the network for nothing; every name from the data is escaped.
    """
    tops = headlines()
    found = measure(facts.values, force, [top.cell for top in tops], facts.curves)
    parts = sections(found)
    plain = [_feeds(facts, force), _stopped(facts, force), _told(facts, force), _restated(facts, force)]
    asked = [*(top.query for top in tops), *(table.query for part in parts for table in part.tables)]
    asked += [query for table in plain for query in table.queries]
    drawing = _read("page.js")
    as_at = max((v.as_at for v in facts.values), default=None)
    return _template().render(
        force_name=force.name,
        as_at=wording.moment(as_at, force.tz) if as_at else None,
        measured=found,
        headlines=tops if facts.values else [],
        sections=parts,
        plain=plain,
        force_quoted=quote(force_code),
        saved_queries=saved_queries,
        queries=[(q, q.of(force_code)) for q in dict.fromkeys(asked)],
        figure=lambda cell: _figure(found, cell),
        sentence=lambda words: _sentence(found, words),
        code=found.figures.code,
        word=found.figures.word,
        style=Markup(_read("page.css")),  # noqa: S704 - our own file
        policy=_policy([charts, drawing] if charts else []),
        libraries=Markup(charts),  # noqa: S704 - bundled by us, allowed by its hash
        drawing=Markup(drawing) if charts else "",  # noqa: S704 - our own file
        data=packed(_data(found, parts)) if charts else "",
    )


def _template() -> Template:
    return Environment(
        loader=PackageLoader("callclock.scorecard", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("page.html.j2")


def _read(name: str) -> str:
    return (_FILES / name).read_text("utf-8")


def _policy(scripts: Sequence[str]) -> str:
    """Content-Security-Policy: nothing from anywhere, and only the scripts whose hash this is.

    Styles are 'unsafe-inline', because Vega sets ``style`` on the elements that it draws, which no hash can allow; with
    ``default-src 'none'`` no style can fetch or send anything.
    """
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    allowed = " ".join(f"'sha256-{found}'" for found in hashes) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _figure(measured: Measured, cell: Cell) -> Figure:
    return measured.figures.at(cell, measured.selection)


def _sentence(measured: Measured, words: Sequence[str | Cell]) -> str:
    return "".join(word if isinstance(word, str) else _figure(measured, word).shown for word in words)


def _data(measured: Measured, parts: Sequence[Section]) -> Mapping[str, object]:
    """What the script needs: figures by code, and the specification of each kind of chart that the page draws."""
    charts = {table.chart for section in parts for table in section.tables if table.chart}
    figures = measured.figures
    return {
        "figures": figures.coded(),
        "texts": figures.texts(),
        "curves": figures.coded_curves(),
        "nothing": _DASH,
        "specs": {name: json.loads(_read(f"charts/{name}.vl.json")) for name in sorted(charts)},
        "theme": json.loads(_read("charts/theme.json")),
    }


def _feeds(facts: Facts, force: Force) -> PlainTable:
    rows = []
    for row in facts.feeds:
        read, quarantined = count(row["records_read"]), count(row["quarantined"])
        rate = wording.share(quarantined / read) if read and quarantined is not None else _DASH
        rows.append(
            [
                f"{row['source']}: {row['table_name']}",
                wording.moment(instant(row, "exported_at"), force.tz),
                _when(row, "covered_to", force),
                _DASH if read is None else f"{read:,}",
                _DASH if quarantined is None else f"{quarantined:,} ({rate})",
            ]
        )
    return PlainTable(
        "feeds",
        "Data: how fresh, and what was not accepted",
        ("Source", "Newest export taken", "Covers until", "Records read", "In quarantine"),
        rows,
        "No export has been read yet: drop one in the exports bucket, and read its receipt.",
        [QUERIES["coverage"], QUERIES["receipts"]],
    )


def _stopped(facts: Facts, force: Force) -> PlainTable:
    rows = [
        [_when(row, "arrived_at", force), str(row["object_key"]), str(row["status"]), str(row["message"] or _DASH)]
        for row in facts.stopped
    ]
    return PlainTable(
        "stopped", "Exports not read", ("Arrived", "Object", "Status", "What to do"), rows, "None was held or refused."
    )


def _told(facts: Facts, force: Force) -> PlainTable:
    rows = [
        [_when(row, "decided_at", force), str(row["subject"]), str(row["reason"]).replace("_", " "), str(row["state"])]
        for row in facts.told
    ]
    return PlainTable(
        "notices",
        "Notices sent",
        ("When", "Subject", "Why", "State"),
        rows,
        "No notice has been sent.",
        [QUERIES["notices"]],
    )


def _restated(facts: Facts, force: Force) -> PlainTable:
    rows = []
    for row in facts.restated:
        metric, old, new = str(row["metric"]), number(row["old_value"]), number(row["new_value"])
        was, is_now = (_DASH if value is None else wording.figure(value, _unit(metric)) for value in (old, new))
        if old is not None and new is not None:
            was, is_now = wording.told_apart(old, new, _unit(metric))
        of = [
            wording.place(key, str(row[key])) for key in ("grade", "population", "line", "stage") if row[key] != "all"
        ]
        month = Month.parse(str(row["period_label"]))
        rows.append(
            [
                _when(row, "restated_at", force),
                f"{shown.NAMES.get(metric, metric)}, {wording.MONTHS[month.month - 1]} {month.year}",
                ", ".join(of) or "whole force",
                was,
                is_now,
                str(row["cause"]),
            ]
        )
    return PlainTable(
        "restatements",
        "Restatements: figures that were published as complete and have changed",
        ("When", "Figure", "Of", "Was", "Is", "Because of"),
        rows,
        "None.",
        [QUERIES["restatements"]],
    )


def _unit(metric: str) -> str:
    """Unit of a metric; one that is defined no longer is written as a plain number."""
    try:
        return catalogue.metric(metric).unit
    except KeyError:
        return "ratio"


def _when(row: Row, column: str, force: Force) -> str:
    return wording.moment(instant(row, column), force.tz) if isinstance(row[column], datetime) else _DASH
