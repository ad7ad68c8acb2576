"""Contact records by the example profile: three spellings, chains over two objects, and Amazon's own figures.

Expected values are worked out by hand from the records, as Amazon documents them: a contact is abandoned that was
disconnected by the customer while in queue, contacts queued for callback are not; queue times are Queue.Duration.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callclock.clock import Month
from callclock.contracts import CALLS
from callclock.exports.profile import parse_profile
from callclock.exports.receipt import Receipt
from callclock.metrics.catalogue import families
from callclock.metrics.known import SourceKnown
from tests.support.calls_of import Row, curated
from tests.support.curated import one, values_of, write

PROFILES = Path(__file__).parents[2] / "events" / "profiles"
CONNECT = parse_profile("sources/amazon_connect.toml", (PROFILES / "amazon_connect.toml").read_text())
HOURS = ("22", "23")


def seconds(row: Row, *names: str) -> tuple[float | None, ...]:
    return tuple(None if row[f"{name}_ms"] is None else row[f"{name}_ms"] / 1000 for name in names)


def clock(at: datetime | None) -> str | None:
    return at and at.strftime("%H:%M:%S")


@pytest.mark.parametrize("order", [HOURS, HOURS[::-1]], ids=str)
def test_the_sample_is_eight_calls_whichever_object_comes_first(tmp_path: Path, order: Sequence[str]) -> None:
    files = [
        (f"incoming/EX/connect/2026/03/31/{hour}/stream-1", PROFILES / f"samples/amazon_connect_{hour}.json")
        for hour in order
    ]
    found, receipts = curated(files, CONNECT, tmp_path)
    told = {
        int(row["call_id"][:8]): (
            row["line"],
            row["stage"],
            row["queue"],
            row["legs"],
            *seconds(row, "wait_first", "wait_final", "end"),
        )
        for row in found
    }
    assert told == {
        1: ("101", "answered", "Crime Desk", 2, 100, 752, 1380),  # the second leg from the other object, after midnight
        3: ("101", "switchboard_queue", "Switchboard", 1, None, None, 285),
        4: ("101", "ivr_before_alternative", "none", 1, None, None, 12),
        5: ("101", "ivr_contained", "none", 1, None, None, 60),
        6: ("999", "answered", "999", 1, 6, 6, 180),
        7: ("101", "callback", "InboundQueue", 2, None, None, 120),
        9: ("101", "answered", "Switchboard", 1, 70, 70, 180),
        11: ("101", "transferred_out", "Switchboard", 1, 60, None, 120),
    }
    by_hour = dict(zip(order, receipts, strict=True))
    assert _sums(by_hour["22"]) == (9, 7, 0, 1, {"other_channel": 1})
    assert _sums(by_hour["23"]) == (5, 4, 0, 0, {"no_leg_of_the_caller": 1})
    # Delivered three times, and the last time with an attribute that had been set after the call.
    [updated] = [row for row in found if row["call_id"].startswith("00000009")]
    assert clock(updated["record_updated_at"]) == "22:30:00"
    assert clock(updated["alternative_offered_at"]) == "21:50:00"
    # anonymous is no number
    assert [bool(row["caller_key"]) for row in found if row["call_id"][7] in "35"] == [True, False]


def _sums(receipt: Receipt) -> tuple[object, ...]:
    counts = receipt.counts
    return counts.records_read, counts.accepted, counts.folded, counts.superseded, dict(receipt.dropped_reasons)


def contact(number: int, start: str, **said: Any) -> dict[str, Any]:
    """A contact of 2 March 2026; ``queue`` is (name, enqueued, dequeued), clock times all."""

    def utc(time: str | None) -> str | None:
        return time and f"2026-03-02T{time}Z"

    record: dict[str, Any] = {
        "ContactId": f"c{number}", "InitialContactId": None, "Channel": "VOICE", "InitiationMethod": "INBOUND",
        "InitiationTimestamp": utc(start), "ConnectedToSystemTimestamp": utc(start), "DisconnectTimestamp": utc(said.get("end")),
        "DisconnectReason": said.get("reason"), "LastUpdateTimestamp": utc(said.get("end")), "Queue": None, "Agent": None,
        "CustomerEndpoint": {"Address": f"+4477009{number:05d}"}, "SystemEndpoint": {"Address": "+441632960101"},
    }  # fmt: skip
    if "queue" in said:
        name, entered, left = said["queue"]
        took = (datetime.fromisoformat(f"2026-03-02T{left}") - datetime.fromisoformat(f"2026-03-02T{entered}")).seconds
        record["Queue"] = {
            "Name": name,
            "EnqueueTimestamp": utc(entered),
            "DequeueTimestamp": utc(left),
            "Duration": said.get("took", took),
        }
    if "agent" in said:
        record["Agent"] = {"ConnectedToAgentTimestamp": utc(said["agent"])}
    return {**record, **said.get("more", {})}


GONE, FLOW = "CUSTOMER_DISCONNECT", "CONTACT_FLOW_DISCONNECT"
# Amazon's own example of a queued callback, with its clock times; and what else may become of a queued contact.
CHAIN = {"InitialContactId": "c1", "PreviousContactId": "c1", "InitiationMethod": "CALLBACK", "SystemEndpoint": None}
CONTACTS = [
    contact(1, "11:35:00", queue=("Inbound", "11:35:00", "11:37:00"), end="11:37:00", reason=FLOW, more={"NextContactId": "c2"}),
    contact(2, "11:37:00", queue=("CallbackQueue", "11:38:39", "11:40:00"), took=120, agent="11:40:25", end="11:45:00", reason=GONE, more={**CHAIN, "ConnectedToSystemTimestamp": "2026-03-02T11:40:10Z"}),
    contact(3, "12:00:00", queue=("Inbound", "12:00:10", "12:00:40"), agent="12:00:45", end="12:05:00", reason="AGENT_DISCONNECT"),  # 30 s
    contact(4, "12:10:00", queue=("Inbound", "12:10:20", "12:11:50"), agent="12:11:50", end="12:15:00", reason=GONE),  # 90 s
    contact(5, "12:20:00", queue=("Inbound", "12:20:10", "12:21:10"), end="12:21:10", reason=GONE),  # abandoned after 60 s
    contact(6, "12:30:00", queue=("Inbound", "12:30:10", "12:32:10"), end="12:32:10", reason=GONE),  # abandoned after 120 s
    contact(7, "12:40:00", queue=("Inbound", "12:40:10", "12:50:10"), end="12:50:10", reason=FLOW),  # the queue was closed: the flow hung up
    contact(8, "12:55:00", end="12:55:20", reason=GONE),  # hung up in the recorded message: never queued
    contact(9, "13:00:00", end="13:00:30", reason=FLOW),  # the recorded message was enough
]  # fmt: skip


def calls(tmp_path: Path, records: Sequence[Mapping[str, Any]]) -> list[Row]:
    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / "contacts.json"
    path.write_text("".join(json.dumps(record) for record in records))
    found, receipts = curated([("incoming/EX/connect/contacts.json", path)], CONNECT, tmp_path)
    assert receipts[0].quarantined == 0, receipts[0].reasons
    return found


def test_a_queued_callback_as_amazon_tells_it(tmp_path: Path) -> None:
    [call] = calls(tmp_path, CONTACTS[:2])
    assert (call["stage"], call["queue"], call["legs"]) == ("callback", "Inbound", 2)
    assert (clock(call["callback_asked_at"]), clock(call["callback_connected_at"])) == ("11:37:00", "11:40:25")
    assert (clock(call["started_at"]), clock(call["ended_at"])) == ("11:35:00", "11:37:00")
    # The 120 s of the callback's own queue, its initial delay included, are no wait of the call.
    assert call["reported_queue_ms"] == 120_000 == (call["ended_at"] - call["first_queued_at"]).seconds * 1000


def test_amazon_s_figures_come_out_as_amazon_defines_them(tmp_path: Path) -> None:
    """Queue "Inbound": 6 contacts queued, 2 abandoned; answered after 30 and 90 s, abandoned after 60 and 120 s."""
    found = calls(tmp_path, CONTACTS)
    path = write(CALLS, found, tmp_path / "curated.parquet")
    as_at = datetime(2026, 4, 1, tzinfo=UTC)
    of_calls = [family for family in families() if family.tables == ("calls",)]
    values = values_of(
        of_calls,
        [path],
        Month(2026, 3),
        tmp_path,
        as_at=as_at,
        sources=[SourceKnown("calls", "amazon_connect", as_at, "delta")],
    )
    rate = one(values, metric="calls.abandonment_rate_queued", line="101", queue="Inbound")
    assert (rate["numerator"], rate["denominator"]) == (2, 6)
    # Of all callers two thirds were never asked about by that rate: this one is ours.
    of_all = one(values, metric="calls.abandonment_rate", line="101")
    assert (of_all["numerator"], of_all["denominator"]) == (3, 8)

    def mean(stage: str) -> float:
        waits = [row["reported_queue_ms"] / 1000 for row in found if row["stage"] == stage]
        return sum(waits) / len(waits)

    assert mean("answered") == 60  # average queue answer time: (30 + 90) / 2
    assert mean("skill_queue") == 90  # average queue abandon time: (60 + 120) / 2
    # Our own wait runs until a person speaks: 35 s and 90 s.
    wait = one(values, metric="calls.queue_wait_first_mean_s", line="101", queue="Inbound")
    assert wait["value"] == 62.5


def described(record: Mapping[str, Any]) -> dict[str, Any]:
    """The same contact as DescribeContact answers: queue and agent by their ids, times as seconds since 1970."""

    def epoch(time: str | None) -> float | None:
        return datetime.fromisoformat(time).timestamp() if time else None

    queue, agent = record["Queue"] or {}, record["Agent"] or {}
    contact = {
        "Id": record["ContactId"],
        **{
            name: record.get(name)
            for name in (
                "InitialContactId",
                "Channel",
                "InitiationMethod",
                "DisconnectReason",
                "CustomerEndpoint",
                "SystemEndpoint",
                "NextContactId",
            )
        },
        **{
            name: epoch(record[name])
            for name in (
                "InitiationTimestamp",
                "ConnectedToSystemTimestamp",
                "DisconnectTimestamp",
                "LastUpdateTimestamp",
            )
        },
        "QueueInfo": {"Id": queue["Name"], "EnqueueTimestamp": epoch(queue["EnqueueTimestamp"])} if queue else None,
        "AgentInfo": {"Id": "agent", "ConnectedToAgentTimestamp": epoch(agent["ConnectedToAgentTimestamp"])}
        if agent
        else None,
    }
    return {"Contact": {name: value for name, value in contact.items() if value is not None}}


def events(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same contact as events: each knows what had happened by then; they may come in any order."""
    queue, agent = record["Queue"] or {}, record["Agent"] or {}
    detail = {
        "contactId": record["ContactId"], "channel": "Voice", "initiationMethod": record["InitiationMethod"],
        "initiationTimestamp": record["InitiationTimestamp"].replace("Z", ".000Z"), "connectedToSystemTimestamp": record["ConnectedToSystemTimestamp"],
    }  # fmt: skip
    if record["InitialContactId"]:
        detail["initialContactId"] = record["InitialContactId"]
    told = [("INITIATED", record["InitiationTimestamp"], dict(detail))]
    if queue:
        detail["queueInfo"] = {
            "queueArn": queue["Name"],
            "queueType": "STANDARD",
            "enqueueTimestamp": queue["EnqueueTimestamp"],
        }
        told.append(("QUEUED", queue["EnqueueTimestamp"], dict(detail)))
    if agent:
        detail["agentInfo"] = {"agentArn": "a", "connectedToAgentTimestamp": agent["ConnectedToAgentTimestamp"]}
        told.append(("CONNECTED_TO_AGENT", agent["ConnectedToAgentTimestamp"], dict(detail)))
    detail |= {"disconnectTimestamp": record["DisconnectTimestamp"], "disconnectReason": record["DisconnectReason"]}
    told.append(("DISCONNECTED", record["DisconnectTimestamp"], dict(detail)))
    return [
        {
            "version": "0",
            "detail-type": "Amazon Connect Contact Event",
            "time": time,
            "detail": {"eventType": kind, **said},
        }
        for kind, time, said in reversed(told)
    ]


# What neither of the other spellings knows.
POORER = {"reported_queue_ms", "export_id", "record_no", "record_updated_at", "time_flags"}


def same(rows: Sequence[Row], other: Sequence[Row], besides: set[str]) -> None:
    assert [{k: v for k, v in row.items() if k not in besides} for row in other] == [
        {k: v for k, v in row.items() if k not in besides} for row in rows
    ]


def test_the_answer_of_describe_contact_gives_the_same_calls(tmp_path: Path) -> None:
    same(calls(tmp_path / "a", CONTACTS), calls(tmp_path / "b", [described(record) for record in CONTACTS]), POORER)


def test_events_in_any_order_give_the_same_calls_but_for_what_events_never_say(tmp_path: Path) -> None:
    told = [event for record in CONTACTS for event in events(record)]
    same(calls(tmp_path / "a", CONTACTS), calls(tmp_path / "b", told), POORER | {"line", "caller_key", "key_epoch"})


def test_one_object_may_hold_all_three_spellings(tmp_path: Path) -> None:
    """The last word on each contact wins, whatever its spelling."""
    mixed = (
        [described(record) for record in CONTACTS[2:6]]
        + CONTACTS[2:6]
        + [e for record in CONTACTS[2:6] for e in events(record)]
    )
    whole, found = calls(tmp_path / "a", CONTACTS[2:6]), calls(tmp_path / "b", mixed)
    assert [row["legs"] for row in found] == [1] * 4
    same(whole, found, POORER | {"line", "caller_key", "key_epoch"})
