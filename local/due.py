"""When a rule next falls due by time alone, so that simulated time can jump there and miss no mail."""

import tempfile
from datetime import datetime, time, timedelta
from pathlib import Path

import boto3

from callclock import configuration
from callclock.contracts import METRIC_VALUES, RESTATEMENTS
from callclock.engine import connect, rows_of
from callclock.ledger import DeliveredLog
from callclock.notify import delivered_of, story_of
from callclock.objects import Bucket
from callclock.replay import Rule
from callclock.results import fetch_restatements, fetch_values
from callclock.series import load_series
from callclock.thresholds import next_due
from local.stack import LocalStack

TICK_AT = time(5, 0)
"""UTC time of the daily tick, as the template's schedule has it."""


def next_wake(stack: LocalStack, force_code: str, now: datetime) -> datetime | None:
    """Return the first daily tick after ``now`` at which some rule may tell something, None when none ever will."""
    s3 = stack.client("s3")
    settings = configuration.in_force(Bucket(stack.physical("LakeBucket"), client=s3))
    force = settings.force(force_code)
    if force is None:
        return None
    results = Bucket(stack.physical("ResultsBucket"), client=s3)
    log = DeliveredLog(stack.physical("DeliveredTable"), table=_table(stack))
    with tempfile.TemporaryDirectory(prefix="callclock-") as name, connect(Path(name)) as db:
        for view, table, paths in (
            ("metric_values", METRIC_VALUES, fetch_values(results, force_code)),
            ("restatements", RESTATEMENTS, fetch_restatements(results, force_code)),
        ):
            db.execute(f"CREATE VIEW {view} AS {rows_of(table.columns, paths)}")
        due = [
            next_due(
                load_series(db, rule).rows,
                delivered_of(log, story_of(force_code, rule.id)),
                Rule.of(rule, force),
                now + timedelta.resolution,
            )
            for rule in settings.rules
            if not rule.forces or force_code in rule.forces
        ]
    first = min((instant for instant in due if instant), default=None)
    return _tick_at_or_after(first) if first else None


def _tick_at_or_after(instant: datetime) -> datetime:
    tick = datetime.combine(instant.date(), TICK_AT, tzinfo=instant.tzinfo)
    return tick if tick >= instant else tick + timedelta(days=1)


def _table(stack: LocalStack):  # type: ignore[no-untyped-def]  # boto3 makes the class at run time
    resource = boto3.resource(
        "dynamodb",
        endpoint_url=stack.endpoint,
        region_name=stack.region,
        aws_access_key_id="operator",
        aws_secret_access_key="local",  # noqa: S106 - the embedded AWS knows no secret
    )
    return resource.Table(stack.physical("DeliveredTable"))
