"""What leaves: hints to the next function (SQS FIFO) and notices to people (SNS)."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient


class Hints:
    """A FIFO queue that carries pointers, never values, one group per force."""

    def __init__(self, queue_url: str, client: "SQSClient | None" = None) -> None:
        self.queue_url = queue_url
        self._sqs: SQSClient = client or boto3.client("sqs")

    def send(self, force_code: str, hint: Mapping[str, str]) -> None:
        """Send one hint. Its deduplication id is fresh: by content, a second, legitimate hint would be swallowed."""
        self._sqs.send_message(
            QueueUrl=self.queue_url,
            MessageBody=json.dumps(dict(hint), sort_keys=True),
            MessageGroupId=force_code,
            MessageDeduplicationId=uuid4().hex,
        )


class Wakes:
    """The standard queue of dropped objects, for those whose event was lost on the way or that are to be read again."""

    def __init__(self, queue_url: str, client: "SQSClient | None" = None) -> None:
        self.queue_url = queue_url
        self._sqs: SQSClient = client or boto3.client("sqs")

    def send(self, key: str, now: str, version_id: str | None = None, again: str | None = None) -> None:
        """Send what intake reads of an event: which object, and the time of the event.

        Parameters
        ----------
        version_id
            Version of the object; without one the newest.
        again
            Export that it is to be read as, once more.
        """
        made = {"key": key, **({"version-id": version_id} if version_id else {})}
        event = {"time": now, "detail": {"object": made}, **({"again": again} if again else {})}
        self._sqs.send_message(QueueUrl=self.queue_url, MessageBody=json.dumps(event))


def message(subject: str, text: str, data: Mapping[str, object]) -> str:
    """What SNS is given: text for mail, the subject for a telephone, and JSON for all else.

    The JSON stands there once, as the default, and not once for each kind of endpoint: SNS takes 256 KiB in all.
    """
    as_json = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return json.dumps({"default": as_json, "email": text, "sms": subject}, ensure_ascii=False)


class Topic:
    """A topic that people, queues and functions subscribe to."""

    def __init__(self, arn: str, client: "SNSClient | None" = None) -> None:
        self.arn = arn
        self._sns: SNSClient = client or boto3.client("sns")

    @property
    def region(self) -> str:
        """Region of the topic, and of all else in the stack."""
        return self.arn.split(":")[3]

    def publish(self, subject: str, text: str, data: Mapping[str, object], attributes: Mapping[str, str]) -> None:
        """Publish plain text for mail and JSON for machines; returns once SNS has accepted it."""
        self._sns.publish(
            TopicArn=self.arn,
            Subject=subject,
            Message=message(subject, text, data),
            MessageStructure="json",
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
            },
        )
