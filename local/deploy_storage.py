"""Keys, buckets, tables and secrets of the template."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from local.deployment import ACCOUNT, Made, Site
from local.given import Given
from local.iam import PolicyError, Statement, statements
from local.intrinsics import Node

_STAYS = "nothing here is ever deleted"


def policy(given: Given, name: str = "PolicyDocument") -> tuple[dict[str, Node], tuple[Statement, ...]]:
    """Policy document of a resource, raw and read."""
    document = given.document(name)
    try:
        return document, statements(document)
    except PolicyError as fault:
        raise given.fault(f"{name}: {fault}") from fault


def key(given: Given, site: Site) -> Made:
    """AWS::KMS::Key."""
    kms: Any = site.client("kms")
    document, read = policy(given, "KeyPolicy")
    root = f"arn:aws:iam::{ACCOUNT}:root"
    if not any(s.allows and "kms:*" in s.actions for s in read) or root not in json.dumps(document):
        raise given.fault(f"KeyPolicy does not give the account ({root}) kms:*: no role's policy would count")
    made = kms.create_key(Policy=json.dumps(document), Description=given.text("Description", ""))["KeyMetadata"]
    if given.flag("EnableKeyRotation"):
        kms.enable_key_rotation(KeyId=made["KeyId"])
    given.leave("PendingWindowInDays", _STAYS)
    return Made(made["KeyId"], {"Arn": made["Arn"], "KeyId": made["KeyId"]})


def alias(given: Given, site: Site) -> Made:
    """AWS::KMS::Alias."""
    kms: Any = site.client("kms")
    name = given.text("AliasName")
    kms.create_alias(AliasName=name, TargetKeyId=given.text("TargetKeyId"))
    return Made(name)


def bucket(given: Given, site: Site) -> Made:
    """AWS::S3::Bucket."""
    s3 = site.client("s3")
    name = given.text("BucketName", f"{site.stack}-{given.logical_id}-{ACCOUNT}".lower())
    # Ignored: any region.
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": site.region})  # type: ignore[typeddict-item]
    calls: Mapping[str, tuple[str, Callable[..., object]]] = {
        "VersioningConfiguration": ("VersioningConfiguration", s3.put_bucket_versioning),
        "OwnershipControls": ("OwnershipControls", s3.put_bucket_ownership_controls),
        "PublicAccessBlockConfiguration": ("PublicAccessBlockConfiguration", s3.put_public_access_block),
    }
    for prop, (argument, call) in calls.items():
        document = given.document(prop)
        if document:
            call(Bucket=name, **{argument: document})
    _encryption(given, site, name)
    _lifecycle(given, site, name)
    notifications = given.part("NotificationConfiguration")
    bridge = notifications.part("EventBridgeConfiguration")
    if bridge.flag("EventBridgeEnabled"):
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
    given.leave("Tags", "nobody asks for them here")
    site.made.buckets[name] = given.logical_id
    return Made(name, {"Arn": f"arn:aws:s3:::{name}", "DomainName": f"{name}.s3.amazonaws.com"})


def _encryption(given: Given, site: Site, name: str) -> None:
    rules: list[Any] = []
    for rule in given.part("BucketEncryption").each("ServerSideEncryptionConfiguration"):
        default = rule.part("ServerSideEncryptionByDefault")
        algorithm = default.text("SSEAlgorithm")
        chosen = {"SSEAlgorithm": algorithm}
        if algorithm == "aws:kms":
            arn = default.text("KMSMasterKeyID")
            site.made.keys[name] = known_key(given, site, arn)
            chosen["KMSMasterKeyID"] = arn
        rules.append({"ApplyServerSideEncryptionByDefault": chosen, "BucketKeyEnabled": rule.flag("BucketKeyEnabled")})
    if rules:
        site.client("s3").put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})


def _lifecycle(given: Given, site: Site, name: str) -> None:
    rules: list[Any] = []
    for rule in given.part("LifecycleConfiguration").each("Rules"):
        made: dict[str, object] = {
            "ID": rule.text("Id"),
            "Status": rule.text("Status"),
            "Filter": {"Prefix": rule.text("Prefix", "")},
        }
        if days := rule.number("ExpirationInDays", 0):
            made["Expiration"] = {"Days": days}
        for same in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
            if document := rule.document(same):
                made[same] = document
        rules.append(made)
    if rules:
        site.client("s3").put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})


def bucket_policy(given: Given, site: Site) -> Made:
    """AWS::S3::BucketPolicy. moto would apply a statement and forget its condition: such a one is listed instead."""
    name = given.text("Bucket")
    if name not in site.made.buckets:
        raise given.fault(f"Bucket {name!r} is not a bucket of this template")
    document, read = policy(given)
    listed = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    kept = [item for item, s in zip(listed, read, strict=True) if not s.condition]
    site.made.not_evaluated += [f"{given.logical_id} {s.sid}: {s.condition}" for s in read if s.condition]
    if kept:
        site.client("s3").put_bucket_policy(Bucket=name, Policy=json.dumps({**document, "Statement": kept}))
    return Made(given.logical_id)


def table(given: Given, site: Site) -> Made:
    """AWS::DynamoDB::Table."""
    dynamodb: Any = site.client("dynamodb")
    name = given.text("TableName", site.name(given.logical_id))
    wanted: dict[str, object] = {
        "TableName": name,
        "BillingMode": given.text("BillingMode", "PROVISIONED"),
        "DeletionProtectionEnabled": given.flag("DeletionProtectionEnabled"),
        "AttributeDefinitions": given.take("AttributeDefinitions"),
        "KeySchema": given.take("KeySchema"),
    }
    for same in ("GlobalSecondaryIndexes", "ProvisionedThroughput"):
        if (value := given.take(same)) is not None:
            wanted[same] = value
    sse = given.part("SSESpecification")
    if sse.flag("SSEEnabled"):
        arn = known_key(given, site, sse.text("KMSMasterKeyId"))
        wanted["SSESpecification"] = {"Enabled": True, "SSEType": sse.text("SSEType", "KMS"), "KMSMasterKeyId": arn}
    made = dynamodb.create_table(**wanted)["TableDescription"]
    arn = made["TableArn"]
    [site.made.partition_keys[arn]] = [key["AttributeName"] for key in made["KeySchema"] if key["KeyType"] == "HASH"]
    recovery = given.document("PointInTimeRecoverySpecification")
    if recovery:
        dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
    expiry = given.document("TimeToLiveSpecification")
    if expiry:
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)
    given.leave("Tags", "nobody asks for them here")
    return Made(name, {"Arn": arn})


def secret(given: Given, site: Site) -> Made:
    """AWS::SecretsManager::Secret."""
    secrets: Any = site.client("secretsmanager")
    wanted = {"Name": given.text("Name", site.name(given.logical_id)), "Description": given.text("Description", "")}
    generate = given.document("GenerateSecretString")
    if generate:
        wanted["SecretString"] = _generated(given, secrets, dict(generate))
    else:
        wanted["SecretString"] = given.text("SecretString")
    if "KmsKeyId" in given.values:
        wanted["KmsKeyId"] = known_key(given, site, given.text("KmsKeyId"))
    given.leave("Tags", "nobody asks for them here")
    arn = str(secrets.create_secret(**wanted)["ARN"])
    if "KmsKeyId" in wanted:
        site.made.keys[arn] = wanted["KmsKeyId"]
    return Made(arn, {"Id": arn})


def _generated(given: Given, secrets: Any, how: dict[str, Node]) -> str:
    template, name = how.pop("SecretStringTemplate", None), how.pop("GenerateStringKey", None)
    if (template is None) != (name is None):
        raise given.fault("GenerateSecretString needs both SecretStringTemplate and GenerateStringKey, or neither")
    password = str(secrets.get_random_password(**how)["RandomPassword"])
    return json.dumps({**json.loads(str(template)), str(name): password}) if template else password


def known_key(given: Given, site: Site, name: str) -> str:
    """ARN of a customer key named by id, ARN or alias."""
    for made in site.made.resources.values():
        if name in {made.ref, made.attributes.get("Arn")} and ":key/" in made.attributes.get("Arn", ""):
            return made.attributes["Arn"]
    raise given.fault(f"{name!r} is not a key of this template")


HANDLERS = {
    "AWS::KMS::Key": key,
    "AWS::KMS::Alias": alias,
    "AWS::S3::Bucket": bucket,
    "AWS::S3::BucketPolicy": bucket_policy,
    "AWS::DynamoDB::Table": table,
    "AWS::SecretsManager::Secret": secret,
}
