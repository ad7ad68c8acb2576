"""Report: draws the page of a force."""

import json
import os
from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from callclock.objects import Bucket
from callclock.report import Report, draw
from callclock.settings import ReportEnvironment

logger = Logger(service="report")


@cache
def report() -> Report:
    """Open what report works with, once per sandbox."""
    env = ReportEnvironment.read(os.environ)
    return Report(lake=Bucket(env.lake_bucket), results=Bucket(env.results_bucket))


def handler(event: dict[str, list[dict[str, str]]], context: LambdaContext) -> None:
    """Take a batch of one FIFO queue as one piece of work: each force named in it is drawn once."""
    for force_code in sorted({json.loads(record["body"])["force_code"] for record in event["Records"]}):
        key = draw(force_code, report())
        logger.info("drawn", extra={"key": key, "request_id": context.aws_request_id})
