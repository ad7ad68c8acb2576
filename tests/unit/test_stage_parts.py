"""The staged files of an export: rows in the order of its records, whatever was joined to them on the way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from callclock.exports import write
from tests.support.staging import staged

PROFILE = """
profile = "acd"
table = "contacts"
[export]
key = ["Id"]
quarantine_max = 1.0
[time]
formats = ["%Y-%m-%d %H:%M"]
[columns]
contact_id = "Id"
channel = { const = "webchat" }
submitted_at = "Sent"
caller_key = { number = "Tel" }
"""
MANY = 5_000


def lines(tel: Callable[[int], str], broken: Callable[[int], bool] = lambda _: False) -> str:
    """Contacts whose keys go down while their numbers go up, a line in so many cut short."""
    made = (
        f"{MANY - n:05}\n" if broken(n) else f"{MANY - n:05},2026-03-{1 + n % 28:02} 10:00,{tel(n)}\n"
        for n in range(MANY)
    )
    return "Id,Sent,Tel\n" + "".join(made)


def numbered(made: Any) -> list[tuple[int, str]]:
    [part] = made.parts.values()
    return [(row["record_no"], row["contact_id"]) for row in pq.read_table(part).to_pylist()]


@pytest.mark.parametrize(
    ("tel", "broken"),
    [
        (lambda _: "", lambda _: False),
        (lambda n: f"0770090{n:04}", lambda _: False),
        (lambda n: f"(07700) 90-{n:04}", lambda _: False),
        (lambda n: f"0770090{n:04}", lambda n: n in {0, 7, 8, 2_500, MANY - 1}),
    ],
    ids=["nobody", "plain numbers", "numbers looked up", "records rejected"],
)
def test_rows_stand_in_the_order_of_their_records(
    tmp_path: Path, tel: Callable[[int], str], broken: Callable[[int], bool]
) -> None:
    made = staged(tmp_path, PROFILE, lines(tel, broken))
    assert numbered(made) == [(n + 1, f"{MANY - n:05}") for n in range(MANY) if not broken(n)]


def test_a_row_that_replaces_another_stands_where_its_record_does(tmp_path: Path) -> None:
    text = "Id,Sent,Tel\n" + "".join(f"{name},2026-03-01 11:00,\n" for name in "abacbd")
    assert numbered(staged(tmp_path, PROFILE, text)) == [(3, "a"), (4, "c"), (5, "b"), (6, "d")]


@pytest.mark.parametrize("shape", ["07700 900{n:03}", "+44 (0)7700 900{n:03}"], ids=["plain", "looked up"])
def test_one_number_is_one_key_in_whatever_batch_it_stands(
    tmp_path: Path, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Months that are too large for one batch are keyed one by one."""
    monkeypatch.setattr(write, "_RECORDS_AT_ONCE", 5)
    text = "Id,Sent,Tel\n" + "".join(f"{n},2026-{1 + n % 9:02}-03 10:00,{shape.format(n=n % 7)}\n" for n in range(63))
    made = staged(tmp_path, PROFILE, text)
    keys = {
        row["contact_id"]: row["caller_key"] for part in made.parts.values() for row in pq.read_table(part).to_pylist()
    }
    assert len(keys) == 63
    assert len({*keys.values()}) == 7
    assert all(keys[str(n)] == keys[str(n % 7)] for n in range(63))


COUNTED = """
profile = "counts"
table = "call_intervals"
[export]
key = ["Hour", "Queue"]
[time]
formats = ["%d/%m/%Y %H:%M"]
[columns]
provider = { const = "acd" }
line = { const = "101" }
queue = "Queue"
interval_start = "Hour"
interval_end = { start = "interval_start", add = "1 hour" }
offered = "A"
"""


def test_counted_hours_stand_in_order_though_each_is_looked_at_beside_its_equals(tmp_path: Path) -> None:
    """Which DuckDB does one series after another."""
    cells = [(day, hour, queue) for day in range(28, 0, -1) for hour in (14, 9) for queue in "cab"]
    text = "Hour,Queue,A\n" + "".join(f"{day:02}/03/2026 {hour:02}:00,{queue},1\n" for day, hour, queue in cells)
    [part] = staged(tmp_path, COUNTED, text).parts.values()
    assert [row["queue"] for row in pq.read_table(part).to_pylist()] == [queue for *_, queue in cells]
    assert [row["record_no"] for row in pq.read_table(part).to_pylist()] == list(range(1, len(cells) + 1))
