"""What moved a rate: a decomposition into parts that adds up exactly, with no small number to be read from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

OTHERS = "all others together"


@dataclass(frozen=True)
class Part:
    """One part of a rate, before and after: records that count, and records they are counted among.

    A mean is a rate as well: its numerators are sums of seconds.
    """

    name: str
    old_numerator: float
    old_denominator: float
    new_numerator: float
    new_denominator: float

    @property
    def size(self) -> float:
        """Records of the part, before and after, by which parts are ordered from the smallest."""
        return self.old_denominator + self.new_denominator


@dataclass(frozen=True)
class Effect:
    """How far one part moved the whole, in the unit of the rate: by its own rate, and by its weight in the whole."""

    name: str
    rate: Fraction
    mix: Fraction

    @property
    def total(self) -> Fraction:
        """Both together."""
        return self.rate + self.mix


def effects(parts: Sequence[Part]) -> tuple[Effect, ...]:
    """Split the change of a whole rate into what each part did, largest first; the totals sum to the change exactly.

    With weights w (a part's share of all denominators) and rates r, a part's rate effect is (r1 - r0)(w0 + w1)/2 and
    its mix effect (w1 - w0)((r0 + r1)/2 - (R0 + R1)/2): growing is held against a part that is worse than the whole.
    A part that is new or gone has no rate on one side: there it takes the rate that it has.

    Parameters
    ----------
    parts
        Disjoint parts that make up the whole, denominators included.

    Raises
    ------
    ValueError
        When the whole has no denominator on one side: there is no rate to compare.
    """
    old_whole = sum((Fraction(part.old_denominator) for part in parts), Fraction())
    new_whole = sum((Fraction(part.new_denominator) for part in parts), Fraction())
    if not old_whole or not new_whole:
        raise ValueError("a rate over nothing cannot be compared: give parts with records before and after")
    old_rate = sum((Fraction(part.old_numerator) for part in parts), Fraction()) / old_whole
    new_rate = sum((Fraction(part.new_numerator) for part in parts), Fraction()) / new_whole
    middle = (old_rate + new_rate) / 2
    found = []
    for part in parts:
        w0, w1 = Fraction(part.old_denominator) / old_whole, Fraction(part.new_denominator) / new_whole
        r0 = Fraction(part.old_numerator) / Fraction(part.old_denominator) if part.old_denominator else None
        r1 = Fraction(part.new_numerator) / Fraction(part.new_denominator) if part.new_denominator else None
        before, after = _rates(r0, r1)
        rate = (after - before) * (w0 + w1) / 2
        found.append(Effect(part.name, rate, (w1 - w0) * ((before + after) / 2 - middle)))
    return _largest_first(found)


def contributions(parts: Sequence[Part]) -> tuple[Effect, ...]:
    """Split the change of a rate whose numerator alone is parted (hang-ups by stage, over all calls offered).

    Parameters
    ----------
    parts
        All with the same denominators, those of the whole.

    Raises
    ------
    ValueError
        When the denominators differ or are nought.
    """
    wholes = {(part.old_denominator, part.new_denominator) for part in parts}
    if len(wholes) != 1 or 0 in next(iter(wholes)):
        raise ValueError(f"parts of one numerator share one denominator that is not nought, got {sorted(wholes)}")
    ((old_whole, new_whole),) = wholes
    return _largest_first([
        Effect(
            part.name,
            Fraction(part.new_numerator) / Fraction(new_whole) - Fraction(part.old_numerator) / Fraction(old_whole),
            Fraction(),
        )
        for part in parts
    ])  # fmt: skip


def differences(parts: Sequence[Part]) -> tuple[Effect, ...]:
    """Split the change of a count into the changes of its parts; denominators, those of the whole, do not matter."""
    return _largest_first([
        Effect(part.name, Fraction(part.new_numerator) - Fraction(part.old_numerator), Fraction()) for part in parts
    ])  # fmt: skip


def _rates(old: Fraction | None, new: Fraction | None) -> tuple[Fraction, Fraction]:
    """Fill the side on which a part has no records with the rate of the other."""
    either = old if old is not None else new if new is not None else Fraction()
    return (old if old is not None else either), (new if new is not None else either)


def _largest_first(found: Sequence[Effect]) -> tuple[Effect, ...]:
    return tuple(sorted(found, key=lambda effect: (-abs(effect.total), effect.name)))


def fold_small(parts: Sequence[Part], below: int, *, shared_denominator: bool, of_records: bool) -> tuple[Part, ...]:
    """Put parts with small numbers together, and as many more as it takes, so that none can be told by subtraction.

    Parameters
    ----------
    parts
        As for :func:`effects` or, with ``shared_denominator``, :func:`contributions`.
    below
        Counts from 1 to one less than this are small.
    shared_denominator
        Whether the denominator is that of the whole.
    of_records
        Whether numerators count records; sums of seconds do not.
    """

    def is_small(part: Part) -> bool:
        counts = [] if shared_denominator else [part.old_denominator, part.new_denominator]
        if of_records:
            counts += [part.old_numerator, part.new_numerator]
            counts += [part.old_denominator - part.old_numerator, part.new_denominator - part.new_numerator]
        return any(0 < number < below for number in counts)

    def weight(part: Part) -> tuple[float, str]:
        return (part.old_numerator + part.new_numerator if shared_denominator else part.size), part.name

    small = [part for part in parts if is_small(part)]
    rest = sorted((part for part in parts if not is_small(part)), key=weight)
    while small and rest and (len(small) == 1 or is_small(_together(small, shared_denominator))):
        small.append(rest.pop(0))
    return (*rest, *([_together(small, shared_denominator)] if small else []))


def _together(parts: Sequence[Part], shared_denominator: bool) -> Part:
    wholes = parts[:1] if shared_denominator else parts
    return Part(
        OTHERS,
        sum(part.old_numerator for part in parts),
        sum(part.old_denominator for part in wholes),
        sum(part.new_numerator for part in parts),
        sum(part.new_denominator for part in wholes),
    )


def rounded_to_sum(values: Sequence[Fraction], step: Fraction) -> list[Fraction]:
    """Round to multiples of ``step`` so that the rounded values add up to the rounded sum (largest remainders)."""
    floors = [value // step for value in values]
    missing = round(sum(values, Fraction()) / step) - sum(floors)
    by_remainder = sorted(range(len(values)), key=lambda i: (floors[i] - values[i] / step, i))
    for place in by_remainder[: max(missing, 0)]:
        floors[place] += 1
    return [floor * step for floor in floors]
