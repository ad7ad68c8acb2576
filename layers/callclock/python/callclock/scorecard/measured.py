"""From rows to figures: what each value says, what is still open, its limits and signals, and what to choose from."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from typing import Final
from zoneinfo import ZoneInfo

from callclock import spc, wording
from callclock.clock import Month, PeriodKind
from callclock.metrics import catalogue
from callclock.scorecard.facts import Curve, Value
from callclock.scorecard.figures import CURVE, Cell, Figure, Figures, Selection, Series
from callclock.scorecard.shown import CHARTED, MONTHS_SHOWN
from callclock.settings import Force

MOST_FIGURES: Final = 60_000
"""Areas are added, the busiest first, while the page holds no more figures than this: it stays below two megabytes."""

_FIGURES_A_CURVE: Final = 6
"""So many figures take as much room, packed, as one curve."""

_SIGNALS = {
    spc.SignalRule.OUTSIDE: "outside its usual range",
    spc.SignalRule.RUN7: "seven months on one side of the mean",
    spc.SignalRule.TREND7: "seven months in one direction",
    spc.SignalRule.TWO_OF_THREE: "two of three months near a limit",
}


@dataclass(frozen=True)
class Choice:
    """One entry of a control: its name as cells have it, and as a person reads it."""

    id: str
    label: str


@dataclass(frozen=True)
class Measured:
    """Figures of a page, and what its control offers.

    ``after_s`` are the times since the call, in seconds, that curves have points at; empty where there are none.
    ``months`` are those shown, oldest first, by name as cells have it. ``areas_left_out`` counts areas that would make
    the page too large. ``selection`` is what it opens with.
    """

    figures: Figures
    months: Sequence[str]
    periods: Sequence[Choice]
    grades: Sequence[Choice]
    areas: Sequence[Choice]
    areas_left_out: int
    selection: Selection
    after_s: Sequence[float] = ()

    @property
    def told(self) -> Choice:
        """Month that sentences about months speak of: the one the page opens with, else the newest."""
        return next((c for c in self.periods if c.id == self.selection.period and c.id in self.months), self.periods[0])

    def lines(self) -> Sequence[str]:
        """Lines that calls came in on."""
        found = {cell.line for cell in self.figures.known if cell.metric == "calls.offered"}
        return sorted(found - {"all"}, key=lambda line: (line != "999", line != "101", line))

    def has(self, *metrics: str) -> bool:
        """Tell whether one of these was measured."""
        return any(cell.metric in metrics for cell in self.figures.known)

    def parts(self, metric: str, line: str = "all", population: str = "all") -> Sequence[str]:
        """Parts that a metric is broken down by on a line."""
        found = {c.part for c in self._of(metric) if c.line == line and c.population == population}
        return sorted(found - {"all"})

    def line_of(self, metric: str) -> str:
        """Line that a metric which speaks of one line names, ``all`` where it names none."""
        return next(iter(sorted({c.line for c in self._of(metric)} - {"all"})), "all")

    def population_of(self, metric: str) -> str:
        """Population that a metric which speaks of one names, ``all`` where it names none."""
        return next(iter(sorted({c.population for c in self._of(metric)} - {"all"})), "all")

    def _of(self, metric: str) -> Sequence[Cell]:
        return [cell for cell in self.figures.known if cell.metric == metric]


def measure(values: Sequence[Value], force: Force, headlines: Iterable[Cell], curves: Sequence[Curve] = ()) -> Measured:
    """Make figures of rows.

    Parameters
    ----------
    values
        Rows of ``rows.sql``.
    force
        Its zone is that of as_at; its rebases start the limits of a chart anew.
    headlines
        Figures beside which n, what is open and as_at are told in words, whatever the control says.
    curves
        Rows of ``curves.sql``.
    """
    months = sorted({v.label for v in values if v.kind is PeriodKind.MONTH})[-MONTHS_SHOWN:]
    shown = [v for v in values if v.kind is not PeriodKind.MONTH or v.label in months]
    areas = _areas(shown, curves)
    kept = {"all", *areas.kept}
    figures = Figures()
    for v in shown:
        if v.area in kept:
            figures.add(_cell(v), _figure(v))
    told = {(cell.metric, cell.population, cell.line) for cell in headlines}
    for v in shown:
        if (v.metric, v.population, v.line) in told and v.area in kept and v.part == "all":
            _tell(figures, v, force.tz)
    _chart(figures, values, months, force)
    after_s = _draw(figures, [curve for curve in curves if curve.area in kept])
    periods = _periods(shown)
    return Measured(
        figures=figures,
        months=months,
        periods=periods,
        grades=_grades(shown),
        areas=[Choice("all", "Whole force"), *(Choice(area, area) for area in sorted(areas.kept))],
        areas_left_out=areas.left_out,
        selection=Selection(
            _opens_with(shown, months, {metric for metric, _, _ in told}) or (periods[0].id if periods else "none")
        ),
        after_s=after_s,
    )


def period_id(v: Value | Curve) -> str:
    """Name of a value's period, as cells have it: the label, but for rolling years, which share theirs with a month."""
    return f"12m {v.label}" if v.kind is PeriodKind.ROLLING_12M else v.label


def _cell(v: Value) -> Cell:
    return Cell(v.metric, period_id(v), v.grade, v.population, v.area, v.line, v.part)


def _figure(v: Value) -> Figure:
    nothing = "not measurable" if "not_measurable" in v.notes.split(";") else "\N{EN DASH}"
    text = nothing if v.value is None else wording.figure(v.value, v.unit)
    return Figure(v.value, text, v.complete, v.n)


def _tell(figures: Figures, v: Value, zone: ZoneInfo) -> None:
    """Say beside a headline figure what it rests on."""
    cell = _cell(v)
    held_back = [f"{v.n_immature:,} too young to count"] if v.n_immature else []
    held_back += [f"{v.n_unknown:,} of unknown outcome"] if v.n_unknown else []
    still_open = wording.listed(held_back) or ("nothing" if v.complete else "the period, or its last 28 days")
    figures.add(cell.about("n"), Figure(v.n, "\N{EN DASH}" if v.n is None else f"{v.n:,}"))
    figures.add(cell.about("open"), Figure(v.n_immature, still_open))
    figures.add(cell.about("as_at"), Figure(None, wording.moment(v.as_at, zone).partition(" ")[2]))
    if v.target is not None and v.value is not None:
        figures.add(cell.about("standing"), _standing(v, v.value, v.target))


def _standing(v: Value, value: float, target: float) -> Figure:
    """Target of a value and whether it was met: value 1 where not, -1 where so, 0 where nobody can say."""
    level = wording.figure(target, v.unit)
    direction = catalogue.metric(v.metric).direction
    if direction == "neutral" or not v.complete:
        return Figure(0, level)
    met = value <= target if direction == "lower_is_better" else value >= target
    return Figure(-1 if met else 1, f"{level}, {'met' if met else 'not met'}")


def _draw(figures: Figures, curves: Sequence[Curve]) -> Sequence[float]:
    """Add curves, and return the times of their points: those of the newest, and only curves that have the same."""
    after_s = curves[-1].after_s if curves else ()
    for curve in curves:
        if curve.after_s == after_s:
            cell = Cell(CURVE, period_id(curve), curve.grade, curve.population, curve.area)
            figures.curves[cell] = Series(curve.thousandths, curve.settled)
    return after_s


def _chart(figures: Figures, values: Sequence[Value], months: Sequence[str], force: Force) -> None:
    """Add mean, limits, target and signal of every charted series to the months shown."""

    def series(v: Value) -> tuple[str, ...]:
        return v.metric, v.grade, v.population, v.line

    rows = [
        v for v in values if v.kind is PeriodKind.MONTH and v.metric in CHARTED and v.area == "all" and v.part == "all"
    ]
    for key, found in groupby(sorted(rows, key=lambda v: (*series(v), v.start)), key=series):
        _draw_up(figures, list(found), months, force.rebased_on(key[0]))


def _draw_up(figures: Figures, rows: Sequence[Value], months: Sequence[str], declared: Sequence[date]) -> None:
    by_month = {Month.of(v.start): v for v in rows}
    first, last = min(by_month), max(by_month)
    calendar = [first]
    while calendar[-1] < last:
        calendar.append(calendar[-1].plus(1))
    known = [by_month.get(month) for month in calendar]
    versions = [(place, v.definition_version) for place, v in enumerate(known) if v]
    # A new definition is a new process (METRICS "Signals over time").
    rebased = [place for (_, before), (place, now) in pairwise(versions) if before != now]
    rebased += [
        next((n for n, month in enumerate(calendar) if month.first_day >= on), len(calendar)) for on in declared
    ]
    points = spc.xmr_chart([v.value if v and v.complete else None for v in known], rebased)
    for v, point in zip(known, points, strict=True):
        if v and v.label in months:
            _mark(figures, v, point)


def _mark(figures: Figures, v: Value, point: spc.Point) -> None:
    cell = _cell(v)
    if point.limits:
        most = 1.0 if v.unit == "share" else None
        drawn = point.limits.clipped(0.0, most)
        for what, level in (("mean", drawn.mean), ("lower", drawn.lower), ("upper", drawn.upper)):
            figures.add(cell.about(what), Figure(level, wording.figure(level, v.unit)))
    if v.target is not None:
        figures.add(cell.about("target"), Figure(v.target, wording.figure(v.target, v.unit)))
    figures.add(cell.about("signal"), _signal(v, point))


def _signal(v: Value, point: spc.Point) -> Figure:
    """Signal of a point: value 1 for a concern, -1 for an improvement, 0 for none or for what has no good side."""
    if point.value is None:
        return Figure(None, "not read: not complete")
    if point.limits is None or not point.limits.locked:
        return Figure(None, f"not read before {spc.LOCKED_ON} complete months")
    if not point.flags:
        return Figure(0, "none")
    flag = point.flags[0]
    direction = catalogue.metric(v.metric).direction
    if direction == "neutral":
        return Figure(0, f"change: {_SIGNALS[flag.rule]}")
    concern = (flag.side == "above") == (direction == "lower_is_better")
    return Figure(1 if concern else -1, f"{'concern' if concern else 'improvement'}: {_SIGNALS[flag.rule]}")


@dataclass(frozen=True)
class _Areas:
    kept: Sequence[str]
    left_out: int


def _areas(values: Sequence[Value], curves: Sequence[Curve]) -> _Areas:
    """Areas that fit, the busiest first."""
    size = Counter(v.area for v in values)
    for curve in curves:
        size[curve.area] += _FIGURES_A_CURVE
    busy: Counter[str] = Counter()
    for v in values:
        if v.metric == "attendance.incidents" and v.grade == "all" and v.population == "all" and v.area != "all":
            busy[v.area] += int(v.value or 0)
    names = sorted(busy, key=lambda area: (-busy[area], area))
    room = MOST_FIGURES - size["all"]
    kept: list[str] = []
    for area in names:
        room -= size[area]
        if room < 0:
            break
        kept.append(area)
    return _Areas(kept, len(names) - len(kept))


def _periods(values: Sequence[Value]) -> Sequence[Choice]:
    """Months, newest first, then the year to date and the rolling year."""
    order = (PeriodKind.MONTH, PeriodKind.FY_TO_DATE, PeriodKind.ROLLING_12M)
    found = {period_id(v): v for v in values if v.kind in order}
    newest_first = sorted(found.items(), key=lambda item: (-order.index(item[1].kind), item[1].end), reverse=True)
    return [Choice(name, _sentence(wording.period(v.kind, v.start, v.end))) for name, v in newest_first]


def _grades(values: Sequence[Value]) -> Sequence[Choice]:
    found = sorted({v.grade for v in values if v.metric.startswith("attendance.")} - {"all"})
    names = {"unknown": "Grade not known"}
    return [Choice("all", "All grades"), *(Choice(grade, names.get(grade, f"Grade {grade}")) for grade in found)]


def _opens_with(values: Sequence[Value], months: Sequence[str], headlines: set[str]) -> str | None:
    """Newest month in which the force's headline figures are complete, as far as there are any; else the newest."""
    level = [v for v in values if v.metric in headlines and v.area == v.grade == "all" and v.kind is PeriodKind.MONTH]
    open_in = {v.label for v in level if not v.complete}
    measured = {v.metric for v in level}
    whole = [m for m in months if m not in open_in and {v.metric for v in level if v.label == m} == measured]
    return whole[-1] if whole else months[-1] if months else None


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
