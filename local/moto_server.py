"""moto in server mode, in this process, with its faults mended and one clock."""

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from unittest import mock

from moto import backends
from moto.awslambda.models import LambdaBackend
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.core.config import default_user_config
from moto.core.exceptions import ServiceException
from moto.events.models import Rule, events_backends
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3 import notifications
from moto.s3.models import S3Backend
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import Topic
from moto.sqs.models import sqs_backends
from werkzeug.serving import BaseWSGIServer, make_server

from local.athena_api import answering
from local.bus import Bus, Event, body_for
from local.clock import Clock, stamp
from local.deployment import ACCOUNT
from local.described import describing
from local.gate import Gate
from local.inbox import Inbox

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_one_at_a_time = threading.Lock()
_SUBJECT = re.compile(r"[ -~]{1,100}")


class _Quiet(MotoRequestHandler):
    """moto's request handler without a line on the terminal for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""
        del code, size


class MotoServer:
    """A moto behind the gate: its state and its faults are the process's, so there is at most one at a time.

    Parameters
    ----------
    port
        0 for any that is free.

    Attributes
    ----------
    gate
        By which every request is judged before moto sees it.
    inbox
        What was published to topics.
    undelivered
        Events that a rule could not deliver, in words.
    invoke
        Called with name and payload when somebody asks the Lambda API to invoke a function; gives whether it failed,
        and the answer.
    """

    def __init__(self, *, clock: Clock, port: int = 0) -> None:
        self.inbox = Inbox(clock)
        self.undelivered: list[str] = []
        self.invoke: Callable[[str, bytes], tuple[bool, bytes]] | None = None
        self._port = port
        self._bus = Bus(clock, self._route)
        moto = _flushing(DomainDispatcherApplication(create_backend_app), self._bus)
        self.gate = Gate(describing(moto, lambda: self.gate.deployment))
        self._mended = ExitStack()
        self._server: BaseWSGIServer | None = None

    def start(self) -> None:
        """Mend moto, empty it and listen.

        Raises
        ------
        RuntimeError
            Another one runs in this process.
        """
        if not _one_at_a_time.acquire(blocking=False):
            raise RuntimeError("another embedded AWS runs in this process: close it first, they would share one state")
        with ExitStack() as mended:
            mended.callback(_one_at_a_time.release)
            moto_api_backend.reset()
            mended.callback(moto_api_backend.reset)
            for owner, name, by in self._corrections():
                mended.enter_context(mock.patch.object(owner, name, by))
            mended.enter_context(mock.patch.dict(default_user_config, {"lambda": {"use_docker": False}}))
            mended.enter_context(answering(self._bus.clock))
            self._server = make_server("127.0.0.1", self._port, self.gate, threaded=True, request_handler=_Quiet)
            mended.callback(self._server.server_close)
            thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="moto", daemon=True)
            thread.start()
            mended.callback(thread.join)
            mended.callback(self._server.shutdown)
            self._mended = mended.pop_all()

    def stop(self) -> None:
        """Stop listening and leave moto as it was."""
        self._mended.close()
        self._server = None

    @property
    def endpoint(self) -> str:
        """URL at which it listens."""
        if self._server is None:
            raise RuntimeError("it does not listen: call start() first")
        return f"http://127.0.0.1:{self._server.server_port}"

    def targets(self, rule: str, region: str) -> Sequence[Mapping[str, Any]]:
        """Targets of a rule of the default bus."""
        return list(events_backends[ACCOUNT][region].event_buses["default"].rules[rule].targets)

    def deliver(self, rule_arn: str, target: Mapping[str, Any], event: Event) -> None:
        """Send an event to a rule's target, which is a queue: the deployer takes no other.

        What the queue does not take goes to the target's dead-letter queue, as EventBridge does it at once for a queue
        that is not there, and is noted in `undelivered`.
        """
        _, _, _, region, account, name = target["Arn"].split(":", 5)
        queues = sqs_backends[account][region]
        body = body_for(target, event)
        try:
            queues.send_message(name, body, group_id=target.get("SqsParameters", {}).get("MessageGroupId"))
        except ServiceException as fault:
            dead = target.get("DeadLetterConfig", {}).get("Arn")
            self.undelivered.append(f"{rule_arn}: {name} took no event: {fault}; dead letters: {dead or 'none'}")
            if dead:
                queues.send_message(dead.rsplit(":", 1)[-1], body)

    def _route(self, event: Event) -> None:
        """Hand an event of AWS to the rules of the default bus that match it; other buses get none of them."""
        for rule in list(events_backends[event["account"]][event["region"]].event_buses["default"].rules.values()):
            self._send(rule, event)

    def _send(self, rule: Rule, event: Event) -> None:
        """Hand an event to one rule: a disabled one keeps still, a schedule matches nothing, the time is a text."""
        if rule.state == "DISABLED" or not rule.event_pattern.dump():
            return
        time = event.get("time")
        if isinstance(time, int | float):
            event = {**event, "time": stamp(datetime.fromtimestamp(time, UTC))}
        if rule.event_pattern.matches_event(event):  # type: ignore[arg-type]  # moto is typed loosely
            for target in rule.targets:
                self.deliver(rule.arn, target, event)

    def _corrections(self) -> Sequence[tuple[object, str, object]]:
        """What of moto is replaced: owner, name and replacement."""

        def send_to_targets(rule: Rule, original_event: Event, transform_input: bool = True) -> None:
            del transform_input
            self._send(rule, original_event)

        # moto walks through its own folder at every request: its modules stay what they are.
        modules = tuple(backends.list_of_moto_modules())
        return (
            *_s3(self._bus),
            (backends, "list_of_moto_modules", lambda: modules),
            (Rule, "send_to_targets", send_to_targets),
            (Topic, "publish", _publishing(self.inbox)),
            (LambdaBackend, "create_event_source_mapping", _mapping_without_delivery()),
            (LambdaSimpleBackend, "invoke", self._invoking()),
        )

    def _invoking(self) -> object:
        def invoke(
            backend: LambdaSimpleBackend,
            function_name: str,
            qualifier: str | None,
            body: bytes | str | None,
            headers: object,
            response_headers: dict[str, str],
        ) -> bytes:
            del headers
            backend.get_function(function_name, qualifier)
            if self.invoke is None:
                raise RuntimeError("nothing is deployed yet")
            payload = body.encode() if isinstance(body, str) else body
            failed, answer = self.invoke(function_name.rsplit(":", 1)[-1], payload or b"{}")
            if failed:
                response_headers["x-amz-function-error"] = "Unhandled"
            return answer

        return invoke


def _flushing(app: "WSGIApplication", bus: Bus) -> "WSGIApplication":
    """S3 tells of an object once the request that made it is over."""

    def flushing(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        answer = app(environ, start_response)
        bus.flush()
        return answer

    return flushing


def _s3(bus: Bus) -> Sequence[tuple[object, str, object]]:
    """One event for one object, however it was stored, and none for tags, which moto sends at every put."""
    within = threading.local()

    def told_once(original: Callable[..., object]) -> Callable[..., object]:
        def called(*arguments: object, **named: object) -> object:
            within.another = True
            try:
                return original(*arguments, **named)
            finally:
                within.another = False

        return called

    def send(account_id: str, bucket: Any, event_name: notifications.S3NotificationEvent, key: Any) -> None:
        subject, kind = event_name.value.removeprefix("s3:").split(":")
        # moto stores a copy and a completed upload through its own PutObject, which would tell of it a first time.
        told_later = kind == "Put" and getattr(within, "another", False)
        if subject == "ObjectCreated" and not told_later:
            bus.hold(bus.object_created(bucket, key, kind, account_id))

    return (
        (notifications, "_send_event_bridge_message", send),
        (S3Backend, "complete_multipart_upload", told_once(S3Backend.complete_multipart_upload)),
        (S3Backend, "copy_object", told_once(S3Backend.copy_object)),
    )


def _publishing(inbox: Inbox) -> object:
    publish = Topic.publish

    def publish_and_keep(
        self: Topic,
        message: str,
        subject: str | None = None,
        message_attributes: dict[str, dict[str, str]] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> str:
        if subject is not None and not _SUBJECT.fullmatch(subject):
            raise SNSInvalidParameter("Invalid parameter: Subject: 1 to 100 printable ASCII characters")
        number = publish(self, message, subject, message_attributes, group_id, deduplication_id, message_structure)
        subscriptions, _ = self.sns_backend.list_subscriptions_by_topic(topic_arn=self.arn)
        admitted = [
            one.endpoint
            for one in subscriptions
            if one.protocol == "email"
            and (one._filter_policy_matcher is None or one._filter_policy_matcher.matches(message_attributes, message))
        ]
        texts = json.loads(message) if message_structure == "json" else {"default": message}
        stated = {name: str(value["Value"]) for name, value in (message_attributes or {}).items()}
        inbox.add(str(self.arn), admitted, subject or "", texts.get("email", texts["default"]), stated)
        return str(number)

    return publish_and_keep


def _mapping_without_delivery() -> object:
    """Known to the Lambda API, but polled by the pump: moto would push each message and lose it."""
    create = LambdaBackend.create_event_source_mapping

    def create_only(self: LambdaBackend, spec: Mapping[str, Any]) -> object:
        mapping = create(self, dict(spec))
        for queue in sqs_backends[self.account_id][self.region_name].queues.values():
            queue.lambda_event_source_mappings.clear()
        return mapping

    return create_only
