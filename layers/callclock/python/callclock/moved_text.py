"""What a notice says moved its figure: parts that add up as printed, with no small number among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from callclock import wording
from callclock.gaps import SIDE_WORDS, Gap
from callclock.parts import OTHERS, Effect, Part, contributions, differences, effects, fold_small, rounded_to_sum
from callclock.replay import Observation
from callclock.small_numbers import is_hidden

_PARTS_MOST = 3
_FINEST = {"share": Fraction(1, 1000), "ratio": Fraction(1, 100)}
_STEPS = ((7 * 86_400, Fraction(3_600)), (3_600, Fraction(60)), (60, Fraction(1)))
"""From so many seconds on a duration is written in steps of so many (wording.duration); below, in tenths."""


@dataclass(frozen=True)
class Split:
    """The value split by one dimension against an earlier period, to say which part moved it most.

    With ``shared_denominator`` only the numerator is parted (hang-ups by stage; a count); else parts are disjoint
    wholes (areas, grades). ``compared_with`` names the earlier period as it is to be printed; ``unit`` is that of the
    parts. ``about`` says what is split where the value is a percentile, which has no parts.
    """

    dimension: str
    compared_with: str
    parts: tuple[Part, ...]
    unit: str = "share"
    shared_denominator: bool = False
    about: str = ""
    suppress_below: int = 5

    def said(self) -> list[str]:
        """Name the parts that moved it most, one line each."""
        parts = fold_small(
            self.parts,
            self.suppress_below,
            shared_denominator=self.shared_denominator,
            of_records=self.unit != "s",
        )
        found = [effect for effect in self._effects(parts) if effect.total]
        named = [effect for effect in found if effect.name != OTHERS][:_PARTS_MOST]
        dimension = self.dimension.replace("_", " ")
        about = [self.about] if self.about else []
        if not named:
            none = f"no {dimension} can be named without small numbers, or none moved it."
            return [*about, f"Against {self.compared_with}: {none}"]
        total = sum((effect.total for effect in found), Fraction())
        amounts = [*(effect.total for effect in named), total - sum(effect.total for effect in named)]
        step = step_of(self.unit, [total, *amounts, named[0].rate, named[0].mix])
        printed = rounded_to_sum(amounts, step)
        change = _change(sum(printed, Fraction()), self.unit)
        said = [*about, f"Against {self.compared_with}: {change}. By {dimension}:"]
        said += [f"- {self._name(e)}: {_change(amount, self.unit)}" for e, amount in zip(named, printed, strict=False)]
        if len(found) > len(named):
            said.append(f"- {OTHERS}: {_change(printed[-1], self.unit)}")
        return said if self.shared_denominator else [*said, self._of_first(named[0], printed[0], step)]

    def _effects(self, parts: Sequence[Part]) -> tuple[Effect, ...]:
        if self.unit == "count":
            return differences(parts)
        return contributions(parts) if self.shared_denominator else effects(parts)

    def _name(self, effect: Effect) -> str:
        return wording.part(self.dimension, effect.name)

    def _of_first(self, first: Effect, printed: Fraction, step: Fraction) -> str:
        """Say how much of the largest part is its own figure, and how much its weight."""
        (rate,) = rounded_to_sum([first.rate], step)
        return (
            f"Of {self._name(first)}: {_change(rate, self.unit)} because its own figure changed, "
            f"{_change(printed - rate, self.unit)} because its part of the whole did."
        )


@dataclass(frozen=True)
class Sides:
    """A gap against an earlier period: its two sides before and after, and what moved the one that moved it most."""

    gap: Gap
    compared_with: str
    old: tuple[Observation, ...]
    new: tuple[Observation, ...]
    unit: str
    within: Split | None = None
    suppress_below: int = 5

    @property
    def effects(self) -> tuple[Effect, Effect] | None:
        """How far either side moved it, in the order of the gap; None where a figure is missing."""
        old, new = ([row.value for row in rows if row.value is not None] for rows in (self.old, self.new))
        return self.gap.effects(old, new) if len(old) == len(new) == len(self.gap.populations) else None

    @property
    def foremost(self) -> str | None:
        """Population of the side that moved it most; None where neither did."""
        found = self.effects
        most = max(found, key=lambda effect: abs(effect.total)) if found else None
        return most.name if most and most.total else None

    def said(self) -> list[str]:
        """Say what either side did to it, then which part of the foremost side that was."""
        rows = (*self.old, *self.new)
        found = self.effects
        if found is None:
            return [f"Against {self.compared_with}: what either side did cannot be told, one of them has no figure."]
        if any(is_hidden(row, self.gap.metric, self.gap.unit, self.suppress_below) for row in rows):
            return [f"Against {self.compared_with}: not printed, because a side of it rests on small numbers."]
        amounts = [effect.total for effect in found]
        printed = rounded_to_sum(amounts, step_of(self.unit, [sum(amounts, Fraction()), *amounts]))
        said = [f"Against {self.compared_with}: {_change(sum(printed, Fraction()), self.unit)}. By side:"]
        for effect, amount, old, new in zip(found, printed, self.old, self.new, strict=True):
            was, is_now = (wording.figure(row.value or 0, self.gap.unit) for row in (old, new))
            words = SIDE_WORDS[effect.name]
            said.append(f"- {words}: {_change(amount, self.unit)} ({_name(self.gap)} {is_now}, {was} before)")
        if self.foremost and self.within:
            said += [f"Of the two, {SIDE_WORDS[self.foremost]} moved it most.", *self.within.said()]
        return said


@dataclass(frozen=True)
class Beside:
    """The figure of each part by itself, before and after, where nothing adds up: medians by stage."""

    dimension: str
    compared_with: str
    metric: str
    unit: str
    parts: tuple[tuple[str, Observation, Observation], ...]
    suppress_below: int = 5

    def said(self) -> list[str]:
        """Name the parts whose own figure changed most."""
        below = self.suppress_below
        told = [
            (name, old, new)
            for name, old, new in self.parts
            if not any(is_hidden(row, self.metric, self.unit, below) for row in (old, new))
        ]
        if not told:
            return ["This measure has no split that adds up; see what to look at."]
        told.sort(key=lambda part: (-abs((part[2].value or 0) - (part[1].value or 0)), part[0]))
        said = [f"It has no parts that add up. By {self.dimension}, each by itself, most changed first:"]
        for name, old, new in told[:_PARTS_MOST]:
            was, is_now = (wording.figure(row.value or 0, self.unit) for row in (old, new))
            said.append(f"- {wording.part(self.dimension, name)}: {is_now}, {was} in {self.compared_with}")
        return said


type Moved = Split | Sides | Beside


def step_of(unit: str, amounts: Sequence[Fraction]) -> Fraction:
    """Step in which all of these amounts can be printed so that what is printed adds up."""
    if unit == "s":
        largest = max(abs(amount) for amount in amounts)
        return next((step for least, step in _STEPS if largest >= least - step / 2), Fraction(1, 10))
    return _FINEST.get(unit, Fraction(1))


def _change(amount: Fraction, unit: str) -> str:
    return wording.change(float(amount), unit)


def _name(gap: Gap) -> str:
    return "median" if "median" in gap.metric else "share"
