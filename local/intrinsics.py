"""CloudFormation's intrinsic functions, conditions, parameters and order of creation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

type Node = str | int | float | bool | list[Node] | dict[str, Node] | None

_PLACE = re.compile(r"\$\{(!?)([^}]+)\}")


class TemplateError(Exception):
    """The template, or a parameter given to it, does not fit. The text begins with the logical id."""


class _NoValue:
    """What ``Ref: AWS::NoValue`` stands for: the property is not there."""


_NO_VALUE = _NoValue()


@dataclass
class Resolver:
    """Works out values of a translated template while its resources are being made.

    Parameters
    ----------
    template
        The template after aws-sam-translator, as plain dicts and lists.
    parameters
        Values given for its parameters.
    pseudo
        Values of ``AWS::Region`` and the like.
    """

    template: Mapping[str, Node]
    parameters: Mapping[str, str]
    pseudo: Mapping[str, str]
    refs: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._declared = _section(self.template, "Parameters")
        self._conditions = _section(self.template, "Conditions")
        self._mappings = _section(self.template, "Mappings")
        self.resources = _section(self.template, "Resources")
        unknown = sorted(set(self.parameters) - set(self._declared))
        if unknown:
            raise TemplateError(f"{unknown[0]}: no such parameter; there are {', '.join(sorted(self._declared))}")
        self._values = {name: _parameter(name, _dict(d), self.parameters) for name, d in self._declared.items()}

    def exists(self, logical_id: str) -> bool:
        """Whether a resource or output is there under these parameters."""
        declared = self.resources.get(logical_id) or _section(self.template, "Outputs").get(logical_id)
        condition = _dict(declared).get("Condition")
        return condition is None or self.condition(str(condition), logical_id)

    def condition(self, name: str, where: str) -> bool:
        """Truth of a condition.

        Raises
        ------
        TemplateError
            There is none of that name.
        """
        if name not in self._conditions:
            raise TemplateError(f"{where}: no condition {name!r}")
        return bool(self.value(self._conditions[name], f"condition {name}"))

    def value(self, node: Node, where: str) -> Node:
        """Work a value out.

        Parameters
        ----------
        node
            What stands in the template.
        where
            Logical id of the resource it stands in, for messages.

        Raises
        ------
        TemplateError
            A name it refers to does not exist, or a function is unknown or wrongly used.
        """
        found = self._value(node, where)
        return None if isinstance(found, _NoValue) else found

    def _value(self, node: Node, where: str) -> Node | _NoValue:
        if isinstance(node, list):
            worked = (self._value(item, where) for item in node)
            return [item for item in worked if not isinstance(item, _NoValue)]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            [(name, argument)] = node.items()
            if name == "Ref":
                return self._ref(str(argument), where)
            if name == "Condition" and isinstance(argument, str):
                return self.condition(argument, where)
            if name.startswith("Fn::"):
                return self._function(name, argument, where)
        pairs = ((key, self._value(item, where)) for key, item in node.items())
        return {key: item for key, item in pairs if not isinstance(item, _NoValue)}

    def _ref(self, name: str, where: str) -> Node | _NoValue:
        if name == "AWS::NoValue":
            return _NO_VALUE
        for known in (self.pseudo, self._values, self.refs):
            if name in known:
                return known[name]
        raise TemplateError(f"{where}: Ref {name!r}: {self._why_missing(name)}")

    def _why_missing(self, name: str) -> str:
        if name not in self.resources:
            return "no parameter and no resource has that name"
        if not self.exists(name):
            return f"it is not made, for its condition {_dict(self.resources[name])['Condition']} is false"
        return "it has not been made yet: circular"

    def _attribute(self, name: str, attribute: str, where: str) -> str:
        if name not in self.attributes:
            raise TemplateError(f"{where}: GetAtt {name}.{attribute}: {self._why_missing(name)}")
        if attribute not in self.attributes[name]:
            kind = _dict(self.resources[name]).get("Type")
            known = ", ".join(sorted(self.attributes[name])) or "none"
            raise TemplateError(
                f"{where}: GetAtt {name}.{attribute}: {kind} has no such attribute here (known: {known})"
            )
        return self.attributes[name][attribute]

    def _function(self, name: str, argument: Node, where: str) -> Node | _NoValue:
        match name, argument:
            case "Fn::GetAtt", str(path):
                of, _, attribute = path.partition(".")
                return self._attribute(of, attribute, where)
            case "Fn::GetAtt", [str(of), str(attribute)]:
                return self._attribute(of, attribute, where)
            case "Fn::Sub", str(text):
                return self._sub(text, {}, where)
            case "Fn::If", [str(condition), then, other]:
                return self._value(then if self.condition(condition, where) else other, where)
            case _, list(items):
                return self._of_list(name, [self.value(item, where) for item in items], where)
        raise TemplateError(f"{where}: {name} with {argument!r}: not a form that is known here")

    def _of_list(self, name: str, items: list[Node], where: str) -> Node:
        """Functions whose arguments are worked out before they are called."""
        found: Node
        match name, items:
            case "Fn::Sub", [str(text), dict(extra)]:
                found = self._sub(text, extra, where)
            case "Fn::Join", [str(glue), list(parts)]:
                found = glue.join(str(part) for part in parts)
            case "Fn::Split", [str(glue), text]:
                found = list(str(text).split(glue))
            case "Fn::Select", [index, list(parts)]:
                found = self._select(index, parts, where)
            case "Fn::FindInMap", [str(outer), str(first), str(second)]:
                found = self._find(outer, first, second, where)
            case (("Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or"), _):
                found = _logic(name, items, where)
            case _:
                raise TemplateError(f"{where}: {name} with {items!r}: not a form that is known here")
        return found

    def _sub(self, text: str, extra: Mapping[str, Node], where: str) -> str:
        def fill(found: re.Match[str]) -> str:
            literal, name = found[1], found[2]
            if literal:
                return "${" + name + "}"
            if name in extra:
                return str(extra[name])
            of, dot, attribute = name.partition(".")
            return self._attribute(of, attribute, where) if dot else str(self.value({"Ref": name}, where))

        return _PLACE.sub(fill, text)

    def _select(self, index: Node, items: list[Node], where: str) -> Node:
        at = int(str(index))
        if not 0 <= at < len(items):
            raise TemplateError(f"{where}: Fn::Select {at} of {len(items)} items")
        return items[at]

    def _find(self, outer: str, first: str, second: str, where: str) -> Node:
        found = _dict(_dict(self._mappings.get(outer)).get(first)).get(second)
        if found is None:
            raise TemplateError(f"{where}: Fn::FindInMap: no {outer} / {first} / {second} in Mappings")
        return found

    def order(self) -> list[str]:
        """Logical ids of the resources that are there, each after those it refers to.

        Raises
        ------
        TemplateError
            A name does not exist, or resources refer to each other in a circle.
        """
        made: list[str] = []

        def visit(name: str, way: tuple[str, ...]) -> None:
            if name in made:
                return
            if name in way:
                raise TemplateError(f"{name}: circular: {' -> '.join((*way[way.index(name) :], name))}")
            for other in sorted(self.references(name)):
                if self.exists(other):
                    visit(other, (*way, name))
            made.append(name)

        for name in self.resources:
            if self.exists(name):
                visit(name, ())
        return made

    def references(self, logical_id: str) -> set[str]:
        """Logical ids of the resources that a resource refers to, DependsOn included."""
        resource = _dict(self.resources[logical_id])
        after = resource.get("DependsOn", [])
        named = {str(name) for name in (after if isinstance(after, list) else [after])}
        missing = sorted(named - set(self.resources))
        if missing:
            raise TemplateError(f"{logical_id}: DependsOn {missing[0]!r}: no resource has that name")
        return (named | set(_named(resource.get("Properties")))) & set(self.resources)


def _named(node: Node) -> Iterator[str]:
    match node:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::GetAtt": str(path)}:
            yield path.partition(".")[0]
        case {"Fn::Sub": str(text)}:
            yield from (found[2].partition(".")[0] for found in _PLACE.finditer(text) if not found[1])
        case {"Fn::Sub": [str(text), extra]}:
            yield from _named({"Fn::Sub": text})
            yield from _named(extra)
        case dict():
            for inner in node.values():
                yield from _named(inner)
        case list():
            for inner in node:
                yield from _named(inner)


def _logic(name: str, items: list[Node], where: str) -> bool:
    if name == "Fn::Equals":
        if len(items) != 2:
            raise TemplateError(f"{where}: Fn::Equals compares two values, {len(items)} given")
        return str(items[0]) == str(items[1])
    if name == "Fn::Not":
        return not items[0]
    return all(items) if name == "Fn::And" else any(items)


def _parameter(name: str, declared: Mapping[str, Node], given: Mapping[str, str]) -> Node:
    value = given.get(name, declared.get("Default"))
    if value is None:
        raise TemplateError(f"{name}: the parameter has no default: give it a value")
    text, kind = str(value), str(declared["Type"])
    allowed, pattern = declared.get("AllowedValues"), declared.get("AllowedPattern")
    if isinstance(allowed, list) and text not in {str(item) for item in allowed}:
        raise TemplateError(f"{name}: {text!r} is none of the allowed values {allowed}")
    if pattern is not None and not re.fullmatch(str(pattern), text):
        raise TemplateError(f"{name}: {text!r} is refused: {declared.get('ConstraintDescription', pattern)}")
    if kind == "CommaDelimitedList":
        return [part.strip() for part in text.split(",")]
    if kind == "String":
        return text
    if kind != "Number":
        raise TemplateError(f"{name}: parameters of type {kind} are not known here")
    try:
        number = float(text)
    except ValueError as fault:
        raise TemplateError(f"{name}: {text!r} is no number") from fault
    for bound, sign in (("MinValue", 1), ("MaxValue", -1)):
        if bound in declared and sign * number < sign * float(str(declared[bound])):
            raise TemplateError(f"{name}: {text} is beyond {bound} {declared[bound]}")
    return int(number) if number.is_integer() else number


def _section(template: Mapping[str, Node], name: str) -> dict[str, Node]:
    return _dict(template.get(name))


def _dict(node: Node) -> dict[str, Node]:
    return node if isinstance(node, dict) else {}
