"""Which profiles read an export, told from its key and the head of the file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from callclock.exports.archive import known_by
from callclock.exports.conditions import holds
from callclock.exports.header import Header, cells
from callclock.exports.json_source import json_head
from callclock.exports.profile import Profile
from callclock.exports.profile_sections import FileFormat
from callclock.exports.tabular import FileKind, kind_of, parquet_head
from callclock.exports.text import Lines, UnreadableError, decode_head, head_records, names_of
from callclock.exports.workbook import read_sheet
from callclock.reasons import ExportReason

_HEAD = 1 << 20
_ANY_PATH = "**"


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


def recognise(key: str, path: Path, profiles: Sequence[Profile], member: str | None = None) -> Recognition:
    """Find the profiles that read an export. Reads the head of the file only.

    Parameters
    ----------
    key
        Object key; ``match.path`` is a glob over it in which ``*`` does not cross ``/``.
    path
        The file.
    profiles
        Those in force.
    member
        Which file of the archive ``key``, unpacked to ``path``; its own name counts as well as the archive's.
    """
    keys = known_by(key, member)
    shown = f"{key} ({member})" if member else key
    head = _head(path)
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        return Recognition(
            fault=ExportReason.EMPTY_FILE,
            message=f"{shown} is empty: not even a header. Look whether the export itself failed, and drop it again.",
        )
    kind = kind_of(path)
    if kind.packs:
        return Recognition(
            fault=ExportReason.NOT_TEXT,
            message=f"{shown} is an archive: look at the files in it, one by one.",
        )
    if kind is FileKind.OTHER:
        return Recognition(
            fault=ExportReason.NOT_TEXT,
            message=f"{shown} is neither text, workbook nor Parquet, or locked with a password. Export it as CSV, "
            "XLSX, ODS, JSON or Parquet and drop it again.",
        )
    heads = _Heads(path, kind, head)
    try:
        return _recognised(keys, shown, profiles, heads)
    except UnreadableError as fault:
        return Recognition(fault=ExportReason.UNREADABLE, message=f"{shown}: {fault}.")


def matches_path(pattern: str, key: str) -> bool:
    """Tell whether a glob fits a key. ``*`` and ``?`` do not cross ``/``, ``**`` does.

    A pattern without ``/`` looks at the file's name alone.
    """
    subject = key if "/" in pattern or pattern == _ANY_PATH else key.rsplit("/", 1)[-1]
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


@dataclass(frozen=True)
class _Head:
    """``sheets`` of a workbook that has not the one wanted."""

    header: Header
    first: Sequence[str | None]
    sheets: Sequence[str] = ()

    def known_as(self, profile: Profile) -> "_Head":
        """Give the head with the names that a profile has for its columns."""
        return replace(self, header=self.header.known_as(profile.aliases))

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

    @property
    def blank(self) -> bool:
        """JSON without a record says nothing of its fields: only its path can tell whose it is."""
        return self._kind is FileKind.JSON and not self.of(FileFormat()).header.names

    def of(self, layout: FileFormat) -> _Head:
        if self._kind is FileKind.WORKBOOK:
            layout = FileFormat(skip=layout.skip, header_rows=layout.header_rows, sheet=layout.sheet)
        if layout not in self._known:
            self._known[layout] = self._read(layout)
        return self._known[layout]

    def _read(self, layout: FileFormat) -> _Head:
        if self._kind is FileKind.PARQUET:
            names, first = parquet_head(self._path)
            return _Head(Header.of(names), first)
        if self._kind is FileKind.JSON:
            names, first = json_head(self._bytes, layout.encoding)
            return _Head(Header.of(names), first)
        if self._kind is FileKind.WORKBOOK:
            sheet = read_sheet(self._path, layout)
            return _Head(Header.of(sheet.header or ()), sheet.first, sheet.sheets if sheet.header is None else ())
        try:
            text = decode_head(self._bytes, layout)
        except UnreadableError:
            return _Head(Header.of(()), ())
        lines = iter(text.encode().splitlines(keepends=True))
        _, header = head_records(lines, layout)
        second = next((record for record in Lines.of(layout).records(lines) if record.strip()), b"")
        row = cells(second.decode().rstrip("\r\n"), layout.delimiter, layout.quote)
        return _Head(Header.of(names_of(header, layout) if header else ()), row)


def _recognised(keys: tuple[str, ...], shown: str, profiles: Sequence[Profile], heads: _Heads) -> Recognition:
    matching = [profile for profile in profiles if _misses(keys, profile, heads) == ()]
    by_table: dict[str, list[Profile]] = {}
    for profile in matching:
        by_table.setdefault(profile.table, []).append(profile)
    for table, several in sorted(by_table.items()):
        if len(several) > 1:
            return Recognition(
                fault=ExportReason.TWO_PROFILES,
                message=(
                    f"{shown} is read by {' and by '.join(p.name for p in several)}, and both fill {table}: "
                    "tell them apart by [match] path, header or where, and drop the file again."
                ),
            )
    if matching:
        return Recognition(profiles=tuple(sorted(matching, key=lambda profile: profile.table)))
    return _nearest(keys, shown, profiles, heads)


def _needed(profile: Profile) -> tuple[tuple[str, ...], ...]:
    return tuple((name,) for name in profile.match.header) or profile.reads


def _fits(profile: Profile, keys: tuple[str, ...]) -> bool:
    return any(matches_path(profile.match.path, key) for key in keys)


def _misses(keys: tuple[str, ...], profile: Profile, heads: _Heads) -> tuple[str, ...] | None:
    """Columns that a profile misses; None where its path or its look at the first row does not fit."""
    if not _fits(profile, keys):
        return None
    if heads.blank and profile.match.path != _ANY_PATH:
        return ()
    head = heads.of(profile.format).known_as(profile)
    missing = head.header.missing(_needed(profile))
    where = profile.match.where
    if not missing and where and not holds(where, head.row(profile.nulls)):
        return None
    return missing


def _nearest(keys: tuple[str, ...], shown: str, profiles: Sequence[Profile], heads: _Heads) -> Recognition:
    ranked = []
    for profile in profiles:
        missing = heads.of(profile.format).known_as(profile).header.missing(_needed(profile))
        apart = len(missing) / max(len(_needed(profile)), 1)
        ranked.append((apart, not _fits(profile, keys), profile.name, profile, missing))
    if not ranked:
        return Recognition(
            fault=ExportReason.NO_PROFILE,
            message=f"There is no profile at all to read {shown}. Drop one under config/sources/, then drop it again.",
        )
    _, elsewhere, _, profile, missing = min(ranked, key=lambda entry: entry[:3])
    head = heads.of(profile.format)
    if head.sheets:
        why = f"reads a sheet {profile.format.sheet}; the workbook has {', '.join(head.sheets)}"
    elif missing:
        why = f"misses {', '.join(missing)}; the file has {head.header.shown() or 'no columns it can tell apart'}"
    elif elsewhere:
        why = f"has all columns, but its path {profile.match.path} is not this key"
    else:
        why = "has all columns, but its [match] where does not hold for the first row"
    return Recognition(
        fault=ExportReason.NO_PROFILE,
        message=(
            f"No profile reads {shown}. The nearest, {profile.name} ({profile.file}), {why}. "
            "Mend that profile or write one under config/sources/, then drop the file again."
        ),
        nearest=profile,
        missing=missing,
    )
