"""A deployment found by the name of its stack, in an account as on the laptop (``AWS_ENDPOINT_URL``)."""

import json
import os
from collections.abc import Mapping, Sequence

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from callclock.exports.callers import CallerSecret
from callclock.ledger import Ledger, Marks
from callclock.objects import Bucket
from callclock.operations.stack import Stack
from callclock.outbox import Hints, Wakes
from local.run import UsageError

_NAMED = (
    "ExportsBucketName", "LakeBucketName", "ResultsBucketName", "LedgerTableName", "MarksTableName", "IntakeQueueUrl",
    "MeasureQueueUrl", "ForceCodesConfigured",
)  # fmt: skip


class Account:
    """The account, or the laptop, that the environment's credentials lead to."""

    def __init__(self) -> None:
        # Bucket names as host names need an address of AWS's own.
        style = {"addressing_style": "path"} if os.environ.get("AWS_ENDPOINT_URL") else {}
        self._config = Config(s3=style)  # type: ignore[arg-type]  # the stub wants its own TypedDict
        self._session = boto3.Session()

    def outputs(self, stack: str) -> Mapping[str, str]:
        """Outputs of a stack.

        Raises
        ------
        UsageError
            There is no such stack, or it cannot be asked: the text says what to do.
        """
        try:
            found = self._session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        except (BotoCoreError, ClientError) as fault:
            raise UsageError(
                f"{stack}: {fault}. Name the stack with --stack; credentials and region come from the environment as "
                "for the aws command line, and on the laptop AWS_ENDPOINT_URL too (`callclock up` says how)."
            ) from fault
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    def who(self) -> str:
        """ARN of whoever asks."""
        return str(self._session.client("sts").get_caller_identity()["Arn"])

    def caller_secrets(self, stack: str) -> Sequence[CallerSecret]:
        """Secrets that key the hash of callers: the one in force, and the one before it while that is kept.

        Raises
        ------
        UsageError
            They may not be read, or the stack has none.
        """
        named = self.outputs(stack).get("CallerSecretArn", stack)
        secrets = self._session.client("secretsmanager")
        found: list[CallerSecret] = []
        for stage in ("AWSCURRENT", "AWSPREVIOUS"):
            try:
                said = json.loads(secrets.get_secret_value(SecretId=named, VersionStage=stage)["SecretString"])
            except ClientError as fault:
                if found and fault.response["Error"]["Code"] == "ResourceNotFoundException":
                    break
                raise UsageError(f"{stack}: the caller secret: {fault}") from fault
            found.append(CallerSecret(str(said["epoch"]), str(said["secret"]).encode()))
        return found

    def stack(self, name: str) -> Stack:
        """Open a deployment.

        Raises
        ------
        UsageError
            There is none of that name, or it was made from a template that is older than this command.
        """
        said = self.outputs(name)
        missing = [output for output in _NAMED if output not in said]
        if missing:
            raise UsageError(f"{name}: the stack has no output {missing[0]}: deploy this version of the template first")
        s3 = self._session.client("s3", config=self._config)
        sqs = self._session.client("sqs")
        tables = self._session.resource("dynamodb")
        return Stack(
            exports=Bucket(said["ExportsBucketName"], s3),
            lake=Bucket(said["LakeBucketName"], s3),
            results=Bucket(said["ResultsBucketName"], s3),
            ledger=Ledger(said["LedgerTableName"], tables.Table(said["LedgerTableName"])),
            marks=Marks(said["MarksTableName"], tables.Table(said["MarksTableName"])),
            wakes=Wakes(said["IntakeQueueUrl"], sqs),
            measure=Hints(said["MeasureQueueUrl"], sqs),
            force_codes=tuple(said["ForceCodesConfigured"].split(",")),
        )
