"""An export that is withdrawn leaves everything as if it had never come, and brought back as if it had never gone."""

import io
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from callclock import layout
from callclock.lake.folds import Fate
from callclock.ledger import Entry, WithdrawnError
from callclock.operations.choose import Choice, chosen
from callclock.operations.withdraw import bring_back, plan, withdraw
from callclock.reasons import ExportStatus
from tests.support.monthly import CONFIG, monthly
from tests.support.pipeline import FORCE, Pipeline, only_monthly_abandonment

JANUARY, FEBRUARY = monthly("2025-01", 2), monthly("2025-02", 6)
# January again, taken a day later: more of its calls were hung up, and it has February's first days too.
CORRECTED = (
    "incoming/EX/switch_2025-01_20250305.csv",
    monthly("2025-01", 9, ("2025-02", 7))[1],
    FEBRUARY[2] + timedelta(days=3),
)
NOW = datetime.fromisoformat("2025-03-10T09:00:00Z")


@pytest.fixture(scope="module", autouse=True)
def few_families(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with only_monthly_abandonment(tmp_path_factory.mktemp("kept")):
        yield


def told(*drops: tuple[str, bytes, datetime]) -> Pipeline:
    pipeline = Pipeline(**CONFIG)
    for drop in drops:
        pipeline.drop(*drop)
        pipeline.run()
    return pipeline


@cache
def january() -> Mapping[str, bytes]:
    """What is curated where only January came."""
    return curated(told(JANUARY))


def entry(pipeline: Pipeline, key: str) -> Entry:
    [found] = chosen(pipeline.stack, Choice(names=(key,)))
    return found


def curated(pipeline: Pipeline) -> Mapping[str, bytes]:
    """Months that hold a record."""
    found = {key: body for key, (body, _) in pipeline.lake.objects.items() if key.startswith("curated/")}
    return {key: body for key, body in found.items() if pq.read_metadata(io.BytesIO(body)).num_rows}


def figures(pipeline: Pipeline, folder: Path) -> list[tuple[str, float]]:
    where = "metric = 'calls.abandonment_rate' AND line = '101' AND queue = 'all' AND hour_of_week = 'all' AND stage = 'all'"
    return pipeline.values(where, folder)


def statuses(pipeline: Pipeline, export: Entry) -> set[str]:
    return {receipt.status.value for receipt in pipeline.stack.receipts(export)}


def test_everything_is_as_if_it_had_never_come(tmp_path: Path) -> None:
    never, pipeline = told(JANUARY, FEBRUARY), told(JANUARY, FEBRUARY, CORRECTED)
    assert curated(never) != curated(pipeline)
    gone = entry(pipeline, CORRECTED[0])
    withdraw(pipeline.stack, gone, NOW)
    pipeline.run()
    assert curated(pipeline) == curated(never)
    assert pipeline.state().curated == never.state().curated
    assert figures(pipeline, tmp_path / "a") == figures(never, tmp_path / "b")
    key = layout.coverage(FORCE)
    assert pipeline.results.objects[key] == never.results.objects[key], "coverage and as_at follow"
    assert statuses(pipeline, gone) == {"withdrawn"}
    assert entry(pipeline, CORRECTED[0]).status is ExportStatus.WITHDRAWN


def test_what_the_fold_did_with_each_export_is_the_same_in_whatever_order_they_came() -> None:
    pipeline = told(JANUARY, FEBRUARY, CORRECTED)
    fates = pipeline.stack.fates(FORCE)
    assert fates == told(CORRECTED, JANUARY, FEBRUARY).stack.fates(FORCE)
    january, february, corrected = (entry(pipeline, drop[0]) for drop in (JANUARY, FEBRUARY, CORRECTED))
    for export in (january, february, corrected):
        [receipt] = pipeline.stack.receipts(export)
        fate = fates[export.export_id, "calls"]
        assert fate.inserted + fate.replaced + fate.unchanged == receipt.accepted > 0
    # Of January's 20 calls the correction says that 9 were hung up and not 2, of February's that 7 were and not 6.
    for export in (january, february):
        assert fates[export.export_id, "calls"] == Fate(20, 0, 0, outdated=20, moved=0, conflicts=0)
    assert fates[corrected.export_id, "calls"] == Fate(0, 8, 32, outdated=0, moved=0, conflicts=0)
    pipeline.drop(*JANUARY)
    pipeline.run()
    assert pipeline.stack.fates(FORCE) == fates, "dropping it again does nothing"
    withdraw(pipeline.stack, corrected, NOW)
    pipeline.run()
    assert pipeline.stack.fates(FORCE) == told(JANUARY, FEBRUARY).stack.fates(FORCE)


def test_what_had_been_published_as_complete_is_restated(tmp_path: Path) -> None:
    pipeline = told(JANUARY, FEBRUARY, CORRECTED)
    before = {key for key in pipeline.results.objects if "/restatements/" in key}
    withdraw(pipeline.stack, entry(pipeline, CORRECTED[0]), NOW)
    pipeline.run()
    assert {key for key in pipeline.results.objects if "/restatements/" in key} >= before
    [(january, before_rate), _] = figures(pipeline, tmp_path)
    assert (january, before_rate) == ("2025-01", 0.1)


@pytest.mark.parametrize("again", ["dropped", "redelivered", "at the tick"])
def test_dropping_it_again_does_not_bring_it_back(again: str) -> None:
    pipeline = told(JANUARY, FEBRUARY, CORRECTED)
    withdraw(pipeline.stack, entry(pipeline, CORRECTED[0]), NOW)
    pipeline.run()
    before = (curated(pipeline), pipeline.state())
    if again == "at the tick":
        pipeline.stack.forget_taken(entry(pipeline, CORRECTED[0]))
        pipeline.tick(NOW + timedelta(days=1))
    else:
        pipeline.drop(*CORRECTED[:2], NOW if again == "dropped" else CORRECTED[2])
    pipeline.run()
    assert (curated(pipeline), pipeline.state()) == before
    assert statuses(pipeline, entry(pipeline, CORRECTED[0])) == {"withdrawn"}


def test_with_the_only_export_its_figures_go(tmp_path: Path) -> None:
    pipeline = told(JANUARY)
    assert figures(pipeline, tmp_path / "a")
    withdraw(pipeline.stack, entry(pipeline, JANUARY[0]), NOW)
    pipeline.run()
    assert figures(pipeline, tmp_path / "b") == []


def test_withdrawing_twice_is_withdrawing_once() -> None:
    pipeline = told(JANUARY, CORRECTED)
    for _ in range(2):
        withdraw(pipeline.stack, entry(pipeline, CORRECTED[0]), NOW)
        pipeline.run()
    assert curated(pipeline) == january()


def test_a_lost_message_is_healed_by_the_tick() -> None:
    pipeline = told(JANUARY, CORRECTED)
    pipeline.lose = {"measure"}
    withdraw(pipeline.stack, entry(pipeline, CORRECTED[0]), NOW)
    pipeline.run()
    pipeline.tick(NOW + timedelta(days=1))
    pipeline.run()
    assert curated(pipeline) == january()


def test_brought_back_everything_is_as_if_it_had_never_gone(tmp_path: Path) -> None:
    pipeline = told(JANUARY, FEBRUARY, CORRECTED)
    whole = (curated(pipeline), figures(pipeline, tmp_path / "a"), pipeline.results.objects[layout.coverage(FORCE)])
    withdraw(pipeline.stack, entry(pipeline, CORRECTED[0]), NOW)
    pipeline.run()
    bring_back(pipeline.stack, entry(pipeline, CORRECTED[0]), NOW + timedelta(hours=1))
    pipeline.run()
    assert (
        curated(pipeline),
        figures(pipeline, tmp_path / "b"),
        pipeline.results.objects[layout.coverage(FORCE)],
    ) == whole
    assert entry(pipeline, CORRECTED[0]).status is ExportStatus.READ
    assert statuses(pipeline, entry(pipeline, CORRECTED[0])) == {"read"}


def test_a_plan_says_what_it_would_concern_and_does_nothing() -> None:
    pipeline = told(JANUARY, CORRECTED)
    before = dict(pipeline.lake.objects), dict(pipeline.ledger.entries)
    planned = plan(pipeline.stack, entry(pipeline, CORRECTED[0]))
    assert planned.records == {"calls": 40}
    assert planned.months == {"calls": ("2025-01", "2025-02")}
    assert (pipeline.lake.objects, pipeline.ledger.entries) == before


def test_nobody_is_told_of_a_withdrawal_as_of_trouble() -> None:
    pipeline = told(JANUARY, ("incoming/EX/switch_bad_20250203.csv", b"Call,Start,Answer,End,Result\nx,1,2,3,4\n", NOW))
    mails = list(pipeline.mails)
    withdraw(pipeline.stack, entry(pipeline, "switch_bad_20250203.csv"), NOW)
    pipeline.tick(NOW + timedelta(days=1))
    pipeline.run()
    assert pipeline.mails == mails


def test_intake_that_was_reading_it_meanwhile_stops() -> None:
    pipeline = told(JANUARY, CORRECTED)
    pipeline.ledger.write(
        entry(pipeline, CORRECTED[0]).__class__(**{**entry(pipeline, CORRECTED[0]).__dict__, "again": True})
    )
    lake_put = pipeline.lake.put

    def withdrawn_just_before(key: str, *more: object, **named: object) -> None:
        pipeline.lake.put = lake_put  # type: ignore[method-assign]
        withdraw(pipeline.stack, entry(pipeline, CORRECTED[0]), NOW)
        lake_put(key, *more, **named)  # type: ignore[arg-type]

    pipeline.lake.put = withdrawn_just_before  # type: ignore[assignment, method-assign]
    pipeline.drop(*CORRECTED)
    with pytest.raises(WithdrawnError):
        pipeline.run()
    pipeline.drop(*CORRECTED)
    pipeline.run()
    assert curated(pipeline) == january(), "its rows count for nothing, whatever intake had staged by then"


def test_what_says_so_names_no_person() -> None:
    pipeline = told(JANUARY)
    withdraw(pipeline.stack, entry(pipeline, JANUARY[0]), NOW)
    [(key, (body, _))] = [item for item in pipeline.lake.objects.items() if item[0].startswith("withdrawn/")]
    assert key == layout.withdrawn(FORCE, entry(pipeline, JANUARY[0]).export_id)
    assert json.loads(body) == {"object_key": JANUARY[0], "withdrawn_at": "2025-03-10T09:00:00.000Z"}
