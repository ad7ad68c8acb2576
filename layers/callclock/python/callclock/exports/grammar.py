"""TOML values to rules and conditions; every fault is noted with file, key and reason, and reading goes on."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from callclock.columns import Column, Kind, Table
from callclock.exports.rules import (
    UNITS,
    AnyOf,
    Caller,
    Cell,
    Columns,
    Condition,
    Const,
    DateAndTime,
    Dated,
    First,
    Join,
    Plus,
    Rule,
    Source,
    Step,
    Sum,
    Test,
    TestKind,
    When,
)

_STEP = re.compile(r"(\d+)\s*(s|min|minute|h|hour|day|week|month|year)s?")
_STEP_UNITS = {"s": "second", "min": "minute", "h": "hour"}
_PICKS = ("min", "max", "same")
CALLER_KEY = "caller_key"

# Which modifiers go with which source; the first word names the source (source-profiles.md, "The grammar").
_MODIFIERS: Mapping[str, frozenset[str]] = {
    "from": frozenset({"map", "by", "else", "unit", "after", "only", "pick"}),
    "date": frozenset({"time", "after", "only", "pick"}),
    "plus": frozenset({"start", "unit", "only", "pick"}),
    "add": frozenset({"start"}),
    "join": frozenset({"by", "day", "only"}),
    "first": frozenset({"only", "pick"}),
    "sum": frozenset({"only"}),
    "any": frozenset({"pick"}),
    "when": frozenset({"else", "pick"}),
    "const": frozenset(),
    "number": frozenset({"only"}),
    "id": frozenset({"only"}),
}


@dataclass
class Reading:
    """One profile being read: its file, its table and the faults found so far."""

    file: str
    table: Table
    faults: list[str] = field(default_factory=list)

    def fault(self, key: str, reason: str) -> None:
        """Note a fault."""
        self.faults.append(f"{self.file}: {key}: {reason}")

    def section(self, data: object, key: str, known: frozenset[str]) -> dict[str, object]:
        """Return a TOML table without its unknown keys, each of which is a fault."""
        if not isinstance(data, dict):
            self.fault(key, f"write it as a table with keys of {_listed(known)}")
            return {}
        for unknown in sorted(set(data) - known):
            self.fault(f"{key}.{unknown}".strip("."), f"unknown key; there are {_listed(known)}")
        return {k: v for k, v in data.items() if k in known}

    def text(self, data: object, key: str) -> str:
        """Return a text; anything else is a fault."""
        if isinstance(data, str) and data:
            return data
        self.fault(key, f'{data!r} is no text: write it in "quotes"')
        return ""

    def texts(self, data: object, key: str) -> tuple[str, ...]:
        """Return one text or a list of texts."""
        many = data if isinstance(data, list) else [data]
        if not many:
            self.fault(key, "the list is empty")
        return tuple(self.text(item, key) for item in many)

    def number(self, data: object, key: str) -> float:
        """Return a number."""
        if isinstance(data, int | float) and not isinstance(data, bool):
            return float(data)
        self.fault(key, f"{data!r} is no number")
        return 0.0

    def one_of(self, data: object, key: str, allowed: tuple[str, ...]) -> str:
        """Return a word of a closed list."""
        if data in allowed:
            return str(data)
        self.fault(key, f"{data!r} is none of {_listed(allowed)}")
        return allowed[0]

    def target(self, data: object, key: str) -> str:
        """Return the name of an instant of the table."""
        column = self.table.by_name.get(str(data))
        if column is None or column.kind is not Kind.INSTANT:
            self.fault(key, f"table {self.table.name} has no instant {data!r}")
        return str(data)


def _listed(words: frozenset[str] | tuple[str, ...]) -> str:
    return ", ".join(sorted(words) if isinstance(words, frozenset) else words)


def read_condition(data: object, key: str, reading: Reading) -> Condition:
    """Read a condition: a table of tests (and), or a list of such tables (or)."""
    tables = data if isinstance(data, list) else [data]
    alternatives = []
    for table in tables:
        if not isinstance(table, dict) or not table:
            reading.fault(key, '{ "Column" = "word" } is a condition, and a list of such tables')
            continue
        alternatives.append(tuple(_test(column, test, f"{key}.{column}", reading) for column, test in table.items()))
    return Condition(tuple(alternatives))


def _test(column: str, data: object, key: str, reading: Reading, *, negated: bool = False) -> Test:
    if not isinstance(data, dict):
        return Test(column, TestKind.IS, reading.texts(data, key), negated=negated)
    if len(data) != 1:
        reading.fault(key, "exactly one of starts, word, given, lt, gt, not")
        return Test(column, TestKind.GIVEN)
    [(kind, value)] = data.items()
    match kind:
        case "not":
            return _test(column, value, f"{key}.not", reading, negated=not negated)
        case "starts" | "word":
            return Test(column, TestKind(kind), reading.texts(value, f"{key}.{kind}"), negated=negated)
        case "lt" | "gt":
            return Test(column, TestKind(kind), number=reading.number(value, f"{key}.{kind}"), negated=negated)
    if kind != "given" or not isinstance(value, bool):
        reading.fault(f"{key}.{kind}", "exactly one of starts, word, given (true or false), lt, gt, not")
    return Test(column, TestKind.GIVEN, negated=negated == value)


def read_rule(column: Column, data: object, key: str, reading: Reading) -> Rule:
    """Read the rule of one contract column.

    Parameters
    ----------
    column
        What it fills: gives the type, and the closed list of values where there is one.
    data
        TOML: ``"Column"``, or a table with exactly one source key.
    key
        Where it stands in the file, for faults.
    """
    if isinstance(data, str):
        data = {"from": data}
    if not isinstance(data, dict):
        reading.fault(key, 'a rule is "Column" or a table such as { from = "Column" }')
        return Rule(Const(""))
    sources = [word for word in _MODIFIERS if word in data]
    if len(sources) != 1:
        reading.fault(key, f"exactly one of {', '.join(_MODIFIERS)}; found {', '.join(sources) or 'none'}")
        return Rule(Const(""))
    word = sources[0]
    for unknown in sorted(set(data) - {word} - _MODIFIERS[word]):
        reading.fault(f"{key}.{unknown}", f"does not go with {word}")
    _check_kind(column, word, data, key, reading)
    return Rule(
        source=_SOURCES[word](column, data, key, reading),
        after=reading.target(data["after"], f"{key}.after") if "after" in data else None,
        only=read_condition(data["only"], f"{key}.only", reading) if "only" in data else None,
        pick=reading.one_of(data["pick"], f"{key}.pick", _PICKS) if "pick" in data else None,
    )


# A source that gives something else than the column holds.
_KINDS: Mapping[str, frozenset[Kind]] = {
    "date": frozenset({Kind.INSTANT}),
    "plus": frozenset({Kind.INSTANT}),
    "add": frozenset({Kind.INSTANT}),
    "join": frozenset({Kind.TEXT}),
    "sum": frozenset({Kind.INT}),
    "any": frozenset({Kind.BOOL}),
    "when": frozenset({Kind.TEXT, Kind.BOOL}),
    "const": frozenset({Kind.TEXT, Kind.BOOL, Kind.INT}),
}


def _check_kind(column: Column, word: str, data: Mapping[str, object], key: str, reading: Reading) -> None:
    if (column.name == CALLER_KEY) != (word in {"number", "id"}) and word != "first":
        reading.fault(key, 'a caller is { number = "Column" } or { id = "Column" }, and nothing else is')
    elif word in _KINDS and column.kind not in _KINDS[word]:
        reading.fault(key, f"{word} gives no {column.kind}, which {column.name} holds")
    if "after" in data and column.kind is not Kind.INSTANT:
        reading.fault(f"{key}.after", f"goes with instants only; {column.name} holds {column.kind}")
    if word == "from":
        if column.kind is Kind.MS and "unit" not in data:
            reading.fault(key, f"a duration must state its unit: one of {', '.join(UNITS)}")
        if "unit" in data and column.kind is not Kind.MS:
            reading.fault(f"{key}.unit", f"goes with durations only; {column.name} holds {column.kind}")
        if "map" in data and column.kind not in {Kind.TEXT, Kind.BOOL, Kind.INT}:
            reading.fault(f"{key}.map", f"does not go with {column.kind}, which {column.name} holds")
        if ("else" in data or "by" in data) and "map" not in data:
            reading.fault(key, "else and by go with a map")
    if word == "plus" and "unit" not in data:
        reading.fault(key, f"a duration must state its unit: one of {', '.join(UNITS)}")


def _value(column: Column, data: object, key: str, reading: Reading) -> str:
    """Read a value that a profile gives a contract column, as text."""
    if column.kind is Kind.BOOL:
        return reading.one_of(str(data).lower() if isinstance(data, bool) else data, key, ("true", "false"))
    if column.kind is Kind.INT and isinstance(data, int) and not isinstance(data, bool):
        return str(data)
    text = reading.text(data, key)
    if column.kind is Kind.INT and not re.fullmatch(r"-?\d+", text):
        reading.fault(key, f"{text!r} is no whole number")
    if column.values and text not in column.values:
        reading.fault(key, f"{text!r} is none of {', '.join(sorted(column.values))}, which {column.name} may hold")
    return text


def _units(data: Mapping[str, object], key: str, reading: Reading) -> tuple[str, ...]:
    units = reading.texts(data["unit"], f"{key}.unit") if "unit" in data else ()
    for unit in units:
        if unit not in UNITS:
            reading.fault(f"{key}.unit", f"{unit!r} is none of {', '.join(UNITS)}")
    return tuple(unit for unit in units if unit in UNITS)


def _cell(column: Column, data: Mapping[str, object], key: str, reading: Reading) -> Source:
    keep = data.get("else") == "keep"
    otherwise = _value(column, data["else"], f"{key}.else", reading) if "else" in data and not keep else None
    return Cell(
        columns=reading.texts(data["from"], f"{key}.from"),
        maps=tuple(_maps(column, data["map"], f"{key}.map", reading)) if "map" in data else (),
        by=reading.target(data["by"], f"{key}.by") if "by" in data else None,
        otherwise=otherwise,
        keep=keep,
        units=_units(data, key, reading),
    )


def _maps(column: Column, data: object, key: str, reading: Reading) -> Iterator[Dated]:
    if isinstance(data, dict):
        yield Dated(_words(column, data, key, reading))
        return
    if not isinstance(data, list) or not data:
        reading.fault(key, 'a map is { "word" = "value" }, or a list of dated ones with values, since, until, scheme')
        return
    for number, entry in enumerate(data):
        here = f"{key}[{number}]"
        said = reading.section(entry, here, frozenset({"values", "since", "until", "scheme"}))
        for edge in ("since", "until"):
            if edge in said and not isinstance(said[edge], date):
                reading.fault(f"{here}.{edge}", "write a date as 2020-10-20, without quotes")
        yield Dated(
            values=_words(column, said.get("values", {}), f"{here}.values", reading),
            since=since if isinstance(since := said.get("since"), date) else None,
            until=until if isinstance(until := said.get("until"), date) else None,
            scheme=reading.text(said["scheme"], f"{here}.scheme") if "scheme" in said else None,
        )


def _words(column: Column, data: object, key: str, reading: Reading) -> dict[str, str]:
    if not isinstance(data, dict) or not data:
        reading.fault(key, 'a map is { "word" = "value" }')
        return {}
    return {word: _value(column, value, f"{key}.{word}", reading) for word, value in data.items()}


def _date_and_time(_: Column, data: Mapping[str, object], key: str, reading: Reading) -> Source:
    if "time" not in data:
        reading.fault(key, "a date needs a time beside it; a whole instant in one column is { from = ... }")
    return DateAndTime(reading.texts(data["date"], f"{key}.date"), reading.texts(data.get("time", "?"), f"{key}.time"))


def _start(data: Mapping[str, object], key: str, reading: Reading) -> str:
    return reading.target(data.get("start"), f"{key}.start")


def _plus(_: Column, data: Mapping[str, object], key: str, reading: Reading) -> Source:
    columns = reading.texts(data["plus"], f"{key}.plus")
    return Plus(_start(data, key, reading), columns, _units(data, key, reading))


def _step(_: Column, data: Mapping[str, object], key: str, reading: Reading) -> Source:
    found = _STEP.fullmatch(str(data["add"]).strip())
    if not found:
        reading.fault(f"{key}.add", f"{data['add']!r} is no step: write it as 15 minutes, 1 hour, 1 day or 1 month")
    count, unit = (int(found[1]), found[2]) if found else (0, "s")
    return Step(_start(data, key, reading), count, _STEP_UNITS.get(unit, unit))


def _several(data: object, key: str, reading: Reading) -> tuple[Columns, ...]:
    if not isinstance(data, list) or not data:
        reading.fault(key, "write a list of columns")
        return ()
    return tuple(reading.texts(item, key) for item in data)


def _join(_: Column, data: Mapping[str, object], key: str, reading: Reading) -> Source:
    return read_join(data, key, reading)


def read_join(data: Mapping[str, object], key: str, reading: Reading) -> Join:
    """Read ``{ join = [...], by = "/", day = "created_at" }``."""
    by = reading.text(data["by"], f"{key}.by") if "by" in data else "/"
    day = reading.target(data["day"], f"{key}.day") if "day" in data else None
    return Join(_several(data["join"], f"{key}.join", reading), by, day)


def _sum(_: Column, data: Mapping[str, object], key: str, reading: Reading) -> Source:
    return Sum(_several(data["sum"], f"{key}.sum", reading))


def _any(_: Column, data: Mapping[str, object], key: str, reading: Reading) -> Source:
    return AnyOf(read_condition(data["any"], f"{key}.any", reading))


def _when(column: Column, data: Mapping[str, object], key: str, reading: Reading) -> Source:
    cases = []
    for number, case in enumerate(data["when"] if isinstance(data["when"], list) else [data["when"]]):
        here = f"{key}.when[{number}]"
        said = reading.section(case, here, frozenset({"if", "then"}))
        if set(said) == {"if", "then"}:
            condition = read_condition(said["if"], f"{here}.if", reading)
            cases.append((condition, _value(column, said["then"], f"{here}.then", reading)))
        else:
            reading.fault(here, "a case is { if = { ... }, then = ... }")
    otherwise = _value(column, data["else"], f"{key}.else", reading) if "else" in data else None
    return When(tuple(cases), otherwise)


def _const(column: Column, data: Mapping[str, object], key: str, reading: Reading) -> Source:
    return Const(_value(column, data["const"], f"{key}.const", reading))


def _number(_: Column, data: Mapping[str, object], key: str, reading: Reading) -> Source:
    return Caller(reading.texts(data["number"], f"{key}.number"), is_number=True)


def _id(_: Column, data: Mapping[str, object], key: str, reading: Reading) -> Source:
    return Caller(reading.texts(data["id"], f"{key}.id"), is_number=False)


def _first(column: Column, data: Mapping[str, object], key: str, reading: Reading) -> Source:
    rules = data["first"]
    if not isinstance(rules, list) or not rules:
        reading.fault(f"{key}.first", "write a list of rules")
        rules = []
    if column.name == CALLER_KEY:
        reading.fault(key, 'a caller is { number = "Column" } or { id = "Column" }, and nothing else is')
        rules = []
    return First(tuple(read_rule(column, rule, f"{key}.first[{n}]", reading) for n, rule in enumerate(rules)))


_SOURCES: Mapping[str, Callable[[Column, Mapping[str, object], str, Reading], Source]] = {
    "from": _cell,
    "date": _date_and_time,
    "plus": _plus,
    "add": _step,
    "join": _join,
    "first": _first,
    "sum": _sum,
    "any": _any,
    "when": _when,
    "const": _const,
    "number": _number,
    "id": _id,
}
