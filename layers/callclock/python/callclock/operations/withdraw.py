"""Withdrawing an export: from then on every month is what it would be had the export never come (DESIGN 1)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from callclock import layout
from callclock.clock import format_instant
from callclock.exports.receipt import Receipt
from callclock.ledger import Entry, Mark
from callclock.operations.stack import Stack
from callclock.reasons import ExportStatus


@dataclass(frozen=True)
class Withdrawal:
    """What was, or would be, withdrawn or brought back: months and records kept by table."""

    entry: Entry
    months: Mapping[str, tuple[str, ...]]
    records: Mapping[str, int]


def plan(stack: Stack, entry: Entry) -> Withdrawal:
    """Say what withdrawing an export, or bringing it back, concerns."""
    return Withdrawal(entry, entry.months, {r.table_name: r.accepted for r in stack.receipts(entry) if r.profile_hash})


def withdraw(stack: Stack, entry: Entry, now: datetime) -> Withdrawal:
    """Withdraw an export and have its months folded again; dropping it again changes nothing.

    What says so in the lake is written first: should the rest fail, no run counts the rows, and withdrawing once more
    does the rest. Staged rows, raw file and quarantine stay as they are.
    """
    made = plan(stack, entry)
    key = layout.withdrawn(entry.force_code, entry.export_id)
    stack.lake.put(key, json.dumps({"object_key": entry.object_key, "withdrawn_at": format_instant(now)}))
    stack.ledger.write(replace(entry, status=ExportStatus.WITHDRAWN, again=False))
    for receipt in stack.receipts(entry):
        if _has_a_say(receipt) and receipt.status is not ExportStatus.WITHDRAWN:
            message = f"{receipt.shown} was withdrawn at {format_instant(now)}: its rows count for nothing."
            stack.file(replace(receipt, status=ExportStatus.WITHDRAWN, message=message))
    stack.fold(entry, now)
    return made


def bring_back(stack: Stack, entry: Entry, now: datetime) -> Withdrawal:
    """Undo a withdrawal: what had been read of the export counts again."""
    made = plan(stack, entry)
    worst = ExportStatus.READ
    for receipt in stack.receipts(entry):
        if _has_a_say(receipt) and receipt.status is ExportStatus.WITHDRAWN:
            status = _before(receipt)
            worst = worst if status is ExportStatus.READ else status
            message = f"{receipt.shown} was brought back at {format_instant(now)}, having been withdrawn."
            stack.file(replace(receipt, status=status, message=message))
    if worst is not ExportStatus.READ:
        # It is in no digest any more: notify lists it anew, and tells nobody twice.
        stack.marks.put(Mark.UNTOLD, entry.force_code, entry.export_id)
    stack.ledger.write(replace(entry, status=worst))
    stack.lake.remove(layout.withdrawn(entry.force_code, entry.export_id))
    stack.fold(entry, now)
    return made


def _has_a_say(receipt: Receipt) -> bool:
    """Tell a receipt of what became of the export from one that says where its receipts are."""
    return bool(receipt.profile_hash or receipt.reason)


def _before(receipt: Receipt) -> ExportStatus:
    """Status that a receipt had before its export was withdrawn."""
    if not receipt.reason:
        return ExportStatus.READ
    return ExportStatus.HELD if receipt.profile_hash else ExportStatus.REFUSED
