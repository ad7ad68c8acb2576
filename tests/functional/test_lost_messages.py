"""Every message between two functions is taken away once: the tick heals it, and the end is as if it had come."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from callclock import layout
from callclock.ledger import Mark, Marks
from tests.support.monthly import CONFIG, PROFILE, monthly
from tests.support.pipeline import FORCE, Pipeline, only_monthly_abandonment

TICK = datetime.fromisoformat("2025-03-04T05:15:00Z")
JANUARY, FEBRUARY = monthly("2025-01", 2), monthly("2025-02", 6)
STRANGE = ("incoming/EX/letter.csv", b"Dear,Sir\nI,write\n", FEBRUARY[2])
NO_FORCE = ("incoming/XX/letter.csv", b"Dear,Sir\nI,write\n", FEBRUARY[2])


@pytest.fixture(scope="module", autouse=True)
def few_families(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with only_monthly_abandonment(tmp_path_factory.mktemp("kept")):
        yield


@pytest.fixture(scope="module")
def whole() -> Pipeline:
    """Nothing is lost."""
    return told(None, [FEBRUARY])


def told(lose: str | None, drops: list[tuple[str, bytes, datetime]], ticks: int = 1) -> Pipeline:
    """January comes safely; then the next message to one queue is lost, and the tick comes."""
    pipeline = Pipeline(**CONFIG)
    pipeline.drop(*JANUARY)
    pipeline.run()
    pipeline.lose = {lose} if lose else set()
    for drop in drops:
        pipeline.drop(*drop)
    pipeline.run()
    for n in range(ticks):
        pipeline.tick(TICK + timedelta(days=n))
        pipeline.run()
    assert not pipeline.lose, "the message was lost indeed"
    return pipeline


@pytest.mark.parametrize("queue", ["intake", "measure", "notify", "report"])
def test_a_lost_message_of_an_export_is_healed_by_the_tick(queue: str, whole: Pipeline) -> None:
    healed = told(queue, [FEBRUARY])
    assert healed.state() == whole.state()
    assert [subject for _, subject in healed.mails] == [subject for _, subject in whole.mails]
    assert len(healed.mails) == 1
    assert healed.drawn
    # Told at the tick, a day late; but a lost page keeps no mail back.
    assert [day for day, _ in healed.mails] == ["2025-03-03" if queue == "report" else "2025-03-04"]
    assert not any(healed.marks.of(mark, FORCE) for mark in (Mark.UNFOLDED, Mark.UNTOLD))


@pytest.mark.parametrize("drop", [STRANGE, NO_FORCE], ids=["refused", "of no force"])
@pytest.mark.parametrize("queue", ["intake", "notify"])
def test_a_refusal_that_nobody_was_told_of_is_told_at_the_tick(queue: str, drop: tuple[str, bytes, datetime]) -> None:
    pipeline = told(queue, [drop])
    assert [day for day, subject in pipeline.mails if "letter.csv" in subject] == ["2025-03-04"]
    assert not any(pipeline.marks.of(Mark.UNTOLD, owner) for owner in (FORCE, *layout.NO_FORCES))
    pipeline.tick(TICK + timedelta(days=1))
    pipeline.run()
    assert len(pipeline.mails) == 1, "told once"


def test_lost_configuration_is_healed_by_the_tick() -> None:
    changed = CONFIG["thresholds"].replace("level = 0.2 ", "level = 0.05 ").encode()
    pipeline = told("intake", [("config/thresholds.toml", changed, FEBRUARY[2])])
    assert [day for day, _ in pipeline.mails] == ["2025-03-04"], "January's 10 % is beyond the new limit"


@pytest.mark.parametrize("queue", ["measure", "intake"])
def test_a_lost_tick_is_healed_by_the_next(queue: str) -> None:
    pipeline = Pipeline(**CONFIG)
    pipeline.lose = {"intake"}
    pipeline.drop(*JANUARY)
    pipeline.lose = {queue}
    pipeline.tick(TICK)
    pipeline.run()
    pipeline.tick(TICK + timedelta(days=1))
    pipeline.run()
    assert pipeline.state().curated["calls"]


def test_a_lost_fan_out_is_healed_by_the_next_tick() -> None:
    pipeline = told("measure", [FEBRUARY], ticks=0)
    pipeline.tick(TICK)
    pipeline.lose = {"measure"}
    pipeline.run()
    assert pipeline.mails == []
    pipeline.tick(TICK + timedelta(days=1))
    pipeline.run()
    assert [day for day, _ in pipeline.mails] == ["2025-03-05"]


def test_what_was_taken_in_is_not_sent_again_and_what_expired_is_forgotten() -> None:
    pipeline = told(None, [FEBRUARY, STRANGE])
    before = dict(pipeline.results.objects)
    pipeline.tick(TICK + timedelta(days=1))
    assert pipeline.queues["intake"]
    pipeline.run()
    pipeline.runs = 0
    assert pipeline.results.objects == before
    assert set(pipeline.marks.of(Mark.TAKEN, FORCE)) == {JANUARY[0], FEBRUARY[0], STRANGE[0]}
    del pipeline.exports.objects[JANUARY[0]]
    pipeline.tick(TICK + timedelta(days=2))
    pipeline.run()
    assert set(pipeline.marks.of(Mark.TAKEN, FORCE)) == {FEBRUARY[0], STRANGE[0]}


def test_an_object_put_in_place_of_one_that_was_taken_in_is_noticed() -> None:
    pipeline = told(None, [FEBRUARY])
    worse = monthly("2025-02", 12)[1]
    pipeline.lose = {"intake"}
    pipeline.drop(FEBRUARY[0], worse, TICK)
    pipeline.tick(TICK + timedelta(days=1))
    pipeline.run()
    assert len([entry for entry in pipeline.ledger.entries.values() if entry.object_key == FEBRUARY[0]]) == 2


def test_an_export_that_fails_to_fold_stays_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = told(None, [])
    pipeline.drop(*FEBRUARY)
    pipeline.lake.fail_before_put = "curated/"
    with pytest.raises(ConnectionError):
        pipeline.run()
    assert len(pipeline.marks.of(Mark.UNFOLDED, FORCE)) == 1
    pipeline.lake.fail_before_put = None
    pipeline.tick(TICK)
    pipeline.run()
    assert pipeline.marks.of(Mark.UNFOLDED, FORCE) == {}
    assert [day for day, _ in pipeline.mails] == ["2025-03-04"]


def test_a_profile_that_was_mended_reads_the_export_and_marks_it_again() -> None:
    pipeline = told(None, [FEBRUARY])
    pipeline.lose = {"measure"}
    mended = PROFILE.replace('{ const = "none" }', '{ const = "other" }').encode()
    pipeline.drop("config/sources/source_switch.toml", mended, TICK)
    pipeline.run()
    pipeline.lose = {"measure"}
    pipeline.drop(FEBRUARY[0], FEBRUARY[1], TICK)
    pipeline.run()
    assert len(pipeline.marks.of(Mark.UNFOLDED, FORCE)) == 1
    before = pipeline.state()
    pipeline.tick(TICK + timedelta(days=1))
    pipeline.run()
    assert pipeline.state() != before
    assert pipeline.marks.of(Mark.UNFOLDED, FORCE) == {}


@pytest.fixture
def marks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Marks]]:
    """Marks in DynamoDB as moto has it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName="marks",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("owner", "name")],
            KeySchema=[{"AttributeName": "owner", "KeyType": "HASH"}, {"AttributeName": "name", "KeyType": "RANGE"}],
        )
        yield lambda: Marks("marks")


def test_a_mark_that_was_put_again_meanwhile_is_not_cleared(marks: Callable[[], Marks]) -> None:
    ours = marks()
    ours.put(Mark.UNFOLDED, "EX", "a")
    ours.put(Mark.UNFOLDED, "EX", "b")
    ours.put(Mark.UNFOLDED, "WLT", "a")
    ours.put(Mark.UNTOLD, "EX", "a")
    seen = ours.of(Mark.UNFOLDED, "EX")
    assert set(seen) == {"a", "b"}
    marks().put(Mark.UNFOLDED, "EX", "b")
    ours.clear(Mark.UNFOLDED, "EX", {**seen, "gone": "x"})
    assert set(ours.of(Mark.UNFOLDED, "EX")) == {"b"}
    assert set(ours.of(Mark.UNFOLDED, "WLT")) == set(ours.of(Mark.UNTOLD, "EX")) == {"a"}


def test_marks_beyond_one_page_are_all_found(marks: Callable[[], Marks]) -> None:
    ours = marks()
    names = {f"{n:04d}" + "x" * 900 for n in range(1300)}
    with ours._table.batch_writer() as batch:
        for name in names:
            batch.put_item(Item={"owner": "EX#taken", "name": name, "token": "t"})
    assert set(ours.of(Mark.TAKEN, "EX")) == names
