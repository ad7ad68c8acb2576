"""The demo drops an export as soon as that file is whole, and says at once when the files cannot be made."""

import threading
from concurrent.futures import Future
from pathlib import Path

import pytest

from local import demo, simulate
from local.simulate import drops
from local.simulate import simulate as simulate_year


def test_a_drop_waits_for_its_own_file_and_not_for_the_last(tmp_path: Path) -> None:
    making: Future[object] = Future()
    waited = threading.Thread(target=demo.wait_for, args=(tmp_path / "first.csv", making), daemon=True)
    waited.start()
    waited.join(0.1)
    assert waited.is_alive(), "no file lies there"
    (tmp_path / "first.csv").touch()
    waited.join(10)
    assert not waited.is_alive()
    assert not making.done()


def test_what_stops_the_making_is_raised_where_a_file_is_waited_for(tmp_path: Path) -> None:
    making: Future[object] = Future()
    threading.Timer(0.1, making.set_exception, [OSError("no space left")]).start()
    with pytest.raises(OSError, match="no space left"):
        demo.wait_for(tmp_path / "first.csv", making)


def test_what_stopped_the_making_is_raised_though_the_file_lies_there(tmp_path: Path) -> None:
    making: Future[object] = Future()
    making.set_exception(OSError("no space left"))
    (tmp_path / "first.csv").touch()
    with pytest.raises(OSError, match="no space left"):
        demo.wait_for(tmp_path / "first.csv", making)


def test_a_folder_in_which_something_lies_is_refused(tmp_path: Path) -> None:
    (tmp_path / "incoming").mkdir()
    with pytest.raises(ValueError, match="empty folder"):
        demo.year(tmp_path)


def test_exports_appear_whole_and_in_the_order_in_which_they_are_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time one is put in place, those before it lie there, and none after it under its name."""
    names = [drop.path.name for drop in demo.year(tmp_path).drops]
    assert names == [drop.name for drop in drops()]
    as_written = simulate._as_its_system_writes
    seen: list[list[str]] = []

    def looked_at(system: str, plain: Path, path: Path) -> None:
        seen.append(sorted(found.name for found in path.parent.glob("*.csv")))
        as_written(system, plain, path)

    monkeypatch.setattr(simulate, "_as_its_system_writes", looked_at)
    simulate_year(tmp_path, rows=1000)
    assert seen == [sorted(names[:n]) for n in range(len(names))]
    assert {found.suffix for found in (tmp_path / "incoming/SIM").iterdir()} == {".csv"}
