"""METRICS "Who is told, and when": every hand-worked case, and what the cases leave open."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callclock.clock import PeriodKind
from callclock.reasons import HeldBack, NoticeReason, State
from callclock.replay import calendar, next_period_end
from callclock.settings import Downtime, Force, Rebase, Severity, ThresholdRule
from callclock.thresholds import Delivered, Observation, Rule, decide, next_due, open_story
from tests.support.notice_cases import ANY_ORDER, CASES, Check, a_rule, an_observation, arrive, checks, said

LONDON = ZoneInfo("Europe/London")
LEVELS = (Severity("warning", 0.3), Severity("critical", 0.4))
RULE = Rule("rule", 1, "attendance.over_4h", PeriodKind.MONTH, "above", LONDON, severities=LEVELS, recover=0.25)


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T05:00:00+00:00")


def months(*values: float | None, **fields: Any) -> list[Observation]:
    """Complete months from January 2025 on; None leaves a month out."""
    starts = [date(2025 + place // 12, place % 12 + 1, 1) for place in range(len(values) + 1)]
    pairs = zip(starts, starts[1:], values, strict=False)
    return [
        Observation(a, b, value, 200, True, datetime(b.year, b.month, 9, 5, tzinfo=UTC), **fields)
        for a, b, value in pairs
        if value is not None
    ]


def told(reason: NoticeReason, frontier: str, at_: str, state: State = State.BREACH, **fields: Any) -> Delivered:
    known: dict[str, Any] = {"revision": 1, "severity": "warning", "since": None, **fields}
    return Delivered(
        at(at_), known["revision"], reason, state, known["severity"], known["since"], date.fromisoformat(frontier)
    )


@pytest.mark.parametrize("check", [pytest.param(check, id=check.name) for check in checks()])
def test_case(check: Check) -> None:
    assert check.decided() == check.expected


def test_every_case_is_run() -> None:
    assert len(CASES["examples"]) == 21
    assert len(list(checks())) == 116


@pytest.mark.parametrize("order", ANY_ORDER["arrivals"])
@pytest.mark.parametrize("variant", [pytest.param(v, id=f"variant{i}") for i, v in enumerate(ANY_ORDER["variants"])])
def test_any_order_ends_in_the_same_breach(order: str, variant: dict[str, Any]) -> None:
    rule = a_rule({**ANY_ORDER["rule"], **variant["rule_change"]})
    decision, log = arrive(rule, ANY_ORDER["arrivals"][order])
    expected = {key: value for key, value in variant["expected_end"].items() if key != "delivered_breach_open"}
    assert said(decision, expected) == expected
    assert bool(open_story(log)) == variant["expected_end"]["delivered_breach_open"]


def test_all_orders_hold_all_twelve_months() -> None:
    for name, batches in ANY_ORDER["arrivals"].items():
        assert sorted(start for batch in batches for start in batch) == [
            r["period_start"] for r in ANY_ORDER["series"]
        ], name


@pytest.mark.parametrize(
    ("kind", "end", "after"),
    [
        (PeriodKind.DAY, date(2024, 2, 29), date(2024, 3, 1)),
        (PeriodKind.WEEK, date(2024, 12, 30), date(2025, 1, 6)),
        (PeriodKind.MONTH, date(2024, 12, 1), date(2025, 1, 1)),
        (PeriodKind.QUARTER, date(2024, 10, 1), date(2025, 1, 1)),
        (PeriodKind.FY_TO_DATE, date(2025, 4, 1), date(2025, 5, 1)),
        (PeriodKind.ROLLING_12M, date(2025, 1, 1), date(2025, 2, 1)),
    ],
)
def test_calendar_neighbours(kind: PeriodKind, end: date, after: date) -> None:
    assert next_period_end(kind, end) == after


def test_rows_of_another_kind_of_period_are_refused() -> None:
    with pytest.raises(ValueError, match=r"no week neighbours of 2025-02-01.*2025-04-01"):
        calendar(months(0.2, 0.2, 0.2), PeriodKind.WEEK)


def test_two_rows_of_one_period_are_refused() -> None:
    with pytest.raises(ValueError, match="two have one period_end"):
        decide([*months(0.2), *months(0.4)], [], RULE, at("2025-03-01"))


def test_levels_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="from the best level to the worst"):
        replace(RULE, severities=LEVELS[::-1])
    with pytest.raises(ValueError, match=r"0\.35 lies beyond 0\.3, above it"):
        replace(RULE, recover=0.35)
    with pytest.raises(ValueError, match="from the best level to the worst"):
        replace(RULE, direction="below", recover=0.2, severities=LEVELS)
    with pytest.raises(ValueError, match="one level"):
        replace(RULE, severities=(LEVELS[0], Severity("critical", 0.3)))


def test_an_unknown_n_is_enough_only_where_no_minimum_is_asked() -> None:
    rows = [replace(row, n=None) for row in months(0.2, 0.5)]
    assert decide(rows, [], RULE, at("2025-03-09")).state is State.BREACH
    assert decide(rows, [], replace(RULE, min_n=1), at("2025-03-09")).state is State.OK


def test_a_complete_period_without_a_value_holds_its_place() -> None:
    rows = months(0.35, 0.2, 0.36)
    rows[1] = replace(rows[1], value=None, n=200)
    decision = decide(rows, [], replace(RULE, m=2, n=3), at("2025-04-09"))
    assert (decision.state, decision.since) == (State.BREACH, date(2025, 1, 1))
    assert decide(rows, [], replace(RULE, m=2, n=2), at("2025-04-09")).state is State.PENDING


def test_nothing_known_is_nothing_told() -> None:
    decision = decide([], [], replace(RULE, due_days=1, max_age_days=1), at("2025-04-09"))
    assert (decision.state, decision.reason, decision.frontier) == (State.OK, NoticeReason.NOTHING, None)


def test_only_incomplete_rows_that_are_too_old_are_no_data() -> None:
    rows = [replace(row, complete=False) for row in months(0.5)]
    decision = decide(rows, [], replace(RULE, max_age_days=20), at("2025-03-09"))
    assert (decision.state, decision.reason, decision.frontier) == (State.NO_DATA, NoticeReason.NO_DATA, None)


def test_an_incomplete_row_that_is_fresh_keeps_the_feed_alive() -> None:
    rows = months(0.2, 0.2)
    rows[1] = replace(rows[1], complete=False)
    rule = replace(RULE, max_age_days=20)
    assert decide(rows, [], rule, at("2025-03-09")).state is State.OK
    assert decide(rows[:1], [], rule, at("2025-03-09")).state is State.NO_DATA


def test_no_data_names_what_it_suspends() -> None:
    decision = decide(months(0.33, 0.2), [], replace(RULE, due_days=1), at("2025-05-09"))
    assert (decision.state, decision.behind, decision.severity) == (State.NO_DATA, State.RECOVERING, None)


def test_while_data_are_missing_a_new_rule_waits() -> None:
    rows, rule = months(0.2, 0.36), replace(RULE, revision=2, due_days=20)
    log = [told(NoticeReason.FIRST_BREACH, "2025-03-01", "2025-03-09")]
    silent = decide(rows, log, rule, at("2025-05-09"))
    assert silent.reason is NoticeReason.NO_DATA
    log.append(silent.delivered(at("2025-05-09"), rule))
    assert decide(rows, log, rule, at("2025-05-10")).reason is NoticeReason.NOTHING
    back = decide(months(0.2, 0.36, 0.36), log, replace(rule, due_days=None), at("2025-05-11"))
    assert (back.reason, back.state, back.ended_since) == (NoticeReason.RULE_CHANGED, State.BREACH, None)


def test_a_rule_changed_while_recovering_stands_for_the_recovery() -> None:
    rows, rule = months(0.36, 0.2), replace(RULE, revision=2)
    log = [told(NoticeReason.FIRST_BREACH, "2025-02-01", "2025-02-09", since=date(2025, 1, 1))]
    changed = decide(rows, log, rule, at("2025-03-09"))
    assert (changed.reason, changed.state, changed.ended_since) == (
        NoticeReason.RULE_CHANGED,
        State.RECOVERING,
        date(2025, 1, 1),
    )
    log.append(changed.delivered(at("2025-03-09"), rule))
    assert decide(months(0.36, 0.2, 0.2), log, rule, at("2025-04-09")).reason is NoticeReason.NOTHING
    assert decide(months(0.36, 0.2, 0.36), log, rule, at("2025-04-09")).reason is NoticeReason.FIRST_BREACH


def test_a_new_breach_goes_before_the_end_of_the_told_one_and_one_recovery_ends_both() -> None:
    log = [told(NoticeReason.FIRST_BREACH, "2025-02-01", "2025-02-09")]
    rows = months(0.36, 0.2, 0.2, 0.36)
    first = decide(rows, log, RULE, at("2025-05-09"))
    assert (first.reason, first.since) == (NoticeReason.FIRST_BREACH, date(2025, 4, 1))
    log.append(first.delivered(at("2025-05-09"), RULE))
    assert decide(rows, log, RULE, at("2025-05-10")).reason is NoticeReason.NOTHING
    end = decide(months(0.36, 0.2, 0.2, 0.36, 0.2, 0.2), log, RULE, at("2025-07-09"))
    assert (end.reason, end.ended_since) == (NoticeReason.RECOVERED, date(2025, 4, 1))
    log.append(end.delivered(at("2025-07-09"), RULE))
    assert decide(months(0.36, 0.2, 0.2, 0.36, 0.2, 0.2), log, RULE, at("2025-07-10")).reason is NoticeReason.NOTHING


def test_a_breach_corrected_away_and_back_is_told_again() -> None:
    log = [told(NoticeReason.FIRST_BREACH, "2025-03-01", "2025-03-09")]
    away = decide(months(0.2, 0.2), log, RULE, at("2025-03-10"))
    assert away.reason is NoticeReason.CORRECTED
    log.append(away.delivered(at("2025-03-10"), RULE))
    assert decide(months(0.2, 0.36), log, RULE, at("2025-03-11")).reason is NoticeReason.FIRST_BREACH


def test_a_past_breach_corrected_away_and_back_is_found_once() -> None:
    log = [
        told(NoticeReason.FIRST_BREACH, "2025-02-01", "2025-02-09"),
        told(NoticeReason.CORRECTED, "2025-02-01", "2025-02-10", state=State.OK),
    ]
    rows = months(0.36, 0.2, 0.2)
    rows[0] = replace(rows[0], restated_from=0.2)
    found = decide(rows, log, RULE, at("2025-04-09"))
    assert (found.reason, found.since, found.page) == (NoticeReason.PAST_BREACH_FOUND, date(2025, 1, 1), False)
    log.append(found.delivered(at("2025-04-09"), RULE))
    assert decide(rows, log, RULE, at("2025-04-10")).reason is NoticeReason.NOTHING


def test_a_past_breach_that_was_told_in_time_is_not_found_again() -> None:
    log = [
        told(NoticeReason.FIRST_BREACH, "2025-02-01", "2025-02-09"),
        told(NoticeReason.RECOVERED, "2025-04-01", "2025-04-09", state=State.OK),
    ]
    rows = months(0.36, 0.2, 0.2)
    rows[0] = replace(rows[0], restated_from=0.2)
    assert decide(rows, log, RULE, at("2025-04-10")).reason is NoticeReason.NOTHING


def test_two_past_breaches_are_found_one_after_the_other() -> None:
    rows = months(0.36, 0.2, 0.2, 0.36, 0.2, 0.2)
    rows = [replace(row, restated_from=0.2) for row in rows]
    log: list[Delivered] = []
    for day, since in (("2025-08-01", date(2025, 1, 1)), ("2025-08-02", date(2025, 4, 1))):
        found = decide(rows, log, RULE, at(day))
        assert (found.reason, found.since) == (NoticeReason.PAST_BREACH_FOUND, since)
        log.append(found.delivered(at(day), RULE))
    assert decide(rows, log, RULE, at("2025-08-03")).reason is NoticeReason.NOTHING


def test_two_past_breaches_of_one_financial_year_to_date_are_two() -> None:
    """All years to date begin on 1 April: only their ends tell one breach from the next."""
    rule = replace(RULE, period=PeriodKind.FY_TO_DATE, k=1)
    ends = [date(2025, month, 1) for month in range(5, 10)]
    rows = [
        Observation(date(2025, 4, 1), end, value, 200, True, at("2025-09-09"), restated_from=0.2)
        for end, value in zip(ends, (0.36, 0.2, 0.45, 0.2, 0.2), strict=True)
    ]
    log: list[Delivered] = []
    for day, end in (("2025-10-01", ends[0]), ("2025-10-02", ends[2])):
        found = decide(rows, log, rule, at(day))
        assert (found.reason, found.since, found.found) == (NoticeReason.PAST_BREACH_FOUND, date(2025, 4, 1), end)
        log.append(found.delivered(at(day), rule))
    assert decide(rows, log, rule, at("2025-10-03")).reason is NoticeReason.NOTHING
    # An entry of before ends were kept stands for all of its year, as it did.
    assert not decide(rows, [replace(log[0], found=None)], rule, at("2025-10-03")).tell


def test_data_back_in_recovery_of_an_untold_breach_opens_no_story() -> None:
    log = [told(NoticeReason.NO_DATA, "2025-02-01", "2025-04-09", state=State.NO_DATA)]
    back = decide(months(0.2, 0.36, 0.2), log, RULE, at("2025-04-10"))
    assert (back.reason, back.state) == (NoticeReason.DATA_BACK, State.RECOVERING)
    log.append(back.delivered(at("2025-04-10"), RULE))
    assert not open_story(log)
    assert decide(months(0.2, 0.36, 0.2, 0.2), log, RULE, at("2025-05-09")).reason is NoticeReason.NOTHING


def test_the_order_of_rows_and_of_the_log_does_not_matter() -> None:
    rows = months(0.2, 0.36, 0.2, 0.2)
    log = [
        told(NoticeReason.FIRST_BREACH, "2025-03-01", "2025-03-09"),
        told(NoticeReason.RECOVERED, "2025-05-01", "2025-05-09", state=State.OK),
    ]
    assert decide(rows[::-1], log[::-1], RULE, at("2025-05-10")) == decide(rows, log, RULE, at("2025-05-10"))
    assert decide(rows, log[::-1], RULE, at("2025-05-10")).reason is NoticeReason.NOTHING


def test_news_of_the_very_instant_of_the_newest_notice_is_told() -> None:
    log = [told(NoticeReason.FIRST_BREACH, "2025-03-01", "2025-03-09")]
    assert decide(months(0.2, 0.2), log, RULE, at("2025-03-09")).reason is NoticeReason.CORRECTED
    assert decide(months(0.2, 0.2), log, RULE, at("2025-03-08")).reason is NoticeReason.NOTHING


SIGNAL = Rule("signal", 1, "calls.wait_first_mean_s", PeriodKind.MONTH, "above", LONDON, kind="signal")
STEADY = (20.0, 22.0, 18.0, 21.0, 19.0, 20.0, 22.0, 18.0, 20.0, 21.0, 19.0, 20.0)


def test_a_signal_on_too_few_records_is_not_told() -> None:
    rows = months(*STEADY, 30.0)
    assert decide(rows, [], SIGNAL, at("2026-02-09")).flags == ("outside",)
    assert decide(rows, [], replace(SIGNAL, min_n=201), at("2026-02-09")).reason is NoticeReason.NOTHING


def test_a_declared_rebase_and_a_new_definition_start_the_limits_anew() -> None:
    rows = months(*STEADY, 30.0)
    declared = replace(SIGNAL, rebased_on=(date(2025, 6, 1),))
    assert decide(rows, [], declared, at("2026-02-09")).flags == ()
    rows[-1] = replace(rows[-1], definition_version="2")
    assert decide(rows, [], SIGNAL, at("2026-02-09")).flags == ()


def test_signals_lose_their_feed_and_get_it_back() -> None:
    rule = replace(SIGNAL, due_days=20)
    rows = months(*STEADY)
    silent = decide(rows, [], rule, at("2026-03-09"))
    assert (silent.state, silent.reason) == (State.NO_DATA, NoticeReason.NO_DATA)
    log = [silent.delivered(at("2026-03-09"), rule)]
    assert decide(rows, log, rule, at("2026-03-10")).reason is NoticeReason.NOTHING
    assert decide(months(*STEADY, 20.0), log, rule, at("2026-03-11")).reason is NoticeReason.DATA_BACK
    assert decide(months(*STEADY, 30.0), log, rule, at("2026-03-11")).reason is NoticeReason.SIGNAL
    assert decide(months(*STEADY, 30.0), log, rule, at("2026-03-08")).tell is False


def test_signals_are_read_from_weeks_and_months_only() -> None:
    with pytest.raises(ValueError, match="signals are read from weeks or months, not day"):
        replace(SIGNAL, period=PeriodKind.DAY)


WORKS = Downtime(date(2025, 3, 9), date(2025, 3, 12), "new telephone system")


def test_in_planned_downtime_nobody_is_told_and_afterwards_what_then_holds() -> None:
    rule = replace(RULE, downtime=(WORKS,))
    rows = months(0.2, 0.36)
    held = decide(rows, [], rule, at("2025-03-09"))
    assert (held.tell, held.reason, held.held_back) == (False, NoticeReason.FIRST_BREACH, HeldBack.MAINTENANCE)
    # Both days are of it, by the local day: 23:30 UTC on the 12th is still the 12th, in March as in winter.
    assert not decide(rows, [], rule, datetime(2025, 3, 12, 23, 30, tzinfo=UTC)).tell
    after = decide(rows, [], rule, datetime(2025, 3, 13, 0, 0, tzinfo=UTC))
    assert (after.tell, after.held_back) == (True, None)
    assert next_due(rows, [], rule, at("2025-03-09")) == datetime(2025, 3, 13, tzinfo=UTC)
    assert decide(months(0.2, 0.2), [], rule, at("2025-03-13")).reason is NoticeReason.NOTHING, "corrected meanwhile"


def test_downtime_holds_signals_back_too() -> None:
    rows = months(*STEADY, 30.0)
    works = Downtime(date(2026, 2, 9), date(2026, 2, 9), "works")
    held = decide(rows, [], replace(SIGNAL, downtime=(works,)), at("2026-02-09"))
    assert (held.tell, held.reason, held.held_back) == (False, NoticeReason.SIGNAL, HeldBack.MAINTENANCE)


@pytest.mark.parametrize(
    ("values", "n", "more", "why"),
    [
        ((0.36,), 200, {"m": 2, "n": 3}, HeldBack.NOT_ENOUGH_PERIODS),
        ((0.36,), 29, {"min_n": 30}, HeldBack.TOO_FEW_RECORDS),
        ((0.29,), 29, {"min_n": 30}, None),
        ((0.36, 0.2, 0.2), 200, {}, HeldBack.HISTORY),
        ((0.2, 0.2), 200, {}, None),
    ],
)
def test_why_nobody_is_told(values: tuple[float, ...], n: int, more: dict[str, Any], why: HeldBack | None) -> None:
    rows = [replace(row, n=n) for row in months(*values)]
    found = decide(rows, [], replace(RULE, **more), at("2025-06-09"))
    assert (found.tell, found.held_back) == (False, why)


def test_a_breach_that_was_told_waits_for_its_interval() -> None:
    rule = replace(RULE, renotify_days=28)
    log = [told(NoticeReason.FIRST_BREACH, "2025-03-01", "2025-03-09")]
    rows = months(0.2, 0.36)
    assert decide(rows, log, rule, at("2025-04-05")).held_back is HeldBack.TOLD_BEFORE
    again = decide(rows, log, rule, at("2025-04-06"))
    assert (again.reason, again.held_back) == (NoticeReason.STILL_IN_BREACH, None)


def test_a_configured_rule_is_taken_over_whole() -> None:
    configured = ThresholdRule(
        id="wait", title="Waits", metric="m", period=PeriodKind.WEEK, direction="below",
        severities=(Severity("w", 0.9),), recover=0.95, m=2, n=3, k=4, min_n=5,
        renotify_days=6, due_days=7, max_age_days=8,
    )  # fmt: skip
    rebases = tuple(Rebase(metric, date(2025, 6, 1), "new telephone system", "J. Smith") for metric in ("m", "other"))
    rule = Rule.of(configured, Force(name="Test", downtime=(WORKS,), rebases=rebases[1:]))
    assert (rule.zone, rule.downtime, rule.rebased_on) == (LONDON, (WORKS,), ())
    assert Rule.of(configured, Force(name="Test", rebases=rebases)).rebased_on == (date(2025, 6, 1),)
    same = ("id", "revision", "metric", "period", "direction", "kind", "severities", "recover", "m", "n", "k", "min_n")
    for name in (*same, "renotify_days", "due_days", "max_age_days"):
        assert getattr(rule, name) == getattr(configured, name), name


def test_an_example_reads_as_it_is_written() -> None:
    row = an_observation(ANY_ORDER["series"][0])
    assert (row.period_start, row.as_at) == (date(2025, 1, 1), datetime(2025, 2, 9, 5, tzinfo=UTC))
