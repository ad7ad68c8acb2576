"""What the mails say, to the letter, and what they never say."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callclock.clock import Month, PeriodKind
from callclock.gaps import gap_of
from callclock.moved_text import Sides
from callclock.notices import (
    Context,
    ExportTrouble,
    Link,
    Mail,
    QuarantineLeapt,
    Split,
    compose,
    compose_export,
    compose_leap,
    file_name,
    wrapped,
)
from callclock.parts import Part
from callclock.reasons import ExportReason, ExportStatus, NoticeReason, State
from callclock.settings import Severity
from callclock.small_numbers import is_hidden
from callclock.thresholds import Delivered, Observation, Rule, decide
from tests.support.notice_schemas import check

LONDON = ZoneInfo("Europe/London")
GOLDEN = Path(__file__).parents[1] / "golden/notices"
LEVELS = (Severity("warning", 0.1), Severity("critical", 0.2))
ABANDONED = Rule(
    "101-abandonment", "a1", "calls.abandonment_rate", PeriodKind.MONTH, "above", LONDON,
    severities=LEVELS, recover=0.08, min_n=200, renotify_days=28, due_days=20,
)  # fmt: skip
# By hand: mean 6550/12 = 545.8, mean range 900/11 = 81.8, so limits 545.8 +/- 217.6: 3.3 % to 7.6 % of 10,000.
USUAL = (500, 600, 550, 500, 700, 600, 500, 450, 500, 550, 600, 500)
PARTS = (
    Part("skill", 700, 8000, 2000, 8000),
    Part("switchboard", 300, 3000, 600, 3200),
    Part("welsh", 2, 20, 4, 25),
    Part("other", 100, 900, 150, 920),
)
CONTEXT = Context(
    force_code="NORTH",
    force_name="North Constabulary",
    title="101 calls abandoned",
    unit="share",
    where={"line": "101"},
    split=Split("queue", "January 2026", PARTS),
    links=(
        Link("The figures", "https://athena.example.org/saved/101-abandonment?month=2026-02&line=101&grade=all"),
        Link("The page", "internal/page/force_code=NORTH/index.html"),
    ),
)


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T05:00:00+00:00")


def month(place: int, numerator: int, denominator: int) -> Observation:
    span = Month(2025, 1).plus(place)
    end = span.next_first_day
    as_at = datetime(end.year, end.month, 9, 5, tzinfo=UTC)
    return Observation(
        span.first_day, end, numerator / denominator, denominator, True, as_at,
        numerator=numerator, denominator=denominator,
    )  # fmt: skip


SERIES = [month(place, n, 10_000) for place, n in enumerate(USUAL)]
JANUARY, FEBRUARY = month(12, 1102, 11_920), month(13, 2754, 12_145)
BREACHED = [*SERIES, JANUARY, FEBRUARY]
FIRST = Delivered(
    at("2026-03-09"), "a1", NoticeReason.FIRST_BREACH, State.BREACH, "critical", date(2026, 2, 1), date(2026, 3, 1)
)


def mail(
    rows: list[Observation], log: list[Delivered], now: str, rule: Rule = ABANDONED, context: Context = CONTEXT
) -> Mail:
    decision = decide(rows, log, rule, at(now))
    assert decision.tell
    sent = compose(decision, rule, rows, context, at(now))
    check(sent.data)
    return replace(sent, body=wrapped(sent.body))


def test_first_breach() -> None:
    rows = [*SERIES, JANUARY, replace(FEBRUARY, n_excluded=3, n_unknown=40)]
    sent = mail(rows, [], "2026-03-09", context=replace(CONTEXT, silent_sources=("phones", "web forms")))
    assert sent.subject == "[NORTH] 101 calls abandoned: beyond its limit (critical), 22.7 % in February 2026"
    assert sent.body == (
        "101 calls abandoned: beyond its limit (critical)\n"
        "North Constabulary (NORTH), line 101.\n"
        "Beyond its limit since February 2026.\n"
        "\n"
        "THE VALUE\n"
        "22.7 % in February 2026, above the limit of 20.0 % (critical). From\n"
        "12,145 calls.\n"
        "In January 2026 it was 9.2 %.\n"
        "It counts as recovered at 8.0 % or less, 2 in a row.\n"
        "Its usual range is 3.3 % to 7.6 % (limits locked on 12 months).\n"
        "\n"
        "WHAT MOVED IT MOST\n"
        "Against January 2026: +13.4 points. By queue:\n"
        "- skill: +10.8 points\n"
        "- switchboard: +2.2 points\n"
        "- all others together: +0.4 points\n"
        "Of skill: +10.8 points because its own figure changed, 0.0 points\n"
        "because its part of the whole did.\n"
        "\n"
        "HOW COMPLETE THE DATA ARE\n"
        "February 2026 is complete: it is over, every record has reached its\n"
        "mark, no export is missing. Data as at Monday 9 March 2026, 05:00.\n"
        "Left out: fewer than 5 outside the population and 40 with an unknown\n"
        "outcome.\n"
        "Nothing new came from: phones and web forms.\n"
        "\n"
        "WHAT TO LOOK AT\n"
        "- The figures:\n"
        "  https://athena.example.org/saved/101-abandonment?month=2026-02&line=101&grade=all\n"
        "- The page:\n"
        "  internal/page/force_code=NORTH/index.html\n"
    )
    assert sent.attributes == {
        "force_code": "NORTH",
        "metric": "calls.abandonment_rate",
        "severity": "critical",
        "reason": "first_breach",
        "state": "breach",
        "period_kind": "month",
        "line": "101",
    }


def test_of_a_long_title_the_figure_is_left_in_the_subject() -> None:
    """It was cut at the end: ``beyond its limit (critical), 2...`` told nobody anything."""
    long = replace(CONTEXT, title="Grade 2 domestic abuse: nobody came within seven days, by the day")
    subject = mail(BREACHED, [], "2026-03-09", context=long).subject
    assert (
        subject
        == "[NORTH] Grade 2 domestic abuse: nobody came within seven day...: beyond its limit (critical), 22.7 %"
    )
    assert len(subject) == 100
    accents = replace(CONTEXT, title="Gradd 2 cam-drin domestig: neb wedi cyrraedd o fewn saith diwrnod \u2014 ŵŷ")
    assert mail(BREACHED, [], "2026-03-09", context=accents).subject.endswith(
        "...: beyond its limit (critical), 22.7 %"
    )


def test_a_telephone_breaks_the_lines_itself() -> None:
    """Lines broken at 72 would be broken once more on a screen of 40: each sentence is one line, whatever its length."""
    decision = decide(BREACHED, [], ABANDONED, at("2026-03-09"))
    body = compose(decision, ABANDONED, BREACHED, CONTEXT, at("2026-03-09")).body
    assert (
        "\n22.7\N{NO-BREAK SPACE}% in February 2026, above the limit of 20.0\N{NO-BREAK SPACE}% (critical). From 12,145 calls.\n"
        in body
    )
    assert max(map(len, wrapped(body).split("\n"))) < max(map(len, body.split("\n")))
    assert [line for line in body.split("\n") if line and line[0].islower()] == [], "no line goes on in the next"
    assert " ".join(wrapped(body).split()) == " ".join(body.split())


def test_recovered() -> None:
    rows = [*BREACHED, month(14, 700, 10_000), month(15, 690, 10_000)]
    sent = mail(rows, [FIRST], "2026-05-09", context=replace(CONTEXT, split=None, links=()))
    assert sent.subject == "[NORTH] 101 calls abandoned: recovered, 6.9 % in April 2026"
    assert sent.body == (
        "101 calls abandoned: recovered\n"
        "North Constabulary (NORTH), line 101.\n"
        "The breach that began in February 2026 is over.\n"
        "\n"
        "THE VALUE\n"
        "6.9 % in April 2026, within the limit of 10.0 % (warning). From 10,000\n"
        "calls.\n"
        "In March 2026 it was 7.0 %.\n"
        "It counts as recovered at 8.0 % or less, 2 in a row.\n"
        "Its usual range is 3.3 % to 7.6 % (limits locked on 12 months).\n"
        "\n"
        "WHAT MOVED IT MOST\n"
        "This measure has no split that adds up; see what to look at.\n"
        "\n"
        "HOW COMPLETE THE DATA ARE\n"
        "April 2026 is complete: it is over, every record has reached its mark,\n"
        "no export is missing. Data as at Saturday 9 May 2026, 06:00.\n"
    )
    assert sent.attributes["severity"] == "none"


def test_no_data() -> None:
    march = replace(month(14, 100, 900), complete=False)
    sent = mail([*BREACHED, march], [FIRST], "2026-04-22")
    assert sent.subject == "[NORTH] 101 calls abandoned: no data"
    assert sent.attributes["severity"] == "none"
    assert "When data stopped it was beyond its limit, since February 2026.\n" in sent.body
    assert "March 2026 was due by Tuesday 21 April 2026 and has no complete figure.\n" in sent.body
    assert "The newest data are as at Thursday 9 April 2026, 06:00.\n" in sent.body
    assert "WHAT MOVED IT MOST" not in sent.body


def golden(name: str, sent: Mail) -> None:
    """Hold a whole mail against the text kept for it, which was read and worked out by hand."""
    assert f"Subject: {sent.subject}\n\n{sent.body}" == (GOLDEN / f"{name}.txt").read_text("utf-8")


def test_the_whole_mail_of_a_reminder() -> None:
    parts = (
        Part("skill", 2000, 8000, 1900, 6500),
        Part("switchboard", 600, 3200, 550, 2700),
        Part("welsh", 154, 945, 150, 800),
    )
    context = replace(CONTEXT, split=Split("queue", "February 2026", parts))
    golden("reminder", mail([*BREACHED, month(14, 2600, 10_000)], [FIRST], "2026-04-09", context=context))


def test_the_whole_mail_of_a_feed_that_stopped() -> None:
    march = replace(month(14, 100, 900), complete=False)
    context = replace(CONTEXT, silent_sources=("phones",))
    golden("no_data", mail([*BREACHED, march], [FIRST], "2026-04-22", context=context))


def test_the_whole_mail_of_a_correction() -> None:
    rows = [*SERIES, JANUARY, replace(FEBRUARY, value=0.09, numerator=1093, restated_from=0.227)]
    golden("corrected", mail(rows, [FIRST], "2026-03-12", context=replace(CONTEXT, split=None)))


def test_data_back() -> None:
    log = [FIRST, replace(FIRST, at=at("2026-04-22"), reason=NoticeReason.NO_DATA, state=State.NO_DATA, severity=None)]
    sent = mail([*BREACHED, month(14, 2500, 10_000)], log, "2026-04-25")
    assert (
        sent.subject == "[NORTH] 101 calls abandoned: data are back, beyond its limit (critical), 25.0 % in March 2026"
    )


def test_corrected() -> None:
    rows = [*SERIES, JANUARY, replace(FEBRUARY, value=0.09, numerator=1093, restated_from=0.227)]
    sent = mail(rows, [FIRST], "2026-03-12")
    assert "The breach told as beginning in February 2026 is not in the corrected\nfigures.\n" in sent.body
    assert "February 2026 had been published as 22.7 % and is now 9.0 %.\n" in sent.body
    assert sent.data["ended_since"] == "2026-02-01"


def test_past_breach_found() -> None:
    rows = [*SERIES[:5], replace(SERIES[5], value=0.15, numerator=1500, restated_from=0.06), *SERIES[6:]]
    sent = mail(rows, [], "2026-01-09")
    assert sent.subject == "[NORTH] 101 calls abandoned: a past breach came to light, 15.0 % in June 2025"
    assert "Corrected figures show a breach that began in June 2025 and nobody was\ntold of.\n" in sent.body
    assert "June 2025 had been published as 6.0 % and is now 15.0 %.\n" in sent.body
    assert sent.data["page"] is False


def test_the_second_past_breach_of_a_year_to_date_is_told_by_its_own_month() -> None:
    rule = replace(ABANDONED, period=PeriodKind.FY_TO_DATE, due_days=None, k=1)
    shares = {5: 0.15, 6: 0.06, 7: 0.17, 8: 0.05}
    rows = [
        replace(FEBRUARY, period_start=date(2025, 4, 1), period_end=date(2025, n, 1), value=value, restated_from=0.05)
        for n, value in shares.items()
    ]
    first = decide(rows, [], rule, at("2026-03-09")).delivered(at("2026-03-09"), rule)
    sent = mail(rows, [first], "2026-03-10", rule=rule)
    assert sent.subject == "[NORTH] 101 calls abandoned: a past breach came to light, 17.0 %"
    said = sent.body.replace("\n", " ")
    assert "began in the financial year to 30 June 2025 and nobody" in said
    assert "year to 30 June 2025 had been published as 5.0 % and is now 17.0 %." in said
    assert "year to 30 April 2025" not in said
    assert sent.data["period_end"] == "2025-07-01"


def test_rule_changed() -> None:
    rule = replace(ABANDONED, revision="b2", severities=(Severity("warning", 0.3),), recover=0.25)
    sent = mail(BREACHED, [FIRST], "2026-03-12", rule=rule)
    assert sent.subject == "[NORTH] 101 calls abandoned: new rule, within its limits, 22.7 % in February 2026"
    assert "what was told since February 2026 ends" in sent.body.replace("\n", " ")


def test_a_signal_in_seconds() -> None:
    rule = Rule("wait", 1, "calls.wait_first_mean_s", PeriodKind.MONTH, "above", LONDON, kind="signal")
    seconds = (120, 132, 108, 126, 114, 120, 132, 108, 120, 126, 114, 120, 270)
    rows = [replace(month(place, 1, 900), value=float(value)) for place, value in enumerate(seconds)]
    context = replace(CONTEXT, title="Time to answer 101", unit="s", split=None)
    sent = mail(rows, [], "2026-02-09", rule=rule, context=context)
    golden("signal", sent)
    assert "The newest figure completes: a value outside its usual limits.\n" in sent.body
    assert "4 min 30 s in January 2026. From 900 calls.\n" in sent.body
    # The worked chart in steps of 6 s: mean 20, limits 14.196 and 25.804.
    assert "Its usual range is 1 min 25 s to 2 min 35 s (limits locked on 12\nmonths).\n" in sent.body
    assert "recovered at" not in sent.body
    assert sent.data["flags"] == ["outside"]
    assert sent.attributes["severity"] == "none"


def test_with_few_points_the_usual_range_is_that_of_the_last() -> None:
    sent = mail([*SERIES[:3], replace(month(3, 2500, 10_000))], [], "2025-05-09")
    assert "The last 3 earlier figures lay between 5.0 % and 6.0 %.\n" in sent.body
    alone = mail([month(0, 2500, 10_000)], [], "2025-02-09")
    assert "There are too few earlier figures to say what is usual.\n" in alone.body
    assert "it was" not in alone.body


def test_the_first_figure_of_all_has_nothing_to_be_held_against() -> None:
    """It said that the measure has no split, which was not why."""
    context = replace(CONTEXT, split=None)
    alone = mail([month(0, 2500, 10_000)], [], "2025-02-09", context=context)
    assert "WHAT MOVED IT MOST\nThere is no earlier figure to hold it against.\n" in alone.body
    later = mail([month(0, 500, 10_000), month(1, 2500, 10_000)], [], "2025-03-09", context=context)
    assert "This measure has no split that adds up" in later.body
    assert "In January 2025 it was 5.0 %.\n" in later.body
    small = mail([month(0, 3, 10_000), month(1, 2500, 10_000)], [], "2025-03-09", context=context)
    assert "it was" not in small.body


def test_where_is_said_as_people_say_it() -> None:
    where = {
        "grade": "2", "grade_scheme": "standard", "grade_basis": "final", "population": "domestic_abuse",
        "window_label": "72h", "stage": "switchboard_queue", "outcome": "call_999", "basis": "record", "hour_of_week": "042",
    }  # fmt: skip
    said = mail(BREACHED, [], "2026-03-09", context=replace(CONTEXT, where=where)).body.replace("\n", " ")
    assert (
        "(NORTH), grade 2, final grade, domestic abuse, within 72h, in the queue of the switchboard, call 999, "
        "hour of week 042." in said
    )


def test_a_mean_is_split_in_seconds() -> None:
    rule = replace(ABANDONED, metric="attendance.mean_s", severities=(Severity("warning", 3600.0),), recover=3000.0)
    rows = [replace(JANUARY, value=3000.0), replace(FEBRUARY, value=7200.0)]
    split = Split(
        "area", "January 2026", (Part("east", 1.5e6, 500, 6.9e6, 500), Part("west", 1.5e6, 500, 0.3e6, 500)), "s"
    )
    sent = mail(rows, [], "2026-03-09", rule=rule, context=replace(CONTEXT, unit="s", split=split))
    assert "Against January 2026: +1 h 10 min. By area:\n- east: +1 h 30 min\n- west: -20 min 0 s\n" in sent.body


def test_the_whole_mail_of_a_median() -> None:
    """By hand: 250 of 500 and 210 of 520 within the mark, 50.0 % and 40.4 %. East by its rate (0.3 - 0.5) x (0.5 + 0.5) / 2."""
    rule = replace(
        ABANDONED, id="wait", metric="attendance.median_s", severities=(Severity("warning", 36 * 3600.0),),
        recover=20 * 3600.0,
    )  # fmt: skip
    rows = [replace(row, value=hours * 3600.0) for row, hours in zip([JANUARY, FEBRUARY], (30, 43.25), strict=True)]
    parts = (Part("East", 125, 250, 78, 260), Part("West", 120, 240, 128, 250), Part("unknown", 5, 10, 4, 10))
    split = Split(
        "area",
        "January 2026",
        parts,
        about="It has no parts that add up; the share of incidents attended within 24 hours, the nearest mark, has.",
    )
    context = replace(CONTEXT, title="Grade 2: time to attend", unit="s", where={"grade": "2"}, split=split)
    golden("median", mail(rows, [], "2026-03-09", rule=rule, context=context))


def test_the_whole_mail_of_a_gap() -> None:
    """By hand: 30 h over 15 h is 2, 44 h over 16 h is 2.75. 14 (1/15 + 1/16) / 2 = 0.904, (1/16 - 1/15) 74 / 2 = -0.154.

    Within 24 hours: 240 of 500 and 190 of 500; East (0.4 - 0.6) x (0.5 + 0.5) / 2 = -10 points, West nothing.
    """
    rule = replace(
        ABANDONED, id="gap", metric="attendance.gap_ratio", severities=(Severity("warning", 1.25), Severity("critical", 1.75)),
        recover=1.1, min_n=10,
    )  # fmt: skip

    def side(row: Observation, hours: float, n: int) -> Observation:
        return replace(row, value=hours * 3600.0, n=n, numerator=None, denominator=None)

    waited = [(JANUARY, (30, 500), (15, 2100)), (FEBRUARY, (44, 500), (16, 2204))]
    rows = [
        replace(row, value=a[0] / b[0], n=None, numerator=None, denominator=None, sides=(side(row, *a), side(row, *b)))
        for row, a, b in waited
    ]
    within = Split(
        "area", "January 2026", (Part("East", 150, 250, 100, 250), Part("West", 90, 250, 90, 250)),
        about="Its median has no parts that add up; the share of incidents attended within 24 hours, the nearest mark, has.",
        suppress_below=10,
    )  # fmt: skip
    gap = gap_of(rule.metric)
    assert gap
    context = replace(
        CONTEXT, title="Grade 2: domestic abuse waits longer than the grade as a whole", unit="ratio",
        where={"grade": "2", "population": "domestic_abuse"},
        split=Sides(gap, "January 2026", rows[0].sides, rows[1].sides, "ratio", within),
    )  # fmt: skip
    sent = mail(rows, [], "2026-03-09", rule=rule, context=context)
    golden("gap", sent)
    few = [rows[0], replace(rows[1], sides=(side(FEBRUARY, 44, 9), rows[1].sides[1]))]
    hidden = mail(few, [], "2026-03-09", rule=replace(rule, min_n=0), context=context)
    assert "2.75" not in hidden.subject + hidden.body
    assert hidden.data["value_hidden"]


def test_a_count_is_split_in_counts() -> None:
    rule = replace(ABANDONED, metric="attendance.open", severities=(Severity("warning", 60.0),), recover=40.0, min_n=0)
    rows = [replace(JANUARY, value=40.0, n=None), replace(FEBRUARY, value=85.0, n=None)]
    split = Split("area", "January 2026", (Part("east", 30, 40, 25, 85), Part("west", 10, 40, 60, 85)), "count", True)
    sent = mail(rows, [], "2026-03-09", rule=rule, context=replace(CONTEXT, unit="count", split=split))
    assert "Against January 2026: +45. By area:\n- west: +50\n- east: -5\n\n" in sent.body
    few = replace(split, parts=(Part("east", 3, 40, 25, 85), Part("west", 37, 40, 60, 85)))
    sent = mail(rows, [], "2026-03-09", rule=rule, context=replace(CONTEXT, unit="count", split=few))
    assert "Against January 2026: no area can be named without small numbers, or" in sent.body


def test_parts_have_a_limit_of_their_own_for_small_numbers() -> None:
    parts = (Part("east", 7, 200, 60, 210), Part("west", 40, 300, 41, 310), Part("mid", 30, 100, 20, 100))
    split = Split("area", "January 2026", parts)
    assert "- east:" in mail(BREACHED, [], "2026-03-09", context=replace(CONTEXT, split=split)).body
    hidden = replace(split, suppress_below=10)
    assert "- east:" not in mail(BREACHED, [], "2026-03-09", context=replace(CONTEXT, split=hidden)).body


def test_a_breach_by_a_hair_shows_the_hair() -> None:
    sent = mail([*SERIES, JANUARY, replace(FEBRUARY, value=0.20004)], [], "2026-03-09")
    assert "20.004 % in February 2026, above the limit of 20.000 % (critical)." in sent.body.replace("\n", " ")


def test_an_incomplete_newer_month_is_named() -> None:
    sent = mail([*BREACHED, replace(month(14, 1, 90), complete=False)], [], "2026-04-02")
    assert "March 2026 is not complete yet and was not used.\n" in sent.body


@pytest.mark.parametrize(
    ("metric", "unit", "value", "n", "numerator", "hidden"),
    [
        ("attendance.over_7d", "share", 0.04, 100, 4, True),
        ("attendance.over_7d", "share", 0.05, 100, 5, False),
        ("attendance.over_7d", "share", 0.96, 100, 96, True),
        ("attendance.over_7d", "share", 0.95, 100, 95, False),
        ("attendance.over_7d", "share", 0.0, 9, 0, True),
        ("attendance.over_7d", "share", 1.0, 10, 10, False),
        ("attendance.median_s", "s", 60.0, 9, None, True),
        ("attendance.median_s", "s", 60.0, 10, None, False),
        ("attendance.p90_s", "s", 60.0, 19, None, True),
        ("attendance.p90_s", "s", 60.0, 20, None, False),
        ("attendance.mean_s", "s", 60.0, 4, None, True),
        ("attendance.mean_s", "s", 60.0, 5, None, False),
        ("attendance.open", "count", 4.0, None, None, True),
        ("attendance.open", "count", 0.0, None, None, False),
        ("attendance.open", "count", 5.0, None, None, False),
        ("attendance.gap_ratio", "ratio", 2.0, None, None, False),
    ],
)
def test_small_numbers_are_hidden(
    metric: str, unit: str, value: float, n: int | None, numerator: int | None, hidden: bool
) -> None:
    row = replace(FEBRUARY, value=value, n=n, numerator=numerator, denominator=n if unit == "share" else None)
    assert is_hidden(row, metric, unit, 5) is hidden
    assert is_hidden(replace(row, numerator=None, denominator=None), metric, unit, 5) is hidden


def test_a_small_number_is_nowhere_in_the_mail() -> None:
    rows = [*SERIES, replace(month(12, 3, 13), as_at=at("2026-02-09"))]
    rule = replace(ABANDONED, min_n=0)
    small = (Part("skill", 3, 8000, 3, 13), Part("switchboard", 300, 3000, 1, 10))
    context = replace(CONTEXT, split=Split("queue", "December 2025", small))
    sent = mail(rows, [], "2026-02-09", rule=rule, context=context)
    assert sent.subject == "[NORTH] 101 calls abandoned: beyond its limit (critical)"
    assert "Not printed for January 2026 (small numbers), above the limit of" in sent.body
    assert "23.1" not in sent.body
    assert (sent.data["value"], sent.data["value_hidden"]) == (None, True)
    assert "Not printed: there is no figure, or small numbers.\n" in sent.body
    tiny = mail([*SERIES, month(12, 3, 4)], [], "2026-02-09", rule=rule, context=context)
    assert "From fewer than 5 calls.\n" in tiny.body
    assert tiny.data["n"] is None


def test_hidden_months_are_not_in_the_usual_range() -> None:
    rows = [month(0, 500, 10_000), month(1, 3, 100), month(2, 600, 10_000), month(3, 2500, 10_000)]
    assert "The last 2 earlier figures lay between 5.0 % and 6.0 %.\n" in mail(rows, [], "2025-05-09").body


def test_lines_are_short_and_subjects_plain_whatever_the_names() -> None:
    long = replace(
        CONTEXT,
        force_name="Heddlu \u2014 " + "very long name " * 9,
        title="Galwadau a gollwyd \u00e2 " + "long title " * 12,
        where=dict.fromkeys(("line", "queue", "grade", "population", "area", "stage"), "a value of some length"),
    )
    sent = mail(BREACHED, [], "2026-03-09", context=long)
    assert re.fullmatch(r"[ -~]{1,100}", sent.subject)
    assert all(len(line) <= 72 for line in sent.body.splitlines() if not line.startswith("  http"))
    assert len(sent.attributes) == 10
    assert list(sent.attributes)[6:] == ["line", "queue", "grade", "population"]
    assert all(sent.attributes.values())


def test_the_notice_as_data() -> None:
    data = json.loads(json.dumps(mail(BREACHED, [], "2026-03-09").data))
    assert data["schema"] == "callclock.notice/1"
    assert data["decided_at"] == "2026-03-09T05:00:00.000Z"
    assert (data["state"], data["reason"], data["severity"]) == ("breach", "first_breach", "critical")
    assert (data["since"], data["frontier"], data["period_start"]) == ("2026-02-01", "2026-03-01", "2026-02-01")
    assert (data["value"], data["n"], data["unit"]) == (2754 / 12_145, 12_145, "share")
    assert data["levels"] == {"warning": 0.1, "critical": 0.2}
    assert data["where"] == {"line": "101"}


def test_nothing_known_any_more_is_a_correction_without_figures() -> None:
    sent = mail([], [FIRST], "2026-03-12", rule=replace(ABANDONED, due_days=None))
    assert sent.subject == "[NORTH] 101 calls abandoned: corrected, the breach told before is gone"
    assert "There is no complete figure.\n" in sent.body
    assert "No complete figure is known.\n" in sent.body


def test_a_year_to_date_is_named_whole() -> None:
    rule = replace(ABANDONED, period=PeriodKind.FY_TO_DATE, due_days=None)
    ends = [date(2025, 5, 1), date(2025, 6, 1), date(2025, 7, 1)]
    rows = [
        replace(FEBRUARY, period_start=date(2025, 4, 1), period_end=end, value=value)
        for end, value in zip(ends, (0.05, 0.06, 0.15), strict=True)
    ]
    sent = mail(rows, [], "2025-07-09", rule=rule)
    assert "Beyond its limit since the financial year to 30 June 2025.\n" in sent.body


def test_a_refused_export() -> None:
    trouble = ExportTrouble(
        force_code="NORTH",
        object_key="incoming/NORTH/2026/calls march.csv",
        status=ExportStatus.REFUSED,
        reason=ExportReason.NO_PROFILE,
        message="No profile matches the header of this file.",
        nearest_profile="phones",
        missing_columns=("QUEUE_IN", "QUEUE_OUT"),
        receipt_key="internal/receipts/force_code=NORTH/abc.none.json",
    )
    sent = compose_export(trouble)
    assert wrapped(sent.body) != sent.body, "a line for each sentence"
    sent = replace(sent, body=wrapped(sent.body))
    assert sent.subject == "[NORTH] Export refused, no profile: calls march.csv"
    assert sent.body == (
        "Export refused: no profile\n"
        "No profile matches the header of this file.\n"
        "The file:\n"
        "  incoming/NORTH/2026/calls march.csv\n"
        "The nearest profile is phones; it misses: QUEUE_IN, QUEUE_OUT.\n"
        "\n"
        "WHAT TO DO NEXT\n"
        "If columns were renamed, mend the nearest profile in config/sources/;\n"
        "for a new system draft one with `callclock sources new FILE`. Check with\n"
        "`callclock sources check FILE`, then replay the export.\n"
        "\n"
        "WHAT TO LOOK AT\n"
        "- The receipt:\n"
        "  internal/receipts/force_code=NORTH/abc.none.json\n"
    )
    assert sent.attributes == {"force_code": "NORTH", "status": "refused", "reason": "no_profile"}
    assert json.loads(json.dumps(sent.data))["schema"] == "callclock.export-notice/1"


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("incoming/NORTH/2026/calls.csv", "calls.csv"),
        ("incoming/NORTH/calls (1).csv", "calls (1).csv"),
        ("incoming/NORTH/all.zip (march/calls.csv)", "all.zip (march/calls.csv)"),
        ("calls.csv", "calls.csv"),
    ],
)
def test_the_name_of_a_file_keeps_the_archive_it_lies_in(shown: str, name: str) -> None:
    assert file_name(shown) == name


def test_a_leap_of_the_quarantine_rate() -> None:
    sent = compose_leap(
        QuarantineLeapt(
            force_code="NORTH",
            object_key="incoming/NORTH/acd_2026-03-02.csv",
            source="acd",
            table_name="calls",
            records=12_040,
            quarantined=301,
            reasons={"unmapped:line": 12, "bad_instant:ended_at": 290},
            rate=0.025,
            usual=0.0011,
            compared=10,
            receipt_key="s3://results/internal/receipts/force_code=NORTH/abc.calls.json",
            quarantine_key="quarantine/calls/force_code=NORTH/abc.parquet",
        )
    )
    check(sent.data)
    sent = replace(sent, body=wrapped(sent.body))
    assert sent.subject == "[NORTH] 2.50% of records not accepted, usually 0.11%: acd_2026-03-02.csv"
    assert sent.body == (
        "More records than usual could not be accepted\n"
        "301 of 12,040 records of an export that acd read into calls are in\n"
        "quarantine: 2.50%. In the 10 exports before it, 0.11% at the median. The\n"
        "others were read and count.\n"
        "The file:\n"
        "  incoming/NORTH/acd_2026-03-02.csv\n"
        "\n"
        "WHY\n"
        "- bad_instant:ended_at: 290\n"
        "- unmapped:line: 12\n"
        "\n"
        "WHAT TO DO NEXT\n"
        "Look at the reasons. If the source has changed (a column, a code, a\n"
        "format), mend its profile in config/sources/ and run `callclock replay`\n"
        "for the export; if the records are bad where they were made, have them\n"
        "mended there and exported again. If this is usual from now on, do\n"
        "nothing: it is compared with the exports before it.\n"
        "\n"
        "WHAT TO LOOK AT\n"
        "- The receipt:\n"
        "  s3://results/internal/receipts/force_code=NORTH/abc.calls.json\n"
        "- The records, with raw text, for those who may see it:\n"
        "  quarantine/calls/force_code=NORTH/abc.parquet\n"
        "- Day by day, in Athena:\n"
        "  SELECT period_label, value, numerator, denominator FROM results.metric_values WHERE force_code = 'NORTH' "
        "AND metric = 'feed.quarantine_rate' AND source = 'acd' ORDER BY period_label DESC\n"
    )
    assert sent.attributes == {"force_code": "NORTH", "status": "read", "reason": "quarantine_leap"}


@pytest.mark.parametrize("reason", ExportReason)
def test_every_trouble_has_a_next_step(reason: ExportReason) -> None:
    sent = compose_export(ExportTrouble("NORTH", "incoming/NORTH/x.csv", ExportStatus.HELD, reason, "It is so."))
    check(sent.data)
    assert "WHAT TO DO NEXT\n" in sent.body
    assert all(len(line) <= 72 for line in wrapped(sent.body).splitlines())
    assert re.fullmatch(r"[ -~]{1,100}", sent.subject)
