"""The embedded AWS looked at where it lies: what the command itself wants to know is no work of the pipeline."""

from collections.abc import Iterator
from pathlib import Path

from moto.s3.models import FakeKey, s3_backends
from moto.sqs.models import Queue, sqs_backends

from callclock.objects import Bucket, Listed, Read
from local.deployment import ACCOUNT


def waiting(queue_arn: str) -> int:
    """Messages of a queue that may be received now."""
    return _queue(queue_arn).approximate_number_of_messages


def put_off(queue_arn: str) -> int:
    """Messages of a queue that come later, as their sender asked."""
    return _queue(queue_arn).approximate_number_of_messages_delayed


def _queue(arn: str) -> Queue:
    _, _, _, region, account, name = arn.split(":", 5)
    return sqs_backends[account][region].queues[name]


class InsideBucket(Bucket):
    """A bucket of the embedded AWS in this process, to read from: a request takes some ms, and a year has thousands."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._keys = s3_backends[ACCOUNT]["aws"].buckets[name].keys

    def fetch(self, key: str, path: Path, version_id: str | None = None) -> Read | None:
        """Bring an object to ``path``; None when there is none."""
        if version_id:
            raise ValueError("older versions are asked for by request only")
        found = self._object(key)
        if found is None:
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(found.value)
        return Read(found.etag, found.metadata)

    def text(self, key: str) -> tuple[str, Read] | None:
        """Content of a small UTF-8 object; None when there is none."""
        found = self._object(key)
        return (found.value.decode("utf-8"), Read(found.etag, found.metadata)) if found else None

    def list(self, prefix: str) -> Iterator[Listed]:
        """Every object below ``prefix``, in key order."""
        for key in sorted(self._keys):
            if key.startswith(prefix) and (found := self._object(key)):
                yield Listed(key, found.etag, found.size)

    def _object(self, key: str) -> FakeKey | None:
        found = self._keys.get(key)
        # What was deleted has a marker in its place.
        return found if isinstance(found, FakeKey) else None
