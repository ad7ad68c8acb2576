"""template.yaml as CloudFormation gets it: translated in process, with the references made easy to follow."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
Properties = dict[str, Any]


@cache
def _translated() -> dict[str, Any]:
    source = yaml_parse(TEMPLATE.read_text("utf-8"))
    for name, resource in source["Resources"].items():
        for folder in ("CodeUri", "ContentUri"):  # what packaging does
            if folder in resource.get("Properties", {}):
                resource["Properties"][folder] = f"s3://artifacts/{name}.zip"
    session = boto3.Session(region_name="eu-west-2")
    made: dict[str, Any] = Translator({}, Parser(), boto_session=session).translate(
        sam_template=source, parameter_values={"ForceCodes": "AVN"}
    )
    return made


class Template:
    """The translated template; every one is a copy of its own, to be spoilt by a test."""

    def __init__(self) -> None:
        self.data = copy.deepcopy(_translated())

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.data["Resources"]
        return found

    def of(self, kind: str) -> dict[str, Properties]:
        """Properties by logical id of every resource of a type, ``S3::Bucket``."""
        return {k: r.setdefault("Properties", {}) for k, r in self.resources.items() if r["Type"] == f"AWS::{kind}"}

    def __getitem__(self, logical_id: str) -> Properties:
        found: Properties = self.resources[logical_id]["Properties"]
        return found

    def named(self, value: object) -> tuple[str, str] | None:
        """Logical id that a Ref, GetAtt or Sub begins with, and what follows it: ``("LakeBucket", "/staged/*")``."""
        match value:
            case {"Ref": str(name)}:
                return name, ""
            case {"Fn::GetAtt": [name, "Arn"]}:
                return name, ""
            case {"Fn::GetAtt": [name, attribute]}:
                return name, f"#{attribute}"
            case {"Fn::Sub": str(text)}:
                found = re.match(r"\$\{([A-Za-z0-9]+)(?:\.Arn)?\}(.*)", text)
                return (found[1], found[2]) if found else None
        return None

    def statements(self, role: str) -> Iterator[dict[str, Any]]:
        for policy in self[role].get("Policies", []):
            yield from policy["PolicyDocument"]["Statement"]

    def allowed(self, role: str, resource: str) -> set[str]:
        """Actions that a role may do on a resource or on something within it."""
        return {
            action
            for statement in self.statements(role)
            if any((self.named(r) or ("",))[0] == resource for r in listed(statement["Resource"]))
            for action in listed(statement["Action"])
        }

    def role_of(self, function: str) -> str:
        found = self.named(self[function]["Role"])
        assert found, f"{function} has no role of the template"
        return found[0]

    def mappings(self) -> Iterator[tuple[str, str, str, Properties]]:
        """Mapping, queue, function and properties of every event source mapping."""
        for name, mapping in self.of("Lambda::EventSourceMapping").items():
            queue, function = self.named(mapping["EventSourceArn"]), self.named(mapping["FunctionName"])
            assert queue
            assert function
            yield name, queue[0], function[0], mapping

    def dead_letters(self) -> dict[str, list[str]]:
        """Queues that take what others gave up, each with those others (queues and rules)."""
        found: dict[str, list[str]] = {}
        for name, queue in self.of("SQS::Queue").items():
            target = self.named(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn"))
            if target:
                found.setdefault(target[0], []).append(name)
        for name, rule in self.of("Events::Rule").items():
            for where in rule["Targets"]:
                target = self.named(where.get("DeadLetterConfig", {}).get("Arn"))
                if target:
                    found.setdefault(target[0], []).append(name)
        return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def referred(value: object) -> Iterator[str]:
    """Every name that a value refers to, wherever it stands."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": inner}:
            text, extra = (inner, {}) if isinstance(inner, str) else inner
            yield from (name.partition(".")[0] for name in re.findall(r"\$\{([A-Za-z0-9.:]+)\}", text))
            yield from referred(extra)
        case dict():
            for key, inner in value.items():
                yield from listed(inner) if key == "DependsOn" else referred(inner)
        case list():
            for inner in value:
                yield from referred(inner)
