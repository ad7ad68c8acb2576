"""Reading exports again after their profile was mended: a new staging in place of the old (DESIGN 1)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from callclock.clock import format_instant
from callclock.exports.profile import Profile
from callclock.ledger import Entry
from callclock.operations.stack import Stack
from callclock.operations.withdraw import bring_back
from callclock.outdated import outdated
from callclock.reasons import ExportStatus


@dataclass(frozen=True)
class Rereading:
    """What reading an export again would do.

    Attributes
    ----------
    there
        Whether the raw file is still kept; without it nothing can be read again.
    changed
        Profiles that are not what they were when they read it, by table; an export that no profile read has none.
    quarantined
        Records of it in quarantine.
    """

    entry: Entry
    there: bool
    changed: tuple[str, ...]
    quarantined: int


def plan(stack: Stack, entry: Entry, profiles: Mapping[str, Profile]) -> Rereading:
    """Say what reading an export again would do.

    Parameters
    ----------
    profiles
        Those in force, by name.
    """
    return Rereading(
        entry=entry,
        there=stack.exports.holds(entry.object_key, entry.version_id),
        changed=outdated(entry, profiles),
        quarantined=sum(receipt.quarantined for receipt in stack.receipts(entry)),
    )


def read_again(stack: Stack, entry: Entry, now: datetime) -> None:
    """Have intake read an export again, whatever it was read by; one that was withdrawn is brought back.

    Should the message be lost, the next tick finds that the object was not taken in.
    """
    if entry.status is ExportStatus.WITHDRAWN:
        bring_back(stack, entry, now)
        entry = stack.ledger.find(entry.force_code, entry.export_id) or entry
    stack.ledger.write(replace(entry, again=True))
    stack.forget_taken(entry)
    stack.wakes.send(entry.object_key, format_instant(now), entry.version_id, entry.export_id)


def is_done(stack: Stack, entry: Entry) -> Entry | None:
    """Give the entry once intake has read the export again."""
    found = stack.ledger.find(entry.force_code, entry.export_id)
    return found if found and not found.again else None
