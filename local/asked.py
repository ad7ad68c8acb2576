"""What a request to an AWS service asks for: which actions on which resources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, parse_qsl, unquote
from xml.etree.ElementTree import ParseError, fromstring

from local.deployment import ACCOUNT


@dataclass(frozen=True)
class Ask:
    """One action on one resource."""

    action: str
    resource: str
    item: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)
    """Attributes, by type, that say which item of a table it is about; empty where none is named."""


@dataclass(frozen=True)
class Request:
    """A request as it came over the wire."""

    service: str
    region: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def target(self) -> str:
        """Operation of the JSON protocols, ``PutItem``; of the query protocol; of the CBOR protocol."""
        if "x-amz-target" in self.headers:
            return self.headers["x-amz-target"].rpartition(".")[2]
        if "/operation/" in self.path:
            return self.path.rpartition("/")[2]
        return self.form.get("Action", "")

    @property
    def form(self) -> dict[str, str]:
        """Body of the query protocol."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def json(self) -> dict[str, object]:
        """Body of the JSON protocols; empty when it is none."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def arn(self, rest: str) -> str:
        """ARN in this request's service and region."""
        return f"arn:aws:{self.service}:{self.region}:{ACCOUNT}:{rest}"


# Sub-resources of an object and of a bucket, as S3's API and its actions name them.
_OBJECT_PARTS = {
    ("GET", "tagging"): "GetObjectTagging",
    ("PUT", "tagging"): "PutObjectTagging",
    ("DELETE", "tagging"): "DeleteObjectTagging",
    ("GET", "acl"): "GetObjectAcl",
    ("PUT", "acl"): "PutObjectAcl",
    ("GET", "attributes"): "GetObjectAttributes",
    ("GET", "uploadId"): "ListMultipartUploadParts",
    ("PUT", "uploadId"): "PutObject",
    ("POST", "uploadId"): "PutObject",
    ("POST", "uploads"): "PutObject",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
}
_BUCKET_PARTS = {
    "versions": "ListBucketVersions",
    "uploads": "ListBucketMultipartUploads",
    "location": "GetBucketLocation",
    "versioning": "GetBucketVersioning",
    "policy": "GetBucketPolicy",
    "encryption": "GetEncryptionConfiguration",
}
_OBJECT_WHOLE = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
_SAME_AS = {
    "SendMessageBatch": "SendMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "PublishBatch": "Publish",
}
_TRANSACTION = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "Get": "GetItem"}


def asks(request: Request) -> Iterator[Ask]:
    """Every action that a request needs, with its resource. Nothing for a request that needs no permission."""
    if request.service == "sts" and request.target == "GetCallerIdentity":
        return
    if request.service == "s3":
        yield from _s3(request)
    elif request.service == "dynamodb":
        yield from _dynamodb(request)
    else:
        prefix = "cloudwatch" if request.service == "monitoring" else request.service
        action = _SAME_AS.get(request.target, request.target) or f"{request.method} {request.path}"
        yield Ask(f"{prefix}:{action}", _resource(request))


def _resource(request: Request) -> str:
    body, found = request.json, "*"
    match request.service:
        case "sqs":
            found = str(body.get("QueueUrl", body.get("QueueName", "*"))).rstrip("/").rpartition("/")[2]
        case "sns":
            return request.form.get("TopicArn") or request.form.get("TargetArn") or "*"
        case "secretsmanager":
            found = _named(body.get("SecretId"), "secret:{}")
        case "kms":
            found = _named(body.get("KeyId"), "key/{}")
        case "cloudformation":
            found = _named(request.form.get("StackName"), "stack/{}/local")
        case "logs":
            found = f"log-group:{body.get('logGroupName', '*')}:log-stream:{body.get('logStreamName', '*')}"
        case _:
            return "*"
    return found if found.startswith("arn:") else request.arn(found)


def _named(name: object, form: str) -> str:
    """ARN as it was given, or what follows the account in one."""
    text = "*" if name is None else str(name)
    return text if text.startswith("arn:") else form.format(text)


def _dynamodb(request: Request) -> Iterator[Ask]:
    body, operation = request.json, request.target
    if operation in {"BatchGetItem", "BatchWriteItem"}:
        tables = body.get("RequestItems")
        for name in tables if isinstance(tables, dict) else ():
            yield Ask(f"dynamodb:{operation}", request.arn(f"table/{name}"))
    elif operation in {"TransactWriteItems", "TransactGetItems"}:
        items = body.get("TransactItems")
        for item in items if isinstance(items, list) else ():
            for kind, what in item.items():
                yield Ask(
                    f"dynamodb:{_TRANSACTION.get(kind, 'ConditionCheckItem')}",
                    request.arn(f"table/{what['TableName']}"),
                    what.get("Key") or what.get("Item") or {},
                )
    else:
        table = str(body.get("TableName", "*")).rpartition("/")[2]
        index = f"/index/{body['IndexName']}" if "IndexName" in body else ""
        item = body.get("Key") or body.get("Item")
        yield Ask(f"dynamodb:{operation}", request.arn(f"table/{table}{index}"), item if isinstance(item, dict) else {})


def _s3(request: Request) -> Iterator[Ask]:
    bucket, _, key = unquote(request.path).lstrip("/").partition("/")
    query = parse_qs(request.query, keep_blank_values=True)
    arn = f"arn:aws:s3:::{bucket}"
    if not bucket:
        yield Ask("s3:ListAllMyBuckets", "*")
    elif key:
        yield from _s3_object(request, query, f"{arn}/{key}")
    elif request.method == "POST" and "delete" in query:
        for name, version in _deleted(request.body):
            yield Ask("s3:DeleteObjectVersion" if version else "s3:DeleteObject", f"{arn}/{name}")
    else:
        parts = sorted(set(query) & set(_BUCKET_PARTS))
        listing = request.method in {"GET", "HEAD"}
        odd = f"{request.method} {request.query}".strip()
        if listing and parts:
            yield Ask(f"s3:{_BUCKET_PARTS[parts[0]]}", arn)
        else:
            plain = listing and not set(query) - _LISTING
            yield Ask("s3:ListBucket" if plain else f"s3:{odd}", arn)


_LISTING = {
    "list-type",
    "prefix",
    "delimiter",
    "marker",
    "max-keys",
    "continuation-token",
    "start-after",
    "encoding-type",
}
_LISTING |= {"fetch-owner", "x-id"}


def _s3_object(request: Request, query: Mapping[str, list[str]], arn: str) -> Iterator[Ask]:
    parts = [name for name in query if (request.method, name) in _OBJECT_PARTS]
    versioned = "Version" if "versionId" in query else ""
    if parts:
        yield Ask(f"s3:{_OBJECT_PARTS[(request.method, parts[0])]}", arn)
    elif request.method in _OBJECT_WHOLE:
        yield Ask(f"s3:{_OBJECT_WHOLE[request.method]}{versioned if request.method != 'PUT' else ''}", arn)
    else:
        yield Ask(f"s3:{request.method} {request.query}", arn)
    if request.method == "PUT" and "if-match" in request.headers:
        yield Ask("s3:GetObject", arn)
    if request.method == "PUT" and "x-amz-tagging" in request.headers:
        yield Ask("s3:PutObjectTagging", arn)
    source = request.headers.get("x-amz-copy-source")
    if source:
        name, _, version = unquote(source).lstrip("/").partition("?versionId=")
        yield Ask("s3:GetObjectVersion" if version else "s3:GetObject", f"arn:aws:s3:::{name}")


def _deleted(body: bytes) -> Iterator[tuple[str, str | None]]:
    try:
        tree = fromstring(body)  # noqa: S314 - our own functions' requests
    except ParseError:
        return
    for found in tree.iter():
        if found.tag.rpartition("}")[2] == "Object":
            said = {part.tag.rpartition("}")[2]: part.text or "" for part in found}
            yield said.get("Key", ""), said.get("VersionId")
