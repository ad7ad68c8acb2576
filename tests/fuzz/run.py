"""One database for many files, each staged and held against what was written."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from callclock.engine import beside, connect
from tests.fuzz.dirt import dirty, mangled
from tests.fuzz.oracle import check, check_mangled, staged

EVERY = 5
"""One file in so many is mangled: nobody knows what became of what in it, so only that it adds up is asked."""
CHUNK = 100
"""Files that are done together, and kept in mind as done."""


@dataclass(frozen=True)
class Held:
    """What became of one file that was as it must be."""

    mangled: bool
    refused: bool
    held: bool
    records: int
    quarantined: int
    size: int


class FuzzError(AssertionError):
    """A file that is not what it must be: the text says by what number it is made again."""


@contextmanager
def one_database(folder: Path, *, optimizer: bool) -> Iterator[None]:
    """Open one database for all files: opening one takes longer than reading a small file.

    Parameters
    ----------
    optimizer
        Without it DuckDB spends less on a plan, which for a small file is most of the work. Plans, not answers, differ.
    """
    with connect(folder) as db, pytest.MonkeyPatch.context() as patch:
        if not optimizer:
            db.execute("PRAGMA disable_optimizer")

        @contextmanager
        def same(_: Path) -> Iterator[duckdb.DuckDBPyConnection]:
            # Temporary tables, of rejected records among them, are a connection's own.
            with beside(db) as own:
                yield own

        patch.setattr("callclock.exports.stage.connect", same)
        yield


def hold(number: int) -> Held:
    """Make the file of a number, stage it and hold it against what was written.

    Raises
    ------
    FuzzError
        It is not what it must be, or reading it ended in an error.
    """
    is_mangled = number % EVERY == EVERY - 1
    made = (mangled if is_mangled else dirty)(number)
    with TemporaryDirectory() as folder:
        try:
            staging = staged(made, Path(folder))
            (check_mangled if is_mangled else check)(made, staging)
        except Exception as fault:
            name = "mangled" if is_mangled else "dirty"
            raise FuzzError(f"{name}({number}): {type(fault).__name__}: {fault}") from fault
    counts = staging.receipt.counts if staging else None
    return Held(
        mangled=is_mangled,
        refused=staging is None,
        held=staging is not None and staging.receipt.status != "read",
        records=counts.records_read if counts else 0,
        quarantined=counts.quarantined if counts else 0,
        size=len(made.content),
    )


@dataclass(frozen=True)
class Done:
    """A chunk of files: how many of what, seconds of processor, and what was not as it must be."""

    chunk: int
    counts: Mapping[str, int]
    seconds: float
    faults: Sequence[str] = field(default_factory=tuple)


def do(chunk: int) -> Done:
    """Do one chunk."""
    counts, faults, began = Counter[str](), [], time.process_time()
    with TemporaryDirectory(prefix="callclock-fuzz-") as folder, one_database(Path(folder), optimizer=True):
        for number in range(chunk * CHUNK, (chunk + 1) * CHUNK):
            counts["files"] += 1
            try:
                found = hold(number)
            except FuzzError as fault:
                faults.append(str(fault))
                continue
            counts.update({name: int(value) for name, value in asdict(found).items()})
    return Done(chunk, dict(counts), time.process_time() - began, faults)
