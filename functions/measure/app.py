"""Measure: folds exports into months and works out the values that changed."""

import os
from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from callclock.ledger import Marks
from callclock.measure import Measure, parse_hint, work
from callclock.objects import Bucket
from callclock.outbox import Hints
from callclock.settings import MeasureEnvironment

logger = Logger(service="measure")


@cache
def measure() -> Measure:
    """Open what measure works with, once per sandbox."""
    env = MeasureEnvironment.read(os.environ)
    return Measure(
        lake=Bucket(env.lake_bucket),
        results=Bucket(env.results_bucket),
        marks=Marks(env.marks_table),
        measure=Hints(env.measure_queue_url),
        notify=Hints(env.notify_queue_url),
        report=Hints(env.report_queue_url),
        force_codes=frozenset(env.force_codes.split(",")),
    )


def handler(event: dict[str, list[dict[str, str]]], context: LambdaContext) -> None:
    """Take a batch of one FIFO queue as one piece of work: it succeeds or comes again whole."""
    hints = [parse_hint(record["body"]) for record in event["Records"]]
    work(hints, measure())
    logger.info("measured", extra={"hints": len(hints), "request_id": context.aws_request_id})
