"""Text exports made readable for DuckDB: one encoding, one kind of line end, no blank lines; and records found again.

A record is what DuckDB makes of it: a cell that begins with the quote runs to the next lone quote, over line ends.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain, compress, islice, repeat
from pathlib import Path

from callclock.exports.header import cells, composed
from callclock.exports.profile_sections import FileFormat
from callclock.exports.spelling import Mixed, Spelling

# So much at once stays in the processor's own memory while it is looked at again and again.
_CHUNK = 1 << 16
_SEAM = 1 << 12
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BLANK = re.compile(rb"\n[ \t]*\r?\n")
# What DuckDB's trim() takes away besides the space: Unicode's space separators.
_OTHER_BLANKS = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"


class UnreadableError(ValueError):
    """A file that its profile matches and cannot read; the text says why and what to do."""


@dataclass(frozen=True)
class Lines:
    """Records of a text file, line by line, as the delimiter and the quote divide it."""

    delimiter: bytes
    quote: bytes

    @classmethod
    def of(cls, layout: FileFormat) -> "Lines":
        """Lines of a file laid out so."""
        return cls(layout.delimiter.encode(), layout.quote.encode())

    @cached_property
    def _closed(self) -> re.Pattern[bytes]:
        """A line every cell of which is closed in it."""
        d, q = re.escape(self.delimiter), re.escape(self.quote)
        cell = rb"(?:%b[^%b]*+(?:%b%b[^%b]*+)*+%b|[^%b%b]*+)" % (q, q, q, q, q, q, q, d)
        return re.compile(rb"%b(?:%b%b)*+\r?\n?" % (cell, d, cell))

    @cached_property
    def _end(self) -> re.Pattern[bytes]:
        """The rest of a quoted cell, its last quote included."""
        q = re.escape(self.quote)
        return re.compile(rb"[^%b]*+(?:%b%b[^%b]*+)*+%b" % (q, q, q, q, q))

    def stays_open(self, line: bytes, inside: bool) -> bool:
        """Tell whether a quoted cell is still open at the end of ``line``; ``inside``: one was at its beginning."""
        if self.quote not in line:
            return inside
        if not inside and self._closed.fullmatch(line):
            return False
        at = 0
        opening = self.delimiter + self.quote
        if not inside:
            line = self.delimiter + line
            found = line.find(opening)
            if found < 0:
                return False
            at = found + len(opening)
        while True:
            end = self._end.match(line, at)
            if not end:
                return True
            found = line.find(opening, end.end())
            if found < 0:
                return False
            at = found + len(opening)

    def cells(self, record: bytes) -> Sequence[str]:
        """Cells of one record, without its line end."""
        return cells(record.decode("utf-8", "replace"), self.delimiter.decode(), self.quote.decode())

    @cached_property
    def _others(self) -> bytes:
        """Every byte but the quote and the line feed."""
        return bytes(byte for byte in range(256) if byte not in self.quote + b"\n")

    def ends(self, block: bytes) -> Sequence[bytes]:
        """Line ends of a block, alone, divided by its quotes: every other piece of them ends records.

        That is right unless a cell holds a quote and begins without one.
        """
        # Two quotes without a line end between them change nothing.
        return block.translate(None, self._others).replace(self.quote * 2, b"").split(self.quote)

    @staticmethod
    def ends_at(block: bytes, pieces: Sequence[bytes], inside: bool) -> Iterator[int]:
        """Tell where in a block the records end that its :meth:`ends` tell of, each after its line end.

        ``inside``: a quoted cell is open where the block begins.
        """
        outside = chain.from_iterable(repeat(place % 2 == inside, len(piece)) for place, piece in enumerate(pieces))
        return compress(accumulate(len(line) + 1 for line in block.split(b"\n")), outside)

    def records(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Join the lines of each record. A quoted cell never closed runs to the end of the file."""
        held: list[bytes] = []
        inside = False
        for line in lines:
            inside = self.stays_open(line, inside)
            if held or inside:
                held.append(line)
                if not inside:
                    yield b"".join(held)
                    held.clear()
            else:
                yield line
        if held:
            yield b"".join(held)


@dataclass(frozen=True)
class Prepared:
    """A file that DuckDB can read as UTF-8, its header in the first record.

    Attributes
    ----------
    skipped
        Title rows left out above the header.
    cut
        The file does not end with a line end.
    mixed
        Records in another encoding than the rest.
    looks_utf8
        Another encoding is declared, and the file is UTF-8.
    other_blanks
        Blanks of Unicode other than the space may stand in it.
    """

    path: Path
    lines: Lines
    skipped: int
    cut: bool
    mixed: Mixed | None = None
    looks_utf8: bool = False
    other_blanks: bool = True

    def raw(self, wanted: Sequence[int], records: int) -> Iterator[tuple[int, bytes]]:
        """Find records again, each as it stands without its line end.

        Parameters
        ----------
        wanted
            Record numbers, ascending; the header is 0.
        records
            How many DuckDB found below the header. Counting quotes is many times as fast as reading cells; where it
            comes to another number, the cells are read.
        """
        if not wanted:
            return
        places, found = self._guessed(wanted)
        if found != records:
            places = self._places(wanted)
        with self.path.open("rb") as file:
            for number, (start, length) in zip(wanted, places, strict=False):
                file.seek(start)
                yield number, file.read(length).removesuffix(b"\n").removesuffix(b"\r")

    def _guessed(self, wanted: Sequence[int]) -> tuple[list[tuple[int, int]], int]:
        """Byte position and length of the wanted records as quotes counted tell, and how many are below the header.

        Only in a block in which a wanted record ends, or the one before it, are the ends looked for one by one.
        """
        places: list[tuple[int, int]] = []
        numbers = iter(wanted)
        number = next(numbers, None)
        # The record being read, where it begins, and how far the file is read.
        at, start, here = 0, 0, 0
        inside, ended = False, True
        with self.path.open("rb") as file:
            while block := file.read(_CHUNK):
                pieces = self.lines.ends(block)
                ends = sum(map(len, pieces[inside::2]))
                if number is None or at + ends < number:
                    at += ends
                else:
                    for end in self.lines.ends_at(block, pieces, inside):
                        if at == number:
                            places.append((start, here + end - start))
                            number = next(numbers, None)
                        at, start = at + 1, here + end
                here, inside = here + len(block), inside != (len(pieces) % 2 == 0)
                ended = not inside and block.endswith(b"\n")
        if at == number and not ended:
            places.append((start, here - start))
        return places, at - ended

    def _places(self, wanted: Sequence[int]) -> list[tuple[int, int]]:
        """Byte position and length of the wanted records, every cell read."""
        places = []
        numbers = iter(wanted)
        number = next(numbers, None)
        start = 0
        with self.path.open("rb") as file:
            for at, record in enumerate(self.lines.records(file)):
                if at == number:
                    places.append((start, len(record)))
                    number = next(numbers, None)
                start += len(record)
        return places


def decode_head(head: bytes, layout: FileFormat) -> str:
    """Read the first bytes of a file, of which the last line may be cut short.

    Raises
    ------
    UnreadableError
        The declared encoding cannot read it.
    """
    encoding = layout.encoding or ("utf-16" if head.startswith(_UTF16) else "utf-8")
    if layout.encoding is None and encoding == "utf-8":
        head = b"".join(map(Spelling().read, head.splitlines(keepends=True)))
    try:
        text = codecs.getincrementaldecoder(encoding)("strict" if encoding == "utf-16" else "replace").decode(head)
    except UnicodeError as fault:
        raise UnreadableError(f"the file is not {encoding} as [format] encoding says ({fault})") from fault
    return text.removeprefix("\ufeff")


def prepare(path: Path, layout: FileFormat, workdir: Path) -> Prepared:
    """Make a text export readable; the file itself where nothing needs changing.

    Raises
    ------
    UnreadableError
        The declared encoding cannot read it.
    """
    lines = Lines.of(layout)
    look = _look(path)
    if look.plain and layout.encoding in {None, "utf-8"} and not layout.skip and layout.header_rows == 1:
        return Prepared(path, lines, 0, cut=not look.ends_line, other_blanks=look.other_blanks)
    workdir.mkdir(parents=True, exist_ok=True)
    out = workdir / "prepared.csv"
    spelling = Spelling()
    decoded = _decoded(path, layout.encoding, look, spelling)
    skipped, header = head_records(decoded, layout)
    spelling.note(0)
    number, inside, line = 0, False, header[-1] if header else b"\n"
    with out.open("wb") as file:
        file.write(header[0] if len(header) == 1 else _one_line(header, layout))
        for line in decoded:
            # A blank line is no record, but within a cell it is part of it.
            if inside or line.strip():
                number += not inside
                spelling.note(number)
                inside = lines.stays_open(line, inside)
                file.write(line)
    looks_utf8 = layout.encoding in {"cp1252", "latin-1"} and look.utf8 and not look.ascii
    # Told of the bytes as UTF-8: what they are in another encoding nobody has looked at.
    other_blanks = look.other_blanks or not look.utf8 or layout.encoding not in {None, "utf-8"}
    cut = not line.endswith(b"\n")
    return Prepared(out, lines, skipped, cut, spelling.mixed, looks_utf8, other_blanks)


def head_records(lines: Iterator[bytes], layout: FileFormat) -> tuple[int, list[bytes]]:
    """Take title rows and header from the lines of a text: how many titles, and the records of the header.

    A blank line is a title row among titles, and nothing after them.
    """
    records = Lines.of(layout).records(lines)
    skipped = sum(1 for _ in islice(records, layout.skip))
    return skipped, list(islice(filter(bytes.strip, records), layout.header_rows))


def names_of(header: Sequence[bytes], layout: FileFormat) -> Sequence[str]:
    """Names of the columns that the records of a header give."""
    rows = [cells(r.decode("utf-8", "replace").rstrip("\r\n"), layout.delimiter, layout.quote) for r in header]
    return rows[0] if len(rows) == 1 else composed(rows, carry=True)


def _one_line(header: Sequence[bytes], layout: FileFormat) -> bytes:
    line = io.StringIO()
    csv.writer(line, delimiter=layout.delimiter, quotechar=layout.quote, lineterminator="\n").writerow(
        names_of(header, layout)
    )
    return line.getvalue().encode()


@dataclass(frozen=True)
class _Look:
    """What a pass over the bytes found."""

    utf8: bool
    ascii: bool
    other_blanks: bool
    utf16: bool
    one_line_end: bool
    blank_lines: bool
    ends_line: bool

    @property
    def plain(self) -> bool:
        return self.utf8 and self.one_line_end and not self.blank_lines


def _look(path: Path) -> _Look:
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, ascii_only, blank, others = True, True, False, False
    feeds = returns = both = 0
    alone = False
    # As if a line ended before the first: a file that begins with a blank line has its header further down.
    before, head, blanks = b"\n", b"", b"\n"
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            head = head or chunk[:4]
            text = blanks + chunk if blanks else chunk
            blank = blank or bool(_BLANK.search(text))
            blanks = _blanks_at_end(text)
            if b"\r" in chunk or returns:
                feeds += chunk.count(b"\n")
                returns += chunk.count(b"\r")
                both += chunk.count(b"\r\n") + (before[-1:] == b"\r" and chunk[:1] == b"\n")
            else:
                alone = alone or b"\n" in chunk
            ascii_only = ascii_only and chunk.isascii()
            letters = _text_of(decoder, chunk) if utf8 else None
            utf8 = letters is not None
            others = others or any(blank in (letters or "") for blank in _OTHER_BLANKS)
            before = chunk
    utf8 = utf8 and _text_of(decoder, b"", final=True) is not None
    one = (returns == 0) or (returns == feeds == both and not alone)
    return _Look(utf8, ascii_only, others, head.startswith(_UTF16), one, blank, before.endswith((b"\n", b"\r")))


def _blanks_at_end(text: bytes) -> bytes:
    """The last line end of a text where nothing but blanks follow it, with them: a blank line may go on."""
    at = text.rfind(b"\n", -_SEAM)
    return text[at:] if at >= 0 and not text[at:].strip() else b""


def _text_of(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> str | None:
    """Text of the letters of more than one byte that end in a chunk, others maybe among them; None: it is not UTF-8."""
    if chunk.isascii() and not final and not decoder.getstate()[0]:
        return ""
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return None


def _decoded(path: Path, encoding: str | None, look: _Look, spelling: Spelling) -> Iterator[bytes]:
    """Lines as UTF-8 that end in a line feed."""
    if encoding == "utf-16" or (encoding is None and look.utf16):
        yield from _whole(path, "utf-16")
    elif encoding in {"cp1252", "latin-1"}:
        yield from _whole(path, encoding)
    else:
        with path.open("rb") as file:
            for number, block in enumerate(file):
                for line in _split(block):
                    text = line.removeprefix(codecs.BOM_UTF8) if number == 0 else line
                    yield text if encoding or look.utf8 else spelling.read(text)


def _split(block: bytes) -> Iterator[bytes]:
    """Lines of a block that may hold lone carriage returns; each ends in a line feed if it ended at all."""
    if b"\r" not in block:
        yield block
        return
    yield from block.replace(b"\r\n", b"\n").replace(b"\r", b"\n").splitlines(keepends=True)


def _whole(path: Path, encoding: str) -> Iterator[bytes]:
    # A byte that cp1252 leaves undefined stays as it is: DuckDB rejects its record, and it is quarantined.
    errors = "strict" if encoding == "utf-16" else "surrogateescape"
    try:
        with path.open("r", encoding=encoding, errors=errors, newline=None) as file:
            for line in file:
                yield line.encode(errors=errors)
    except UnicodeError as fault:
        raise UnreadableError(
            f"the file is not {encoding} as [format] encoding says ({fault}): mend the profile, then replay"
        ) from fault
