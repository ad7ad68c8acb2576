"""Two commands at a time on one machine: what either keeps while it is warm is out of the other's reach."""

import tempfile
from pathlib import Path

import pytest

from local.run import own_temporary_files


def test_what_is_kept_lies_in_a_folder_of_its_own_and_goes_with_it() -> None:
    outside = tempfile.gettempdir()
    with own_temporary_files() as one:
        kept = Path(tempfile.gettempdir()) / "callclock-kept"
        kept.mkdir()
        assert (one, tempfile.gettempdir()) == (kept.parent, str(one))
        assert str(one) != outside
    assert (kept.exists(), tempfile.gettempdir()) == (False, outside)


def test_a_command_that_dies_leaves_nothing_behind() -> None:
    outside = tempfile.gettempdir()
    with pytest.raises(RuntimeError), own_temporary_files() as one:
        raise RuntimeError
    assert (one.exists(), tempfile.gettempdir()) == (False, outside)
