"""Every call value, in every cell and period, against a second reading of METRICS in plain Python."""

import math
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from callclock.clock import Month, periods_of
from callclock.metrics.catalogue import families, family
from callclock.metrics.known import SourceKnown
from tests.support.against_oracle import same_values
from tests.support.calls_oracle import HUNG_UP, expected
from tests.support.curated import at, call, values

FAMILIES = [of for of in families() if of.tables == ("calls",)]


def check(rows: list[dict[str, Any]], home: Month, as_at: datetime, workdir: Path) -> int:
    """Compare all values of a partition with the oracle's; the number compared."""
    sources = [SourceKnown("calls", s, as_at, s) for s in ("delta", "snapshot")]
    found = values(FAMILIES, rows, home, workdir, as_at=as_at, sources=sources)
    mine = {(p.kind.value, p.label, p.end.isoformat()) for p in periods_of(home)}
    due = expected(rows, as_at, {"delta": as_at}, mine)
    keys = ("metric", "period_kind", "period_label", "period_end", "line", "queue", "hour_of_week", "stage")
    same_values(found, due, keys)
    return len(due)


def random_call(chance: random.Random, start: datetime, as_at: datetime) -> dict[str, Any]:
    def later(of: datetime, top: float) -> datetime:
        return of + timedelta(milliseconds=int(math.exp(chance.uniform(0, math.log(top * 1000)))))

    stages = [*sorted(HUNG_UP), "answered", "answered", "answered", "callback", "callback", "callback"]
    stages += ["ivr_contained", "failed", "transferred_out", "unknown"]
    said: dict[str, Any] = {"call_started_at": start, "stage": chance.choice([*stages, None])}
    said["source"] = said["resend"] = chance.choice(["delta", "snapshot"])
    said["line"] = chance.choice(["999", "101", "101"])
    said["queue"] = chance.choice(["crime", "desk", None])
    said["direction"] = chance.choices(["inbound", "outbound", "internal"], [20, 1, 1])[0]
    said["set_aside"] = chance.choices([None, "training"], [20, 1])[0]
    entered = later(start, 60)
    for name in ("queued_at", "switchboard_queued_at", "skill_queued_at", "ringing_at"):
        if chance.random() < 0.4:
            said[name] = later(entered, 30)
    answer = chance.choice([later(start, 1200), start + timedelta(seconds=chance.choice([10, 30, 60, 300, 900]))])
    if said["stage"] == "answered" and chance.random() < 0.9:
        said["first_answered_at"] = answer
        said["final_answered_at"] = later(answer, 600) if chance.random() < 0.8 else None
    elif chance.random() < 0.2:
        said["switchboard_answered_at"] = answer
    end = chance.choice([later(answer, 900), start + timedelta(seconds=chance.choice([300, 900]))])
    said["ended_at"] = end if chance.random() < 0.95 else None
    if said["stage"] == "callback":
        asked = later(start, 120)
        said["callback_asked_at"] = chance.choice([asked, None])
        connected = chance.choice([None, later(asked, 100_000), asked + timedelta(days=1)])
        said["callback_connected_at"] = connected if connected and connected <= as_at else None
    # Hang-ups whose time in the queue is a limit to the millisecond.
    entries = [said[k] for k in ("queued_at", "switchboard_queued_at", "skill_queued_at") if said.get(k)]
    if entries and said["stage"] in HUNG_UP and chance.random() < 0.3:
        said["ended_at"] = min(entries) + timedelta(
            milliseconds=chance.choice([4999, 5000, 9999, 10_000, 30_000, 59_999])
        )
    seen_at = start + timedelta(hours=chance.choice([1, 20, 30, 100]))
    return call(min(seen_at, as_at), **said)


@pytest.mark.parametrize("seed", range(3))
def test_random_calls(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    as_at = at(chance.choice(["2026-04-01T09:00:00Z", "2026-06-01T00:00:00Z"]))
    edges = [at(t) for t in ("2026-03-29T00:59:59.999Z", "2026-03-29T01:00:00Z", "2026-03-31T22:59:59.999Z")]
    edges += [at(t) for t in ("2026-03-01T00:00:00Z", "2026-02-28T23:59:59.999Z", "2026-03-01T23:59:59.999Z")]
    starts = [
        at("2026-02-20T00:00:00Z") + timedelta(milliseconds=chance.randrange(38 * 86_400_000)) for _ in range(250)
    ]
    starts += [chance.choice(edges) for _ in range(60)]
    starts += [
        at("2025-04-01T00:00:00Z") + timedelta(milliseconds=chance.randrange(300 * 86_400_000)) for _ in range(80)
    ]
    starts += [as_at - timedelta(hours=chance.randrange(1, 40)) for _ in range(20)]
    rows = [random_call(chance, start, as_at) for start in starts]
    assert check(rows, Month(2026, 3), as_at, tmp_path) > 1000


@pytest.mark.parametrize(
    "said",
    [
        {"stage": "network"},
        {"stage": "answered"},
        {"stage": "queue"},
        {"stage": "callback"},
        {"direction": "outbound", "stage": "answered"},
        {"ended_at": None, "stage": "answered"},
    ],
    ids=lambda said: f"{said.get('direction', 'inbound')} {said['stage']}",
)
@pytest.mark.parametrize("count", [1, 7])
def test_groups_without_variety(said: dict[str, Any], count: int, tmp_path: Path) -> None:
    as_at = at("2026-04-10T00:00:00Z")
    start = at("2026-03-29T00:30:00Z")
    rows = [
        call(
            as_at,
            **{
                "source": "snapshot",
                "call_started_at": start + timedelta(minutes=20 * n),
                "ended_at": start + timedelta(minutes=20 * n, seconds=5),
                **said,
            },
        )
        for n in range(count)
    ]
    compared = check(rows, Month(2026, 3), as_at, tmp_path)
    assert (compared > 0) == (said.get("direction") != "outbound" and "ended_at" not in said)


def test_a_callback_matures_after_24_hours(tmp_path: Path) -> None:
    start = at("2026-03-10T10:00:00Z")

    def share(as_at: datetime) -> pd.DataFrame:
        row = call(
            as_at,
            source="test",
            call_started_at=start,
            skill_queued_at=start,
            callback_asked_at=start + timedelta(seconds=30),
            ended_at=start + timedelta(seconds=40),
            stage="callback",
        )
        two = [family("calls_stages"), family("calls_outcomes")]
        found = values(two, [row], Month(2026, 3), tmp_path, as_at=as_at)
        return found[(found.period_kind == "day") & (found.queue == "all")]

    asked = start + timedelta(seconds=30)
    early, due = share(asked + timedelta(hours=24, milliseconds=-1)), share(asked + timedelta(hours=24))
    assert set(early.stage) == {"all", "callback_pending"}
    assert set(due.stage) == {"all", "callback_unserved"}
    rate = early[early.metric == "calls.abandonment_rate_adjusted_10s"].iloc[0]
    assert (rate.numerator, rate.denominator, rate.n_immature) == (0, 0, 1)
    assert pd.isna(rate.value)
    rate = due[due.metric == "calls.abandonment_rate_adjusted_10s"].iloc[0]
    assert (rate.numerator, rate.denominator, rate.n_immature) == (1, 1, 0)
