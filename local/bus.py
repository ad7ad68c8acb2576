"""EventBridge's default bus: the events that S3 and schedules send, and their way to a rule's targets."""

from __future__ import annotations

import itertools
import json
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.clock import Clock, stamp

type Event = dict[str, Any]

_PLACE = re.compile(r"<([A-Za-z0-9_-]+)>")
# How S3 names the request behind an "Object Created" event.
_REASONS = {"Put": "PutObject", "Post": "POST Object", "Copy": "CopyObject"}


@dataclass
class Bus:
    """Holds the events of a request until the request is over, then hands them to the rules.

    Parameters
    ----------
    clock
        Stamps events.
    route
        Hands an event to every rule that matches it.
    """

    clock: Clock
    route: Callable[[Event], None]
    _sequence: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _held: threading.local = field(default_factory=threading.local)

    def hold(self, event: Event) -> None:
        """Keep an event until `flush` is called in this thread: S3 sends it when the object is whole."""
        events: list[Event] = getattr(self._held, "events", [])
        self._held.events = [*events, event]

    def flush(self) -> None:
        """Hand over what this thread's request sent."""
        events: list[Event] = getattr(self._held, "events", [])
        self._held.events = []
        for event in events:
            self.route(event)

    def object_created(self, bucket: Any, key: Any, kind: str, account: str) -> Event:
        """Make the event of an object, as documented in "Amazon S3 event message structure" for EventBridge.

        Parameters
        ----------
        bucket, key
            moto's bucket and object.
        kind
            Put, Post, Copy or CompleteMultipartUpload.
        account
            Account id.
        """
        made = {
            "key": key.name,
            "size": key.size,
            "etag": key.etag.strip('"'),
            # Compared right-padded, and only for one key: later is greater, which is all it promises.
            "sequencer": f"{next(self._sequence):018X}",
        }
        if bucket.is_versioned:
            made["version-id"] = key.version_id
        return {
            **_envelope("aws.s3", "Object Created", self.clock.now(), account, bucket.region_name, bucket.arn),
            "detail": {
                "version": "0",
                "bucket": {"name": bucket.name},
                "object": made,
                "request-id": uuid.uuid4().hex[:16].upper(),
                "requester": account,
                "source-ip-address": "127.0.0.1",
                "reason": _REASONS.get(kind, kind),
            },
        }


def scheduled(rule_arn: str, at: datetime, account: str, region: str) -> Event:
    """Make the event of a schedule."""
    return {**_envelope("aws.events", "Scheduled Event", at, account, region, rule_arn), "detail": {}}


def body_for(target: Mapping[str, Any], event: Event) -> str:
    """Text that a target gets for an event: the event, a constant, or its transformation.

    Raises
    ------
    ValueError
        The transformation gives no JSON.
    """
    if "Input" in target:
        return str(target["Input"])
    if "InputTransformer" not in target:
        return json.dumps(event)
    how = target["InputTransformer"]
    template = str(how["InputTemplate"])
    values = {name: _at(event, str(path)) for name, path in how.get("InputPathsMap", {}).items()}

    def fill(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise ValueError(f"InputTemplate names <{found[1]}>, which InputPathsMap does not give")
        # Within quotes the bare text goes in, elsewhere a value with quotes of its own.
        quoted = template[: found.start()].count('"') % 2 == 1
        value = values[found[1]]
        made = json.dumps(value)
        return made[1:-1] if quoted and isinstance(value, str) else made

    text = _PLACE.sub(fill, template)
    if text.lstrip().startswith(("{", "[")):
        json.loads(text)
    return text


def _at(event: Event, path: str) -> Any:
    """Value at a path such as ``$.detail.object.key``; None where there is none."""
    found: Any = event
    for step in path.removeprefix("$").strip(".").split("."):
        found = found.get(step) if isinstance(found, dict) and step else found
    return found


def _envelope(source: str, kind: str, at: datetime, account: str, region: str, resource: str) -> Event:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": source,
        "account": account,
        "time": stamp(at),
        "region": region,
        "resources": [resource],
    }
