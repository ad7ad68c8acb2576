"""One rule of a profile as SQL: its value, when a row is bad because of it, and what its clock could not tell."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from callclock.columns import Column, Kind
from callclock.engine import name, quote
from callclock.exports.clocks import Clock
from callclock.exports.condition_sql import condition_sql
from callclock.exports.header import Header
from callclock.exports.rules import (
    UNITS,
    AnyOf,
    Caller,
    Cell,
    Columns,
    Const,
    DateAndTime,
    Dated,
    First,
    Join,
    Plus,
    Rule,
    Step,
    Sum,
    When,
)
from callclock.exports.walls import Walls
from callclock.reasons import RowReason

_MADE = "\0"
"""Stands in a condition for the value that was made, which a profile's own text cannot hold."""
# Each word of a map names all words of its enumeration: beyond so many, to plan the query costs what it saves.
_NAMED_IN_FULL = 500


@dataclass(frozen=True)
class Bad:
    """A condition under which a row goes to quarantine, and the reason."""

    condition: str
    reason: str


@dataclass(frozen=True)
class Value:
    """SQL of a value, NULL where missing.

    ``flag`` is 'A' or 'N' where its wall clock was ambiguous or none, and ``text`` how the export writes that clock.
    ``enumerated``: it is one of the profile's own words, as an enumeration of them.
    """

    sql: str
    flag: str | None = None
    bad: tuple[Bad, ...] = ()
    text: str | None = None
    enumerated: bool = False

    def known_as(self, made: str) -> "Value":
        """The same, its conditions over SQL of the value: the column that holds it, so that it is made once."""
        return replace(self, bad=tuple(replace(bad, condition=bad.condition.replace(_MADE, made)) for bad in self.bad))


@dataclass(frozen=True)
class Expressions:
    """Compiles rules against the columns of one file.

    Attributes
    ----------
    header
        Columns of the file: ``c0``, ``c1``, ... are its cleaned cells.
    walls
        Wall clocks that earlier layers of the query have parsed.
    clock
        Clock of the profile's zone.
    """

    header: Header
    walls: Walls
    clock: Clock

    def cell(self, *columns: str) -> str:
        """SQL of the cleaned cell of the first of these columns that is there."""
        place = self.header.find(columns)
        if place is None:
            raise KeyError(f"no column {' or '.join(columns)}: recognise() lets no such file through")
        return f"c{place}"

    def value(self, column: Column, rule: Rule) -> Value:
        """SQL of one contract column by its rule; its conditions await :meth:`Value.known_as`."""
        made = self._source(column, rule)
        if rule.only is None:
            return made
        only = condition_sql(rule.only, self.cell)
        return Value(
            sql=f"CASE WHEN {only} THEN {made.sql} END",
            flag=made.flag,
            text=made.text,
            bad=tuple(Bad(f"{only} AND {bad.condition}", bad.reason) for bad in made.bad),
        )

    def _source(self, column: Column, rule: Rule) -> Value:
        match rule.source:
            case Cell() as cell if column.kind is Kind.INSTANT:
                made = self._instant(column, self.cell(*cell.columns), rule)
            case DateAndTime(date=day, time=time):
                made = self._instant(column, self.walls.joined(self.cell(*day), self.cell(*time)), rule)
            case Plus() as plus:
                made = self._plus(column, plus)
            case Step() as step:
                made = Value(self._step(step))
            case First(rules=rules):
                inner = (self.value(column, one) for one in rules)
                made = self._first([value.known_as(value.sql) for value in inner])
            case other:
                made = self._of_cells(column, other)
        return made

    def _of_cells(self, column: Column, source: Cell | Join | Sum | AnyOf | When | Const | Caller) -> Value:
        match source:
            case Cell() as cell:
                made = self._cell(column, cell)
            case Join() as join:
                made = Value(self.join(join))
            case Sum(columns=columns):
                total = "(" + " + ".join(_whole(self.cell(*c)) for c in columns) + ")"
                made = Value(total, bad=(Bad(f"{_MADE} IS NULL", f"{RowReason.BAD_INT}:{column.name}"),))
            case AnyOf(condition=condition):
                made = Value(condition_sql(condition, self.cell))
            case When() as when:
                made = Value(self._when(column, when))
            case Const(value=value):
                made = Value(_typed(column, quote(value)))
            case Caller(columns=columns):
                made = Value(self.cell(*columns))
        return made

    def join(self, join: Join) -> str:
        """SQL of the text that a join makes, NULL when any part is missing."""
        text = self.joined(join.columns, join.by)
        if join.day is None:
            return text
        return f"({text} || {quote(join.by)} || strftime({self.clock.wall(name(join.day))}, '%Y-%m-%d'))"

    def joined(self, columns: Sequence[Columns], by: str) -> str:
        """SQL of several cells as one text, NULL when any is missing."""
        return "(" + f" || {quote(by)} || ".join(self.cell(*c) for c in columns) + ")"

    def _instant(self, column: Column, text: str, rule: Rule) -> Value:
        wall = self.walls.used(text, column.name, rule.after)
        bad = Bad(f"{text} IS NOT NULL AND {wall.unread}", f"{RowReason.BAD_INSTANT}:{column.name}")
        return Value(wall.instant, wall.flag, (bad,), text)

    def _cell(self, column: Column, source: Cell) -> Value:
        cell = self.cell(*source.columns)
        if source.maps:
            return self._mapped(column, source, cell)
        match column.kind:
            case Kind.TEXT:
                return Value(cell, bad=_closed(column))
            case Kind.INT:
                return _checked(cell, _whole(cell), f"{RowReason.BAD_INT}:{column.name}")
            case Kind.MS:
                return _checked(cell, _duration(cell, source.units), f"{RowReason.BAD_MS}:{column.name}")
            case _:
                return _checked(cell, f"try_cast({cell} AS {column.kind.duckdb})", f"bad_{column.kind}:{column.name}")

    def _mapped(self, column: Column, source: Cell, cell: str) -> Value:
        words: dict[str, None] = {} if source.otherwise is None else {source.otherwise: None}
        given = [word for dated in source.maps for word in dated.values.values()]
        words |= dict.fromkeys(given)
        # In Parquet an enumeration is text like any other, but its dictionary is known and need not be looked up in.
        few = len(given) * len(words) <= _NAMED_IN_FULL
        enumerated = column.kind is Kind.TEXT and not source.keep and few
        kind = f"ENUM ({', '.join(map(quote, words))})" if enumerated else Kind.TEXT.duckdb
        found = self.by_date(source, [_lookup(cell, dated, kind) for dated in source.maps])
        if source.keep:
            return Value(f"coalesce({found}, {cell})", bad=_closed(column))
        if source.otherwise is not None:
            found = f"coalesce({found}, CAST({quote(source.otherwise)} AS {kind}))"
            return Value(_typed(column, found), enumerated=enumerated)
        unmapped = Bad(f"{cell} IS NOT NULL AND {_MADE} IS NULL", f"{RowReason.UNMAPPED}:{column.name}")
        return Value(_typed(column, found), bad=(unmapped,), enumerated=enumerated)

    def by_date(self, source: Cell, choices: Sequence[str]) -> str:
        """SQL that chooses among the dated maps of a cell by the local date of its ``by`` column."""
        if source.by is None:
            return choices[0]
        day = f"({self.clock.wall(name(source.by))})::DATE"
        cases = (
            f"WHEN {_within(day, dated.since, dated.until)} THEN {choice}"
            for dated, choice in zip(source.maps, choices, strict=True)
        )
        return f"(CASE {' '.join(cases)} END)"

    def _plus(self, column: Column, plus: Plus) -> Value:
        cell = self.cell(*plus.columns)
        duration = _duration(cell, plus.units)
        return Value(
            f"({name(plus.start)} + to_milliseconds({duration}))",
            bad=(Bad(f"{cell} IS NOT NULL AND {duration} IS NULL", f"{RowReason.BAD_MS}:{column.name}"),),
        )

    def _step(self, step: Step) -> str:
        interval = f"INTERVAL '{step.count} {step.unit}'"
        if step.calendar:
            return self.clock.anchor(f"({self.clock.wall(name(step.start))} + {interval})")
        return f"({name(step.start)} + {interval})"

    def _when(self, column: Column, when: When) -> str:
        cases = " ".join(f"WHEN {condition_sql(c, self.cell)} THEN {quote(then)}" for c, then in when.cases)
        otherwise = f" ELSE {quote(when.otherwise)}" if when.otherwise is not None else ""
        return _typed(column, f"(CASE {cases}{otherwise} END)")

    @staticmethod
    def _first(values: Sequence[Value]) -> Value:
        flags = " ".join(f"WHEN {v.sql} IS NOT NULL THEN {v.flag or 'NULL'}" for v in values)
        texts = " ".join(f"WHEN {v.sql} IS NOT NULL THEN {v.text or 'NULL'}" for v in values)
        return Value(
            sql=f"coalesce({', '.join(v.sql for v in values)})",
            flag=f"CASE {flags} END" if any(v.flag for v in values) else None,
            text=f"CASE {texts} END" if any(v.flag for v in values) else None,
            bad=tuple(bad for v in values for bad in v.bad),
        )


def _checked(cell: str, value: str, reason: str) -> Value:
    return Value(value, bad=(Bad(f"{cell} IS NOT NULL AND {_MADE} IS NULL", reason),))


def _closed(column: Column) -> tuple[Bad, ...]:
    """Refuse a word of the export in a column that may hold certain words only."""
    if not column.values:
        return ()
    words = ", ".join(quote(word) for word in sorted(column.values))
    return (Bad(f"coalesce({_MADE} NOT IN ({words}), false)", f"{RowReason.UNMAPPED}:{column.name}"),)


def _typed(column: Column, text: str) -> str:
    return text if column.kind is Kind.TEXT else f"({text})::{column.kind.duckdb}"


def _lookup(cell: str, dated: Dated, kind: str) -> str:
    cases = " ".join(f"WHEN {quote(k)} THEN CAST({quote(v)} AS {kind})" for k, v in dated.values.items())
    return f"(CASE {cell} {cases} END)"


def _within(day: str, since: date | None, until: date | None) -> str:
    edges = [f"{day} >= DATE '{since}'"] if since else []
    edges += [f"{day} < DATE '{until}'"] if until else []
    return " AND ".join(edges) or f"{day} IS NOT NULL"


def _whole(cell: str) -> str:
    # A spreadsheet writes whole numbers as floats.
    return rf"(CASE WHEN regexp_full_match({cell}, '[+-]?\d{{1,18}}(\.0+)?') THEN try_cast({cell} AS BIGINT) END)"


def _duration(cell: str, units: Sequence[str]) -> str:
    """SQL of a duration in ms by the first unit whose shape fits; a negative one fits none."""
    cases = []
    for unit in units:
        shape, factors = UNITS[unit]
        parts = " + ".join(
            f"split_part({cell}, ':', {place})::DOUBLE * {factor}" for place, factor in enumerate(factors, start=1)
        )
        cases.append(f"WHEN regexp_full_match({cell}, {quote(shape)}) THEN round({parts})::BIGINT")
    return f"(CASE {' '.join(cases)} END)"
