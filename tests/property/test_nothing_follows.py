"""Whatever a small force counts, and however it is corrected: nothing small follows from what was ever public of it.

The linear programmes of ``callclock audit-public`` are the oracle; they share no code with what chose the rows to hide.
"""

import os
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from callclock import boards
from callclock.suppression import Table, primary
from tests.support.public_world import LABELS, STAGES, Call, World, draw, incident
from tests.unit.test_publication import LIMIT, Desk, counted, is_shown

SUBJECTS = ("attendance", "calls", "safeguarding")
# Little is counted in a month, so that hardly any cell has nothing to hide, and few months make quick programmes.
STEPS = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 12)), min_size=1, max_size=2)


def grown(world: World, chance: random.Random, late: int) -> World:
    """The same records and some that came late, and a few that were corrected into another month."""
    records = [replace(i, month=chance.choice(LABELS[:4])) if chance.random() < 0.02 else i for i in world.incidents]
    for _ in range(late):
        label = chance.choice(LABELS[:4])
        records.append(incident(chance, label, {"1": 0.5, "2": 1.0, "3": 0.1}))
        world.calls.append(Call(label, "101", chance.choice(STAGES), heard=False, quick=False))
        world.victims.append((label, "attended", chance.choice(["assessed", "declined", "none"])))
    return replace(world, incidents=records)


# No shrinking: a world says no more when it is smaller, and each takes a second. More of them: make worlds.
@settings(max_examples=int(os.environ.get("WORLDS", "5")), deadline=None, print_blob=True, phases=[Phase.generate])
@given(seed=st.integers(0, 10**6), size=st.integers(2, 90), steps=STEPS)
def test_nothing_small_follows_from_any_run(seed: int, size: int, steps: list[tuple[int, int]]) -> None:
    chance = random.Random(seed)
    world = draw(chance, size, LABELS[:4])
    desks = [Desk(subject) for subject in SUBJECTS]
    for months, late in steps:
        world = grown(world, chance, late)
        for desk in desks:
            desk.publish(world, LABELS[months - 1])
            assert not [n for n in counted([row for row in desk.rows if is_shown(row)]) if 1 <= n <= LIMIT]
    for desk in desks:
        assert desk.leaks() == []


def test_primary_suppression_alone_leaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle has teeth: with nothing hidden but what is small, it finds what follows."""

    def alone(table: Table, **_: Any) -> tuple[Mapping[str, frozenset[tuple[str, str]]], frozenset[Any]]:
        return {quantity.name: primary(table, quantity) for quantity in table.quantities}, frozenset()

    monkeypatch.setattr(boards, "settle", alone)
    world = draw(random.Random(7), 60, LABELS[:1])
    parts = {"assessed": 20, "declined": 3, "none": 10}
    world.victims += [(LABELS[1], "attended", part) for part, n in parts.items() for _ in range(n)]
    for subject in SUBJECTS:
        desk = Desk(subject)
        desk.publish(world, LABELS[1])
        assert desk.leaks(), subject
