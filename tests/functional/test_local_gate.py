"""Who may do what: every request of a role is judged, and refused in its service's own words."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.stack import LocalStack

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: { AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root" }
            Action: kms:*
            Resource: "*"
  Sealed:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: { Status: Enabled }
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: { SSEAlgorithm: aws:kms, KMSMasterKeyID: !GetAtt Key.Arn }
  Open: { Type: AWS::S3::Bucket }
  Queue: { Type: AWS::SQS::Queue }
  Other: { Type: AWS::SQS::Queue }
  Topic: { Type: AWS::SNS::Topic, Properties: { KmsMasterKeyId: !Ref Key } }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
  Lists:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: at, AttributeType: S }, { AttributeName: story, AttributeType: S }]
      KeySchema: [{ AttributeName: story, KeyType: HASH }, { AttributeName: at, KeyType: RANGE }]
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties: { SecretString: hush, KmsKeyId: !GetAtt Key.Arn }
  Group: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: /gate } }
  Writer:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: &trust
        Version: "2012-10-17"
        Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: sts:AssumeRole }]
      Policies:
        - PolicyName: writer
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: [s3:GetObject, s3:PutObject]
                Resource: [!Sub "${Sealed.Arn}/in/*", !Sub "${Open.Arn}/in/*"]
              - { Effect: Deny, Action: "s3:*", Resource: !Sub "${Open.Arn}/in/never/*" }
              - { Effect: Allow, Action: s3:ListBucket, Resource: !GetAtt Open.Arn }
              - { Effect: Allow, Action: [kms:Decrypt, kms:GenerateDataKey], Resource: !GetAtt Key.Arn }
              - { Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt Queue.Arn }
              - { Effect: Allow, Action: sns:Publish, Resource: !Ref Topic }
              - { Effect: Allow, Action: ["dynamodb:Put*", dynamodb:GetItem], Resource: !GetAtt Table.Arn }
              - { Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Secret }
              - Effect: Allow
                Action: dynamodb:DeleteItem
                Resource: !GetAtt Lists.Arn
                Condition: { "ForAllValues:StringLike": { dynamodb:LeadingKeys: ["*#list", "*#other"] } }
              - Effect: Deny
                Action: dynamodb:DeleteItem
                Resource: !GetAtt Lists.Arn
                Condition: { "ForAllValues:StringLike": { dynamodb:LeadingKeys: "kept#*" } }
              - Effect: Allow
                Action: logs:CreateLogStream
                Resource: !GetAtt Group.Arn
                Condition: { StringEquals: { aws:PrincipalTag/team: one } }
  Keyless:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: *trust
      Policies:
        - PolicyName: keyless
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - { Effect: Allow, Action: ["s3:*", "sns:*", "secretsmanager:*"], Resource: "*" }
  Putter:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: *trust
      Policies:
        - PolicyName: putter
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{ Effect: Allow, Action: s3:PutObject, Resource: !Sub "${Open.Arn}/*" }]
"""
Call = Callable[["Callers"], object]


def take_off(story: str, at: str = "2026") -> Call:
    key = {"at": {"S": at}, "story": {"S": story}}
    return lambda c: c.dynamodb.delete_item(TableName=c["Lists"], Key=key)


def take_off_together(*stories: str) -> Call:
    keys = [{"at": {"S": "2026"}, "story": {"S": story}} for story in stories]
    return lambda c: c.dynamodb.transact_write_items(
        TransactItems=[{"Delete": {"TableName": c["Lists"], "Key": key}} for key in keys]
    )


class Callers:
    """Clients of one role, and the names of what they call."""

    def __init__(self, stack: LocalStack, role: str) -> None:
        self.stack, self.role = stack, role

    def __getattr__(self, service: str) -> Any:
        return self.stack.site.client(service, f"role.callclock-{self.role}")

    def __getitem__(self, logical_id: str) -> str:
        return self.stack.physical(logical_id)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    template = tmp_path_factory.mktemp("gate") / "template.yaml"
    template.write_text(TEMPLATE)
    with LocalStack(template, root=ROOT) as stack:
        stack.deploy()
        for bucket in ("Sealed", "Open"):
            for key in ("in/there", "in/never/there", "out/there"):
                stack.put(bucket, key, b"x")
        yield stack


ALLOWED: dict[str, Call] = {
    "get": lambda c: c.s3.get_object(Bucket=c["Sealed"], Key="in/there"),
    "head": lambda c: c.s3.head_object(Bucket=c["Sealed"], Key="in/there"),
    "put": lambda c: c.s3.put_object(Bucket=c["Sealed"], Key="in/a b+ü", Body=b"1"),
    "list": lambda c: c.s3.list_objects_v2(Bucket=c["Open"], Prefix="in/", Delimiter="/"),
    "send": lambda c: c.sqs.send_message(QueueUrl=c["Queue"], MessageBody="x"),
    "publish": lambda c: c.sns.publish(TopicArn=c["Topic"], Message="x"),
    "put item, by wildcard": lambda c: c.dynamodb.put_item(TableName=c["Table"], Item={"id": {"S": "a"}}),
    "delete item, of a list": take_off("EX#list"),
    "delete items, of two lists": take_off_together("EX#list", "EX#other"),
    "secret": lambda c: c.secretsmanager.get_secret_value(SecretId=c["Secret"]),
    "log, whatever its condition says": lambda c: c.logs.create_log_stream(logGroupName="/gate", logStreamName="a"),
    "who am I": lambda c: c.sts.get_caller_identity(),
}


@pytest.mark.parametrize("call", ALLOWED.values(), ids=list(ALLOWED))
def test_what_is_allowed_goes_through(stack: LocalStack, call: Call) -> None:
    call(Callers(stack, "Writer"))


def transact(c: Callers) -> object:
    return c.dynamodb.transact_write_items(
        TransactItems=[{"Delete": {"TableName": c["Table"], "Key": {"id": {"S": "a"}}}}]
    )


def batch(c: Callers) -> object:
    return c.sqs.send_message_batch(QueueUrl=c["Other"], Entries=[{"Id": "1", "MessageBody": "x"}])


def copy(c: Callers) -> object:
    return c.s3.copy_object(Bucket=c["Open"], Key="in/copy", CopySource={"Bucket": c["Open"], "Key": "out/there"})


DENIED: dict[str, tuple[Call, str, str, str]] = {
    # what is called, the code its client sees, the action and the end of the resource that the text names
    "another prefix": (lambda c: c.s3.get_object(Bucket=c["Sealed"], Key="out/there"), "AccessDenied", "s3:GetObject", "/out/there"),
    "an old version": (lambda c: c.s3.get_object(Bucket=c["Sealed"], Key="in/there", VersionId="x"), "AccessDenied", "s3:GetObjectVersion", "/in/there"),
    "denied within allowed": (lambda c: c.s3.get_object(Bucket=c["Open"], Key="in/never/there"), "AccessDenied", "s3:GetObject", "/in/never/there"),
    "a delete": (lambda c: c.s3.delete_object(Bucket=c["Open"], Key="in/there"), "AccessDenied", "s3:DeleteObject", "/in/there"),
    "deletes": (lambda c: c.s3.delete_objects(Bucket=c["Open"], Delete={"Objects": [{"Key": "in/there"}]}), "AccessDenied", "s3:DeleteObject", "/in/there"),
    "a list": (lambda c: c.s3.list_objects_v2(Bucket=c["Sealed"]), "AccessDenied", "s3:ListBucket", "sealed-123456789012"),
    "a copy's source": (copy, "AccessDenied", "s3:GetObject", "/out/there"),
    "tags": (lambda c: c.s3.put_object_tagging(Bucket=c["Open"], Key="in/there", Tagging={"TagSet": []}), "AccessDenied", "s3:PutObjectTagging", "/in/there"),
    "an upload elsewhere": (lambda c: c.s3.create_multipart_upload(Bucket=c["Open"], Key="out/x"), "AccessDenied", "s3:PutObject", "/out/x"),
    "a bucket's policy": (lambda c: c.s3.put_bucket_policy(Bucket=c["Open"], Policy="{}"), "AccessDenied", "s3:PUT policy", "open-123456789012"),
    "another queue": (lambda c: c.sqs.send_message(QueueUrl=c["Other"], MessageBody="x"), "AccessDenied", "sqs:SendMessage", ":callclock-Other"),
    "another queue, by batch": (batch, "AccessDenied", "sqs:SendMessage", ":callclock-Other"),
    "a receive": (lambda c: c.sqs.receive_message(QueueUrl=c["Queue"]), "AccessDenied", "sqs:ReceiveMessage", ":callclock-Queue"),
    "a query": (lambda c: c.dynamodb.query(TableName=c["Table"], KeyConditionExpression="id = :a", ExpressionAttributeValues={":a": {"S": "a"}}), "AccessDeniedException", "dynamodb:Query", "table/callclock-Table"),
    "an item of no list": (take_off("EX#rule", at="EX#list"), "AccessDeniedException", "dynamodb:DeleteItem", "table/callclock-Lists"),
    "an item of a list that is denied": (take_off("kept#list"), "AccessDeniedException", "dynamodb:DeleteItem", "table/callclock-Lists"),
    "an item of no list, with one that is": (take_off_together("EX#list", "EX#rule"), "AccessDeniedException", "dynamodb:DeleteItem", "table/callclock-Lists"),
    "a transaction's part": (transact, "AccessDeniedException", "dynamodb:DeleteItem", "table/callclock-Table"),
    "a subscription": (lambda c: c.sns.subscribe(TopicArn=c["Topic"], Protocol="email", Endpoint="a@b.example"), "AuthorizationError", "sns:Subscribe", ":callclock-Topic"),
    "a new secret": (lambda c: c.secretsmanager.put_secret_value(SecretId=c["Secret"], SecretString="x"), "AccessDeniedException", "secretsmanager:PutSecretValue", "secret:callclock-Secret"),
    "metrics": (lambda c: c.cloudwatch.put_metric_data(Namespace="x", MetricData=[{"MetricName": "a", "Value": 1}]), "AccessDenied", "cloudwatch:PutMetricData", "*"),
    "a log of another": (lambda c: c.logs.create_log_stream(logGroupName="/other", logStreamName="a"), "AccessDeniedException", "logs:CreateLogStream", "/other"),
    "Athena": (lambda c: c.athena.start_query_execution(QueryString="SELECT 1"), "AccessDeniedException", "athena:StartQueryExecution", "*"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "code", "action", "resource"), DENIED.values(), ids=list(DENIED))
def test_what_is_not_allowed_is_refused_by_name(
    stack: LocalStack, call: Call, code: str, action: str, resource: str
) -> None:
    with pytest.raises(ClientError) as refused:
        call(Callers(stack, "Writer"))
    said = refused.value.response["Error"]
    assert said["Code"] == code
    denial = stack.gate.denials[-1]
    assert (denial.role, denial.action) == ("Writer", action)
    assert resource in denial.resource
    for part in ("callclock-Writer", action, resource):
        assert part in said["Message"]


def test_a_missing_key_is_403_to_those_who_may_not_list(stack: LocalStack) -> None:
    caller = Callers(stack, "Writer")
    with pytest.raises(ClientError, match="NoSuchKey"):
        caller.s3.get_object(Bucket=caller["Open"], Key="in/nothing")
    with pytest.raises(ClientError, match=r"AccessDenied.*s3:ListBucket"):
        caller.s3.get_object(Bucket=caller["Sealed"], Key="in/nothing")
    with pytest.raises(ClientError) as refused:
        caller.s3.head_object(Bucket=caller["Sealed"], Key="in/nothing")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize(
    ("call", "action"),
    [
        (lambda c: c.s3.get_object(Bucket=c["Sealed"], Key="in/there"), "kms:Decrypt"),
        (lambda c: c.s3.put_object(Bucket=c["Sealed"], Key="in/there", Body=b"2"), "kms:GenerateDataKey"),
        (lambda c: c.secretsmanager.get_secret_value(SecretId=c["Secret"]), "kms:Decrypt"),
        (lambda c: c.sns.publish(TopicArn=c["Topic"], Message="x"), "kms:Decrypt"),
    ],
    ids=["get", "put", "secret", "publish"],
)
def test_the_key_that_encrypts_a_resource_is_needed_too(stack: LocalStack, call: Call, action: str) -> None:
    with pytest.raises(ClientError, match=action):
        call(Callers(stack, "Keyless"))
    assert stack.gate.denials[-1].resource == stack.deployment.resources["Key"].attributes["Arn"]


def test_no_key_is_needed_where_none_encrypts(stack: LocalStack) -> None:
    caller = Callers(stack, "Keyless")
    caller.s3.get_object(Bucket=caller["Open"], Key="in/there")


def test_a_conditional_write_needs_to_read(stack: LocalStack) -> None:
    caller = Callers(stack, "Putter")
    etag = caller.s3.put_object(Bucket=caller["Open"], Key="in/mine", Body=b"1")["ETag"]
    with pytest.raises(ClientError, match=r"AccessDenied.*s3:GetObject"):
        caller.s3.put_object(Bucket=caller["Open"], Key="in/mine", Body=b"2", IfMatch=etag)
    writer = Callers(stack, "Writer")
    writer.s3.put_object(Bucket=caller["Open"], Key="in/mine", Body=b"2", IfMatch=etag)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        writer.s3.put_object(Bucket=caller["Open"], Key="in/mine", Body=b"3", IfMatch=etag)


def test_conditions_that_are_not_evaluated_are_listed_and_no_others(stack: LocalStack) -> None:
    [listed] = stack.gate.not_evaluated
    assert "aws:principaltag/team" in listed


def test_topics_take_subjects_of_printable_ascii_only(stack: LocalStack) -> None:
    caller = Callers(stack, "Writer")
    for subject in ("Grade 2 – longer", "x" * 101, "two\nlines"):
        with pytest.raises(ClientError, match="InvalidParameter"):
            caller.sns.publish(TopicArn=caller["Topic"], Message="x", Subject=subject)
