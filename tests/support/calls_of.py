"""Exports read by a profile and folded, as intake and measure would: the calls that they tell of."""

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from callclock import layout
from callclock.clock import Month
from callclock.exports.callers import CallerSecret
from callclock.exports.profile import Profile
from callclock.exports.receipt import Receipt
from callclock.exports.recognise import recognise
from callclock.exports.stage import Export, stage
from callclock.lake.curate import CuratedMonth, Curator
from callclock.settings import Force
from tests.support.memory_lake import MemoryBucket, read_rows

Row = dict[str, Any]


def curated(
    files: Sequence[tuple[str, Path]],
    profile: Profile,
    workdir: Path,
    *,
    arrived_at: datetime = datetime(2026, 6, 1, tzinfo=UTC),
) -> tuple[list[Row], list[Receipt]]:
    """Recognise, stage and fold files (object key and path) one after another; curated rows by start, and receipts."""
    bucket, known, receipts = MemoryBucket(), dict[Month, CuratedMonth](), []
    for number, (key, path) in enumerate(files):
        found = recognise(key, path, [profile])
        assert found.profiles == (profile,), found.message
        staging = stage(
            Export("EX", key, path, {}, arrived_at, None),
            profile,
            force=Force(name="Example"),
            secret=CallerSecret("1", b"secret"),
            config_hash="c",
            workdir=workdir / f"{number}",
        )
        staging.receipt.balance()
        receipts.append(staging.receipt)
        for month, part in staging.parts.items():
            bucket.put(layout.staged(profile.table, "EX", month, staging.receipt.export_id), part)
        fold = Path(tempfile.mkdtemp(dir=workdir))
        made = Curator(bucket, profile.contract, "EX", "Europe/London", 2.0, fold).curate(sorted(staging.parts), known)
        known |= made.months
    rows = []
    for listed in bucket.list(layout.curated_prefix(profile.table, "EX")):
        bucket.fetch(listed.key, workdir / "month.parquet")
        rows += read_rows(workdir / "month.parquet")
    return sorted(rows, key=lambda row: (row["started_at"], row["record_key"])), receipts
