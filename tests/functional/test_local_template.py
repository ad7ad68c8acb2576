"""The project's own template in the embedded AWS."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from callclock.scorecard.queries import QUERIES
from local.deployer import translate
from local.intrinsics import Resolver, TemplateError
from local.layers import runtime_python
from local.sandbox import Sandbox
from local.stack import LocalStack

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"
PARAMETERS = {"ForceCodes": "AVN,WLT", "BreachesMail": "breaches@force.example"}
FUNCTIONS = ("IntakeFunction", "MeasureFunction", "NotifyFunction", "ReportFunction")
START = datetime(2026, 3, 2, 5, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(TEMPLATE, parameters=PARAMETERS, root=ROOT, clock=START) as stack:
        yield stack.deploy()


def test_everything_is_made_but_what_its_condition_leaves_out(stack) -> None:
    translated, _ = translate(TEMPLATE, PARAMETERS, "eu-west-2")
    assert set(translated["Resources"]) - set(stack.deployment.resources) == {
        "DigestSubscription",
        "OperationsSubscription",
    }


def test_only_conditions_and_named_properties_are_left_out(stack) -> None:
    """What the embedded AWS cannot prove stays short and known: the README lists it."""
    assert {path.rpartition(".")[2] for path in stack.deployment.left_out} <= {
        "PendingWindowInDays", "Description", "CompatibleRuntimes", "CompatibleArchitectures", "Architectures", "Tags",
    }  # fmt: skip
    assert stack.gate.not_evaluated


def test_notify_takes_entries_off_its_lists_and_forgets_nothing_else(stack) -> None:
    role = stack.physical("NotifyRole")
    log, name = stack.site.client("dynamodb", f"role.{role}"), stack.physical("DeliveredTable")
    for story in ("AVN#stopped-exports", "AVN#owed-rows"):
        log.delete_item(TableName=name, Key={"story": {"S": story}, "at": {"S": "2026"}})
    for story in ("AVN#rule#calls", "AVN#digest", "AVN#export#1#calls"):
        with pytest.raises(ClientError, match="not authorized to perform: dynamodb:DeleteItem"):
            log.delete_item(TableName=name, Key={"story": {"S": story}, "at": {"S": "#owed-rows"}})
    stack.gate.denials.clear()


def test_the_queries_of_the_page_are_saved_and_ask_for_the_force(stack) -> None:
    athena = stack.client("athena")
    numbers = athena.list_named_queries(WorkGroup="analyst")["NamedQueryIds"]
    saved = {q["Name"]: q for q in (athena.get_named_query(NamedQueryId=n)["NamedQuery"] for n in numbers)}
    assert set(saved) == set(QUERIES)
    for name in ("calls-by-month", "attendance-curve", "receipts"):
        run = athena.start_query_execution(
            QueryString=saved[name]["QueryString"],
            QueryExecutionContext={"Database": saved[name]["Database"]},
            WorkGroup="analyst",
            ExecutionParameters=["'AVN'"],
        )["QueryExecutionId"]
        status = athena.get_query_execution(QueryExecutionId=run)["QueryExecution"]["Status"]
        assert status["State"] == "SUCCEEDED", status


def test_a_tick_wakes_every_force_and_comes_to_rest(stack) -> None:
    stack.tick(START + timedelta(days=1))
    quiet = stack.run_until_quiet(120)
    assert quiet.failures == []
    assert quiet.faults == []
    assert stack.gate.denials == []
    assert {made.function for made in quiet.invocations} >= {"MeasureFunction"}


def test_a_function_started_before_there_is_work_is_warm_for_it(stack) -> None:
    for name in FUNCTIONS:
        # Those of the stack may have been started by a test before.
        function = stack.sandbox(name).function
        sandbox = Sandbox(function, runtime_python(ROOT), stack._environment(function))
        try:
            sandbox.start()
            assert sandbox.starts == 1
            sandbox.start()
            # What a function makes of an empty batch is its own affair, as long as it was there to say so.
            assert not sandbox.invoke(b'{"Records": []}').error.startswith(("Sandbox.", "Runtime."))
            assert sandbox.starts == 1
        finally:
            sandbox.close()
    stack.start_functions()
    assert all(stack.sandbox(name).starts for name in FUNCTIONS)


def test_each_function_keeps_to_its_memory(stack) -> None:
    for name in FUNCTIONS:
        stack.client("lambda").invoke(FunctionName=stack.physical(name), Payload=b'{"Records": []}')
        sandbox = stack.sandbox(name)
        assert 0 < sandbox.peak_bytes < sandbox.function.memory_mb << 20


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, "ForceCodes"),
        ({"ForceCodes": "avn"}, "ForceCodes"),
        ({"ForceCodes": "AVN", "RetentionDays": "1"}, "RetentionDays"),
    ],
)
def test_wrong_parameters_are_refused(parameters: dict[str, str], said: str) -> None:
    translated, _ = translate(TEMPLATE, {}, "eu-west-2")
    with pytest.raises(TemplateError, match=said):
        Resolver(translated, parameters, {})
