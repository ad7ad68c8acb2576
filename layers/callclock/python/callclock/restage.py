"""What one reading of an export leaves in the buckets: a new staging in place of the old (DESIGN 1)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from callclock import layout
from callclock.clock import Month
from callclock.exports.receipt import Receipt
from callclock.exports.stage import Staging
from callclock.ledger import Entry, Ledger
from callclock.objects import Bucket
from callclock.reasons import ExportStatus

STAYS = " What was read of it before stays as it was."


@dataclass(frozen=True)
class Restaging:
    """One export whose stagings are put where layout says.

    Attributes
    ----------
    entry
        Its ledger entry: the months that may hold rows of an earlier reading.
    """

    entry: Entry
    exports: Bucket
    lake: Bucket
    results: Bucket
    ledger: Ledger

    def put(self, stagings: Sequence[Staging]) -> tuple[Entry, tuple[Receipt, ...]]:
        """Put stagings in place of what an earlier reading left, and take away what they do not replace.

        A table whose reading is held keeps what was read of it before. The ledger learns of the months before the
        lake does: a run that dies half way is repeated, by whatever profile, and finds them.

        Returns
        -------
        tuple
            The entry with all months that may hold rows, and the receipts.
        """
        read = {s.receipt.table_name: s for s in stagings if s.receipt.status is ExportStatus.READ}
        gone = [table for table in self._before if read and table not in {s.receipt.table_name for s in stagings}]
        entry = replace(self.entry, months=self._owed(read))
        if entry.months != self.entry.months:
            self.ledger.keep(entry)
        for staging in stagings:
            self._store(staging)
        for table, month in self._left_over(read, gone):
            self.lake.remove(layout.staged(table, entry.force_code, month, entry.export_id))
        receipts = tuple(self._told(staging.receipt) for staging in stagings)
        for receipt in (*receipts, *self._explained(receipts, gone)):
            key = layout.receipt(receipt.force_code, receipt.export_id, receipt.table_name)
            self.results.put(key, receipt.to_json())
        return entry, receipts

    @property
    def _before(self) -> Mapping[str, frozenset[Month]]:
        return {table: frozenset(map(Month.parse, months)) for table, months in self.entry.months.items()}

    def _owed(self, read: Mapping[str, Staging]) -> Mapping[str, tuple[str, ...]]:
        """Months that hold rows of the export, or may, by table."""
        months = {table: {*found} for table, found in self.entry.months.items()}
        for table, staging in read.items():
            months.setdefault(table, set()).update(map(str, staging.parts))
        return {table: tuple(sorted(found)) for table, found in months.items() if found}

    def _store(self, staging: Staging) -> None:
        receipt = staging.receipt
        for month, part in staging.parts.items():
            self.lake.put(layout.staged(receipt.table_name, receipt.force_code, month, receipt.export_id), part)
        key = layout.quarantined(receipt.table_name, receipt.force_code, receipt.export_id)
        if staging.quarantine:
            self.exports.put(key, staging.quarantine)
        elif receipt.table_name in self.entry.profiles:
            self.exports.remove(key)

    def _left_over(self, read: Mapping[str, Staging], gone: Sequence[str]) -> Iterator[tuple[str, Month]]:
        """Tables and months in which the earlier reading left rows and this one does not."""
        for table in (*read, *gone):
            parts = read[table].parts if table in read else {}
            yield from ((table, month) for month in sorted(self._before.get(table, ())) if month not in parts)

    def _told(self, receipt: Receipt) -> Receipt:
        """Return the receipt with every month that is to be folded: those that lost their rows too."""
        before = self._before.get(receipt.table_name)
        if receipt.status is ExportStatus.READ:
            return replace(receipt, months=tuple(sorted({*receipt.months, *(before or ())})))
        return replace(receipt, message=receipt.message + STAYS) if before else receipt

    def _explained(self, receipts: Sequence[Receipt], gone: Sequence[str]) -> Iterator[Receipt]:
        """Receipts in place of those of an earlier reading that say what is no longer so."""
        fed = ", ".join(receipt.table_name for receipt in receipts)
        whole = Receipt.of_whole(
            force_code=self.entry.force_code,
            export_id=self.entry.export_id,
            object_key=self.entry.object_key,
            status=ExportStatus.READ,
            reason=None,
            message=f"It was refused at first. Its profile has been mended since: see its receipts for {fed}.",
            config_hash=receipts[0].config_hash,
            arrived_at=self.entry.arrived_at,
            member=self.entry.member,
        )
        if self.entry.status is ExportStatus.REFUSED and not self.entry.profiles:
            yield whole
        for table in gone:
            yield replace(
                whole,
                table_name=table,
                status=ExportStatus.WITHDRAWN,
                message=f"No profile feeds {table} from it any more; it feeds {fed}.",
                months=tuple(sorted(self._before[table])),
            )
