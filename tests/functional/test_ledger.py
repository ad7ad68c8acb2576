"""The ledger against DynamoDB as moto has it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import boto3
import pytest
from moto import mock_aws

from callclock.ledger import DeliveredLog, Entry, Ledger, WithdrawnError
from callclock.reasons import ExportStatus

ENTRY = Entry(
    force_code="EX",
    export_id="e1",
    status=ExportStatus.READ,
    object_key="incoming/EX/a b.csv",
    arrived_at=datetime(2026, 3, 1, tzinfo=UTC),
    exported_at=datetime(2026, 2, 28, 23, 59, 59, 999000, tzinfo=UTC),
    config_hash="c",
    profiles={"calls": "h"},
    months={"calls": ("2026-01", "2026-02")},
    member="a.csv",
    sources={"calls": "switch"},
    version_id="v1",
    again=True,
)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with mock_aws():
        table = boto3.resource("dynamodb", region_name="eu-west-2").create_table(
            TableName="ledger",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("force_code", "export_id")
            ],
            KeySchema=[
                {"AttributeName": "force_code", "KeyType": "HASH"},
                {"AttributeName": "export_id", "KeyType": "RANGE"},
            ],
        )
        yield Ledger("ledger", table)


def test_an_entry_comes_back_as_it_was_written(ledger: Ledger) -> None:
    assert ledger.find("EX", "e1") is None
    ledger.keep(ENTRY)
    assert ledger.find("EX", "e1") == ENTRY
    bare = replace(ENTRY, export_id="e0", exported_at=None, member=None, version_id=None, again=False, sources={})
    ledger.write(bare)
    assert list(ledger.of_force("EX")) == [bare, ENTRY]
    assert list(ledger.of_force("EY")) == []


def test_an_entry_of_an_earlier_version_is_read(ledger: Ledger) -> None:
    ledger.write(ENTRY)
    ledger._table.update_item(
        Key={"force_code": "EX", "export_id": "e1"}, UpdateExpression="REMOVE sources, version_id, again, #m",
        ExpressionAttributeNames={"#m": "member"},
    )  # fmt: skip
    assert ledger.find("EX", "e1") == replace(ENTRY, sources={}, version_id=None, again=False, member=None)


def test_what_was_withdrawn_intake_does_not_write_over(ledger: Ledger) -> None:
    ledger.keep(ENTRY)
    ledger.write(replace(ENTRY, status=ExportStatus.WITHDRAWN))
    with pytest.raises(WithdrawnError, match="was withdrawn"):
        ledger.keep(ENTRY)
    ledger.write(ENTRY)
    ledger.keep(replace(ENTRY, status=ExportStatus.HELD))
    assert ledger.find("EX", "e1") == replace(ENTRY, status=ExportStatus.HELD)


def test_a_list_forgets_the_entries_that_are_named_and_no_other() -> None:
    with mock_aws():
        table = boto3.resource("dynamodb", region_name="eu-west-2").create_table(
            TableName="delivered",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("story", "at")],
            KeySchema=[{"AttributeName": "story", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        )
        log = DeliveredLog("delivered", table)
        for story in ("EX#list", "EX#other"):
            for hour in (1, 2):
                log.record(story, datetime(2026, 3, 1, hour, tzinfo=UTC), "e1", {"export_id": "e1"})
        log.forget("EX#list", [log.of_story("EX#list")[0]["at"], "2026-03-01T09:00:00.000Z#unknown"])
        assert [entry["at"][11:13] for entry in log.of_story("EX#list")] == ["02"]
        assert len(log.of_story("EX#other")) == 2
