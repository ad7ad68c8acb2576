"""Every rule holds for the template, and every rule is seen to fail once for each fault it is there for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import template_safety as safety
from tests.support import template_wiring as wiring
from tests.support.template import Template

Rule = Callable[[Template], Any]
Spoil = Callable[[Template], object]
RULES: list[Rule] = [*wiring.RULES, *safety.RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_template_obeys(rule: Rule) -> None:
    assert list(rule(Template())) == []


def _statement(t: Template, role: str, sid: str) -> dict[str, Any]:
    return next(s for s in t.statements(role) if s["Sid"] == sid)


def _drop(t: Template, role: str, sid: str) -> None:
    for policy in t[role]["Policies"]:
        document = policy["PolicyDocument"]
        document["Statement"] = [s for s in document["Statement"] if s["Sid"] != sid]


def _layer(t: Template, beginning: str) -> dict[str, Any]:
    return next(p for name, p in t.of("Lambda::LayerVersion").items() if name.startswith(beginning))


def _encryption(t: Template, bucket: str) -> dict[str, Any]:
    found: dict[str, Any] = t[bucket]["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
    return found


def _allow_policy(t: Template, name: str) -> dict[str, Any]:
    return next(s for s in t[name]["PolicyDocument"]["Statement"] if s["Effect"] == "Allow")


ROLE_ARN = {"Fn::GetAtt": ["IntakeRole", "Arn"]}
LIBRARY = {"Fn::Sub": "${LakeBucket.Arn}/*"}

FAULTS: list[tuple[Rule, str, Spoil]] = [
    (wiring.logs_expire, "MeasureLogs", lambda t: t["MeasureLogs"].pop("RetentionInDays")),
    (wiring.logs_expire, "ReportFunction", lambda t: t["ReportFunction"].pop("LoggingConfig")),
    (wiring.logs_expire, "NotifyFunction", lambda t: _drop(t, "NotifyRole", "WriteLogs")),
    (wiring.queues_have_dead_letters, "IntakeQueue", lambda t: t["IntakeQueue"].pop("RedrivePolicy")),
    (
        wiring.queues_have_dead_letters,
        "gives up",
        lambda t: t["ReportQueue"]["RedrivePolicy"].update(maxReceiveCount=9),
    ),
    (wiring.queues_have_dead_letters, "no longer", lambda t: t["NotifyDeadLetters"].pop("MessageRetentionPeriod")),
    (wiring.dead_letters_raise_alarm, "EventDeadLetters", lambda t: t.resources.pop("EventDeadLettersAlarm")),
    (wiring.dead_letters_raise_alarm, "IntakeDead", lambda t: t["IntakeDeadLettersAlarm"].update(Threshold=5)),
    (wiring.dead_letters_raise_alarm, "NotifyDead", lambda t: t["NotifyDeadLettersAlarm"].pop("AlarmActions")),
    (
        wiring.dead_letters_raise_alarm,
        "MeasureDead",
        lambda t: t["MeasureDeadLettersAlarm"].update(MetricName="NumberOfMessagesSent"),
    ),
    (wiring.failures_raise_alarm, "MeasureFunction", lambda t: t.resources.pop("MeasureErrorsAlarm")),
    (wiring.failures_raise_alarm, "ReportQueue", lambda t: t["ReportBacklogAlarm"].update(Dimensions=[])),
    (wiring.fifo_is_whole, "MeasureDeadLetters", lambda t: t["MeasureDeadLetters"].pop("FifoQueue")),
    (wiring.fifo_is_whole, "EventDeadLetters", lambda t: t["EventDeadLetters"].update(FifoQueue=True)),
    (wiring.fifo_is_whole, ".fifo", lambda t: t["NotifyQueue"].update(QueueName={"Fn::Sub": "notify"})),
    (wiring.fifo_is_whole, "TickRule", lambda t: t["TickRule"]["Targets"][0].pop("SqsParameters")),
    (wiring.fifo_is_whole, "TickRule", lambda t: t["MeasureQueue"].pop("ContentBasedDeduplication")),
    (
        wiring.nothing_is_circular,
        "DataKey: part",
        lambda t: t["DataKey"]["KeyPolicy"]["Statement"][0].update(Principal={"AWS": ROLE_ARN}),
    ),
    (
        wiring.nothing_is_circular,
        "RedriveAllowPolicy",
        lambda t: t["IntakeDeadLetters"].update(RedriveAllowPolicy={"redrivePermission": "byQueue"}),
    ),
    (wiring.visibility_outlasts_retries, "IntakeQueue", lambda t: t["IntakeFunction"].update(Timeout=301)),
    (wiring.visibility_outlasts_retries, "ReportQueue", lambda t: t["ReportQueue"].pop("VisibilityTimeout")),
    (wiring.batches_report_failures, "partial", lambda t: t["IntakeFunctionDrop"].pop("FunctionResponseTypes")),
    (wiring.batches_report_failures, "FIFO", lambda t: t["NotifyFunctionHint"].update(BatchSize=100)),
    (wiring.batches_report_failures, "MeasureQueue", lambda t: _drop(t, "MeasureRole", "TakeHints")),
    (safety.no_wildcards, "s3:*", lambda t: _statement(t, "ReportRole", "WritePage").update(Action="s3:*")),
    (safety.no_wildcards, "name a resource", lambda t: _statement(t, "NotifyRole", "Publish").update(Resource="*")),
    (
        safety.no_wildcards,
        "a prefix",
        lambda t: _statement(t, "IntakeRole", "ReplaceStagedRows").update(Resource=LIBRARY),
    ),
    (
        safety.no_wildcards,
        "OperatorPolicy",
        lambda t: t["OperatorPolicy"]["PolicyDocument"]["Statement"][-2].update(Resource="*"),
    ),
    (
        safety.only_erasure_is_for_good,
        "MeasureRole",
        lambda t: _statement(t, "MeasureRole", "ReplaceMonths").update(
            Action=["s3:GetObject", "s3:DeleteObjectVersion"]
        ),
    ),
    (
        safety.only_erasure_is_for_good,
        "no personal data",
        lambda t: t["ErasurePolicy"]["PolicyDocument"]["Statement"][3]["Resource"].append(
            {"Fn::Sub": "${LakeBucket.Arn}/state/*"}
        ),
    ),
    (safety.no_wildcards, "anybody", lambda t: _allow_policy(t, "IntakeQueuePolicy").update(Principal="*")),
    (safety.only_over_tls, "LakeBucket", lambda t: t.resources.pop("LakeBucketPolicy")),
    (safety.only_over_tls, "ReportDeadLetters", lambda t: t.resources.pop("ReportDeadLettersPolicy")),
    (
        safety.only_over_tls,
        "ExportsBucket",
        lambda t: t["ExportsBucketPolicy"]["PolicyDocument"]["Statement"][0]["Resource"].pop(),
    ),
    (
        safety.only_over_tls,
        "BreachesTopic",
        lambda t: t["BreachesTopicPolicy"]["PolicyDocument"]["Statement"][0].pop("Condition"),
    ),
    (safety.encrypted_by_our_key, "ResultsBucket", lambda t: t["ResultsBucket"].pop("BucketEncryption")),
    (safety.encrypted_by_our_key, "bucket key", lambda t: _encryption(t, "LakeBucket").pop("BucketKeyEnabled")),
    (safety.encrypted_by_our_key, "IntakeQueue", lambda t: t["IntakeQueue"].update(KmsMasterKeyId="alias/aws/sqs")),
    (safety.encrypted_by_our_key, "NotifyQueue", lambda t: t["NotifyQueue"].pop("SqsManagedSseEnabled")),
    (safety.encrypted_by_our_key, "Operations", lambda t: t["OperationsTopic"].update(KmsMasterKeyId="alias/aws/sns")),
    (safety.encrypted_by_our_key, "LedgerTable", lambda t: t["LedgerTable"].pop("SSESpecification")),
    (safety.encrypted_by_our_key, "CallerSecret", lambda t: t["CallerSecret"].pop("KmsKeyId")),
    (
        safety.encrypted_by_our_key,
        "AnalystWorkGroup",
        lambda t: t["AnalystWorkGroup"]["WorkGroupConfiguration"]["ResultConfiguration"].pop("EncryptionConfiguration"),
    ),
    (
        safety.key_knows_no_role,
        "principals",
        lambda t: t["DataKey"]["KeyPolicy"]["Statement"].append({"Effect": "Allow", "Principal": {"AWS": ROLE_ARN}}),
    ),
    (safety.key_knows_no_role, "any account", lambda t: t["DataKey"]["KeyPolicy"]["Statement"][1].pop("Condition")),
    (safety.key_knows_no_role, "rotated", lambda t: t["DataKey"].pop("EnableKeyRotation")),
    (safety.buckets_are_private, "public", lambda t: t["ExportsBucket"].pop("PublicAccessBlockConfiguration")),
    (safety.buckets_are_private, "older", lambda t: t["LakeBucket"].pop("VersioningConfiguration")),
    (safety.buckets_are_private, "somebody", lambda t: t["LakeBucket"].pop("OwnershipControls")),
    (safety.buckets_are_private, "for ever", lambda t: t["ResultsBucket"]["LifecycleConfiguration"]["Rules"].pop()),
    (
        safety.buckets_are_private,
        "circular",
        lambda t: t["ExportsBucket"]["NotificationConfiguration"].update(LambdaConfigurations=[]),
    ),
    (safety.only_this_expires, "incoming", lambda t: t["ExportsBucket"]["LifecycleConfiguration"]["Rules"].pop(0)),
    (
        safety.only_this_expires,
        "LakeBucket",
        lambda t: t["LakeBucket"]["LifecycleConfiguration"]["Rules"][0].update(ExpirationInDays=30),
    ),
    (
        wiring.environment_is_what_code_reads,
        "REPORT_QUEUE_URL is read but not set",
        lambda t: t["MeasureFunction"]["Environment"]["Variables"].pop("REPORT_QUEUE_URL"),
    ),
    (
        wiring.environment_is_what_code_reads,
        "DEBUG is set but not read",
        lambda t: t["ReportFunction"]["Environment"]["Variables"].update(DEBUG="1"),
    ),
    (
        wiring.environment_is_granted,
        "no lakebucket",
        lambda t: t["ReportFunction"]["Environment"]["Variables"].update(LAKE_BUCKET={"Ref": "ResultsBucket"}),
    ),
    (wiring.environment_is_granted, "sns:Publish", lambda t: _drop(t, "NotifyRole", "Publish")),
    (wiring.environment_is_granted, "GetSecretValue", lambda t: _drop(t, "IntakeRole", "ReadCallerSecret")),
    (
        safety.missing_is_not_forbidden,
        "ExportsBucket",
        lambda t: _statement(t, "IntakeRole", "TellMissingFromForbidden")["Resource"].pop(0),
    ),
    (
        safety.missing_is_not_forbidden,
        "MeasureRole",
        lambda t: _statement(t, "MeasureRole", "ListAndTellMissingFromForbidden").update(Condition={"StringLike": {}}),
    ),
    (safety.key_is_granted_by_service, "ReportRole", lambda t: _drop(t, "ReportRole", "UseDataKey")),
    (
        safety.key_is_granted_by_service,
        "IntakeRole",
        lambda t: _statement(t, "IntakeRole", "UseDataKey")["Condition"]["StringEquals"]["kms:ViaService"].pop(),
    ),
    (
        safety.key_is_granted_by_service,
        "any",
        lambda t: _statement(t, "MeasureRole", "UseDataKey").pop("Condition"),
    ),
    (wiring.rules_reach_their_queue, "lost", lambda t: t["DropRule"]["Targets"][0].pop("DeadLetterConfig")),
    (
        wiring.rules_reach_their_queue,
        "IntakeQueue",
        lambda t: _allow_policy(t, "IntakeQueuePolicy").pop("Condition"),
    ),
    (
        wiring.rules_reach_their_queue,
        "TickRule: may not send to EventDeadLetters",
        lambda t: _allow_policy(t, "EventDeadLettersPolicy")["Condition"]["ArnEquals"]["aws:SourceArn"].pop(),
    ),
    (safety.what_matters_is_kept, "DeletionPolicy", lambda t: t.resources["LakeBucket"].pop("DeletionPolicy")),
    (safety.what_matters_is_kept, "UpdateReplace", lambda t: t.resources["CallerSecret"].pop("UpdateReplacePolicy")),
    (safety.what_matters_is_kept, "deleted", lambda t: t["LedgerTable"].pop("DeletionProtectionEnabled")),
    (safety.what_matters_is_kept, "restored", lambda t: t["LedgerTable"].pop("PointInTimeRecoverySpecification")),
    (wiring.layers_fit, "layers", lambda t: t["NotifyFunction"].update(Layers=t["NotifyFunction"]["Layers"] * 3)),
    (
        wiring.layers_fit,
        "Arrow is for intake",
        lambda t: t["MeasureFunction"].update(Layers=t["IntakeFunction"]["Layers"]),
    ),
    (wiring.layers_fit, "python3.13", lambda t: _layer(t, "Base").update(CompatibleRuntimes=["python3.12"])),
    (wiring.layers_fit, "arm64", lambda t: t["ReportFunction"].update(Architectures=["arm64"])),
    (safety.secret_stays_secret, "stands", lambda t: t["CallerSecret"].update(SecretString="s3cret")),
    (
        safety.secret_stays_secret,
        "resolves",
        lambda t: t["IntakeFunction"]["Environment"]["Variables"].update(
            SECRET={"Fn::Sub": "{{resolve:secretsmanager:${CallerSecret}:SecretString:secret}}"}
        ),
    ),
    (safety.one_role_a_function, "shared", lambda t: t["ReportFunction"].update(Role=t["NotifyFunction"]["Role"])),
    (
        safety.one_role_a_function,
        "somebody else",
        lambda t: t["ReportRole"].update(ManagedPolicyArns=["arn:aws:iam::aws:policy/AmazonS3FullAccess"]),
    ),
    (
        wiring.intake_does_not_wake_itself,
        "quarantine",
        lambda t: t["DropRule"]["EventPattern"]["detail"]["object"]["key"].append({"prefix": "quarantine/"}),
    ),
    (
        wiring.intake_does_not_wake_itself,
        "quarantine",
        lambda t: t["DropRule"]["EventPattern"]["detail"]["object"].update(key=[{"prefix": ""}]),
    ),
    (
        safety.queries_are_limited,
        "no limit",
        lambda t: t["PipelineWorkGroup"]["WorkGroupConfiguration"].pop("BytesScannedCutoffPerQuery"),
    ),
    (
        safety.queries_are_limited,
        "leave the limit out",
        lambda t: t["AnalystWorkGroup"]["WorkGroupConfiguration"].update(EnforceWorkGroupConfiguration=False),
    ),
    (
        safety.queries_are_limited,
        "nothing expires",
        lambda t: t["AnalystWorkGroup"]["WorkGroupConfiguration"]["ResultConfiguration"].update(
            OutputLocation={"Fn::Sub": "s3://${ResultsBucket}/internal/"}
        ),
    ),
]


@pytest.mark.parametrize(
    ("rule", "named", "spoil"), FAULTS, ids=[f"{rule.__name__}-{n}" for n, (rule, _, _) in enumerate(FAULTS)]
)
def test_rule_sees_the_fault(rule: Rule, named: str, spoil: Spoil) -> None:
    template = Template()
    spoil(template)
    assert any(named in fault for fault in rule(template)), list(rule(template))


def test_every_rule_has_a_fault() -> None:
    assert {rule for rule, _, _ in FAULTS} == set(RULES)
