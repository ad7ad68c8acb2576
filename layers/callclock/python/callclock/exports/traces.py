"""Finding a telephone number in a file of any kind, however it is written there (docs/decisions/0024).

Wider than what intake takes for a number, so that nothing that it reads as this one is missed.
"""

import gzip
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import duckdb
import phonenumbers

from callclock.engine import connect, quote

_CHUNK = 1 << 20
# Longer than any way of writing a number: what is looked at twice, so that none is missed between two chunks.
_OVERLAP = 256
_BETWEEN = rb"(?:[\s().\-/]|\xc2?\xa0)*"
_CLOCK = re.compile(rb"\d{4}-\d\d-\d\d[ ]\d\d")
_DEEPEST = 3
_GZIP, _ZIP, _PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
_UNTIL = 64 << 30


class OpaqueError(Exception):
    """Nobody can look into the file: broken, locked, or packed without end."""


@dataclass(frozen=True)
class Number:
    """A number and every way of writing it. It is never shown."""

    pattern: re.Pattern[bytes]

    @classmethod
    def of(cls, e164: str) -> "Number":
        """From its E.164 form; national, with or without its first nought, and international writings all count."""
        parsed = phonenumbers.parse(e164)
        digits = _BETWEEN.join(re.escape(digit.encode()) for digit in str(parsed.national_number))
        code = str(parsed.country_code).encode()
        before = rb"(?:(?:\+|00)?" + _BETWEEN + code + _BETWEEN + rb"(?:0" + _BETWEEN + rb")?|0" + _BETWEEN + rb")?"
        return cls(re.compile(rb"(?<!\d)" + before + digits + rb"(?!\d)"))

    def __repr__(self) -> str:
        """Say nothing of it: a repr ends in messages."""
        return "Number()"

    def is_in(self, content: str | bytes) -> bool:
        """Whether it stands in a text."""
        raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        return any(_is_no_clock(found) for found in self.pattern.finditer(raw.replace(b"\0", b"")))

    def is_in_file(self, path: Path, workdir: Path) -> bool:
        """Whether it stands in a file: text of any encoding, JSON, Parquet, a workbook, or those packed as gz or zip.

        Raises
        ------
        OpaqueError
            Nobody can look into it.
        """
        workdir.mkdir(parents=True, exist_ok=True)
        try:
            return self._is_in(path, workdir, 0)
        except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as fault:
            raise OpaqueError(str(fault)) from fault
        except duckdb.Error as fault:
            raise OpaqueError("no Parquet file") from fault

    def _is_in(self, path: Path, workdir: Path, depth: int) -> bool:
        with path.open("rb") as file:
            head = file.read(4)
            file.seek(0)
            if head.startswith(_GZIP):
                with gzip.open(file) as unpacked:
                    return self._is_in_packed(unpacked, workdir, depth)
            if head == _ZIP:
                with zipfile.ZipFile(file) as packed:
                    return self._is_in_any(packed, workdir, depth)
            if head == _PARQUET:
                return self._is_in_parquet(path, workdir)
            return self._is_in_stream(file)

    def _is_in_any(self, packed: zipfile.ZipFile, workdir: Path, depth: int) -> bool:
        for member in packed.infolist():
            if self.is_in(member.filename):
                return True
            with packed.open(member) as unpacked:
                if self._is_in_packed(unpacked, workdir, depth):
                    return True
        return False

    def _is_in_packed(self, unpacked: IO[bytes] | gzip.GzipFile, workdir: Path, depth: int) -> bool:
        """Look at what was unpacked; what is itself packed is put into a file first."""
        head = unpacked.read(4)
        if not head.startswith((_GZIP, _ZIP, _PARQUET)):
            return self._is_in_stream(unpacked, head)
        if depth == _DEEPEST:
            raise OpaqueError(f"packed more than {_DEEPEST} times over")
        inner = workdir / f"inner-{depth}"
        with inner.open("wb") as out:
            out.write(head)
            shutil.copyfileobj(unpacked, out, _CHUNK)
        return self._is_in(inner, workdir, depth + 1)

    def _is_in_parquet(self, path: Path, workdir: Path) -> bool:
        text = workdir / "parquet.csv"
        with connect(workdir / "duckdb") as db:
            db.execute(f"COPY (FROM read_parquet({quote(str(path))})) TO {quote(str(text))} (FORMAT csv)")
        with text.open("rb") as file:
            return self._is_in_stream(file)

    def _is_in_stream(self, file: IO[bytes] | gzip.GzipFile, head: bytes = b"") -> bool:
        for kept, is_first, is_last in _windows(file, head):
            for found in self.pattern.finditer(kept):
                # At an edge nobody can tell what stands beyond it: the window before, or the next, shows that.
                is_whole = (found.start() > 0 or is_first) and (found.end() < len(kept) or is_last)
                if is_whole and _is_no_clock(found):
                    return True
        return False


def _is_no_clock(found: re.Match[bytes]) -> bool:
    """Tell a number from a day and hour: 2030-01-01 10 would be one of London's."""
    return _CLOCK.fullmatch(found[0]) is None


def _windows(file: IO[bytes] | gzip.GzipFile, head: bytes) -> Iterator[tuple[bytes, bool, bool]]:
    """Pieces of a stream that overlap, without the zero bytes of UTF-16; whether each is the first, or the last."""
    kept, is_first, read = b"", True, 0
    chunk = head + file.read(_CHUNK)
    while chunk:
        read += len(chunk)
        if read > _UNTIL:
            raise OpaqueError("it unpacks without end")
        following = file.read(_CHUNK)
        kept += chunk.replace(b"\0", b"")
        yield kept, is_first, not following
        kept, is_first, chunk = kept[-_OVERLAP:], False, following
