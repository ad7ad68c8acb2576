"""Dirty files made up from numbers: nothing is lost, whatever stands in them. `make fuzz` goes on from here."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.fuzz import run
from tests.fuzz.__main__ import before, figures
from tests.fuzz.run import Done, FuzzError, hold, one_database

FILES, CHUNKS = 2_000, 40
OPTIMIZED = 8


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_record_of_a_dirty_file_is_found_again(chunk: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """And one file in five is mangled: it is refused, held or read, and adds up.

    Four chunks in five do without DuckDB's optimizer, which is quicker for small files and lets no other answer pass.
    """
    size = FILES // CHUNKS
    with one_database(tmp_path_factory.mktemp("fuzz"), optimizer=chunk < OPTIMIZED):
        for number in range(chunk * size, (chunk + 1) * size):
            hold(number)


def test_a_file_that_is_not_as_it_must_be_is_told_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "staged", lambda *_: None)
    with pytest.raises(FuzzError, match=r"^dirty\(12\): AssertionError: refused"):
        hold(12)


def test_what_was_done_is_not_done_again(tmp_path: Path) -> None:
    done = Done(3, {"files": 100, "mangled": 20, "records": 7}, 1.25, ["dirty(301): gone"])
    path = tmp_path / "code.jsonl"
    path.write_text(json.dumps(asdict(done)) + '\n{"chunk": 4, "cou')
    assert before(path) == {3: done}
    assert before(tmp_path / "other.jsonl") == {}
    assert "| files | 100 |" in figures([done])
    assert "| files that were not as they must be | 1 |" in figures([done])
