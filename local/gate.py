"""The gate in front of every service, which knows who may do what.

Callers are known by their access key id: the operator may do everything, each function calls as its role. Of conditions
only which items of a table may be touched is evaluated (`Gate.not_evaluated` lists the others); everything else of a
role's policies is, and so is what S3, SQS, SNS and Secrets Manager need of the customer key that encrypts a resource.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from local.asked import Ask, Request, asks
from local.deployment import ACCOUNT, OPERATOR, Deployment, access_key
from local.iam import Role

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SCOPE = re.compile(r"(?:Credential=)?([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_READS, _WRITES = "kms:Decrypt", "kms:GenerateDataKey"
# What a service does with a resource's customer key on its caller's behalf.
_KEY_USE = {
    "s3:GetObject": (_READS,),
    "s3:GetObjectVersion": (_READS,),
    "s3:PutObject": (_WRITES,),
    "secretsmanager:GetSecretValue": (_READS,),
    "sns:Publish": (_READS, _WRITES),
    "sqs:SendMessage": (_READS, _WRITES),
    "sqs:ReceiveMessage": (_READS,),
}
# The code by which each service's clients know that they may not.
_CODES = {"s3": "AccessDenied", "sqs": "AccessDenied", "sns": "AuthorizationError", "monitoring": "AccessDenied"}


@dataclass
class Denial:
    """A request that was refused."""

    role: str
    action: str
    resource: str
    message: str


@dataclass
class Gate:
    """WSGI middleware in front of the services."""

    inner: WSGIApplication
    deployment: Deployment = field(default_factory=Deployment)
    denials: list[Denial] = field(default_factory=list)

    @property
    def not_evaluated(self) -> list[str]:
        """Conditions of policies that nothing here evaluates."""
        return self.deployment.not_evaluated

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Pass a request on, or refuse it in its service's own words."""
        caller, region, service = _caller(environ)
        if caller == OPERATOR or (caller is None and str(environ["PATH_INFO"]).startswith("/moto-api")):
            return self._pass(environ, start_response)
        request = _request(environ, service, region)
        roles = {access_key(role): role for role in self.deployment.roles.values()}
        role = roles.get(caller or "")
        if role is None:
            message = (
                f"unknown access key id {caller!r}: use {OPERATOR!r} with secret 'local', or that of a function's role"
            )
            return _refuse(request, message, start_response)
        for ask in self._needs(request):
            if not role.allows(ask.action, ask.resource, self._leading_key(ask)):
                return self._deny(request, role, ask, start_response)
        if request.service == "s3" and request.method in {"GET", "HEAD"}:
            return self._hide_missing(environ, request, role, start_response)
        return self._pass(environ, start_response)

    def _needs(self, request: Request) -> Iterator[Ask]:
        for ask in asks(request):
            yield ask
            name = (
                ask.resource.removeprefix("arn:aws:s3:::").partition("/")[0]
                if request.service == "s3"
                else ask.resource
            )
            key = self.deployment.keys.get(name)
            if key is not None:
                for action in _KEY_USE.get(ask.action, ()):
                    yield Ask(action, key)
                # The parts of an upload are read again to be joined.
                if ask.action == "s3:PutObject" and "uploadId" in request.query:
                    yield Ask(_READS, key)

    def _leading_key(self, ask: Ask) -> str | None:
        """Value of the partition key of the item that is asked for."""
        values = ask.item.get(self.deployment.partition_keys.get(ask.resource, ""), {})
        return next(iter(values.values()), None)

    def _pass(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        answer = self.inner(environ, start_response)
        try:
            return list(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()

    def _hide_missing(
        self, environ: WSGIEnvironment, request: Request, role: Role, start_response: StartResponse
    ) -> list[bytes]:
        """Answer 403 for a key that is not there to a caller who may not list the bucket, as S3 does."""
        bucket, _, key = request.path.lstrip("/").partition("/")
        ask = Ask("s3:ListBucket", f"arn:aws:s3:::{bucket}")
        if not key or role.allows(ask.action, ask.resource):
            return self._pass(environ, start_response)
        said: list[object] = []

        def kept(*arguments: object) -> object:
            said[:] = arguments
            return None

        body = self._pass(environ, kept)  # type: ignore[arg-type]  # WSGI of werkzeug and of moto differ in type only
        if str(said[0]).startswith("404"):
            return self._deny(request, role, ask, start_response)
        start_response(*said)  # type: ignore[arg-type]  # what was kept of a call is passed on
        return body

    def _deny(self, request: Request, role: Role, ask: Ask, start_response: StartResponse) -> list[bytes]:
        message = (
            f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{role.name}/local is not authorized to perform: {ask.action} "
            f"on resource: {ask.resource} because no identity-based policy of role {role.logical_id} allows the action"
        )
        self.denials.append(Denial(role.logical_id, ask.action, ask.resource, message))
        return _refuse(request, message, start_response)


def _caller(environ: WSGIEnvironment) -> tuple[str | None, str, str]:
    """Access key id, region and service that a request was signed for."""
    signed = str(environ.get("HTTP_AUTHORIZATION", ""))
    if not signed:
        signed = "".join(parse_qs(str(environ.get("QUERY_STRING", ""))).get("X-Amz-Credential", []))
    found = _SCOPE.search(signed)
    return (found[1], found[2], found[3]) if found else (None, "", "")


def _request(environ: WSGIEnvironment, service: str, region: str) -> Request:
    headers = {
        name[5:].replace("_", "-").lower(): str(value) for name, value in environ.items() if name.startswith("HTTP_")
    }
    path = str(environ["PATH_INFO"]).encode("latin-1").decode("utf-8", "replace")
    query, method = str(environ.get("QUERY_STRING", "")), str(environ["REQUEST_METHOD"])
    body = b""
    # An object's content says nothing about what is asked; a list of objects to delete does.
    if service != "s3" or method == "POST":
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
    return Request(service, region, method, path, query, headers, body)


def _refuse(request: Request, message: str, start_response: StartResponse) -> list[bytes]:
    code = _CODES.get(request.service, "AccessDeniedException")
    headers = [("x-amzn-RequestId", "00000000-0000-0000-0000-000000000000")]
    if "/operation/" in request.path:
        body, kind, status = _cbor({"__type": code, "message": message}), "application/cbor", "400 Bad Request"
        headers.append(("smithy-protocol", "rpc-v2-cbor"))
    elif request.service == "s3":
        body = _xml(f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>")
        kind, status = "application/xml", "403 Forbidden"
    elif "x-amz-target" in request.headers:
        body = json.dumps({"__type": code, "message": message, "Message": message}).encode()
        kind, status = "application/x-amz-json-1.0", "400 Bad Request"
        if request.service == "sqs":
            headers.append(("x-amzn-query-error", f"{code};Sender"))
    else:
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        body = _xml(f"<ErrorResponse>{error}<RequestId>0</RequestId></ErrorResponse>")
        kind, status = "text/xml", "403 Forbidden"
    if request.method == "HEAD":
        body = b""
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *headers])
    return [body]


def _xml(text: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


def _cbor(said: dict[str, str]) -> bytes:
    def text(value: str) -> bytes:
        raw = value.encode()
        return b"\x7a" + len(raw).to_bytes(4, "big") + raw

    return bytes([0xA0 | len(said)]) + b"".join(text(k) + text(v) for k, v in said.items())
