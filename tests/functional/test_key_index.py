"""The key index: nothing that was ever added is lost, whoever else writes, and history costs nothing."""

import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from moto import mock_aws

from callclock.clock import Month
from callclock.contracts import INCIDENTS
from callclock.engine import connect
from callclock.lake.keys import Key, KeyIndex
from callclock.objects import Bucket, ChangedMeanwhileError
from tests.support.staged import new_bucket

MARCH, APRIL = Month(2026, 3), Month(2026, 4)


@pytest.fixture
def lake() -> Iterator[Bucket]:
    with mock_aws():
        yield new_bucket()


@pytest.fixture
def db(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(tmp_path / "duckdb") as connection:
        yield connection


def index(lake: Bucket, db: duckdb.DuckDBPyConnection, tmp_path: Path, shard_keys: int = 10) -> KeyIndex:
    return KeyIndex(lake, INCIDENTS, "AVN", db, tmp_path, shard_keys=shard_keys)


def keys_of(*numbers: int) -> list[Key]:
    return [("cad", f"{number:06d}") for number in numbers]


def test_months_add_up(lake: Bucket, db: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    keys = index(lake, db, tmp_path)
    (one,) = keys_of(1)
    assert keys.add({one: {MARCH}}) == {one: {MARCH}}
    assert keys.add({one: {APRIL}}) == {one: {MARCH, APRIL}}
    assert keys.add({one: ()}) == {one: {MARCH, APRIL}}
    assert keys.add({}) == {}


@pytest.mark.parametrize("order", ["ascending", "descending", "shuffled"])
def test_shards_split_and_nothing_is_lost(
    order: str, lake: Bucket, db: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    keys, expected = keys_of(*range(300)), {}
    if order == "descending":
        keys.reverse()
    if order == "shuffled":
        random.Random(7).shuffle(keys)
    for batch in range(0, 300, 25):
        for key in keys[batch : batch + 25]:
            expected[key] = {MARCH.plus(batch // 50)}
        index(lake, db, tmp_path).add({key: expected[key] for key in keys[batch : batch + 25]})
    assert index(lake, db, tmp_path).add(dict.fromkeys(keys, ())) == expected
    shards = [found for found in lake.list("keys/incidents/force_code=AVN/") if found.key.endswith(".parquet")]
    assert len(shards) >= 30


def test_a_list_that_was_lost_is_no_loss(lake: Bucket, db: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    keys = keys_of(*range(40))
    index(lake, db, tmp_path).add({key: {MARCH} for key in keys})
    lake.remove("keys/incidents/force_code=AVN/shards.json")
    assert index(lake, db, tmp_path).add({keys[39]: {APRIL}}) == {keys[39]: {MARCH, APRIL}}
    # The way was found from shard to shard, and the list is whole again.
    assert lake.text("keys/incidents/force_code=AVN/shards.json") is not None
    assert index(lake, db, tmp_path).add(dict.fromkeys(keys[:39], ())) == {key: {MARCH} for key in keys[:39]}


class Meddled(Bucket):
    """A bucket in which another run does something just before the n-th conditional write of this one."""

    def __init__(self, lake: Bucket, before: int, meddle: object) -> None:
        super().__init__(lake.name, lake._s3)
        self.before, self.meddle = before, meddle

    def replace(self, *args: object, **more: object) -> None:
        self.before -= 1
        if self.before == 0:
            self.meddle()  # type: ignore[operator]
        super().replace(*args, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("before", [1, 2])
@pytest.mark.parametrize("theirs", [range(5, 30), range(100, 130), range(2, 3)])
def test_two_runs_at_once(
    before: int, theirs: range, lake: Bucket, db: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Both split the same shard at once: one must repeat, and after that every entry of both is there."""
    first, mine, other = keys_of(*range(9)), keys_of(*range(40, 70)), keys_of(*theirs)
    index(lake, db, tmp_path).add({key: {MARCH} for key in first})

    def meddle() -> None:
        with connect(tmp_path / "theirs") as their_db:
            index(lake, their_db, tmp_path / "theirs").add({key: {APRIL} for key in other})

    meddled = Meddled(lake, before, meddle)
    for _ in range(3):
        try:
            KeyIndex(meddled, INCIDENTS, "AVN", db, tmp_path, shard_keys=10).add({key: {MARCH} for key in mine})
            break
        except ChangedMeanwhileError:
            continue
    else:
        pytest.fail("repeating did not help")
    expected: dict[Key, set[Month]] = {}
    for keys, month in ((first, MARCH), (mine, MARCH), (other, APRIL)):
        for key in keys:
            expected.setdefault(key, set()).add(month)
    assert index(lake, db, tmp_path).add(dict.fromkeys(expected, ())) == expected


def test_known_entries_are_not_written_again(lake: Bucket, db: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    keys = keys_of(*range(40))
    index(lake, db, tmp_path).add({key: {MARCH} for key in keys})
    before = {found.key: found.etag for found in lake.list("keys/")}
    index(lake, db, tmp_path).add({key: {MARCH} for key in keys})
    assert {found.key: found.etag for found in lake.list("keys/")} == before
