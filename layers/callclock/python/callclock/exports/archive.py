"""Archives: each file in a gz or zip is an export of its own, as if it had been dropped (docs/decisions/0008).

An archive is looked through whole before anything of it is read: it is sound in every file, or refused.
"""

import gzip
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from callclock.exports.tabular import FileKind, kind_of

MOST_FILES = 1_000
MOST_BYTES_A_FILE = 3_500 << 20
"""What intake's disk holds beside the archive and what is made of the file."""

MOST_BYTES = 10 << 30
_CHUNK = 1 << 20
_ENCRYPTED = 0x1
# What packers put in for themselves; it holds nothing that anybody exported.
_PACKERS_OWN = re.compile(r"(^|/)(__MACOSX/|\.[^/]*$|~\$[^/]*$|Thumbs\.db$|desktop\.ini$)")


class ArchiveError(ValueError):
    """An archive of which nothing is read; the text says why and what to do."""


@dataclass(frozen=True)
class Contents:
    """Names of the files in an archive: those that may be exports, and those that cannot be (pictures, documents)."""

    exports: tuple[str, ...]
    skipped: tuple[str, ...]


@dataclass(frozen=True)
class Limits:
    """What an archive may hold at most: files, bytes of one file and bytes of all, unpacked."""

    files: int = MOST_FILES
    bytes_a_file: int = MOST_BYTES_A_FILE
    bytes: int = MOST_BYTES


def known_by(key: str, member: str | None) -> tuple[str, ...]:
    """Keys by which profiles know an export: that of the file, had it been dropped itself, then its archive's."""
    own = str(PurePosixPath(key).with_name(PurePosixPath(member).name)) if member else key.removesuffix(".gz")
    return tuple(dict.fromkeys((own, key)))


def look_through(path: Path, workdir: Path, limits: Limits | None = None) -> Contents | None:
    """Unpack an archive into nothing, to prove it sound.

    Parameters
    ----------
    path
        The archive.
    workdir
        Where one file at a time is unpacked.

    Returns
    -------
    Contents or None
        In order of name; None for a gz, whose one file has no name of its own.

    Raises
    ------
    ArchiveError
        It is broken, locked, grows beyond the limits, holds another archive, or a name that climbs out.
    """
    limits = limits or Limits()
    probe = workdir / "probe"
    workdir.mkdir(parents=True, exist_ok=True)
    names = _names(path, limits) if kind_of(path) is FileKind.ZIP else [None]
    kinds: dict[str | None, FileKind] = {}
    left = limits.bytes
    for name in names:
        left -= unpack(path, name, probe, min(limits.bytes_a_file, left))
        kinds[name] = kind_of(probe)
        probe.unlink()
        if kinds[name].packs:
            raise ArchiveError(
                f"{name or 'what it holds'} is an archive in an archive, which nothing here opens. Pack the exports "
                "themselves and drop that"
            )
    if names == [None]:
        return None
    told = {name: kind for name, kind in kinds.items() if name}
    skipped = tuple(name for name, kind in told.items() if kind is FileKind.OTHER)
    if len(skipped) == len(told):
        raise ArchiveError("it holds no file that could be an export. Pack the exports themselves and drop that")
    return Contents(tuple(name for name in told if name not in skipped), skipped)


def unpack(path: Path, member: str | None, out: Path, most: int = MOST_BYTES_A_FILE) -> int:
    """Unpack one file (None: the one file of a gz) and give its bytes.

    Raises
    ------
    ArchiveError
        It is broken or locked, or longer than ``most`` bytes, whatever the archive says of its length.
    """
    size = 0
    with out.open("wb") as file:
        for chunk in _chunks(path, member, most):
            size += len(chunk)
            if size > most:
                raise ArchiveError(
                    f"{member or 'what it holds'} grows beyond {most:,} bytes. If it is no bomb, export a shorter "
                    "period at a time and drop each"
                )
            file.write(chunk)
    return size


def _chunks(path: Path, member: str | None, most: int) -> Iterator[bytes]:
    with _telling(member), _opened(path, member, most) as packed:
        while chunk := packed.read(_CHUNK):
            yield chunk


def _names(path: Path, limits: Limits) -> list[str]:
    """Names of the files in a zip, in order; nothing is unpacked."""
    with _telling(None), zipfile.ZipFile(path) as packed:
        found = [info for info in packed.infolist() if not info.is_dir()]
    for info in found:
        _check(info)
    wanted = [info for info in found if not _PACKERS_OWN.search(_slashed(info))]
    names = sorted(info.filename for info in wanted)
    twice = next((name for name, after in pairwise(names) if name == after), None)
    if twice:
        raise ArchiveError(f"two of its files are named {twice}. Pack each once and drop that")
    if len(names) > limits.files:
        raise ArchiveError(f"it holds {len(names):,} files, more than {limits.files:,}. Pack fewer at a time")
    # What it says of its own size is not believed when it is unpacked, only when it is too much.
    if sum(info.file_size for info in wanted) > limits.bytes:
        raise ArchiveError(f"its files are more than {limits.bytes:,} bytes together. Pack fewer at a time")
    if not names:
        raise ArchiveError("it holds no file. Look whether the export ran, and drop it again")
    return names


def _slashed(info: zipfile.ZipInfo) -> str:
    return info.orig_filename.replace("\\", "/")


def _check(info: zipfile.ZipInfo) -> None:
    name = _slashed(info)
    climbs = name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in name.split("/") or "\0" in name
    if climbs or stat.S_ISLNK(info.external_attr >> 16):
        raise ArchiveError(
            f"the name {name!r} leads out of the archive. No honest packer writes that: ask who made it, and drop "
            "the exports themselves"
        )
    if info.flag_bits & _ENCRYPTED:
        raise ArchiveError(f"{name} is locked with a password. Pack it without one: the bucket encrypts it anyway")


@contextmanager
def _opened(path: Path, member: str | None, most: int) -> Iterator[BinaryIO]:
    if member is None:
        with gzip.open(path) as file:
            yield file  # type: ignore[misc]  # typeshed calls it a GzipFile, which reads bytes as any other
        return
    with zipfile.ZipFile(path) as packed:
        info = copy(packed.getinfo(member))
        # Read on past the length that the archive states: what is really there is counted, and its checksum held; of a
        # file that is too long more than is wanted, so that it is told for its length and not for its checksum.
        info.file_size = most + 2 * _CHUNK
        with packed.open(info) as file:
            yield file  # type: ignore[misc]  # as above


@contextmanager
def _telling(member: str | None) -> Iterator[None]:
    """Tell in one way whatever the packing libraries find wrong."""
    try:
        yield
    except NotImplementedError as fault:
        raise ArchiveError(
            f"it is packed in a way that nothing here opens ({fault}). Pack it as a plain zip"
        ) from fault
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, RuntimeError, OSError) as fault:
        where = f" in {member}" if member else ""
        raise ArchiveError(f"it is broken{where} ({fault}). Pack it again, or send it again, and drop it") from fault
