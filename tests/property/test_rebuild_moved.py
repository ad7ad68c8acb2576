"""Months folded as exports came, records moving between them, are what folding all of them anew gives."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callclock import layout, state
from callclock.clock import Month
from callclock.contracts import INCIDENTS
from callclock.lake.curate import Curator
from callclock.operations import rebuild as rebuilding
from callclock.operations.compare import Comparison, compare
from callclock.operations.rebuild import rebuild
from callclock.operations.stack import Stack
from callclock.state import ForceState
from tests.support.desk import MemoryLedger, MemoryMarks
from tests.support.memory_lake import MemoryBucket, write_staged

FORCE, NOW = "EX", datetime(2026, 6, 1, tzinfo=UTC)
MONTHS = [Month(2026, month) for month in (1, 2, 3, 4)]
KEYS = 6


class Force:
    """A force whose operators correct when incidents began, and whose exports are withdrawn now and then."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.chance = folder, random.Random(seed)
        self.lake, self.known = MemoryBucket("lake"), ForceState()
        self.withdrawn: frozenset[str] = frozenset()
        self.months_of: dict[str, list[Month]] = {}

    def export(self, n: int) -> None:
        """Some incidents, each in a month of its own choice; the later export is the later version."""
        parts: dict[Month, list[dict[str, Any]]] = {}
        for key in self.chance.sample(range(KEYS), self.chance.randrange(1, KEYS)):
            month = self.chance.choice(MONTHS)
            at = datetime(month.year, month.month, self.chance.randrange(1, 28), 12, tzinfo=UTC)
            row = {"incident_id": f"I{key}", "record_key": f"I{key}", "created_at": at, "export_id": f"e{n}"}
            parts.setdefault(month, []).append({**row, "exported_at": NOW + timedelta(days=n), "record_no": key})
        for month, rows in parts.items():
            part = write_staged(self.folder / "part.parquet", INCIDENTS, rows)
            self.lake.put(layout.staged("incidents", FORCE, month, f"e{n}"), part)
        self.months_of[f"e{n}"] = sorted(parts)
        self.curate(f"e{n}")

    def withdraw(self) -> None:
        """One of the exports, as if it had never come."""
        gone = self.chance.choice(sorted(self.months_of))
        self.withdrawn |= {gone}
        self.lake.put(layout.withdrawn(FORCE, gone), "{}")
        self.curate(gone)

    def curate(self, export_id: str) -> None:
        folder = self.folder / f"fold-{self.chance.random()}"
        curator = Curator(self.lake, INCIDENTS, FORCE, "Europe/London", 2.0, folder, withdrawn=self.withdrawn)
        report = curator.curate(self.months_of[export_id], self.known.curated.get("incidents", {}))
        self.known = self.known.with_curated("incidents", report.months)

    def compared(self, folder: Path) -> Comparison:
        """What stands against what it is when it is made anew."""
        state.save(self.lake, FORCE, self.known, state.load(self.lake, FORCE)[1])
        none: Any = None
        stack = Stack(
            MemoryBucket("exports"), self.lake, MemoryBucket("results"), MemoryLedger(), MemoryMarks(), none, none, (FORCE,)
        )  # fmt: skip
        return compare(stack, rebuild(stack, FORCE, NOW, folder, print), folder, print)


@pytest.mark.parametrize("seed", range(4))
def test_moved_records_stand_where_a_rebuild_puts_them(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "families", tuple)
    force = Force(tmp_path, seed)
    for n in range(5):
        force.export(n)
        if force.chance.random() < 0.4:
            force.withdraw()
    found = force.compared(tmp_path / "beside")
    assert found.months > 1
    assert found.differences == ()


def test_a_record_that_stands_in_two_months_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was curated before a correction is put back, as a fault or a hand might."""
    monkeypatch.setattr(rebuilding, "families", tuple)
    force = Force(tmp_path, 1)
    force.export(0)
    january = {key: found for key, found in force.lake.objects.items() if key.startswith("curated/")}
    for n in range(1, 5):
        force.export(n)
    force.lake.objects |= january
    assert any(one.only_standing for one in force.compared(tmp_path / "beside").differences)
