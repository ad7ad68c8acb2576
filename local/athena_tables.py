"""Glue tables as Athena sees them: which objects are rows of which partition, and which are invisible."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

_JAVA = (("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"))
_NOW = re.compile(r"NOW(?:([+-]\d+)(YEAR|MONTH|WEEK|DAY|HOUR)S?)?")
_FORMATS = {
    "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe": "parquet",
    "org.openx.data.jsonserde.JsonSerDe": "json",
}
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_TYPE = re.compile(
    r"string|int|bigint|smallint|tinyint|double|float|boolean|date|timestamp|binary|decimal\(\d+, ?\d+\)"
)


class TableError(Exception):
    """Athena would refuse the table, or it uses what is not known here."""


@dataclass(frozen=True)
class EnumKey:
    """Partition key whose values are listed; white space is part of a value."""

    values: frozenset[str]

    def allows(self, value: str, now: datetime) -> bool:  # noqa: ARG002 - of the same form as DateKey
        """Whether a partition of this value is looked for."""
        return value in self.values


@dataclass(frozen=True)
class DateKey:
    """Partition key whose values are dates in a range that may move with the day."""

    format: str
    first: str
    last: str
    unit: str
    step: int

    def allows(self, value: str, now: datetime) -> bool:
        """Whether a partition of this value is looked for."""
        try:
            at = datetime.strptime(value, self.format).replace(tzinfo=UTC)
        except ValueError:
            return False
        if at.strftime(self.format) != value:
            return False
        first, last = self._bound(self.first, now), self._bound(self.last, now)
        return first <= at <= last and self._steps(first, at) % self.step == 0

    def _bound(self, text: str, now: datetime) -> datetime:
        found = _NOW.fullmatch(text)
        if found is None:
            return datetime.strptime(text, self.format).replace(tzinfo=UTC)
        moved = _moved(now, int(found[1] or 0), found[2] or "DAY")
        return datetime.strptime(moved.strftime(self.format), self.format).replace(tzinfo=UTC)

    def _steps(self, first: datetime, at: datetime) -> int:
        if self.unit in {"YEAR", "MONTH"}:
            months = (at.year - first.year) * 12 + at.month - first.month
            return months if self.unit == "MONTH" else months // 12
        hours = (at - first) // timedelta(hours=1)
        return hours // {"HOUR": 1, "DAY": 24, "WEEK": 168}[self.unit]


@dataclass(frozen=True)
class GlueTable:
    """A table: columns with Hive's types, how its objects are read, and where each partition lies."""

    database: str
    name: str
    columns: Mapping[str, str]
    partition_keys: Mapping[str, str]
    format: str
    bucket: str
    prefix: str
    projection: Mapping[str, EnumKey | DateKey]
    place: re.Pattern[str]
    comments: Mapping[str, str]
    parameters: Mapping[str, str]

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> GlueTable:
        """Read a Glue ``TableInput`` that also has its ``DatabaseName``.

        Raises
        ------
        TableError
            Athena would refuse it (a projection that is not complete), or would show no rows for ever.
        """
        name, storage = str(raw["Name"]), raw["StorageDescriptor"]
        columns = {str(c["Name"]): str(c["Type"]) for c in storage["Columns"]}
        keys = {str(c["Name"]): str(c["Type"]) for c in raw.get("PartitionKeys", [])}
        for column in (*columns, *keys):
            if not _NAME.fullmatch(column):
                raise TableError(f"{name}: column {column!r} is no lower-case name")
        for column, kind in {**columns, **keys}.items():
            if not _TYPE.fullmatch(kind):
                raise TableError(f"{name}: column {column} has the type {kind!r}, which is not known here")
        both = sorted(set(columns) & set(keys))
        if both:
            raise TableError(f"{name}: {both[0]} is a column and a partition key")
        serde = storage["SerdeInfo"]["SerializationLibrary"]
        if serde not in _FORMATS:
            raise TableError(f"{name}: SerDe {serde} is not known here")
        location = str(storage["Location"])
        if not re.fullmatch(r"s3://[^/]+/(.*/)?", location):
            raise TableError(f"{name}: Location {location!r} must begin with s3:// and end with a slash")
        parameters = {str(k): str(v) for k, v in raw.get("Parameters", {}).items()}
        bucket, prefix = location[5:].split("/", 1)
        projection, place = _projection(name, keys, parameters, location)
        comments = {str(c["Name"]): str(c.get("Comment", "")) for c in storage["Columns"]}
        return cls(
            str(raw["DatabaseName"]),
            name,
            columns,
            keys,
            _FORMATS[serde],
            bucket,
            prefix,
            projection,
            place,
            comments,
            parameters,
        )

    def partition_of(self, key: str, now: datetime) -> Mapping[str, str] | None:
        """Partition values of an object, None when Athena would not see it.

        Parameters
        ----------
        key
            Object key in the table's bucket.
        now
            Instant from which a range such as ``NOW+1MONTHS`` counts.
        """
        found = self.place.match(key)
        if found is None or key.rsplit("/", 1)[-1][:1] in {"", "_", "."}:
            return None
        values = found.groupdict()
        return values if all(self.projection[k].allows(v, now) for k, v in values.items()) else None


def _projection(
    name: str, keys: Mapping[str, str], parameters: Mapping[str, str], location: str
) -> tuple[dict[str, EnumKey | DateKey], re.Pattern[str]]:
    bucket, prefix = location[5:].split("/", 1)
    if not keys:
        return {}, re.compile(re.escape(prefix))
    if parameters.get("projection.enabled") != "true":
        raise TableError(
            f"{name}: has partition keys and no projection.enabled: nothing registers partitions, so no rows"
        )
    unused = {
        p
        for p in parameters
        if p.startswith("projection.") and p != "projection.enabled" and p.split(".")[1] not in keys
    }
    if unused:
        raise TableError(f"{name}: {sorted(unused)[0]} is about no partition key")
    template = parameters.get("storage.location.template", location + "".join(f"{k}=${{{k}}}/" for k in keys))
    if not template.startswith(f"s3://{bucket}/"):
        raise TableError(f"{name}: storage.location.template {template!r} lies in another bucket than Location")
    parts = re.split(r"\$\{([^}]+)\}", template.removeprefix(f"s3://{bucket}/").rstrip("/") + "/")
    named = set(parts[1::2])
    if named != set(keys):
        odd = sorted(named ^ set(keys))[0]
        raise TableError(f"{name}: storage.location.template must name each partition key: {odd}")
    pattern = "".join(f"(?P<{p}>[^/]*)" if i % 2 else re.escape(p) for i, p in enumerate(parts))
    return {key: _key(name, key, parameters) for key in keys}, re.compile(pattern)


def _key(table: str, key: str, parameters: Mapping[str, str]) -> EnumKey | DateKey:
    own = {p.removeprefix(f"projection.{key}."): v for p, v in parameters.items() if p.startswith(f"projection.{key}.")}
    kind = own.pop("type", None)
    if kind == "enum":
        values = own.pop("values", "")
        if not values or own:
            raise TableError(f"{table}: projection.{key} of type enum needs values and nothing else")
        return EnumKey(frozenset(values.split(",")))
    if kind != "date":
        raise TableError(f"{table}: projection.{key}.type {kind!r}: enum and date are known here")
    try:
        form, span = own.pop("format"), own.pop("range")
    except KeyError as missing:
        raise TableError(f"{table}: projection.{key} of type date needs {missing}") from missing
    unit, step = own.pop("interval.unit", None), int(own.pop("interval", "1"))
    if own:
        raise TableError(f"{table}: projection.{key}.{sorted(own)[0]} is not known")
    if unit is None and "dd" not in form:
        raise TableError(f"{table}: projection.{key}.interval.unit is needed, for {form} is coarser than a day")
    for java, python in _JAVA:
        form = form.replace(java, python)
    first, _, last = span.partition(",")
    made = DateKey(form, first.strip(), last.strip(), (unit or "DAYS").removesuffix("S"), step)
    try:
        made.allows(datetime.now(UTC).strftime(form), datetime.now(UTC))
    except (ValueError, KeyError) as fault:
        raise TableError(f"{table}: projection.{key}: range {span!r} or interval unit {unit!r} does not fit") from fault
    return made


def _moved(at: datetime, by: int, unit: str) -> datetime:
    if unit in {"YEAR", "MONTH"}:
        months = at.year * 12 + at.month - 1 + by * (12 if unit == "YEAR" else 1)
        return at.replace(year=months // 12, month=months % 12 + 1, day=1)
    return at + by * {"WEEK": timedelta(weeks=1), "DAY": timedelta(days=1), "HOUR": timedelta(hours=1)}[unit]
