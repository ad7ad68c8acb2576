"""What the template sends is what the code understands, and roles reach the keys that the code writes."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import pytest

from callclock import layout
from callclock.clock import Month
from callclock.intake import receive
from callclock.reasons import ExportReason
from tests.support.desk import Desk
from tests.support.template import TEMPLATE, Template, listed

MARCH = Month(2026, 3)
EVENT = {"time": "2026-03-02T05:15:00Z", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}


def transformed(transformer: dict[str, Any], event: dict[str, Any]) -> str:
    """As EventBridge does: a value in the place of its name, quoted where it is text."""
    text: str = transformer["InputTemplate"]
    for name, path in transformer["InputPathsMap"].items():
        text = text.replace(f"<{name}>", json.dumps(event[path.removeprefix("$.")]))
    return text


def test_tick_is_a_hint_for_all_forces() -> None:
    from callclock.measure import parse_hint  # noqa: PLC0415

    [body] = [
        transformed(t["InputTransformer"], EVENT) for t in Template()["TickRule"]["Targets"] if t["Id"] == "measure"
    ]
    hint = parse_hint(body)
    assert hint.force_code is None
    assert hint.now == datetime(2026, 3, 2, 5, 15, tzinfo=UTC)


def test_tick_lets_intake_look_for_lost_objects() -> None:
    [body] = [
        transformed(t["InputTransformer"], EVENT) for t in Template()["TickRule"]["Targets"] if t["Id"] == "intake"
    ]
    desk = Desk()
    desk.exports.objects["incoming/EX/lost.csv"] = (b"", {})
    receive(body, desk.intake)
    assert desk.woken == [("incoming/EX/lost.csv", "2026-03-02T05:15:00.000Z")]


@pytest.mark.parametrize(
    ("key", "wakes"),
    [
        ("incoming/AVN/calls.csv", True),
        ("incoming/AVN/a b+c.csv", True),
        ("config/targets.toml", True),
        (layout.quarantined("calls", "AVN", "ab12"), False),
        ("notes.txt", False),
    ],
)
def test_drop_wakes_intake(key: str, wakes: bool) -> None:
    pattern = Template()["DropRule"]["EventPattern"]
    assert pattern["source"] == ["aws.s3"]
    assert pattern["detail-type"] == ["Object Created"]
    assert pattern["detail"]["bucket"] == {"name": [{"Ref": "ExportsBucket"}]}
    assert any(key.startswith(prefix["prefix"]) for prefix in pattern["detail"]["object"]["key"]) is wakes


READ, REPLACE, WRITE = {"s3:GetObject"}, {"s3:GetObject", "s3:PutObject"}, {"s3:PutObject"}
RENEW = {"s3:PutObject", "s3:DeleteObject"}
VERSIONS = {"s3:GetObject", "s3:GetObjectVersion"}
NONE: set[str] = set()
# What each module does with each object, as its code reads: intake, measure, notify, report.
OBJECTS: list[tuple[str, str, list[set[str]]]] = [
    ("ExportsBucket", "incoming/AVN/calls.csv", [VERSIONS, NONE, NONE, NONE]),
    ("ExportsBucket", "config/sources/acd.toml", [VERSIONS, NONE, NONE, NONE]),
    ("ExportsBucket", layout.quarantined("calls", "AVN", "ab12"), [RENEW, NONE, NONE, NONE]),
    ("LakeBucket", layout.staged("calls", "AVN", MARCH, "ab12"), [RENEW, READ, NONE, NONE]),
    ("LakeBucket", layout.withdrawn("AVN", "ab12"), [NONE] * 4),
    ("LakeBucket", layout.curated("calls", "AVN", MARCH), [NONE, REPLACE, NONE, NONE]),
    ("LakeBucket", f"{layout.keys_prefix('incidents', 'AVN')}0.parquet", [NONE, REPLACE, NONE, NONE]),
    ("LakeBucket", layout.state("AVN"), [NONE, REPLACE, NONE, NONE]),
    ("LakeBucket", layout.CONFIGURATION, [REPLACE, READ, READ, READ]),
    ("ResultsBucket", layout.values("AVN", MARCH, "calls_waits"), [NONE, REPLACE, READ, READ]),
    *(
        ("ResultsBucket", layout.measured(table, "AVN", MARCH, table), [NONE, REPLACE, NONE, by_report])
        for table, by_report in (("attendance_curve", READ), ("regrade_matrix", NONE))
    ),
    ("ResultsBucket", layout.restatements("AVN", MARCH, "calls_waits"), [NONE, REPLACE, READ, READ]),
    ("ResultsBucket", layout.coverage("AVN"), [NONE, REPLACE, READ, READ]),
    ("ResultsBucket", layout.folds("AVN"), [NONE, REPLACE, NONE, NONE]),
    ("ResultsBucket", layout.receipt("AVN", "ab12", "calls"), [WRITE, READ, READ, READ]),
    ("ResultsBucket", layout.notices("AVN"), [NONE, NONE, REPLACE, READ]),
    ("ResultsBucket", layout.page("AVN"), [NONE, NONE, NONE, WRITE]),
    ("ResultsBucket", layout.release("AVN", "2025/26", "calls.csv"), [NONE, NONE, NONE, REPLACE]),
    ("ResultsBucket", layout.public_values("AVN", MARCH), [NONE, NONE, NONE, REPLACE]),
    ("ResultsBucket", layout.public_release("AVN", "2025/26", "calls.csv"), [NONE, NONE, NONE, REPLACE]),
    ("ResultsBucket", layout.published("AVN", "2025/26", "kept.parquet"), [NONE, NONE, NONE, REPLACE]),
    ("ResultsBucket", "athena/analyst/0b5c.csv", [NONE] * 4),
]


@pytest.mark.parametrize(("bucket", "key", "wanted"), OBJECTS, ids=[re.sub(r"\W", "_", key) for _, key, _ in OBJECTS])
def test_roles_reach_what_the_code_touches_and_no_more(bucket: str, key: str, wanted: list[set[str]]) -> None:
    template = Template()
    for role, actions in zip(["IntakeRole", "MeasureRole", "NotifyRole", "ReportRole"], wanted, strict=True):
        granted = {
            action
            for statement in template.statements(role)
            for resource in listed(statement["Resource"])
            if (place := template.named(resource)) and place[0] == bucket and place[1]
            if fnmatchcase(f"/{key}", place[1])
            for action in listed(statement["Action"])
        }
        assert granted == actions, role


RUNBOOK = (TEMPLATE.parent / "docs" / "runbook.md").read_text("utf-8")


def test_every_alarm_has_its_place_in_the_runbook() -> None:
    alarms = Template().of("CloudWatch::Alarm")
    assert len(alarms) == 13
    for name, alarm in alarms.items():
        found = re.search(r"\(runbook, ([a-z ]+)\)$", alarm["AlarmDescription"])
        assert found, name
        assert f"\n## {found[1].capitalize()}\n" in RUNBOOK


def test_runbook_names_what_there_is() -> None:
    named = set(re.findall(r"\(?name ([A-Z]\w+)", RUNBOOK)) | set(re.findall(r"\*\*(\w+DeadLetters)\*\*", RUNBOOK))
    assert len(named) >= 7
    assert named <= set(Template().resources)
    assert set(Template().dead_letters()) <= named
    reasons = set(re.findall(r"`([a-z_]+)`", RUNBOOK.partition("| reason |")[2].partition("To drop an export")[0]))
    assert {reason.value for reason in ExportReason} <= reasons
