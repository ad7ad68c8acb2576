"""Which encoding each record of a text is in, where the profile declares none; a file that mixes them is told where."""

from dataclasses import dataclass, field

_SHOWN = 20


@dataclass(frozen=True)
class Mixed:
    """Of the records that are not plain ASCII, those in the rarer encoding: how many, and the first of them."""

    encoding: str
    records: int
    first: tuple[int, ...]

    def __str__(self) -> str:
        which = ", ".join("the header" if number == 0 else str(number) for number in self.first)
        more = f" and {self.records - len(self.first)} more" if self.records > len(self.first) else ""
        return f"the file mixes encodings: {self.encoding} in {which}{more}, another in the rest"


@dataclass
class _Seen:
    records: int = 0
    last: int = -1
    first: list[int] = field(default_factory=list)


class Spelling:
    """Reads lines as UTF-8, else as cp1252, and remembers which record was which."""

    def __init__(self) -> None:
        self._seen = {"Windows-1252": _Seen(), "UTF-8": _Seen()}
        self._line = ""

    def read(self, line: bytes) -> bytes:
        """Give a line in UTF-8; one that is neither stays as it is (DuckDB rejects it)."""
        self._line = ""
        if line.isascii():
            return line
        try:
            line.decode()
            self._line = "UTF-8"
        except UnicodeDecodeError:
            try:
                line = line.decode("cp1252").encode()
                self._line = "Windows-1252"
            except UnicodeDecodeError:
                pass
        return line

    def note(self, record: int) -> None:
        """Say of which record, the header being 0, the line read last is part."""
        if self._line and self._seen[self._line].last != record:
            seen = self._seen[self._line]
            seen.records, seen.last = seen.records + 1, record
            if len(seen.first) < _SHOWN:
                seen.first.append(record)

    @property
    def mixed(self) -> Mixed | None:
        """What the rarer encoding is, and where; None where there are not two."""
        encoding, seen = min(self._seen.items(), key=lambda pair: pair[1].records)
        return Mixed(encoding, seen.records, tuple(seen.first)) if seen.records else None
