"""The weekly digest on its way: from the tick to what a subscriber gets, once a week whatever becomes of the messages."""

import importlib.util
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from callclock import layout
from callclock.bookkeeping import NOTICES
from callclock.engine import connect, rows_of
from callclock.operations.again import read_again
from callclock.operations.choose import Choice, chosen
from callclock.operations.withdraw import bring_back, withdraw
from tests.support.monthly import CONFIG, monthly
from tests.support.notice_schemas import check
from tests.support.pipeline import FORCE, Pipeline, only_monthly_abandonment

ROOT = Path(__file__).parents[2]
# Read on Monday 3 February 2025.
JANUARY = monthly("2025-01", 6)
MONDAY = datetime.fromisoformat("2025-02-10T05:15:00Z")


@pytest.fixture(scope="module", autouse=True)
def few_families(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with only_monthly_abandonment(tmp_path_factory.mktemp("kept")):
        yield


def breached() -> Pipeline:
    pipeline = Pipeline(**CONFIG)
    pipeline.drop(*JANUARY)
    pipeline.run()
    return pipeline


def tick(pipeline: Pipeline, at: datetime) -> None:
    pipeline.tick(at)
    pipeline.run()


def days(pipeline: Pipeline) -> list[str]:
    return [day for day, _ in pipeline.digests]


def test_an_export_alone_brings_no_digest_and_the_tick_brings_one_a_week() -> None:
    pipeline = breached()
    assert days(pipeline) == []
    for n in range(-6, 16):
        tick(pipeline, MONDAY + timedelta(days=n))
        tick(pipeline, MONDAY + timedelta(days=n))
    assert days(pipeline) == ["2025-02-04", "2025-02-10", "2025-02-17", "2025-02-24"]
    first, second, third, _ = (text for _, text in pipeline.digests)
    assert "Monday 27 January 2025 to Sunday 2 February 2025." in first.replace("\n", " ")
    assert "WHAT WAS TOLD IN THAT TIME\nNothing.\n" in first
    assert "- Monday 3 February 2025: 101 calls abandoned: beyond its limit (warning)." in second.replace("\n  ", " ")
    assert "WHAT WAS TOLD IN THAT TIME\nNothing.\n" in third
    assert "- switch (calls): newest export taken Sunday 2 February 2025, 15 days ago." in third.replace("\n  ", " ")
    assert len(pipeline.mails) == 1, "a digest is no alert"


@pytest.mark.parametrize("taker", ["_measure", "_tell"])
def test_a_lost_message_heals_at_the_next_tick_of_the_week(taker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = breached()
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, taker, lambda _: None)
        tick(pipeline, MONDAY)
    assert days(pipeline) == []
    for n in range(1, 3):
        tick(pipeline, MONDAY + timedelta(days=n))
    assert days(pipeline) == ["2025-02-11"]


def test_a_late_tick_of_an_earlier_week_tells_nothing() -> None:
    pipeline = breached()
    tick(pipeline, MONDAY)
    tick(pipeline, MONDAY - timedelta(days=5))
    assert days(pipeline) == ["2025-02-10"]


def test_weeks_without_a_tick_are_made_good_by_one_digest() -> None:
    pipeline = breached()
    for at in (MONDAY - timedelta(days=6), MONDAY + timedelta(days=15)):
        tick(pipeline, at)
    assert days(pipeline) == ["2025-02-04", "2025-02-25"]
    said = pipeline.digests[1][1].replace("\n  ", " ")
    assert "(EX), Monday 3 February 2025 to Sunday 23 February 2025." in said.replace("\n", " ")
    assert "- Monday 3 February 2025: 101 calls abandoned: beyond its limit (warning)." in said


def test_a_force_of_which_nothing_is_known_gets_none() -> None:
    pipeline = Pipeline(**CONFIG)
    tick(pipeline, MONDAY)
    assert days(pipeline) == []


def test_it_stands_in_the_table_of_notices_once(tmp_path: Path) -> None:
    pipeline = breached()
    for _ in range(2):
        tick(pipeline, MONDAY)
    path = tmp_path / "notices.parquet"
    assert pipeline.results.fetch(layout.notices(FORCE), path)
    with connect(tmp_path / "duckdb") as db:
        rows = db.execute(
            f"SELECT decided_at, revision, reason, state, subject FROM ({rows_of(NOTICES.columns, [path])}) WHERE rule_id = 'weekly-digest'"
        ).fetchall()
    subject = "[EX] Week to 9 February 2025: 1 beyond its limit, of 1 figure"
    assert rows == [(MONDAY.replace(tzinfo=None), "2", "digest", "breach", subject)]


def exports_told(pipeline: Pipeline) -> str:
    """What the newest digest says of exports that were not read."""
    return pipeline.digests[-1][1].partition("EXPORTS REFUSED OR HELD\n")[2].partition("\n\n")[0]


def test_an_export_that_was_not_read_is_named_once_and_counted_until_somebody_acts() -> None:
    """Headers renamed: refused on Wednesday. Named on Monday, counted a week later, gone once it was withdrawn."""
    pipeline = breached()
    tick(pipeline, MONDAY - timedelta(days=6))
    assert exports_told(pipeline) == "None."
    key = "incoming/EX/switch_20250205.csv"
    pipeline.drop(key, b"Number,Began\n1,05/02/2025 10:00:00\n", datetime.fromisoformat("2025-02-05T09:00:00Z"))
    pipeline.run()
    tick(pipeline, MONDAY)
    assert exports_told(pipeline) == "- switch_20250205.csv: refused, no profile, told Wednesday 5 February\n  2025."
    assert pipeline.digests[-1][1].startswith(
        "[EX] Week to 9 February 2025: 1 beyond its limit, of 1 figure, 1 export not read\n"
    )
    tick(pipeline, MONDAY + timedelta(days=7))
    assert exports_told(pipeline) == "1 export told of before still waits to be mended or withdrawn."
    [refused] = chosen(pipeline.stack, Choice(names=(key,)))
    withdraw(pipeline.stack, refused, MONDAY + timedelta(days=8))
    pipeline.run()
    tick(pipeline, MONDAY + timedelta(days=14))
    assert exports_told(pipeline) == "None."
    [entry] = chosen(pipeline.stack, Choice(names=(key,)))
    bring_back(pipeline.stack, entry, MONDAY + timedelta(days=15))
    pipeline.run()
    tick(pipeline, MONDAY + timedelta(days=21))
    assert exports_told(pipeline) == "1 export told of before still waits to be mended or withdrawn."
    assert pipeline.ledger.find(FORCE, entry.export_id) == refused


def test_what_operations_were_told_of_an_export_stands_in_the_table_of_notices_once(tmp_path: Path) -> None:
    """`results.notices` is everything that was sent, not only what rules tell."""
    pipeline = breached()
    for name in ("switch_20250205.csv", "switch_20250206.csv"):
        when = datetime.fromisoformat("2025-02-05T09:00:00Z")
        pipeline.drop(f"incoming/EX/{name}", f"Number,Began\n{name},05/02/2025\n".encode(), when)
        pipeline.run()
    pipeline.drop("incoming/NOBODY/switch.csv", b"Number\n1\n", when)
    pipeline.run()
    tick(pipeline, MONDAY)
    path = tmp_path / "notices.parquet"
    assert pipeline.results.fetch(layout.notices(FORCE), path)
    with connect(tmp_path / "duckdb") as db:
        rows = db.execute(
            f"SELECT decided_at, revision, reason, state, metric, value, subject, held_back "
            f"FROM ({rows_of(NOTICES.columns, [path])}) WHERE rule_id = 'export' ORDER BY subject"
        ).fetchall()
    assert rows == [
        (
            when.replace(tzinfo=None),
            "1",
            "no_profile",
            "refused",
            "all",
            None,
            f"[EX] Export refused, no profile: {name}",
            None,
        )
        for name in ("switch_20250205.csv", "switch_20250206.csv")
    ]
    assert not [key for key in pipeline.results.objects if "notices/force_code=" in key and f"={FORCE}/" not in key]


def test_an_export_that_was_read_since_is_not_told_again() -> None:
    pipeline = breached()
    key, body, at = monthly("2025-02", 1)
    pipeline.drop(key, body.replace(b"Answer", b"Reply", 1), at)
    pipeline.run()
    renamed = CONFIG["source_switch"].replace('"Answer"', '"Reply"').replace('"switch"', '"switch2"', 1)
    pipeline.drop("config/sources/switch2.toml", renamed.encode(), at + timedelta(hours=1))
    pipeline.run()
    [entry] = chosen(pipeline.stack, Choice(names=(key,)))
    read_again(pipeline.stack, entry, at + timedelta(hours=2))
    pipeline.run()
    tick(pipeline, at + timedelta(days=7))
    assert exports_told(pipeline) == "None."


def test_a_crash_between_the_two_records_names_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = breached()
    record = pipeline.log.record

    def dies(story: str, *more: Any) -> None:
        if "#export#" in story:
            raise RefusedError
        record(story, *more)

    pipeline.drop("incoming/EX/notes.csv", b"a,b\n1,2\n", datetime.fromisoformat("2025-02-05T09:00:00Z"))
    with monkeypatch.context() as patch:
        patch.setattr(pipeline.log, "record", dies)
        with pytest.raises(RefusedError):
            pipeline.run()
    for day in (1, 0):
        tick(pipeline, MONDAY - timedelta(days=day))
    assert exports_told(pipeline).count("notes.csv") == 1


class RefusedError(Exception):
    """The topic did not take it."""


def test_what_was_not_accepted_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = breached()

    def refuse(*_: object) -> None:
        raise RefusedError

    with monkeypatch.context() as patch:
        patch.setattr(pipeline.notify.digests, "publish", refuse)
        with pytest.raises(RefusedError):
            tick(pipeline, MONDAY)
    tick(pipeline, MONDAY)
    assert days(pipeline) == ["2025-02-10"]


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The notify function as deployed, over moto, with a queue that is subscribed to the digest."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    with mock_aws():
        s3, sns, sqs, dynamodb = (boto3.client(name) for name in ("s3", "sns", "sqs", "dynamodb"))
        for name, keys in (("marks", ("owner", "name")), ("delivered", ("story", "at"))):
            dynamodb.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
                KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=True)],
            )  # fmt: skip
            monkeypatch.setenv(f"{name.upper()}_TABLE", name)
        pipeline = breached()
        for bucket in (pipeline.lake, pipeline.results):
            s3.create_bucket(Bucket=bucket.name, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
            monkeypatch.setenv(f"{bucket.name.upper()}_BUCKET", bucket.name)
            for key, (content, _) in bucket.objects.items():
                s3.put_object(Bucket=bucket.name, Key=key, Body=content)
        for name in ("BREACHES", "OPERATIONS", "DIGEST"):
            arn = sns.create_topic(Name=name.lower())["TopicArn"]
            monkeypatch.setenv(f"{name}_TOPIC_ARN", arn)
        queue = sqs.create_queue(QueueName="reader")["QueueUrl"]
        endpoint = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=endpoint, Attributes={"RawMessageDelivery": "true"})
        spec = importlib.util.spec_from_file_location("notify_app", ROOT / "functions/notify/app.py")
        assert spec
        assert spec.loader
        app = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(app)
        yield app


def got() -> list[Any]:
    queue = boto3.client("sqs").get_queue_url(QueueName="reader")["QueueUrl"]
    return [
        json.loads(message["Body"])
        for message in boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    ]


def test_a_subscriber_gets_one_message_of_the_published_shape(handler: ModuleType) -> None:
    def hint(**said: str) -> dict[str, str]:
        return {"body": json.dumps({"force_code": FORCE, **said})}

    context = SimpleNamespace(aws_request_id="a")
    at = MONDAY.isoformat()
    handler.handler({"Records": [hint(now=at)]}, context)
    assert got() == []
    for _ in range(2):
        handler.handler({"Records": [hint(now=at), hint(tick=at), hint(tick=at)]}, context)
    [message] = got()
    check(message)
    assert (message["covers_from"], message["covers_until"]) == ("2025-02-03", "2025-02-10")
    [figure] = message["figures"]
    assert (figure["rule_id"], figure["state"], figure["newest"]["value"]) == ("101", "breach", 0.3)
    [feed] = message["feeds"]
    assert (feed["source"], feed["table"], feed["days"], feed["late"]) == ("switch", "calls", 8, False)
