"""Which figures would give away a small number (METRICS "Publishing small numbers")."""

from callclock.gaps import gap_of
from callclock.replay import Observation


def is_hidden(row: Observation, metric: str, unit: str, below: int, value: float | None = None) -> bool:
    """Tell whether a value would give away a small number.

    Parameters
    ----------
    below
        Counts from 1 to one less than this are small.
    value
        Another value of the same row, such as the one it had before a correction.
    """
    shown = row.value if value is None else value
    n = row.n
    if shown is None or (unit == "count" and 0 < shown < below):
        return True
    gap = gap_of(metric)
    if gap is not None and row.sides:
        return any(is_hidden(side, gap.metric, gap.unit, below) for side in row.sides)
    if n is None:
        return False
    if unit == "share":
        base = row.denominator if row.denominator is not None else n
        numerator = row.numerator if row.numerator is not None and value is None else round(shown * base)
        small = 0 < numerator < below or 0 < base - numerator < below
        return small or (n < 10 and numerator in {0, base})
    least = 20 if "p90" in metric or "p95" in metric else 10 if "median" in metric else below
    return unit != "count" and n < least
