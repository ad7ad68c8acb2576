"""What AWS would accept and then lose in silence: checked once every resource is there."""

from __future__ import annotations

from local.deployment import ACCOUNT, Deployment
from local.iam import admits
from local.intrinsics import TemplateError


def check(made: Deployment, log_groups: set[str]) -> None:
    """Check what only the whole shows.

    Raises
    ------
    TemplateError
        A rule may not send to its target or to its dead-letter queue, an alarm tells nobody or watches nothing, a
        function's log group is missing. The text begins with the logical id.
    """
    for rule in made.rules.values():
        for target in rule.targets:
            for arn in filter(None, (target.arn, target.dead_letters)):
                queue = made.queues[arn]
                why = admits(
                    queue.policy, "events.amazonaws.com", "sqs:SendMessage", arn, source_arn=rule.arn, account=ACCOUNT
                )
                if why:
                    raise TemplateError(f"{rule.logical_id}: cannot send to {queue.logical_id}: {why}")
    _check_alarms(made)
    for function in made.functions.values():
        default = f"/aws/lambda/{function.name}"
        if function.log_group not in log_groups and function.log_group != default:
            raise TemplateError(f"{function.logical_id}: LoggingConfig.LogGroup: no log group {function.log_group!r}")


def _check_alarms(made: Deployment) -> None:
    known = {
        "QueueName": {queue.name for queue in made.queues.values()},
        "FunctionName": set(made.functions),
    }
    for alarm in made.alarms:
        for name, value in alarm.dimensions.items():
            if name in known and value not in known[name]:
                raise TemplateError(f"{alarm.logical_id}: Dimensions: there is no {name} {value!r}")
        for arn in alarm.actions:
            if arn not in made.topics:
                raise TemplateError(f"{alarm.logical_id}: AlarmActions: there is no topic {arn}")
            topic = made.topics[arn]
            why = admits(
                topic.policy, "cloudwatch.amazonaws.com", "sns:Publish", arn, source_arn=alarm.arn, account=ACCOUNT
            )
            if why:
                raise TemplateError(f"{alarm.logical_id}: cannot publish to {topic.logical_id}: {why}")
