"""The feed itself against plain loops, and at its edges by hand: clock changes, holes, silence, retirement."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from callclock.clock import Month, local_midnight
from callclock.exports.receipt import CoverageRow
from callclock.lake.coverage import Coverage
from callclock.lake.curate import CuratedMonth
from callclock.lake.feeds import feeds_of, last_heard
from callclock.metrics.catalogue import family
from callclock.settings import Retirement
from callclock.state import ForceState
from tests.support.against_oracle import same_values
from tests.support.curated import (
    FORCE,
    Row,
    assessment,
    at,
    call,
    contact,
    incident,
    interval,
    regrade,
    values_of,
    write_numbered,
)
from tests.support.feed_oracle import Sent, feed

FEED = family("feed")
SOURCES = {
    "cad": "incidents",
    "acd": "calls",
    "web": "contacts",
    "risk": "safeguarding",
    "moves": "regrades",
    "counts": "call_intervals",
}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def covers(sent: Sequence[Sent]) -> Coverage:
    rows = [
        CoverageRow(
            s.source,
            s.table,
            f"e{n}",
            *(s.covered or (None, None)),
            s.exported_at,
            s.resend,
            s.selected_by,
            "span",
            s.arrived_at,
            s.records,
            s.quarantined,
        )
        for n, s in enumerate(sent)
    ]
    return Coverage().with_rows(rows)


def measured(
    records: Sequence[tuple[str, Row]], sent: Sequence[Sent], month: Month, workdir: Path, retired: Mapping[str, date]
) -> pd.DataFrame:
    force = replace(FORCE, retired=tuple(Retirement(source, on) for source, on in retired.items()))
    feeds = feeds_of(covers(sent), FEED.tables, force)
    first, end = (local_midnight(day, force.tz) for day in (month.first_day, month.next_first_day))
    files = {
        table: [write_numbered(table, [r for t, r in records if t == table], workdir / table)] for table in FEED.tables
    }
    return values_of(
        [FEED], files["incidents"], month, workdir, as_at=last_heard(feeds), force=force, also=files,
        sources=[feed.between(first, end) for feed in feeds],
    )  # fmt: skip


def record(table: str, chance: random.Random, start: datetime) -> Row:
    later = start + timedelta(minutes=chance.choice([-700, -1, 0, 3, 90]))
    match table:
        case "incidents":
            row = incident(start, call_received_at=start, first_arrived_at=chance.choice([None, later]))
        case "calls":
            row = call(
                start,
                call_started_at=start,
                stage="queue",
                ended_at=chance.choice([None, later]),
                final_answered_at=chance.choice([None, start, later]),
            )
        case "contacts":
            row = contact(start, submitted_at=start)
        case "safeguarding":
            row = assessment(start, assessed_at=start)
        case "regrades":
            row = regrade(start, regraded_at=start)
        case _:
            row = interval(start, interval_start=start)
    return row | {"conflicts": chance.choice([None, None, 1, 2])}


@pytest.mark.parametrize("month", [Month(2026, 2), Month(2026, 3), Month(2025, 10), Month(2025, 12)], ids=str)
def test_every_figure_is_that_of_plain_loops(month: Month, tmp_path: Path) -> None:
    """Months in which the clocks change among them; sources that pause, come late, overlap or are retired."""
    chance = random.Random(str(month))
    first = datetime.combine(month.first_day, datetime.min.time(), UTC)
    sent: list[Sent] = []
    records: list[tuple[str, Row]] = []
    for source, table in SOURCES.items():
        reached = first - DAY * chance.randrange(-6, 8)
        for _ in range(chance.randrange(2, 9)):
            start = reached + HOUR * chance.choice([-100, -30, 0, 5, 7, 30, 80])
            reached = start + HOUR * chance.choice([1, 20, 24, 90, 170])
            taken = reached + HOUR * chance.choice([0, 2, 9, 40])
            came = taken + HOUR * chance.choice([0, 1, 60, 300])
            covered = (start, reached) if chance.random() < 0.9 else None
            judged = (n := chance.randrange(400), chance.randrange(n + 1))
            said = (chance.choice(["snapshot", "snapshot", "delta"]), chance.choice(["start", "start", "closing"]))
            sent.append(Sent(source, table, covered, taken, came, *judged, *said))
            if covered:
                seconds = [
                    chance.randrange(int((reached - start).total_seconds()) + 1) for _ in range(chance.randrange(60))
                ]
                # Last seen in this export, or in any before it: then it is missing from one that covers it.
                seen = [s.exported_at for s in sent if s.source == source]
                records += [
                    (
                        table,
                        record(table, chance, start + timedelta(seconds=s))
                        | {"source": source, "resend": chance.choice(["snapshot", "delta"])}
                        | {"observed_at": chance.choice([*seen, *[taken] * 3])},
                    )
                    for s in seconds
                ]
    retired = {"web": month.first_day + DAY * 12}
    days = [month.first_day + DAY * n for n in range((month.next_first_day - month.first_day).days)]
    inside = [(t, r) for t, r in records if r["local_date"] in days]
    due = feed(inside, sent, days, retired)
    assert {metric for metric, _, _ in due} == {metric.name for metric in FEED.metrics}
    assert any(figures["value"] for (metric, _, _), figures in due.items() if metric == "feed.vanished")
    same_values(measured(inside, sent, month, tmp_path, retired), due, ("metric", "period_label", "source"))


def only(
    sent: Sequence[Sent], day: str, workdir: Path, records: Sequence[Row] = (), retired: Mapping[str, date] = {}
) -> pd.DataFrame:
    found = measured(
        [("incidents", {**r, "source": "cad"}) for r in records], sent, Month.parse(day[:7]), workdir, retired
    )
    return found[found.period_label == day].set_index("metric")


def cad(start: str, end: str, taken: str, came: str | None = None, records: int = 10, quarantined: int = 0) -> Sent:
    return Sent("cad", "incidents", (at(start), at(end)), at(taken), at(came or taken), records, quarantined)


WINTER = cad("2026-01-01T00:20:00Z", "2026-01-31T23:50:00Z", "2026-02-01T01:00:00Z", "2026-02-01T06:00:00Z")


def test_a_silent_source_ages_while_others_are_heard(tmp_path: Path) -> None:
    other = Sent("acd", "calls", None, at("2026-02-20T12:00:00Z"), at("2026-02-20T12:00:00Z"), 0, 0)
    found = only([WINTER, other], "2026-02-19", tmp_path / "a")
    assert found.loc["feed.age_s", "value"] == (18 * 24 + 23) * 3600
    assert found.loc["feed.age_s", "complete"]
    # Of the day on which somebody was last heard nothing later is known.
    last = only([WINTER, other], "2026-02-20", tmp_path / "b")
    assert last[last.source == "cad"].loc["feed.age_s", "value"] == (19 * 24 + 11) * 3600
    assert not last[last.source == "cad"].loc["feed.age_s", "complete"]
    assert only([WINTER, other], "2026-02-21", tmp_path / "c").empty
    # Once it is retired it ages no more; the last day before counts.
    gone = {"cad": date(2026, 2, 20)}
    assert "feed.age_s" in only([WINTER, other], "2026-02-19", tmp_path / "d", retired=gone).index
    assert set(only([WINTER, other], "2026-02-20", tmp_path / "e", retired=gone).source) == {"acd"}


def test_a_day_without_records_is_nought_and_one_that_is_not_covered_is_nothing(tmp_path: Path) -> None:
    found = only([WINTER], "2026-01-10", tmp_path / "a")
    assert found.loc[["feed.rows", "feed.hours_missing"], "value"].tolist() == [0, 24]
    assert found["complete"].all()
    # The first record came twenty minutes after midnight: the day is covered. January says nothing of February.
    assert only([WINTER], "2026-01-01", tmp_path / "b").loc["feed.rows", "complete"]
    assert set(only([WINTER], "2026-02-01", tmp_path / "c").index) == {
        "feed.age_s",
        "feed.quarantine_rate",
        "feed.rows",
        "feed.conflicts",
        "feed.hours_missing",
    }
    assert not only([WINTER], "2026-02-01", tmp_path / "d").loc["feed.rows", "complete"]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 24), ("2026-03-29", 23), ("2025-10-26", 24)])
def test_a_day_has_the_hours_that_a_clock_shows(day: str, hours: int, tmp_path: Path) -> None:
    year = cad("2025-10-01T00:00:00Z", "2026-04-30T22:59:00Z", "2026-05-01T00:00:00Z")
    start = local_midnight(date.fromisoformat(day), FORCE.tz)
    rows = [
        incident(start, call_received_at=start + HOUR / 2 * n)
        for n in range(52)
        if start + HOUR / 2 * n < local_midnight(date.fromisoformat(day) + DAY, FORCE.tz)
    ]
    assert only([year], day, tmp_path / "all", rows).loc["feed.hours_missing", ["value", "n"]].tolist() == [0, hours]
    morning = [row for row in rows if row["local_hour"] < 12]
    assert only([year], day, tmp_path / "am", morning).loc["feed.hours_missing", "value"] == 12


def test_coverage_of_an_older_version_neither_says_when_it_came_nor_counts(tmp_path: Path) -> None:
    old = CoverageRow(
        "cad",
        "incidents",
        "e",
        at("2026-01-01T00:00:00Z"),
        at("2026-01-31T23:00:00Z"),
        at("2026-02-01T01:00:00Z"),
        "delta",
        "start",
        "span",
    )
    [known] = feeds_of(Coverage().with_rows([old]), ("incidents",), FORCE)
    [export] = known.exports
    assert (export.arrived_at, export.records, export.quarantined) == (old.exported_at, 0, 0)


def test_what_a_month_rests_on_is_what_newer_snapshots_cover_and_who_they_miss() -> None:
    """A month folded before it was kept when its records were last seen rests on every snapshot that covers it."""
    [known] = feeds_of(covers([WINTER]), ("incidents",), FORCE)
    first, end = (local_midnight(date(2026, month, 1), FORCE.tz) for month in (1, 2))

    def missed(last_seen: Mapping[str, Mapping[datetime, str]] | None) -> int:
        state = ForceState().with_curated("incidents", {Month(2026, 1): CuratedMonth("v", 0, None, {}, {}, last_seen)})
        kept = ForceState.from_json(state.to_json())
        assert kept == state
        return len(known.between(first, end, kept.curated["incidents"][Month(2026, 1)]).missed)

    taken = WINTER.exported_at
    assert missed(None) == 1
    assert missed({}) == missed({"cad": {}}) == missed({"cad": {taken: "4.a"}}) == 0
    assert missed({"cad": {taken - DAY: "1.b", taken: "4.a"}}) == missed({"cad": {taken - DAY: "1.c"}}) == 1
    assert known.between(first, end).missed == ()
