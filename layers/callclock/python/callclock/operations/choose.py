"""Which exports a person means: by name, day of arrival, profile, status or reason of quarantine."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from callclock.ledger import Entry
from callclock.operations.stack import Stack
from callclock.reasons import ExportStatus

_ID_LEAST = 8
"""Figures of an export id that tell it from every other, in a deployment of any size met so far."""


@dataclass(frozen=True)
class Choice:
    """What is asked for; what is not given does not matter, and all that is given must hold.

    Attributes
    ----------
    names
        Each a file name, an object key, a pattern of one (``cad_2026-*.csv``), or an export id or its first eight
        figures or more. A file of an archive goes by its own name too.
    since, until
        First and last day (UTC) of arrival.
    profile
        Profile that read it.
    reason
        A reason of quarantine or of the whole export: ``bad_instant`` is met by ``bad_instant:closed_at`` too.
    """

    names: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    profile: str | None = None
    reason: str | None = None
    statuses: Collection[ExportStatus] = frozenset(ExportStatus)

    @property
    def says_nothing(self) -> bool:
        """Whether every export would be meant."""
        return not any((self.names, self.since, self.until, self.profile, self.reason))


def chosen(stack: Stack, choice: Choice, force_code: str | None = None) -> Iterator[Entry]:
    """Give the exports that are meant, in order of arrival by force."""
    for entry in stack.entries(force_code):
        if _meant(entry, choice) and (choice.reason is None or _has_reason(stack, entry, choice.reason)):
            yield entry


def unmet(entries: Sequence[Entry], choice: Choice) -> tuple[str, ...]:
    """Names by which no export was found."""
    return tuple(name for name in choice.names if not any(_is_named(entry, name) for entry in entries))


def _meant(entry: Entry, choice: Choice) -> bool:
    arrived = entry.arrived_at.date()
    return (
        entry.status in choice.statuses
        and (not choice.names or any(_is_named(entry, name) for name in choice.names))
        and (choice.since is None or arrived >= choice.since)
        and (choice.until is None or arrived <= choice.until)
        and (choice.profile is None or choice.profile in entry.sources.values())
    )


def _is_named(entry: Entry, name: str) -> bool:
    known = [entry.object_key, *([entry.member] if entry.member else [])]
    known += [key.rpartition("/")[2] for key in known]
    by_id = len(name) >= _ID_LEAST and entry.export_id.startswith(name)
    return by_id or any(key == name or fnmatchcase(key, name) for key in known)


def _has_reason(stack: Stack, entry: Entry, reason: str) -> bool:
    for receipt in stack.receipts(entry):
        given = [*receipt.reasons, *([receipt.reason.value] if receipt.reason else [])]
        if any(found == reason or found.partition(":")[0] == reason for found in given):
            return True
    return False
