"""S3 objects: read whole, replaced whole, on condition that nobody else has replaced them meanwhile."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A missing key answers 403 to a role that may not list the bucket; every role here may list what it reads.
_MISSING = {"NoSuchKey", "404", "NotFound", "NoSuchVersion"}
# 409: another conditional write of the key is under way; 404 on If-Match: the object is gone. Both mean: read again.
_CHANGED = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}


class ChangedMeanwhileError(Exception):
    """Somebody replaced the object since it was read: read it again and decide again."""


@dataclass(frozen=True)
class Listed:
    """One object of a listing."""

    key: str
    etag: str
    size: int


@dataclass(frozen=True)
class Version:
    """One version of an object, or a marker that it was deleted; ``is_latest``: it is what a reader gets."""

    key: str
    version_id: str
    is_latest: bool
    is_marker: bool


@dataclass(frozen=True)
class Read:
    """An object as read: its content's ETag (opaque), the metadata it was written with, and its version."""

    etag: str
    metadata: Mapping[str, str]
    version_id: str | None = None


class Bucket:
    """One bucket."""

    def __init__(self, name: str, client: "S3Client | None" = None) -> None:
        self.name = name
        self._s3: S3Client = client or boto3.client("s3")

    @property
    def region(self) -> str:
        """Region that it is asked for in."""
        return self._s3.meta.region_name

    def fetch(self, key: str, path: Path, version_id: str | None = None) -> Read | None:
        """Bring an object to ``path`` in one request, so that no swap can mix two versions; None when there is none."""
        wanted: dict[str, Any] = {"VersionId": version_id} if version_id else {}
        try:
            answer = self._s3.get_object(Bucket=self.name, Key=key, **wanted)
        except ClientError as fault:
            if fault.response["Error"]["Code"] in _MISSING:
                return None
            raise
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            for chunk in answer["Body"].iter_chunks(1 << 20):
                out.write(chunk)
        return Read(answer["ETag"], answer["Metadata"], answer.get("VersionId"))

    def holds(self, key: str, version_id: str | None = None) -> bool:
        """Whether there is such an object, or such a version of it."""
        wanted: dict[str, Any] = {"VersionId": version_id} if version_id else {}
        try:
            self._s3.head_object(Bucket=self.name, Key=key, **wanted)
        except ClientError as fault:
            # A deleted version answers 405.
            if fault.response["Error"]["Code"] in {*_MISSING, "405", "MethodNotAllowed"}:
                return False
            raise
        return True

    def text(self, key: str) -> tuple[str, Read] | None:
        """Content of a small UTF-8 object; None when there is none."""
        try:
            answer = self._s3.get_object(Bucket=self.name, Key=key)
        except ClientError as fault:
            if fault.response["Error"]["Code"] in _MISSING:
                return None
            raise
        return answer["Body"].read().decode("utf-8"), Read(answer["ETag"], answer["Metadata"])

    def put(
        self, key: str, body: Path | str, metadata: Mapping[str, str] | None = None, *, content_type: str | None = None
    ) -> None:
        """Write an object whose key depends on its content only: writing it twice changes nothing.

        ``content_type`` is for what a browser opens; without one S3 calls it binary.
        """
        self._put(key, body, metadata or {}, {"ContentType": content_type} if content_type else {})

    def replace(self, key: str, body: Path | str, was: Read | None, metadata: Mapping[str, str] | None = None) -> Read:
        """Write an object if it still is as it ``was`` read, or if there still is none.

        Returns
        -------
        Read
            The object as it is now, for the next replacement.

        Raises
        ------
        ChangedMeanwhileError
            Another writer came first.
        """
        condition = {"IfMatch": was.etag} if was else {"IfNoneMatch": "*"}
        try:
            return Read(self._put(key, body, metadata or {}, condition), metadata or {})
        except ClientError as fault:
            gone = was is not None and fault.response["Error"]["Code"] in _MISSING
            if gone or fault.response["Error"]["Code"] in _CHANGED:
                raise ChangedMeanwhileError(f"s3://{self.name}/{key} was replaced by another run") from fault
            raise

    def _put(self, key: str, body: Path | str, metadata: Mapping[str, str], condition: Mapping[str, Any]) -> str:
        told = {"Bucket": self.name, "Key": key, "Metadata": dict(metadata), **condition}
        if isinstance(body, str):
            return self._s3.put_object(Body=body.encode(), **told)["ETag"]
        with body.open("rb") as content:
            return self._s3.put_object(Body=content, **told)["ETag"]

    def list(self, prefix: str) -> Iterator[Listed]:
        """Every object below ``prefix``, in key order."""
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix):
            for found in page.get("Contents", []):
                yield Listed(found["Key"], found["ETag"], found["Size"])

    def folders(self, prefix: str) -> Iterator[str]:
        """Names directly below ``prefix`` (``month=2026-03``), without listing what is in them."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix, Delimiter="/")
        for page in pages:
            for found in page.get("CommonPrefixes", []):
                yield found["Prefix"].removeprefix(prefix).rstrip("/")

    def versions(self, prefix: str) -> Iterator[Version]:
        """Every version of every object below ``prefix`` that is still kept, and the markers of deleted ones."""
        for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=prefix):
            for found in page.get("Versions", []):
                yield Version(found["Key"], found["VersionId"], found["IsLatest"], is_marker=False)
            for marker in page.get("DeleteMarkers", []):
                yield Version(marker["Key"], marker["VersionId"], marker["IsLatest"], is_marker=True)

    def erase(self, version: Version) -> None:
        """Delete one version for good: nobody brings it back."""
        self._s3.delete_object(Bucket=self.name, Key=version.key, VersionId=version.version_id)

    def remove(self, key: str) -> None:
        """Delete an object; the bucket keeps its older versions."""
        self._s3.delete_object(Bucket=self.name, Key=key)
