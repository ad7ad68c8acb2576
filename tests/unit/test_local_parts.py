"""Small parts of the embedded AWS that need no server."""

import json
from datetime import UTC, datetime
from threading import Barrier
from types import SimpleNamespace

import pytest

from local.bus import body_for, scheduled
from local.deployment import SourceMapping
from local.iam import PolicyError, Role, admits, statements
from local.pump import Pump, failed_ids
from local.sandbox import Invocation
from local.schedule import next_fire

AT = datetime(2026, 3, 2, 5, 15, tzinfo=UTC)
EVENT = scheduled("arn:aws:events:eu-west-2:1:rule/tick", AT, "1", "eu-west-2")


def invocation(answer: object, *, failed: bool = False) -> Invocation:
    return Invocation("F", "r", failed, json.dumps(answer).encode(), 0.1, ())


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        (None, ""),
        ({}, ""),
        ({"batchItemFailures": []}, ""),
        ({"batchItemFailures": None}, ""),
        ({"batchItemFailures": [{"itemIdentifier": "b"}]}, "b"),
        # Lambda fails the whole batch for what it cannot read ("Reporting batch item failures").
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, "abc"),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, "abc"),
        ({"batchItemFailures": [{"bad": "b"}]}, "abc"),
        ({"batchItemFailures": [{"itemIdentifier": "stranger"}]}, "abc"),
    ],
)
def test_which_messages_come_again(answer, again: str) -> None:
    assert failed_ids(invocation(answer), ["a", "b", "c"], reports=True) == frozenset(again)


def test_without_reports_only_an_error_brings_messages_back() -> None:
    assert failed_ids(invocation({"batchItemFailures": [{"itemIdentifier": "a"}]}), ["a"], reports=False) == frozenset()
    assert failed_ids(invocation({"errorType": "E"}, failed=True), ["a"], reports=False) == {"a"}


class Scripted(Pump):
    """A pump over queues that are lists: one function reads, one folds and hands on to two that meet, or never end."""

    def __init__(self, dropped: int) -> None:
        mappings = [SourceMapping(name, name, name, 10, False) for name in ("read", "fold", "tell", "draw")]
        super().__init__(SimpleNamespace(made=SimpleNamespace(mappings=mappings)), {}, [])
        self.waiting = {"read": dropped, "fold": 0, "tell": 0, "draw": 0}
        self.batches: list[tuple[str, int]] = []
        self.both = Barrier(2, timeout=10)

    def _logical(self, mapping: SourceMapping) -> str:
        return mapping.function

    def _delayed(self) -> bool:
        return False

    def dead_letters(self) -> dict[str, int]:
        return {}

    def _hands_on(self, mapping: SourceMapping) -> bool:
        return mapping.function in {"read", "fold"}

    def _client(self, service: str, function: str) -> None:
        """None is needed."""

    def _take(self, mapping: SourceMapping) -> bool:
        name = mapping.function
        taken = min(self.waiting[name], 4 if name == "read" else 10)
        self.waiting[name] -= taken
        if taken and name in {"tell", "draw"}:
            self.both.wait()
        for following in {"read": ["fold"], "fold": ["tell", "draw"]}.get(name, []):
            self.waiting[following] += taken
        if taken:
            self.batches.append((name, taken))
        return bool(taken)


def test_what_arrives_together_is_read_before_any_of_it_is_measured_and_what_hands_nothing_on_runs_side_by_side() -> (
    None
):
    pump = Scripted(dropped=6)
    while pump.turn():
        pass
    assert pump.batches[:3] == [("read", 4), ("read", 2), ("fold", 6)]
    assert sorted(pump.batches[3:]) == [("draw", 6), ("tell", 6)]


def test_what_waits_for_a_function_that_is_left_out_is_taken_when_it_no_longer_is() -> None:
    pump = Scripted(dropped=6)
    pump.both = Barrier(1)
    pump.run_until_quiet(but="draw")
    assert sorted(pump.batches) == [("fold", 6), ("read", 2), ("read", 4), ("tell", 6)]
    pump.waiting["read"] = 3
    pump.run_until_quiet()
    assert ("draw", 9) in pump.batches


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ({}, EVENT),
        ({"Input": '{"fixed": 1}'}, {"fixed": 1}),
        (
            {"InputTransformer": {"InputPathsMap": {"t": "$.time"}, "InputTemplate": '{"tick": <t>}'}},
            {"tick": "2026-03-02T05:15:00Z"},
        ),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"d": "$.detail", "r": "$.resources"},
                    "InputTemplate": "[<d>, <r>]",
                }
            },
            [{}, ["arn:aws:events:eu-west-2:1:rule/tick"]],
        ),
    ],
)
def test_what_a_target_gets(target, body) -> None:
    assert json.loads(body_for(target, EVENT)) == body


@pytest.mark.parametrize(
    ("expression", "after", "at"),
    [
        ("cron(15 5 * * ? *)", datetime(2026, 3, 2, 5, 14, tzinfo=UTC), AT),
        ("cron(15 5 * * ? *)", AT, datetime(2026, 3, 3, 5, 15, tzinfo=UTC)),
        ("rate(1 day)", AT, datetime(2026, 3, 3, 5, 15, tzinfo=UTC)),
        ("rate(5 minutes)", AT, datetime(2026, 3, 2, 5, 20, tzinfo=UTC)),
    ],
)
def test_when_a_schedule_falls_due(expression: str, after: datetime, at: datetime) -> None:
    assert next_fire(expression, after) == at


def policy(*items: dict[str, object]) -> tuple:
    return statements({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **item} for item in items]})


def test_a_deny_goes_before_an_allow_and_wildcards_match() -> None:
    role = Role(
        "R",
        "r",
        "arn:r",
        policy(
            {"Action": "s3:Get*", "Resource": "arn:aws:s3:::b/in?/*"},
            {"Effect": "Deny", "Action": "S3:getobject", "Resource": "arn:aws:s3:::b/in1/secret"},
        ),
    )
    assert role.allows("s3:GetObject", "arn:aws:s3:::b/in1/a/b")
    assert not role.allows("s3:GetObject", "arn:aws:s3:::b/in1/secret")
    assert not role.allows("s3:GetObject", "arn:aws:s3:::b/in/a")
    assert not role.allows("s3:PutObject", "arn:aws:s3:::b/in1/a")


@pytest.mark.parametrize(
    ("condition", "admitted"),
    [
        ({}, True),
        ({"ArnEquals": {"aws:SourceArn": "arn:rule/a"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:rule/*"}}, True),
        ({"ArnEquals": {"aws:SourceArn": ["arn:rule/b", "arn:rule/c"]}}, False),
        ({"StringEquals": {"aws:SourceAccount": "2"}}, False),
        ({"NumericEquals": {"aws:SourceAccount": "1"}}, False),
    ],
)
def test_a_queues_policy_admits_the_rule_it_names(condition, admitted: bool) -> None:
    item = {"Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "arn:q"}
    found = policy({**item, **({"Condition": condition} if condition else {})})
    why = admits(found, "events.amazonaws.com", "sqs:SendMessage", "arn:q", source_arn="arn:rule/a", account="1")
    assert (why is None) == admitted


@pytest.mark.parametrize(
    "broken", [{"Action": "a", "NotAction": "b"}, {}, {"Action": "a", "Efect": "x"}, {"Action": {"a": 1}}]
)
def test_a_broken_policy_is_refused(broken) -> None:
    with pytest.raises(PolicyError):
        policy({"Sid": "S", **broken})
