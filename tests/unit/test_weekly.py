"""The weekly digest: when it is due, what it says to the letter, and what it never says."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callclock.clock import PeriodKind
from callclock.notices import Link, Mail, wrapped
from callclock.outbox import message
from callclock.reasons import ExportReason, ExportStatus, NoticeReason, State
from callclock.replay import Rule
from callclock.settings import Downtime, Severity
from callclock.weekly import Feed, Span, Standing, Stopped, Watched, due, feeds
from callclock.weekly_mail import Digest
from tests.support.notice_schemas import check
from tests.unit.test_notices import ABANDONED, BREACHED, CONTEXT, FIRST, SERIES, month

LONDON = ZoneInfo("Europe/London")
GOLDEN = Path(__file__).parents[1] / "golden/digests"
NOW = datetime(2026, 3, 16, 5, 15, tzinfo=UTC)
WEEK = Span(date(2026, 3, 9), date(2026, 3, 16))
LINKS = (Link("The page", "internal/page/force_code=NORTH/index.html"),)
PLAIN = replace(CONTEXT, split=None, links=())
CALLS = Watched(ABANDONED, BREACHED, [FIRST], PLAIN)
ANSWERED = Watched(
    replace(ABANDONED, id="answered", direction="below", severities=(Severity("warning", 0.9),), recover=0.92),
    [month(12, 9210, 10_000), month(13, 9180, 10_000)],
    [],
    replace(PLAIN, title="999 calls answered within ten seconds", where={"line": "999"}),
)
WAITS = Watched(
    Rule("wait", "w1", "calls.wait_first_mean_s", PeriodKind.MONTH, "above", LONDON, kind="signal"),
    [
        replace(month(place, 1, 900), value=float(value), numerator=None, denominator=None)
        for place, value in enumerate((120, 132, 108, 126, 114, 120, 132, 108, 120, 126, 114, 120, 121, 30))
    ],
    [],
    replace(PLAIN, title="Time to answer 101", unit="s"),
)
FEEDS = [
    Feed("phones", "calls", datetime(2026, 3, 15, 23, tzinfo=UTC), 1, 3),
    Feed("web forms", "contacts", datetime(2026, 2, 2, 6, tzinfo=UTC), 42, 31),
]
STOPPED = [
    Stopped("incoming/NORTH/2026/calls (2).zip (march/a.csv)", ExportStatus.HELD, ExportReason.LOST_AM_PM, datetime(2026, 3, 12, tzinfo=UTC)),
    Stopped("incoming/NORTH/notes.csv", ExportStatus.REFUSED, ExportReason.NO_PROFILE, datetime(2026, 3, 9, tzinfo=UTC)),
    Stopped("incoming/NORTH/old.csv", ExportStatus.REFUSED, ExportReason.NOT_TEXT, datetime(2026, 3, 8, 23, 59, tzinfo=UTC)),
]  # fmt: skip


def digest(
    *watched: Watched,
    span: Span = WEEK,
    now: datetime = NOW,
    sources: list[Feed] | None = None,
    stopped: list[Stopped] | None = None,
) -> Mail:
    ends = [end for w in watched if (end := w.rule.maintenance_ends(now))]
    made = Digest(
        "NORTH", "North Constabulary", LONDON, span, now, [Standing.of(w, now) for w in watched],
        FEEDS[:1] if sources is None else sources, LINKS, stopped or [], max(ends, default=None),
    ).mail()  # fmt: skip
    check(made.data)
    return replace(made, body=wrapped(made.body))


def golden(name: str, sent: Mail) -> None:
    """Hold a whole mail against the text kept for it, which was read and worked out by hand."""
    assert f"Subject: {sent.subject}\n\n{sent.body}" == (GOLDEN / f"{name}.txt").read_text("utf-8")


def test_the_whole_mail_of_a_bad_week() -> None:
    recovering = replace(
        CALLS,
        rule=replace(ABANDONED, id="a"),
        series=[*BREACHED, month(14, 700, 10_000)],
        log=[],
        context=replace(PLAIN, title="101 calls abandoned, area <b>West"),
    )
    stale = replace(ANSWERED, rule=replace(ANSWERED.rule, max_age_days=3))
    golden("bad_week", digest(CALLS, recovering, stale, WAITS, ANSWERED, sources=FEEDS, stopped=STOPPED))


def test_the_whole_mail_of_a_good_week() -> None:
    golden("good_week", digest(ANSWERED))


def test_numbers_and_state_as_data() -> None:
    sent = digest(ANSWERED, CALLS, WAITS, sources=FEEDS)
    assert sent.attributes == {
        "force_code": "NORTH", "reason": "digest", "state": "breach", "feeds": "late", "exports": "read",
    }  # fmt: skip
    answered, calls, waits = sent.data["figures"]  # type: ignore[misc]
    assert (answered["state"], calls["state"], waits["state"]) == ("ok", "breach", "ok")
    assert (calls["since"], calls["severity"]) == ("2026-02-01", "critical")
    assert (calls["newest"]["value"], calls["newest"]["n"]) == (2754 / 12_145, 12_145)
    assert calls["before"]["period_end"] == "2026-02-01"
    assert waits["better"] == ["outside"]
    assert waits["worse"] == []
    assert [(told["at"], told["reason"]) for told in sent.data["told"]] == [
        ("2026-03-09T05:00:00.000Z", "first_breach")
    ]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("at", "there"),
    [
        ("2026-03-08T23:59:00Z", False),
        ("2026-03-09T00:00:00Z", True),
        ("2026-03-15T23:59:00Z", True),
        ("2026-03-16T00:00:00Z", False),
    ],
)
def test_what_was_told_belongs_to_its_local_week(at: str, there: bool) -> None:
    entry = replace(FIRST, at=datetime.fromisoformat(at))
    assert bool(digest(replace(CALLS, log=[entry])).data["told"]) is there


def test_state_is_that_of_the_figures_whatever_was_told() -> None:
    sent = digest(replace(CALLS, log=[]))
    assert sent.subject == "[NORTH] Week to 15 March 2026: 1 beyond its limit, of 1 figure"
    assert "WHAT WAS TOLD IN THAT TIME\nNothing.\n" in sent.body


def test_downtime_is_named_and_hides_nothing() -> None:
    rule = replace(ABANDONED, downtime=(Downtime(date(2026, 3, 14), date(2026, 3, 17), "new telephones"),))
    sent = digest(replace(CALLS, rule=rule))
    assert "Planned downtime until Wednesday 18 March 2026, 00:00 holds notices\nback.\n" in sent.body
    assert sent.data["downtime_ends"] == "2026-03-18T00:00:00.000Z"
    assert sent.data["state"] == "breach"


def test_a_rule_without_any_figure_is_said_to_have_none() -> None:
    sent = digest(replace(CALLS, series=[], log=[], context=replace(PLAIN, unit="")))
    assert "- 101 calls abandoned: there is no complete figure yet.\n" in sent.body
    assert sent.subject == "[NORTH] Week to 15 March 2026: 1 without data, of 1 figure"


def test_exports_as_data() -> None:
    sent = digest(ANSWERED, stopped=STOPPED)
    assert sent.attributes["exports"] == "stopped"
    assert [(export["object_key"], export["status"]) for export in sent.data["exports_stopped"]] == [  # type: ignore[attr-defined]
        ("incoming/NORTH/notes.csv", "refused"), ("incoming/NORTH/2026/calls (2).zip (march/a.csv)", "held"),
    ]  # fmt: skip
    assert sent.data["exports_stopped_in_all"] == 3
    assert sent.subject == "[NORTH] Week to 15 March 2026: all within their limits, 2 exports not read"


def test_a_digest_of_a_great_many_figures_fits_in_a_message_and_lists_the_worst() -> None:
    """SNS takes 262,144 bytes in all: 400 rules of whole regions, each told twice, and as many exports refused."""
    long = "Galwadau a gollwyd â ‘gair’ hir " * 4
    many = [
        replace(
            CALLS if n % 4 == 3 else ANSWERED,
            rule=replace(CALLS.rule if n % 4 == 3 else ANSWERED.rule, id=f"rule-{n}"),
            log=[FIRST, replace(FIRST, at=FIRST.at + timedelta(hours=1))],
            context=replace(PLAIN, title=f"{long} {n}", where={"line": "101", "area": f"Ardal {n}", "queue": long}),
        )
        for n in range(400)
    ]
    exports = [replace(STOPPED[1], shown=f"incoming/NORTH/{long}/{n}/{long}.csv") for n in range(400)]
    sent = digest(*many, sources=FEEDS * 20, stopped=exports)
    assert len(message(sent.subject, sent.body, sent.data).encode()) < 262_144
    figures: list[Any] = sent.data["figures"]  # type: ignore[assignment]
    assert [figure["rule_id"] for figure in figures] == [f"rule-{n}" for n in range(3, 400, 4)]
    assert sent.data["figures_in_all"] == 400
    assert len(sent.data["told"]) == len(sent.data["exports_stopped"]) == 50  # type: ignore[arg-type]
    assert "400 figures are watched: 100 beyond their limit and 300 within their" in sent.body
    assert "Only the 100 that are worst are listed." in sent.body
    assert "350 exports told of before still wait" in sent.body


def test_a_small_number_is_nowhere_in_the_digest() -> None:
    rows = [month(12, 3, 4000), month(13, 3, 8)]
    sent = digest(Watched(replace(ABANDONED, min_n=0), rows, [], PLAIN), sources=[])
    said = sent.body.replace("\n  ", " ")
    assert "Not printed for February 2026 (small numbers), above the limit of 20.0 % (critical)." in said
    assert "January 2026: not printed (small numbers)." in said
    [figure] = sent.data["figures"]  # type: ignore[misc]
    assert figure["newest"]["value"] is None
    assert figure["before"]["value"] is None
    assert figure["newest"]["value_hidden"]


def test_subject_and_lines_keep_within_their_limits() -> None:
    many = [replace(CALLS, rule=replace(ABANDONED, id=str(n))) for n in range(150)]
    sent = digest(*many, *(replace(w, rule=replace(w.rule, max_age_days=1)) for w in many), WAITS)
    assert len(sent.subject) <= 100
    assert sent.subject.isascii()
    assert max(len(line) for line in sent.body.splitlines()) <= 72


@pytest.mark.parametrize(
    ("now", "until", "span"),
    [
        ("2026-03-16T05:15:00Z", [], ("2026-03-09", "2026-03-16")),
        ("2026-03-18T05:15:00Z", ["2026-03-09"], ("2026-03-09", "2026-03-16")),
        ("2026-03-16T05:15:00Z", ["2026-02-16", "2026-02-09"], ("2026-02-16", "2026-03-16")),
        ("2026-03-16T05:15:00Z", ["2026-03-16"], None),
        ("2026-03-15T05:15:00Z", ["2026-03-16"], None),
        # Weeks begin at local midnight: an hour earlier by UTC in summer.
        ("2026-06-14T23:30:00Z", ["2026-06-08"], ("2026-06-08", "2026-06-15")),
        ("2026-06-14T22:30:00Z", ["2026-06-08"], None),
    ],
)
def test_a_digest_is_due_once_in_a_local_week(now: str, until: list[str], span: tuple[str, str] | None) -> None:
    found = due([date.fromisoformat(day) for day in until], datetime.fromisoformat(now), LONDON)
    assert (found and (str(found.start), str(found.end))) == span


def taken(*days: int) -> list[tuple[str, str, datetime]]:
    return [("phones", "calls", datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)) for day in days]


def test_a_feed_is_late_when_it_never_paused_for_so_long() -> None:
    now = datetime(2026, 1, 31, 5, tzinfo=UTC)
    [feed] = feeds(taken(0, 10, 20), [], now, LONDON)
    assert (feed.days, feed.longest_pause, feed.late) == (10, 10, False)
    [feed] = feeds(taken(0, 10, 20), [], now + timedelta(days=1), LONDON)
    assert feed.late
    [feed] = feeds(taken(0, 20), [], now + timedelta(days=100), LONDON)
    assert (feed.longest_pause, feed.late) == (None, False)
    assert feeds(taken(0, 10, 20), ["phones"], now, LONDON) == []


def test_a_whole_month_in_which_nothing_happened_is_no_missing_figure() -> None:
    watched = replace(
        CALLS, series=[*SERIES, replace(month(12, 1, 10), value=None)], rule=replace(ABANDONED, due_days=None)
    )
    assert Standing.of(watched, NOW).state is State.OK
    assert "- 101 calls abandoned: nothing to count in January 2026.\n" in digest(watched).body


def test_an_open_breach_is_remembered_while_data_are_missing() -> None:
    body = digest(replace(CALLS, rule=replace(ABANDONED, max_age_days=3))).body
    assert "When data stopped a breach was open, since February 2026.\n" in body.replace("\n  ", " ")


def test_every_reason_can_be_told_of() -> None:
    reasons = [reason for reason in NoticeReason if reason not in {NoticeReason.HISTORY, NoticeReason.NOTHING}]
    log = [replace(FIRST, at=datetime(2026, 3, 10, n, tzinfo=UTC), reason=r) for n, r in enumerate(reasons)]
    assert [told["reason"] for told in digest(replace(CALLS, log=log)).data["told"]] == reasons  # type: ignore[attr-defined]
