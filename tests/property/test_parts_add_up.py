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
from callclock.gaps import gap_of
from callclock.moved_text import Sides, Split
from callclock.notice_text import Context, moved
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
DURATION = re.compile(r"([+-]?)((?:\d+(?:\.\d)? (?:d|h|min|s)\b ?)+)")
SECONDS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}
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
    said = moved(decision, RULE, [LAST], LAST, context)
    amounts = [[Decimal(text) for text in AMOUNT.findall(line)] for line in said]
    assume(len(said) > 1)
    [told] = amounts[0]
    lines = [line[0] for line, text in zip(amounts, said, strict=True) if text.startswith("- ")]
    assert sum(lines) == told
    of_first = [line for line, text in zip(amounts, said, strict=True) if text.startswith("Of ")]
    assert [sum(line) for line in of_first] == ([] if shared else [lines[0]])


def in_seconds(line: str) -> list[Decimal]:
    """Durations of a line as a reader takes them: ``-1 h 30 min`` is -5,400."""
    found = []
    for sign, text in DURATION.findall(line):
        amounts = re.findall(r"(\d+(?:\.\d)?) (d|h|min|s)", text)
        total = sum(Decimal(number) * SECONDS[unit] for number, unit in amounts)
        found.append(-total if sign == "-" else total)
    return found


waits = st.one_of(st.floats(0, 120), st.floats(0, 9_000), st.floats(0, 3_000_000))


@few
@given(st.lists(st.tuples(waits, st.integers(5, 90), waits, st.integers(5, 90)), min_size=2, max_size=6))
def test_durations_add_up_as_printed(means: list[tuple[float, int, float, int]]) -> None:
    """From an hour on minutes are printed, from a week on hours: what is left out must not show in the sum."""
    parts = tuple(Part(f"p{place}", a * n, n, b * m, m) for place, (a, n, b, m) in enumerate(means))
    said = Split("queue", "January 2026", parts, "s").said()
    assume(len(said) > 1)
    told, *lines = (in_seconds(line.partition(": ")[2]) for line in said[:-1])
    assert [sum(amount for line in lines for amount in line)] == told
    rate, mix = in_seconds(said[-1].partition(": ")[2])
    assert [rate + mix] == lines[0]


def side(value: float) -> Observation:
    return replace(LAST, value=value, n=500, numerator=None, denominator=None)


RATIO, SECOND = re.compile(r"([+-]?\d+\.\d\d)(?: \(|\. By side)"), re.compile(r": (.*?)(?: \(|\. By side)")


@few
@given(
    st.sampled_from(["attendance.gap_ratio", "attendance.gap_ratio_other", "attendance.gap_s"]), st.tuples(*[waits] * 4)
)
def test_the_sides_of_a_gap_add_up_exactly_and_as_printed(name: str, waited: tuple[float, float, float, float]) -> None:
    gap = gap_of(name)
    assert gap
    a0, b0, a1, b1 = waited
    assume(not gap.ratio or (b0 > 1 and b1 > 1))
    found = gap.effects((a0, b0), (a1, b1))
    assert found
    old, new = (
        (Fraction(a) / Fraction(b) if gap.ratio else Fraction(a) - Fraction(b)) for a, b in ((a0, b0), (a1, b1))
    )
    assert sum(effect.total for effect in found) == new - old
    unit = "ratio" if gap.ratio else "s"
    told, *lines = Sides(gap, "January 2026", (side(a0), side(b0)), (side(a1), side(b1)), unit).said()
    if gap.ratio:
        printed = [Decimal(RATIO.findall(line)[0]) for line in (told, *lines)]
    else:
        printed = [in_seconds(SECOND.findall(line)[0])[0] for line in (told, *lines)]
    assert printed[0] == sum(printed[1:])


def test_nothing_below_the_line_of_a_ratio() -> None:
    gap = gap_of("attendance.gap_ratio")
    assert gap
    assert gap.effects((60, 0), (60, 30)) is None
    said = Sides(gap, "January 2026", (side(60), side(0)), (side(60), side(30)), "ratio").said()
    assert said == ["Against January 2026: what either side did cannot be told, one of them has no figure."]
