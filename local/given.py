"""Properties of one resource, read so that none can be dropped in silence."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.intrinsics import Node, TemplateError


@dataclass
class Given:
    """What a template gives for one resource, or for a part of it.

    A property is taken, or left out with a reason; what remains at `finish` is an error.
    """

    logical_id: str
    kind: str
    values: dict[str, Node]
    path: str = ""
    left_out: dict[str, str] = field(default_factory=dict)
    _parts: list[Given] = field(default_factory=list)

    def fault(self, message: str) -> TemplateError:
        """Error that names the resource."""
        return TemplateError(f"{self.logical_id} ({self.kind}): {message}")

    def has(self, name: str) -> bool:
        """Whether a property is given and has not been taken yet."""
        return name in self.values

    def some(self, *names: str) -> dict[str, Node]:
        """Those of several properties that are given, for calls whose arguments have the same names."""
        return {name: self.values.pop(name) for name in names if name in self.values}

    def take(self, name: str) -> Node:
        """Value of a property, None when it is not given."""
        return self.values.pop(name, None)

    def text(self, name: str, default: str | None = None) -> str:
        """Value of a property that must be text.

        Raises
        ------
        TemplateError
            It is missing and has no default, or it is something else.
        """
        value = self.values.pop(name, default)
        if not isinstance(value, str):
            problem = "is missing" if value is None else f"must be text, not {value!r}"
            raise self.fault(f"{self.path}{name} {problem}")
        return value

    def number(self, name: str, default: int | None = None) -> int:
        """Value of a property that must be a whole number; see `text`."""
        value = self.values.pop(name, default)
        if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).lstrip("-").isdigit():
            problem = "is missing" if value is None else f"must be a whole number, not {value!r}"
            raise self.fault(f"{self.path}{name} {problem}")
        return int(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Value of a property that must be true or false; see `text`."""
        value = self.values.pop(name, default)
        if str(value).lower() not in {"true", "false"}:
            raise self.fault(f"{self.path}{name} must be true or false, not {value!r}")
        return str(value).lower() == "true"

    def texts(self, name: str) -> list[str]:
        """Value of a property that must be a list of texts, empty when it is not given."""
        value = self.values.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fault(f"{self.path}{name} must be a list of texts, not {value!r}")
        return [str(item) for item in value]

    def document(self, name: str) -> dict[str, Node]:
        """Value of a property that must be an object handed on whole, such as a policy; empty when it is not given."""
        value = self.values.pop(name, {})
        if not isinstance(value, dict):
            raise self.fault(f"{self.path}{name} must be an object, not {value!r}")
        return value

    def part(self, name: str) -> Given:
        """Object below a property, read as strictly; empty when it is not given."""
        inner = Given(self.logical_id, self.kind, dict(self.document(name)), f"{self.path}{name}.", self.left_out)
        self._parts.append(inner)
        return inner

    def each(self, name: str) -> list[Given]:
        """Objects of a list below a property, each read as strictly."""
        value = self.values.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.fault(f"{self.path}{name} must be a list of objects, not {value!r}")
        inner = [
            Given(self.logical_id, self.kind, dict(item), f"{self.path}{name}[{i}].", self.left_out)
            for i, item in enumerate(value)
            if isinstance(item, dict)
        ]
        self._parts.extend(inner)
        return inner

    def leave(self, name: str, reason: str) -> None:
        """Leave a property out knowingly."""
        if self.values.pop(name, None) is not None:
            self.left_out[f"{self.path}{name}"] = reason

    def finish(self) -> None:
        """Make sure that nothing remains.

        Raises
        ------
        TemplateError
            A property is unknown.
        """
        if self.values:
            raise self.fault(f"unknown property {self.path}{sorted(self.values)[0]}: misspelt, or not known here")
        for part in self._parts:
            part.finish()
