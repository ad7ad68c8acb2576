"""Values that came out of the SQL against those that an oracle says are due: the same keys, the same figures."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tests.support.attendance_oracle import Figures, Key


def same_values(found: pd.DataFrame, due: Mapping[Key, Figures], keys: Sequence[str]) -> None:
    """Raise AssertionError unless the rows of ``found`` are those that are due, and nothing besides.

    Parameters
    ----------
    found
        Rows with the columns of ``contracts.METRIC_VALUES``.
    due
        Figures by key; one that is not named there is not compared.
    keys
        Columns that make the key, in its order; as text.
    """
    got = dict(zip(zip(*(found[key].astype(str) for key in keys), strict=True), range(len(found)), strict=True))
    assert len(got) == len(found), "two rows with one key"
    assert sorted(got) == sorted(due)
    columns = {name: found[name].tolist() for name in {name for figures in due.values() for name in figures}}
    for key, figures in due.items():
        for name, value in figures.items():
            there = columns[name][got[key]]
            assert _same(name, there, value), f"{key} {name}: {there} where {value} is due"


def _same(name: str, there: Any, due: Any) -> bool:
    if name == "notes":
        return bool(there == ";".join(due))
    if name == "as_at":
        return bool(there == due.replace(tzinfo=None))
    if isinstance(due, str):
        return bool(there == due)
    missing = there is None or there != there  # NaN alone differs from itself
    if due is None or missing:
        return bool(missing and due is None)
    return math.isclose(there, due, rel_tol=1e-9, abs_tol=1e-9)
