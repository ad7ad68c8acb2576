"""Athena's API over the Glue tables of tests/fixtures/embedded: projection, limits, reasons of failure."""

import importlib.util
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.athena import QueryError, query_directory
from local.stack import LocalStack

_spec = importlib.util.spec_from_file_location("embedded", Path(__file__).parents[1] / "support/embedded.py")
embedded: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(embedded)

ROWS = {
    "visits/force_code=AVN/month=2026-01/a.json": [("a1", 1000, "2026-01-03 04:05:06.789"), ("a2", 3000, None)],
    "visits/force_code=WLT/month=2026-03/b.json": [("b1", 5000, "2026-03-01 00:00:00.000")],
    # NOW is 2 March 2026 of the simulated clock.
    "visits/force_code=AVN/month=2026-04/next.json": [("next", 7000, None)],
    # What lies outside the projection is not there, without an error.
    "visits/force_code=AVN/month=2026-05/later.json": [("later", 1, None)],
    "visits/force_code=AVN/month=2025-05/earlier.json": [("earlier", 1, None)],
    "visits/force_code=OTHER/month=2026-01/c.json": [("stranger", 1, None)],
    "visits/stray.json": [("stray", 1, None)],
}


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with embedded.embedded() as stack:
        for key, rows in ROWS.items():
            lines = (json.dumps({"id": name, "wait_ms": wait, "at": at}) for name, wait, at in rows)
            stack.put("Bucket", key, "\n".join(lines).encode())
        yield stack


def run(stack: LocalStack, sql: str, workgroup: str = "analyst", **more: Any) -> dict[str, Any]:
    athena = stack.client("athena")
    number = athena.start_query_execution(QueryString=sql, WorkGroup=workgroup, **more)["QueryExecutionId"]
    for _ in range(100):
        execution: dict[str, Any] = athena.get_query_execution(QueryExecutionId=number)["QueryExecution"]
        if execution["Status"]["State"] not in {"QUEUED", "RUNNING"}:
            return execution
        time.sleep(0.01)
    pytest.fail("it goes on and on")


def rows(stack: LocalStack, sql: str, **more: Any) -> list[list[str | None]]:
    execution = run(stack, sql, **more)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    found = stack.client("athena").get_query_results(QueryExecutionId=execution["QueryExecutionId"])["ResultSet"][
        "Rows"
    ]
    return [[cell.get("VarCharValue") for cell in row["Data"]] for row in found]


def test_only_what_the_projection_names_is_seen(stack) -> None:
    assert rows(stack, "SELECT id, force_code, month, wait_ms, at FROM small.visits ORDER BY id") == [
        ["id", "force_code", "month", "wait_ms", "at"],
        ["a1", "AVN", "2026-01", "1000", "2026-01-03 04:05:06.789"],
        ["a2", "AVN", "2026-01", "3000", None],
        ["b1", "WLT", "2026-03", "5000", "2026-03-01 00:00:00.000"],
        ["next", "AVN", "2026-04", "7000", None],
    ]


def test_partitions_that_are_not_asked_for_are_not_read(stack) -> None:
    one = run(stack, "SELECT count(*) FROM small.visits WHERE force_code = 'WLT'")
    every = run(stack, "SELECT count(*) FROM small.visits")
    assert 0 < one["Statistics"]["DataScannedInBytes"] < every["Statistics"]["DataScannedInBytes"]


def test_parameters_are_bound_not_pasted(stack) -> None:
    sql = "SELECT id FROM small.visits WHERE wait_ms > ? AND force_code = ? ORDER BY id"
    assert rows(stack, sql, ExecutionParameters=["1000", "'AVN'"]) == [["id"], ["a2"], ["next"]]
    assert rows(stack, sql, ExecutionParameters=["0", "'x'' OR ''1'' = ''1'"]) == [["id"]]


def test_the_answer_lies_at_the_workgroups_place(stack) -> None:
    execution = run(stack, "SELECT id FROM visits ORDER BY id LIMIT 1", QueryExecutionContext={"Database": "small"})
    location = execution["ResultConfiguration"]["OutputLocation"]
    bucket, _, key = location.removeprefix("s3://").partition("/")
    assert bucket == stack.physical("Bucket")
    assert key == f"athena/{execution['QueryExecutionId']}.csv"
    assert stack.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == b'"id"\n"a1"\n'


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT nope FROM small.visits", "nope"),
        ("SELECT * FROM small.nope", "nope"),
        ("SELECT FROM WHERE", ""),
        ("CREATE TABLE small.t AS SELECT 1 AS a", ""),
        ("UNLOAD (SELECT 1) TO 's3://x/y/' WITH (format = 'PARQUET')", ""),
        ("DELETE FROM small.visits", ""),
    ],
)
def test_what_fails_says_why(stack, sql: str, said: str) -> None:
    status = run(stack, sql)["Status"]
    assert status["State"] == "FAILED"
    assert said in status["StateChangeReason"]
    assert len(status["StateChangeReason"]) > 10


def test_a_workgroups_scan_limit_stops_a_query(stack) -> None:
    key = "visits/force_code=AVN/month=2026-02/large.json"
    stack.put("Bucket", key, (json.dumps({"id": "x" * 1000, "wait_ms": 1}).encode() + b"\n") * 10_000)
    status = run(stack, "SELECT count(*) FROM small.visits WHERE month = '2026-02'")["Status"]
    other = run(stack, "SELECT count(*) FROM small.visits WHERE month = '2026-01'")["Status"]
    stack.client("s3").delete_object(Bucket=stack.physical("Bucket"), Key=key)
    assert status["State"] == "FAILED"
    assert "scan" in status["StateChangeReason"].lower()
    assert other["State"] == "SUCCEEDED"
    assert rows(stack, "SELECT count(*) FROM small.visits WHERE month = '2026-02'")[1] == ["0"], "it is gone again"


def test_whole_units_and_other_differences_of_dialect(stack) -> None:
    sql = """
    SELECT date_diff('day', TIMESTAMP '2026-01-01 23:00:00', TIMESTAMP '2026-01-02 01:00:00') AS days,
           date_format(TIMESTAMP '2026-01-02 03:04:05', '%Y-%m') AS month, 7 / 2 AS half,
           element_at(ARRAY[3, 4], 1) AS first, cardinality(filter(ARRAY[1, 2, 3], x -> x > 1)) AS n
    """
    assert rows(stack, sql)[1] == ["0", "2026-01", "3", "3", "2"]


def test_what_a_run_left_answers_alike(stack, tmp_path: Path) -> None:
    stack.export_buckets(tmp_path)
    names, found = query_directory("SELECT id, wait_ms FROM small.visits WHERE month = '2026-01' ORDER BY id", tmp_path)
    assert (list(names), [tuple(row) for row in found]) == (["id", "wait_ms"], [("a1", 1000), ("a2", 3000)])
    with pytest.raises(QueryError, match=r"glue\.json"):
        query_directory("SELECT 1", tmp_path / "nowhere")
