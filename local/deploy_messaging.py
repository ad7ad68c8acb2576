"""Queues, topics and rules of the template."""

from __future__ import annotations

import json
import re
from typing import Any

from local.deploy_storage import known_key, policy
from local.deployment import Made, Queue, Rule, Site, Target, Topic
from local.given import Given

_SCHEDULE = re.compile(r"rate\(([1-9]\d*) (minutes?|hours?|days?)\)|cron\(\S+ \S+ \S+ \S+ \S+ \S+\)")
_NO_TAGS = "nobody asks for them here"


def queue(given: Given, site: Site) -> Made:
    """AWS::SQS::Queue."""
    fifo = given.flag("FifoQueue")
    name = given.text("QueueName", site.name(given.logical_id) + (".fifo" if fifo else ""))
    if fifo != name.endswith(".fifo"):
        raise given.fault(f"QueueName {name!r}: exactly FIFO queues have names that end in .fifo")
    visibility = given.number("VisibilityTimeout", 30)
    attributes = {**_queue_attributes(given), "VisibilityTimeout": str(visibility)}
    content = given.flag("ContentBasedDeduplication")
    if content and not fifo:
        raise given.fault("ContentBasedDeduplication is for FIFO queues only")
    if fifo:
        attributes |= {"FifoQueue": "true", "ContentBasedDeduplication": str(content).lower()}
    key = attributes.get("KmsMasterKeyId")
    dead, receives = _redrive(given, site, attributes, fifo=fifo)
    given.leave("Tags", _NO_TAGS)
    # Ignored: a template is untyped.
    url = site.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type]
    arn = site.arn("sqs", name)
    if key:
        site.made.keys[arn] = known_key(given, site, key)
    site.made.queues[arn] = Queue(given.logical_id, name, arn, url, fifo, visibility, content, dead, receives)
    return Made(url, {"Arn": arn, "QueueName": name, "QueueUrl": url})


def _queue_attributes(given: Given) -> dict[str, str]:
    """Attributes that CloudFormation and SQS name alike and that are not given unless stated."""
    attributes: dict[str, str] = {}
    for number in ("MessageRetentionPeriod", "DelaySeconds", "MaximumMessageSize", "ReceiveMessageWaitTimeSeconds"):
        if number in given.values:
            attributes[number] = str(given.number(number))
    for text in ("DeduplicationScope", "FifoThroughputLimit", "KmsMasterKeyId"):
        if text in given.values:
            attributes[text] = given.text(text)
    if "SqsManagedSseEnabled" in given.values:
        attributes["SqsManagedSseEnabled"] = str(given.flag("SqsManagedSseEnabled")).lower()
    return attributes


def _redrive(given: Given, site: Site, attributes: dict[str, str], *, fifo: bool) -> tuple[str | None, int]:
    redrive = given.part("RedrivePolicy")
    if not redrive.values:
        return None, 0
    dead, receives = redrive.text("deadLetterTargetArn"), redrive.number("maxReceiveCount")
    if dead not in site.made.queues:
        raise given.fault(f"RedrivePolicy.deadLetterTargetArn: there is no queue {dead}")
    if site.made.queues[dead].fifo != fifo:
        raise given.fault(f"RedrivePolicy.deadLetterTargetArn: {dead} must be FIFO exactly when this queue is")
    attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": receives})
    return dead, receives


def queue_policy(given: Given, site: Site) -> Made:
    """AWS::SQS::QueuePolicy."""
    document, read = policy(given)
    by_url = {found.url: found for found in site.made.queues.values()}
    for url in given.texts("Queues"):
        if url not in by_url:
            raise given.fault(f"Queues: there is no queue {url}; give its Ref")
        site.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(document)})
        by_url[url].policy += read
    site.made.not_evaluated += [f"{given.logical_id} {s.sid}: {s.condition}" for s in read if s.condition]
    return Made(given.logical_id)


def topic(given: Given, site: Site) -> Made:
    """AWS::SNS::Topic."""
    name = given.text("TopicName", site.name(given.logical_id))
    attributes = {"DisplayName": given.text("DisplayName", "")}
    key = given.text("KmsMasterKeyId") if "KmsMasterKeyId" in given.values else None
    if key:
        attributes["KmsMasterKeyId"] = key
    given.leave("Tags", _NO_TAGS)
    arn = site.client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]
    if key:
        site.made.keys[arn] = known_key(given, site, key)
    site.made.topics[arn] = Topic(given.logical_id, arn)
    return Made(arn, {"TopicArn": arn, "TopicName": name})


def topic_policy(given: Given, site: Site) -> Made:
    """AWS::SNS::TopicPolicy."""
    document, read = policy(given)
    for arn in given.texts("Topics"):
        if arn not in site.made.topics:
            raise given.fault(f"Topics: there is no topic {arn}")
        site.client("sns").set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(document)
        )
        site.made.topics[arn].policy += read
    site.made.not_evaluated += [f"{given.logical_id} {s.sid}: {s.condition}" for s in read if s.condition]
    return Made(given.logical_id)


def subscription(given: Given, site: Site) -> Made:
    """AWS::SNS::Subscription."""
    arn, protocol, endpoint = given.text("TopicArn"), given.text("Protocol"), given.text("Endpoint")
    if arn not in site.made.topics:
        raise given.fault(f"TopicArn: there is no topic {arn}")
    if protocol not in {"email", "sqs"}:
        raise given.fault(f"Protocol {protocol!r}: only email and sqs are delivered here")
    if protocol == "sqs" and endpoint not in site.made.queues:
        raise given.fault(f"Endpoint: there is no queue {endpoint}")
    attributes = {}
    if filters := given.document("FilterPolicy"):
        attributes["FilterPolicy"] = json.dumps(filters)
    for name in ("FilterPolicyScope", "RawMessageDelivery"):
        if name in given.values:
            attributes[name] = str(given.take(name)).lower() if name == "RawMessageDelivery" else given.text(name)
    made = site.client("sns").subscribe(
        TopicArn=arn, Protocol=protocol, Endpoint=endpoint, Attributes=attributes, ReturnSubscriptionArn=True
    )
    return Made(made["SubscriptionArn"])


def rule(given: Given, site: Site) -> Made:
    """AWS::Events::Rule on the default bus, with queues for targets."""
    events: Any = site.client("events")
    name = given.text("Name", site.name(given.logical_id))
    state = given.text("State", "ENABLED")
    schedule = given.text("ScheduleExpression") if "ScheduleExpression" in given.values else None
    pattern = given.document("EventPattern")
    if (schedule is None) == (not pattern):
        raise given.fault("needs an EventPattern or a ScheduleExpression, and not both")
    if schedule is not None and not _SCHEDULE.fullmatch(schedule):
        raise given.fault(f"ScheduleExpression {schedule!r}: needs cron(six fields) or rate(n minutes|hours|days)")
    wanted: dict[str, str] = {"Name": name, "State": state, "Description": given.text("Description", "")}
    wanted |= {"EventPattern": json.dumps(pattern)} if pattern else {"ScheduleExpression": schedule or ""}
    arn = events.put_rule(**wanted)["RuleArn"]
    targets, raw = [], []
    for target in given.each("Targets"):
        read, as_given = _target(target, site)
        targets.append(read)
        raw.append(as_given)
    if not targets:
        raise given.fault("has no Targets: it would do nothing")
    events.put_targets(Rule=name, Targets=raw)
    site.made.rules[arn] = Rule(given.logical_id, name, arn, schedule, state != "DISABLED", tuple(targets))
    return Made(name, {"Arn": arn})


def _target(target: Given, site: Site) -> tuple[Target, dict[str, object]]:
    raw: dict[str, object] = {"Id": target.text("Id")}
    arn = target.text("Arn")
    if arn not in site.made.queues:
        raise target.fault(f"{target.path}Arn: there is no queue {arn} (only queues are delivered to here)")
    raw["Arn"] = arn
    for text in ("Input",):
        if text in target.values:
            raw[text] = target.text(text)
    if transformer := target.document("InputTransformer"):
        raw["InputTransformer"] = transformer
    group = target.part("SqsParameters").text("MessageGroupId", "") or None
    if group:
        raw["SqsParameters"] = {"MessageGroupId": group}
    found = site.made.queues[arn]
    if found.fifo and not (group and found.content_deduplication):
        raise target.fault(
            f"{target.path}Arn: {found.logical_id} is FIFO: give SqsParameters.MessageGroupId here and "
            "ContentBasedDeduplication there, for EventBridge makes no deduplication id"
        )
    dead = target.part("DeadLetterConfig").text("Arn", "") or None
    if dead:
        if dead not in site.made.queues or site.made.queues[dead].fifo:
            raise target.fault(f"{target.path}DeadLetterConfig.Arn: there is no standard queue {dead}")
        raw["DeadLetterConfig"] = {"Arn": dead}
    target.leave("RetryPolicy", "delivery here fails at once or not at all")
    return Target(arn, group, dead), raw


HANDLERS = {
    "AWS::SQS::Queue": queue,
    "AWS::SQS::QueuePolicy": queue_policy,
    "AWS::SNS::Topic": topic,
    "AWS::SNS::TopicPolicy": topic_policy,
    "AWS::SNS::Subscription": subscription,
    "AWS::Events::Rule": rule,
}
