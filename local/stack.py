"""The embedded AWS: one template deployed whole on this machine."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.bus import scheduled
from local.clock import Clock
from local.deployer import deploy
from local.deployment import ACCOUNT, SECRET, Deployment, Function, Site, access_key
from local.gate import Gate
from local.inbox import Inbox
from local.inside import InsideBucket
from local.intrinsics import TemplateError
from local.layers import runtime_python
from local.moto_server import MotoServer
from local.pump import Pump, Quiet
from local.sandbox import Sandbox
from local.schedule import next_fire

_IDLE_SECONDS = 0.2
# Lambda runs many at once of a function whose queue keeps no order; here there are as few cores as that.
_SIDE_BY_SIDE = 2


class LocalStack:
    """A template, deployed and driven.

    Parameters
    ----------
    template
        SAM template.
    parameters
        Values of its parameters.
    root
        Project folder, below which ``build/`` lies; by default the template's.
    port
        Port of the endpoint; 0 for any.
    clock
        Instant at which simulated time begins; None for the real clock.
    region, name
        Where the stack is, and its name.
    """

    def __init__(
        self,
        template: Path,
        *,
        parameters: Mapping[str, str] | None = None,
        root: Path | None = None,
        port: int = 0,
        clock: datetime | Clock | None = None,
        region: str = "eu-west-2",
        name: str = "callclock",
    ) -> None:
        self.template = template.resolve()
        self.parameters = dict(parameters or {})
        self.root = (root or self.template.parent).resolve()
        self.clock = clock if isinstance(clock, Clock) else Clock(clock)
        self.region, self.name = region, name
        self._server = MotoServer(clock=self.clock, port=port)
        self._sandboxes: dict[str, Sequence[Sandbox]] = {}
        self._site: Site | None = None
        self._pump: Pump | None = None

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every process and forget everything."""
        for sandbox in chain.from_iterable(self._sandboxes.values()):
            sandbox.close()
        self._sandboxes.clear()
        self._server.stop()

    def deploy(self) -> Self:
        """Make every resource of the template.

        Raises
        ------
        TemplateError
            Something does not fit; the text begins with the logical id.
        LayerError
            The sandboxes' interpreter has not been built.
        """
        python = runtime_python(self.root)
        self._site, _ = deploy(
            self.template, self.parameters, endpoint=self.endpoint, region=self.region, stack=self.name, root=self.root
        )
        self.gate.deployment = self.deployment
        for name, function in self.deployment.functions.items():
            many = _SIDE_BY_SIDE if name in self.deployment.scaled_out else 1
            self._sandboxes[name] = [Sandbox(function, python, self._environment(function)) for _ in range(many)]
        self._pump = Pump(self._site, self._sandboxes, self._server.undelivered)
        self._server.invoke = self._invoked
        return self

    def start_functions(self) -> None:
        """Start the process of every function, side by side, so that the first event need not wait for it."""
        with ThreadPoolExecutor() as threads:
            list(threads.map(Sandbox.start, chain.from_iterable(self._sandboxes.values())))

    def _environment(self, function: Function) -> dict[str, str]:
        role = self.deployment.roles[function.role_arn]
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": access_key(role),
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _invoked(self, name: str, payload: bytes) -> tuple[bool, bytes]:
        made = self.pump.invoke(name, payload)
        return made.failed, made.payload

    @property
    def endpoint(self) -> str:
        """URL to point clients at."""
        return self._server.endpoint

    @property
    def inbox(self) -> Inbox:
        """What people were sent."""
        return self._server.inbox

    @property
    def gate(self) -> Gate:
        """Who was refused what, and what is not evaluated."""
        return self._server.gate

    @property
    def site(self) -> Site:
        """Where it is deployed."""
        if self._site is None:
            raise RuntimeError("nothing is deployed yet: call deploy() first")
        return self._site

    @property
    def pump(self) -> Pump:
        """What drives the functions."""
        if self._pump is None:
            raise RuntimeError("nothing is deployed yet: call deploy() first")
        return self._pump

    @property
    def deployment(self) -> Deployment:
        """What was deployed."""
        return self.site.made

    @property
    def outputs(self) -> Mapping[str, str]:
        """Outputs of the template."""
        return self.deployment.outputs

    def sandbox(self, logical_id: str) -> Sandbox:
        """First process of a function, by logical id; the only one unless its queue lets several run side by side."""
        return self._sandboxes[self.physical(logical_id)][0]

    def physical(self, logical_id: str) -> str:
        """What Ref gives for a resource: a bucket's name, a queue's URL, a topic's ARN.

        Raises
        ------
        TemplateError
            The template has no such resource.
        """
        made = self.deployment.resources.get(logical_id)
        if made is None:
            raise TemplateError(f"{logical_id}: no resource of {self.template.name} has that name")
        return made.ref

    def client(self, service: str) -> Any:
        """boto3 client of a service that may do everything."""
        return self.site.client(service)

    def bucket(self, logical_id: str) -> InsideBucket:
        """Bucket by logical id, to look at what lies in it without a request."""
        return InsideBucket(self.physical(logical_id))

    def put(self, bucket: str, key: str, source: Path | bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Drop an object as a person would.

        Parameters
        ----------
        bucket
            Logical id.
        key
            Object key.
        source
            File, or content.
        metadata
            Object metadata.
        """
        body = source if isinstance(source, bytes) else source.read_bytes()
        self.client("s3").put_object(Bucket=self.physical(bucket), Key=key, Body=body, Metadata=dict(metadata or {}))

    def run_until_quiet(self, timeout: float = 600.0, *, but: str = "") -> Quiet:
        """Run functions until nothing is left to do; see `Pump.run_until_quiet`.

        Parameters
        ----------
        timeout
            Seconds.
        but
            Logical id of a function whose messages are left waiting.
        """
        return self.pump.run_until_quiet(timeout, but=but)

    def tick(self, at: datetime) -> int:
        """Fire every schedule that is enabled, at an instant.

        Parameters
        ----------
        at
            Instant, which the events carry. A simulated clock goes on to it.

        Returns
        -------
        int
            How many schedules fired.
        """
        if self.clock.simulated and at > self.clock.now():
            self.clock.set(at)
        due = [rule for rule in self.deployment.rules.values() if rule.schedule and rule.enabled]
        for rule in due:
            event = scheduled(rule.arn, at, ACCOUNT, self.region)
            for target in self._server.targets(rule.name, self.region):
                self._server.deliver(rule.arn, target, event)
        return len(due)

    def serve_forever(self, report: Callable[[str], None] = print) -> None:
        """Run functions as messages come and schedules as they fall due, until interrupted."""
        try:
            self.serve(threading.Event(), report)
        except KeyboardInterrupt:
            return

    def serve(self, ended: threading.Event, report: Callable[[str], None] = print) -> None:
        """Do as `serve_forever` until an event is set.

        Parameters
        ----------
        ended
            Set by another thread to end it.
        report
            Is told of every invocation.
        """
        rules = [rule for rule in self.deployment.rules.values() if rule.schedule and rule.enabled]
        due = {rule.arn: next_fire(rule.schedule or "", datetime.now(UTC)) for rule in rules}
        while not ended.is_set():
            now = datetime.now(UTC)
            for rule in rules:
                at = due[rule.arn]
                if at is not None and at <= now:
                    self.tick(at)
                    due[rule.arn] = next_fire(rule.schedule or "", now)
            worked = self.pump.turn()
            for made in self.pump.invocations:
                report(f"{made.function} {made.seconds:.2f} s {made.error or 'done'}")
            self.pump.invocations.clear()
            if not worked:
                time.sleep(_IDLE_SECONDS)

    def export_buckets(self, out: Path) -> None:
        """Copy every bucket to a folder of its own, with the table definitions that `query_directory` needs.

        Parameters
        ----------
        out
            Gets ``exports/``, ``lake/``, ``results/`` (the logical ids without "Bucket") and ``glue.json``.
        """
        folders = {name: logical.removesuffix("Bucket").lower() for name, logical in self.deployment.buckets.items()}
        for name, folder in folders.items():
            bucket, home = InsideBucket(name), (out / folder).resolve()
            home.mkdir(parents=True, exist_ok=True)
            for found in bucket.list(""):
                file = (home / found.key).resolve()
                if not file.is_relative_to(home):
                    raise ValueError(f"s3://{name}/{found.key}: the key leads out of {home}")
                if found.key.endswith("/"):
                    file.mkdir(parents=True, exist_ok=True)
                    continue
                bucket.fetch(found.key, file)
        left = {"buckets": folders, "now": self.clock.now().isoformat(), "tables": self.deployment.tables}
        (out / "glue.json").write_text(json.dumps(left, indent=1), "utf-8")
