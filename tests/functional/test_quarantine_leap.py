"""An export of which more than usual could not be accepted is told to operations, once, whatever message is lost."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from callclock import layout
from callclock.bookkeeping import NOTICES
from callclock.engine import connect, rows_of
from callclock.ledger import Mark
from tests.support.monthly import CONFIG, monthly
from tests.support.pipeline import FORCE, Pipeline, only_monthly_abandonment

LIMITS = "[forces.EX.quarantine_leap]\nrecords = 5\n"
MENDED = CONFIG | {
    "force": CONFIG["force"] + LIMITS,
    "source_switch": CONFIG["source_switch"].replace("[export]", "[export]\nquarantine_max = 0.9"),
}
MONTHS = ["2025-01", "2025-02", "2025-03", "2025-04", "2025-05"]


@pytest.fixture(scope="module", autouse=True)
def few_families(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with only_monthly_abandonment(tmp_path_factory.mktemp("kept")):
        yield


def export(month: str, bad: int) -> tuple[str, bytes, datetime]:
    """An export of a month, with the start of some of its twenty calls spoilt."""
    key, content, arrives = monthly(month, 1)
    lines = content.decode().splitlines()
    spoilt = [line.replace("/", "|", 1) for line in lines[1 : bad + 1]]
    return key, "\n".join([lines[0], *spoilt, *lines[bad + 1 :]]).encode(), arrives


def told(bad: list[int], lose: str = "", ticks: int = 0) -> Pipeline:
    pipeline = Pipeline(**MENDED)
    for n, (month, spoilt) in enumerate(zip(MONTHS, bad, strict=False)):
        if lose and n == len(bad) - 1:
            pipeline.lose.add(lose)
        pipeline.drop(*export(month, spoilt))
        pipeline.run()
    for n in range(ticks):
        pipeline.tick(export(MONTHS[-1], 0)[2] + timedelta(days=n + 1))
        pipeline.run()
    return pipeline


def leaps(pipeline: Pipeline) -> list[str]:
    return [subject for _, subject in pipeline.mails if "not accepted" in subject]


def test_a_leap_is_told_once(tmp_path: Path) -> None:
    pipeline = told([0, 1, 0, 6], ticks=2)
    assert pipeline.results.fetch(layout.notices(FORCE), tmp_path / "notices.parquet")
    with connect(tmp_path / "duckdb") as db:
        kept = rows_of(NOTICES.columns, [tmp_path / "notices.parquet"])
        asked = f"SELECT reason, state, metric, value FROM ({kept}) WHERE rule_id = 'export'"
        assert db.execute(asked).fetchall() == [("quarantine_leap", "read", "feed.quarantine_rate", 0.3)]
    assert leaps(pipeline) == ["[EX] 30.00% of records not accepted, usually 0.00%: switch_2025-04_20250502.csv"]
    body = next(body for body in pipeline.bodies if "More records than usual" in body)
    assert "6 of 20 records of an export that switch read into calls are in" in body
    assert "- bad_instant:call_started_at: 6" in body
    assert "quarantine/calls/force_code=EX/" in body
    pipeline.drop(*export("2025-04", 6))
    pipeline.run()
    assert len(leaps(pipeline)) == 1, "dropped again it is no news"
    assert not pipeline.marks.of(Mark.UNTOLD, FORCE)
    # The one after it is as bad; half of four are, and so it is not yet the usual.
    pipeline.drop(*export("2025-05", 6))
    pipeline.run()
    assert len(leaps(pipeline)) == 2


@pytest.mark.parametrize("bad", [[0, 1, 0, 4], [6, 6, 6, 6], [0, 0, 6]], ids=["few records", "as usual", "too few"])
def test_what_is_no_leap_is_not_told(bad: list[int]) -> None:
    pipeline = told(bad)
    assert leaps(pipeline) == []
    assert not pipeline.marks.of(Mark.UNTOLD, FORCE)


@pytest.mark.parametrize("queue", ["intake", "measure", "notify"])
def test_a_lost_message_is_healed_by_the_tick(queue: str) -> None:
    pipeline = told([0, 1, 0, 6], lose=queue)
    # Where the hint to notify is lost, that of the values comes after it, and finds the mark.
    assert len(leaps(pipeline)) == (queue == "notify")
    pipeline.tick(export("2025-04", 0)[2] + timedelta(days=1))
    pipeline.run()
    assert len(leaps(pipeline)) == 1
    assert not pipeline.lose
