"""When a rule next falls due by time alone, so that simulated time can jump there and miss no mail."""

import tempfile
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import boto3

from callclock import configuration
from callclock.engine import connect
from callclock.ledger import DeliveredLog
from callclock.notify import delivered_of, families_of, rules_of, story_of
from callclock.objects import Bucket
from callclock.replay import Rule
from callclock.results import fetch_restatements, fetch_values, laid_folder
from callclock.series import lay_series, load_series
from callclock.settings import Force
from callclock.thresholds import next_due
from local.schedule import next_fire
from local.stack import LocalStack


def next_wake(stack: LocalStack, force_code: str, now: datetime) -> datetime | None:
    """Return the first tick after ``now`` at which some rule may tell something, None when none ever will.

    Weekly digests are left out: they come with the ticks that there are, and one tells of all weeks since the last.
    """
    lake, results = stack.bucket("LakeBucket"), stack.bucket("ResultsBucket")
    log = DeliveredLog(
        stack.physical("DeliveredTable"), table=_table(stack.endpoint, stack.region, stack.physical("DeliveredTable"))
    )
    [schedule] = [rule.schedule for rule in stack.deployment.rules.values() if rule.schedule]
    due = first_due(lake, results, log, force_code, now)
    return next_fire(schedule, due - timedelta.resolution) if due else None


def first_due(lake: Bucket, results: Bucket, log: DeliveredLog, force_code: str, now: datetime) -> datetime | None:
    """Return the first instant after ``now`` at which time alone lets some rule of a force tell something."""
    settings = configuration.in_force(lake)
    force = settings.force(force_code) or Force(name=force_code)
    rules = rules_of(settings, force_code)
    wanted = families_of(rules)
    with tempfile.TemporaryDirectory(prefix="callclock-") as name, connect(Path(name)) as db:
        lay_series(
            db,
            rules,
            fetch_values(results, force_code, wanted),
            fetch_restatements(results, force_code, wanted),
            laid_folder(results, force_code),
        )
        due = [
            next_due(
                load_series(db, rule).rows,
                delivered_of(log, story_of(force_code, rule.id)),
                Rule.of(rule, force),
                now + timedelta.resolution,
            )
            for rule in rules
        ]
    return min((instant for instant in due if instant), default=None)


@cache
def _table(endpoint: str, region: str, name: str):  # type: ignore[no-untyped-def]  # boto3 makes the class at run time
    resource = boto3.resource(
        "dynamodb",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="operator",
        aws_secret_access_key="local",  # noqa: S106 - the embedded AWS knows no secret
    )
    return resource.Table(name)
