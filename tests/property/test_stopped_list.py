"""The list of exports that stand refused or held says what a list that forgets nothing would say, and stays short."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from callclock import layout
from callclock.export_notices import ExportNotices
from callclock.exports.receipt import Receipt
from callclock.ledger import Entry, Mark
from callclock.operations.withdraw import bring_back, withdraw
from callclock.reasons import ExportReason, ExportStatus
from callclock.weekly import Stopped
from tests.support.desk import Desk
from tests.support.memory_lake import MemoryBucket
from tests.support.pipeline import MemoryLog

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
EXPORTS = st.sampled_from(["e1", "e2"])
STATUSES = st.sampled_from([ExportStatus.REFUSED, ExportStatus.HELD, ExportStatus.READ])


class TheList(RuleBasedStateMachine):
    """Exports are read, refused, held, withdrawn and brought back; a digest asks for the list now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.stack: Any = SimpleNamespace(
            lake=self.desk.lake, ledger=self.desk.ledger, marks=self.desk.marks, receipts=self.receipts, file=self.file,
            fold=lambda entry, now: None,
        )  # fmt: skip
        self.mails: list[str] = []
        operations: Any = SimpleNamespace(publish=lambda subject, *_: self.mails.append(subject))
        self.log = MemoryLog()
        self.notices = ExportNotices(MemoryBucket("lake"), self.desk.results, self.log, operations)
        self.now = BEGIN
        self.told: dict[str, datetime] = {}
        self.readings: set[tuple[str, ExportStatus, str]] = set()

    def receipts(self, entry: Entry) -> list[Receipt]:
        found = self.desk.results.text(layout.receipt("EX", entry.export_id, "calls"))
        return [Receipt.from_json(found[0])] if found else []

    def file(self, receipt: Receipt) -> None:
        self.desk.results.put(layout.receipt("EX", receipt.export_id, "calls"), receipt.to_json())

    def _tell(self) -> None:
        """What notify does with any hint: those that are marked."""
        self.now += timedelta(hours=1)
        for export in self.desk.marks.of(Mark.UNTOLD, "EX"):
            self.notices.tell("EX", export, self.now)
        self.desk.marks.clear(Mark.UNTOLD, "EX", self.desk.marks.of(Mark.UNTOLD, "EX"))

    @rule(export=EXPORTS, status=STATUSES, profile=st.sampled_from(["p1", "p2"]), asked=st.booleans())
    def taken_in(self, export: str, status: ExportStatus, profile: str, asked: bool) -> None:
        """Intake reads it, for the first time or again, by one profile or another."""
        entry = self.desk.ledger.find("EX", export)
        if entry and entry.status is ExportStatus.WITHDRAWN:
            return
        reason = {ExportStatus.REFUSED: ExportReason.NO_PROFILE, ExportStatus.HELD: ExportReason.TOO_MUCH_QUARANTINED}
        receipt = Receipt(
            "EX", export, "calls", f"incoming/EX/{export}.csv", status, BEGIN, profile, reason.get(status),
            profile_hash=None if status is ExportStatus.REFUSED else profile,
        )  # fmt: skip
        self.file(receipt)
        self.desk.ledger.write(Entry("EX", export, status, receipt.object_key, BEGIN, None, profile, {}, {}))
        self.desk.marks.put(Mark.UNTOLD, "EX", export)
        self._tell()
        if status is not ExportStatus.READ and (export, status, profile) not in self.readings:
            self.readings.add((export, status, profile))
            self.told[export] = self.now
        if asked:
            self.digest()

    @rule(export=EXPORTS, asked=st.booleans())
    def withdrawn_or_brought_back(self, export: str, asked: bool) -> None:
        entry = self.desk.ledger.find("EX", export)
        if entry:
            (bring_back if entry.status is ExportStatus.WITHDRAWN else withdraw)(self.stack, entry, self.now)
        if asked:
            self.digest()

    @rule()
    def any_hint(self) -> None:
        self._tell()

    def digest(self) -> None:
        """It asks right after the marks were told, and says what a list that forgets nothing says."""
        self._tell()
        expected = []
        for export, at in self.told.items():
            [receipt] = self.receipts(replace(next(iter(self.desk.ledger.of_force("EX"))), export_id=export))
            if receipt.status in {ExportStatus.REFUSED, ExportStatus.HELD} and receipt.reason:
                expected.append(Stopped(receipt.shown, receipt.status, receipt.reason, at))
        assert sorted(self.notices.stopped("EX"), key=str) == sorted(expected, key=str)
        assert len(self.log.of_story("EX#stopped-exports")) == len(expected), "no longer than what stands"

    @invariant()
    def each_reading_is_told_once(self) -> None:
        assert len(self.mails) == len(self.readings)


TestTheList = TheList.TestCase
TestTheList.settings = settings(max_examples=100, stateful_step_count=15, deadline=None)
