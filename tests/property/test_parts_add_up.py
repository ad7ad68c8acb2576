"""Whatever the parts: their effects sum to the change of the whole, exactly, and no small part can be singled out."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from callclock.clock import PeriodKind
from callclock.notice_text import Context, Split, moved
from callclock.parts import Part, contributions, effects, fold_small, rounded_to_sum
from callclock.replay import Observation, Rule
from callclock.settings import Severity
from callclock.thresholds import decide

few = settings(max_examples=60, deadline=None)


@st.composite
def disjoint_parts(draw: st.DrawFn) -> list[Part]:
    count = draw(st.integers(1, 6))
    parts = []
    for place in range(count):
        old, new = draw(st.integers(0, 40)), draw(st.integers(0, 40))
        parts.append(Part(f"p{place}", draw(st.integers(0, old)), old, draw(st.integers(0, new)), new))
    assume(sum(p.old_denominator for p in parts) and sum(p.new_denominator for p in parts))
    return parts


def whole_change(parts: list[Part]) -> Fraction:
    old = Fraction(int(sum(p.old_numerator for p in parts)), int(sum(p.old_denominator for p in parts)))
    return Fraction(int(sum(p.new_numerator for p in parts)), int(sum(p.new_denominator for p in parts))) - old


@few
@given(disjoint_parts())
def test_effects_add_up(parts: list[Part]) -> None:
    assert sum(effect.total for effect in effects(parts)) == whole_change(parts)


@few
@given(disjoint_parts())
def test_folding_changes_no_sum_and_leaves_no_small_part(parts: list[Part]) -> None:
    folded = fold_small(parts, 5, shared_denominator=False, of_records=True)
    assert sum(effect.total for effect in effects(folded)) == whole_change(parts)
    for part in folded[:-1]:
        counts = (part.old_numerator, part.new_numerator, part.old_denominator, part.new_denominator)
        remainders = (part.old_denominator - part.old_numerator, part.new_denominator - part.new_numerator)
        assert not any(0 < number < 5 for number in (*counts, *remainders))


@few
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=6), st.integers(300, 400))
def test_contributions_add_up(numerators: list[tuple[int, int]], whole: int) -> None:
    parts = [Part(f"p{place}", old, whole, new, whole + 7) for place, (old, new) in enumerate(numerators)]
    old, new = (sum(pair[side] for pair in numerators) for side in (0, 1))
    assert sum(effect.total for effect in contributions(parts)) == Fraction(new, whole + 7) - Fraction(old, whole)


@few
@given(st.lists(st.fractions(-3, 3, max_denominator=50), min_size=1, max_size=8))
def test_rounding_keeps_the_sum_and_moves_nothing_by_a_step(values: list[Fraction]) -> None:
    step = Fraction(1, 10)
    rounded = rounded_to_sum(values, step)
    assert sum(rounded) == round(sum(values) / step) * step
    assert all(abs(a - b) < step for a, b in zip(values, rounded, strict=True))


AMOUNT = re.compile(r"([+-]?\d+\.\d) points")
LAST = Observation(
    date(2026, 2, 1), date(2026, 3, 1), 0.5, 4000, True, datetime(2026, 3, 9, tzinfo=UTC),
    numerator=2000, denominator=4000,
)  # fmt: skip
RULE = Rule(
    "r", "1", "calls.abandonment_rate", PeriodKind.MONTH, "above", ZoneInfo("Europe/London"),
    severities=(Severity("warning", 0.1),), recover=0.05,
)  # fmt: skip


@few
@given(disjoint_parts(), st.booleans())
def test_what_the_mail_prints_adds_up_as_printed(parts: list[Part], shared: bool) -> None:
    """A reader with a pencil: the lines sum to the change above them, and what is said of the first part to its line."""
    if shared:
        old, new = sum(p.old_denominator for p in parts), sum(p.new_denominator for p in parts)
        parts = [replace(part, old_denominator=old, new_denominator=new) for part in parts]
    split = Split("queue", "January 2026", tuple(parts), shared_denominator=shared)
    context = Context("EX", "Example", "Calls", "share", split=split)
    decision = decide([LAST], [], RULE, datetime(2026, 3, 9, tzinfo=UTC))
    said = moved(decision, RULE, LAST, context)
    amounts = [[Decimal(text) for text in AMOUNT.findall(line)] for line in said]
    assume(len(said) > 1)
    [told] = amounts[0]
    lines = [line[0] for line, text in zip(amounts, said, strict=True) if text.startswith("- ")]
    assert sum(lines) == told
    of_first = [line for line, text in zip(amounts, said, strict=True) if text.startswith("Of ")]
    assert [sum(line) for line in of_first] == ([] if shared else [lines[0]])
