"""Staged parts and a bucket in memory, for tests of the lake."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import duckdb

from callclock.columns import Table
from callclock.objects import Bucket, ChangedMeanwhileError, Listed, Read

DEFAULTS: Mapping[str, object] = {
    "source": "ex",
    "resend": "delta",
    "selected_by": "start",
    "retracts": False,
    "exported_at": datetime(2026, 4, 1, tzinfo=UTC),
    "export_id": "e1",
    "record_no": 1,
    "tells": "closed_at",
}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def write_staged(path: Path, table: Table, rows: Sequence[Mapping[str, object]]) -> Path:
    """Write rows as intake stages them; what a row leaves out is the default or NULL."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as db:
        columns = ", ".join(f'"{c.name}" {c.kind.duckdb}' for c in table.staged)
        db.execute(f"CREATE TABLE staged ({columns})")
        said = []
        for row in rows:
            full = {**DEFAULTS, **row}
            full.setdefault("started_at", next(full[s] for s in table.starts if full.get(s) is not None))
            full.setdefault("observed_at", full["exported_at"])
            started = full["started_at"]
            assert isinstance(started, datetime)
            full.setdefault("local_date", started.date())
            full.setdefault("local_hour", started.hour)
            said.append([_plain(full.get(c.name)) for c in table.staged])
        db.executemany(f"INSERT INTO staged VALUES ({', '.join('?' * len(table.staged))})", said)
        db.execute(f"COPY staged TO '{path}' (FORMAT parquet)")
    return path


def _plain(value: object) -> object:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def read_rows(path: Path) -> list[dict[str, object]]:
    with duckdb.connect() as db:
        found = db.execute(f"SELECT * FROM read_parquet('{path}')")
        names = [c[0] for c in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


class MemoryBucket(Bucket):
    """A bucket in memory with conditional writes, that counts what is asked of it."""

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.requests = 0
        self.bytes_read = 0
        self.fail_before_put: str | None = None

    def _read_of(self, key: str) -> Read:
        content, metadata = self.objects[key]
        return Read(sha256(content + repr(sorted(metadata.items())).encode()).hexdigest(), metadata)

    def fetch(self, key: str, path: Path, version_id: str | None = None) -> Read | None:
        self.requests += 1
        if key not in self.objects:
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.objects[key][0])
        self.bytes_read += len(self.objects[key][0])
        return self._read_of(key)

    def text(self, key: str) -> tuple[str, Read] | None:
        self.requests += 1
        if key not in self.objects:
            return None
        self.bytes_read += len(self.objects[key][0])
        return self.objects[key][0].decode(), self._read_of(key)

    def put(self, key: str, body: Path | str, metadata: Mapping[str, str] | None = None) -> None:
        self.requests += 1
        content = body.encode() if isinstance(body, str) else body.read_bytes()
        self.objects[key] = (content, dict(metadata or {}))

    def replace(self, key: str, body: Path | str, was: Read | None, metadata: Mapping[str, str] | None = None) -> Read:
        if self.fail_before_put and key.startswith(self.fail_before_put):
            raise ConnectionError(f"died before writing {key}")
        now = self._read_of(key).etag if key in self.objects else None
        if now != (was.etag if was else None):
            raise ChangedMeanwhileError(key)
        self.put(key, body, metadata)
        return self._read_of(key)

    def holds(self, key: str, version_id: str | None = None) -> bool:
        return key in self.objects

    def remove(self, key: str) -> None:
        self.requests += 1
        self.objects.pop(key, None)

    def list(self, prefix: str) -> Iterator[Listed]:
        self.requests += 1
        for key in sorted(self.objects):
            if key.startswith(prefix):
                yield Listed(key, self._read_of(key).etag, len(self.objects[key][0]))

    def folders(self, prefix: str) -> Iterator[str]:
        self.requests += 1
        below = (key.removeprefix(prefix) for key in sorted(self.objects) if key.startswith(prefix))
        yield from dict.fromkeys(rest.partition("/")[0] for rest in below if "/" in rest)
