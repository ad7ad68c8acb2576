"""Faults of a profile that show only when all of it is read."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from callclock.columns import Kind, Table
from callclock.contracts import INCIDENTS
from callclock.exports.grammar import Reading
from callclock.exports.rules import Action, Cell, DateAndTime, Rule
from callclock.reasons import Exclusion

if TYPE_CHECKING:
    from callclock.exports.profile import Profile

GRADE_SCHEME = "grade_scheme"
# What a record is known by where the profile names no columns of the export; a risk assessment has nothing of its own.
IDENTITY: Mapping[str, tuple[str, ...]] = {
    "incidents": ("incident_id",),
    "regrades": ("incident_id", "regraded_at"),
    "calls": ("call_id",),
    "contacts": ("contact_id",),
    "safeguarding": (),
    "call_intervals": ("provider", "line", "queue", "interval_start"),
}
_WORD = re.compile(r"[a-z][a-z0-9_]*")


def check_profile(profile: "Profile", reading: Reading) -> None:
    """Note every fault that concerns more than one key."""
    for entry in profile.entries:
        _check_required(profile.contract, entry, reading)
        _check_needs(entry, reading)
        _check_dated(entry, reading)
    if _reads_instants(profile) and not profile.time.formats:
        reading.fault("time.formats", 'an instant is read: say how it is written, as formats = ["%d/%m/%Y %H:%M:%S"]')
    if not profile.export.key and not IDENTITY[profile.table]:
        reading.fault("export.key", 'write the columns that name a record, as key = ["Assessment Number"]')
    day = profile.export.key_else.day if profile.export.key_else else None
    if day and day not in profile.targets:
        reading.fault("export.key_else.day", f"waits for {day}, which the profile does not fill")
    _check_legs(profile, reading)
    _check_rows(profile, reading)
    _check_row_rules(profile, reading)
    if profile.repeats != "collapse":
        for entry in profile.entries:
            for target, rule in entry.items():
                if rule.pick:
                    reading.fault(f"columns.{target}.pick", 'goes with repeats = "collapse" only')
    _check_names(profile, reading)


def _check_required(table: Table, entry: Mapping[str, Rule], reading: Reading) -> None:
    for column in table.mapped:
        if not column.nullable and column.name not in entry:
            reading.fault(f"columns.{column.name}", f"is required by table {table.name}: {column.meaning}")
    if not any(start in entry for start in table.starts):
        reading.fault("columns", f"fill at least one of {', '.join(table.starts)}: a record has no month without it")


def _check_needs(entry: Mapping[str, Rule], reading: Reading) -> None:
    """Check that what a rule waits for is filled, and that no rules wait for each other."""
    for target, rule in entry.items():
        for need in sorted(rule.needs - set(entry)):
            reading.fault(f"columns.{target}", f"waits for {need}, which the profile does not fill")
    waiting, known = dict(entry), set[str]()
    while waiting:
        ready = [target for target, rule in waiting.items() if rule.needs & set(entry) <= known]
        if not ready:
            reading.fault("columns", f"{', '.join(sorted(waiting))} wait for each other (after, start, by)")
            return
        known.update(ready)
        for target in ready:
            del waiting[target]


def _check_dated(entry: Mapping[str, Rule], reading: Reading) -> None:
    for target, rule in entry.items():
        for leaf in rule.leaves:
            if not isinstance(leaf.source, Cell):
                continue
            dated = len(leaf.source.maps) > 1 or any(m.since or m.until or m.scheme for m in leaf.source.maps)
            if dated and not leaf.source.by:
                reading.fault(f"columns.{target}.by", 'a dated map needs the instant that chooses: by = "created_at"')
            if leaf.source.by and not dated:
                reading.fault(f"columns.{target}.by", "goes with a dated map only")
            if GRADE_SCHEME in entry and any(m.scheme for m in leaf.source.maps):
                reading.fault(f"columns.{GRADE_SCHEME}", f"is set by the dated map of {target}: leave one of them out")


def _reads_instants(profile: "Profile") -> bool:
    rules = [(profile.contract.by_name[t], rule) for entry in profile.entries for t, rule in entry.items()]
    if profile.export.exported_at.rule:
        rules.append((profile.contract.by_name["exported_at"], profile.export.exported_at.rule))
    return any(
        isinstance(leaf.source, Cell | DateAndTime)
        for column, rule in rules
        if column.kind is Kind.INSTANT
        for leaf in rule.leaves
    )


def _check_legs(profile: "Profile", reading: Reading) -> None:
    if not profile.export.leg:
        return
    if not profile.contract.has_legs:
        reading.fault("export.leg", f"table {profile.table} has no legs: say by repeats how rows go together")
    if not profile.export.key:
        reading.fault("export.key", "write the columns that all legs of a record share")
    if profile.repeats != "newest" or profile.rows:
        reading.fault("export.leg", "goes neither with repeats nor with [[rows]]: of a leg the newest row counts")


def _check_rows(profile: "Profile", reading: Reading) -> None:
    """Check that the rows made of one row differ in what a record is known by, else they would replace each other."""
    told = {target for entry in profile.rows for target in entry} & set(IDENTITY[profile.table])
    if len(profile.rows) > 1 and not told:
        words = ", ".join(IDENTITY[profile.table]) or "a column of its own"
        reading.fault("rows", f"nothing tells the rows of one row apart: fill one of {words} in each entry")


def _check_row_rules(profile: "Profile", reading: Reading) -> None:
    for number, rule in enumerate(profile.rules):
        key = f"rules[{number}].reason"
        if not _WORD.fullmatch(rule.reason):
            reading.fault(key, f"{rule.reason!r}: write one word of small letters, digits and _")
        if profile.contract is INCIDENTS and rule.action is Action.SET_ASIDE and rule.reason not in set(Exclusion):
            reading.fault(key, f"{rule.reason!r} sets aside for none of {', '.join(Exclusion)}")


def _check_names(profile: "Profile", reading: Reading) -> None:
    """Check that nulls and aliases speak of columns that are read."""
    read = {name for columns in profile.reads for name in columns} | set(profile.match.header)
    for section, words in (("nulls", profile.nulls), ("aliases", profile.aliases)):
        for column in words:
            if column not in read and (section, column) != ("nulls", "*"):
                reading.fault(f"{section}.{column}", "the profile reads no such column")
