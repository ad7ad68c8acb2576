"""Episodes and callers: every value against a second reading of METRICS "B" in plain loops, and worked by hand."""

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from callclock.clock import Month, periods_of
from callclock.metrics.catalogue import family
from callclock.metrics.known import SourceKnown
from tests.support.against_oracle import same_values
from tests.support.calls_oracle import HUNG_UP
from tests.support.curated import at, call, values
from tests.support.episodes_oracle import expected

FAMILIES = [family("calls_callers"), family("calls_callers_year")]
KEYS = ("metric", "period_kind", "period_label", "period_end", "line", "hour_of_week")
MARCH = Month(2026, 3)
NOON = at("2026-03-28T12:00:00Z")
MINUTE = timedelta(minutes=1)
HALF_HOUR = 30 * MINUTE
MS = timedelta(milliseconds=1)


def check(rows: list[dict[str, Any]], as_at: datetime, workdir: Path) -> pd.DataFrame:
    """Compare all values of March's partition with the oracle's; the values."""
    numbered = [{"record_key": str(n), **row} for n, row in enumerate(rows)]
    sources = [SourceKnown("calls", name, as_at, name) for name in ("delta", "snapshot")]
    found = values(FAMILIES, numbered, MARCH, workdir, as_at=as_at, sources=sources)
    mine = {(p.kind.value, p.label, p.end.isoformat()) for p in periods_of(MARCH)}
    same_values(found, expected(numbered, as_at, {"delta": as_at}, mine), KEYS)
    return found


def rang(
    start: datetime, minutes: float = 2, stage: str = "queue", caller: str | None = "k", **said: Any
) -> dict[str, Any]:
    """A call on 101 that ended in this stage."""
    end = start + minutes * MINUTE
    row = {"ended_at": end, "caller_key": caller, "key_epoch": "1" if caller else None, "source": "snapshot", **said}
    return call(end + timedelta(days=2), call_started_at=start, stage=stage, **row)


def random_calls(chance: random.Random, as_at: datetime) -> list[dict[str, Any]]:
    """Some rare callers, one who rings again and again, some without a number; pauses about half an hour and 28 days."""
    rows = []
    callers = [*(f"k{n}" for n in range(15)), *["often"] * 20, None]
    edges = [at(t) for t in ("2026-03-29T00:55:00Z", "2026-03-31T22:50:00Z", "2026-02-28T23:40:00Z")]
    starts = [at("2026-01-20T00:00:00Z") + timedelta(hours=chance.randrange(24 * 75)) for _ in range(180)]
    starts += [at("2025-03-20T00:00:00Z") + timedelta(hours=chance.randrange(24 * 370)) for _ in range(60)]
    for begun in [*starts, *edges * 4, as_at - 40 * MINUTE]:
        caller, start = chance.choice(callers), begun
        line = "101" if caller == "often" else chance.choice(["101", "101", "999"])
        for _ in range(chance.choice([1, 1, 2, 3])):
            stage = chance.choice([*sorted(HUNG_UP), *["answered"] * 3, *["callback"] * 3, "failed", "ivr_contained"])
            said: dict[str, Any] = {"line": line, "key_epoch": chance.choice(["1"] * 9 + ["2"]) if caller else None}
            said["source"] = said["resend"] = chance.choice(["delta", "snapshot"])
            said["direction"] = chance.choices(["inbound", "outbound"], [20, 1])[0]
            end = start + chance.choice([1, 7, 30]) * MINUTE
            seen_at = min(end + timedelta(hours=chance.choice([1, 30])), as_at)
            said["ended_at"] = end if chance.random() < 0.95 else None
            if stage == "callback":
                said["callback_asked_at"] = end
                connected = end + timedelta(hours=chance.choice([3, 24, 25]))
                said["callback_connected_at"] = chance.choice([None, connected]) if connected <= seen_at else None
            if stage == "answered" or chance.random() < 0.1:
                said["first_answered_at"] = start
            rows.append({**rang(start, stage=stage, caller=caller, **said), "observed_at": seen_at})
            start = end + HALF_HOUR + chance.choice([-20 * MINUTE, -HALF_HOUR - MINUTE, -MS, 0 * MS, MS])
        if chance.random() < 0.3 and caller:
            again = begun + timedelta(days=28) + chance.choice([-MS, 0 * MS, MS])
            rows.append(rang(again, caller=caller, line=line, first_answered_at=again, stage="answered"))
    return [row for row in rows if row["call_started_at"] < as_at]


@pytest.mark.parametrize("seed", range(3))
def test_random_callers(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    as_at = at(["2026-05-01T00:00:00Z", "2026-04-01T00:10:00Z", "2026-03-20T12:00:00Z"][seed])
    found = check(random_calls(chance, as_at), as_at, tmp_path)
    months = found[(found.period_kind == "month") & (found.hour_of_week == "all") & (found.line == "101")]
    assert (months[months.metric == "calls.high_volume_callers"].value > 0).any()


AS_AT = at("2026-06-01T00:00:00Z")


def share(found: pd.DataFrame, metric: str, kind: str = "month", label: str = "2026-03") -> str:
    row = found[
        (found.metric == metric) & (found.period_kind == kind) & (found.period_label == label)
        & (found.hour_of_week == "all") & (found.line == "101")
    ]  # fmt: skip
    assert len(row) == 1
    return f"{row.numerator.iloc[0]:.0f}/{row.denominator.iloc[0]:.0f}"


END = NOON + 2 * MINUTE
ABANDONED: dict[str, tuple[list[dict[str, Any]], str]] = {
    "one hang-up": ([rang(NOON)], "1/1"),
    "thirty minutes join, and the answer clears": ([rang(NOON), rang(END + HALF_HOUR, stage="answered")], "0/1"),
    "a millisecond more does not join": ([rang(NOON), rang(END + HALF_HOUR + MS, stage="answered")], "1/2"),
    "from the latest end so far, not the last": (
        [rang(NOON, 60), rang(NOON + MINUTE, 1), rang(NOON + 80 * MINUTE, stage="answered")],
        "0/1",
    ),
    "overlapping": ([rang(NOON, 10), rang(NOON + MINUTE, 1, "answered")], "0/1"),
    "in the hour that the clocks repeat nothing is repeated": (
        [rang(at("2025-10-26T00:30:00Z")), rang(at("2025-10-26T01:30:00Z")), rang(NOON, stage="answered")],
        "0/1",
    ),
    "another line": ([rang(NOON), rang(END, stage="answered", line="999")], "1/1"),
    "another epoch": ([rang(NOON), rang(END, stage="answered", key_epoch="2")], "1/2"),
    "hung up after the switchboard had answered": ([rang(NOON, switchboard_answered_at=NOON)], "0/1"),
    "no hang-up in it": ([rang(NOON, stage="ivr_contained")], "0/1"),
    "an outbound call joins none": ([rang(NOON), rang(END, stage="answered", direction="outbound")], "1/1"),
    "an unfinished call joins none": ([rang(NOON), rang(END, stage="answered", ended_at=None)], "1/1"),
    "a callback served clears it": (
        [
            rang(NOON),
            rang(
                END,
                stage="callback",
                callback_asked_at=END,
                callback_connected_at=END + timedelta(hours=24),
            ),
        ],
        "0/1",
    ),
    "a callback that came too late does not": (
        [
            rang(NOON),
            rang(
                END,
                stage="callback",
                callback_asked_at=END,
                callback_connected_at=END + timedelta(hours=24, milliseconds=1),
            ),
        ],
        "1/1",
    ),
}


@pytest.mark.parametrize("case", ABANDONED)
def test_callers_abandoned(case: str, tmp_path: Path) -> None:
    rows, due = ABANDONED[case]
    assert share(check(rows, AS_AT, tmp_path), "calls.callers_abandoned") == due


@pytest.mark.parametrize(("answered_on", "due"), [("2026-03-17T23:59:59Z", "0/1"), ("2026-03-18T00:00:00Z", "1/1")])
def test_an_episode_is_followed_to_the_end_of_the_second_day_after(answered_on: str, due: str, tmp_path: Path) -> None:
    """Whoever rings every half hour for days: in the day, the month and the year alike, whatever was answered later."""
    answer = at(answered_on)
    began = at("2026-03-15T09:00:00Z")
    rows = [rang(began + n * HALF_HOUR) for n in range(150) if began + n * HALF_HOUR < answer]
    rows += [rang(answer, stage="answered")]
    rows += [rang(answer + (n + 1) * HALF_HOUR) for n in range(20)]
    found = check(rows, AS_AT, tmp_path)
    assert share(found, "calls.callers_abandoned") == due
    assert share(found, "calls.callers_abandoned", "day", "2026-03-15") == due
    assert share(found, "calls.callers_abandoned", "rolling_12m", "2026-03") == due
    later = found[(found.metric == "calls.callers_abandoned") & (found.period_label == "2026-03-18")]
    assert later.empty or not later.denominator.any(), "what goes on is no episode of its own"


def test_a_call_that_does_not_end_holds_an_episode_for_48_hours(tmp_path: Path) -> None:
    open_line = rang(NOON - timedelta(days=20), minutes=60 * 24 * 25)
    held = [open_line, rang(NOON - timedelta(days=18) + HALF_HOUR, stage="answered")]
    free = [open_line, rang(NOON - timedelta(days=18) + HALF_HOUR + MS, stage="answered")]
    assert share(check(held, AS_AT, tmp_path), "calls.callers_abandoned") == "0/1"
    assert share(check(free, AS_AT, tmp_path), "calls.callers_abandoned") == "1/2"


def test_calls_without_a_caller_are_in_no_episode(tmp_path: Path) -> None:
    found = check([rang(NOON, caller=None), rang(NOON), rang(NOON, caller=None)], AS_AT, tmp_path)
    assert share(found, "calls.callers_abandoned") == "1/1"
    assert set(found[found.period_kind == "month"].n_unknown) == {2}
    assert check([rang(NOON, caller=None)], AS_AT, tmp_path).empty


@pytest.mark.parametrize(("since", "undecided"), [(HALF_HOUR - MS, 1), (HALF_HOUR, 0)])
def test_an_episode_is_undecided_while_it_may_go_on(since: timedelta, undecided: int, tmp_path: Path) -> None:
    found = check([rang(NOON)], END + since, tmp_path)
    assert share(found, "calls.callers_abandoned") == f"{1 - undecided}/{1 - undecided}"


@pytest.mark.parametrize(("late", "due"), [(0 * MS, "1/1"), (MS, "0/1")])
def test_repeat_callers_within_28_days(late: timedelta, due: str, tmp_path: Path) -> None:
    first = NOON - timedelta(days=28) - late
    assert share(check([rang(first), rang(NOON)], AS_AT, tmp_path), "calls.repeat_callers", "week", "2026-W13") == due


def test_an_episode_that_begins_28_days_and_some_minutes_before(tmp_path: Path) -> None:
    """It goes on into the 28 days; it began before them. February has 28 days: two months have to be looked at."""
    began = at("2026-01-31T23:40:00Z")
    rows = [rang(began), rang(began + 25 * MINUTE), rang(at("2026-03-01T00:01:00Z"))]
    assert share(check(rows, AS_AT, tmp_path), "calls.repeat_callers") == "0/1"


@pytest.mark.parametrize(("episodes", "due"), [(20, 0), (21, 1)])
def test_more_than_twenty_episodes_in_28_days_are_high_volume(episodes: int, due: int, tmp_path: Path) -> None:
    first = at("2026-03-04T00:00:00Z")  # the first of the 28 days before April in London
    rows = [rang(first + timedelta(hours=n)) for n in range(episodes)]
    rows += [rang(first - timedelta(hours=n)) for n in range(1, 9)]  # a day too early
    rows += [rang(NOON, caller="other")]
    found = check([*rows, rang(NOON, line="999")], AS_AT, tmp_path)
    other_line = found[(found.metric == "calls.high_volume_call_share") & (found.line == "999")]
    assert set(other_line.value) == {0}, "who rings 101 too often does not ring 999 too often"
    found = found[found.line == "101"]
    month = found[(found.period_kind == "month") & (found.hour_of_week == "all")].set_index("metric").value
    assert month["calls.high_volume_callers"] == due
    assert month["calls.high_volume_call_share"] == pytest.approx(due * (episodes + 8) / len(rows))
