"""Reads tests/fixtures/notices.json, whose cases were worked out by hand, and runs them against a decide."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

from callclock import thresholds
from callclock.clock import PeriodKind, parse_instant
from callclock.reasons import NoticeReason, State
from callclock.settings import Severity

CASES: dict[str, Any] = json.loads((Path(__file__).parents[1] / "fixtures" / "notices.json").read_text("utf-8"))
ZONE = ZoneInfo(CASES["timezone"])
ANY_ORDER: dict[str, Any] = next(example for example in CASES["examples"] if example["id"] == "any_order")

Fields = dict[str, Any]


@dataclass(frozen=True)
class Check:
    """One check of one example, with what it inherits put in."""

    name: str
    rule: Fields
    rows: list[Fields]
    delivered: list[Fields]
    now: str
    expected: Fields

    def decided(self, code: ModuleType = thresholds) -> Fields:
        """Return what ``code.decide`` says, cut to the keys that are expected."""
        rows = [an_observation(row, code) for row in self.rows]
        log = [a_delivered(entry, code) for entry in self.delivered]
        decision = code.decide(rows, log, a_rule(self.rule, code), parse_instant(self.now))
        return said(decision, self.expected)


def said(decision: Any, keys: Iterable[str]) -> Fields:
    """Return these fields of a decision as the file writes them."""
    return {key: _plain(getattr(decision, key)) for key in keys}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def a_rule(fields: Fields, code: ModuleType = thresholds) -> Any:
    severities = tuple(Severity(**severity) for severity in fields.get("severities", ()))
    period = PeriodKind(fields["period"])
    return code.Rule(**{**fields, "id": "rule", "zone": ZONE, "severities": severities, "period": period})


def an_observation(fields: Fields, code: ModuleType = thresholds) -> Any:
    dates = {key: date.fromisoformat(fields[key]) for key in ("period_start", "period_end")}
    return code.Observation(**{**fields, **dates, "as_at": parse_instant(fields["as_at"])})


def a_delivered(fields: Fields, code: ModuleType = thresholds) -> Any:
    return code.Delivered(
        at=parse_instant(fields["at"]),
        revision=fields["revision"],
        reason=NoticeReason(fields["reason"]),
        state=State(fields["state"]),
        severity=fields["severity"],
        since=_day(fields["since"]),
        frontier=_day(fields["frontier"]),
    )


def checks() -> Iterator[Check]:
    """Give every check with its inheritance resolved as the file's ``format`` says."""
    for example in CASES["examples"]:
        for place, check in enumerate(example["checks"], 1):
            rows = list(check.get("series", example["series"]))[: check.get("rows")]
            restated = {change["period_start"]: change for change in check.get("restated", ())}
            assert set(restated) <= {row["period_start"] for row in rows}, "a restated row that is not known"
            rows = [{**row, **restated.get(row["period_start"], {})} for row in rows]
            yield Check(
                name=f"{example['id']}-{place}-{check['expected']['reason']}",
                rule={**example["rule"], **check.get("rule_change", {})},
                rows=[*rows, *check.get("more", ())],
                delivered=check.get("delivered", example["delivered"]),
                now=check["now"],
                expected=check["expected"],
            )


def arrive(rule: Any, batches: list[list[str]], code: ModuleType = thresholds) -> tuple[Any, list[Any]]:
    """Let the months of ``any_order`` arrive in batches, deliver what is told, decide at the tick, deliver that too."""
    known: list[Any] = []
    log: list[Any] = []
    rows = {row["period_start"]: an_observation(row, code) for row in ANY_ORDER["series"]}
    first_now = parse_instant(ANY_ORDER["first_now"])
    nows = [first_now + timedelta(minutes=place) for place in range(len(batches))]
    for now, batch in zip([*nows, parse_instant(ANY_ORDER["tick"])], [*batches, []], strict=True):
        known += [rows[start] for start in batch]
        decision = code.decide(known, log, rule, now)
        if decision.tell:
            log.append(decision.delivered(now, rule))
    return decision, log


def wrong_checks(code: ModuleType) -> list[str]:
    """Names of the checks that ``code`` gets wrong."""
    return [check.name for check in checks() if check.decided(code) != check.expected]
