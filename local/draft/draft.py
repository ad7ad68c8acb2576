"""A draft profile as TOML: what was found stands as it is, what was guessed says so."""

import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from callclock.contracts import CALL_INTERVALS
from callclock.exports.profile_sections import SERIAL, FileFormat
from local.draft.columns import column_line, key_text, quoted, reads
from local.draft.guesses import Guess, guess
from local.draft.layout import Layout, lay_out
from local.draft.looks import NEVER_A_VALUE, Holds, Look, look_at
from local.draft.table import MOST_ROWS, Loaded, loaded

_WIDTH = 46
_TOTAL = re.compile(r"\W*(grand )?totals?\b", re.IGNORECASE)
_LAST_ROWS = 3


@dataclass(frozen=True)
class Draft:
    """A draft profile.

    Attributes
    ----------
    text
        The TOML.
    table
        The table it would fill: a guess, unless it was said.
    unsaid
        Columns that the table requires and for which nothing was found: a person must say them.
    """

    text: str
    table: str
    unsaid: tuple[str, ...]


def draft(file: Path, table: str | None = None) -> Draft:
    """Write a draft profile of a file.

    Parameters
    ----------
    table
        The table its rows belong in, where that is known.

    Raises
    ------
    UnreadableError
        The file cannot be read at all; the text says why and what to do.
    """
    with tempfile.TemporaryDirectory(prefix="callclock-") as name:
        layout = lay_out(file, Path(name) / "layout")
        with loaded(file, layout, Path(name) / "rows") as cells:
            looks = look_at(cells.db, "cells", cells.columns)
            made = guess(cells.db, looks, cells.columns, table)
            text = "\n".join(_Writing(file, layout, cells, looks, made).lines()) + "\n"
    return Draft(text, made.table.name, tuple(column.name for column in made.unsaid))


@dataclass(frozen=True)
class _Writing:
    """One draft being written."""

    file: Path
    layout: Layout
    cells: Loaded
    looks: Sequence[Look]
    made: Guess

    def lines(self) -> Iterator[str]:
        yield from self._top()
        yield from self._format()
        yield from self._export()
        yield from self._time()
        yield from self._nulls()
        yield from self._columns()
        yield from self._rules()
        yield from self._left()

    @property
    def _read(self) -> tuple[Look, ...]:
        """Columns of the file that the draft reads."""
        names = reads(self.made, self.looks)
        return tuple(look for look in self.looks if look.name in names)

    def _top(self) -> Iterator[str]:
        rows = f"{self.cells.rows:,} rows" if self.cells.rows < MOST_ROWS else f"the first {MOST_ROWS:,} rows"
        yield f"# A draft, made from {rows} of {self.file.name}. What is not marked was found in the file; every line"
        yield '# marked "guess" must be confirmed. Then take the line "draft = true" out: nothing is read by a draft.'
        for column in self.made.unsaid:
            yield f"# Still to be said: columns.{column.name} ({column.meaning})"
        stem = re.sub(r"[^a-z0-9]+", "_", _undated(self.file.stem).lower()).strip("_") or "source"
        yield "draft   = true"
        yield _said(f"profile = {quoted(stem)}", "guess: how rows and receipts will name this source, for good")
        yield _said(f"table   = {quoted(self.made.table.name)}", "guess, by the names of the columns")
        if self.made.parts:
            yield _said('repeats = "collapse"', f"guess: {self.cells.rows:,} rows are {self.made.parts:,} records")
        yield ""
        yield "[match]"
        yield _said(f"path = {quoted(_undated(self.file.name))}", "guess, from the name of this one file")
        yield ""

    def _format(self) -> Iterator[str]:
        yield "[format]"
        for found in self.layout.found:
            yield f"# Found: {found}."
        if self.cells.rejected:
            yield f"# Found: records with too few or too many cells, or a stray quote: {self.cells.rejected:,}."
        usual, said = FileFormat(), self.layout.format
        for key in ("delimiter", "quote", "encoding", "skip", "header_rows"):
            value = getattr(said, key)
            if value != getattr(usual, key):
                yield f"{key} = {quoted(value) if isinstance(value, str) else value}"
        yield ""

    def _export(self) -> Iterator[str]:
        yield "[export]"
        if self.made.key:
            keys = ", ".join(map(quoted, self.made.key))
            yield _said(f"key = [{keys}]", f"guess: what names a record{self._unnamed()}")
        elif self.made.table is not CALL_INTERVALS:
            yield "# key = [...]   # no few columns name a record: say which do"
        yield _said('resend = "snapshot"', 'guess; "delta" where an export holds only what is new or changed')
        stated = _dated(self.file.name)
        if stated:
            yield _said(f"exported_at = {quoted(f'name:{stated}')}", "guess: the name says when it was taken")
        yield ""

    def _unnamed(self) -> str:
        """What a key of one column leaves open."""
        look = next(look for look in self.looks if look.name == self.made.key[0])
        if len(self.made.key) > 1 or self.made.parts:
            return ""
        twice, none = look.filled - look.distinct, look.rows - look.filled
        repeated = f"; rows that repeat one: {twice:,}, and the newest stands" if twice > 0 else ""
        return repeated + (f"; rows that have none: {none:,}, so say key_else" if none else "")

    def _time(self) -> Iterator[str]:
        formats = self._formats()
        if not formats:
            return
        yield "[time]"
        yield _said('zone    = "Europe/London"', "guess: the clocks that wrote it")
        yield f"formats = [{', '.join(map(quoted, formats))}]"
        undecided = [look.name for look in self._read if look.written.undecided]
        if undecided and not any(look.written.formats and not look.written.undecided for look in self._read):
            yield "# guess: no value is above 12 in one place, so day and month could be the other way round."
        if not any("%S" in form or "%z" in form or form == SERIAL for form in formats):
            yield 'precision = "minute"'
        yield ""

    def _formats(self) -> tuple[str, ...]:
        """Formats of the times that are read, the most used first; a time of day follows its date."""
        used: Counter[str] = Counter()
        days = [form for look in self._read if look.holds is Holds.DAY for form in look.written.formats]
        for look in self._read:
            for form in look.written.formats:
                if look.holds is Holds.INSTANT:
                    used[form] += look.given
                elif look.holds is Holds.CLOCK:
                    used.update({f"{day} {form}": look.given for day in dict.fromkeys(days)})
            if look.holds is Holds.SERIAL:
                used[SERIAL] += look.given
        return tuple(form for form, _ in used.most_common())

    def _nulls(self) -> Iterator[str]:
        everywhere: Counter[str] = Counter()
        lines = []
        for look in self.looks:
            nulls = look.nulls or {}
            everywhere.update({word: n for word, n in nulls.items() if word in NEVER_A_VALUE})
            own = {word: n for word, n in nulls.items() if word not in NEVER_A_VALUE}
            if own and look in self._read:
                words = ", ".join(map(quoted, own))
                lines.append(_said(f"{key_text(look.name)} = [{words}]", f"{sum(own.values()):,} rows"))
        if everywhere:
            words = ", ".join(map(quoted, everywhere))
            lines.insert(0, _said(f'"*" = [{words}]', f"{everywhere.total():,} cells"))
        if lines:
            yield from ("[nulls]", *lines, "")

    def _columns(self) -> Iterator[str]:
        yield "[columns]"
        for column in self.made.table.mapped:
            yield from column_line(column, self.made, self.looks)
        yield ""

    def _rules(self) -> Iterator[str]:
        if self.made.table is CALL_INTERVALS:
            counts = [look.name for look in self.looks if look.holds in {Holds.WHOLE, Holds.FLAG}]
            yield "# Where one row counts several lines side by side, write one [[rows]] for each, with line, offered,"
            yield f"# answered and abandoned. Columns of whole numbers: {', '.join(counts)}"
            yield ""
        column = self._total()
        if column:
            yield "# guess: a row that begins with Total is no record."
            yield from ("[[rules]]", 'reason = "total"', 'then   = "drop"')
            yield f'if     = {{ {key_text(column)} = {{ starts = "Total" }} }}'
            yield ""

    def _total(self) -> str | None:
        """The column in which one of the last rows says that it is a total."""
        first = next(iter(self.cells.columns), None)
        if first is None:
            return None
        text = self.cells.columns[first]
        last = self.cells.db.execute(f"SELECT {text} FROM cells ORDER BY _row DESC LIMIT {_LAST_ROWS}").fetchall()
        texts = [row[0] or "" for row in last] + list(self.cells.last_rejected)
        return first if any(_TOTAL.match(text) for text in texts) else None

    def _left(self) -> Iterator[str]:
        read = self._read
        left = [look for look in self.looks if look not in read]
        if left:
            yield "# Columns that nothing above reads:"
        for look in left:
            how = f" ({look.written.formats[0]})" if look.written.formats else ""
            yield f"#   {look.name}: {look.holds}{how}"
        mangled = [f"{look.name} ({look.mangled:,})" for look in self.looks if look.mangled]
        if mangled:
            yield f"# A spreadsheet rounded whole numbers to such as 3.26702E+11: {', '.join(mangled)}"
        for look in read:
            if look.unread:
                yield f"# Rows of {look.name} that do not read as {look.holds}: {sum(look.unread.values()):,}"


def _said(line: str, comment: str) -> str:
    return f"{line:<{_WIDTH}} # {comment}"


def _undated(name: str) -> str:
    """A file's name with a star for whatever numbers and dates are in it."""
    return re.sub(r"\d[\d_-]*\d|\d", "*", name)


def _dated(name: str) -> str | None:
    """How a date in a name is written; None where there is none."""
    shapes = (("%Y%m%d", r"20\d{6}"), ("%Y-%m-%d", r"20\d\d-\d\d-\d\d"))
    return next((form for form, shape in shapes if re.search(rf"(?<!\d){shape}(?!\d)", name)), None)
