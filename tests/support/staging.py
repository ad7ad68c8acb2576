"""A made-up export staged by a made-up profile, and what came of it as plain rows."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from callclock.exports.callers import CallerSecret
from callclock.exports.profile import parse_profile
from callclock.exports.stage import Export, Staging, stage
from callclock.settings import Force

ARRIVED = datetime(2026, 12, 1, tzinfo=UTC)


def staged(
    workdir: Path,
    profile: str,
    content: str | bytes,
    *,
    name: str = "export.csv",
    metadata: Mapping[str, str] | None = None,
    arrived_at: datetime = ARRIVED,
    exported_at: datetime | None = None,
    zone: str = "Europe/London",
) -> Staging:
    """Stage ``content`` by the TOML ``profile``; the receipt is checked to add up."""
    workdir.mkdir(parents=True, exist_ok=True)
    path = workdir / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    made = stage(
        Export("EX", f"incoming/EX/{name}", path, metadata or {}, arrived_at, exported_at),
        parse_profile("sources/made_up.toml", profile),
        force=Force(name="Example", zone=zone),
        secret=CallerSecret("1", b"secret"),
        config_hash="c",
        workdir=workdir / "work",
    )
    made.receipt.balance()
    return made


def rows(made: Staging) -> list[dict[str, Any]]:
    """Staged rows in order of record number."""
    found = [row for part in made.parts.values() for row in pq.read_table(part).to_pylist()]
    return sorted(found, key=lambda row: (row["record_no"], row["record_key"]))


def bad(made: Staging) -> dict[int, str]:
    """Reasons by record number of what is in quarantine."""
    found = pq.read_table(made.quarantine).to_pylist() if made.quarantine else []
    return {row["record_no"]: row["reasons"] for row in found}
