"""Deploys a SAM template as it stands: translates it and makes every resource, or says which one does not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from local import deploy_analytics, deploy_compute, deploy_messaging, deploy_storage
from local.deploy_checks import check
from local.deployment import ACCOUNT, Deployment, Made, Site
from local.given import Given
from local.intrinsics import Node, Resolver, TemplateError

HANDLERS: Mapping[str, Callable[[Given, Site], Made]] = {
    **deploy_storage.HANDLERS,
    **deploy_messaging.HANDLERS,
    **deploy_compute.HANDLERS,
    **deploy_analytics.HANDLERS,
}
_ARTIFACTS = "artifacts"
_RESOURCE = {"Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"}
_SECTIONS = {"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Conditions", "Resources"}


@cache
def _session(region: str) -> boto3.Session:
    """One for all deployments of a process: a session reads half a second's worth of service descriptions."""
    return boto3.Session(region_name=region)


def translate(template: Path, parameters: Mapping[str, str], region: str) -> tuple[dict[str, Node], Mapping[str, Path]]:
    """Turn a SAM template into CloudFormation, as AWS does with the Transform.

    Returns
    -------
    tuple
        The translated template, and the folder of code by the S3 key that stands for it.

    Raises
    ------
    TemplateError
        The template is no SAM template, or a serverless resource has a property that SAM does not know.
    """
    source: dict[str, Any] = yaml_parse(template.read_text("utf-8"))
    folders: dict[str, Path] = {}
    for name, resource in source.get("Resources", {}).items():
        for uri in ("CodeUri", "ContentUri"):  # what packaging does
            local = resource.get("Properties", {}).get(uri)
            if isinstance(local, str):
                folders[name] = (template.parent / local).resolve()
                resource["Properties"][uri] = f"s3://{_ARTIFACTS}/{name}"
    try:
        made: dict[str, Node] = Translator({}, Parser(), boto_session=_session(region)).translate(
            sam_template=source, parameter_values=dict(parameters)
        )
    except InvalidDocumentException as fault:
        raise TemplateError(f"{template.name}: {'; '.join(cause.message for cause in fault.causes)}") from fault
    unknown = sorted(set(made) - _SECTIONS - {"Outputs"})
    if unknown:
        raise TemplateError(f"{template.name}: section {unknown[0]} is not known here")
    return made, folders


def deploy(
    template: Path, parameters: Mapping[str, str], *, endpoint: str, region: str, stack: str, root: Path
) -> tuple[Site, Resolver]:
    """Make every resource of a template at an endpoint.

    Parameters
    ----------
    template
        SAM template; its folders are relative to it.
    parameters
        Values of its parameters.
    endpoint, region, stack
        Where, and under which stack name.
    root
        Project folder, below which ``build/`` lies.

    Raises
    ------
    TemplateError
        Something is unknown, missing or does not fit; the text begins with the logical id.
    """
    translated, folders = translate(template, parameters, region)
    pseudo = {
        "AWS::Region": region,
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": "aws",
        "AWS::URLSuffix": "amazonaws.com",
        "AWS::StackName": stack,
        "AWS::StackId": f"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{stack}/local",
    }
    resolver = Resolver(translated, parameters, pseudo)
    made = Deployment(stack, str(pseudo["AWS::StackId"]))
    site = Site(endpoint, region, stack, root, folders, made, _session(region))
    for logical_id in resolver.order():
        resource = _make(logical_id, resolver, site)
        made.resources[logical_id] = resource
        resolver.refs[logical_id], resolver.attributes[logical_id] = resource.ref, resource.attributes
    groups = {m.ref for m in made.resources.values() if ":log-group:" in m.attributes.get("Arn", "")}
    check(made, groups)
    made.outputs.update(_outputs(translated, resolver))
    return site, resolver


def _make(logical_id: str, resolver: Resolver, site: Site) -> Made:
    resource: Any = resolver.resources[logical_id]
    kind = str(resource.get("Type"))
    unknown = sorted(set(resource) - _RESOURCE)
    if unknown:
        raise TemplateError(f"{logical_id} ({kind}): {unknown[0]} is not known here")
    if kind not in HANDLERS:
        raise TemplateError(
            f"{logical_id} ({kind}): a type that is not known here (known: {', '.join(sorted(HANDLERS))})"
        )
    worked = resolver.value(resource.get("Properties", {}), logical_id)
    given = Given(logical_id, kind, worked if isinstance(worked, dict) else {})
    try:
        made = HANDLERS[kind](given, site)
    except (BotoCoreError, ClientError) as fault:
        raise given.fault(str(fault)) from fault
    given.finish()
    site.made.kinds[logical_id] = kind
    site.made.left_out.update({f"{logical_id}.{path}": reason for path, reason in given.left_out.items()})
    return made


def _outputs(translated: Mapping[str, Node], resolver: Resolver) -> dict[str, str]:
    declared: Any = translated.get("Outputs", {})
    return {
        name: str(resolver.value(output["Value"], f"output {name}"))
        for name, output in declared.items()
        if resolver.exists(name)
    }
