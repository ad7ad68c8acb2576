"""Records of a JSON export: one object a line, one after another, or in an array; each with its place in the file.

A record that is no JSON costs only itself: it ends where its own braces do, at the end of its line where the file has
one record a line, or where an object follows an object with nothing between, which no JSON allows.
"""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from callclock.reasons import RowReason

LONGEST = 1 << 24
"""Characters of the longest record that is read."""
DEEPEST = 64
"""Levels of the deepest record that is read."""

_CHUNK = 1 << 22
_HEAD = 1 << 20
_SPACE = re.compile(r"[ \t\r\n]*")
_BETWEEN = re.compile(r"[ \t\r\n,]*")
_ARRAY = re.compile(r"\[[ \t\r\n]*(?:[\]{]|$)")
# A text holds no bare line end, so one that is never closed ends with its line.
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}\n]')
_LEVEL = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]')
_WHOLE_LINE = re.compile(r"\[?[ \t]*\{.*\}[ \t]*[,\]]*[ \t]*\r?", re.DOTALL)
_JUNK = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{\n\]]')


class TooLongError(ValueError):
    """A record that does not end within :data:`LONGEST` characters."""


@dataclass(frozen=True, slots=True)
class Found:
    """One record: where it stands, in bytes, and the object that it is; or why it is none.

    Numbers are texts as they stand in the file.
    """

    start: int
    size: int
    value: dict[str, object] | None
    reason: RowReason | None = None


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is no JSON")


_decode = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_no_number).raw_decode


class JsonText:
    """Records of an open UTF-8 file, in order; iterate once.

    Parameters
    ----------
    strict
        A byte that is not UTF-8 makes its record bad; else such a record is tried as cp1252.

    Attributes
    ----------
    cut
        After the last record: the file ended inside one, or before its array did.
    """

    def __init__(self, file: BinaryIO, *, strict: bool) -> None:
        self.cut = False
        self._file = file
        self._strict = strict
        self._in_array = False
        self._by_line = False

    def __iter__(self) -> Iterator[Found]:
        """Give the records.

        Raises
        ------
        TooLongError
            A record does not end.
        """
        window = _Window(self._file)
        window.skip(_SPACE)
        self._by_line = _one_a_line(window.ahead(_HEAD))
        while self._begins(window):
            yield self._record(window)
        self.cut = self.cut or self._in_array

    def _begins(self, window: "_Window") -> bool:
        """Go to the next record, into and out of arrays."""
        while True:
            window.skip(_BETWEEN if self._in_array else _SPACE)
            if not window.ahead(1):
                return False
            if self._in_array and window.ahead(1) == "]":
                self._in_array = False
            elif not self._in_array and _ARRAY.match(window.ahead(64)):
                self._in_array = True
            else:
                return True
            window.take(1)

    def _record(self, window: "_Window") -> Found:
        while True:
            text, at = window.text, window.at
            try:
                # The parser itself is kept from what is deeper than its stack.
                value, end = _decode(text, at) if text[at] == "{" else (None, at)
            except (ValueError, RecursionError):
                value, end = None, at
            if value is not None:
                return self._good(window, value, end)
            bad_end = self._bad_end(text, at)
            if bad_end is None and window.more():
                continue
            self.cut = bad_end is None and text[at] == "{"
            raw, start = window.take((len(text) if bad_end is None else bad_end) - at)
            whole = raw.rstrip()
            reason = RowReason.TOO_DEEP if _deep(whole) else RowReason.BAD_JSON
            return Found(start, len(whole.encode("utf-8", "surrogateescape")), None, reason)

    def _good(self, window: "_Window", value: dict[str, object] | None, end: int) -> Found:
        raw, start = window.take(end - window.at)
        if _deep(raw):
            return Found(start, len(raw.encode("utf-8", "surrogateescape")), None, RowReason.TOO_DEEP)
        if raw.isascii():
            return Found(start, len(raw), value)
        data = raw.encode("utf-8", "surrogateescape")
        try:
            raw.encode()
        except UnicodeEncodeError:
            value = None if self._strict else _as_cp1252(data)
        return Found(start, len(data), value, None if value is not None else RowReason.BAD_ENCODING)

    def _bad_end(self, text: str, at: int) -> int | None:
        """Where a record that is no JSON ends; None where this part of the file does not say."""
        if text[at] != "{":
            return self._junk_end(text, at)
        depth, closed = 0, -1
        for token in _TOKEN.finditer(text, at):
            match token[0]:
                case "{" if closed >= 0 and not text[closed : token.start()].strip(" \t\r\n"):
                    return closed
                case "{":
                    depth += 1
                case "}":
                    depth, closed = depth - 1, token.end()
                    if not depth:
                        return closed
                case "\n" if self._by_line:
                    return token.start()
        return None

    def _junk_end(self, text: str, at: int) -> int | None:
        for token in _JUNK.finditer(text, at):
            if token[0] == "{" or (token[0] == "\n" and self._by_line) or (token[0] == "]" and self._in_array):
                return token.start()
        return None


class _Window:
    """A part of a file as text, and where in the file, in bytes, it is."""

    def __init__(self, file: BinaryIO) -> None:
        self.text = ""
        self.at = 0
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._byte = 0
        self._ended = False
        if self.ahead(1) == "\ufeff":
            self.take(1)

    def more(self) -> bool:
        """Read on; False at the end of the file."""
        if self._ended:
            return False
        if len(self.text) - self.at > LONGEST:
            raise TooLongError(f"at byte {self._byte}")
        chunk = self._file.read(_CHUNK)
        self._ended = not chunk
        self.text = self.text[self.at :] + self._decoder.decode(chunk, final=self._ended)
        self.at = 0
        return True

    def ahead(self, count: int) -> str:
        """Give the next characters, fewer at the end of the file."""
        while len(self.text) - self.at < count and self.more():
            pass
        return self.text[self.at : self.at + count]

    def take(self, count: int) -> tuple[str, int]:
        """Give so many characters, and the byte where they begin, and go on behind them."""
        taken = self.text[self.at : self.at + count]
        start = self._byte
        self._byte += len(taken) if taken.isascii() else len(taken.encode("utf-8", "surrogateescape"))
        self.at += count
        return taken, start

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Go behind what the pattern matches."""
        while True:
            found = pattern.match(self.text, self.at)
            assert found is not None  # noqa: S101 - it matches nothing as well
            self.take(found.end() - self.at)
            if self.at < len(self.text) or not self.more():
                return


def _one_a_line(head: str) -> bool:
    """Tell whether a file has one record a line: a line is whole, and the first is more than an opening brace."""
    lines = head.lstrip("[ \t\r\n").split("\n")
    return lines[0].rstrip() != "{" and any(_WHOLE_LINE.fullmatch(line) for line in lines[:200])


def _deep(raw: str) -> bool:
    if raw.count("{") + raw.count("[") <= DEEPEST:
        return False
    level = 0
    for token in _LEVEL.finditer(raw):
        if token[0] in "{[":
            level += 1
            if level > DEEPEST:
                return True
        elif token[0] in "}]":
            level -= 1
    return False


def _as_cp1252(data: bytes) -> dict[str, object] | None:
    try:
        value, _ = _decode(data.decode("cp1252"), 0)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def walk(value: object, names: tuple[str, ...]) -> object:
    """Value that a dotted path, split at its dots, leads to; None where it leads nowhere.

    A name of an object may itself hold dots; a number counts the items of a list from 0.
    """
    for place, name in enumerate(names):
        if isinstance(value, dict):
            if name not in value:
                return value.get(".".join(names[place:]))
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def text(value: object) -> str | None:
    """Value of a field as the text that it would be in a CSV; a list or an object is JSON again."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def paths(value: dict[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    """Dotted paths of an object and what they lead to; a list is one value."""
    for name, inner in value.items():
        path = f"{above}{name}"
        if isinstance(inner, dict) and inner:
            yield from paths(inner, f"{path}.")
        else:
            yield path, inner
