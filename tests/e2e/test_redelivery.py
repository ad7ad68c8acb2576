"""What is dropped twice, in another order or at once ends in the same figures and the same open breaches."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from callclock.contracts import VALUE_KEYS
from local import demo
from local.athena import query_directory
from local.demo import Drop
from local.run import configured_forces, deployed, drop_configuration, leave

QUIET = Console(quiet=True)
TICK = datetime(2026, 4, 20, 5, tzinfo=UTC)
# By every key: a measure may be broken down by any of them.
VALUES = f"SELECT * FROM results.metric_values ORDER BY {', '.join(VALUE_KEYS)}, period_end"


def end_state(order: Sequence[Sequence[Drop]], out: Path) -> tuple[list, list]:
    with deployed(
        configured_forces(demo.samples().config), console=QUIET, clock=datetime(2026, 4, 19, tzinfo=UTC)
    ) as stack:
        drop_configuration(stack, demo.samples().config)
        for together in order:
            for drop in together:
                stack.put("ExportsBucket", drop.key, drop.path)
            stack.run_until_quiet()
        stack.tick(TICK)
        assert list(stack.run_until_quiet().faults) == []
        leave(stack, out)
    names, rows = query_directory("SELECT * FROM curated.incidents ORDER BY record_key, source", out)
    # Each deployment hashes callers with a secret of its own; all else is equal to the bit.
    mine = [i for i, name in enumerate(names) if name != "caller_key"]
    curated = [[row[i] for i in mine] for row in rows]
    names, values = query_directory(VALUES, out)
    # When it was worked out differs; what was worked out does not.
    kept = [i for i, name in enumerate(names) if name != "as_at"]
    return curated, [[row[i] for i in kept] for row in values]


@pytest.mark.slow
def test_any_order_ends_the_same(tmp_path: Path) -> None:
    drops = demo.samples().drops
    one_by_one = end_state([[drop] for drop in drops], tmp_path / "a")
    at_once = end_state([drops], tmp_path / "b")
    backwards_and_twice = end_state([[drop] for drop in (*reversed(drops), drops[0], drops[-1])], tmp_path / "c")
    assert one_by_one[0] == at_once[0] == backwards_and_twice[0]
    assert one_by_one[1] == at_once[1] == backwards_and_twice[1]
    assert one_by_one[1], "there are values"
