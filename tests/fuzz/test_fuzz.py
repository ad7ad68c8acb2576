"""Dirty files made up from numbers: nothing is lost, whatever stands in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from callclock.engine import connect
from tests.fuzz.dirt import dirty, mangled
from tests.fuzz.oracle import check, check_mangled, staged

CHUNKS, DIRTY, MANGLED = 8, 40, 10


@pytest.fixture(scope="module")
def _one_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One database for all files: opening one takes longer than reading a small file."""
    with connect(tmp_path_factory.mktemp("fuzz")) as db, pytest.MonkeyPatch.context() as patch:

        @contextmanager
        def same(_: Path) -> Iterator[duckdb.DuckDBPyConnection]:
            yield db

        patch.setattr("callclock.exports.stage.connect", same)
        yield


@pytest.mark.usefixtures("_one_database")
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_record_of_a_dirty_file_is_found_again(chunk: int) -> None:
    for seed in range(chunk * DIRTY, (chunk + 1) * DIRTY):
        made = dirty(seed)
        with TemporaryDirectory() as folder:
            try:
                check(made, staged(made, Path(folder)))
            except Exception as fault:
                raise AssertionError(f"dirty({seed})") from fault


@pytest.mark.usefixtures("_one_database")
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_mangled_file_is_refused_held_or_read_and_adds_up(chunk: int) -> None:
    for seed in range(chunk * MANGLED, (chunk + 1) * MANGLED):
        made = mangled(seed)
        with TemporaryDirectory() as folder:
            try:
                check_mangled(made, staged(made, Path(folder)))
            except Exception as fault:
                raise AssertionError(f"mangled({seed})") from fault
