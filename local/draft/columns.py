"""One line of a draft's ``[columns]``: how a column of the table would be filled."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from callclock.columns import Column, Kind
from callclock.contracts import CALL_INTERVALS
from callclock.exports.grammar import CALLER_KEY
from callclock.exports.profile_checks import GRADE_SCHEME
from local.draft.guesses import Guess, meaning
from local.draft.looks import Holds, Look

_WIDTH = 46
_LEVEL = re.compile(r"(?:grade|priority|level|p|g)?[ _-]*(\d)", re.IGNORECASE)
_DOMESTIC = re.compile(r"\b(domestic|da|dv)\b", re.IGNORECASE)
_YES, _NO = frozenset({"y", "yes", "true", "t", "1"}), frozenset({"n", "no", "false", "f", "0"})
# Instants that nothing says lie after the start.
_FREE = frozenset({"appointment_slot", "submitted_at"})
_UNITS = (("ms", "ms"), ("millis", "ms"), ("min", "min"), ("hour", "h"), ("hrs", "h"))


def quoted(text: str) -> str:
    """TOML string."""
    return json.dumps(text, ensure_ascii=False)


def key_text(text: str) -> str:
    """TOML key, quoted where it must be."""
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else quoted(text)


def reads(made: Guess, looks: Sequence[Look]) -> frozenset[str]:
    """Columns of the file that the draft reads."""
    found = {*made.key, *(look.name for target, look in made.columns.items() if _is_sure(made, target, look))}
    for look in made.columns.values():
        if look.holds is Holds.CLOCK:
            found.add(day_of(look, looks).name)
    return frozenset(found)


def day_of(clock: Look, looks: Sequence[Look]) -> Look:
    """The column of dates that a column of times of day goes with: the nearest to its left, else the first."""
    place = list(looks).index(clock)
    days = [look for look in looks if look.holds is Holds.DAY]
    return next((look for look in reversed(looks[:place]) if look.holds is Holds.DAY), days[0])


def column_line(column: Column, made: Guess, looks: Sequence[Look]) -> Iterator[str]:
    """Lines for one column of the table; none where nothing was found and nothing must be said."""
    look = made.columns.get(column.name)
    if look is None:
        yield from _without(column, made)
        return
    value, comment = _value(column, look, made, looks)
    others = made.others.get(column.name, ())
    if others:
        comment += f"; or {', '.join(other.name for other in others[:3])}"
    sure = _is_sure(made, column.name, look)
    yield f"{'' if sure else '# '}{f'{column.name} = {value}':<{_WIDTH}} # {comment}"


def _is_sure(made: Guess, target: str, look: Look) -> bool:
    """Whether there is something to write down: a closed list of which no word is known leaves nothing."""
    column = made.table.by_name[target]
    return not column.values or any(meaning(target, word) for word in look.words or {})


def _without(column: Column, made: Guess) -> Iterator[str]:
    if column.name == GRADE_SCHEME and "grade_initial" in made.columns:
        yield f"{'grade_scheme = { const = "standard" }':<{_WIDTH}} # guess: as targets.toml names the set of grades"
    elif column.name == "interval_end" and made.step and made.start:
        line = f'interval_end = {{ start = "{made.start}", add = "{made.step}" }}'
        yield f"{line:<{_WIDTH}} # guess: the step from row to row"
    elif column.name == "domestic_abuse":
        yield from _domestic(made)
    elif not column.nullable:
        yield f"# {column.name} = ...   # must be said: {column.meaning}"


def _domestic(made: Guess) -> Iterator[str]:
    """Words that speak of domestic abuse: which of them are is a person's to say (a domestic burglary is none)."""
    for target in ("opening_code", "closing_code"):
        look = made.columns.get(target)
        words = [word for word in look.words or {} if _DOMESTIC.search(word)] if look else []
        if look and words:
            listed = ", ".join(map(quoted, words))
            rule = f"{{ any = {{ {key_text(look.name)} = [{listed}] }} }}"
            yield f"# domestic_abuse = {rule}   # guess: say which of these are"
            return
    yield '# domestic_abuse = { any = { "Column" = ["words"] } }   # left out it means: not known'


def _value(column: Column, look: Look, made: Guess, looks: Sequence[Look]) -> tuple[str, str]:
    """TOML of the rule, and the comment beside it."""
    source = quoted(look.name)
    if column.name == CALLER_KEY:
        way = "number" if look.holds is Holds.PHONE else "id"
        return f"{{ {way} = {source} }}", f"guess: {look.holds}"
    if column.kind is Kind.INSTANT:
        return _instant(column, look, made, looks), "guess"
    if column.kind is Kind.MS:
        return f"{{ from = {source}, unit = {quoted(_unit(look))} }}", "guess: and the unit of it"
    mapped, comment = _words(column, look)
    return (f"{{ from = {source}, map = {_map(mapped)} }}" if mapped else source), comment


def _words(column: Column, look: Look) -> tuple[Mapping[str, str], str]:
    """What the words of a column may mean; empty where they stand as they are."""
    words = [word for word in look.words or {} if word not in (look.nulls or {})]
    if column.kind is Kind.BOOL:
        return {word: str(word.lower() in _YES).lower() for word in words if word.lower() in _YES | _NO}, "guess"
    if column.values:
        known = {word: value for word in words if (value := meaning(column.name, word))}
        left = [word for word in words if word not in known]
        return known, "guess, every word" + (f"; must be said: {', '.join(left)}" if left else "")
    if column.name in {"grade_initial", "grade_final"} and look.holds is Holds.WORDS:
        levels = {word: found[1] for word in words if (found := _LEVEL.fullmatch(word))}
        return (levels if len(levels) == len(words) else {}), "guess"
    return {}, "guess"


def _instant(column: Column, look: Look, made: Guess, looks: Sequence[Look]) -> str:
    start = made.start
    after = f", after = {quoted(start)}" if start and column.name != start and column.name not in _FREE else ""
    if made.table is CALL_INTERVALS:
        after = ""
    if look.holds is Holds.CLOCK:
        return f"{{ date = {quoted(day_of(look, looks).name)}, time = {quoted(look.name)}{after} }}"
    return f"{{ from = {quoted(look.name)}{after} }}" if after else quoted(look.name)


def _unit(look: Look) -> str:
    if look.holds is Holds.SPAN:
        longest = max((word.count(":") for word in look.words or {}), default=2)
        return "h:mm:ss" if longest > 1 else "m:ss"
    return next((unit for word, unit in _UNITS if word in look.name.lower()), "s")


def _map(words: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{key_text(word)} = {quoted(value)}" for word, value in words.items()) + " }"
