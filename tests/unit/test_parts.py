"""Decompositions that add up, by hand-worked examples."""

from fractions import Fraction

import pytest

from callclock.parts import OTHERS, Part, contributions, effects, fold_small, rounded_to_sum

NONE = Fraction()


def test_a_rate_effect_alone() -> None:
    # Weights stay one half; a goes from 10 % to 30 %: half of 20 points.
    found = effects([Part("a", 10, 100, 30, 100), Part("b", 20, 100, 20, 100)])
    assert [(e.name, e.rate, e.mix) for e in found] == [("a", Fraction(1, 10), NONE), ("b", NONE, NONE)]


def test_a_mix_effect_alone() -> None:
    # Rates stay 10 % and 50 %; b grows from 1/2 to 3/4: the whole goes from 30 % to 40 %.
    found = effects([Part("a", 10, 100, 5, 50), Part("b", 50, 100, 75, 150)])
    assert sum(e.total for e in found) == Fraction(1, 10)
    # Middle of the whole is 35 %: a loses 1/4 of weight at 25 points under it, b gains 1/4 at 15 points over it.
    assert {e.name: (e.rate, e.mix) for e in found} == {"a": (NONE, Fraction(25, 400)), "b": (NONE, Fraction(15, 400))}


def test_new_and_vanished_parts_are_mix_only() -> None:
    found = {e.name: e for e in effects([Part("old", 10, 100, 0, 0), Part("new", 0, 0, 40, 100)])}
    assert found["old"].rate == found["new"].rate == 0
    assert found["old"].mix + found["new"].mix == Fraction(30, 100)


def test_a_mean_is_a_rate_of_seconds() -> None:
    found = effects([Part("a", 3600.5, 10, 7200.5, 10), Part("b", 100, 10, 100, 10)])
    assert found[0].name == "a"
    assert sum(e.total for e in found) == Fraction(7300.5) / 20 - Fraction(3700.5) / 20


def test_a_rate_over_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="a rate over nothing"):
        effects([Part("a", 0, 0, 1, 10)])


def test_contributions_of_a_parted_numerator() -> None:
    found = contributions([Part("ivr", 10, 100, 30, 200), Part("queue", 10, 100, 60, 200)])
    assert [(e.name, e.total) for e in found] == [("queue", Fraction(1, 5)), ("ivr", Fraction(1, 20))]


def test_contributions_want_one_denominator() -> None:
    with pytest.raises(ValueError, match="share one denominator"):
        contributions([Part("a", 1, 10, 1, 10), Part("b", 1, 20, 1, 20)])
    with pytest.raises(ValueError, match="not nought"):
        contributions([Part("a", 0, 0, 1, 10)])


def test_a_small_part_takes_another_with_it() -> None:
    parts = [Part("big", 100, 1000, 100, 1000), Part("mid", 50, 400, 50, 400), Part("tiny", 2, 30, 9, 30)]
    folded = fold_small(parts, 5, shared_denominator=False, of_records=True)
    assert folded == (Part("big", 100, 1000, 100, 1000), Part(OTHERS, 52, 430, 59, 430))


def test_a_small_remainder_is_small_too() -> None:
    parts = [Part("big", 100, 1000, 100, 1000), Part("mid", 50, 400, 50, 400), Part("full", 27, 30, 9, 30)]
    assert [p.name for p in fold_small(parts, 5, shared_denominator=False, of_records=True)] == ["big", OTHERS]


def test_small_parts_are_put_together_until_they_are_not_small() -> None:
    parts = [Part("a", 1, 30, 1, 30), Part("b", 1, 30, 1, 30), Part("c", 9, 90, 9, 90), Part("d", 99, 990, 99, 990)]
    folded = fold_small(parts, 5, shared_denominator=False, of_records=True)
    assert folded == (Part("d", 99, 990, 99, 990), Part(OTHERS, 11, 150, 11, 150))


def test_sums_of_seconds_are_not_counts() -> None:
    parts = [Part("a", 3.5, 30, 2.5, 30), Part("b", 100, 30, 100, 30)]
    assert set(fold_small(parts, 5, shared_denominator=False, of_records=False)) == set(parts)


def test_small_stages_share_the_denominator_when_put_together() -> None:
    parts = [Part("ivr", 3, 1000, 9, 900), Part("ringing", 10, 1000, 12, 900), Part("queue", 90, 1000, 99, 900)]
    folded = fold_small(parts, 5, shared_denominator=True, of_records=True)
    assert folded == (Part("queue", 90, 1000, 99, 900), Part(OTHERS, 13, 1000, 21, 900))


def test_rounded_values_add_up_to_the_rounded_sum() -> None:
    thirds = [Fraction(1, 3)] * 3
    assert rounded_to_sum(thirds, Fraction(1, 10)) == [Fraction(4, 10), Fraction(3, 10), Fraction(3, 10)]
    assert rounded_to_sum([Fraction(-1, 3), Fraction(2, 3)], Fraction(1, 10)) == [Fraction(-3, 10), Fraction(6, 10)]
