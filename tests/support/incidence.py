"""Cumulative incidence with open records (Aalen-Johansen), time by time and in exact fractions."""

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction

Seen = Sequence[tuple[timedelta, str]]
Curve = list[tuple[timedelta, Fraction]]


def incidence(seen: Seen, cause: str) -> Curve:
    """Cumulative incidence of a cause (Aalen-Johansen) after each distinct time, in exact fractions."""
    left, free, total = len(seen), Fraction(1), Fraction(0)
    found: Curve = []
    for time in sorted({time for time, _ in seen}):
        here = [outcome for at, outcome in seen if at == time]
        total += free * Fraction(here.count(cause), left)
        free *= 1 - Fraction(len(here) - here.count("open"), left)
        left -= len(here)
        found.append((time, total))
    return found


def share_at(curve: Curve, point: timedelta) -> float:
    return float(max((share for time, share in curve if time <= point), default=Fraction(0)))


def half_time(seen: Seen) -> timedelta | None:
    """Time by which half were attended, those open being censored."""
    half = Fraction(1, 2) - Fraction(1, 10**9)
    return next((time for time, share in incidence(seen, "attended") if share >= half), None)
