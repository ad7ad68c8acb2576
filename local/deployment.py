"""What was deployed, as the parts of the embedded AWS need to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

import boto3
from botocore.config import Config

from local.iam import Role, Statement

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

ACCOUNT = "123456789012"
OPERATOR = "operator"
"""Access key id that may do everything; its secret is ``local``."""
SECRET = "local"  # noqa: S105 - nothing checks signatures here


@dataclass(frozen=True)
class Made:
    """A resource that was made: what Ref and GetAtt give for it."""

    ref: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Queue:
    """A queue."""

    logical_id: str
    name: str
    arn: str
    url: str
    fifo: bool
    visibility: int
    content_deduplication: bool
    dead_letters: str | None
    max_receives: int
    policy: tuple[Statement, ...] = ()


@dataclass
class Topic:
    """A topic."""

    logical_id: str
    arn: str
    policy: tuple[Statement, ...] = ()


@dataclass(frozen=True)
class Function:
    """A function: where its code and layers lie and how it is run."""

    logical_id: str
    name: str
    arn: str
    handler: str
    code: Path
    layers: tuple[Path, ...]
    environment: Mapping[str, str]
    memory_mb: int
    timeout_s: int
    role_arn: str
    log_group: str


@dataclass(frozen=True)
class SourceMapping:
    """An event source mapping: which queue wakes which function, how many messages at a time."""

    logical_id: str
    queue_arn: str
    function: str
    batch_size: int
    reports_failures: bool


@dataclass(frozen=True)
class Target:
    """A rule's target."""

    arn: str
    group: str | None
    dead_letters: str | None


@dataclass(frozen=True)
class Rule:
    """A rule of the default bus."""

    logical_id: str
    name: str
    arn: str
    schedule: str | None
    enabled: bool
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Alarm:
    """An alarm: whom it tells and which queue or function it watches."""

    logical_id: str
    arn: str
    actions: tuple[str, ...]
    dimensions: Mapping[str, str]


@dataclass
class Deployment:
    """Everything that was deployed, by ARN or name."""

    stack: str = ""
    stack_id: str = ""
    resources: dict[str, Made] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    """Type of a resource by its logical id."""
    outputs: dict[str, str] = field(default_factory=dict)
    buckets: dict[str, str] = field(default_factory=dict)
    """Logical id of a bucket by its name."""
    keys: dict[str, str] = field(default_factory=dict)
    """ARN of the customer key that encrypts a bucket (by name), secret, topic or queue (by ARN)."""
    partition_keys: dict[str, str] = field(default_factory=dict)
    """Name of the partition key of a table of items by the table's ARN."""
    roles: dict[str, Role] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    layers: dict[str, Path] = field(default_factory=dict)
    mappings: list[SourceMapping] = field(default_factory=list)
    rules: dict[str, Rule] = field(default_factory=dict)
    alarms: list[Alarm] = field(default_factory=list)
    tables: list[dict[str, object]] = field(default_factory=list)
    """Glue tables as they were given, with their ``DatabaseName``."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Properties that nothing here applies, with the reason."""
    not_evaluated: list[str] = field(default_factory=list)
    """Conditions of policies that the gate does not evaluate."""

    @property
    def scaled_out(self) -> frozenset[str]:
        """Functions whose queues keep no order, so that Lambda runs several at once."""
        return frozenset(m.function for m in self.mappings if not self.queues[m.queue_arn].fifo)


@dataclass(frozen=True)
class Site:
    """Where a template is deployed to."""

    endpoint: str
    region: str
    stack: str
    root: Path
    folders: Mapping[str, Path]
    """Folder of code or layer by the logical id in the template."""
    made: Deployment
    session: boto3.Session
    _clients: dict[tuple[str, str], BaseClient] = field(default_factory=dict)

    @overload
    def client(self, service: Literal["s3"], key: str = ...) -> S3Client: ...
    @overload
    def client(self, service: Literal["sqs"], key: str = ...) -> SQSClient: ...
    @overload
    def client(self, service: Literal["sns"], key: str = ...) -> SNSClient: ...
    @overload
    def client(self, service: Literal["dynamodb"], key: str = ...) -> DynamoDBClient: ...
    @overload
    def client(self, service: Literal["glue"], key: str = ...) -> GlueClient: ...
    @overload
    def client(self, service: Literal["athena"], key: str = ...) -> AthenaClient: ...
    @overload
    def client(self, service: Literal["secretsmanager"], key: str = ...) -> SecretsManagerClient: ...
    @overload
    def client(self, service: str, key: str = ...) -> BaseClient: ...
    def client(self, service: str, key: str = OPERATOR) -> BaseClient:
        """Client of a service at the endpoint, signed with an access key id: the operator's, or that of a role."""
        if (service, key) not in self._clients:
            # Ignored: the stub knows literal services only.
            self._clients[service, key] = self.session.client(  # type: ignore[call-overload]
                service,
                region_name=self.region,
                endpoint_url=self.endpoint,
                aws_access_key_id=key,
                aws_secret_access_key=SECRET,
                config=Config(retries={"total_max_attempts": 1}, read_timeout=1000, s3={"addressing_style": "path"}),
            )
        return self._clients[service, key]

    def name(self, logical_id: str) -> str:
        """Physical name of a resource that the template does not name."""
        return f"{self.stack}-{logical_id}"

    def arn(self, service: str, rest: str) -> str:
        """ARN in this account and region."""
        return f"arn:aws:{service}:{self.region}:{ACCOUNT}:{rest}"


def access_key(role: Role) -> str:
    """Access key id with which a role calls."""
    return f"role.{role.name}"
