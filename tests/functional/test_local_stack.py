"""The embedded AWS, driven through the small template of tests/fixtures/embedded."""

import hashlib
import importlib.util
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.deployment import access_key
from local.stack import LocalStack

_spec = importlib.util.spec_from_file_location("embedded", Path(__file__).parents[1] / "support/embedded.py")
embedded: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(embedded)


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with embedded.embedded() as stack:
        yield stack


def send(stack: LocalStack, *bodies: dict[str, object]) -> None:
    for body in bodies:
        stack.client("sqs").send_message(QueueUrl=stack.physical("WorkQueue"), MessageBody=json.dumps(body))


def objects(stack: LocalStack, prefix: str) -> list[dict[str, Any]]:
    s3, bucket = stack.client("s3"), stack.physical("Bucket")
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return [json.loads(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()) for item in found]


def dead_letters(stack: LocalStack) -> list[dict[str, Any]]:
    """Take every dead letter away."""
    sqs, url, taken = stack.client("sqs"), stack.physical("WorkDeadLetters"), []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]).get("Messages"):
        for message in messages:
            taken.append(message)
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return taken


@pytest.fixture
def kept(stack: LocalStack):
    """What the worker keeps while a test runs, and nothing of the tests before."""
    before = {record["messageId"] for record in objects(stack, "kept/")}
    return lambda: [record for record in objects(stack, "kept/") if record["messageId"] not in before]


def test_a_drop_reaches_the_function_as_one_event_in_the_shape_that_aws_documents(stack, kept) -> None:
    key = "incoming/AVN/a b+ü (1).csv"
    stack.put("Bucket", key, b"hello", {"exported-at": "2026-03-01"})
    quiet = stack.run_until_quiet()
    (record,) = kept()
    event = json.loads(record["body"])
    bucket = stack.physical("Bucket")
    stored = stack.client("s3").head_object(Bucket=bucket, Key=key)
    sequencer, number, request = (
        event["detail"]["object"].pop("sequencer"),
        event.pop("id"),
        event["detail"].pop("request-id"),
    )
    assert event == {
        "version": "0",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "time": "2026-03-02T06:00:00Z",
        "region": "eu-west-2",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {
                "key": key,
                "size": 5,
                "etag": hashlib.md5(b"hello").hexdigest(),
                "version-id": stored["VersionId"],
            },
            "requester": "123456789012",
            "source-ip-address": "127.0.0.1",
            "reason": "PutObject",
        },
    }
    assert int(sequencer, 16) > 0
    assert number
    assert request
    assert quiet.faults == []


def test_a_record_is_what_lambda_gives(stack, kept) -> None:
    url = stack.physical("WorkQueue")
    stack.client("sqs").send_message(
        QueueUrl=url, MessageBody="{}", MessageAttributes={"a": {"DataType": "String", "StringValue": "b"}}
    )
    stack.run_until_quiet()
    (record,) = kept()
    assert set(record) == {
        "messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody", "md5OfMessageAttributes",
        "eventSource", "eventSourceARN", "awsRegion",
    }  # fmt: skip
    assert record["md5OfBody"] == hashlib.md5(b"{}").hexdigest()
    assert record["eventSourceARN"] == "arn:aws:sqs:eu-west-2:123456789012:callclock-WorkQueue"
    assert record["messageAttributes"]["a"]["stringValue"] == "b"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert {"SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"} <= set(record["attributes"])


def test_a_multipart_upload_tells_once_and_sequencers_rise(stack, kept) -> None:
    s3, bucket = stack.client("s3"), stack.physical("Bucket")
    key = "incoming/AVN/large.csv"
    stack.put("Bucket", key, b"before")
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"x" * 100)
    s3.complete_multipart_upload(
        Bucket=bucket,
        Key=key,
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    s3.put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    stack.run_until_quiet()
    details = [json.loads(record["body"])["detail"] for record in kept()]
    details.sort(key=lambda detail: detail["object"]["sequencer"])
    assert [detail["reason"] for detail in details] == ["PutObject", "CompleteMultipartUpload"]
    assert details[1]["object"]["etag"].endswith("-1")


def test_a_copy_tells_once_and_of_its_own_key(stack, kept) -> None:
    s3, bucket = stack.client("s3"), stack.physical("Bucket")
    s3.put_object(Bucket=bucket, Key="elsewhere/source", Body=b"x")
    s3.copy_object(Bucket=bucket, Key="incoming/AVN/copy", CopySource={"Bucket": bucket, "Key": "elsewhere/source"})
    stack.run_until_quiet()
    (record,) = kept()
    detail = json.loads(record["body"])["detail"]
    assert (detail["object"]["key"], detail["reason"]) == ("incoming/AVN/copy", "CopyObject")


@pytest.mark.parametrize("subject", ["x" * 101, "two\nlines", "Größer"])
def test_a_subject_that_sns_refuses_is_refused(stack, subject: str) -> None:
    before = len(stack.inbox.publications)
    with pytest.raises(ClientError, match="Subject"):
        stack.client("sns").publish(TopicArn=stack.physical("Topic"), Subject=subject, Message="x")
    assert len(stack.inbox.publications) == before


def test_a_disabled_rule_and_a_key_outside_the_pattern_keep_still(stack, kept) -> None:
    stack.put("Bucket", "elsewhere/x", b"x")
    quiet = stack.run_until_quiet()
    assert kept() == []
    assert quiet.invocations == []


def test_a_failed_attempt_comes_again_and_is_no_fault(stack) -> None:
    send(stack, {"do": "fail once"})
    quiet = stack.run_until_quiet()
    assert [made.failed for made in quiet.invocations] == [True, False]
    assert quiet.failures == ["Worker: RuntimeError: the first attempt"]
    assert dead_letters(stack) == []


def test_only_the_reported_messages_of_a_batch_come_again(stack, kept) -> None:
    send(stack, {"n": 1}, {"do": "report failure"}, {"n": 2})
    quiet = stack.run_until_quiet()
    assert sorted(json.loads(record["body"])["n"] for record in kept()) == [1, 2]
    (dead,) = dead_letters(stack)
    assert json.loads(dead["Body"]) == {"do": "report failure"}
    assert len(quiet.invocations) == 3, "maxReceiveCount is 3"
    assert "WorkQueue" in quiet.faults[-1]
    assert "WorkDeadLetters" in quiet.faults[-1]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("raise", "ValueError: told to"),
        ("sleep", "Task timed out after 2.00 seconds"),
        ("exit", "exit status 3"),
        ("fill", "Runtime.OutOfMemory"),
    ],
)
def test_every_way_to_fail_is_told_and_ends_as_a_dead_letter(stack, what: str, said: str) -> None:
    send(stack, {"do": what})
    quiet = stack.run_until_quiet()
    assert len(quiet.failures) == 3
    assert all(said in failure for failure in quiet.failures)
    assert said in quiet.faults[-1]
    assert [json.loads(dead["Body"])["do"] for dead in dead_letters(stack)] == [what]
    send(stack, {})
    assert stack.run_until_quiet().failures == [], "a fresh process works again"


def test_what_the_role_does_not_allow_is_refused_by_name(stack) -> None:
    stack.put("Bucket", "private/x", b"secret")
    send(stack, {"do": "peek"})
    quiet = stack.run_until_quiet()
    assert "AccessDenied" in quiet.failures[0]
    for part in ("WorkerRole", "s3:GetObject", f"arn:aws:s3:::{stack.physical('Bucket')}/private/x"):
        assert part in quiet.failures[0]
    assert stack.gate.denials[-1].role == "WorkerRole"
    dead_letters(stack)


def test_fifo_groups_keep_their_order(stack) -> None:
    sqs, url = stack.client("sqs"), stack.physical("OrderQueue")
    before = len(objects(stack, "ordered/"))
    for n in range(12):
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"n": n}), MessageGroupId="ab"[n % 2])
    stack.run_until_quiet()
    came = objects(stack, "ordered/")[before:]
    assert len(came) == 12
    for group in "ab":
        numbers = [one["body"]["n"] for one in came if one["group"] == group]
        assert numbers == sorted(numbers)


def test_a_tick_carries_its_instant_through_the_rules_transformer_and_time_goes_on(stack) -> None:
    at = stack.clock.now() + timedelta(days=1)
    before = len(objects(stack, "ordered/"))
    assert stack.tick(at) == 1
    stack.run_until_quiet()
    assert objects(stack, "ordered/")[before:] == [{"group": "tick", "body": {"tick": f"{at:%Y-%m-%dT%H:%M:%SZ}"}}]
    assert stack.clock.now() == at


def test_mails_reach_those_whose_filter_lets_them_through(stack, tmp_path: Path) -> None:
    sqs, url = stack.client("sqs"), stack.physical("OrderQueue")
    for group, text in (("AVN", "to Avon"), ("WLT", "to Wiltshire")):
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"tell": text}), MessageGroupId=group)
    stack.run_until_quiet()
    assert [mail.text for mail in stack.inbox.publications][-2:] == ["to Avon", "to Wiltshire"]
    (mail,) = stack.inbox.mails
    assert (mail.subject, mail.to, mail.attributes) == (
        "Longer waits: grade 2",
        ("analyst@force.example",),
        {"force": "AVN"},
    )
    stack.inbox.write(tmp_path)
    (file,) = tmp_path.iterdir()
    assert file.name == f"001-{mail.at:%Y-%m-%d}-longer-waits-grade-2.txt"
    assert file.read_text().endswith("\n\nto Avon\n")


def test_the_lambda_api_invokes_the_real_function_with_its_layer(stack) -> None:
    answer = stack.client("lambda").invoke(FunctionName=stack.physical("Worker"), Payload=b'{"ask": 1}')
    said = json.loads(answer["Payload"].read())
    assert said["hello"] == "from the layer"
    assert said["event"] == {"ask": 1}
    assert 0 < said["left_ms"] <= 2000


def test_a_sandbox_sees_nothing_of_this_process(stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCLOCK_SEEN", "1")
    sandbox = stack.sandbox("Worker")
    environment = sandbox._whole_environment(Path("/nowhere"))
    assert "CALLCLOCK_SEEN" not in environment
    assert environment["PYTHONPATH"].split(":") == [
        str(embedded.FOLDER / "worker"),
        str(embedded.FOLDER / "layer/python"),
    ]
    assert environment["AWS_ACCESS_KEY_ID"] == access_key(stack.deployment.roles[sandbox.function.role_arn])


def test_logs_lie_in_the_functions_group(stack) -> None:
    stack.client("lambda").invoke(FunctionName=stack.physical("Worker"), Payload=b"{}")
    events = stack.client("logs").filter_log_events(logGroupName="/embedded/worker")["events"]
    assert events


def test_an_unknown_access_key_is_refused(stack) -> None:
    stranger = boto3.client(
        "sqs",
        region_name=stack.region,
        endpoint_url=stack.endpoint,
        aws_access_key_id="somebody",
        aws_secret_access_key="x",
    )
    with pytest.raises(ClientError, match="unknown access key"):
        stranger.list_queues()


def test_a_second_stack_in_the_process_is_refused(stack) -> None:
    other = LocalStack(embedded.FOLDER / "template.yaml", root=embedded.ROOT)
    with pytest.raises(RuntimeError, match="another embedded AWS"), other:
        pytest.fail("it started")
    assert stack.client("sqs").list_queues()["QueueUrls"], "the first one goes on"


def test_time_needs_a_zone_and_does_not_go_back(stack) -> None:
    with pytest.raises(ValueError, match="zone"):
        stack.clock.set(datetime(2027, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="lies before"):
        stack.clock.set(datetime(2000, 1, 1, tzinfo=UTC))


def test_buckets_are_left_as_folders(stack, tmp_path: Path) -> None:
    stack.put("Bucket", "folder/in/folder.txt", b"old")
    stack.put("Bucket", "folder/in/folder.txt", b"new")
    stack.export_buckets(tmp_path)
    (folder,) = json.loads((tmp_path / "glue.json").read_text())["buckets"].values()
    assert (tmp_path / folder / "folder/in/folder.txt").read_bytes() == b"new"
