"""Athena's API over the Glue tables: what is visible, in which type, up to which size, and what is refused."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from local.athena import QueryError, query_directory
from local.stack import LocalStack

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 15, tzinfo=UTC)
TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  ResultsBucket: { Type: AWS::S3::Bucket }
  Analyst:
    Type: AWS::Athena::WorkGroup
    Properties:
      Name: analyst
      WorkGroupConfiguration:
        EnforceWorkGroupConfiguration: true
        ResultConfiguration: { OutputLocation: !Sub "s3://${ResultsBucket}/athena/analyst/" }
  Small:
    Type: AWS::Athena::WorkGroup
    Properties:
      Name: small
      WorkGroupConfiguration:
        BytesScannedCutoffPerQuery: 10000000
        ResultConfiguration: { OutputLocation: !Sub "s3://${ResultsBucket}/athena/small/" }
  Database:
    Type: AWS::Glue::Database
    Properties: { CatalogId: !Ref AWS::AccountId, DatabaseInput: { Name: results } }
  Waits:
    Type: AWS::Glue::Table
    Properties:
      CatalogId: !Ref AWS::AccountId
      DatabaseName: !Ref Database
      TableInput:
        Name: waits
        PartitionKeys: [{ Name: force_code, Type: string }, { Name: month, Type: string }]
        Parameters:
          projection.enabled: "true"
          projection.force_code.type: enum
          projection.force_code.values: AVN,WLT
          projection.month.type: date
          projection.month.format: yyyy-MM
          projection.month.range: "2025-11,NOW+1MONTHS"
          projection.month.interval: "1"
          projection.month.interval.unit: MONTHS
          storage.location.template: !Sub "s3://${ResultsBucket}/waits/force_code=${!force_code}/month=${!month}/"
        StorageDescriptor:
          Location: !Sub s3://${ResultsBucket}/waits/
          SerdeInfo: { SerializationLibrary: org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe }
          Columns:
            - { Name: id, Type: bigint, Comment: Number of the wait }
            - { Name: at, Type: timestamp }
            - { Name: day, Type: date }
            - { Name: seconds, Type: double }
            - { Name: grade, Type: string }
            - { Name: complete, Type: boolean }
            - { Name: later, Type: string }
  Receipts:
    Type: AWS::Glue::Table
    Properties:
      CatalogId: !Ref AWS::AccountId
      DatabaseName: !Ref Database
      TableInput:
        Name: receipts
        StorageDescriptor:
          Location: !Sub s3://${ResultsBucket}/receipts/
          SerdeInfo: { SerializationLibrary: org.openx.data.jsonserde.JsonSerDe }
          Columns:
            - { Name: object_key, Type: string }
            - { Name: records, Type: bigint }
            - { Name: arrived_at, Type: timestamp }
"""
ROW = """
SELECT {id}::BIGINT AS id, TIMESTAMP_MS '2026-01-02 03:04:05.678' AS at, DATE '2026-01-02' AS day,
       {id} / 2e0 AS seconds, '2' AS grade, true AS complete
"""


def parquet(folder: Path, query: str) -> bytes:
    file = folder / "made.parquet"
    duckdb.connect().execute(f"COPY ({query}) TO '{file}' (FORMAT parquet)")
    return file.read_bytes()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    folder = tmp_path_factory.mktemp("athena")
    (folder / "template.yaml").write_text(TEMPLATE)
    with LocalStack(folder / "template.yaml", root=ROOT, clock=NOW) as stack:
        stack.deploy()
        for place, number in {
            "force_code=AVN/month=2026-01/waits.parquet": 1,
            "force_code=AVN/month=2026-02/waits.parquet": 2,
            "force_code=WLT/month=2026-04/waits.parquet": 3,  # NOW+1MONTHS
            "force_code=WLT/month=2026-05/waits.parquet": 90,  # later than that
            "force_code=AVN/month=2025-10/waits.parquet": 91,  # before the range
            "force_code=XXX/month=2026-01/waits.parquet": 92,  # not among the values
            "force_code=AVN/month=2026-1/waits.parquet": 93,  # not in the format
            "force_code=AVN/month=2026-01/_hidden.parquet": 94,
            "month=2026-01/force_code=AVN/waits.parquet": 95,  # not where the template says
        }.items():
            stack.put("ResultsBucket", f"waits/{place}", parquet(folder, ROW.format(id=number)))
        lines = [{"object_key": "a", "records": 5, "arrived_at": "2026-01-02 03:04:05.678"}, {"object_key": "b"}]
        stack.put("ResultsBucket", "receipts/x.json", "\n".join(map(json.dumps, lines)).encode())
        yield stack


def ask(
    stack: LocalStack, sql: str, *parameters: str, group: str = "analyst", database: str = "results"
) -> dict[str, Any]:
    athena = stack.client("athena")
    more = {"ExecutionParameters": list(parameters)} if parameters else {}
    made = athena.start_query_execution(
        QueryString=sql, WorkGroup=group, QueryExecutionContext={"Database": database}, **more
    )
    found: dict[str, Any] = athena.get_query_execution(QueryExecutionId=made["QueryExecutionId"])
    return found["QueryExecution"]


def rows(stack: LocalStack, sql: str, *parameters: str, group: str = "analyst") -> list[list[str | None]]:
    execution = ask(stack, sql, *parameters, group=group)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    found = stack.client("athena").get_query_results(QueryExecutionId=execution["QueryExecutionId"])
    return [[cell.get("VarCharValue") for cell in row["Data"]] for row in found["ResultSet"]["Rows"]]


def reason(stack: LocalStack, sql: str, *parameters: str, group: str = "analyst") -> str:
    execution = ask(stack, sql, *parameters, group=group)
    assert execution["Status"]["State"] == "FAILED"
    return execution["Status"]["StateChangeReason"]


def test_an_object_outside_the_projection_is_invisible(stack: LocalStack) -> None:
    assert rows(stack, "SELECT id, force_code, month FROM waits ORDER BY id") == [
        ["id", "force_code", "month"],
        ["1", "AVN", "2026-01"],
        ["2", "AVN", "2026-02"],
        ["3", "WLT", "2026-04"],
    ]


def test_values_and_types_are_athenas(stack: LocalStack) -> None:
    execution = ask(stack, "SELECT *, 1 + 1 FROM results.waits WHERE id = 1")
    found = stack.client("athena").get_query_results(QueryExecutionId=execution["QueryExecutionId"])["ResultSet"]
    columns = [(c["Name"], c["Type"]) for c in found["ResultSetMetadata"]["ColumnInfo"]]
    assert columns == [
        ("id", "bigint"), ("at", "timestamp"), ("day", "date"), ("seconds", "double"), ("grade", "varchar"),
        ("complete", "boolean"), ("later", "varchar"), ("force_code", "varchar"), ("month", "varchar"), ("_col1", "integer"),
    ]  # fmt: skip
    values = [cell.get("VarCharValue") for cell in found["Rows"][1]["Data"]]
    assert values == ["1", "2026-01-02 03:04:05.678", "2026-01-02", "0.5", "2", "true", None, "AVN", "2026-01", "2"]


def test_the_answer_lies_where_the_workgroup_says(stack: LocalStack) -> None:
    execution = ask(stack, "SELECT id, later, 'a \"b\"' AS said FROM waits WHERE id = 1")
    location = execution["ResultConfiguration"]["OutputLocation"]
    number = execution["QueryExecutionId"]
    bucket = stack.physical("ResultsBucket")
    assert location == f"s3://{bucket}/athena/analyst/{number}.csv"
    text = stack.client("s3").get_object(Bucket=bucket, Key=f"athena/analyst/{number}.csv")["Body"].read().decode()
    assert text == '"id","later","said"\n"1",,"a ""b"""\n'
    assert list(csv.reader(io.StringIO(text)))[1] == ["1", "", 'a "b"']


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT 7 / 2", "3"),
        ("SELECT 7 / 2e0", "3.5"),
        ("SELECT date_diff('hour', TIMESTAMP '2026-01-01 10:59:00', TIMESTAMP '2026-01-01 11:01:00')", "0"),
        ("SELECT date_format(at, '%Y-%m') FROM waits WHERE id = 1", "2026-01"),
        ("SELECT element_at(array_agg(id ORDER BY id), 2) FROM waits", "2"),
        ("SELECT sum(id) FILTER (WHERE force_code = 'AVN') FROM waits", "3"),
        ("SELECT try_cast('x' AS integer)", None),
        ("SELECT u FROM UNNEST(ARRAY[4]) AS t(u)", "4"),
    ],
)
def test_sql_means_what_athena_means(stack: LocalStack, sql: str, value: str | None) -> None:
    assert rows(stack, sql)[1] == [value]


def test_json_is_read_by_name_and_what_is_not_there_is_null(stack: LocalStack) -> None:
    assert rows(stack, "SELECT * FROM receipts ORDER BY object_key")[1:] == [
        ["a", "5", "2026-01-02 03:04:05.678"],
        ["b", None, None],
    ]


def test_parameters_are_bound_in_their_order(stack: LocalStack) -> None:
    sql = "SELECT ? AS said, month FROM waits WHERE force_code = ? AND id >= ? AND day = ? GROUP BY 1, month ORDER BY month"
    found = rows(stack, sql, "'it''s; DROP'", "'AVN'", "1", "DATE '2026-01-02'")
    assert found[1:] == [["it's; DROP", "2026-01"], ["it's; DROP", "2026-02"]]


@pytest.mark.parametrize("parameters", [("1",), ("1", "2", "3")])
def test_too_few_or_too_many_parameters_fail(stack: LocalStack, parameters: tuple[str, ...]) -> None:
    assert "expected 2 but found" in reason(stack, "SELECT ?, ?", *parameters)


def test_a_parameter_is_a_literal_and_nothing_else(stack: LocalStack) -> None:
    assert "no literal" in reason(stack, "SELECT id FROM waits WHERE id = ?", "(SELECT max(id) FROM waits)")
    assert reason(stack, "SELECT ?", "1; DROP TABLE waits")


def test_only_the_partitions_that_the_where_leaves_are_read(stack: LocalStack) -> None:
    all_of_them = ask(stack, "SELECT count(*) FROM waits")["Statistics"]["DataScannedInBytes"]
    one = ask(stack, "SELECT count(*) FROM waits w WHERE w.month = '2026-01' AND w.id > 0")["Statistics"]
    assert 0 < one["DataScannedInBytes"] * 3 == all_of_them
    either = ask(stack, "SELECT count(*) FROM waits WHERE month = '2026-01' OR id > 0")["Statistics"]
    assert either["DataScannedInBytes"] == all_of_them


def test_a_query_that_would_read_too_much_is_stopped(stack: LocalStack, tmp_path: Path) -> None:
    # Numbers that do not compress: 12 MB are 12 MB.
    big = parquet(tmp_path, "SELECT (random() * 1e18)::BIGINT AS id FROM range(1_500_000)")
    assert len(big) > 10_000_000
    place = "waits/force_code=WLT/month=2025-12/waits.parquet"
    stack.put("ResultsBucket", place, big)
    try:
        assert "Bytes scanned limit" in reason(stack, "SELECT count(id) FROM waits", group="small")
        assert rows(stack, "SELECT count(id) FROM waits WHERE month >= '2026-01'", group="small")[1] == ["3"]
        assert rows(stack, "SELECT count(id) FROM waits")[1] == ["1500003"]
    finally:
        stack.client("s3").delete_object(Bucket=stack.physical("ResultsBucket"), Key=place)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("1::INTEGER AS id", "id"),
        ("sum(1::BIGINT) AS id", "id"),  # DuckDB's HUGEINT becomes DOUBLE in Parquet
        ("1::UBIGINT AS id", "id"),
        ("TIMESTAMP_NS '2026-01-01 00:00:00' AS at", "at"),
        ("DATE '2026-01-01' AS at", "at"),
        ("'2026-01-01' AS day", "day"),
        ("1.5::DECIMAL(4, 1) AS seconds", "seconds"),
    ],
)
def test_a_file_that_does_not_fit_its_table_is_bad_data(
    stack: LocalStack, tmp_path: Path, column: str, said: str
) -> None:
    place = "waits/force_code=WLT/month=2026-01/waits.parquet"
    stack.put("ResultsBucket", place, parquet(tmp_path, f"SELECT {column}"))
    try:
        told = reason(stack, "SELECT * FROM waits")
        assert told.startswith("HIVE_BAD_DATA")
        assert f"Field {said}'s type" in told
    finally:
        stack.client("s3").delete_object(Bucket=stack.physical("ResultsBucket"), Key=place)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT nothing FROM waits", "COLUMN_NOT_FOUND"),
        ("SELECT * FROM other.waits", "TABLE_NOT_FOUND"),
        ("SELEC 1", "NOT_SUPPORTED: SELEC"),
        ("SELECT (", "SYNTAX_ERROR"),
        ("SELECT 'x", "SYNTAX_ERROR"),
        ("SELECT 1; SELECT 2", "Only one sql statement"),
        ("CREATE TABLE x AS SELECT 1", "CREATE is not answered here"),
        ("UNLOAD (SELECT 1) TO 's3://x/' WITH (format = 'PARQUET')", "UNLOAD is not answered here"),
        ("INSERT INTO waits SELECT 1", "INSERT is not answered here"),
        ("SELECT * FROM read_csv('/etc/hostname')", "TABLE_NOT_FOUND"),
    ],
)
def test_what_cannot_be_answered_fails_with_a_reason(stack: LocalStack, sql: str, said: str) -> None:
    assert said in reason(stack, sql)


def test_a_workgroup_without_a_place_for_answers_fails(stack: LocalStack) -> None:
    assert "No output location" in reason(stack, "SELECT 1", group="primary")


def test_show_and_describe(stack: LocalStack) -> None:
    assert rows(stack, "SHOW TABLES IN results") == [["receipts"], ["waits"]]
    assert rows(stack, "SHOW DATABASES;") == [["results"]]
    described = rows(stack, "DESCRIBE results.waits")
    assert described[0] == ["id", "bigint", "Number of the wait"]
    assert described[-1] == ["month", "string", "partition key"]
    properties = dict(rows(stack, "SHOW TBLPROPERTIES results.waits"))
    assert properties["projection.enabled"] == "true"
    one = rows(stack, "SHOW TBLPROPERTIES waits('projection.month.format');")
    assert one == [["projection.month.format", properties["projection.month.format"]]]
    assert "no property 'x'" in reason(stack, "SHOW TBLPROPERTIES waits('x')")


def test_named_queries_are_kept(stack: LocalStack) -> None:
    athena = stack.client("athena")
    number = athena.create_named_query(
        Name="one", Database="results", QueryString="SELECT 1 AS one", WorkGroup="analyst"
    )["NamedQueryId"]
    text = athena.get_named_query(NamedQueryId=number)["NamedQuery"]["QueryString"]
    assert rows(stack, text) == [["one"], ["1"]]


def test_pyathena_reads_it(stack: LocalStack) -> None:
    from pyathena import connect  # noqa: PLC0415

    with connect(
        work_group="analyst", schema_name="results", region_name=stack.region, endpoint_url=stack.endpoint,
        aws_access_key_id="operator", aws_secret_access_key="local",
    ) as connection:  # fmt: skip
        cursor = connection.cursor()
        cursor.execute("SELECT id, at, day, seconds, complete, later FROM waits ORDER BY id LIMIT 1")
        assert cursor.fetchall() == [
            (1, datetime(2026, 1, 2, 3, 4, 5, 678000), date(2026, 1, 2), 0.5, True, None)  # noqa: DTZ001
        ]


def test_a_folder_that_a_run_left_answers_alike(stack: LocalStack, tmp_path: Path) -> None:
    stack.export_buckets(tmp_path)
    sql = "SELECT id, month, seconds FROM results.waits WHERE force_code = 'AVN' ORDER BY id"
    names, found = query_directory(sql, tmp_path)
    assert names == ("id", "month", "seconds")
    assert found == [(1, "2026-01", 0.5), (2, "2026-02", 1.0)]
    assert [[None if v is None else str(v) for v in row] for row in found] == rows(stack, sql)[1:]
    with pytest.raises(QueryError, match=r"glue\.json is missing"):
        query_directory(sql, tmp_path / "nowhere")
