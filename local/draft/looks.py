"""What each column of a file holds: kind, how its times are written, which words in it mean missing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import duckdb

from callclock.engine import quote
from callclock.exports.clocks import FIRST_YEAR
from local.draft.clocks import (
    DATES,
    DAY_FIRST,
    INSTANTS,
    TIMES,
    ZONED,
    Written,
    order,
    parsed,
    written,
)

NEVER_A_VALUE = frozenset(
    {
        "NULL", "null", "(null)", "<null>", "[NULL]", r"\N", "#DIV/0!", "#N/A", "#REF!", "#VALUE!", "#NAME?", "#NUM!",
        "#NULL!", "N/K", "n/k", "N/A", "n/a",
    }
)  # fmt: skip
"""Words that mean missing wherever they stand; others do so only where everything else is a time or a number."""

_SHOWN = 40
_FEW, _MOST_WORDS = 60, 300
_READ_SHARE = 0.8
_PHONE_SHARE = 0.5
_ID_LONG, _ID_MANY = 5, 100
_SENTINEL_TIMES = 10
_SENTINEL_LEAST = 5
_NUMBER = r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?"
_MANGLED = r"\d(\.\d+)?[eE]\+\d+"
_SERIAL = r"[3-6]\d{4}(\.\d+)?"
_SPAN = r"\d+:[0-5]\d(:[0-5]\d(\.\d+)?)?"
_PHONE = r"(\+|0)[\d ()-]{9,16}"
_NOTHING = r"0+|-1|9{4,}"
_BLANK = re.compile(
    r"[\W0]+|na|nil|none|not known|unknown|blank|nk|(number )?withheld|anonymous|private|unavailable|restricted",
    re.IGNORECASE,
)
_FLAGS = frozenset({"y", "n", "yes", "no", "true", "false", "t", "f", "0", "1"})
_MIDNIGHT = "0?0[:.]00([:.]00([.]0+)?)?"


_UNWRITTEN = Written()


class Holds(StrEnum):
    """What a column holds, in words for a comment."""

    INSTANT = "instants"
    DAY = "dates"
    CLOCK = "times of day"
    SERIAL = "a spreadsheet's dates as numbers"
    SPAN = "durations"
    WHOLE = "whole numbers"
    NUMBER = "numbers"
    FLAG = "yes or no"
    PHONE = "telephone numbers"
    WORDS = "words"
    TEXT = "text"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Look:
    """What one column holds.

    Attributes
    ----------
    name
        As a profile calls it.
    rows, filled, distinct
        Rows looked at, those that are not empty, and different texts in them.
    nulls
        Rows by word that means missing.
    unread
        Rows by text that is not of the kind; the commonest.
    words
        Rows by text, where there are few different ones; the commonest first.
    mangled
        Rows of a whole number that a spreadsheet rounded: 3.26702E+11.
    """

    name: str
    holds: Holds
    rows: int
    filled: int
    distinct: int
    written: Written = _UNWRITTEN
    nulls: Mapping[str, int] | None = None
    unread: Mapping[str, int] | None = None
    words: Mapping[str, int] | None = None
    mangled: int = 0

    @property
    def given(self) -> int:
        """Rows that hold a value."""
        return self.filled - sum((self.nulls or {}).values())

    @property
    def unique(self) -> bool:
        """Whether no value stands twice."""
        return self.given > 1 and self.distinct - len(self.nulls or {}) == self.given


def look_at(db: duckdb.DuckDBPyConnection, cells: str, columns: Mapping[str, str]) -> tuple[Look, ...]:
    """Look at every column.

    Parameters
    ----------
    cells
        Table of the rows.
    columns
        SQL column of that table by the name a profile uses.
    """
    looks = [_look(db, cells, name, column, DAY_FIRST) for name, column in columns.items()]
    told = [order(look.written.formats[0]) for look in looks if look.written.formats and not look.written.undecided]
    usual = next((o for o in told if o), DAY_FIRST)
    if usual != DAY_FIRST:
        # What one column tells of day and month holds for those that do not tell.
        looks = [
            _look(db, cells, look.name, columns[look.name], usual) if look.written.undecided else look for look in looks
        ]
    return tuple(_without_days(looks))


def _without_days(looks: Sequence[Look]) -> Iterator[Look]:
    """Without a column of dates beside them, texts like 0:05:10 are durations, and none is 0:00:00 for missing."""
    dated = any(look.holds is Holds.DAY for look in looks)
    for look in looks:
        if look.holds is Holds.CLOCK and not dated:
            nulls = {word: n for word, n in (look.nulls or {}).items() if not re.fullmatch(_MIDNIGHT, word)}
            yield replace(look, holds=Holds.SPAN, nulls=nulls)
        else:
            yield look


def _look(db: duckdb.DuckDBPyConnection, cells: str, name: str, column: str, prefer: str) -> Look:
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE words AS SELECT trim({column}) AS v, count(*)::BIGINT AS n FROM {cells} "
        f"WHERE trim({column}) <> '' GROUP BY 1"
    )
    [[rows]] = db.execute(f"SELECT count(*) FROM {cells}").fetchall()
    [[filled, distinct]] = db.execute("SELECT coalesce(sum(n), 0)::BIGINT, count(*) FROM words").fetchall()
    never = ", ".join(quote(word) for word in sorted(NEVER_A_VALUE))
    nulls = _most(db, f"v IN ({never})")
    db.execute(f"DELETE FROM words WHERE v IN ({never})")
    look = Look(name, Holds.NOTHING, rows, filled, distinct, nulls=nulls)
    if look.given <= 0:
        return look
    typed = _typed(db, look, prefer)
    few = distinct <= _MOST_WORDS
    return replace(typed, words=_most(db, "true", _MOST_WORDS) if few else None)


def _typed(db: duckdb.DuckDBPyConnection, look: Look, prefer: str) -> Look:
    """Tell the kind of a column by what reads most of it."""
    given = look.given
    for holds, candidates in ((Holds.INSTANT, INSTANTS), (Holds.INSTANT, ZONED), (Holds.DAY, DATES)):
        if holds is Holds.DAY and _rows(db, _SERIAL) == given:
            break
        how = written(db, "words", candidates, prefer)
        if how.rows >= _READ_SHARE * given:
            return _of_times(db, replace(look, holds=holds, written=how))
    clock = written(db, "words", TIMES, prefer)
    if clock.rows >= _READ_SHARE * given:
        return _of_times(db, replace(look, holds=Holds.CLOCK, written=clock))
    if _rows(db, _SPAN) >= _READ_SHARE * given:
        return _leftover(db, replace(look, holds=Holds.SPAN), f"NOT regexp_full_match(v, {quote(_SPAN)})")
    return _of_numbers(db, look)


def _of_numbers(db: duckdb.DuckDBPyConnection, look: Look) -> Look:
    given = look.given
    words = [str(v) for v in _most(db, "true", 4)]
    if 1 < look.distinct <= 4 and {word.lower() for word in words} <= _FLAGS:
        return replace(look, holds=Holds.FLAG)
    if _rows(db, _SERIAL) == given and look.distinct > 1:
        return replace(look, holds=Holds.SERIAL)
    if _rows(db, _PHONE) >= _PHONE_SHARE * given:
        return _leftover(db, replace(look, holds=Holds.PHONE), f"NOT regexp_full_match(v, {quote(_PHONE)})")
    if _rows(db, _NUMBER) >= _READ_SHARE * given:
        mangled = _rows(db, _MANGLED)
        whole = _rows(db, r"[+-]?\d+(\.0+)?") + mangled == _rows(db, _NUMBER)
        typed = replace(look, holds=Holds.WHOLE if whole else Holds.NUMBER, mangled=mangled)
        typed = _leftover(db, typed, f"NOT regexp_full_match(v, {quote(_NUMBER)})")
        [[long]] = db.execute("SELECT median(length(v)) FROM words").fetchall()
        return _sentinel(db, typed, _NOTHING) if whole and long >= _ID_LONG and look.distinct >= _ID_MANY else typed
    few = look.distinct <= _FEW and look.distinct * 2 <= look.given
    return replace(look, holds=Holds.WORDS if few else Holds.TEXT)


def _of_times(db: duckdb.DuckDBPyConnection, look: Look) -> Look:
    unread = " AND ".join(f"{parsed('v', form)} IS NULL" for form in look.written.formats)
    look = _leftover(db, look, unread)
    if look.holds is Holds.CLOCK:
        return _sentinel(db, look, _MIDNIGHT)
    # The library takes no instant of before its first year: here it stands for none.
    early = " OR ".join(f"{parsed('v', form)} < TIMESTAMP '{FIRST_YEAR}-01-01'" for form in look.written.formats)
    old = _most(db, early)
    if old and sum(old.values()) >= _SENTINEL_LEAST * len(old):
        return replace(look, nulls={**(look.nulls or {}), **old})
    return replace(look, unread={**(look.unread or {}), **old})


def _leftover(db: duckdb.DuckDBPyConnection, look: Look, unread: str) -> Look:
    """Divide what is not of the kind into words that mean missing and dirt."""
    left = _most(db, unread)
    # Words, dashes and zeros that are written as no value of this kind is: 00/00/0000, --, Not known.
    blank = {word: n for word, n in left.items() if _BLANK.fullmatch(word)}
    return replace(
        look,
        nulls={**(look.nulls or {}), **blank},
        unread={word: n for word, n in left.items() if word not in blank},
    )


def _sentinel(db: duckdb.DuckDBPyConnection, look: Look, shape: str) -> Look:
    """A value that stands for none: many times as often as any other, and of the shape of nothing."""
    top = list(_most(db, "true", 2).items())
    if len(top) < 2:
        return look
    (word, often), (_, next_often) = top
    if often >= max(_SENTINEL_LEAST, _SENTINEL_TIMES * next_often) and re.fullmatch(shape, word):
        return replace(look, nulls={**(look.nulls or {}), word: often})
    return look


def _rows(db: duckdb.DuckDBPyConnection, shape: str) -> int:
    [[rows]] = db.execute(
        f"SELECT coalesce(sum(n), 0)::BIGINT FROM words WHERE regexp_full_match(v, {quote(shape)})"
    ).fetchall()
    return int(rows)


def _most(db: duckdb.DuckDBPyConnection, condition: str, most: int = _SHOWN) -> dict[str, int]:
    """Rows by text, the commonest first."""
    return dict(db.execute(f"SELECT v, n FROM words WHERE {condition} ORDER BY n DESC, v LIMIT {most}").fetchall())
