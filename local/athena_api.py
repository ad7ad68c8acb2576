"""Athena's API in front of `local.athena`: workgroups, executions, results, and answers written where they belong."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

from moto.athena import models, responses
from moto.glue.models import glue_backends
from moto.s3.models import s3_backends

from local.athena import Answer, Catalogue, QueryError, Stored, ask
from local.athena_tables import TableError
from local.clock import Clock

_ATHENA = {
    "BOOLEAN": ("boolean", 0, 0),
    "TINYINT": ("tinyint", 3, 0),
    "SMALLINT": ("smallint", 5, 0),
    "INTEGER": ("integer", 10, 0),
    "BIGINT": ("bigint", 19, 0),
    "HUGEINT": ("bigint", 19, 0),
    "FLOAT": ("float", 17, 0),
    "DOUBLE": ("double", 17, 0),
    "DATE": ("date", 0, 0),
    "TIMESTAMP": ("timestamp", 3, 0),
    "TIMESTAMP WITH TIME ZONE": ("timestamp with time zone", 3, 0),
    "BLOB": ("varbinary", 1073741824, 0),
    "VARCHAR": ("varchar", 2147483647, 0),
}
_one_at_a_time = threading.Lock()


@dataclass
class MotoStore:
    """Objects in moto's S3, copied to files once for each content."""

    account: str
    cache: Path

    def objects(self, bucket: str, prefix: str) -> Iterator[Stored]:
        """Every object below a prefix."""
        keys = s3_backends[self.account]["aws"].get_bucket(bucket).keys
        for name in sorted(key for key in list(keys) if key.startswith(prefix)):
            found = keys.get(name)
            if hasattr(found, "value"):  # a delete marker has none
                yield Stored(name, found.size)

    def path(self, bucket: str, stored: Stored) -> Path:
        """Local file with an object's content."""
        found = s3_backends[self.account]["aws"].get_bucket(bucket).keys.get(stored.key)
        file: Path = self.cache / bucket / found.etag.strip('"') / Path(stored.key).name
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(found.value)
        return file


@contextmanager
def answering(clock: Clock) -> Iterator[None]:
    """Let moto's Athena answer queries while this lasts.

    Parameters
    ----------
    clock
        Says what ``NOW`` is in a projection's range.
    """
    start, describe = models.AthenaBackend.start_query_execution, responses.AthenaResponse.get_query_execution
    with tempfile.TemporaryDirectory(prefix="athena-objects-") as cache:

        def started(
            backend: Any,
            query: str,
            context: Any,
            config: Mapping[str, str] | None,
            workgroup: str | None,
            execution_parameters: list[str] | None,
        ) -> str:
            group = backend.work_groups[workgroup or "primary"]
            made: str = start(
                backend, query, context, _where(group.configuration, config), group.name, execution_parameters
            )
            execution = backend.executions[made]
            execution._transitions = [("QUEUED", "SUCCEEDED")]
            with _one_at_a_time:
                _execute(backend, execution, MotoStore(backend.account_id, Path(cache)), clock)
            return made

        def described(response: Any) -> str:
            answer: dict[str, Any] = json.loads(describe(response))
            said = answer["QueryExecution"]
            execution = response.athena_backend.executions[said["QueryExecutionId"]]
            reason = getattr(execution, "failure", None)
            if reason:
                said["Status"] |= {"State": "FAILED", "StateChangeReason": reason}
                said["Status"]["AthenaError"] = {"ErrorCategory": 2, "Retryable": False, "ErrorMessage": reason}
            said["Statistics"]["DataScannedInBytes"] = getattr(execution, "scanned", 0)
            said["EngineVersion"] = {
                "SelectedEngineVersion": "AUTO",
                "EffectiveEngineVersion": "Athena engine version 3",
            }
            return json.dumps(answer)

        with (
            mock.patch.object(models.AthenaBackend, "start_query_execution", started),
            mock.patch.object(responses.AthenaResponse, "get_query_execution", described),
        ):
            yield


def _where(configuration: Mapping[str, Any], config: Mapping[str, str] | None) -> dict[str, str]:
    """Where an answer is written: the workgroup decides when it says so, else the caller."""
    of_group = dict(configuration.get("ResultConfiguration") or {})
    asked = dict(config or {})
    enforced = configuration.get("EnforceWorkGroupConfiguration") and of_group.get("OutputLocation")
    return of_group if enforced or not asked.get("OutputLocation") else asked


def _answer(backend: Any, execution: Any, store: MotoStore, clock: Clock) -> Answer:
    if "OutputLocation" not in execution.config:
        raise QueryError("No output location provided: name a workgroup that has one, or a ResultConfiguration")
    limit = execution.workgroup.configuration.get("BytesScannedCutoffPerQuery")
    return ask(
        execution.query,
        Catalogue.of(_tables(backend), store, clock.now()),
        database=(execution.context or {}).get("Database"),
        parameters=execution.execution_parameters or (),
        scan_limit=int(limit) if limit else None,
    )


def _execute(backend: Any, execution: Any, store: MotoStore, clock: Clock) -> None:
    try:
        answer = _answer(backend, execution, store, clock)
    except (QueryError, TableError) as fault:
        execution.failure = str(fault)
        execution._transitions = [("QUEUED", "FAILED")]
        execution._status = "FAILED"
        return
    execution.scanned = answer.scanned_bytes
    # Athena gives DDL's answers without a line of names.
    header = [] if answer.is_ddl else [[{"VarCharValue": name} for name in answer.names]]
    data = [[{} if v is None else {"VarCharValue": as_text(v)} for v in row] for row in answer.rows]
    backend.query_results[execution.id] = models.QueryResults(
        rows=[{"Data": row} for row in (*header, *data)], column_info=_columns(answer)
    )
    bucket, key = execution.config["OutputLocation"].removeprefix("s3://").split("/", 1)
    s3_backends[backend.account_id]["aws"].put_object(bucket_name=bucket, key_name=key, value=_csv(answer))


def _tables(backend: Any) -> Iterator[Mapping[str, Any]]:
    catalogue = glue_backends[backend.account_id][backend.region_name]
    for database in catalogue.databases.values():
        for table in database.tables.values():
            yield {**table.as_dict(), "DatabaseName": database.name}


def _columns(answer: Answer) -> list[dict[str, Any]]:
    made = []
    for name, kind in zip(answer.names, answer.types, strict=True):
        athena, precision, scale = athena_type(kind)
        made.append(
            {
                "CatalogName": "hive",
                "SchemaName": "",
                "TableName": "",
                "Name": name,
                "Label": name,
                "Type": athena,
                "Precision": precision,
                "Scale": scale,
                "Nullable": "UNKNOWN",
                "CaseSensitive": athena == "varchar",
            }
        )
    return made


def athena_type(kind: str) -> tuple[str, int, int]:
    """Athena's name, precision and scale of a DuckDB type."""
    if kind.startswith("DECIMAL("):
        precision, scale = kind[8:-1].split(",")
        return "decimal", int(precision), int(scale)
    if kind.endswith("]"):
        return "array", 0, 0
    return _ATHENA.get(kind, ("row" if kind.startswith("STRUCT") else "varchar", 0, 0))


def as_text(value: object) -> str:
    """Value as Athena writes it."""
    match value:
        case None:
            text = "null"
        case bool():
            text = str(value).lower()
        case datetime():
            zone = " UTC" if value.tzinfo else ""
            text = value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}{zone}"
        case list():
            text = "[" + ", ".join(as_text(item) for item in value) + "]"
        case dict():
            text = "{" + ", ".join(f"{name}={as_text(item)}" for name, item in value.items()) + "}"
        case bytes():
            text = " ".join(f"{byte:02x}" for byte in value)
        case _:
            text = str(value)
    return text


def _csv(answer: Answer) -> bytes:
    """Answer as Athena leaves it: every value in quotes, NULL as nothing at all."""
    lines = [answer.names, *answer.rows]
    return "".join(",".join("" if v is None else _quoted(as_text(v)) for v in line) + "\n" for line in lines).encode()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
