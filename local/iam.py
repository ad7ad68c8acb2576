"""Policies: which statements speak of an action on a resource, and what follows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from local.intrinsics import Node

_LEADING_KEYS = "dynamodb:leadingkeys"
# Of these the request itself says which item it is about.
_BY_ITEM = {f"dynamodb:{name}item" for name in ("get", "put", "update", "delete")}


class PolicyError(Exception):
    """A policy document is not well formed; the text says which statement."""


@dataclass(frozen=True)
class Statement:
    """One statement of a policy."""

    sid: str
    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_actions: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    condition: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict, hash=False)

    def speaks_of(self, action: str, resource: str) -> bool:
        """Whether the statement is about this action on this resource, its condition aside."""
        if self.not_actions:
            acts = not any(matches(action.lower(), pattern.lower()) for pattern in self.not_actions)
        else:
            acts = any(matches(action.lower(), pattern.lower()) for pattern in self.actions)
        return acts and any(matches(resource, pattern) for pattern in self.resources)

    @property
    def leading_keys(self) -> tuple[str, ...] | None:
        """Patterns of the partition keys of a table that it is about, where that is its whole condition.

        None where it has none, or another, which nothing here evaluates.
        """
        operator, tests = next(iter(self.condition.items()), ("", {}))
        known = len(self.condition) == 1 and operator == "ForAllValues:StringLike" and set(tests) == {_LEADING_KEYS}
        by_item = bool(self.actions) and all(action.lower() in _BY_ITEM for action in self.actions)
        return tests[_LEADING_KEYS] if known and by_item else None


@dataclass(frozen=True)
class Role:
    """A role as the gate knows it."""

    logical_id: str
    name: str
    arn: str
    statements: tuple[Statement, ...]

    def allows(self, action: str, resource: str, leading_key: str | None = None) -> bool:
        """Whether the role may: allowed somewhere, denied nowhere.

        Of conditions, only which items of a table may be touched is evaluated, by ``leading_key``, the value of the
        partition key. An Allow with another condition counts, a Deny with one does not.
        """
        about = [s for s in self.statements if s.speaks_of(action, resource)]
        about = [s for s in about if s.leading_keys is None or _among(leading_key, s.leading_keys)]
        if any(not s.allows and (not s.condition or s.leading_keys) for s in about):
            return False
        return any(s.allows for s in about)

    def conditions(self) -> list[str]:
        """Conditions that are not evaluated, as text."""
        left = [s for s in self.statements if s.condition and s.leading_keys is None]
        return [f"{self.logical_id} {s.sid}: {s.condition}" for s in left]


def _among(key: str | None, patterns: Sequence[str]) -> bool:
    return key is not None and any(matches(key, pattern) for pattern in patterns)


def matches(text: str, pattern: str) -> bool:
    """Whether IAM's wildcards ``*`` and ``?`` match."""
    return _pattern(pattern).fullmatch(text) is not None


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern), re.DOTALL)


def statements(document: dict[str, Node]) -> tuple[Statement, ...]:
    """Read a policy document.

    Raises
    ------
    PolicyError
        It has no statement, or one is not well formed or uses what is not known here.
    """
    if document.get("Version") != "2012-10-17":
        raise PolicyError(f'Version must be "2012-10-17", not {document.get("Version")!r}')
    unknown = sorted(set(document) - {"Version", "Id", "Statement"})
    if unknown:
        raise PolicyError(f"unknown element {unknown[0]!r} of a policy")
    found = document.get("Statement")
    listed = found if isinstance(found, list) else [found]
    if not found:
        raise PolicyError("no Statement")
    return tuple(_statement(item, i) for i, item in enumerate(listed))


def _statement(item: Node, number: int) -> Statement:
    if not isinstance(item, dict):
        raise PolicyError(f"statement {number} is not an object")
    sid = str(item.get("Sid", f"statement {number}"))
    known = {"Sid", "Effect", "Action", "NotAction", "Resource", "Principal", "Condition"}
    unknown = sorted(set(item) - known)
    if unknown:
        raise PolicyError(f"{sid}: unknown element {unknown[0]!r}")
    if item.get("Effect") not in {"Allow", "Deny"}:
        raise PolicyError(f"{sid}: Effect must be Allow or Deny, not {item.get('Effect')!r}")
    if ("Action" in item) == ("NotAction" in item):
        raise PolicyError(f"{sid}: needs Action or NotAction")
    return Statement(
        sid=sid,
        allows=item["Effect"] == "Allow",
        actions=_texts(item.get("Action"), sid),
        not_actions=_texts(item.get("NotAction"), sid),
        resources=_texts(item.get("Resource", "*"), sid),
        services=_services(item.get("Principal"), sid),
        condition=_condition(item.get("Condition"), sid),
    )


def _services(principal: Node, sid: str) -> tuple[str, ...]:
    if isinstance(principal, dict):
        return _texts(principal.get("Service"), sid)
    return ("*",) if principal == "*" else ()


def _condition(node: Node, sid: str) -> dict[str, dict[str, tuple[str, ...]]]:
    if node is None:
        return {}
    if not isinstance(node, dict) or not all(isinstance(tests, dict) for tests in node.values()):
        raise PolicyError(f"{sid}: Condition must be operators with keys")
    return {
        operator: {key.lower(): _texts(values, sid) for key, values in tests.items()}
        for operator, tests in node.items()
        if isinstance(tests, dict)
    }


def _texts(node: Node, sid: str) -> tuple[str, ...]:
    if node is None:
        return ()
    listed = node if isinstance(node, list) else [node]
    if not all(isinstance(item, str | int | bool) for item in listed):
        raise PolicyError(f"{sid}: {node!r} must be text or a list of texts")
    return tuple(str(item) for item in listed)


def admits(
    policy: Iterable[Statement], service: str, action: str, resource: str, *, source_arn: str, account: str
) -> str | None:
    """Say why a resource's policy does not admit a service, None when it does.

    The two conditions that such a policy has, on ``aws:SourceArn`` and ``aws:SourceAccount``, are evaluated: a wrong
    source is how messages are lost without a trace.
    """
    about = [s for s in policy if s.speaks_of(action, resource) and (service in s.services or "*" in s.services)]
    context = {"aws:sourcearn": source_arn, "aws:sourceaccount": account, "aws:securetransport": "true"}
    for s in about:
        if not s.allows and _holds(s.condition, context):
            return f"its policy denies {action} to {service} ({s.sid})"
    allowing = [s for s in about if s.allows]
    if not allowing:
        return f"its policy does not admit {service} to {action} on {resource}"
    if any(_holds(s.condition, context) for s in allowing):
        return None
    return f"its policy admits {service} only where {allowing[0].condition}, not from {source_arn}"


def _holds(condition: dict[str, dict[str, tuple[str, ...]]], context: dict[str, str]) -> bool:
    return all(
        _test(operator, context.get(key), values)
        for operator, tests in condition.items()
        for key, values in tests.items()
    )


def _test(operator: str, value: str | None, wanted: Sequence[str]) -> bool:
    if value is None:
        return False
    if operator in {"ArnEquals", "ArnLike", "StringLike"}:
        return any(matches(value, pattern) for pattern in wanted)
    if operator == "StringEquals":
        return value in wanted
    if operator == "Bool":
        return value in {item.lower() for item in wanted}
    return False
