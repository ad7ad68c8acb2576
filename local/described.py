"""CloudFormation, as far as it tells what a stack is made of: what the operator's commands and the runbook ask.

Read from the deployment itself. Everything else of CloudFormation is refused by name: nothing here makes stacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from local.deployment import Deployment

SERVICE = "cloudformation"
_NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
type _Said = str | Sequence[_Said] | Mapping[str, _Said]


class UnknownError(Exception):
    """What is asked about is not there; the text is CloudFormation's."""


def describing(app: WSGIApplication, deployment: Callable[[], Deployment]) -> WSGIApplication:
    """Answer for CloudFormation in front of an application.

    Parameters
    ----------
    deployment
        What has been deployed by now.
    """

    def answering(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if f"/{SERVICE}/aws4_request" not in str(environ.get("HTTP_AUTHORIZATION", "")):
            return app(environ, start_response)
        form = dict(parse_qsl(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()))
        status, body = _answer(form, deployment())
        start_response(status, [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
        return [body]

    return answering


def _stack(form: Mapping[str, str], deployment: Deployment) -> Mapping[str, str]:
    asked = form.get("StackName", deployment.stack)
    if asked not in {deployment.stack, deployment.stack_id}:
        raise UnknownError(f"Stack with id {asked} does not exist")
    return {"StackName": deployment.stack, "StackId": deployment.stack_id}


def _describe_stacks(form: Mapping[str, str], deployment: Deployment) -> _Said:
    outputs = [{"OutputKey": key, "OutputValue": value} for key, value in deployment.outputs.items()]
    stack = {**_stack(form, deployment), "CreationTime": "2026-01-01T00:00:00Z", "StackStatus": "CREATE_COMPLETE"}
    return {"Stacks": [{**stack, "Outputs": outputs}]}


def _describe_stack_resource(form: Mapping[str, str], deployment: Deployment) -> _Said:
    stack, asked = _stack(form, deployment), form.get("LogicalResourceId", "")
    if asked not in deployment.resources:
        raise UnknownError(f"Resource {asked} does not exist for stack {deployment.stack}")
    return {"StackResourceDetail": {**stack, **_resource(asked, deployment, "LastUpdatedTimestamp")}}


def _describe_stack_resources(form: Mapping[str, str], deployment: Deployment) -> _Said:
    stack = _stack(form, deployment)
    return {"StackResources": [{**stack, **_resource(name, deployment, "Timestamp")} for name in deployment.resources]}


def _list_stack_resources(form: Mapping[str, str], deployment: Deployment) -> _Said:
    _stack(form, deployment)
    found = [_resource(name, deployment, "LastUpdatedTimestamp") for name in deployment.resources]
    return {"StackResourceSummaries": found}


def _resource(name: str, deployment: Deployment, when: str) -> Mapping[str, str]:
    return {
        "LogicalResourceId": name,
        "PhysicalResourceId": deployment.resources[name].ref,
        "ResourceType": deployment.kinds[name],
        "ResourceStatus": "CREATE_COMPLETE",
        when: "2026-01-01T00:00:00Z",
    }


_ANSWERS: Mapping[str, Callable[[Mapping[str, str], Deployment], _Said]] = {
    "DescribeStacks": _describe_stacks,
    "DescribeStackResource": _describe_stack_resource,
    "DescribeStackResources": _describe_stack_resources,
    "ListStackResources": _list_stack_resources,
}


def _answer(form: Mapping[str, str], deployment: Deployment) -> tuple[str, bytes]:
    action = form.get("Action", "")
    if action not in _ANSWERS:
        return _refusal("InvalidAction", f"{action} is not known here (known: {', '.join(sorted(_ANSWERS))})")
    try:
        result = _xml({f"{action}Result": _ANSWERS[action](form, deployment), "ResponseMetadata": {"RequestId": "0"}})
    except UnknownError as fault:
        return _refusal("ValidationError", str(fault))
    return "200 OK", f'<{action}Response xmlns="{_NAMESPACE}">{result}</{action}Response>'.encode()


def _refusal(code: str, message: str) -> tuple[str, bytes]:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    body = f'<ErrorResponse xmlns="{_NAMESPACE}">{error}<RequestId>0</RequestId></ErrorResponse>'
    return "400 Bad Request", body.encode()


def _xml(said: _Said) -> str:
    match said:
        case str():
            return escape(said)
        case Mapping():
            return "".join(f"<{name}>{_xml(value)}</{name}>" for name, value in said.items())
        case _:
            return "".join(f"<member>{_xml(value)}</member>" for value in said)
