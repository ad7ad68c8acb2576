"""What became of every export, and what was told to whom: the two tables that need conditional writes (DynamoDB)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3
from boto3.dynamodb.conditions import Key

from callclock.clock import format_instant, parse_instant
from callclock.reasons import ExportStatus

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@dataclass(frozen=True)
class Entry:
    """Ledger entry of one export.

    ``exported_at`` is taken once, at the first sight of the export, and used by every later staging; ``profiles`` holds
    the hash of each profile that staged it, ``months`` the months touched by table; ``member`` names the file
    within the archive ``object_key``, None for a file of its own.
    """

    force_code: str
    export_id: str
    status: ExportStatus
    object_key: str
    arrived_at: datetime
    exported_at: datetime | None
    config_hash: str
    profiles: Mapping[str, str]
    months: Mapping[str, tuple[str, ...]]
    member: str | None = None


class Ledger:
    """Exports by force and export id."""

    def __init__(self, table_name: str, table: "Table | None" = None) -> None:
        self._table: Table = table or boto3.resource("dynamodb").Table(table_name)

    def find(self, force_code: str, export_id: str) -> Entry | None:
        """Entry of an export, read consistently."""
        item = self._table.get_item(Key={"force_code": force_code, "export_id": export_id}, ConsistentRead=True).get(
            "Item"
        )
        return _entry(item) if item else None

    def write(self, entry: Entry) -> None:
        """Write an entry. Both writers of one export write the same, so the last may win."""
        self._table.put_item(
            Item={
                "force_code": entry.force_code,
                "export_id": entry.export_id,
                "status": entry.status.value,
                "object_key": entry.object_key,
                "arrived_at": format_instant(entry.arrived_at),
                "exported_at": format_instant(entry.exported_at) if entry.exported_at else None,
                "config_hash": entry.config_hash,
                "profiles": dict(entry.profiles),
                "months": {table: list(months) for table, months in entry.months.items()},
                "member": entry.member,
            }
        )

    def of_force(self, force_code: str) -> Iterator[Entry]:
        """Every entry of a force, in order of export id."""
        more: dict[str, Any] = {}
        while True:
            answer = self._table.query(KeyConditionExpression=Key("force_code").eq(force_code), **more)
            yield from (_entry(item) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _entry(item: Mapping[str, Any]) -> Entry:
    return Entry(
        force_code=item["force_code"],
        export_id=item["export_id"],
        status=ExportStatus(item["status"]),
        object_key=item["object_key"],
        arrived_at=parse_instant(item["arrived_at"]),
        exported_at=parse_instant(item["exported_at"]) if item.get("exported_at") else None,
        config_hash=item["config_hash"],
        profiles=dict(item["profiles"]),
        months={table: tuple(months) for table, months in item["months"].items()},
        member=item.get("member"),
    )


class DeliveredLog:
    """Notices that SNS accepted, by story (force and rule) and the instant of their decision."""

    def __init__(self, table_name: str, table: "Table | None" = None) -> None:
        self._table: Table = table or boto3.resource("dynamodb").Table(table_name)

    def of_story(self, story: str) -> tuple[Mapping[str, str], ...]:
        """Entries of one story, oldest first, read consistently."""
        found: list[Mapping[str, str]] = []
        more: dict[str, Any] = {}
        while True:
            answer = self._table.query(KeyConditionExpression=Key("story").eq(story), ConsistentRead=True, **more)
            found += [{name: str(value) for name, value in item.items()} for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return tuple(found)
            more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def record(self, story: str, at: datetime, reason: str, entry: Mapping[str, str]) -> None:
        """Record what was accepted for ``reason``; the same decision recorded twice is one entry.

        The reason is part of the key: two decisions at one instant (a drop, then the tick) are two entries.
        """
        self._table.put_item(Item={**entry, "story": story, "at": f"{format_instant(at)}#{reason}"})
