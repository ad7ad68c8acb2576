"""The parts about what became of people: those who hung up, domestic abuse victims, those still waiting."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from callclock import wording
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
    weeks = [
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
            wide=True,
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
        [share, *_chance(measured, line, outcomes), *_reach(measured, line), *_known(measured), *weeks],
        lead=(
            "A caller without a number cannot be followed: unlinkable, and never counted as lost. "
            "Who can be followed is not random either."
        ),
    )


def _chance(measured: Measured, line: str, outcomes: Sequence[str]) -> Sequence[Table]:
    """Return what was found within a day beside what chance alone gives: the same window a week earlier."""
    if not measured.has("followthrough.placebo_share"):
        return []
    metrics = [f"followthrough.{name}_share" if name != "share" else "followthrough.share" for name in shown.CHANCE]

    def day(outcome: str) -> Sequence[Cell]:
        return [Cell(metric, part=f"{outcome}/24h", line=line) for metric in metrics]

    found = [o for o in outcomes if o != "none_found"]
    table = Table(
        "chance",
        "Found within 24 hours, and by chance: the same day a week earlier",
        shown.CHANCE,
        [Line(shown.OUTCOMES[o], day(o)) for o in found],
        QUERIES["after-the-hang-up"],
        head="Found",
        chart="chance",
        summary=(
            "Any contact a week earlier, by chance: ",
            Cell(metrics[1], part="24h", line=line),
            "; more than by chance: ",
            Cell(metrics[2], part="24h", line=line),
            " of those who can be linked.",
        ),
    )
    return [table]


def _reach(measured: Measured, line: str) -> Sequence[Table]:
    """Return the bounds of those of whom nothing was found, and how many cannot be linked, by where they hung up."""
    metrics = tuple(shown.REACH)
    stages = [s for s in shown.STAGES if any(s in part.split("/") for part in measured.parts(metrics[0], line))]

    def bounds(stage: str) -> Sequence[Cell]:
        return [
            Cell(m, part="/".join(word for word in (stage, within) if word) or "all", line=line)
            for m, within in zip(metrics, ("72h", "72h", ""), strict=True)
        ]

    if not measured.has(*metrics):
        return []
    whole = bounds("")
    table = Table(
        "reach",
        "Of whom nothing was found within 72 hours: between two bounds",
        {m.partition(".")[2]: said for m, said in shown.REACH.items()},
        [Line("All", whole), *(Line(shown.STAGES[stage], bounds(stage)) for stage in stages)],
        QUERIES["after-the-hang-up"],
        head="Where they hung up",
        chart="reach",
        summary=(
            "Nothing was found of ",
            whole[0],
            " of all who hung up (lower bound) and of ",
            whole[1],
            " of those who can be linked (upper bound); ",
            whole[2],
            " cannot be linked to anything.",
        ),
    )
    return [table]


def _known(measured: Measured) -> Sequence[Table]:
    """Return how many contacts could be found at all, and what the recorded message may have done."""
    asked = QUERIES["after-the-hang-up"]
    contacts, online, chance = (f"followthrough.{name}" for name in shown.KNOWN)
    channels = [channel for channel in shown.OUTCOMES if channel in measured.parts(contacts)]
    line = measured.line_of(online)

    def share(prompt: str) -> Cell:
        return Cell(online, part=f"{prompt}/24h", line=line)

    told = [prompt for prompt in shown.PROMPTS if f"{prompt}/24h" in measured.parts(online, line)]
    tables = [
        Table(
            "contacts",
            "Contacts that carry a number and so could be found at all",
            {"value": "Share"},
            [Line(shown.OUTCOMES[channel], [Cell(contacts, part=channel)]) for channel in channels],
            asked,
            head="Contact",
            wide=True,
        ),
        Table(
            "prompted",
            "Online within 24 hours, by what the recorded message had said",
            {"share": "Online within 24 h", "placebo": "A week earlier (placebo)"},
            [Line(shown.PROMPTS[prompt], [share(prompt), replace(share(prompt), metric=chance)]) for prompt in told],
            asked,
            head="Recorded message",
            chart="chance",
            summary=(
                *_shares("Reported online or used web chat", [(shown.PROMPTS[p], share(p)) for p in told]),
                " Not causal: those who stay longer hear the message.",
            ),
        ),
    ]
    return [table for table in reversed(tables) if table.rows]


def safeguarding(measured: Measured) -> Section:
    """Return risk assessments after domestic abuse (METRICS "D"), of the attended and of those never attended."""
    title = "Safeguarding after domestic abuse"
    population = measured.population_of("safeguarding.assessed_share")
    found = {part.split("/")[0] for m, _ in shown.SAFEGUARDING for part in measured.parts(m, "all", population)}
    tables = [_victims(measured, population, outcome) for outcome in shown.VICTIMS if outcome in found]
    return Section("safeguarding", title, tables, missing="" if tables else missing("safeguarding"))


def _victims(measured: Measured, population: str, outcome: str) -> Table:
    """Return the table of the victims who were attended, or of those who never were."""
    said = shown.VICTIMS[outcome]
    measures = [
        (metric, f"{outcome}/{level}" if level else outcome, heading)
        for (metric, level), heading in shown.SAFEGUARDING.items()
    ]
    measures = [m for m in measures if m[1] in measured.parts(m[0], "all", population)]

    def cells(month: str) -> Sequence[Cell]:
        return [Cell(metric, month, population=population, part=part) for metric, part, _ in measures]

    told = measured.told
    return Table(
        f"safeguarding-{outcome.replace('_', '-')}",
        said,
        {f"{metric.partition('.')[2]}_{part.replace('/', '_')}": heading for metric, part, heading in measures},
        [Line(month, cells(month)) for month in measured.months],
        QUERIES["safeguarding"],
        chart="lines",
        summary=_shares(
            f"{said}, {told.label}",
            [(heading, cell) for (_, _, heading), cell in zip(measures, cells(told.id), strict=True)],
        ),
    )


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
    known = measured.figures.known
    rows = [Line(day, [Cell(shown.BACKLOG, day, GRADE, part=band) for band in shown.AGE_BANDS]) for day in days]
    whole = [place for place, day in enumerate(days) if known[Cell(shown.BACKLOG, day, part="over_7d")].complete]
    told = whole[-1] if whole else -1
    table = Table(
        "backlog",
        "Incidents nobody had come to, at the end of each day, by how old they were",
        shown.AGE_BANDS,
        rows,
        QUERIES["backlog"],
        head="Day",
        chart="backlog",
        unit="count",
        wide=True,
        summary=(
            f"At the end of {wording.short_day(date.fromisoformat(days[told]))}, ",
            rows[told].cells[-1],
            " incidents had waited seven days or more.",
        ),
    )
    lead = "A hollow day is not complete: calls may be missing, and who is still waiting may have been attended since."
    return Section("backlog", "Backlog", [table], lead=lead)
