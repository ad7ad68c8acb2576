"""Exports that stand as an earlier version of their profile read them, and what a person does about it."""

from collections.abc import Iterable, Mapping, Sequence

from callclock.exports.archive import known_by
from callclock.exports.profile import Profile
from callclock.exports.recognise import matches_path
from callclock.ledger import Entry
from callclock.reasons import ExportStatus

_NAMED = 10


def outdated(entry: Entry, profiles: Mapping[str, Profile]) -> tuple[str, ...]:
    """Profiles that read an export and have been changed, or taken away, since."""
    hashes = {name: profile.hash for name, profile in profiles.items()}
    return tuple(name for table, name in sorted(entry.sources.items()) if hashes.get(name) != entry.profiles.get(table))


def reread_by(file: str, profiles: Sequence[Profile], entries: Iterable[Entry]) -> str:
    """Say which exports a profile that was dropped would read otherwise than they stand; empty where it is none.

    Certain are those that another version of it has read, and those whose profile is no more, as after a change of its
    name. Exports that were refused may be its own now, where its path fits them: only their content tells. What another
    profile reads is not looked at.

    Parameters
    ----------
    file
        Configuration file: ``sources/x.toml``.
    profiles
        All that are in force.
    entries
        Every export there is; those withdrawn are left out.
    """
    known = {profile.name: profile for profile in profiles}
    mine = [profile for profile in profiles if profile.file == file]
    lost: list[Entry] = []
    stale: list[Entry] = []
    refused: list[Entry] = []
    for entry in entries:
        if entry.status is ExportStatus.WITHDRAWN:
            continue
        if not entry.sources:
            refused += [entry] if entry.status is ExportStatus.REFUSED and _may_be_of(entry, mine) else []
            continue
        changed = outdated(entry, known)
        if any(profile.name in changed for profile in mine):
            stale.append(entry)
        elif any(name not in known for name in changed):
            lost.append(entry)
    said = []
    if stale:
        said.append(
            f"{_counted(stale)} read by what it said before and would be read differently: {_named(stale)}. "
            f"`callclock replay --profile {mine[0].name}` shows what that would do, and does it with --yes."
        )
    if lost:
        said.append(
            f"{_counted(lost)} read by a profile that is there no more: {_named(lost)}. `callclock replay` with their "
            "names reads them by what is in force."
        )
    if refused:
        said.append(
            f"{_counted(refused)} refused where it reads, and may be its own now: {_named(refused)}. "
            "`callclock replay` with their names tries them."
        )
    return "\n".join(said)


def _may_be_of(entry: Entry, profiles: Sequence[Profile]) -> bool:
    keys = known_by(entry.object_key, entry.member)
    return any(matches_path(profile.match.path, key) for profile in profiles for key in keys)


def _counted(entries: Sequence[Entry]) -> str:
    return f"{len(entries):,} exports were" if len(entries) > 1 else "One export was"


def _named(entries: Sequence[Entry]) -> str:
    """Names of the newest, and how many more there are."""
    newest = sorted(entries, key=lambda entry: (entry.arrived_at, entry.export_id), reverse=True)[:_NAMED]
    shown = [(entry.member or entry.object_key).rpartition("/")[2] for entry in newest]
    more = len(entries) - len(newest)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")
