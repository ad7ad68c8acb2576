"""Our own rules over the template's wiring: what the real AWS punishes and the embedded one does not notice.

A rule returns a line for each fault, none when all is well. tests/template/test_rules.py breaks the template for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from callclock import settings
from tests.support.template import Template, listed, referred

ENVIRONMENTS = {
    "IntakeFunction": settings.IntakeEnvironment,
    "MeasureFunction": settings.MeasureEnvironment,
    "NotifyFunction": settings.NotifyEnvironment,
    "ReportFunction": settings.ReportEnvironment,
}


def logs_expire(t: Template) -> Iterator[str]:
    """Every function logs to a group of the template that has a retention, and may write there."""
    for name, function in t.of("Lambda::Function").items():
        group = t.named(function.get("LoggingConfig", {}).get("LogGroup"))
        if not group:
            yield f"{name}: no log group of the template"
        elif "RetentionInDays" not in t[group[0]]:
            yield f"{group[0]}: logs are kept for ever"
        elif not {"logs:CreateLogStream", "logs:PutLogEvents"} <= t.allowed(t.role_of(name), group[0]):
            yield f"{name}: its role may not write to {group[0]}"


def queues_have_dead_letters(t: Template) -> Iterator[str]:
    """Every queue gives up after a few attempts, to a queue that keeps longer than itself."""
    dead = t.dead_letters()
    for name, queue in t.of("SQS::Queue").items():
        if name in dead:
            continue
        redrive = queue.get("RedrivePolicy")
        if not redrive:
            yield f"{name}: no dead-letter queue: a poison message comes for ever"
            continue
        if redrive["maxReceiveCount"] != 3:
            yield f"{name}: gives up after {redrive['maxReceiveCount']}: three, or a force is blocked for too long"
        target = t.named(redrive["deadLetterTargetArn"])
        assert target
        # A dead letter of a standard queue keeps the age of the message.
        if t[target[0]].get("MessageRetentionPeriod", 345600) <= queue.get("MessageRetentionPeriod", 345600):
            yield f"{target[0]}: keeps no longer than {name}"


def dead_letters_raise_alarm(t: Template) -> Iterator[str]:
    """By what lies in the queue: NumberOfMessagesSent leaves out what SQS itself moved."""
    for name in t.dead_letters():
        if not _alarm(t, "ApproximateNumberOfMessagesVisible", "QueueName", f"{name}#QueueName", 0):
            yield f"{name}: a dead letter raises no alarm"


def failures_raise_alarm(t: Template) -> Iterator[str]:
    """Errors of every function, and age of the oldest message of the queue that it reads."""
    for _, queue, function, _ in t.mappings():
        if not _alarm(t, "Errors", "FunctionName", function):
            yield f"{function}: its errors raise no alarm"
        if not _alarm(t, "ApproximateAgeOfOldestMessage", "QueueName", f"{queue}#QueueName"):
            yield f"{queue}: a backlog raises no alarm"


def _alarm(t: Template, metric: str, dimension: str, of: str, threshold: int | None = None) -> bool:
    for alarm in t.of("CloudWatch::Alarm").values():
        measured = {d["Name"]: "".join(t.named(d["Value"]) or ()) for d in alarm["Dimensions"]}
        if alarm["MetricName"] == metric and measured == {dimension: of}:
            told = [t.named(action) for action in alarm.get("AlarmActions", [])]
            above = alarm["ComparisonOperator"].startswith("GreaterThan")
            return ("OperationsTopic", "") in told and above and threshold in {None, alarm["Threshold"]}
    return False


def fifo_is_whole(t: Template) -> Iterator[str]:
    """Dead letters of a FIFO queue are FIFO, those of a rule are not; a rule that feeds one names a group."""
    queues = t.of("SQS::Queue")
    for name, sources in t.dead_letters().items():
        for source in sources:
            wanted = bool(queues[source].get("FifoQueue")) if source in queues else False
            if bool(queues[name].get("FifoQueue")) != wanted:
                yield f"{name}: {'must' if wanted else 'cannot'} be FIFO as dead letters of {source}"
    for name, queue in queues.items():
        if queue.get("FifoQueue") and not str(queue.get("QueueName", {}).get("Fn::Sub")).endswith(".fifo"):
            yield f"{name}: the name of a FIFO queue ends in .fifo"
    for name, rule in t.of("Events::Rule").items():
        for target in rule["Targets"]:
            queue_name = (t.named(target["Arn"]) or ("",))[0]
            if queues[queue_name].get("FifoQueue") and not (
                target.get("SqsParameters", {}).get("MessageGroupId")
                and queues[queue_name].get("ContentBasedDeduplication")
            ):
                yield f"{name}: {queue_name} needs a message group, and deduplication by content for events"


def nothing_is_circular(t: Template) -> Iterator[str]:
    """What CloudFormation refuses only when it deploys: resources that wait for each other."""
    waits = {name: set(referred(r)) & set(t.resources) - {name} for name, r in t.resources.items()}
    while ready := [name for name, needed in waits.items() if not needed & waits.keys()]:
        for name in ready:
            del waits[name]
    for name in waits:
        yield f"{name}: part of a circle, or behind one"
    for name, queue in t.of("SQS::Queue").items():
        if "RedriveAllowPolicy" in queue:
            yield f"{name}: a RedriveAllowPolicy names its source, which names it"


def visibility_outlasts_retries(t: Template) -> Iterator[str]:
    """Six times the function's timeout, or a message is seen twice while it is at work."""
    for _, queue, function, _ in t.mappings():
        if t[queue].get("VisibilityTimeout", 30) < 6 * t[function].get("Timeout", 3):
            yield f"{queue}: visible again before {function} has had its retries"


def batches_report_failures(t: Template) -> Iterator[str]:
    """One bad message must not bring the good ones back; a function that reads may also delete."""
    for name, queue, function, mapping in t.mappings():
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name}: no partial failures"
        if t[queue].get("FifoQueue") and (mapping["BatchSize"] > 10 or "MaximumBatchingWindowInSeconds" in mapping):
            yield f"{name}: a FIFO queue gives ten at most, and at once"
        needed = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
        if not needed <= t.allowed(t.role_of(function), queue):
            yield f"{function}: its role may not read {queue}"


def environment_is_what_code_reads(t: Template) -> Iterator[str]:
    """Set in the template == read in callclock.settings, function by function."""
    for name, kind in ENVIRONMENTS.items():
        read = {field.name.upper() for field in fields(kind)}
        given = set(t[name].get("Environment", {}).get("Variables", {}))
        for variable in sorted(read ^ given):
            yield f"{name}: {variable} is {'read but not set' if variable in read else 'set but not read'}"


USES = {
    "QUEUE_URL": ("SQS::Queue", "sqs:SendMessage"),
    "BUCKET": ("S3::Bucket", "s3:ListBucket"),
    "TABLE": ("DynamoDB::Table", "dynamodb:PutItem"),
    "TOPIC_ARN": ("SNS::Topic", "sns:Publish"),
    "SECRET_ARN": ("SecretsManager::Secret", "secretsmanager:GetSecretValue"),
}


def environment_is_granted(t: Template) -> Iterator[str]:
    """What a function is told of is of the right kind, bears the variable's name, and it may use it."""
    for name, function in t.of("Lambda::Function").items():
        for variable, value in function["Environment"]["Variables"].items():
            if variable == "FORCE_CODES":
                continue
            kind, action = next(use for ending, use in USES.items() if variable.endswith(ending))
            resource = (t.named(value) or ("",))[0]
            wanted = variable.removesuffix("_URL").removesuffix("_ARN").replace("_", "").lower()
            if resource not in t.of(kind) or resource.lower() != wanted:
                yield f"{name}: {variable} is {value}, no {wanted}"
            else:
                action = USED_OTHERWISE.get((name, variable), action)
                if action not in t.allowed(t.role_of(name), resource):
                    yield f"{name}: may not {action} on {resource}"


USED_OTHERWISE = {
    ("IntakeFunction", "RESULTS_BUCKET"): "s3:PutObject",
    ("MeasureFunction", "MARKS_TABLE"): "dynamodb:DeleteItem",
    ("NotifyFunction", "MARKS_TABLE"): "dynamodb:DeleteItem",
}
"""Intake puts receipts there and reads nothing back, so it need not list; marks are put by intake and cleared by others."""


def rules_reach_their_queue(t: Template) -> Iterator[str]:
    """EventBridge may send to the target and to its dead letters, by the ARN of that rule; each target has some."""
    allowed: dict[str, set[str]] = {}
    for policy in t.of("SQS::QueuePolicy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow" and statement["Principal"] == {"Service": "events.amazonaws.com"}:
                sources = listed(statement.get("Condition", {}).get("ArnEquals", {}).get("aws:SourceArn", []))
                queue = (t.named(statement["Resource"]) or ("",))[0]
                if policy["Queues"] == [{"Ref": queue}]:
                    allowed.setdefault(queue, set()).update((t.named(s) or ("",))[0] for s in sources)
    for name, rule in t.of("Events::Rule").items():
        for target in rule["Targets"]:
            dead = t.named(target.get("DeadLetterConfig", {}).get("Arn"))
            if not dead:
                yield f"{name}: what it cannot deliver is lost"
            for reached in (t.named(target["Arn"]), dead):
                if reached and name not in allowed.get(reached[0], set()):
                    yield f"{name}: may not send to {reached[0]}"


def layers_fit(t: Template) -> Iterator[str]:
    """Five at most, of the function's runtime and architecture; pyarrow for intake alone."""
    layers = t.of("Lambda::LayerVersion")
    for name, function in t.of("Lambda::Function").items():
        of = [(t.named(layer) or ("",))[0] for layer in function.get("Layers", [])]
        if not 1 <= len(of) <= 5:
            yield f"{name}: {len(of)} layers"
        if any(layer.startswith("Arrow") for layer in of) != (name == "IntakeFunction"):
            yield f"{name}: Arrow is for intake alone"
        for layer in of:
            if layers[layer]["CompatibleRuntimes"] != [function["Runtime"]]:
                yield f"{layer}: not built for {function['Runtime']}"
            if layers[layer]["CompatibleArchitectures"] != function["Architectures"]:
                yield f"{layer}: not built for {function['Architectures']}"


def intake_does_not_wake_itself(t: Template) -> Iterator[str]:
    """No prefix of the exports bucket that a function writes is one that wakes it."""
    wakes = [found["prefix"] for found in t["DropRule"]["EventPattern"]["detail"]["object"]["key"]]
    for function in t.of("Lambda::Function"):
        for statement in t.statements(t.role_of(function)):
            for resource in listed(statement["Resource"]):
                bucket, within = t.named(resource) or ("", "")
                if bucket == "ExportsBucket" and "s3:PutObject" in listed(statement["Action"]):
                    written = within.strip("/*")
                    if any(written.startswith(p.strip("/")) or p.startswith(written) for p in wakes):
                        yield f"{function}: writes {written}/, which wakes intake"


RULES = [
    logs_expire,
    queues_have_dead_letters,
    dead_letters_raise_alarm,
    failures_raise_alarm,
    fifo_is_whole,
    nothing_is_circular,
    visibility_outlasts_retries,
    batches_report_failures,
    environment_is_what_code_reads,
    environment_is_granted,
    rules_reach_their_queue,
    layers_fit,
    intake_does_not_wake_itself,
]
