"""A template with one thing wrong is refused, and the text begins with the logical id."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.clock import Clock
from local.deployer import deploy, translate
from local.intrinsics import TemplateError
from local.moto_server import MotoServer
from local.stack import LocalStack

_spec = importlib.util.spec_from_file_location("embedded", Path(__file__).parents[1] / "support/embedded.py")
embedded: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(embedded)


def put_up(template: Path, **parameters: str) -> LocalStack:
    with LocalStack(template, parameters=parameters, root=embedded.ROOT) as stack:
        return stack.deploy()


@pytest.fixture
def whole() -> Iterator[LocalStack]:
    with embedded.embedded() as stack:
        yield stack


def test_the_whole_template_is_made(whole) -> None:
    translated, _ = translate(embedded.FOLDER / "template.yaml", {}, "eu-west-2")
    assert set(whole.deployment.resources) == set(translated["Resources"])
    assert whole.outputs == {"BucketName": whole.physical("Bucket")}
    s3, bucket = whole.client("s3"), whole.physical("Bucket")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["Expiration"] == {"Days": 30}
    assert (
        whole.client("logs").describe_log_groups(logGroupNamePrefix="/embedded/worker")["logGroups"][0][
            "retentionInDays"
        ]
        == 30
    )


def test_a_secret_is_generated_as_stated(whole) -> None:
    text = whole.client("secretsmanager").get_secret_value(SecretId=whole.physical("Secret"))["SecretString"]
    assert '"epoch": "1"' in text
    assert len(text.split('"secret": "')[1].split('"')[0]) == 40


WRONG = [
    # logical id, what is there, what stands there instead, what the text says
    ("DropRule", "{ Id: work, Arn: !GetAtt WorkQueue.Arn }\n\n  OffRule", "{ Id: work, Arn: arn:aws:sqs:eu-west-2:123456789012:typo }\n\n  OffRule", "no queue"),
    ("DropRule", "aws:SourceArn: [!GetAtt DropRule.Arn, !GetAtt OffRule.Arn]", "aws:SourceArn: [!GetAtt OffRule.Arn]", "WorkQueue"),
    ("TickRule", "Queues: [!Ref OrderQueue]", "Queues: [!Ref WorkQueue]", "OrderQueue"),
    ("TickRule", "          SqsParameters: { MessageGroupId: tick }\n", "", "MessageGroupId"),
    ("TickRule", "cron(15 5 * * ? *)", "every morning", "ScheduleExpression"),
    ("WorkQueue", "RedrivePolicy: { deadLetterTargetArn: !GetAtt WorkDeadLetters.Arn,", "RedrivePolicy: { deadLetterTargetArn: !GetAtt OrderQueue.Arn,", "FIFO"),
    ("WorkQueue", "      VisibilityTimeout: 60\n      RedrivePolicy", "      VisibiltyTimeout: 60\n      RedrivePolicy", "VisibiltyTimeout"),
    ("WorkerWork", "      VisibilityTimeout: 60\n      RedrivePolicy", "      VisibilityTimeout: 1\n      RedrivePolicy", "hides a message for 1 s"),
    ("WorkerWork", "            Queue: !GetAtt WorkQueue.Arn\n", "            Queue: arn:aws:sqs:eu-west-2:123456789012:typo\n", "no queue"),
    ("WorkerWork", "                Action: [sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes]\n                Resource: !GetAtt WorkQueue.Arn", "                Action: [sqs:ReceiveMessage]\n                Resource: !GetAtt WorkQueue.Arn", "sqs:DeleteMessage"),
    ("Worker", "Environment: { Variables: { BUCKET: !Ref Bucket } }", "Environment: { Variables: { BUCKET: !GetAtt Bucket.Name } }", "Bucket.Name"),
    ("Worker", "Environment: { Variables: { BUCKET: !Ref Bucket } }", "Environment: { Variables: { BUCKET: !Ref Buckett } }", "Buckett"),
    ("Worker", "      CodeUri: worker/\n", "      CodeUri: workr/\n", "not a folder"),
    ("Worker", "      Handler: app.handler\n      CodeUri: worker/", "      Handler: app.handle\n      CodeUri: worker/", "no function handle"),
    ("Worker", "LoggingConfig: { LogGroup: !Ref WorkerLogs }", "LoggingConfig: { LogGroup: /typo }", "/typo"),
    ("Worker", "      Layers: [!Ref Layer]\n", "      Layers: [arn:aws:lambda:eu-west-2:1:layer:typo:1]\n", "no layer"),
    ("Layer", "      ContentUri: layer/\n", "      ContentUri: worker/\n", "python/"),
    ("WorkerRole", "          - { Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: sts:AssumeRole }\n      Policies:\n        - PolicyName: worker", "          - { Effect: Allow, Principal: { Service: ec2.amazonaws.com }, Action: sts:AssumeRole }\n      Policies:\n        - PolicyName: worker", "lambda.amazonaws.com"),
    ("WorkerRole", "{ Effect: Allow, Action: s3:PutObject, Resource: !Sub \"${Bucket.Arn}/kept/*\" }", "{ Effect: Alow, Action: s3:PutObject, Resource: !Sub \"${Bucket.Arn}/kept/*\" }", "Alow"),
    ("Bucket", "KMSMasterKeyID: !GetAtt Key.Arn", "KMSMasterKeyID: typo", "typo"),
    ("Subscription", "Protocol: email", "Protocol: sms", "sms"),
    ("Subscription", "FilterPolicy: { force: [AVN] }", "FilterPolcy: { force: [AVN] }", "FilterPolcy"),
    ("Table", "AttributeName: id, KeyType: HASH", "AttributeName: id, KeyKind: HASH", "KeyKind"),
    ("Topic", "Type: AWS::SNS::Topic\n", "Type: AWS::SNS::Topik\n", "AWS::SNS::Topik"),
    ("Topic", "Type: AWS::SNS::Topic\n", "Type: AWS::SNS::Topic\n    DeletePolicy: Retain\n", "DeletePolicy"),
    ("Bucket", "ExpirationInDays: !Ref Days", "ExpirationInDays: !Ref Daze", "Daze"),
    ("Visits", "          projection.month.format: yyyy-MM\n", "", "format"),
    ("Visits", "month=${!month}/\"", "\"", "month"),
    ("Visits", "DatabaseName: !Ref Database", "DatabaseName: !Ref Databaze", "Databaze"),
    ("Visits", "{ Name: wait_ms, Type: bigint }", "{ Name: wait_ms, Type: biggint }", "biggint"),
    ("Analyst", "        BytesScannedCutoffPerQuery: 10000000\n        ResultConfiguration: { OutputLocation: !Sub \"s3://${Bucket}/athena/\" }", "        BytesScannedCutoffPerQuery: 10000000\n        ResultConfiguration: { OutputLocation: s3://typo/athena/ }", "typo"),
    ("Subscription", "Condition: HasMail", "Condition: HasMale", "HasMale"),
]  # fmt: skip


@pytest.mark.parametrize(("logical_id", "old", "new", "said"), WRONG, ids=[f"{w[0]}-{w[3]}" for w in WRONG])
def test_a_wrong_template_is_refused_by_name(logical_id: str, old: str, new: str, said: str, tmp_path: Path) -> None:
    template = embedded.changed(tmp_path, old, new)
    with pytest.raises(TemplateError) as refused:
        put_up(template)
    assert str(refused.value).startswith(logical_id)
    assert said in str(refused.value)


def test_sam_itself_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    template = embedded.changed(tmp_path, "      MemorySize: 256\n      Timeout: 2\n", "      MemorySiz: 256\n")
    with pytest.raises(TemplateError, match=r"Worker.*MemorySiz"):
        put_up(template)


@pytest.mark.parametrize(
    ("parameters", "said"), [({"Dayz": "3"}, "Dayz"), ({"Days": "0"}, "Days"), ({"Days": "many"}, "Days")]
)
def test_wrong_parameters_are_refused(parameters: dict[str, str], said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        put_up(embedded.FOLDER / "template.yaml", **parameters)


def test_a_resource_whose_condition_is_false_is_not_made() -> None:
    with MotoServerAt() as endpoint:
        site, _ = deploy(
            embedded.FOLDER / "template.yaml",
            {"Mail": ""},
            endpoint=endpoint,
            region="eu-west-2",
            stack="bare",
            root=embedded.ROOT,
        )
        assert "Subscription" not in site.made.resources
        assert site.client("sns").list_subscriptions()["Subscriptions"] == []


class MotoServerAt:
    """A server without a stack."""

    def __enter__(self) -> str:
        self._server = MotoServer(clock=Clock())
        self._server.start()
        return self._server.endpoint

    def __exit__(self, *_: object) -> None:
        self._server.stop()


def test_a_missing_environment_variable_is_told_with_the_functions_name(tmp_path: Path) -> None:
    template = embedded.changed(tmp_path, "      Environment: { Variables: { BUCKET: !Ref Bucket } }\n", "")
    with LocalStack(template, root=embedded.ROOT) as stack:
        stack.deploy()
        stack.client("sqs").send_message(QueueUrl=stack.physical("WorkQueue"), MessageBody="{}")
        quiet = stack.run_until_quiet()
    assert quiet.faults[0].startswith("Worker")
    assert "BUCKET" in quiet.faults[0]
