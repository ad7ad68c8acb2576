"""Notify: tells the people who asked."""

import os
from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from callclock.ledger import DeliveredLog, Marks
from callclock.notify import Notify, parse_hint, tell
from callclock.objects import Bucket
from callclock.outbox import Topic
from callclock.settings import NotifyEnvironment

logger = Logger(service="notify")


@cache
def notify() -> Notify:
    """Open what notify works with, once per sandbox."""
    env = NotifyEnvironment.read(os.environ)
    return Notify(
        lake=Bucket(env.lake_bucket),
        results=Bucket(env.results_bucket),
        marks=Marks(env.marks_table),
        delivered=DeliveredLog(env.delivered_table),
        breaches=Topic(env.breaches_topic_arn),
        operations=Topic(env.operations_topic_arn),
        digests=Topic(env.digest_topic_arn),
    )


def handler(event: dict[str, list[dict[str, str]]], context: LambdaContext) -> None:
    """Take a batch of one FIFO queue in order, hints alike once; one that fails brings the batch back."""
    hints = dict.fromkeys(parse_hint(record["body"]) for record in event["Records"])
    told = sum(tell(hint, notify()) for hint in hints)
    logger.info("told", extra={"hints": len(hints), "notices": told, "request_id": context.aws_request_id})
