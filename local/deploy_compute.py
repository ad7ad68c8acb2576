"""Roles, log groups, layers, functions and event source mappings of the template."""

from __future__ import annotations

import ast
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

from local.deploy_storage import known_key, policy
from local.deployment import Function, Made, Site, SourceMapping
from local.given import Given
from local.iam import PolicyError, Role, Statement, statements
from local.layers import LayerError, local_layer

_RESERVED = re.compile(r"AWS_(?!LAMBDA_EXEC_WRAPPER).*|_HANDLER|LAMBDA_(TASK_ROOT|RUNTIME_DIR)|TZ")
_ENVIRONMENT_BYTES = 4096
_MOST_LAYERS = 5
_POLL = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def role(given: Given, site: Site) -> Made:
    """AWS::IAM::Role."""
    iam: Any = site.client("iam")
    name = given.text("RoleName", site.name(given.logical_id))[:64]
    trust, trusted = policy(given, "AssumeRolePolicyDocument")
    if not any(s.allows and "lambda.amazonaws.com" in s.services for s in trusted):
        raise given.fault("AssumeRolePolicyDocument does not let lambda.amazonaws.com assume the role")
    arn = str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"])
    read: tuple[Statement, ...] = ()
    for inline in given.each("Policies"):
        document, found = policy(inline)
        iam.put_role_policy(RoleName=name, PolicyName=inline.text("PolicyName"), PolicyDocument=json.dumps(document))
        read += found
    for managed in given.texts("ManagedPolicyArns"):
        read += _managed(given, managed)
    given.leave("Tags", "nobody asks for them here")
    given.leave("Description", "nobody asks for it here")
    made = Role(given.logical_id, name, arn, read)
    site.made.roles[arn] = made
    site.made.not_evaluated += made.conditions()
    return Made(name, {"Arn": arn})


def managed_policy(given: Given, site: Site) -> Made:
    """AWS::IAM::ManagedPolicy: for people, whose roles are no part of the template."""
    iam: Any = site.client("iam")
    name = given.text("ManagedPolicyName", site.name(given.logical_id))
    document, found = policy(given)
    arn = str(iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))["Policy"]["Arn"])
    given.leave("Description", "nobody asks for it here")
    # Whoever signs with this access key may do what the policy allows.
    made = Role(given.logical_id, name, arn, found)
    site.made.roles[arn] = made
    site.made.not_evaluated += made.conditions()
    return Made(arn, {"PolicyArn": arn})


def _managed(given: Given, arn: str) -> tuple[Statement, ...]:
    # Half a megabyte of text: read only where a role names such a policy.
    from moto.iam.aws_managed_policies import aws_managed_policies_data  # noqa: PLC0415

    found = json.loads(aws_managed_policies_data).get(arn.rsplit("/", 1)[-1])
    if found is None:
        raise given.fault(f"ManagedPolicyArns: AWS has no policy {arn}")
    try:
        return statements(found["Document"])
    except PolicyError as fault:
        raise given.fault(f"ManagedPolicyArns: {arn}: {fault}") from fault


def log_group(given: Given, site: Site) -> Made:
    """AWS::Logs::LogGroup."""
    logs: Any = site.client("logs")
    name = given.text("LogGroupName", site.name(given.logical_id))
    wanted = {"logGroupName": name}
    if "KmsKeyId" in given.values:
        wanted["kmsKeyId"] = known_key(given, site, given.text("KmsKeyId"))
    logs.create_log_group(**wanted)
    if "RetentionInDays" in given.values:
        logs.put_retention_policy(logGroupName=name, retentionInDays=given.number("RetentionInDays"))
    given.leave("Tags", "nobody asks for them here")
    return Made(name, {"Arn": site.arn("logs", f"log-group:{name}:*")})


def layer(given: Given, site: Site) -> Made:
    """AWS::Lambda::LayerVersion: the folder itself, not a copy of it."""
    name = given.text("LayerName", given.logical_id)
    given.leave("Description", "nobody asks for it here")
    given.leave("CompatibleRuntimes", "layers are resolved for the running interpreter")
    given.leave("CompatibleArchitectures", "layers are resolved for this machine")
    try:
        folder = local_layer(_folder(given, site, "Content"), site.root)
    except LayerError as fault:
        raise given.fault(str(fault)) from fault
    arn = site.arn("lambda", f"layer:{name}:1")
    site.made.layers[arn] = folder
    return Made(arn)


def _folder(given: Given, site: Site, name: str) -> Path:
    code = given.part(name)
    code.text("S3Bucket")
    source = code.text("S3Key")
    return site.folders[source]


def function(given: Given, site: Site) -> Made:
    """AWS::Lambda::Function."""
    name = given.text("FunctionName", site.name(given.logical_id))
    role_arn = given.text("Role")
    if role_arn not in site.made.roles:
        raise given.fault(f"Role: there is no role {role_arn}")
    runtime = given.text("Runtime")
    if not re.fullmatch(r"python3\.\d+", runtime):
        raise given.fault(f"Runtime {runtime!r}: only Python runs here")
    code, handler = _folder(given, site, "Code"), given.text("Handler")
    if not code.is_dir():
        raise given.fault(f"CodeUri: {code} is not a folder")
    _check_handler(given, code, handler)
    memory, timeout = given.number("MemorySize", 128), given.number("Timeout", 3)
    _check_range(given, "MemorySize", memory, 128, 10240)
    _check_range(given, "Timeout", timeout, 1, 900)
    storage = given.part("EphemeralStorage").number("Size", 512)
    _check_range(given, "EphemeralStorage.Size", storage, 512, 10240)
    logging = given.part("LoggingConfig")
    group = logging.text("LogGroup", f"/aws/lambda/{name}")
    logging.leave("LogFormat", "logs are kept as they are written")
    environment = _environment(given)
    for left, reason in {
        "Description": "nobody asks for it here",
        "Architectures": "the sandbox runs on this machine",
        "Tags": "nobody asks for them here",
        "PackageType": "folders only",
        "TracingConfig": "nothing is traced here",
        "ReservedConcurrentExecutions": "one sandbox a function",
    }.items():
        given.leave(left, reason)
    arn = site.arn("lambda", f"function:{name}")
    made = Function(
        given.logical_id, name, arn, handler, code, _layers(given, site), environment, memory, timeout, role_arn, group
    )
    site.made.functions[name] = made
    _register(made, site, runtime)
    return Made(name, {"Arn": arn})


def _layers(given: Given, site: Site) -> tuple[Path, ...]:
    arns = given.texts("Layers")
    missing = [arn for arn in arns if arn not in site.made.layers]
    if missing:
        raise given.fault(f"Layers: there is no layer {missing[0]}")
    if len(arns) > _MOST_LAYERS:
        raise given.fault(f"Layers: {len(arns)} given, Lambda takes {_MOST_LAYERS}")
    return tuple(site.made.layers[arn] for arn in arns)


def _environment(given: Given) -> dict[str, str]:
    variables = given.part("Environment").document("Variables")
    for name, value in variables.items():
        if _RESERVED.fullmatch(name):
            raise given.fault(f"Environment: {name} is Lambda's own")
        if isinstance(value, dict | list) or value is None:
            raise given.fault(f"Environment: {name} must be text, not {value!r}")
    found = {name: str(value) for name, value in variables.items()}
    size = sum(len(name) + len(value) for name, value in found.items())
    if size > _ENVIRONMENT_BYTES:
        raise given.fault(f"Environment: {size} bytes, Lambda takes {_ENVIRONMENT_BYTES}")
    return found


def _check_handler(given: Given, code: Path, handler: str) -> None:
    module, _, name = handler.rpartition(".")
    file = code / f"{module.replace('.', '/')}.py"
    if not file.is_file():
        raise given.fault(f"Handler {handler!r}: there is no {file}")
    made = ast.parse(file.read_text("utf-8")).body
    if not any(isinstance(item, ast.FunctionDef) and item.name == name for item in made):
        raise given.fault(f"Handler {handler!r}: {file} defines no function {name}")


def _check_range(given: Given, name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise given.fault(f"{name} {value}: Lambda takes {least} to {most}")


def _register(made: Function, site: Site, runtime: str) -> None:
    """Make the function known to Lambda's API, so that it can be listed and invoked; it runs in its own sandbox."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(made.code.rglob("*.py")):
            archive.write(file, file.relative_to(made.code))
    client: Any = site.client("lambda")
    client.create_function(
        FunctionName=made.name,
        Runtime=runtime,
        Role=made.role_arn,
        Handler=made.handler,
        Code={"ZipFile": packed.getvalue()},
        MemorySize=made.memory_mb,
        Timeout=made.timeout_s,
        Environment={"Variables": dict(made.environment)},
    )


def source_mapping(given: Given, site: Site) -> Made:
    """AWS::Lambda::EventSourceMapping of a queue; the pump carries it out."""
    arn, name = given.text("EventSourceArn"), given.text("FunctionName").rsplit(":", 1)[-1]
    if arn not in site.made.queues:
        raise given.fault(f"EventSourceArn: there is no queue {arn}")
    if name not in site.made.functions:
        raise given.fault(f"FunctionName: there is no function {name!r}")
    queue, called = site.made.queues[arn], site.made.functions[name]
    if queue.visibility < called.timeout_s:
        raise given.fault(
            f"{queue.logical_id} hides a message for {queue.visibility} s, "
            f"less than the {called.timeout_s} s that {called.logical_id} may take"
        )
    batch, window = given.number("BatchSize", 10), given.number("MaximumBatchingWindowInSeconds", 0)
    _check_range(given, "BatchSize", batch, 1, 10 if queue.fifo or not window else 10_000)
    kinds = given.texts("FunctionResponseTypes")
    if set(kinds) - {"ReportBatchItemFailures"}:
        raise given.fault(f"FunctionResponseTypes {kinds}: Lambda knows ReportBatchItemFailures only")
    may = site.made.roles[called.role_arn]
    missing = [action for action in _POLL if not may.allows(action, arn)]
    if missing:
        raise given.fault(f"{may.logical_id} does not allow {missing[0]} on {arn}: Lambda could not poll the queue")
    scaling = given.part("ScalingConfig")
    _check_range(given, "ScalingConfig.MaximumConcurrency", scaling.number("MaximumConcurrency", 2), 2, 1000)
    given.leave("Tags", "nobody asks for them here")
    if given.flag("Enabled", default=True):
        site.made.mappings.append(SourceMapping(given.logical_id, arn, name, batch, bool(kinds)))
    return Made(given.logical_id)


HANDLERS = {
    "AWS::IAM::ManagedPolicy": managed_policy,
    "AWS::IAM::Role": role,
    "AWS::Logs::LogGroup": log_group,
    "AWS::Lambda::LayerVersion": layer,
    "AWS::Lambda::Function": function,
    "AWS::Lambda::EventSourceMapping": source_mapping,
}
