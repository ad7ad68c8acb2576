"""What a profile may say of a column or a row, as plain data: rules, conditions, maps (source-profile grammar)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

Columns = tuple[str, ...]
"""One export column: its name, and aliases of which the first that the file has is read."""

# Shapes of durations and milliseconds per part; seconds may have decimals. The first unit whose shape fits is read.
_NUMBER = r"\d+(\.\d+)?"
UNITS: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "ms": (_NUMBER, (1,)),
    "s": (_NUMBER, (1000,)),
    "min": (_NUMBER, (60_000,)),
    "h": (_NUMBER, (3_600_000,)),
    "day": (_NUMBER, (86_400_000,)),
    "m:ss": (r"\d+:[0-5]\d(\.\d+)?", (60_000, 1000)),
    "h:mm:ss": (r"\d+:[0-5]\d:[0-5]\d(\.\d+)?", (3_600_000, 60_000, 1000)),
    "m:ss:00": (r"\d+:[0-5]\d:00", (60_000, 1000, 0)),
}


class TestKind(StrEnum):
    """How a cell is tested."""

    IS = "is"
    STARTS = "starts"
    WORD = "word"
    GIVEN = "given"
    LT = "lt"
    GT = "gt"


@dataclass(frozen=True)
class Test:
    """One test of one export column, after nulls; ``words`` are alternatives. A missing cell fails what is not negated.

    ``word`` is a whole word in any case; ``lt`` and ``gt`` compare as numbers with ``number``.
    """

    column: str
    kind: TestKind
    words: tuple[str, ...] = ()
    number: float = 0.0
    negated: bool = False


@dataclass(frozen=True)
class Condition:
    """Holds when all tests of any of ``alternatives`` hold."""

    alternatives: tuple[tuple[Test, ...], ...]

    @property
    def columns(self) -> Iterator[str]:
        """Export columns it looks at."""
        return (test.column for tests in self.alternatives for test in tests)


@dataclass(frozen=True)
class Dated:
    """Words of a map, from ``since`` until the day before ``until`` where it is dated (local dates of ``Cell.by``)."""

    values: Mapping[str, str] = field(hash=False)
    since: date | None = None
    until: date | None = None
    scheme: str | None = None


@dataclass(frozen=True)
class Cell:
    """``from``: the export column; with ``maps``, what its words mean; with ``units``, a duration.

    ``otherwise`` stands for missing cells and words that the map does not know; ``keep`` leaves such words as they are.
    """

    columns: Columns
    maps: tuple[Dated, ...] = ()
    by: str | None = None
    otherwise: str | None = None
    keep: bool = False
    units: tuple[str, ...] = ()


@dataclass(frozen=True)
class DateAndTime:
    """``date``, ``time``: an instant from two columns."""

    date: Columns
    time: Columns


@dataclass(frozen=True)
class Plus:
    """``start``, ``plus``: another instant and a duration column."""

    start: str
    columns: Columns
    units: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """``start``, ``add``: another instant and a constant step."""

    start: str
    count: int
    unit: str

    @property
    def calendar(self) -> bool:
        """Whether the step is taken on the local calendar, not on the UTC line."""
        return self.unit in {"day", "week", "month", "year"}


@dataclass(frozen=True)
class Join:
    """``join``: text columns joined; missing if any part is.

    ``day``: an instant whose local date is the last part, for numbers that begin anew every day.
    """

    columns: tuple[Columns, ...]
    by: str = "/"
    day: str | None = None


@dataclass(frozen=True)
class First:
    """``first``: the first rule that gives a value."""

    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Sum:
    """``sum``: whole numbers added; a bad or missing cell makes the row bad."""

    columns: tuple[Columns, ...]


@dataclass(frozen=True)
class AnyOf:
    """``any``: whether the condition holds."""

    condition: Condition


@dataclass(frozen=True)
class When:
    """``when``: the value of the first case whose condition holds."""

    cases: tuple[tuple[Condition, str], ...]
    otherwise: str | None = None


@dataclass(frozen=True)
class Const:
    """``const``: the same value in every row."""

    value: str


@dataclass(frozen=True)
class Caller:
    """``number`` or ``id``: who called. Only the keyed hash of it is ever kept."""

    columns: Columns
    is_number: bool


Source = Cell | DateAndTime | Plus | Step | Join | First | Sum | AnyOf | When | Const | Caller


@dataclass(frozen=True)
class Rule:
    """How one contract column is filled.

    Attributes
    ----------
    after
        Instant that this one cannot precede: it decides between days and between the two equal hours of autumn.
    only
        Else the value is missing.
    pick
        Which of several rows' values stands under ``repeats = "collapse"``: min, max or same.
    """

    source: Source
    after: str | None = None
    only: Condition | None = None
    pick: str | None = None

    @property
    def leaves(self) -> Iterator[Rule]:
        """The rule itself, or those of ``first``, however deep."""
        if isinstance(self.source, First):
            for inner in self.source.rules:
                yield from inner.leaves
        else:
            yield self

    @property
    def needs(self) -> frozenset[str]:
        """Contract columns that must be known before this one."""
        found = {rule.after for rule in (self, *self.leaves)}
        for source in (rule.source for rule in self.leaves):
            if isinstance(source, Plus | Step):
                found.add(source.start)
            elif isinstance(source, Cell):
                found.add(source.by)
            elif isinstance(source, Join):
                found.add(source.day)
        return frozenset(target for target in found if target)

    @property
    def columns(self) -> Iterator[Columns]:
        """Export columns that must be in the file."""
        if self.only:
            yield from _of(self.only)
        if isinstance(self.source, First):
            for rule in self.source.rules:
                yield from rule.columns
        else:
            yield from _read(self.source)


def _of(condition: Condition) -> Iterator[Columns]:
    return ((column,) for column in condition.columns)


def _read(source: Source) -> Iterator[Columns]:
    match source:
        case Cell(columns=columns) | Plus(columns=columns) | Caller(columns=columns):
            yield columns
        case DateAndTime(date=day, time=time):
            yield from (day, time)
        case Join(columns=several) | Sum(columns=several):
            yield from several
        case AnyOf(condition=condition):
            yield from _of(condition)
        case When(cases=cases):
            for condition, _ in cases:
                yield from _of(condition)


class Action(StrEnum):
    """What a row rule does: no record of the table, kept outside the headline population, or not accepted."""

    DROP = "drop"
    SET_ASIDE = "set_aside"
    QUARANTINE = "quarantine"


@dataclass(frozen=True)
class RowRule:
    """One of ``[[rules]]``; the first whose condition holds decides a row."""

    reason: str
    condition: Condition
    action: Action
