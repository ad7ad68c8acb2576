"""Wall clocks of an export, layer by layer: parsed, made instants, rolled to the next day, set in the doubled hour.

Each text that holds a wall clock is parsed once (``w0``, ``w1``, ...), whatever number of columns read it. Layers
matter: an expression that parses, converts and compares in one nested text costs many times as much.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from callclock.engine import name, quote
from callclock.exports.clocks import FIRST_YEAR, Clock
from callclock.exports.profile_sections import EPOCH, SERIAL, TimeReading
from callclock.exports.serials import ISO_FORMATS, serial_day, serial_instant, serial_time

ROW = "_row"
"""Number of the row among those that DuckDB accepted, from 1."""


@dataclass(frozen=True)
class Wall:
    """One use of a wall clock by a contract column, as SQL for the layer in which the column is made."""

    instant: str
    flag: str
    unread: str


@dataclass(frozen=True)
class _Use:
    """A wall clock read after an anchor. Rolled, it stands in ``r<number>`` and its instant in ``y<number>``."""

    text: str
    after: str
    number: int


@dataclass
class Walls:
    """Every wall clock that one query parses: note all uses first, then write the layers in the order given here."""

    time: TimeReading
    clock: Clock
    _parsed: dict[str, int] = field(default_factory=dict)
    _split: set[str] = field(default_factory=set)
    _uses: dict[tuple[str, str], _Use] = field(default_factory=dict)
    _followers: dict[str, set[int]] = field(default_factory=dict)
    _pairs: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def joined(self, day: str, time: str) -> str:
        """Text of an instant in two columns; only such a clock may belong to the next day."""
        if self._serials:
            day, time = serial_day(day), serial_time(time)
        text = f"({day} || ' ' || {time})"
        self._split.add(text)
        return text

    def note(self, text: str, after: str | None) -> None:
        """Note that a text will be read: a start looks at all that follow it."""
        number = self._parsed.setdefault(text, len(self._parsed))
        if after:
            self._followers.setdefault(after, set()).add(number)
            self._uses.setdefault((text, after), _Use(text, after, len(self._uses)))

    def note_pair(self, text: str, series: tuple[str, ...]) -> None:
        """Note that equal clocks of one series, told by these columns, are the first and the second in file order.

        So counts by interval show the doubled hour; one that stands alone is the second.
        """
        self._pairs[self._parsed[text]] = series

    @property
    def has_pairs(self) -> bool:
        """Whether any clock is looked at beside its equals; then rows no longer come in the order of the file."""
        return bool(self._pairs)

    def pair_layer(self) -> Iterator[str]:
        """Columns ``p``: whether an equal clock of the same series follows the first one."""
        for number, series in self._pairs.items():
            equal = f"(PARTITION BY {', '.join([f'w{number}', *series])} ORDER BY {ROW})"
            yield f"(row_number() OVER {equal} = 1 AND lead({ROW}) OVER {equal} IS NOT NULL) AS p{number}"

    def parse_layer(self) -> Iterator[str]:
        """Columns ``w`` (wall clocks) and ``z`` (instants that state their offset) from the cleaned cells."""
        for text, number in self._parsed.items():
            wall = _read(text, self._local)
            serial = text not in self._split and self._serials
            yield f"{f'coalesce({wall}, {serial_instant(text)})' if serial else wall} AS w{number}"
            if self._stated:
                yield f"coalesce({', '.join(self._stated_instants(text))}) AS z{number}"

    def _stated_instants(self, text: str) -> Iterator[str]:
        """SQL of a text as each of the ways in which it may state its instant whole, NULL where it is none of them."""
        if self._offset:
            marked = f"regexp_replace({text}, '[Zz]$', '+00')"
            yield f"timezone('UTC', {_read(marked, self._offset, 'TIMESTAMPTZ')})"
        if EPOCH in self.time.formats:
            yield _epoch_instant(text)

    def convert_layer(self) -> Iterator[str]:
        """Columns ``u``: the instant of each."""
        for number in self._parsed.values():
            anchor = self.clock.anchor(f"w{number}")
            yield f"coalesce(z{number}, {anchor}) AS u{number}" if self._stated else f"{anchor} AS u{number}"

    def flag_layer(self) -> Iterator[str]:
        """Columns ``f``: whether each clock was ambiguous or none. A date taken apart in a later layer costs again."""
        for number in self._parsed.values():
            yield f"{self.clock.flag(f'w{number}', f'u{number}')} AS f{number}"

    def roll_layer(self, known: frozenset[str]) -> Iterator[str]:
        """Columns ``r``: the clocks whose anchor is ``known``, on the next day where they lie 12 hours before it."""
        for use in self._rolled(known):
            w = self._parsed[use.text]
            rolls = f"u{w} < {name(use.after)} - INTERVAL 12 HOUR"
            yield f"CASE WHEN {rolls} THEN w{w} + INTERVAL 1 DAY ELSE w{w} END AS r{use.number}"

    def settle_layer(self, known: frozenset[str]) -> Iterator[str]:
        """Columns ``y``: the instants of the rolled clocks."""
        for use in self._rolled(known):
            w, r = self._parsed[use.text], f"r{use.number}"
            yield f"CASE WHEN {r} = w{w} THEN u{w} ELSE {self.clock.anchor(r)} END AS y{use.number}"

    def rolled_flag_layer(self, known: frozenset[str]) -> Iterator[str]:
        """Columns ``g``: what :meth:`flag_layer` gives, of the rolled clocks."""
        for use in self._rolled(known):
            yield f"{self.clock.flag(f'r{use.number}', f'y{use.number}')} AS g{use.number}"

    def paired(self, text: str) -> str | None:
        """SQL that a clock is the first of two equal ones; None where nothing is paired."""
        number = self._parsed.get(text)
        return f"p{number}" if number in self._pairs else None

    def used(self, text: str, target: str, after: str | None) -> Wall:
        """Return how a target reads a text that was noted before."""
        number = self._parsed[text]
        unread = f"w{number} IS NULL" + (f" AND z{number} IS NULL" if self._stated else "")
        if after is None:
            return self._start(number, target, unread)
        use = self._uses[text, after]
        n = use.number
        wall, anchor, flag = (f"r{n}", f"y{n}", f"g{n}") if text in self._split else _columns(number)
        read = self.clock.read(wall, anchor, flag)
        # Before its anchor in both hours of the doubled one: the later.
        later = f"CASE WHEN {read.first} < {name(after)} - {self._tolerance} THEN {read.second} ELSE {read.first} END"
        return self._wall(number, f"({later})", flag, unread)

    def _start(self, number: int, target: str, unread: str) -> Wall:
        """Read a clock that follows nothing: which of two equal hours is the profile's to say."""
        wall, anchor, flag = _columns(number)
        read = self.clock.read(wall, anchor, flag)
        if number in self._pairs:
            chosen = f"CASE WHEN p{number} THEN {read.first} ELSE {read.second} END"
            return self._wall(number, f"({chosen})", flag, unread)
        match self.time.doubled:
            case "first":
                chosen = read.first
            case "second":
                chosen = read.second
            case "tightest":
                followers = sorted(self._followers.get(target, set()) - {number})
                before = " OR ".join(f"coalesce(w{n} < w{number} - {self._tolerance}, false)" for n in followers)
                chosen = (
                    f"CASE WHEN {read.first} = {read.second} THEN {read.first} WHEN {before} THEN {read.first} "
                    f"ELSE {read.second} END"
                    if before
                    else read.second
                )
        return self._wall(number, f"({chosen})", flag, unread)

    def _wall(self, number: int, instant: str, flag: str, unread: str) -> Wall:
        """Let an instant that states its offset stand as it is."""
        if not self._stated:
            return Wall(instant, flag, unread)
        return Wall(f"coalesce(z{number}, {instant})", f"(CASE WHEN z{number} IS NULL THEN {flag} END)", unread)

    def _rolled(self, known: frozenset[str]) -> Iterator[_Use]:
        return (use for use in self._uses.values() if use.after in known and use.text in self._split)

    @property
    def _tolerance(self) -> str:
        return f"INTERVAL {round(self.time.tolerance_s * 1000)} MILLISECOND"

    @property
    def _stated(self) -> bool:
        """Whether a text may state its instant whole."""
        return bool(self._offset) or EPOCH in self.time.formats

    @property
    def _offset(self) -> tuple[str, ...]:
        return tuple(form for form in self.time.formats if "%z" in form)

    @property
    def _local(self) -> tuple[str, ...]:
        said = tuple(form for form in self.time.formats if "%z" not in form and form not in {SERIAL, EPOCH})
        return (*said, *ISO_FORMATS) if self._serials else said

    @property
    def _serials(self) -> bool:
        return SERIAL in self.time.formats


def _columns(number: int) -> tuple[str, str, str]:
    """Give the columns of a parsed clock: itself, its instant and its flag."""
    return f"w{number}", f"u{number}", f"f{number}"


def _read(text: str, formats: tuple[str, ...], kind: str = "TIMESTAMP") -> str:
    if not formats:
        return f"NULL::{kind}"
    forms = quote(formats[0]) if len(formats) == 1 else "[" + ", ".join(quote(form) for form in formats) + "]"
    parsed = f"try_strptime({text}, {forms})"
    # %Y takes "24" for the year 24; clocks before the first year followed other rules.
    return f"(CASE WHEN {parsed} >= {kind} '{FIRST_YEAR}-01-01' THEN {parsed} END)"


def _epoch_instant(text: str) -> str:
    """SQL of seconds (or milliseconds, told by their figures) since 1970; the shape of neither is any other clock's."""
    seconds = rf"regexp_full_match({text}, '\d{{9,10}}(\.\d+)?')"
    ms = rf"regexp_full_match({text}, '\d{{12,13}}')"
    made = f"make_timestamp_ms(round(try_cast({text} AS DOUBLE) * CASE WHEN {ms} THEN 1 ELSE 1000 END)::BIGINT)"
    return f"(CASE WHEN ({seconds} OR {ms}) AND {made} >= TIMESTAMP '{FIRST_YEAR}-01-01' THEN {made} END)"
