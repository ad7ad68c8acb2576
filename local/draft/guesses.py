"""What columns may mean, told by their names and by what they hold: suggestions, each to be confirmed by a person."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import combinations
from pathlib import Path

import duckdb

from callclock.columns import Column, Kind, Table
from callclock.contracts import CALL_INTERVALS, CURATED
from callclock.exports.grammar import CALLER_KEY
from local.draft.clocks import parsed
from local.draft.looks import Holds, Look

_VOCABULARY = Path(__file__).with_name("vocabulary.toml")
_TIMES = frozenset({Holds.INSTANT, Holds.SERIAL, Holds.CLOCK})
_FITS: Mapping[Kind, frozenset[Holds]] = {
    Kind.INSTANT: _TIMES,
    Kind.MS: frozenset({Holds.SPAN, Holds.WHOLE, Holds.NUMBER}),
    Kind.INT: frozenset({Holds.WHOLE, Holds.FLAG}),
    Kind.BOOL: frozenset({Holds.FLAG, Holds.WORDS}),
    Kind.TEXT: frozenset({Holds.TEXT, Holds.WORDS, Holds.WHOLE, Holds.FLAG, Holds.PHONE}),
}
# Words of a column's name that say nothing of what it means.
_FILLERS = frozenset({"time", "date", "at", "dttm", "dt", "tm", "of", "the", "and", "incident", "call", "first", "cad"})
_CALLERS = frozenset({Holds.PHONE, Holds.WHOLE, Holds.TEXT})
_SPANS = frozenset({"time", "date", "duration", "diff"})
_ENOUGH = 5
# Keys that stand twice may be corrections within the file: the newest row wins.
_NEARLY_ALL = 0.97
_REQUIRED = 8
_COUNTED, _MOSTLY, _TIMES_OF_COUNTS = 40, 0.7, 2
_STEPS = ((1440, "day"), (60, "hour"), (1, "minute"))
_MOST_KEY_CANDIDATES = 9
_MOST_KEY_COLUMNS = 3


@dataclass(frozen=True)
class Guess:
    """What a file may be.

    Attributes
    ----------
    columns
        Column of the file by column of the table.
    others
        Further columns of the file that a table's column could be, for a comment.
    key
        Columns that name a record: no two rows share them. Empty where none do.
    parts
        Records that the rows make up, where several rows of one number have one start: units sent, legs of a call.
    step
        Of counted intervals: from one to the next.
    """

    table: Table
    columns: Mapping[str, Look]
    others: Mapping[str, Sequence[Look]] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    parts: int = 0
    step: str | None = None
    score: float = 0.0

    @property
    def start(self) -> str | None:
        """Column of the table that begins a record: the fullest, and of equal ones the first."""
        filled = [start for start in self.table.starts if start in self.columns]
        return max(filled, key=lambda start: self.columns[start].given, default=None)

    @property
    def unsaid(self) -> tuple[Column, ...]:
        """Columns that the table requires and nothing was found for."""
        found = {*self.columns, *(["interval_end"] if self.step else [])}
        return tuple(c for c in self.table.mapped if not c.nullable and c.name not in found)


def guess(db: duckdb.DuckDBPyConnection, looks: Sequence[Look], sql: Mapping[str, str], table: str | None) -> Guess:
    """Suggest the table and its columns.

    Parameters
    ----------
    sql
        SQL column of the table ``cells`` by name of the file's column, for a look at the key.
    table
        Where the table is known.
    """
    candidates = [t for t in CURATED if table in {None, t.name}]
    best = max((_assigned(t, looks) for t in candidates), key=lambda made: made.score)
    identity = best.columns.get(best.table.mapped[0].name)
    if best.table is CALL_INTERVALS:
        return replace(best, step=_step(db, best, sql))
    if identity is None:
        return best
    if identity.distinct >= _NEARLY_ALL * identity.filled:
        return replace(best, key=(identity.name,))
    start = best.columns.get(best.start or "")
    together = start and start.holds is not Holds.CLOCK and _distinct(db, [sql[identity.name], sql[start.name]])
    if together == identity.distinct:
        return replace(best, key=(identity.name,), parts=identity.distinct)
    return replace(best, key=_key(db, identity, looks, sql))


def _step(db: duckdb.DuckDBPyConnection, made: Guess, sql: Mapping[str, str]) -> str | None:
    """The commonest step from one interval to the next, as a profile says it."""
    look = made.columns.get(made.start or "")
    if look is None or not look.written.formats:
        return None
    wall = parsed(f"trim({sql[look.name]})", look.written.formats[0])
    [[minutes]] = db.execute(
        "SELECT mode(minutes) FROM (SELECT date_diff('minute', lag(wall) OVER (ORDER BY wall), wall) AS minutes "
        f"FROM (SELECT DISTINCT {wall} AS wall FROM cells)) WHERE minutes > 0"
    ).fetchall()
    if minutes is None:
        return None
    whole = next((pair for pair in _STEPS if minutes % pair[0] == 0), (1, "minute"))
    many = minutes // whole[0]
    return f"{many} {whole[1]}{'s' if many > 1 else ''}"


def _distinct(db: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> int:
    texts = ", ".join(f"coalesce({column}, '')" for column in columns)
    [[distinct]] = db.execute(f"SELECT count(DISTINCT ({texts})) FROM cells").fetchall()
    return int(distinct)


def _assigned(table: Table, looks: Sequence[Look]) -> Guess:
    """Give each column of the table the column of the file that fits best, the surest first."""
    days = any(look.holds is Holds.DAY for look in looks)
    scored = sorted(
        (
            (score, -place, column.name, look)
            for place, look in enumerate(looks)
            for column in table.mapped
            if (score := _score(table.name, column, look, days=days)) >= _ENOUGH
        ),
        key=lambda entry: (-entry[0], -entry[1], entry[2]),
    )
    columns: dict[str, Look] = {}
    others: dict[str, list[Look]] = {}
    taken: set[str] = set()
    for _, _, target, look in scored:
        if target in columns:
            others.setdefault(target, []).append(look)
        elif look.name not in taken:
            columns[target] = look
            taken.add(look.name)
    sure = sum(next(score for score, _, t, look in scored if t == target and look is columns[t]) for target in columns)
    columns = _with_start(table, columns, looks)
    made = Guess(table, columns, others)
    counted = _COUNTED if (table is CALL_INTERVALS) == _counts_by_interval(looks) else 0
    return Guess(table, columns, others, score=sure + counted - _REQUIRED * len(made.unsaid))


def _counts_by_interval(looks: Sequence[Look]) -> bool:
    """Whether rows are counts: one column of times, and nearly everything else a number."""
    times = sum(look.holds in {*_TIMES, Holds.DAY} for look in looks)
    numbers = sum(look.holds in {Holds.WHOLE, Holds.NUMBER, Holds.FLAG, Holds.SPAN} for look in looks)
    return 1 <= times <= _TIMES_OF_COUNTS and numbers > _MOSTLY * (len(looks) - times)


def _with_start(table: Table, columns: dict[str, Look], looks: Sequence[Look]) -> dict[str, Look]:
    """Where nothing says when a record begins: the fullest column of times, and the first of those."""
    if any(start in columns for start in table.starts):
        return columns
    times = [look for look in looks if look.holds in _TIMES]
    if not times:
        return columns
    fullest = max(times, key=lambda look: look.given)
    return {table.starts[-1]: fullest, **columns}


def _score(table: str, column: Column, look: Look, *, days: bool) -> float:
    """How well a column of the file fits one of the table; 0 where it cannot."""
    if look.holds not in _FITS.get(column.kind, frozenset()) or (look.holds is Holds.CLOCK and not days):
        return 0.0
    if column.values and look.holds not in {Holds.WORDS, Holds.FLAG} and not _codes(column.name, look):
        return 0.0
    words = _whole(_words(look.name))
    if column.name == CALLER_KEY and (look.holds not in _CALLERS or _SPANS & set(words)):
        return 0.0
    best = 0.0
    for rank, phrase in enumerate(_vocabulary()[table].get(column.name, ())):
        stems = _whole(phrase.split())
        hit = _hit(stems, words)
        if hit is not None:
            spare = [word for place, word in enumerate(words) if place not in hit and word not in _FILLERS]
            best = max(best, 10.0 + 3 * (len(stems) - 1) - 2 * len(spare) - 0.2 * rank)
    return best + (1 if best and look.given == look.rows else 0)


def _codes(target: str, look: Look) -> bool:
    """Whether numbers are words of a closed list: who called on 101 or 999."""
    return look.holds is Holds.WHOLE and bool(look.words) and all(meaning(target, word) for word in look.words or {})


def _hit(stems: Sequence[str], words: Sequence[str]) -> set[int] | None:
    """Places of the words that the stems begin, each its own; None unless all are there."""
    places: set[int] = set()
    for stem in stems:
        place = next((p for p, word in enumerate(words) if p not in places and _begins(word, stem)), None)
        if place is None:
            return None
        places.add(place)
    return places


def _begins(word: str, stem: str) -> bool:
    return word == stem if len(stem) <= 3 else word.startswith(stem)


def _words(name: str) -> list[str]:
    """Words of a column's name: ``TimeFirstCallCleared``, ``On Scene DtTm``, ``911_PCT_10``."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.replace("DtTm", "dttm").replace("DateTime", "datetime"))
    return re.findall(r"[a-z]+|\d+", apart.lower())


def _whole(words: Sequence[str]) -> list[str]:
    """Words written out: ``Inc No`` is an incident's number."""
    # Ignored: read from TOML.
    written_out: Mapping[str, str] = _vocabulary()["abbreviations"]  # type: ignore[assignment]
    return [written_out.get(word, word) for word in words]


def meaning(target: str, word: str) -> str | None:
    """Which value of a closed list a word of the export may mean."""
    words = _words(word)
    # Ignored: read from TOML.
    known: Mapping[str, Sequence[str]] = _vocabulary()["words"].get(target, {})  # type: ignore[assignment]
    found = ((value, phrase) for value, phrases in known.items() for phrase in phrases)
    return next((value for value, phrase in found if _hit(phrase.split(), words) is not None), None)


@cache
def _vocabulary() -> Mapping[str, Mapping[str, Sequence[str]]]:
    return tomllib.loads(_VOCABULARY.read_text("utf-8"))


def _key(
    db: duckdb.DuckDBPyConnection, identity: Look, looks: Sequence[Look], sql: Mapping[str, str]
) -> tuple[str, ...]:
    """Fewest columns, the record's number among them, that no two rows share."""
    likely = [look for look in looks if look.holds not in {Holds.CLOCK, Holds.NOTHING} and look.name != identity.name]
    likely = [look for look in likely if look.given == look.rows and look.distinct > 1][:_MOST_KEY_CANDIDATES]
    for more in range(1, _MOST_KEY_COLUMNS):
        for others in combinations(likely, more):
            names = {look.name for look in (identity, *others)}
            if _distinct(db, [sql[name] for name in names]) == identity.rows:
                return tuple(look.name for look in looks if look.name in names)
    return ()
