"""A measure, and how the header of its family defines it: the blocks that begin with ``metric:``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callclock.metrics.headers import HeaderError, Line, block, listed

UNITS = frozenset({"s", "share", "count", "ratio"})
DIRECTIONS = frozenset({"lower_is_better", "higher_is_better", "neutral"})
_METRIC_KEYS = ("metric", "definition", "population", "numerator", "denominator", "exclusions", "unit", "direction")
_OPTIONAL_METRIC_KEYS = ("settles_days",)


@dataclass(frozen=True)
class Metric:
    """One measure, as the header of its family defines it.

    Attributes
    ----------
    settles_days
        Days after the end of a period at which its value can be complete: 0 or 28 (METRICS "Maturity").
    """

    name: str
    definition: str
    population: str
    numerator: str
    denominator: str
    exclusions: str
    unit: str
    direction: str
    settles_days: int = 0


def defined(file: str, blocks: Sequence[Sequence[Line]]) -> tuple[Metric, ...]:
    """Metrics that the blocks define, each once."""
    metrics = [measure for lines in blocks for measure in _metrics(file, lines)]
    names = [measure.name for measure in metrics]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise HeaderError(f"{file}: metric {twice[0]!r} is defined twice: keep one definition")
    return tuple(metrics)


def _metrics(file: str, lines: Sequence[Line]) -> Iterator[Metric]:
    said = block(file, lines, _METRIC_KEYS, _OPTIONAL_METRIC_KEYS)
    for key, known in (("unit", UNITS), ("direction", DIRECTIONS), ("settles_days", {"0", "28"})):
        if said.setdefault(key, "0") not in known:
            choice = ", ".join(sorted(known))
            raise HeaderError(f"{file}:{lines[0][0]}: {key} {said[key]!r}: write one of {choice}")
    settles = int(said.pop("settles_days"))
    for name in listed(said.pop("metric")):
        yield Metric(name=name, settles_days=settles, **said)
