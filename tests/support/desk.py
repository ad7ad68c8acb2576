"""Intake in memory: drop an object, get its receipts; the ledger and the hints are plain collections."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace

from callclock.exports.callers import CallerSecret
from callclock.exports.receipt import Receipt
from callclock.intake import Drop, Intake, take_in
from callclock.ledger import Entry, Ledger, Mark, Marks, WithdrawnError
from callclock.reasons import ExportStatus
from tests.support.memory_lake import MemoryBucket

ARRIVED = datetime(2026, 12, 1, tzinfo=UTC)


class MemoryMarks(Marks):
    """Marks in a dictionary."""

    def __init__(self) -> None:
        self.tokens: dict[tuple[str, str], dict[str, str]] = {}
        self.count = 0

    def put(self, mark: Mark, force_code: str, name: str, token: str = "") -> None:
        self.count += 1
        self.tokens.setdefault((mark, force_code), {})[name] = token or str(self.count)

    def of(self, mark: Mark, force_code: str) -> Mapping[str, str]:
        return dict(self.tokens.get((mark, force_code), {}))

    def clear(self, mark: Mark, force_code: str, marked: Mapping[str, str]) -> None:
        there = self.tokens.get((mark, force_code), {})
        for name in [name for name, token in marked.items() if there.get(name) == token]:
            del there[name]


class MemoryLedger(Ledger):
    """Entries in a dictionary."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Entry] = {}

    def find(self, force_code: str, export_id: str) -> Entry | None:
        return self.entries.get((force_code, export_id))

    def write(self, entry: Entry) -> None:
        self.entries[entry.force_code, entry.export_id] = entry

    def keep(self, entry: Entry) -> None:
        was = self.find(entry.force_code, entry.export_id)
        if was and was.status is ExportStatus.WITHDRAWN:
            raise WithdrawnError(entry.object_key)
        self.write(entry)

    def of_force(self, force_code: str) -> Iterator[Entry]:
        yield from (entry for (owner, _), entry in sorted(self.entries.items()) if owner == force_code)


class Desk:
    """One force, EX, with the profiles it is given."""

    def __init__(self, **profiles: str) -> None:
        self.exports, self.lake, self.results = MemoryBucket("exports"), MemoryBucket("lake"), MemoryBucket("results")
        self.ledger = MemoryLedger()
        self.entries = self.ledger.entries
        self.hints: list[Mapping[str, str]] = []
        self.told: list[Mapping[str, str]] = []
        self.woken: list[tuple[str, str]] = []
        self.marks = MemoryMarks()
        self.intake = Intake(
            exports=self.exports,
            lake=self.lake,
            results=self.results,
            ledger=self.ledger,
            marks=self.marks,
            wakes=SimpleNamespace(send=lambda *sent: self.woken.append(sent)),
            measure=SimpleNamespace(send=lambda _, hint: self.hints.append(hint)),
            notify=SimpleNamespace(send=lambda _, hint: self.told.append(hint)),
            secret=CallerSecret("1", b"secret"),
            force_codes=frozenset({"EX"}),
        )
        for name, text in profiles.items():
            [receipt] = self.drop(text.encode(), f"config/sources/{name}.toml")
            assert receipt.status == "read", receipt.message
        self.hints.clear()

    def drop(
        self, content: bytes, key: str, *, metadata: Mapping[str, str] | None = None, at: datetime = ARRIVED
    ) -> tuple[Receipt, ...]:
        key = key if "/" in key else f"incoming/EX/{key}"
        self.exports.objects[key] = (content, dict(metadata or {}))
        receipts = take_in(Drop(key, None, at), self.intake)
        for receipt in receipts:
            receipt.balance()
        return receipts

    def staged(self) -> set[str]:
        """Keys of the staged parts."""
        return {key for key in self.lake.objects if key.startswith("staged/")}

    def receipts(self) -> list[dict[str, object]]:
        """What Athena would read of the receipts."""
        return [json.loads(body) for key, (body, _) in self.results.objects.items() if "/receipts/" in key]
