"""Our own rules over what the template protects: who may do what, what is encrypted, kept and thrown away.

A rule returns a line for each fault, none when all is well. tests/template/test_rules.py breaks the template for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.support.template import Template, listed

TLS = {"Bool": {"aws:SecureTransport": "false"}}
KEPT = ("S3::Bucket", "DynamoDB::Table", "SecretsManager::Secret", "KMS::Key")
WILDCARDS = {
    ("DataKey", "kms:*"): "the account itself must be able to administer its key, or nobody can",
    ("DataKey", "kms:GenerateDataKey*"): "services may use either form of the call",
}
"""Actions with a wildcard in an Allow, each with its reason."""


def no_wildcards(t: Template) -> Iterator[str]:
    """No Allow for everything: actions by name, objects below a prefix, no principal that is anybody."""
    for owner, statement in _all_statements(t):
        if statement["Effect"] == "Deny":
            continue
        if statement.get("Principal") in ("*", {"AWS": "*"}):
            yield f"{owner}: allows anybody"
        for action in listed(statement["Action"]):
            if "*" in action and (owner, action) not in WILDCARDS:
                yield f"{owner}: {action}: name the actions"
        if "Resource" not in statement or owner == "DataKey":
            continue  # trust policies have none; a key policy's resource is its own key
        for resource in listed(statement["Resource"]):
            if resource == {"Ref": "AWS::StackId"}:
                continue
            named = t.named(resource)
            if not named or not re.fullmatch(r"(/[a-z_]+)+/\*|", named[1]):
                yield f"{owner}: {resource}: name a resource of the template, and a prefix of it"


def only_erasure_is_for_good(t: Template) -> Iterator[str]:
    """One policy alone deletes versions, where personal data lie; whatever else is deleted can be brought back."""
    personal = {"/incoming/*", "/quarantine/*", "/staged/*", "/curated/*", "/athena/*"}
    for owner, statement in _all_statements(t):
        if statement["Effect"] == "Deny" or "s3:DeleteObjectVersion" not in listed(statement["Action"]):
            continue
        if owner != "ErasurePolicy":
            yield f"{owner}: s3:DeleteObjectVersion: ErasurePolicy alone may"
        for resource in listed(statement["Resource"]):
            named = t.named(resource)
            if not named or named[1] not in personal:
                yield f"{owner}: {resource}: no personal data lie there"


def _all_statements(t: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in t.of("IAM::Role"):
        yield from ((name, s) for s in t.statements(name))
        yield from ((name, s) for s in t[name]["AssumeRolePolicyDocument"]["Statement"])
    for kind in ("S3::BucketPolicy", "SQS::QueuePolicy", "SNS::TopicPolicy", "IAM::ManagedPolicy"):
        for name, policy in t.of(kind).items():
            yield from ((name, s) for s in policy["PolicyDocument"]["Statement"])
    for name, key in t.of("KMS::Key").items():
        yield from ((name, s) for s in key["KeyPolicy"]["Statement"])


def only_over_tls(t: Template) -> Iterator[str]:
    """Every bucket, queue and topic refuses what comes in plain text."""
    refused: dict[str, set[str]] = {}
    for _, statement in _all_statements(t):
        if statement["Effect"] == "Deny" and statement.get("Principal") == "*" and statement.get("Condition") == TLS:
            for resource in listed(statement["Resource"]):
                name, within = t.named(resource) or ("", "")
                refused.setdefault(name, set()).add(within)
    for kind, wanted in (("S3::Bucket", {"", "/*"}), ("SQS::Queue", {""}), ("SNS::Topic", {""})):
        for name in t.of(kind):
            if refused.get(name, set()) != wanted:
                yield f"{name}: takes what comes without TLS"


def encrypted_by_our_key(t: Template) -> Iterator[str]:
    """With alias/aws/sns no alarm could publish, with alias/aws/sqs EventBridge could not send."""
    for name, key in _keys_used(t):
        if t.named(key) != ("DataKey", ""):
            yield f"{name}: not encrypted by the stack's key"
    for name, bucket in t.of("S3::Bucket").items():
        if not _default_encryption(bucket).get("BucketKeyEnabled"):
            yield f"{name}: without a bucket key every object is a call to KMS"
    for name, queue in t.of("SQS::Queue").items():
        if queue.get("SqsManagedSseEnabled") is not True or "KmsMasterKeyId" in queue:
            yield f"{name}: not encrypted by SQS itself"


def _keys_used(t: Template) -> Iterator[tuple[str, object]]:
    for name, bucket in t.of("S3::Bucket").items():
        default = _default_encryption(bucket).get("ServerSideEncryptionByDefault", {})
        yield name, default.get("KMSMasterKeyID") if default.get("SSEAlgorithm") == "aws:kms" else None
    for name, topic in t.of("SNS::Topic").items():
        yield name, topic.get("KmsMasterKeyId")
    for name, table in t.of("DynamoDB::Table").items():
        yield name, table.get("SSESpecification", {}).get("KMSMasterKeyId")
    for name, secret in t.of("SecretsManager::Secret").items():
        yield name, secret.get("KmsKeyId")
    for name, group in t.of("Athena::WorkGroup").items():
        answers = group["WorkGroupConfiguration"]["ResultConfiguration"]
        yield name, answers.get("EncryptionConfiguration", {}).get("KmsKey")


def _default_encryption(bucket: dict[str, Any]) -> dict[str, Any]:
    rules = bucket.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [{}])
    found: dict[str, Any] = rules[0]
    return found


def key_knows_no_role(t: Template) -> Iterator[str]:
    """The account, and the two services that publish to the topics, for this account only. A role's ARN is circular."""
    root = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    services = {"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]}
    own = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    for name, key in t.of("KMS::Key").items():
        statements = key["KeyPolicy"]["Statement"]
        if [s["Principal"] for s in statements] != [root, services]:
            yield f"{name}: principals other than the account, cloudwatch and events"
        elif statements[1].get("Condition") != own:
            yield f"{name}: services of any account may use it"
        if not key.get("EnableKeyRotation"):
            yield f"{name}: is never rotated"


def buckets_are_private(t: Template) -> Iterator[str]:
    """Private, versioned, owned by one account; old versions and torn uploads go; events by EventBridge only."""
    closed = dict.fromkeys(["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"], True)
    for name, bucket in t.of("S3::Bucket").items():
        if bucket.get("PublicAccessBlockConfiguration") != closed:
            yield f"{name}: could be made public"
        if bucket.get("VersioningConfiguration") != {"Status": "Enabled"}:
            yield f"{name}: keeps no older version"
        if bucket.get("OwnershipControls") != {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}:
            yield f"{name}: an object could belong to somebody else"
        everywhere = [r for r in bucket.get("LifecycleConfiguration", {}).get("Rules", []) if "Prefix" not in r]
        if not any("NoncurrentVersionExpiration" in r and "AbortIncompleteMultipartUpload" in r for r in everywhere):
            yield f"{name}: old versions and torn uploads are kept for ever"
        if set(bucket.get("NotificationConfiguration", {})) - {"EventBridgeConfiguration"}:
            yield f"{name}: notifies other than by EventBridge, which is circular"


EXPIRING = {
    ("ExportsBucket", "incoming/"): {"Ref": "RetentionDays"},
    ("ExportsBucket", "quarantine/"): {"Ref": "RetentionDays"},
    ("ResultsBucket", "athena/"): 7,
}


def only_this_expires(t: Template) -> Iterator[str]:
    """Raw personal data and query answers; nothing of the lake, and no value."""
    found = {
        (name, rule.get("Prefix", "")): rule["ExpirationInDays"]
        for name, bucket in t.of("S3::Bucket").items()
        for rule in bucket["LifecycleConfiguration"]["Rules"]
        if "ExpirationInDays" in rule and rule["Status"] == "Enabled"
    }
    for place in sorted(EXPIRING.keys() | found.keys()):
        if found.get(place) != EXPIRING.get(place):
            yield f"{'/'.join(place)}: expires after {found.get(place)}, not {EXPIRING.get(place)}"


def missing_is_not_forbidden(t: Template) -> Iterator[str]:
    """S3 answers 403 for a key that is not there to whoever may not list the bucket."""
    for function in t.of("Lambda::Function"):
        role = t.role_of(function)
        for bucket in t.of("S3::Bucket"):
            listing = [
                s
                for s in t.statements(role)
                if "s3:ListBucket" in listed(s["Action"])
                and (bucket, "") in [t.named(r) for r in listed(s["Resource"])]
                and "Condition" not in s
            ]
            if "s3:GetObject" in t.allowed(role, bucket) and not listing:
                yield f"{role}: reads {bucket} but may not list it"


VIA = {
    "s3": "S3::Bucket",
    "dynamodb": "DynamoDB::Table",
    "secretsmanager": "SecretsManager::Secret",
    "sns": "SNS::Topic",
}


def key_is_granted_by_service(t: Template) -> Iterator[str]:
    """A role may use the key through those services, and only those, whose encrypted things it uses."""
    for function in t.of("Lambda::Function"):
        role = t.role_of(function)
        used = {s for s, kind in VIA.items() if any(t.allowed(role, name) for name in t.of(kind))}
        via: set[str] = set()
        for statement in t.statements(role):
            if "kms:Decrypt" in listed(statement["Action"]) and "kms:GenerateDataKey" in listed(statement["Action"]):
                services = statement.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService", "any")
                via |= {str(s["Fn::Sub"] if isinstance(s, dict) else s).partition(".")[0] for s in listed(services)}
        if via != used:
            yield f"{role}: uses the key through {sorted(via)}, encrypted things of {sorted(used)}"


def what_matters_is_kept(t: Template) -> Iterator[str]:
    """Deleting or replacing a stack loses no data, and nobody deletes a table by mistake."""
    for kind in KEPT:
        for name in t.of(kind):
            for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
                if t.resources[name].get(policy) != "Retain":
                    yield f"{name}: {policy} is not Retain"
    for name, table in t.of("DynamoDB::Table").items():
        if not table.get("DeletionProtectionEnabled"):
            yield f"{name}: can be deleted"
        if not table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
            yield f"{name}: cannot be restored"


def secret_stays_secret(t: Template) -> Iterator[str]:
    """Generated, never written down, and never resolved into an environment."""
    for name, secret in t.of("SecretsManager::Secret").items():
        if "SecretString" in secret or "GenerateSecretString" not in secret:
            yield f"{name}: stands in the template"
    for name, resource in t.resources.items():
        if "{{resolve:secretsmanager" in str(resource):
            yield f"{name}: resolves the secret where anybody who may describe it sees it"


def one_role_a_function(t: Template) -> Iterator[str]:
    """Each function has a role of its own, written out: no managed policy, no template of SAM's."""
    roles = [t.role_of(function) for function in t.of("Lambda::Function")]
    for role in sorted(set(roles)):
        if roles.count(role) > 1:
            yield f"{role}: is shared"
        if t[role].get("ManagedPolicyArns"):
            yield f"{role}: has policies that somebody else writes"
    for role in t.of("IAM::Role").keys() - set(roles):
        yield f"{role}: is nobody's"


def queries_are_limited(t: Template) -> Iterator[str]:
    """Both workgroups enforce their limit, their engine and where answers go (a prefix that expires)."""
    for name, group in t.of("Athena::WorkGroup").items():
        how = group["WorkGroupConfiguration"]
        if not how.get("EnforceWorkGroupConfiguration"):
            yield f"{name}: whoever asks can leave the limit out"
        if how.get("BytesScannedCutoffPerQuery") != {"Ref": "ScanLimitBytes"}:
            yield f"{name}: a query has no limit"
        if how.get("EngineVersion") != {"SelectedEngineVersion": "Athena engine version 3"}:
            yield f"{name}: the engine is not the one that the SQL was checked for"
        bucket, prefix = t.named({"Fn::Sub": how["ResultConfiguration"]["OutputLocation"]["Fn::Sub"][5:]}) or ("", "")
        if bucket != "ResultsBucket" or not prefix.startswith("/athena/"):
            yield f"{name}: answers are kept where nothing expires"


RULES = [
    no_wildcards,
    only_erasure_is_for_good,
    only_over_tls,
    encrypted_by_our_key,
    key_knows_no_role,
    buckets_are_private,
    only_this_expires,
    missing_is_not_forbidden,
    key_is_granted_by_service,
    what_matters_is_kept,
    secret_stays_secret,
    one_role_a_function,
    queries_are_limited,
]
