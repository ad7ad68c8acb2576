"""Episodes and callers worked out a second time, caller by caller, from METRICS "B" and in plain loops."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from tests.support.attendance_oracle import DAY, DAYS_3, DAYS_28, LONDON, Figures, Key, midnight, periods, wilson
from tests.support.calls_oracle import HUNG_UP, Heard, hear
from tests.support.followthrough_oracle import HALF_HOUR, Row, caller_of, episodes_of

Period = tuple[str, str, date, date]


def expected(
    rows: Sequence[Row], as_at: datetime, known_until: Mapping[str, datetime], wanted: Collection[tuple[str, str, str]]
) -> dict[Key, Figures]:
    """Every value that is due, by (metric, kind, label, period_end, line, hour_of_week)."""
    heard = [(row, hear(row, known_until)) for row in rows]
    call_of = {id(row): call for row, call in heard}
    counted = [row for row, call in heard if call.counts]
    episodes = [e for e in episodes_of(counted) if caller_of(e[0])]
    calls: dict[tuple[Period, str, str], list[tuple[Row, Heard]]] = defaultdict(list)
    for row, call in heard:
        for period in _periods(call.local.date(), wanted):
            for hour in _hours(call.local, period):
                calls[period, call.line, hour].append((row, call))
    found: dict[Key, Figures] = {}
    for (period, line, hour), group in calls.items():
        mine = [e for e in episodes if e[0]["line"] == line and _began_in(e, period, hour)]
        theirs = [(row, call) for row, call in group if call.counts]
        if not any(caller_of(row) for row, _ in theirs):
            continue
        last = max([*(row["ended_at"] for row, _ in theirs), *(row["ended_at"] for e in mine for row in e)])
        over = midnight(period[3])
        for metric, said in _figures(
            period, hour, mine, theirs, [e for e in episodes if e[0]["line"] == line], call_of, as_at
        ):
            figures = {"n_immature": 0, **said, "as_at": min(as_at, max(over + DAYS_3, last + DAY))}
            figures["complete"] = as_at >= over and not figures["n_immature"]
            figures["n_excluded"] = len(group) - len(theirs)
            figures["n_unknown"] = sum(caller_of(row) is None for row, _ in theirs)
            found[metric, period[0], period[1], period[3].isoformat(), line, hour] = figures
    return found


def _periods(day: date, wanted: Collection[tuple[str, str, str]]) -> Iterator[Period]:
    for period in periods(day):
        if (period[0], period[1], period[3].isoformat()) in wanted:
            yield period


def _hours(local: datetime, period: Period) -> list[str]:
    return ["all", f"{local.weekday() * 24 + local.hour:03d}"] if period[0] == "month" else ["all"]


def _start(episode: Sequence[Row]) -> datetime:
    return min(row["call_started_at"] for row in episode)


def _began_in(episode: Sequence[Row], period: Period, hour: str) -> bool:
    local = _start(episode).astimezone(LONDON)
    return period[2] <= local.date() < period[3] and hour in _hours(local, period)


def _figures(
    period: Period,
    hour: str,
    episodes: Sequence[Sequence[Row]],
    calls: Sequence[tuple[Row, Heard]],
    all_of_line: Sequence[Sequence[Row]],
    call_of: Mapping[int, Heard],
    as_at: datetime,
) -> Iterator[tuple[str, Figures]]:
    given_up, undecided = 0, 0
    for episode in episodes:
        said = [call_of[id(row)] for row in episode]
        if not any(c.stage in HUNG_UP for c in said) or any(c.live or c.stage == "callback_served" for c in said):
            continue
        may_go_on = as_at - max(row["ended_at"] for row in episode) < HALF_HOUR
        if may_go_on or any(c.stage == "callback_pending" for c in said):
            undecided += 1
        else:
            given_up += 1
    yield "calls.callers_abandoned", {**_share(given_up, len(episodes) - undecided), "n_immature": undecided}
    if hour != "all":
        return
    by_caller: dict[Any, list[datetime]] = defaultdict(list)
    for episode in all_of_line:
        by_caller[caller_of(episode[0])].append(_start(episode))
    callers = {caller_of(e[0]) for e in episodes}
    again = {
        caller_of(e[0])
        for e in episodes
        if any(_start(e) - DAYS_28 <= before < _start(e) for before in by_caller[caller_of(e[0])])
    }
    yield "calls.repeat_callers", _share(len(again), len(callers))
    first = period[3] - timedelta(days=28)
    often = {
        caller
        for caller, starts in by_caller.items()
        if sum(first <= start.astimezone(LONDON).date() < period[3] for start in starts) > 20
    }
    counted = {"value": len(often), "n": len(often), "numerator": None, "denominator": None}
    yield "calls.high_volume_callers", counted
    yield "calls.high_volume_call_share", _share(sum(caller_of(row) in often for row, _ in calls), len(calls))


def _share(k: int, n: int) -> Figures:
    low, high = wilson(k, n) if n else (None, None)
    return {"value": k / n if n else None, "n": n, "numerator": k, "denominator": n, "ci_low": low, "ci_high": high}
