"""The published schemas of notices, to hold against every message that a test sends."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

FOLDER = Path(__file__).parents[2] / "docs/schemas"


def published(name: str) -> Mapping[str, Any]:
    """Schema by the name that a message carries, such as ``callclock.notice/1``."""
    document: Mapping[str, Any] = json.loads(
        (FOLDER / f"{name.removeprefix('callclock.').replace('/', '-')}.json").read_text("utf-8")
    )
    return document


@cache
def _validator(name: str) -> Draft202012Validator:
    Draft202012Validator.check_schema(dict(published(name)))
    return Draft202012Validator(dict(published(name)), format_checker=FormatChecker(["date"]))


def check(data: Mapping[str, object]) -> None:
    """Hold a message, as it goes over the wire, against the schema that it names."""
    sent = json.loads(json.dumps(data))
    _validator(sent["schema"]).validate(sent)
