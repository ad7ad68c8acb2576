"""Safeguarding measures worked out a second time, incident by incident, in plain Python with exact fractions.

Whether an incident stands in the population is the attendance oracle's word; nothing is shared with the SQL.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from tests.support.attendance_oracle import DAYS_28, LONDON, Figures, Key, Seen, World, midnight, periods, see, wilson

DAY = timedelta(days=1)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """One domestic abuse incident and what was done for the victim."""

    seen: Seen
    outcome: str
    known_for: timedelta
    share_known_until: datetime
    assessed_at: datetime | None
    level: str
    shared_at: datetime | None
    declined: bool

    @property
    def mature(self) -> bool:
        return self.known_for >= DAYS_28

    @property
    def shared(self) -> bool:
        """Referral shared, as it stands 28 days after the start."""
        return self.shared_at is not None and self.shared_at - self.seen.start <= DAYS_28

    @property
    def last(self) -> datetime:
        return max(t for t in (self.seen.last, self.assessed_at, self.shared_at) if t)


def months_later(local: datetime, instant: datetime) -> int:
    """How many calendar months an instant lies after a local one."""
    there = instant.astimezone(LONDON)
    return (there.year - local.year) * 12 + there.month - local.month


def case_of(
    incident: Row, assessments: Iterable[Row], world: World, until: datetime, since: date | None
) -> Case | None:
    seen = see(incident, world)
    if seen.population != "domestic_abuse":
        return None
    mine = [a for a in assessments if a["incident_id"] == incident["incident_id"] and not a.get("set_aside")]
    mine = [a for a in mine if 0 <= months_later(seen.local, a.get("assessed_at") or a["declined_at"]) <= 1]

    def near(instant: datetime | None) -> bool:
        return instant is not None and instant - seen.start <= DAYS_28

    made = [a for a in mine if near(a.get("assessed_at"))]
    first = min(made, key=lambda a: (a["assessed_at"], a["source"], a["record_key"]), default=None)
    came = seen.outcome == "attended" and (seen.wait is None or seen.wait <= DAYS_28)
    covered = since is not None and seen.local.date() >= since
    return Case(
        seen=seen,
        outcome="attended" if came else "unknown" if seen.outcome == "unknown" else "never_attended",
        known_for=min(seen.known_for, until - seen.start) if covered else timedelta(0),
        share_known_until=until,
        assessed_at=first["assessed_at"] if first else None,
        level=(first.get("level") or "").strip() or "unknown" if first else "",
        shared_at=first.get("referral_shared_at") if first else None,
        declined=first is None and any(near(a.get("declined_at")) for a in mine),
    )


def expected(
    incidents: Iterable[Row],
    assessments: Sequence[Row],
    world: World,
    wanted: Collection[tuple[str, str, str]],
    *,
    until: datetime,
    since: date | None,
) -> dict[Key, Figures]:
    """Every value that is due, by (metric, kind, label, period_end, outcome, risk_level)."""
    grouped: dict[tuple[str, str, date], list[Case]] = defaultdict(list)
    for row in incidents:
        case = case_of(row, assessments, world, until, since)
        for kind, label, _, end in periods(case.seen.local.date()) if case else ():
            if case and (kind, label, end.isoformat()) in wanted:
                grouped[kind, label, end].append(case)
    found: dict[Key, Figures] = {}
    for (kind, label, end), cases in grouped.items():
        for outcome in ("attended", "never_attended"):
            mine = [c for c in cases if c.outcome in {outcome, "unknown"}]
            cell = Cell(mine, midnight(end), (kind, label) in world.holes, world)
            for metric, level, figures in cell.figures(outcome):
                found[metric, kind, label, end.isoformat(), outcome, level] = figures
    return found


class Cell:
    """Cases of one period and outcome, with those whose outcome nobody can tell."""

    def __init__(self, cases: list[Case], end: datetime, hole: bool, world: World) -> None:
        self.all, self.end, self.hole, self.world = cases, end, hole, world
        self.unknown = [c for c in cases if c.outcome == "unknown" and not c.seen.excluded]
        self.mine = [c for c in cases if c.outcome != "unknown" and not c.seen.excluded]

    def figures(self, outcome: str) -> Iterator[tuple[str, str, Figures]]:
        if not self.mine:
            return
        old = [c for c in self.mine if c.mature]
        young = len(self.mine) - len(old)
        assessed = sum(c.assessed_at is not None for c in old)
        declined = sum(c.declined for c in old)
        for name, k, n in (
            ("assessed_share", assessed, len(old)),
            ("offered_share", assessed + declined, len(old)),
            ("declined_share", declined, assessed + declined),
            ("no_record_share", len(old) - assessed - declined, len(old)),
        ):
            yield f"safeguarding.{name}", "all", self.share(k, n, young)
        if outcome == "attended":
            timed = [c for c in self.mine if c.seen.wait is not None]
            day_old = [c for c in timed if c.known_for >= c.seen.wait + DAY]
            at_once = [c for c in day_old if c.assessed_at and c.assessed_at <= c.seen.start + c.seen.wait + DAY]
            figures = self.share(len(at_once), len(day_old), len(timed) - len(day_old))
            figures["n_unknown"] += len(self.mine) - len(timed)
            yield "safeguarding.assessed_within_24h", "all", figures
        yield from self._by_level()

    def _by_level(self) -> Iterator[tuple[str, str, Figures]]:
        assessed = [c for c in self.mine if c.assessed_at]
        for level in {"all", *(c.level for c in assessed)} if assessed else ():
            cell = Cell([c for c in self.all if level in {"all", c.level}], self.end, self.hole, self.world)
            mine = [c for c in assessed if level in {"all", c.level}]
            old = [c for c in mine if c.mature]
            share = cell.share(sum(c.shared for c in old), len(old), len(mine) - len(old))
            yield "safeguarding.shared_share", level, share
            median, waiting = median_to_share(mine)
            yield (
                "safeguarding.time_to_share_median_s",
                level,
                {**cell.common(waiting), "value": median, "n": len(mine), "numerator": None, "denominator": None},
            )

    def common(self, immature: int) -> Figures:
        settled = max([self.end, *(c.last for c in self.mine)]) + DAYS_28
        is_open = any(c.seen.outcome == "open" for c in self.mine)
        return {
            "n_immature": immature,
            "n_unknown": len(self.unknown),
            "n_excluded": sum(c.seen.excluded is not None for c in self.all),
            "n_clock_fallback": sum(c.seen.fallback for c in self.mine),
            "complete": self.world.as_at >= self.end and not immature and not self.hole,
            "as_at": self.world.as_at if is_open else min(self.world.as_at, settled),
            "notes": ["unknown_origin_counted"] if any(c.seen.unknown_origin for c in self.mine) else [],
            "ci_low": None,
            "ci_high": None,
        }

    def share(self, k: int, n: int, immature: int) -> Figures:
        low, high = wilson(k, n) if n else (None, None)
        value = k / n if n else None
        return {
            **self.common(immature),
            "value": value,
            "n": n,
            "numerator": k,
            "denominator": n,
            "ci_low": low,
            "ci_high": high,
        }


def median_to_share(cases: Sequence[Case]) -> tuple[float | None, int]:
    """Product-limit median in exact fractions, and how many may still move it."""
    times = []
    for case in cases:
        assert case.assessed_at is not None
        known = max(case.share_known_until - case.assessed_at, timedelta(0))
        took = None if case.shared_at is None else max(case.shared_at - case.assessed_at, timedelta(0))
        shared = took is not None and took <= DAYS_28
        times.append((took if took is not None and shared else min(known, DAYS_28), shared))
    left, median = Fraction(1), None
    for at in sorted({t for t, _ in times}):
        at_risk = sum(t >= at for t, _ in times)
        left *= 1 - Fraction(sum(t == at and shared for t, shared in times), at_risk)
        if left <= Fraction(1, 2):
            median = at
            break
    waiting = sum(not shared and t < (DAYS_28 if median is None else median) for t, shared in times)
    return (None if median is None else median.total_seconds()), waiting
