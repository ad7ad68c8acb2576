"""Notices of exports to those who run the feeds: refused, held, or read with more in quarantine than usual."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from callclock import configuration, layout
from callclock.clock import format_instant, parse_instant
from callclock.exports.receipt import Receipt
from callclock.lake.coverage import Coverage
from callclock.lake.leaps import leaps
from callclock.ledger import DeliveredLog
from callclock.notices import LEAP_REASON, ExportTrouble, Mail, QuarantineLeapt, compose_export, compose_leap
from callclock.notices_table import NoticesTable
from callclock.objects import Bucket
from callclock.outbox import Topic
from callclock.reasons import ExportReason, ExportStatus
from callclock.settings import Force
from callclock.weekly import Stopped

_STOPPED = frozenset({ExportStatus.HELD, ExportStatus.REFUSED})


def _stopped_story(force_code: str) -> str:
    """Name under which the exports of a force are listed that were told as refused or held, for its digest."""
    return f"{force_code}#stopped-exports"


def _story(receipt: Receipt) -> str:
    """Name under which it is recorded what was told of an export."""
    return f"{receipt.force_code}#export#{receipt.export_id}#{receipt.table_name}"


def _instant(at: str) -> datetime:
    """Instant of an entry of the log; its reason stands behind it."""
    return parse_instant(at.partition("#")[0])


def _row(receipt: Receipt, reason: str, mail: Mail, now: datetime) -> Mapping[str, object]:
    """Row of a notice in the table that Athena reads; of a leap with the rate that leapt."""
    leapt = reason == LEAP_REASON
    return {
        "rule_id": "export",
        "revision": str(mail.data["schema"]).rpartition("/")[2],
        "decided_at": format_instant(now).removesuffix("Z"),
        "reason": reason,
        "state": receipt.status.value,
        "severity": None,
        "since": None,
        "frontier_end": None,
        "metric": "feed.quarantine_rate" if leapt else "all",
        "value": mail.data["rate"] if leapt else None,
        "subject": mail.subject,
        "held_back": None,
    }


@dataclass(frozen=True)
class ExportNotices:
    """What telling of exports works with."""

    lake: Bucket
    results: Bucket
    delivered: DeliveredLog
    operations: Topic

    def tell(self, force_code: str, export_id: str, now: datetime) -> int:
        """Tell of an export, once of each thing that there is to say, and return how many notices were published."""
        told = 0
        for listed in self.results.list(layout.receipts_prefix(force_code, export_id)):
            found = self.results.text(listed.key)
            receipt = Receipt.from_json(found[0]) if found else None
            if receipt and receipt.status in _STOPPED and receipt.reason:
                # Told once for each reading: a file held again after its profile was changed is news.
                reading = f"{receipt.profile_hash}#{receipt.config_hash}#{receipt.reason}"
                told += self._once(receipt, receipt.reason, reading, compose_export(self._trouble(receipt)), now)
                self._list(receipt)
            elif receipt and receipt.status is ExportStatus.READ:
                for leapt in self._leapt(receipt):
                    told += self._once(receipt, LEAP_REASON, LEAP_REASON, compose_leap(leapt), now)
        return told

    def _once(self, receipt: Receipt, reason: str, reading: str, mail: Mail, now: datetime) -> int:
        if any(entry["reading"] == reading for entry in self.delivered.of_story(_story(receipt))):
            return 0
        self.operations.publish(mail.subject, mail.body, mail.data, mail.attributes)
        if receipt.force_code not in layout.NO_FORCES:
            NoticesTable(self.results, self.delivered, receipt.force_code).owe(_row(receipt, reason, mail, now))
        self.delivered.record(_story(receipt), now, reason, {"reading": reading})
        return 1

    def _list(self, receipt: Receipt) -> None:
        """List an export as standing, as it was told last: also one that had left the list and stands again."""
        told = [e["at"] for e in self.delivered.of_story(_story(receipt)) if e["reading"] != LEAP_REASON]
        named = {"export_id": receipt.export_id, "table_name": receipt.table_name}
        self.delivered.record(
            _stopped_story(receipt.force_code), _instant(max(told)), f"{receipt.export_id}#{receipt.table_name}", named
        )

    def stopped(self, force_code: str) -> list[Stopped]:
        """Exports that were told as refused or held, and by their receipts still are.

        Those that are so no longer leave the list, and earlier tellings of the others with them: it is as long as what
        stands, however many there ever were. One that stands again is marked untold, and listed once more by that.
        """
        story = _stopped_story(force_code)
        listed = self.delivered.of_story(story)
        told = {(entry["export_id"], entry["table_name"]): entry["at"] for entry in listed}
        found: dict[str, Stopped] = {}
        for (export_id, table_name), at in told.items():
            read = self.results.text(layout.receipt(force_code, export_id, table_name))
            receipt = Receipt.from_json(read[0]) if read else None
            if receipt and receipt.status in _STOPPED and receipt.reason:
                found[at] = Stopped(receipt.shown, receipt.status, receipt.reason, _instant(at))
        self.delivered.forget(story, [entry["at"] for entry in listed if entry["at"] not in found])
        return list(found.values())

    def _trouble(self, receipt: Receipt) -> ExportTrouble:
        return ExportTrouble(
            force_code=receipt.force_code,
            object_key=receipt.shown,
            status=receipt.status,
            reason=ExportReason(str(receipt.reason)),
            message=receipt.message or "",
            nearest_profile=receipt.profile,
            missing_columns=tuple(receipt.missing_columns),
            receipt_key=self._lies_at(receipt),
        )

    def _leapt(self, receipt: Receipt) -> Iterator[QuarantineLeapt]:
        """Leap of the quarantine rate in the table of a receipt, as measure found it."""
        settings = configuration.in_force(self.lake)
        force = settings.force(receipt.force_code) or Force(name=receipt.force_code)
        with tempfile.TemporaryDirectory(prefix="callclock-") as name:
            coverage = Coverage.load(self.results, receipt.force_code, Path(name))
        for leap in leaps(coverage, [receipt.export_id], force.quarantine_leap):
            if leap.row.table_name == receipt.table_name:
                yield QuarantineLeapt(
                    force_code=receipt.force_code,
                    object_key=receipt.shown,
                    source=leap.row.source,
                    table_name=receipt.table_name,
                    records=receipt.counts.judged,
                    quarantined=receipt.quarantined,
                    reasons=receipt.reasons,
                    rate=leap.rate,
                    usual=leap.usual,
                    compared=leap.compared,
                    receipt_key=self._lies_at(receipt),
                    quarantine_key=layout.quarantined(receipt.table_name, receipt.force_code, receipt.export_id),
                )

    def _lies_at(self, receipt: Receipt) -> str:
        key = layout.receipt(receipt.force_code, receipt.export_id, receipt.table_name)
        return f"s3://{self.results.name}/{key}"
