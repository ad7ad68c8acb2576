"""Which profiles read an export, told from its key and the head of the file."""

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from callclock.exports.conditions import holds
from callclock.exports.header import Header, cells
from callclock.exports.profile import Profile
from callclock.exports.profile_sections import FileFormat
from callclock.exports.tabular import FileKind, kind_of, parquet_head
from callclock.exports.text import Lines, UnreadableError, decode_head
from callclock.reasons import ExportReason

_HEAD = 1 << 20
_NEVER_TEXT = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1a\x1b")
_BINARY_SHARE = 0.05


@dataclass(frozen=True)
class Recognition:
    """Profiles that read an export, at most one for a table; or why there is none.

    Attributes
    ----------
    nearest
        Where none matched: the profile that misses the fewest columns.
    missing
        Columns that the nearest profile misses.
    """

    profiles: tuple[Profile, ...] = ()
    fault: ExportReason | None = None
    message: str = ""
    nearest: Profile | None = None
    missing: tuple[str, ...] = ()


def recognise(key: str, path: Path, profiles: Sequence[Profile]) -> Recognition:
    """Find the profiles that read an export. Reads the head of the file only.

    Parameters
    ----------
    key
        Object key; ``match.path`` is a glob over it in which ``*`` does not cross ``/``.
    path
        The file.
    profiles
        Those in force.
    """
    head = _head(path)
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        return Recognition(
            fault=ExportReason.EMPTY_FILE,
            message=f"{key} is empty: not even a header. Look whether the export itself failed, and drop it again.",
        )
    kind = kind_of(path)
    if kind is FileKind.TEXT and _is_binary(head):
        return Recognition(
            fault=ExportReason.NOT_TEXT,
            message=f"{key} is no text and no Parquet file. Export it as CSV, TSV or Parquet and drop it again.",
        )
    heads = _Heads(path, kind, head)
    matching = [profile for profile in profiles if _misses(key, profile, heads) == ()]
    by_table: dict[str, list[Profile]] = {}
    for profile in matching:
        by_table.setdefault(profile.table, []).append(profile)
    for table, several in sorted(by_table.items()):
        if len(several) > 1:
            return Recognition(
                fault=ExportReason.TWO_PROFILES,
                message=(
                    f"{key} is read by {' and by '.join(p.name for p in several)}, and both fill {table}: "
                    "tell them apart by [match] path, header or where, and drop the file again."
                ),
            )
    if matching:
        return Recognition(profiles=tuple(sorted(matching, key=lambda profile: profile.table)))
    return _nearest(key, profiles, heads)


def matches_path(pattern: str, key: str) -> bool:
    """Tell whether a glob fits a key. ``*`` and ``?`` do not cross ``/``, ``**`` does.

    A pattern without ``/`` looks at the file's name alone.
    """
    subject = key if "/" in pattern or pattern == "**" else key.rsplit("/", 1)[-1]
    parts = []
    for part in re.findall(r"\*\*/?|\*|\?|\[[^\]]+\]|.", pattern, re.DOTALL):
        match part[0]:
            case "*":
                parts.append({"**": ".*", "**/": "(?:.*/)?", "*": "[^/]*"}[part])
            case "?":
                parts.append("[^/]")
            case "[" if len(part) > 1:
                parts.append(part.replace("[!", "[^", 1).replace("\\", "\\\\"))
            case _:
                parts.append(re.escape(part))
    return re.fullmatch("".join(parts), subject, re.DOTALL) is not None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _is_binary(head: bytes) -> bool:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    sample = head[:65536]
    never = sum(byte in _NEVER_TEXT for byte in sample)
    # A NUL in the first line, or many of them, is no text; a lone one in a cell matters only where that is read.
    return b"\0" in sample.split(b"\n", 1)[0] or never > len(sample) * _BINARY_SHARE


@dataclass(frozen=True)
class _Head:
    header: Header
    first: Sequence[str | None]

    def row(self, nulls: Mapping[str, tuple[str, ...]]) -> dict[str, str | None]:
        """First row by column name, with the profile's words for missing."""
        found: dict[str, str | None] = {}
        for name, place in self.header.places.items():
            cell = (self.first[place] if place < len(self.first) else None) or ""
            cell = cell.strip(" ")
            missing = ("", *nulls.get("*", ()), *nulls.get(name, ()))
            found[name] = None if cell in missing else cell
        return found


class _Heads:
    """Header and first row of one file, as each layout reads them."""

    def __init__(self, path: Path, kind: FileKind, head: bytes) -> None:
        self._path, self._kind, self._bytes = path, kind, head
        self._known: dict[FileFormat, _Head] = {}

    def of(self, layout: FileFormat) -> _Head:
        if layout not in self._known:
            self._known[layout] = self._read(layout)
        return self._known[layout]

    def _read(self, layout: FileFormat) -> _Head:
        if self._kind is FileKind.PARQUET:
            names, first = parquet_head(self._path)
            return _Head(Header.of(names), first)
        try:
            text = decode_head(self._bytes, layout)
        except UnreadableError:
            return _Head(Header.of(()), ())
        lines = (line.encode() for line in text.splitlines(keepends=True) if line.strip())
        records = list(islice(Lines.of(layout).records(lines), layout.skip, layout.skip + 2))
        rows = [cells(record.decode().rstrip("\r\n"), layout.delimiter, layout.quote) for record in records]
        return _Head(Header.of(rows[0] if rows else ()), rows[1] if len(rows) > 1 else ())


def _needed(profile: Profile) -> tuple[tuple[str, ...], ...]:
    return tuple((name,) for name in profile.match.header) or profile.reads


def _misses(key: str, profile: Profile, heads: _Heads) -> tuple[str, ...] | None:
    """Columns that a profile misses; None where its path or its look at the first row does not fit."""
    if not matches_path(profile.match.path, key):
        return None
    head = heads.of(profile.format)
    missing = head.header.missing(_needed(profile))
    where = profile.match.where
    if not missing and where and not holds(where, head.row(profile.nulls)):
        return None
    return missing


def _nearest(key: str, profiles: Sequence[Profile], heads: _Heads) -> Recognition:
    ranked = []
    for profile in profiles:
        missing = heads.of(profile.format).header.missing(_needed(profile))
        fits = matches_path(profile.match.path, key)
        ranked.append((len(missing) / max(len(_needed(profile)), 1), not fits, profile.name, profile, missing))
    if not ranked:
        return Recognition(
            fault=ExportReason.NO_PROFILE,
            message=f"There is no profile at all to read {key}. Drop one under config/sources/, then drop it again.",
        )
    _, elsewhere, _, profile, missing = min(ranked, key=lambda entry: entry[:3])
    header = heads.of(profile.format).header
    if missing:
        why = f"misses {', '.join(missing)}; the file has {header.shown() or 'no columns it can tell apart'}"
    elif elsewhere:
        why = f"has all columns, but its path {profile.match.path} is not this key"
    else:
        why = "has all columns, but its [match] where does not hold for the first row"
    return Recognition(
        fault=ExportReason.NO_PROFILE,
        message=(
            f"No profile reads {key}. The nearest, {profile.name} ({profile.file}), {why}. "
            "Mend that profile or write one under config/sources/, then drop the file again."
        ),
        nearest=profile,
        missing=missing,
    )
