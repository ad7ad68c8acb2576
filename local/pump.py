"""Lambda's pollers: takes messages off queues, runs functions on them, and retries or gives up as SQS would.

A failed message comes again at once instead of after the queue's visibility timeout, so that nobody waits half an hour
for three attempts; all else is as in the cloud: the poller calls as the function's role, counts and dead-letter queues
are SQS's own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local.deployment import Queue, Site, SourceMapping, access_key
from local.inside import put_off, waiting
from local.sandbox import Invocation, Sandbox

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_MOST_AT_ONCE = 10
_NO_DEAD_LETTERS_ATTEMPTS = 5


class NotQuietError(Exception):
    """Messages still wait when the time is over; the text says where."""


@dataclass(frozen=True)
class Quiet:
    """What happened until nothing was left to do."""

    invocations: Sequence[Invocation]
    """Since the last time."""
    failures: Sequence[str]
    """Invocations that failed since the last time, whether or not a later attempt went well."""
    faults: Sequence[str]
    """What was given up since the stack began: messages in dead-letter queues, events that reached nobody."""
    dead_letters: Mapping[str, int]
    """Messages in each dead-letter queue, by logical id."""
    warnings: Sequence[str] = ()
    """What AWS would not tell either, such as logs that a role may not write."""


@dataclass
class Pump:
    """Drives the event source mappings of a deployment."""

    site: Site
    sandboxes: Mapping[str, Sequence[Sandbox]]
    """Of each function as many as may run side by side."""
    undelivered: list[str]
    invocations: list[Invocation] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _streams: set[str] = field(default_factory=set)
    _threads: ThreadPoolExecutor = field(default_factory=ThreadPoolExecutor)

    def run_until_quiet(self, timeout: float = 600.0, *, but: str = "") -> Quiet:
        """Turn until no queue holds a message that a function is to take.

        Parameters
        ----------
        timeout
            Seconds.
        but
            Logical id of a function whose messages are left waiting, until the next call without it. It hands nothing
            on: what the others do does not depend on it.

        Raises
        ------
        NotQuietError
            The time is over.
        """
        until = time.monotonic() + timeout
        while self.turn(but) or self._delayed():
            if time.monotonic() > until:
                waiting = ", ".join(f"{name} {n}" for name, n in self._waiting().items() if n)
                raise NotQuietError(f"not quiet after {timeout:g} s; messages wait in: {waiting}")
        seen, self.invocations = self.invocations, []
        failures = [f"{made.function}: {made.error}" for made in seen if made.failed]
        return Quiet(seen, failures, [*self.given_up, *self.undelivered], self.dead_letters(), tuple(self.warnings))

    def turn(self, but: str = "") -> bool:
        """Let one mapping take a batch for each of its sandboxes, the first that finds one; whether any did.

        Lambda runs many at once, so that any order may happen there. Here what comes first in the template is emptied
        first: the exports of one night are all read before the first of them is measured. Functions that hand nothing
        on run side by side.
        """
        mappings = [mapping for mapping in self.site.made.mappings if self._logical(mapping) != but]
        last = [mapping for mapping in mappings if not self._hands_on(mapping)]
        if any(self._take(mapping) for mapping in mappings if mapping not in last):
            return True
        for mapping in last:  # clients are not made in threads
            for service in ("sqs", "logs"):
                self._client(service, mapping.function)
        return any(list(self._threads.map(self._take, last)))

    def _logical(self, mapping: SourceMapping) -> str:
        return self.site.made.functions[mapping.function].logical_id

    def _hands_on(self, mapping: SourceMapping) -> bool:
        """Whether a function may send to a queue."""
        role = self.site.made.roles[self.site.made.functions[mapping.function].role_arn]
        return any(role.allows("sqs:SendMessage", arn) for arn in self.site.made.queues)

    def dead_letters(self) -> dict[str, int]:
        """Messages in each dead-letter queue, by logical id."""
        queues = self.site.made.queues
        dead = {queue.dead_letters for queue in queues.values()}
        dead |= {target.dead_letters for rule in self.site.made.rules.values() for target in rule.targets}
        return {queues[arn].logical_id: waiting(arn) for arn in sorted(filter(None, dead))}

    def invoke(self, name: str, payload: bytes) -> Invocation:
        """Run a function by name and keep its logs where they belong."""
        made = self.sandboxes[name][0].invoke(payload)
        self._note(name, made)
        return made

    def _note(self, name: str, made: Invocation) -> None:
        self.invocations.append(made)
        self._keep_logs(name, made)

    def _take(self, mapping: SourceMapping) -> bool:
        queue = self.site.made.queues[mapping.queue_arn]
        sandboxes = self.sandboxes[mapping.function]
        messages = self._receive(mapping, queue, mapping.batch_size * len(sandboxes))
        many = -(-len(messages) // mapping.batch_size)
        if many > 1:
            # In two rounds: whichever process is done first takes the next batch.
            many = max(many, min(len(messages), 2 * len(sandboxes)))
        batches = [messages[n::many] for n in range(many)]
        payloads = [self._event(batch, queue) for batch in batches]
        for batch, made in zip(batches, self._side_by_side(sandboxes, payloads), strict=True):
            self._note(mapping.function, made)
            self._settle(mapping, queue, batch, made)
        return bool(messages)

    def _event(self, messages: Sequence[MessageTypeDef], queue: Queue) -> bytes:
        records = [as_record(message, queue.arn, self.site.region) for message in messages]
        return json.dumps({"Records": records}).encode()

    def _side_by_side(self, sandboxes: Sequence[Sandbox], payloads: Sequence[bytes]) -> Iterator[Invocation]:
        """Run a function on several events, each in whichever of its processes is free."""
        if len(payloads) < 2:
            return (sandboxes[0].invoke(payload) for payload in payloads)
        free = SimpleQueue[Sandbox]()
        for sandbox in sandboxes:
            free.put(sandbox)

        def run(payload: bytes) -> Invocation:
            sandbox = free.get()
            try:
                return sandbox.invoke(payload)
            finally:
                free.put(sandbox)

        return self._threads.map(run, payloads)

    def _settle(
        self, mapping: SourceMapping, queue: Queue, messages: Sequence[MessageTypeDef], made: Invocation
    ) -> None:
        """Delete the messages that are done with, let the others come again."""
        again = failed_ids(made, [message["MessageId"] for message in messages], reports=mapping.reports_failures)
        sqs = self._client("sqs", mapping.function)
        for message in messages:
            if message["MessageId"] in again:
                self._again(queue, message, made)
            else:
                sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])

    def _receive(self, mapping: SourceMapping, queue: Queue, most: int) -> list[MessageTypeDef]:
        sqs, found = self._client("sqs", mapping.function), list[Any]()
        # An empty queue is not asked: most of all requests to SQS would be those.
        while len(found) < most and waiting(queue.arn):
            answer = sqs.receive_message(
                QueueUrl=queue.url,
                MaxNumberOfMessages=min(most - len(found), _MOST_AT_ONCE),
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
                WaitTimeSeconds=0,
            )
            if not answer.get("Messages"):
                break
            found += answer["Messages"]
        return found

    def _again(self, queue: Queue, message: MessageTypeDef, made: Invocation) -> None:
        """Let a failed message come again, or note that this was its last attempt."""
        attempts = int(message["Attributes"]["ApproximateReceiveCount"])
        why = made.error or "reported as failed by the function"
        sqs = self._operator()
        if queue.dead_letters is None and attempts >= _NO_DEAD_LETTERS_ATTEMPTS:
            self.given_up.append(
                f"{made.function}: {queue.logical_id} has no dead-letter queue; a message that failed {attempts} times "
                f"was dropped here, in AWS it would come again until it expires: {why}"
            )
            sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])
            return
        if queue.dead_letters is not None and attempts >= queue.max_receives:
            dead = self.site.made.queues[queue.dead_letters].logical_id
            self.given_up.append(
                f"{made.function}: gave up a message of {queue.logical_id} after {attempts} attempts "
                f"(it lies in {dead}): {why}"
            )
        sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)

    def _keep_logs(self, name: str, made: Invocation) -> None:
        """Write what the function logged to its log group, as its role."""
        function = self.site.made.functions[name]
        logs = self._client("logs", name)
        where = {"logGroupName": function.log_group, "logStreamName": "local"}
        lines = [line for line in made.logs if line.strip()] or [f"END RequestId: {made.request_id}"]
        now = int(time.time() * 1000)
        try:
            if name not in self._streams:
                logs.create_log_stream(**where)
                self._streams.add(name)
            logs.put_log_events(**where, logEvents=[{"timestamp": now, "message": line} for line in lines])
        except ClientError as fault:
            warning = f"{function.logical_id} cannot write its logs: {fault}"
            if warning not in self.warnings:
                self.warnings.append(warning)

    def _client(self, service: str, function: str) -> Any:
        if (service, function) not in self._clients:
            role = self.site.made.roles[self.site.made.functions[function].role_arn]
            self._clients[(service, function)] = self.site.client(service, access_key(role))
        return self._clients[(service, function)]

    def _operator(self) -> Any:
        if ("sqs", "") not in self._clients:
            self._clients[("sqs", "")] = self.site.client("sqs")
        return self._clients[("sqs", "")]

    def _delayed(self) -> bool:
        if any(put_off(mapping.queue_arn) for mapping in self.site.made.mappings):
            time.sleep(0.05)
            return True
        return False

    def _waiting(self) -> dict[str, int]:
        arns = (mapping.queue_arn for mapping in self.site.made.mappings)
        return {self.site.made.queues[arn].logical_id: waiting(arn) for arn in arns}


def as_record(message: MessageTypeDef, queue_arn: str, region: str) -> dict[str, object]:
    """Make of a message what Lambda gives a function ("Using Lambda with Amazon SQS", example message event)."""
    attributes = {
        name: {
            **({"stringValue": value["StringValue"]} if "StringValue" in value else {}),
            **({"binaryValue": value["BinaryValue"].decode("latin-1")} if "BinaryValue" in value else {}),
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": value["DataType"],
        }
        for name, value in message.get("MessageAttributes", {}).items()
    }
    record: dict[str, object] = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message["Attributes"]),
        "messageAttributes": attributes,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def failed_ids(made: Invocation, ids: Sequence[str], *, reports: bool) -> frozenset[str]:
    """Messages of a batch that come again.

    All of them when the function failed, or when its answer cannot be read as a report; those it names when the mapping
    has ReportBatchItemFailures; none otherwise ("Reporting batch item failures").
    """
    everything = frozenset(ids)
    if made.failed:
        return everything
    if not reports:
        return frozenset()
    try:
        answer = json.loads(made.payload or b"null")
    except ValueError:
        return everything
    named = answer.get("batchItemFailures") or [] if isinstance(answer, dict) else answer or []
    if isinstance(answer, dict | None) and isinstance(named, list) and all(isinstance(item, dict) for item in named):
        found = {item.get("itemIdentifier") for item in named}
        if found <= everything:
            return frozenset(str(name) for name in found)
    return everything
