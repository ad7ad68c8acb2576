"""The table of notices: what was sent, and once for each period what was held back and why."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from callclock import layout
from callclock.bookkeeping import NOTICES
from callclock.engine import connect, rows_of
from tests.support.monthly import CONFIG, FORCE, THRESHOLDS, monthly
from tests.support.pipeline import Pipeline, only_monthly_abandonment

BREACH = monthly("2025-01", 6)
WORKS = '\n[[forces.EX.downtime]]\nstart = 2025-02-01\nend = 2025-02-05\nwhy = "new telephone system"\n'


@pytest.fixture(scope="module", autouse=True)
def few_families(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with only_monthly_abandonment(tmp_path_factory.mktemp("kept")):
        yield


def notices(pipeline: Pipeline, tmp_path: Path) -> list[tuple[Any, ...]]:
    path = tmp_path / "notices.parquet"
    assert pipeline.results.fetch(layout.notices("EX"), path)
    with connect(tmp_path / "duckdb") as db:
        return db.execute(
            f"SELECT reason, held_back, value, subject FROM ({rows_of(NOTICES.columns, [path])}) WHERE reason <> 'digest' ORDER BY decided_at, held_back NULLS FIRST"
        ).fetchall()


def ticks(pipeline: Pipeline, first: datetime, days: int) -> None:
    for n in range(days):
        pipeline.tick(first + timedelta(days=n))
        pipeline.run()


def test_what_was_told_before_stands_once_for_each_period(tmp_path: Path) -> None:
    pipeline = Pipeline(**CONFIG)
    pipeline.drop(*BREACH)
    pipeline.run()
    ticks(pipeline, BREACH[2] + timedelta(days=1), 3)
    assert notices(pipeline, tmp_path) == [
        ("first_breach", None, 0.3, "[EX] 101 calls abandoned: beyond its limit (warning), 30.0 % in January 2025"),
        ("nothing", "told_before", 0.3, "[EX] 101 calls abandoned: held back, told before"),
    ]


def test_the_mail_leads_to_the_page_by_the_readers_own_access() -> None:
    pipeline = Pipeline(**CONFIG)
    pipeline.drop(*BREACH)
    pipeline.run()
    [body] = pipeline.bodies
    [address] = [line.strip() for line in body.splitlines() if line.startswith("  https://")]
    link = urlsplit(address)
    assert (link.netloc, link.path) == ("eu-west-2.console.aws.amazon.com", f"/s3/object/{pipeline.results.name}")
    # Not presigned: whoever is sent the mail on gets no access with it.
    asked = parse_qs(link.query, strict_parsing=True)
    assert asked == {"region": ["eu-west-2"], "bucketType": ["general"], "prefix": [layout.page("EX")]}
    assert f"  s3://{pipeline.results.name}/{layout.page('EX')}\n" in body


def test_the_mail_names_a_source_that_fell_silent() -> None:
    """Three exports a month apart, then nothing: the breach is told at once, and that data are missing in May."""
    pipeline = Pipeline(**CONFIG)
    for month, hung_up in (("2025-01", 1), ("2025-02", 1), ("2025-03", 6)):
        pipeline.drop(*monthly(month, hung_up))
        pipeline.run()
    ticks(pipeline, datetime.fromisoformat("2025-05-22T05:00:00Z"), 1)
    breach, missing = pipeline.bodies
    assert "Nothing new came from" not in breach
    assert "Nothing new came from: switch.\n" in missing


def test_two_past_breaches_told_at_one_instant_are_both_remembered() -> None:
    """A message that comes again finds the second of them, at the instant of the first."""
    few = (
        THRESHOLDS.replace("above", "below")
        .replace("level = 0.2 ", "level = 0.4 ")
        .replace("level = 0.4 }]", "level = 0.1 }]")
    )
    pipeline = Pipeline(**{**CONFIG, "thresholds": few.replace("recover = 0.1", "recover = 0.45")})
    months = [(f"2025-{n:02d}", 10) for n in range(1, 9)]
    pipeline.drop(*monthly(*months[0], *months[1:7]))
    pipeline.run()
    corrected = [(month, 5 if month in {"2025-01", "2025-04"} else bad) for month, bad in months]
    pipeline.drop(*monthly(*corrected[0], *corrected[1:]))
    pipeline.run()
    hint = json.dumps({"force_code": "EX", "now": pipeline.now})
    for _ in range(3):
        pipeline.queues["notify"].append(hint)
        pipeline.run()
    ticks(pipeline, datetime.fromisoformat("2025-09-04T05:00:00Z"), 2)
    assert [subject.partition(": ")[2] for _, subject in pipeline.mails] == [
        "a past breach came to light, 25.0 % in January 2025",
        "a past breach came to light, 25.0 % in April 2025",
    ]


def test_planned_downtime_holds_the_mail_back_until_it_is_over(tmp_path: Path) -> None:
    pipeline = Pipeline(**{**CONFIG, "force": FORCE + WORKS})
    pipeline.drop(*BREACH)
    pipeline.run()
    ticks(pipeline, datetime.fromisoformat("2025-02-04T05:00:00Z"), 2)
    assert pipeline.mails == []
    ticks(pipeline, datetime.fromisoformat("2025-02-06T05:00:00Z"), 1)
    assert [day for day, _ in pipeline.mails] == ["2025-02-06"]
    assert [row[:2] for row in notices(pipeline, tmp_path)] == [("first_breach", "maintenance"), ("first_breach", None)]
