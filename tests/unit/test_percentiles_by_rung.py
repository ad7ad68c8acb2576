"""Percentiles of many waits are found by counting them on rungs; they are those of all waits in order."""

import random
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from callclock.clock import Month
from callclock.metrics.catalogue import family
from tests.support.curated import Row, at, incident, one, values

AS_AT = at("2026-06-01T00:00:00Z")
SHARES = {"attendance.median_s": 50, "attendance.p90_s": 90, "attendance.p95_s": 95}
# A rung is as wide as the next whole multiple of 24 in the root of its milliseconds: 576 k^2 begins rung k.
EDGES = [576 * k * k + step for k in (1, 2, 40, 41) for step in (-1, 0, 1)]


def percentiles(waits: list[int], workdir: Path) -> Mapping[str, float]:
    """Of one month of incidents with these waits, in ms, on its second day."""
    start = at("2026-03-02T12:00:00Z")
    rows: list[Row] = [
        incident(
            AS_AT,
            call_received_at=start,
            created_at=start,
            first_arrived_at=start + timedelta(milliseconds=wait),
        )
        for wait in waits
    ]
    found = values([family("attendance_waits")], rows, Month(2026, 3), workdir, as_at=AS_AT)
    kinds = ("day", "week", "month")
    said = {kind: {metric: one(found, metric=metric, period_kind=kind).value for metric in SHARES} for kind in kinds}
    # A day is worked out from all of its waits in order.
    assert all(said[kind] == pytest.approx(said["day"], rel=1e-12) for kind in kinds)
    return said["month"]


@pytest.mark.parametrize(
    "waits",
    [
        pytest.param([7], id="one"),
        pytest.param([1, 2], id="two on the lowest rung"),
        pytest.param([60_000] * 50, id="all alike"),
        pytest.param([575] * 10 + [576] * 10, id="half on either side of an edge"),
        pytest.param([575] * 9 + [576] * 12, id="just past an edge"),
        pytest.param([1] * 18 + [10**9] * 2, id="far apart"),
        pytest.param(EDGES, id="at the edges"),
        pytest.param(list(range(1, 102)), id="every percentile is one of them"),
    ],
)
def test_the_percentiles_are_those_of_all_waits_in_order(waits: list[int], tmp_path: Path) -> None:
    expected = {metric: np.percentile(waits, share) / 1000 for metric, share in SHARES.items()}
    assert percentiles(waits, tmp_path) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_waits(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    among = [chance.randrange(1, chance.choice([10, 10**4, 10**6, 10**9])) for _ in range(chance.randrange(1, 60))]
    waits = [chance.choice([*among, *EDGES]) for _ in range(chance.randrange(1, 300))]
    expected = {metric: np.percentile(waits, share) / 1000 for metric, share in SHARES.items()}
    assert percentiles(waits, tmp_path) == pytest.approx(expected, rel=1e-12)
