"""Intake: reads what was dropped in the exports bucket."""

import os
from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from callclock.exports.callers import CallerSecret
from callclock.intake import Intake, receive
from callclock.ledger import Ledger, Marks
from callclock.objects import Bucket
from callclock.outbox import Hints, Wakes
from callclock.settings import IntakeEnvironment

logger = Logger(service="intake")


@cache
def intake() -> Intake:
    """Open what intake works with, once per sandbox."""
    env = IntakeEnvironment.read(os.environ)
    secret = parameters.get_secret(env.caller_secret_arn, transform="json")
    return Intake(
        exports=Bucket(env.exports_bucket),
        lake=Bucket(env.lake_bucket),
        results=Bucket(env.results_bucket),
        ledger=Ledger(env.ledger_table),
        marks=Marks(env.marks_table),
        wakes=Wakes(env.intake_queue_url),
        measure=Hints(env.measure_queue_url),
        notify=Hints(env.notify_queue_url),
        secret=CallerSecret(epoch=str(secret["epoch"]), secret=secret["secret"].encode()),
        force_codes=frozenset(env.force_codes.split(",")),
    )


def take(record: SQSRecord) -> None:
    """Take in the object that one message names, or look for lost ones at the tick."""
    for receipt in receive(record.body, intake()):
        logger.info("export", extra={"key": receipt.object_key, "status": receipt.status, "reason": receipt.reason})


def handler(event: dict[str, object], context: LambdaContext) -> PartialItemFailureResponse:
    """Handle a batch of messages; those that failed come again."""
    return process_partial_response(event, take, BatchProcessor(EventType.SQS), context)
