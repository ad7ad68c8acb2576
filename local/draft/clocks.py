"""How times are written: the fewest formats that read a column, tried by the engine that will read it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import duckdb

from callclock.engine import quote

DAY_FIRST, MONTH_FIRST = "day first", "month first"

DATES = (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%b-%Y", "%d %b %Y",
    "%d %B %Y", "%b %d %Y", "%b %d, %Y", "%B %d, %Y", "%Y%m%d", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%d.%m.%y",
    "%d-%b-%y", "%d %b %y", "%y%m%d", "%d%m%Y", "%d%m%y",
)  # fmt: skip
TIMES = (
    "%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%I:%M:%S %p", "%I:%M %p", "%I:%M:%S%p", "%I:%M%p", "%H.%M.%S", "%H.%M",
)  # fmt: skip
_BETWEEN = (" ", "T", ", ")
_OFFSETS = ("%z", " %z")
_PARTS = {
    "Y": r"\d{4}", "y": r"\d{2}", "m": r"\d{1,2}", "d": r"\d{1,2}", "H": r"\d{1,2}", "I": r"\d{1,2}", "M": r"\d{1,2}",
    "S": r"\d{1,2}", "f": r"\d{1,9}", "p": "[AaPp][Mm]", "b": "[A-Za-z]{3}", "B": "[A-Za-z]{3,9}",
    "z": r"(?:[Zz]|[+-]\d{2}(?::?\d{2})?)",
}  # fmt: skip
_PADDED = {"m": r"\d{2}", "d": r"\d{2}"}
_SAMPLE = 60
_MOST_FORMATS = 4
# A second format must read this much of a column: a single odd cell is dirt.
_SECOND_LEAST = 0.001

INSTANTS = tuple(f"{day}{between}{time}" for time, between, day in product(TIMES, _BETWEEN, DATES))
ZONED = tuple(
    f"{day}{between}{time}{offset}"
    for time, between, day, offset in product(TIMES[:3], _BETWEEN[:2], DATES[:3], _OFFSETS)
)


@dataclass(frozen=True)
class Written:
    """How the times of one column are written.

    Attributes
    ----------
    formats
        The fewest that read it, the most used first.
    rows
        Rows they read.
    undecided
        Day and month could be the other way round: no value of the column tells.
    """

    formats: tuple[str, ...] = ()
    rows: int = 0
    undecided: bool = False


def parsed(text: str, form: str) -> str:
    """SQL of an instant, as the library will read it; a year of two figures is none for ``%Y``."""
    if "%z" in form:
        text = f"regexp_replace({text}, '[Zz]$', '+00')"
        found = f"timezone('UTC', try_strptime({text}, {quote(form)}))"
    else:
        found = f"try_strptime({text}, {quote(form)})"
    return f"(CASE WHEN {found} >= TIMESTAMP '1800-01-01' THEN {found} END)"


def swapped(form: str) -> str | None:
    """The same format with day and month the other way round; None where a name of the month decides."""
    if "%d" not in form or "%m" not in form:
        return None
    return form.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def order(form: str) -> str | None:
    """Whether a format has the day or the month first; None where it starts with the year or names the month."""
    if "%d" not in form or "%m" not in form or form.find("%y") == 0 or form.find("%Y") == 0:
        return None
    return DAY_FIRST if form.index("%d") < form.index("%m") else MONTH_FIRST


def written(db: duckdb.DuckDBPyConnection, words: str, candidates: Sequence[str], prefer: str = DAY_FIRST) -> Written:
    """Find the fewest formats that read a column.

    Parameters
    ----------
    words
        Table of the distinct texts ``v`` and their rows ``n``.
    candidates
        Formats to try; of those that read the same, the first stands.
    prefer
        Which order of day and month stands where nothing tells.
    """
    formats: list[str] = []
    rows = 0
    undecided = False
    rest = words
    while len(formats) < _MOST_FORMATS:
        read = _read(db, rest, [form for form in candidates if not _contradicts(form, formats)])
        if not read:
            break
        best = max(read, key=lambda form: (read[form], order(form) in {None, prefer}))
        if formats and read[best] < max(2, _SECOND_LEAST * rows):
            break
        other = swapped(best)
        undecided = undecided or (not formats and other is not None and read.get(other) == read[best])
        formats.append(best)
        rows += read[best]
        rest = f"(SELECT v, n FROM {rest} WHERE {parsed('v', best)} IS NULL)"
    return Written(tuple(formats), rows, undecided)


def _read(db: duckdb.DuckDBPyConnection, words: str, candidates: Sequence[str]) -> Mapping[str, int]:
    """Rows that each candidate reads, in their order; those that read nothing of the first texts are not tried on."""
    sample = db.execute(f"SELECT v FROM {words} ORDER BY n DESC, hash(v) LIMIT {_SAMPLE}").fetchall()
    # Most texts of a column differ in their figures alone.
    shapes = {re.sub(r"\d", "0", text) for [text] in sample}
    likely = [form for form in candidates if any(map(_shape(form).fullmatch, shapes))]
    if not likely:
        return {}
    counts = ", ".join(f"sum(n) FILTER ({parsed('v', form)} IS NOT NULL)" for form in likely)
    [found] = db.execute(f"SELECT {counts} FROM {words}").fetchall()
    return {form: int(rows) for form, rows in zip(likely, found, strict=True) if rows}


@cache
def _shape(form: str) -> re.Pattern[str]:
    """Texts that a format may read: without marks between them, the parts have all their figures."""
    solid = re.search(r"%[Yymd]%[Yymd]", form) is not None
    parts = re.split("%(.)", form)
    return re.compile(
        "".join(
            re.escape(part).replace(r"\ ", " +")
            if place % 2 == 0
            else _PADDED[part]
            if solid and part in _PADDED
            else _PARTS[part]
            for place, part in enumerate(parts)
        )
    )


def _contradicts(form: str, formats: Sequence[str]) -> bool:
    """Both orders in one column cannot be told apart before the 13th of a month: the rest of them is dirt."""
    return order(form) is not None and any(order(other) not in {None, order(form)} for other in formats)
