"""What is hidden with small counts: the worked example, and random tables against a linear programme."""

import json
import random
from collections.abc import Collection, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from callclock.doubt import Cell, Doubt, Key, Lever, Makeup, Move, Shift
from callclock.hiding import settle
from callclock.suppression import (
    Quantity,
    Table,
    correction_shown,
    fully_hidden,
    primary,
    share_shown,
)
from local.disclosure import System

EXAMPLES = json.loads((Path(__file__).parents[1] / "fixtures" / "worked-examples.json").read_text())["examples"]
[EXAMPLE] = [example for example in EXAMPLES if example["id"] == "suppression"]
LIMIT = EXAMPLE["limit_high"]


def table_of(counts: Mapping[Cell, int], **more: Any) -> Table:
    rows, periods = (tuple(dict.fromkeys(cell[place] for cell in counts)) for place in (0, 1))
    one = Quantity("n", counts, (Lever(frozenset({"n"}), {"n": 1}),))
    said: dict[str, Any] = {"margins": {"all": frozenset(rows)}, "whole": "whole", **more}
    return Table(rows, periods, (one,), Makeup({cell: {"n": n} for cell, n in counts.items()}), LIMIT, **said)


def ranges(table: Table, hidden: Collection[Key], wanted: Collection[Key]) -> dict[Key, tuple[float, float]]:
    """What each key can be, given every key that is not hidden: all cells, all margins."""
    system, counts = System(), table.quantities[0].counts

    def terms(key: Key) -> dict[int, float]:
        periods = table.periods if key[1] == table.whole else (key[1],)
        return system.total((row, period) for row in table.members(key[0]) for period in periods)

    for key in (*table.keys, *product(table.fixed, (*table.periods, table.whole or ""))):
        if key not in hidden and key[1]:
            system.equal.append((terms(key), table.total(counts, key)))
    asked = sorted(wanted)
    return dict(zip(asked, system.ranges([terms(key) for key in asked], -1, 1e9), strict=True))


@pytest.fixture(scope="module")
def example() -> Table:
    return table_of({(area, month): n for area, row in EXAMPLE["table"].items() for month, n in row.items()})


def named(keys: Collection[Key]) -> list[str]:
    return sorted(".".join(key) for key in keys)


def test_the_worked_example(example: Table) -> None:
    expected = EXAMPLE["expected"]
    first = primary(example, example.quantities[0])
    assert named(first) == expected["primary"]
    recovered = ranges(example, first, first)
    assert {".".join(key): low for key, (low, _) in recovered.items()} == expected["recovered_if_only_primary"]
    assert all(low == high for low, high in recovered.values())
    hidden, lost = settle(example)
    assert named(hidden["n"]) == expected["hidden"]
    assert not lost
    feasible = {".".join(key): list(found) for key, found in ranges(example, hidden["n"], first).items()}
    assert feasible == expected["feasible"]


def test_a_period_without_anything_small_that_is_hidden_altogether_asks_for_coarser_ones(example: Table) -> None:
    hidden, _ = settle(example)
    assert list(fully_hidden(example, example.quantities[0], hidden["n"])) == ["m1"]
    quarter = table_of(
        {(row, "q"): example.total(example.quantities[0].counts, (row, "whole")) for row in example.rows}
    )
    assert settle(quarter)[0]["n"] == frozenset()


def test_shares_and_corrections() -> None:
    expected = EXAMPLE["expected"]
    assert [share_shown(k, n, LIMIT) for k, n in EXAMPLE["percentages"]] == expected["percent_shown"]
    found = [correction_shown(old, new, LIMIT) for old, new in EXAMPLE["restatements"]]
    assert found == expected["restatement_difference_shown"]


def test_mean_times_n_gives_one_person_away() -> None:
    """Why a mean is hidden wherever its count is, and why a second one goes with it."""
    (n_all, mean_all), (n_other, mean_other) = EXAMPLE["mean_attack"]["all"], EXAMPLE["mean_attack"]["other"]
    assert n_all * mean_all - n_other * mean_other == EXAMPLE["expected"]["mean_attack_recovers_da_seconds"]
    told = table_of({("abuse", "m"): n_all - n_other, ("other", "m"): n_other, ("abuse", "k"): 8, ("other", "k"): 9})
    hidden, _ = settle(told)
    assert {("abuse", "m"), ("other", "m")} <= hidden["n"]


@pytest.mark.parametrize("seed", range(12))
def test_no_small_count_can_be_worked_out(seed: int) -> None:
    """Every primary can be anything from 1 to the limit; and what is known already is never hidden."""
    chance = random.Random(seed)
    rows, periods = "ABCDE"[: chance.randrange(2, 6)], [f"m{n}" for n in range(chance.randrange(1, 7))]
    counts = {cell: chance.choice([0, 1, 2, 4, 5, 7, 12, 40, 300]) for cell in product(rows, periods)}
    fixed = {"margins": {"all": frozenset(rows)}, "fixed": frozenset({"all"}), "of_all": True} if seed % 3 == 0 else {}
    table = table_of(counts, **fixed)
    known = {key for key in table.keys if table.total(counts, key) > 30 and chance.random() < 0.2}
    hidden, lost = settle(table, known={"n": known})
    assert not hidden["n"] & (known - {key for _, key in lost})
    first = primary(table, table.quantities[0]) - {key for _, key in lost}
    for key, (low, high) in ranges(table, hidden["n"], first).items():
        count = table.total(counts, key)
        if 1 <= count <= LIMIT:
            assert low <= 1 + 1e-9, (key, count, low, high)
            assert high >= LIMIT - 1e-9, (key, count, low, high)


def test_some_random_tables_hide_nothing_they_need_not() -> None:
    safe = {(row, period): 10 * (place + 1) for place, (row, period) in enumerate(product("AB", ["m", "k"]))}
    assert settle(table_of(safe))[0]["n"] == frozenset()


def test_where_no_rectangle_is_left_a_margin_goes() -> None:
    hidden, lost = settle(table_of({("A", "m"): 3, ("B", "m"): 20}))
    assert hidden["n"] == {("A", "m"), ("B", "m"), ("A", "whole"), ("B", "whole")}
    assert not lost


def test_what_is_known_and_small_cannot_be_mended(example: Table) -> None:
    _, lost = settle(example, known={"n": [("N", "m2")]})
    assert ("n", ("N", "m2")) in lost
    # Everything else of its month and all sums are known: nothing is left to hide it behind.
    known = [("S", "m2"), ("W", "m2"), ("all", "m2"), ("N", "whole")]
    assert ("n", ("N", "m2")) in settle(example, known={"n": known})[1]


def test_shown_parts_bound_what_is_hidden() -> None:
    """Three of forty attended. Other cells can only lend attended ones that are not shown to be quick besides."""
    cells = list(product("AB", ["m", "k"]))
    attended = {cell: 3 if cell == ("A", "m") else 20 for cell in cells}
    quick = {cell: 1 if cell == ("A", "m") else 20 for cell in cells}
    parts = {
        cell: {"quick": quick[cell], "slow": attended[cell] - quick[cell], "nobody": 40 - attended[cell]}
        for cell in cells
    }

    def table(*, quick_is_shown: bool) -> Table:
        swaps = [Lever(frozenset({"attended"}), {"slow": 1, "nobody": -1})]
        if not quick_is_shown:
            swaps.append(Lever(frozenset({"attended", "quick"}), {"quick": 1, "nobody": -1}))
        quantities = (
            Quantity("all", dict.fromkeys(cells, 40), (Lever(frozenset({"all"}), {"nobody": 1}),)),
            Quantity("attended", attended, tuple(swaps), "all"),
            Quantity("quick", quick, (), "all"),
        )
        margins = {"all": frozenset("AB")}
        return Table(("A", "B"), ("m", "k"), quantities, Makeup(parts), LIMIT, margins=margins, whole="whole")

    hidden, lost = settle(table(quick_is_shown=True), exempt={"quick": cells})
    assert not lost
    assert ("all", "m") in hidden["attended"], "all others were quick, so none is anything else: the margin goes"
    hidden, lost = settle(table(quick_is_shown=False), hidden={"quick": cells}, exempt={"quick": cells})
    assert not lost
    assert hidden["attended"] >= set(cells), "quick ones can be lent where nobody sees how many there are"
    assert hidden["all"] == set()


def test_a_record_is_lent_once() -> None:
    """Three missed their target in either of two rows: each could be told as met, or not be there, and not both."""
    parts = {(row, "m"): {"target": 9, "met": 6} for row in "ABC"}
    parts["A", "m"] = {"target": 7, "met": 6}
    doubt = Doubt(Makeup(parts, ((frozenset({"met"}), frozenset({"target"})),)), {1: 9})
    missed = Lever(frozenset({"all"}), {"target": 1}), Lever(frozenset({"met"}), {"met": -1})
    for other in "BC":
        move = Move(((("A", "m"), 1), ((other, "m"), -1)), 0)
        for lever in missed:
            doubt.take(Shift(move, lever))
    assert doubt.needed == {1: 3}, "three of each of the two others"
