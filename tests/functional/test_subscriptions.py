"""The README's subscription, typed as it stands there: what its reader gets, and what a machine gets."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from callclock.outbox import Topic
from tests.support.notice_schemas import check
from tests.unit.test_notices import BREACHED, FIRST, JANUARY, SERIES, mail, month
from tests.unit.test_weekly import CALLS, digest

README = Path(__file__).parents[2] / "README.md"


@dataclass(frozen=True)
class Subscribed:
    """A topic with one subscriber, who reads by queue what the README's reader gets by mail."""

    topic: Topic
    queue_url: str

    def got(self) -> list[Any]:
        """Messages that came, oldest first."""
        answer = boto3.client("sqs").receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def options(topic: str) -> dict[str, str]:
    """Options of the README's ``aws sns subscribe`` to a topic."""
    commands = re.findall(r"^aws sns subscribe .*?[^\\]$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    [command] = [command for command in commands if f"<{topic} topic>" in command]
    words = shlex.split(command.replace(f"<{topic} topic>", "TOPIC").replace("\\\n", " "))
    return dict(zip(words[3::2], words[4::2], strict=True))


@pytest.fixture(params=["breaches"])
def subscribed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subscribed]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    with mock_aws():
        sns, sqs = boto3.client("sns"), boto3.client("sqs")
        arn = sns.create_topic(Name=request.param)["TopicArn"]
        url = sqs.create_queue(QueueName="reader")["QueueUrl"]
        queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        asked = options(request.param)
        assert set(asked) == {"--topic-arn", "--protocol", "--notification-endpoint", "--attributes"}
        attributes = {**json.loads(asked["--attributes"]), "RawMessageDelivery": "true"}
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes=attributes)
        yield Subscribed(Topic(arn), url)


def test_one_managers_interest_is_a_filter(subscribed: Subscribed) -> None:
    critical = mail(BREACHED, [], "2026-03-09")
    warning = mail([*SERIES, JANUARY, month(13, 1500, 10_000)], [], "2026-03-09")
    recovered = mail([*BREACHED, month(14, 700, 10_000), month(15, 690, 10_000)], [FIRST], "2026-05-09")
    assert [sent.attributes["severity"] for sent in (critical, warning, recovered)] == ["critical", "warning", "none"]
    for sent in (warning, critical, recovered):
        subscribed.topic.publish(sent.subject, sent.body, sent.data, sent.attributes)
    other = {**critical.attributes, "metric": "attendance.over_4h"}
    subscribed.topic.publish(critical.subject, critical.body, critical.data, other)
    assert subscribed.topic.region == "eu-west-2"
    got = subscribed.got()
    for message in got:
        check(message)
    assert got == [json.loads(json.dumps(sent.data)) for sent in (critical, recovered)]


@pytest.mark.parametrize("subscribed", ["digest"], indirect=True)
def test_a_digest_comes_of_the_force_that_was_asked_for(subscribed: Subscribed) -> None:
    sent = digest(CALLS)
    other = {**sent.attributes, "force_code": "NORTH"}
    for attributes in ({**sent.attributes, "force_code": "EX"}, other):
        subscribed.topic.publish(sent.subject, sent.body, sent.data, attributes)
    [message] = subscribed.got()
    check(message)
    assert message == json.loads(json.dumps(sent.data))
