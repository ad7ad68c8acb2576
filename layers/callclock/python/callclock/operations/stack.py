"""One deployment, as the person who runs it works with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from callclock import layout
from callclock.clock import format_instant
from callclock.exports.receipt import Receipt
from callclock.lake.folds import Fate, fates
from callclock.ledger import Entry, Ledger, Mark, Marks
from callclock.objects import Bucket
from callclock.outbox import Hints, Wakes


@dataclass(frozen=True)
class Stack:
    """Buckets, tables and queues of a deployment, and the forces it is for."""

    exports: Bucket
    lake: Bucket
    results: Bucket
    ledger: Ledger
    marks: Marks
    wakes: Wakes
    measure: Hints
    force_codes: tuple[str, ...]

    def entries(self, force_code: str | None = None) -> Iterator[Entry]:
        """Every export of a force, or of all; those in order of arrival."""
        for code in (force_code,) if force_code else self.force_codes:
            yield from sorted(self.ledger.of_force(code), key=lambda entry: (entry.arrived_at, entry.export_id))

    def receipts(self, entry: Entry) -> Iterator[Receipt]:
        """Receipts of an export, one for each table."""
        for listed in self.results.list(layout.receipts_prefix(entry.force_code, entry.export_id)):
            found = self.results.text(listed.key)
            if found:
                yield Receipt.from_json(found[0])

    def fates(self, force_code: str) -> Mapping[tuple[str, str], Fate]:
        """What became of the rows of every export of a force, by export and table, as far as it is folded."""
        with TemporaryDirectory(prefix="callclock-") as name:
            path = Path(name) / "folds.parquet"
            return fates(path, Path(name)) if self.results.fetch(layout.folds(force_code), path) else {}

    def file(self, receipt: Receipt) -> None:
        """Put a receipt in place of the one there is."""
        key = layout.receipt(receipt.force_code, receipt.export_id, receipt.table_name)
        self.results.put(key, receipt.to_json())

    def fold(self, entry: Entry, now: datetime) -> None:
        """Have measure look at an export again; the mark sees to it should the message be lost."""
        self.marks.put(Mark.UNFOLDED, entry.force_code, entry.export_id)
        hint = {"force_code": entry.force_code, "export_id": entry.export_id, "now": format_instant(now)}
        self.measure.send(entry.force_code, hint)

    def is_folded(self, entry: Entry) -> bool:
        """Whether measure has looked at an export since it was last asked to."""
        return entry.export_id not in self.marks.of(Mark.UNFOLDED, entry.force_code)

    def forget_taken(self, entry: Entry) -> None:
        """Have the tick of intake send the object of an export again, should nobody have taken it by then."""
        taken = self.marks.of(Mark.TAKEN, entry.force_code)
        if entry.object_key in taken:
            self.marks.clear(Mark.TAKEN, entry.force_code, {entry.object_key: taken[entry.object_key]})
