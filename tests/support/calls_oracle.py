"""Call measures worked out a second time, call by call, from METRICS "B" and in plain Python.

Shares no code with the SQL.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from tests.support.attendance_oracle import DAYS_3, LONDON, Figures, Key, midnight, periods, wilson

IN_QUEUE = {"queue", "switchboard_queue", "skill_queue", "ringing"}
HUNG_UP = IN_QUEUE | {"network", "ivr", "ivr_before_alternative", "ivr_after_alternative"}
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Heard:
    """One call as the oracle hears it; times are seconds from the start of the call."""

    local: datetime
    line: str
    queue: str
    counts: bool
    stage: str
    live: bool
    first: float | None
    final: float | None
    queued: bool
    queue_first: float | None
    queue_left: float | None
    ended: float
    ended_at: datetime | None


def hear(row: Mapping[str, Any], known_until: Mapping[str, datetime]) -> Heard:
    start, ended = row["call_started_at"], row.get("ended_at")
    answers = [row[k] for k in ("switchboard_answered_at", "first_answered_at", "final_answered_at") if row.get(k)]
    first = min(answers, default=None)
    stage = row.get("stage") or "unknown"
    if stage == "callback" and ended:
        asked, connected = row.get("callback_asked_at") or ended, row.get("callback_connected_at")
        known = known_until.get(row["source"], row["observed_at"])
        if connected and connected - asked <= DAY:
            stage = "callback_served"
        elif connected or known >= asked + DAY:
            stage = "callback_unserved"
        else:
            stage = "callback_pending"
    entries = [row[k] for k in ("queued_at", "switchboard_queued_at", "skill_queued_at") if row.get(k)]
    entered = min(entries, default=row.get("ringing_at"))
    return Heard(
        local=start.astimezone(LONDON),
        line=row["line"],
        queue=row.get("queue") or "none",
        counts=row["direction"] == "inbound" and ended is not None and not row.get("set_aside"),
        stage=stage,
        live=first is not None or stage == "answered",
        first=(first - start).total_seconds() if first else None,
        final=(row["final_answered_at"] - start).total_seconds() if row.get("final_answered_at") else None,
        queued=entered is not None or stage in IN_QUEUE,
        queue_first=(first - min(entries)).total_seconds() if first and entries else None,
        queue_left=(ended - entered).total_seconds() if ended and entered else None,
        ended=(ended - start).total_seconds() if ended else 0.0,
        ended_at=ended,
    )


def expected(
    rows: Iterable[Mapping[str, Any]],
    as_at: datetime,
    known_until: Mapping[str, datetime],
    wanted: Collection[tuple[str, str, str]],
) -> dict[Key, Figures]:
    """Every value that is due, by (metric, kind, label, period_end, line, queue, hour_of_week, stage)."""
    grouped: dict[tuple[Any, ...], list[Heard]] = defaultdict(list)
    for row in rows:
        heard = hear(row, known_until)
        hour = f"{heard.local.weekday() * 24 + heard.local.hour:03d}"
        for kind, label, _, end in periods(heard.local.date()):
            if (kind, label, end.isoformat()) not in wanted:
                continue
            cells = [(heard.line, heard.queue, "all"), (heard.line, "all", "all")]
            cells += [(heard.line, "all", hour)] if kind == "month" else []
            for cell in cells:
                grouped[kind, label, end, cell].append(heard)
    found: dict[Key, Figures] = {}
    for (kind, label, end, cell), group in grouped.items():
        over = midnight(end)
        last = max([over + DAYS_3, *(h.ended_at + DAY for h in group if h.counts and h.ended_at)])
        for metric, stage, said in _figures(group):
            unsaid = dict.fromkeys(("numerator", "denominator", "ci_low", "ci_high"))
            figures = {"n_immature": 0, **unsaid, **said, "as_at": min(as_at, last)}
            figures["complete"] = as_at >= over and not figures["n_immature"]
            figures["n_excluded"] = sum(not h.counts for h in group)
            found[metric, kind, label, end.isoformat(), *cell, stage] = figures
    return found


def _figures(group: list[Heard]) -> Iterator[tuple[str, str, Figures]]:
    calls = [h for h in group if h.counts]
    if not calls:
        return
    yield from _outcomes(calls)
    yield from _queue(calls)
    yield from _waits(calls)
    yield from _answered_in_time(calls)
    for stage in {h.stage for h in calls}:
        share = _share(sum(h.stage == stage for h in calls), len(calls))
        yield "calls.stage_share", stage, {**share, "n_immature": sum(h.stage == "callback_pending" for h in calls)}
        unheard = sum(h.stage == stage and h.stage in HUNG_UP and not h.live for h in calls)
        if unheard:
            yield "calls.abandoned_share", stage, _share(unheard, len(calls))
    for stage in {h.stage for h in calls if h.stage in HUNG_UP} | {"all"}:
        times = [h.ended for h in calls if h.stage in HUNG_UP and stage in {"all", h.stage}]
        if times:
            for name, of_all in (("median", np.median), ("mean", np.mean)):
                yield f"calls.abandon_time_{name}_s", stage, {"value": float(of_all(times)), "n": len(times)}


def _share(k: int, n: int, **more: Any) -> Figures:
    low, high = wilson(k, n) if n else (None, None)
    figures = {"value": k / n if n else None, "n": n, "numerator": k, "denominator": n, "ci_low": low, "ci_high": high}
    return {**figures, **more}


def _outcomes(calls: list[Heard]) -> Iterator[tuple[str, str, Figures]]:
    hung_up = [h for h in calls if h.stage in HUNG_UP]
    abandoned = [h for h in hung_up if not h.live]
    answered = [h for h in calls if h.stage == "answered"]
    pending = [h for h in calls if h.stage == "callback_pending"]
    for name, some in (("offered", calls), ("answered", answered), ("abandoned", abandoned)):
        yield f"calls.{name}", "all", {"value": len(some), "n": len(some)}
    yield "calls.abandonment_rate", "all", _share(len(abandoned), len(calls))
    yield "calls.abandonment_rate_before_help", "all", _share(len(hung_up), len(calls))
    settled = [h for h in calls if h.stage != "callback_pending"]
    nobody = [h for h in settled if not h.live and h.stage != "callback_served"]
    # A call with a live answer that also waits for a callback has been spoken to: still pending, in neither side.
    yield "calls.no_person_reached_share", "all", _share(len(nobody), len(settled), n_immature=len(pending))


def _queue(calls: list[Heard]) -> Iterator[tuple[str, str, Figures]]:
    queued = [h for h in calls if h.queued]
    if not queued:
        return
    left = [h for h in calls if h.stage in IN_QUEUE]
    yield "calls.abandonment_rate_queued", "all", _share(len(left), len(queued))
    for x in (5, 10, 30, 60):
        pending = [h for h in queued if h.stage == "callback_pending"]
        dark = [h for h in left if h.queue_left is None]
        soon = [h for h in left if h.queue_left is not None and h.queue_left < x]
        late = [h for h in left if h.queue_left is not None and h.queue_left >= x]
        unserved = [h for h in queued if h.stage == "callback_unserved"]
        bottom = len(queued) - len(pending) - len(dark) - len(soon)
        share = _share(len(late) + len(unserved), bottom, n_immature=len(pending))
        yield f"calls.abandonment_rate_adjusted_{x}s", "all", share


def _waits(calls: list[Heard]) -> Iterator[tuple[str, str, Figures]]:
    clocks = {
        "wait_first": [h.first for h in calls if h.first is not None],
        "wait_final": [h.final for h in calls if h.final is not None],
        "queue_wait_first": [h.queue_first for h in calls if h.queue_first is not None],
    }
    for clock, times in clocks.items():
        for name, share in (("mean", None), ("median", 50), ("p90", 90), ("p95", 95)):
            value = None
            if times:
                value = float(np.mean(times)) if share is None else float(np.percentile(times, share))
            yield f"calls.{clock}_{name}_s", "all", {"value": value, "n": len(times)}


def _answered_in_time(calls: list[Heard]) -> Iterator[tuple[str, str, Figures]]:
    known = [h for h in calls if not (h.live and h.first is None)]
    firsts = [h.first for h in known if h.first is not None]
    for x in (10, 30, 60):
        yield f"calls.answered_within_{x}s", "all", _share(sum(f < x for f in firsts), len(known))
    yield "calls.share_10_to_60s", "all", _share(sum(10 <= f < 60 for f in firsts), len(known))
    yield "calls.share_60s_plus", "all", _share(sum(f >= 60 for f in firsts), len(known))
    for name, x in (("5m", 300), ("15m", 900)):
        over = sum(f > x for f in firsts)
        over += sum(h.ended > x for h in known if not h.live and h.stage in HUNG_UP)
        yield f"calls.waited_over_{name}", "all", _share(over, len(known))
