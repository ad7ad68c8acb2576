"""The parts about what became of people: those who hung up, domestic abuse victims, those still waiting."""

from collections.abc import Sequence

from callclock.scorecard import shown
from callclock.scorecard.figures import GRADE, Cell
from callclock.scorecard.measured import Measured
from callclock.scorecard.queries import QUERIES
from callclock.scorecard.tables import Line, Section, Sentence, Table, missing


def followed(measured: Measured) -> Section:
    """Return what became of those who hung up (METRICS "C"), with what cannot be linked and what chance gives."""
    title = "What became of those who hung up"
    if not measured.has("followthrough.share"):
        return Section("followed", title, missing=missing("what became of those who hung up"))
    line = measured.line_of("followthrough.share")
    parts = measured.parts("followthrough.share", line)
    outcomes = [o for o in shown.OUTCOMES if any(part.split("/")[0] == o for part in parts)]

    def windows(metric: str, outcome: str) -> Sequence[Cell]:
        return [Cell(metric, part=f"{outcome}/{window}", line=line) for window in shown.WINDOWS]

    asked = QUERIES["after-the-hang-up"]
    share = Table(
        "followed",
        "First contact after the hang-up, of those who can be linked",
        shown.WINDOWS,
        [Line(shown.OUTCOMES[o], windows("followthrough.share", o)) for o in outcomes],
        asked,
        head="Found",
        chart="followed",
        summary=(
            "Within 72 hours no contact was found for ",
            Cell("followthrough.share", part="none_found/72h", line=line),
            " of those who can be linked: an upper bound.",
        ),
    )
    chance = [
        Table(
            metric.partition(".")[2].replace("_", "-"),
            said,
            shown.WINDOWS,
            [
                Line("Any contact", [Cell(metric, part=window, line=line) for window in shown.WINDOWS]),
                *(Line(shown.OUTCOMES[o], windows(metric, o)) for o in outcomes if o != "none_found"),
            ],
            asked,
            head="Found",
        )
        for metric, said in (
            ("followthrough.placebo_share", "The same a week earlier (placebo: what chance alone gives)"),
            ("followthrough.excess_share", "More than by chance"),
        )
        if measured.has(metric)
    ]
    return Section(
        "followed",
        title,
        [share, *chance, _reach(measured)],
        lead=(
            "A caller without a number cannot be followed: unlinkable, and never counted as lost. "
            "Who is linkable is no chance either."
        ),
    )


def _reach(measured: Measured) -> Table:
    """Return the bounds of what was not found, what cannot be linked, and what the recorded message may have done."""
    bounds = [m for m in shown.FOLLOWED if m.rpartition(".")[2] not in {"share", "placebo_share", "excess_share"}]
    return Table(
        "reach",
        "How much is out of reach",
        {"value": "Share"},
        [
            Line(shown.FOLLOWED[m] + _named(part), [Cell(m, part=part, line=of)])
            for m in bounds
            for of, part in sorted(
                {(c.line, c.part) for c in measured.figures.known if c.metric == m}, key=_whole_first
            )
        ],
        QUERIES["after-the-hang-up"],
        head="Measure",
    )


def _whole_first(place: tuple[str, str]) -> tuple[bool, str]:
    return "/" in place[1] or place[1] in shown.STAGES, place[1]


def _named(part: str) -> str:
    """Say a part in the words of the page, after a colon; what the name of the measure says already is left out."""
    words = {**shown.STAGES, **shown.OUTCOMES, **shown.WINDOWS, **shown.PROMPTS}
    said = [words.get(word, word) for word in part.split("/") if word not in {"all", "24h", "72h"}]
    return f": {', '.join(said)}" if said else ""


def safeguarding(measured: Measured) -> Section:
    """Return risk assessments after domestic abuse (METRICS "D"), of the attended and of those never attended."""
    title = "Safeguarding after domestic abuse"
    metrics = [m for m in shown.SAFEGUARDING if measured.has(m)]
    if not metrics:
        return Section("safeguarding", title, missing=missing("safeguarding"))
    columns = {m.partition(".")[2]: shown.SAFEGUARDING[m] for m in metrics}
    population = measured.population_of(metrics[0])
    newest = measured.months[-1]
    tables = [
        Table(
            f"safeguarding-{outcome.replace('_', '-')}",
            said,
            columns,
            [
                Line(month, [Cell(m, month, population=population, part=outcome) for m in metrics])
                for month in measured.months
            ],
            QUERIES["safeguarding"],
            chart="lines",
            summary=_shares(
                f"{said} in {newest}",
                [(shown.SAFEGUARDING[m], Cell(m, newest, population=population, part=outcome)) for m in metrics],
            ),
        )
        for outcome, said in shown.VICTIMS.items()
        if any(outcome in measured.parts(m, "all", population) for m in metrics)
    ]
    return Section("safeguarding", title, tables)


def _shares(lead: str, shares: Sequence[tuple[str, Cell]]) -> Sentence:
    """Sentence that lists shares after a colon."""
    words: list[str | Cell] = [lead]
    for place, (label, cell) in enumerate(shares):
        words += [f"{', ' if place else ': '}{label.lower()} ", cell]
    return (*words, ".")


def backlog(measured: Measured) -> Section:
    """Return what was open at the end of each day, by age (METRICS "A", backlog)."""
    days = sorted({c.period for c in measured.figures.known if c.metric == shown.BACKLOG and c.period.count("-") == 2})
    if not days:
        return Section("backlog", "Backlog", missing=missing("the backlog"))
    rows = [Line(day, [Cell(shown.BACKLOG, day, GRADE, part=band) for band in shown.AGE_BANDS]) for day in days]
    table = Table(
        "backlog",
        "Incidents nobody had come to, at the end of each day, by how old they were",
        shown.AGE_BANDS,
        rows,
        QUERIES["backlog"],
        head="Day",
        chart="backlog",
        unit="count",
        summary=(f"At the end of {days[-1]} ", rows[-1].cells[-1], " incidents had waited seven days or more."),
    )
    return Section("backlog", "Backlog", [table])
