"""The parts of the page in order: which figures stand in which table, under which chart, behind which query."""

from collections.abc import Sequence
from typing import Final

from callclock.scorecard import outcomes, shown
from callclock.scorecard.figures import AREA, CURVE, GRADE, PERIOD, Cell
from callclock.scorecard.measured import Measured
from callclock.scorecard.queries import QUERIES, history
from callclock.scorecard.tables import Headline, Line, Section, Table, missing

_SAID: Final = (
    ("Target", "standing"),
    ("Signal", "signal"),
    ("n", "n"),
    ("Not counted yet", "open"),
    ("As at", "as_at"),
)


def headlines() -> Sequence[Headline]:
    """Return the five figures that matter, as inspectors put them."""

    def abuse(metric: str) -> Cell:
        return Cell(metric, grade=GRADE, population="domestic_abuse", area=AREA)

    median = abuse("attendance.median_s")
    whole = Cell("attendance.median_s", grade=GRADE, area=AREA)
    more = (
        ("Mean", abuse("attendance.mean_s")),
        ("90th percentile", abuse("attendance.p90_s")),
        ("Median of all incidents", whole),
        ("Incidents still open", abuse("attendance.open")),
        ("Closed, nobody came", abuse("attendance.closed_unattended")),
    )
    waits = QUERIES["attendance-by-month"]
    calls = QUERIES["calls-by-month"]
    return [
        Headline("Domestic abuse: median time until an officer came", median, (*more, *_beside(median)), waits),
        *(
            Headline(title, cell, _beside(cell), source)
            for title, cell, source in (
                ("Domestic abuse: attended within 4 hours", abuse("attendance.within_4h"), waits),
                ("Domestic abuse: nobody came within 7 days", abuse("attendance.over_7d"), waits),
                ("101: hung up without an answer", Cell("calls.abandonment_rate", line="101"), calls),
                ("999: answered within 10 seconds", Cell("calls.answered_within_10s", line="999"), calls),
            )
        ),
    ]


def _beside(cell: Cell) -> Sequence[tuple[str, Cell]]:
    return [(label, cell.about(what)) for label, what in _SAID]


def sections(measured: Measured) -> Sequence[Section]:
    """Every part of the page below the headline figures, but for those about the feeds themselves."""
    return [
        _attendance(measured),
        _waits(measured),
        _stages(measured),
        outcomes.followed(measured),
        _heat(measured),
        outcomes.safeguarding(measured),
        outcomes.backlog(measured),
    ]


def _id(measured: Measured, line: str) -> str:
    """Name of a line that may stand in an id, whatever the data call it."""
    return line if line.isascii() and line.isalnum() else f"line-{measured.lines().index(line) + 1}"


def _attendance(measured: Measured) -> Section:
    title = "From the call to an officer at the door"
    if not measured.has("attendance.incidents"):
        return Section("attendance", title, missing=missing("attendance"))

    waits = QUERIES["attendance-by-month"]
    months = [
        Table(
            f"attendance-{population.replace('_', '-')}",
            f"{said} incidents by month",
            shown.ATTENDANCE,
            [
                Line(month, [Cell(m, month, GRADE, population, AREA) for m in shown.ATTENDANCE])
                for month in measured.months
            ],
            waits,
            wide=True,
        )
        for population, said in shown.POPULATIONS.items()
    ]
    grades = Table(
        "attendance-grades",
        "By grade, in the period chosen",
        shown.ATTENDANCE,
        [
            Line(f"{grade.label}, {said.lower()}", [Cell(m, PERIOD, grade.id, p, AREA) for m in shown.ATTENDANCE])
            for grade in measured.grades
            for p, said in shown.POPULATIONS.items()
            if p != "other"
        ],
        waits,
        head="Grade",
        wide=True,
        unfolded=True,
    )
    lead = "The clock runs from the call to the first officer at the scene. The grade is the one first given."
    return Section("attendance", title, [*_curve(measured.after_s), grades, *months], lead=lead)


def _curve(after_s: Sequence[float]) -> Sequence[Table]:
    """Return the table of the curves of attendance, where there are any."""
    if not after_s:
        return []

    def point(place: int, population: str) -> Cell:
        return Cell(CURVE, grade=GRADE, population=population, area=AREA, part=str(place))

    said = [(f"after {_after(s)}", place) for place, s in enumerate(after_s) if s in shown.CURVE_SAID]
    summary: list[str | Cell] = ["An officer had come to domestic abuse incidents and to others"]
    for told, (when, place) in enumerate(said):
        summary += [
            f"{', ' if told else ': '}{when} to ",
            point(place, "domestic_abuse"),
            " and ",
            point(place, "other"),
        ]
    table = Table(
        "curve",
        "Share of incidents an officer had come to, by time since the call",
        shown.POPULATIONS,
        [Line(_after(s), [point(place, p) for p in shown.POPULATIONS], at=s / 3600) for place, s in enumerate(after_s)],
        QUERIES["attendance-curve"],
        head="Within",
        chart="curve",
        wide=True,
        summary=(*summary, "."),
        note="Of all incidents, those never attended included; those open are followed for as long as they are known.",
    )
    return [table]


def _after(seconds: float) -> str:
    """Write a time since the call: ``15 min``, ``30 h``, ``7 d``."""
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 86400:.0f} d" if seconds > 86400 and seconds % 86400 == 0 else f"{seconds / 3600:.0f} h"


def _waits(measured: Measured) -> Section:
    tables = []
    if measured.has("attendance.median_s"):
        for population, metric, said, unit in (
            ("domestic_abuse", "attendance.median_s", "Domestic abuse: median time to attend", "s"),
            ("all", "attendance.median_s", "All incidents: median time to attend", "s"),
            ("domestic_abuse", "attendance.within_4h", "Domestic abuse: attended within 4 hours", "share"),
            ("domestic_abuse", "attendance.over_7d", "Domestic abuse: nobody came within 7 days", "share"),
        ):
            cell = Cell(metric, grade=GRADE, population=population)
            tables.append(_xmr(measured, cell, f"{said}, whole force", unit))
    for line in measured.lines():
        if line == "999":
            ten = Cell("calls.answered_within_10s", line=line)
            tables.append(_xmr(measured, ten, f"{line}: answered within 10 seconds", "share"))
        else:
            wait = Cell("calls.wait_first_median_s", line=line)
            tables.append(_xmr(measured, wait, f"{line}: median wait to answer", "s"))
        tables.append(
            _xmr(measured, Cell("calls.abandonment_rate", line=line), f"{line}: hung up without an answer", "share")
        )
        tables.append(_calls(measured, line))
    lead = (
        "Each point is a month; the lines are the mean and the limits of its usual range, set on the first twelve "
        "complete months; dotted is the target. A triangle is a signal that something changed: red, pointing up, for "
        "the worse; green, pointing down, for the better. A hollow point is not complete."
    )
    nothing = "" if tables else missing("attendance and calls")
    return Section("waits", "Waits by month", tables, lead=lead if tables else "", missing=nothing)


def _xmr(measured: Measured, cell: Cell, title: str, unit: str) -> Table:
    columns = {
        "value": "Value",
        "mean": "Mean",
        "lower": "Lower limit",
        "upper": "Upper limit",
        "target": "Target",
        "signal": "Signal",
    }
    rows = []
    for month in measured.months:
        at = Cell(cell.metric, month, cell.grade, cell.population, cell.area, cell.line)
        rows.append(Line(month, [at, *(at.about(what) for what in list(columns)[1:])]))
    told = rows[list(measured.months).index(measured.told.id)].cells
    name = "-".join(
        (cell.metric.partition(".")[2].replace("_", "-"), cell.population.replace("_", "-"), _id(measured, cell.line))
    )
    return Table(
        f"xmr-{name}",
        title,
        columns,
        rows,
        QUERIES[history(cell.metric)],
        chart="xmr",
        summary=(
            f"In {measured.told.label}: ",
            told[0],
            "; usual range ",
            told[2],
            " to ",
            told[3],
            ", mean ",
            told[1],
            ". Signal: ",
            told[5],
            ".",
        ),
        unit=unit,
    )


def _calls(measured: Measured, line: str) -> Table:
    return Table(
        f"calls-{_id(measured, line)}",
        f"Calls to {line} by month",
        shown.CALLS,
        [Line(month, [Cell(m, month, line=line) for m in shown.CALLS]) for month in measured.months],
        QUERIES["calls-by-month"],
        wide=True,
    )


def _stages(measured: Measured) -> Section:
    tables = []
    for line in measured.lines():
        found = measured.parts("calls.stage_share", line)
        if found:
            tables.append(_waterfall(_id(measured, line), line, [stage for stage in shown.STAGES if stage in found]))
    return Section(
        "stages",
        "Where calls ended",
        tables,
        lead="Every call that came in, one stage each: the bars add up to all calls." if tables else "",
        missing="" if tables else missing("the stages of calls"),
    )


def _waterfall(name: str, line: str, stages: Sequence[str]) -> Table:
    answered = Cell("calls.stage_share", line=line, part="answered")
    return Table(
        f"stages-{name}",
        f"{line}: calls by the stage they ended in",
        {"value": "Share of all calls", "gave_up": "Median time before hanging up"},
        [
            Line(
                shown.STAGES[stage],
                [
                    Cell("calls.stage_share", line=line, part=stage),
                    Cell("calls.abandon_time_median_s", line=line, part=stage),
                ],
            )
            for stage in stages
        ],
        QUERIES["calls-by-stage"],
        head="Stage",
        chart="waterfall",
        summary=(f"Of calls to {line}, ", answered, " were answered by somebody who could help."),
    )


def _heat(measured: Measured) -> Section:
    tables = []
    for line in measured.lines():
        if any(len(part) == 3 and part.isdecimal() for part in measured.parts("calls.abandonment_rate", line)):
            rows = [
                Line(
                    f"{hour:02d}:00",
                    [Cell("calls.abandonment_rate", line=line, part=f"{day * 24 + hour:03d}") for day in range(7)],
                )
                for hour in range(24)
            ]
            tables.append(
                Table(
                    f"heat-{_id(measured, line)}",
                    f"{line}: hung up without an answer, by hour and weekday",
                    {day.lower(): day for day in shown.WEEKDAYS},
                    rows,
                    QUERIES["hung-up-by-hour"],
                    head="Hour",
                    chart="heat",
                    summary=(
                        f"Share of calls to {line} hung up without an answer, by local hour of the week; over "
                        "the whole period ",
                        Cell("calls.abandonment_rate", line=line),
                        ".",
                    ),
                )
            )
    return Section(
        "hours",
        "When people hang up",
        tables,
        lead="For single months only: a year has no hours of the week of its own here." if tables else "",
        missing="" if tables else missing("calls by hour of the week"),
    )
