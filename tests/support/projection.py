"""Partition projection as Athena evaluates it: which table sees an object, and what is wrong with a table's properties.

Written from Athena's documentation; shares nothing with the generator of the tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.template import Template

COMPLETE = {
    "enum": {"values"},
    "date": {"range", "format", "interval", "interval.unit"},
}


def resolved(value: object, given: Mapping[str, str]) -> str:
    """Text of a string, Ref or Sub; ``${!x}`` stays as ``${x}``."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return given[name]
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{(!?)([^}]+)\}", lambda m: f"${{{m[2]}}}" if m[1] else given[m[2]], text)
    raise AssertionError(f"{value!r} is no text")


def tables(t: Template, given: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """TableInput of every Glue table by ``database.table``, its texts resolved."""
    names = {name: db["DatabaseInput"]["Name"] for name, db in t.of("Glue::Database").items()}
    found = {}
    for table in t.of("Glue::Table").values():
        made = table["TableInput"]
        made["Parameters"] = {key: resolved(value, given) for key, value in made["Parameters"].items()}
        made["StorageDescriptor"]["Location"] = resolved(made["StorageDescriptor"]["Location"], given)
        found[f"{names[table['DatabaseName']['Ref']]}.{made['Name']}"] = made
    return found


def faults(table: Mapping[str, Any]) -> Iterator[str]:
    """What Athena would answer with an error, or worse: with no rows."""
    name, parameters, keys = table["Name"], table["Parameters"], [key["Name"] for key in table["PartitionKeys"]]
    if parameters.get("projection.enabled") != "true":
        yield f"{name}: no projection: a new month would not be seen"
    location, template = table["StorageDescriptor"]["Location"], parameters.get("storage.location.template", "")
    if not location.endswith("/") or not template.endswith("/"):
        yield f"{name}: without a closing slash it catches its neighbours"
    if not template.startswith(location):
        yield f"{name}: the template lies outside the location"
    if re.findall(r"\$\{(\w+)\}", template) != keys:
        yield f"{name}: the template does not hold every partition key"
    for key in table["PartitionKeys"]:
        if key["Type"] != "string":
            yield f"{name}: {key['Name']} is no string"
        yield from _key_faults(name, key["Name"], parameters)
    if {column["Name"] for column in table["StorageDescriptor"]["Columns"]} & set(keys):
        yield f"{name}: a partition key is also a column"


def _key_faults(name: str, key: str, parameters: Mapping[str, str]) -> Iterator[str]:
    begin = f"projection.{key}."
    given = {p.removeprefix(begin) for p in parameters if p.startswith(begin)}
    kind = parameters.get(f"{begin}type", "")
    for missing in sorted(COMPLETE.get(kind, {"type"}) - given):
        yield f"{name}: {begin}{missing} is missing"
    if kind == "enum" and re.search(r"\s", parameters.get(f"{begin}values", "")):
        yield f"{name}: white space is part of a value of {key}"


def sees(table: Mapping[str, Any], uri: str, this_month: str) -> bool:
    """Whether a query finds an object of the lake at ``uri`` (``s3://bucket/key``)."""
    pattern = re.escape(table["Parameters"]["storage.location.template"])
    pattern = re.sub(r"\\\$\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", pattern)
    found = re.fullmatch(pattern + r"(?P<file_>[^_.].*)", uri)  # names that begin with _ or . are hidden
    if not found:
        return False
    return all(
        _projected(table["Parameters"], key["Name"], found[key["Name"]], this_month) for key in table["PartitionKeys"]
    )


def _projected(parameters: Mapping[str, str], key: str, value: str, this_month: str) -> bool:
    if parameters[f"projection.{key}.type"] == "enum":
        return value in parameters[f"projection.{key}.values"].split(",")
    first, last = parameters[f"projection.{key}.range"].split(",")
    ahead = re.fullmatch(r"NOW(?:\+(\d+)MONTHS)?", last)
    assert ahead, f"{last!r}: only months from now are understood here"
    index = int(this_month[:4]) * 12 + int(this_month[5:]) - 1 + int(ahead[1] or 0)
    return bool(re.fullmatch(r"\d{4}-\d{2}", value)) and first <= value <= f"{index // 12:04d}-{index % 12 + 1:02d}"
