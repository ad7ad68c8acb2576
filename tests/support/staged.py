"""Staged parts from records said in plain words: exactly the columns of the contract, as intake would write them."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq

from callclock.clock import Month
from callclock.columns import Kind, Table
from callclock.lake.fold import ExportFold
from callclock.objects import Bucket, ChangedMeanwhileError, Listed, Read
from tests.support.curated import LONDON

ARROW = {
    Kind.TEXT: pa.string(),
    Kind.INSTANT: pa.timestamp("ms"),
    Kind.INT: pa.int64(),
    Kind.MS: pa.int64(),
    Kind.BOOL: pa.bool_(),
    Kind.DATE: pa.date32(),
    Kind.DOUBLE: pa.float64(),
}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def staged_row(table: Table, said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said, and the lineage that intake would add."""
    start = next(said[name] for name in table.starts if said.get(name) is not None)
    local = start.astimezone(LONDON)
    row = {
        "source": "cad",
        "export_id": "e1",
        "exported_at": instant("2026-04-01T00:00:00Z"),
        "record_no": 1,
        "started_at": start,
        "local_date": local.date(),
        "local_hour": local.hour,
        "resend": "snapshot",
        "selected_by": "start",
        "retracts": False,
        "tells": "closed_at",
        **said,
    }
    unknown = set(row) - {c.name for c in table.staged}
    assert not unknown, f"{table.name} has no staged column {sorted(unknown)}"
    return {"observed_at": row["exported_at"], **row}


def local_month(table: Table, said: Mapping[str, Any]) -> Month:
    return Month.of(staged_row(table, said)["local_date"])


def write_staged(
    path: Path, table: Table, rows: Iterable[Mapping[str, Any]], *, without: frozenset[str] = frozenset()
) -> Path:
    """Write a staged part; ``without`` leaves columns out, as a file of an earlier contract would."""

    def plain(value: object) -> object:
        return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value

    full = [staged_row(table, row) for row in rows]
    columns = {
        c.name: pa.array([plain(row.get(c.name)) for row in full], ARROW[c.kind])
        for c in table.staged
        if c.name not in without
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def read_rows(path: Path) -> list[dict[str, Any]]:
    return pq.read_table(path).to_pylist()


class MemoryBucket(Bucket):
    """A bucket in memory that answers as S3 does, counts, and dies where it is told to."""

    def __init__(self) -> None:
        self.name = "memory"
        self.objects: dict[str, tuple[bytes, Mapping[str, str]]] = {}
        self.requests = self.bytes_read = self.bytes_written = 0
        self.fail_before_put: str | None = None

    def fetch(self, key: str, path: Path, version_id: str | None = None) -> Read | None:
        self.requests += 1
        if key not in self.objects:
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.objects[key][0])
        self.bytes_read += len(self.objects[key][0])
        return self._as_read(key)

    def text(self, key: str) -> tuple[str, Read] | None:
        self.requests += 1
        if key not in self.objects:
            return None
        self.bytes_read += len(self.objects[key][0])
        return self.objects[key][0].decode(), self._as_read(key)

    def put(
        self,
        key: str,
        body: Path | str,
        metadata: Mapping[str, str] | None = None,
        *,
        content_type: str | None = None,
    ) -> None:
        self.requests += 1
        if self.fail_before_put and key.startswith(self.fail_before_put):
            raise ConnectionError(f"died before writing {key}")
        content = body.encode() if isinstance(body, str) else body.read_bytes()
        self.bytes_written += len(content)
        self.objects[key] = (content, dict(metadata or {}))

    def replace(self, key: str, body: Path | str, was: Read | None, metadata: Mapping[str, str] | None = None) -> None:
        stands = self._as_read(key).etag if key in self.objects else None
        if stands != (was.etag if was else None):
            raise ChangedMeanwhileError(f"{key} was replaced by another run")
        self.put(key, body, metadata)

    def list(self, prefix: str) -> Iterator[Listed]:
        self.requests += 1
        for key in sorted(self.objects):
            if key.startswith(prefix):
                yield Listed(key, self._as_read(key).etag, len(self.objects[key][0]))

    def remove(self, key: str) -> None:
        self.requests += 1
        self.objects.pop(key, None)

    def _as_read(self, key: str) -> Read:
        content, metadata = self.objects[key]
        return Read(hashlib.md5(content).hexdigest(), metadata)


def new_bucket(name: str = "lake") -> Bucket:
    """A fresh versioned bucket; only inside moto."""
    client = boto3.client("s3", region_name="eu-west-2", aws_access_key_id="testing", aws_secret_access_key="testing")
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return Bucket(name, client)


def together(folds: Sequence[ExportFold]) -> ExportFold:
    """What became of the rows of all exports."""
    counts = [astuple(fold)[1:] for fold in folds] or [(0,) * 6]
    return ExportFold("all", *map(sum, zip(*counts, strict=True)))
