"""What became of each export, what is owed of it, what was told to whom: what needs conditional writes (DynamoDB)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from callclock.clock import format_instant, parse_instant
from callclock.reasons import ExportStatus

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@dataclass(frozen=True)
class Entry:
    """Ledger entry of one export.

    ``exported_at`` is taken once, at the first sight of the export, and used by every later staging; ``profiles`` holds
    the hash of each profile that staged it and ``sources`` its name, ``months`` every month that may hold rows of it,
    by table; ``member`` names the file within the archive ``object_key``, None for a file of its own; ``version_id`` is
    the object's version; ``again``: it is to be read once more, whatever it was read by.
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
    sources: Mapping[str, str] = field(default_factory=dict)
    version_id: str | None = None
    again: bool = False


class WithdrawnError(Exception):
    """The export was withdrawn while it was read: its message comes again, and then finds that."""


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
        """Write an entry, whatever stands there: for an operator, whose word goes before what intake finds."""
        self._table.put_item(Item=_item(entry))

    def keep(self, entry: Entry) -> None:
        """Write what intake found. Both writers of one export write the same, so the last may win.

        Raises
        ------
        WithdrawnError
            An operator has withdrawn the export.
        """
        try:
            self._table.put_item(
                Item=_item(entry),
                ConditionExpression=Attr("status").not_exists() | Attr("status").ne(ExportStatus.WITHDRAWN.value),
            )
        except ClientError as fault:
            if fault.response["Error"]["Code"] == "ConditionalCheckFailedException":
                raise WithdrawnError(f"{entry.object_key}: export {entry.export_id} was withdrawn") from fault
            raise

    def of_force(self, force_code: str) -> Iterator[Entry]:
        """Every entry of a force, in order of export id."""
        more: dict[str, Any] = {}
        while True:
            answer = self._table.query(KeyConditionExpression=Key("force_code").eq(force_code), **more)
            yield from (_entry(item) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _item(entry: Entry) -> dict[str, Any]:
    return {
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
        "sources": dict(entry.sources),
        "version_id": entry.version_id,
        "again": entry.again,
    }


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
        sources=dict(item.get("sources", {})),
        version_id=item.get("version_id"),
        again=bool(item.get("again")),
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

    def forget(self, story: str, ats: Iterable[str]) -> None:
        """Take entries out of a story that is a list of what stands; what was told to whom is never forgotten."""
        for at in ats:
            self._table.delete_item(Key={"story": story, "at": at})


class Mark(StrEnum):
    """What a mark says of the name it stands for.

    ``taken`` of an object that intake has seen through, ``unfolded`` of an export that measure still has to fold,
    ``untold`` of an export that notify still has to tell of.
    """

    TAKEN = "taken"
    UNFOLDED = "unfolded"
    UNTOLD = "untold"


class Marks:
    """What is owed, whatever becomes of the messages (docs/decisions/0011-marks-heal-lost-messages.md).

    Whoever owes work to the next function puts a mark before it sends the hint; the next function takes what is marked
    along with what is hinted, and clears the mark last. So there are never more marks than there is work left.
    """

    def __init__(self, table_name: str, table: "Table | None" = None) -> None:
        self._table: Table = table or boto3.resource("dynamodb").Table(table_name)

    def put(self, mark: Mark, force_code: str, name: str, token: str = "") -> None:
        """Mark a name, under a fresh token unless one is given."""
        owner = _owner(mark, force_code)
        self._table.put_item(Item={"owner": owner, "name": name, "token": token or uuid4().hex})

    def of(self, mark: Mark, force_code: str) -> Mapping[str, str]:
        """Token of every name that is marked, read consistently."""
        found: dict[str, str] = {}
        wanted: dict[str, Any] = {"KeyConditionExpression": Key("owner").eq(_owner(mark, force_code))}
        while True:
            answer = self._table.query(**wanted, ConsistentRead=True)
            found |= {str(item["name"]): str(item["token"]) for item in answer["Items"]}
            if "LastEvaluatedKey" not in answer:
                return found
            wanted["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def clear(self, mark: Mark, force_code: str, marked: Mapping[str, str]) -> None:
        """Clear marks, but for those that were put again since they were read: what they stand for may be newer."""
        for name, token in marked.items():
            try:
                self._table.delete_item(
                    Key={"owner": _owner(mark, force_code), "name": name}, ConditionExpression=Attr("token").eq(token)
                )
            except ClientError as fault:
                if fault.response["Error"]["Code"] != "ConditionalCheckFailedException":
                    raise


def _owner(mark: Mark, force_code: str) -> str:
    return f"{force_code}#{mark}"
