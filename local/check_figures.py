"""Published figures of one set of waits: which of them cannot be true together (METRICS "Check on release").

Nothing but the figures is needed. A share that waited longer than T holds the mean up: that share of T is in it at
least (Markov); shares and percentiles bound each other. Every figure is taken as rounded to the digits that it shows.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations
from typing import Any, Self

from callclock import wording

MOST_FIGURES = 16
"""More would take too long: every choice of them is tried."""

_UNIT_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_PART = r"\d+(?:\.\d+)?\s*(?:s|min|m|h|d)"
_TIME = re.compile(rf"{_PART}(?:\s*{_PART})*")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*(%?)")
_NAME = re.compile(r"(?P<kind>mean|median|p(?P<rank>\d{1,2}))|(?P<mark>within|over)_(?P<after>\d+(?:min|[smhd]))")
_FORMS = "write mean=22h, median=3h20m, p90=9h, within_4h=0.08 or over_7d=41%"
# Sums of floats are a last digit off.
_SLACK = 1e-9


class FigureError(ValueError):
    """A figure that cannot be read; the text says which and how to write it."""


@dataclass(frozen=True)
class Bound:
    """What a figure says of the share that had waited no longer than a time.

    Attributes
    ----------
    at_s
        The time, in seconds.
    least, most
        Of the share at that time; with ``before`` of the share that had waited less.
    """

    at_s: float
    least: float = 0.0
    most: float = 1.0
    before: bool = False


@dataclass(frozen=True)
class Figure:
    """One published figure.

    Attributes
    ----------
    name
        ``mean``, ``median``, ``p90``, ``within_4h``, ``over_7d``.
    text
        As it was given, ``mean=22h``.
    value, low, high
        Seconds, or a share from 0 to 1; as it stands, and what it may be rounded from.
    rank
        Share that a percentile is of.
    mark_s
        Seconds of ``within`` and ``over``.
    """

    name: str
    text: str
    value: float
    low: float
    high: float
    rank: float | None = None
    mark_s: float | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        """Read ``name=value``.

        Raises
        ------
        FigureError
            Naming the figure and how to write it.
        """
        name, equals, said = (part.strip() for part in text.partition("="))
        found = _NAME.fullmatch(name)
        if not equals or not found:
            raise FigureError(f"{text!r} is no figure: {_FORMS}")
        if found["mark"]:
            value, half = _share(text, said)
            return cls(
                name, text, value, max(0.0, value - half), min(1.0, value + half), mark_s=_seconds(found["after"])[0]
            )
        if not _TIME.fullmatch(said):
            raise FigureError(f"{text!r}: {said!r} is no time: {_FORMS}")
        value, half = _seconds(said)
        rank = {"mean": None, "median": 0.5}.get(name, int(found["rank"] or 0) / 100)
        if rank == 0:
            raise FigureError(f"{text!r}: there is no such percentile: {_FORMS}")
        return cls(name, text, value, max(0.0, value - half), value + half, rank=rank)

    @property
    def exact(self) -> Self:
        """The figure as if it had not been rounded."""
        return replace(self, low=self.value, high=self.value)

    def bounds(self) -> Iterator[Bound]:
        """What it says of the shares at times; a mean says nothing by itself."""
        if self.mark_s is not None and self.name.startswith("within"):
            yield Bound(self.mark_s, self.low, self.high)
        elif self.mark_s is not None:
            yield Bound(self.mark_s, 1 - self.high, 1 - self.low)
        elif self.rank is not None:
            yield Bound(self.high, least=self.rank)
            yield Bound(self.low, most=self.rank, before=True)

    def words(self) -> str:
        """Say it in words."""
        if self.mark_s is not None:
            how = "no longer" if self.name.startswith("within") else "longer"
            return f"{wording.share(self.value)} waited {how} than {wording.duration(self.mark_s)}"
        kind = {"mean": "the mean is", "median": "half waited at most"}.get(
            self.name, f"{self.name[1:]} % waited at most"
        )
        return f"{kind} {wording.duration(self.value)}"


@dataclass(frozen=True)
class Conflict:
    """Figures that cannot be true together, each of which it takes.

    Attributes
    ----------
    least_mean_s, most_mean_s
        What the others leave to the mean, as they stand; None where it is not the mean that is in the way.
    """

    figures: tuple[Figure, ...]
    why: str
    least_mean_s: float | None = None
    most_mean_s: float | None = None

    def as_json(self) -> Mapping[str, Any]:
        """For machines."""
        return {
            "figures": [figure.text for figure in self.figures],
            "why": self.why,
            "least_mean_s": self.least_mean_s,
            "most_mean_s": self.most_mean_s,
        }


@dataclass(frozen=True)
class Verdict:
    """What was given, what of it cannot be true together, and what would fit."""

    figures: tuple[Figure, ...]
    conflicts: tuple[Conflict, ...]
    hints: tuple[str, ...]

    def text(self) -> str:
        """For people."""
        if not self.conflicts:
            return "They can all be true together."
        lines = ["These cannot be true together:"]
        for conflict in self.conflicts:
            lines += [f"  {', '.join(figure.text for figure in conflict.figures)}", f"    {_sentence(conflict.why)}"]
        return "\n".join([*lines, *self.hints])

    def as_json(self) -> Mapping[str, Any]:
        """For machines."""
        return {
            "figures": [figure.text for figure in self.figures],
            "can_be_true_together": not self.conflicts,
            "conflicts": [conflict.as_json() for conflict in self.conflicts],
            "hints": list(self.hints),
        }


def check(texts: Sequence[str]) -> Verdict:
    """Tell which of these figures cannot be true together, of the same incidents, each with a wait.

    Parameters
    ----------
    texts
        ``mean=22h``, ``median=3h20m``, ``p90=9h``, ``within_4h=0.08``, ``over_7d=41%``. Percentiles are taken as
        those of many incidents.

    Raises
    ------
    FigureError
        One cannot be read, stands twice, or there are more than ``MOST_FIGURES``.
    """
    figures = tuple(Figure.read(text) for text in texts)
    names = [figure.name for figure in figures]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise FigureError(f"{twice} stands twice: give each figure once")
    if len(figures) > MOST_FIGURES:
        raise FigureError(f"{len(figures)} figures: give at most {MOST_FIGURES}")
    conflicts = tuple(_conflicts(figures))
    return Verdict(figures, conflicts, tuple(_hints(figures, conflicts)))


def _conflicts(figures: Sequence[Figure]) -> Iterator[Conflict]:
    """Each smallest choice of figures that cannot be true together."""
    found: list[frozenset[str]] = []
    for size in range(2, len(figures) + 1):
        for chosen in combinations(figures, size):
            names = frozenset(figure.name for figure in chosen)
            if not any(smaller <= names for smaller in found) and (conflict := conflict_of(chosen)):
                found.append(names)
                yield conflict


def conflict_of(chosen: Sequence[Figure]) -> Conflict | None:
    """Tell why these cannot be true together; None where they can."""
    bounds = _in_order(bound for figure in chosen for bound in figure.bounds())
    # The share that has waited no longer than a time never falls as the time grows.
    if any(a.least > b.most + _SLACK for a in bounds for b in bounds if _place(a) <= _place(b)):
        return Conflict(tuple(chosen), _shares_apart(chosen))
    mean = next((figure for figure in chosen if figure.name == "mean"), None)
    if mean is None:
        return None
    if _least_mean(bounds) > mean.high * (1 + _SLACK):
        needed = _least_mean(_as_they_stand(chosen))
        return Conflict(tuple(chosen), _mean_apart(chosen, f"at least {wording.duration(needed)}"), least_mean_s=needed)
    if (most := _most_mean(bounds)) is not None and most < mean.low * (1 - _SLACK):
        allowed = _most_mean(_as_they_stand(chosen))
        said = wording.duration(most if allowed is None else allowed)
        return Conflict(tuple(chosen), _mean_apart(chosen, f"at most {said}"), most_mean_s=allowed)
    return None


def _as_they_stand(chosen: Sequence[Figure]) -> Sequence[Bound]:
    return _in_order(bound for figure in chosen for bound in figure.exact.bounds())


def _in_order(bounds: Iterable[Bound]) -> Sequence[Bound]:
    return sorted(bounds, key=_place)


def _place(bound: Bound) -> tuple[float, bool]:
    return bound.at_s, not bound.before


def _least_mean(bounds: Sequence[Bound]) -> float:
    """Mean when everybody waited as little as the bounds allow: the area above the highest curve that keeps to them."""
    total, since = 0.0, 0.0
    for place, bound in enumerate(bounds):
        most = min(later.most for later in bounds[place:])
        total += (bound.at_s - since) * (1 - most)
        since = bound.at_s
    return total


def _most_mean(bounds: Sequence[Bound]) -> float | None:
    """Mean when everybody waited as long as the bounds allow; None where that has no end."""
    total, since, least = 0.0, 0.0, 0.0
    for bound in bounds:
        total += (bound.at_s - since) * (1 - least)
        since, least = bound.at_s, max(least, bound.least)
    return total if least >= 1 - _SLACK else None


def _shares_apart(chosen: Sequence[Figure]) -> str:
    said = ", but ".join(figure.words() for figure in sorted(chosen, key=_time))
    return f"{said}: the share that has waited no longer than a time never falls as the time grows."


def _time(figure: Figure) -> float:
    return figure.value if figure.mark_s is None else figure.mark_s


def _mean_apart(chosen: Sequence[Figure], needed: str) -> str:
    others = wording.listed([figure.words() for figure in chosen if figure.name != "mean"])
    mean = next(figure for figure in chosen if figure.name == "mean")
    return f"when {others}, the mean is {needed}; it is said to be {wording.duration(mean.value)}."


def _hints(figures: Sequence[Figure], conflicts: Sequence[Conflict]) -> Iterator[str]:
    """What may have been meant."""
    mean = next((figure for figure in figures if figure.name == "mean"), None)
    if mean is None or not any(mean in conflict.figures for conflict in conflicts):
        return
    others = [figure for figure in figures if figure is not mean]
    as_median = replace(mean, name="median", rank=0.5)
    taken = any(figure.name == "median" for figure in others)
    if not taken and not any(
        conflict_of(c) for n in range(2, len(figures) + 1) for c in combinations([*others, as_median], n)
    ):
        yield f"A median of {wording.duration(mean.value)} would fit all of them."
    too_small = [conflict for conflict in conflicts if conflict.least_mean_s is not None]
    if any(figure.name.startswith("over") for conflict in too_small for figure in conflict.figures):
        yield "A mean of those attended may fit, where the share also counts those whom nobody came to: it hides them."


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _share(text: str, said: str) -> tuple[float, float]:
    """Share and half a unit of its last digit; 0 and 1 without a digit behind the point are exact."""
    found = _SHARE.fullmatch(said)
    if not found:
        raise FigureError(f"{text!r}: {said!r} is no share: {_FORMS}")
    number, scale = Decimal(found[1]), Decimal(100 if found[2] else 1)
    if number > scale:
        raise FigureError(f"{text!r}: a share is at most 1, or 100 %: {_FORMS}")
    exact = not found[2] and "." not in found[1]
    return float(number / scale), 0.0 if exact else float(_half_unit(number) / scale)


def _seconds(said: str) -> tuple[float, float]:
    """Seconds of a time, and half a unit of its last digit."""
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d)", said)
    total = sum((Decimal(number) * _UNIT_SECONDS[unit] for number, unit in parts), Decimal())
    number, unit = parts[-1]
    return float(total), float(_half_unit(Decimal(number)) * _UNIT_SECONDS[unit])


def _half_unit(number: Decimal) -> Decimal:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - the patterns let no infinity in
    return Decimal(1).scaleb(exponent) / 2
