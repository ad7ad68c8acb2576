"""When an export was taken, as its name or its metadata state it; and the stretch of days that its name states."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from callclock.clock import local_midnight
from callclock.exports.profile import Profile
from callclock.settings import Force

METADATA_KEY = "exported-at"
"""Object metadata that is looked at where the profile names no other."""
_MS = timedelta(milliseconds=1)
_DIRECTIVES = {
    "Y": r"\d{4}", "y": r"\d{2}", "m": r"\d{1,2}", "d": r"\d{1,2}", "H": r"\d{1,2}", "I": r"\d{1,2}", "M": r"\d{1,2}",
    "S": r"\d{1,2}", "f": r"\d{1,6}", "p": "[AaPp][Mm]", "j": r"\d{3}", "b": "[A-Za-z]{3}", "B": "[A-Za-z]+",
    "z": r"(?:Z|[+-]\d{2}:?\d{2})", "%": "%",
}  # fmt: skip
# Padded in a name: without the zeros 2026111 would be two dates.
_PADDED = {"m": r"\d{2}", "d": r"\d{2}", "H": r"\d{2}", "M": r"\d{2}", "S": r"\d{2}"}
_TIME_OF_DAY = ("%H", "%I")
_DAY = re.compile(r"(?<!\d)(\d{4})(-?)(\d{2})\2(\d{2})(?!\d)|(?<!\d)(\d{4})-(\d{2})(?![\d-])")


def stated_exported_at(
    keys: tuple[str, ...], metadata: Mapping[str, str], profiles: Sequence[Profile], force: Force
) -> datetime | None:
    """Read what the object's name or metadata state, by the first profile (in order of name) that finds it.

    Parameters
    ----------
    keys
        Keys by which the export is known, that of its archive last; the last part of each is looked at.
    metadata
        Metadata of the object.
    force
        Its zone is that of wall clocks. A date without a time means the end of that local day.

    Returns
    -------
    datetime or None
        UTC; None where nothing states it.
    """
    for profile in sorted(profiles, key=lambda profile: profile.name):
        stated = stated_by(profile, keys, metadata, force)
        if stated:
            return stated
    return None if profiles else _of_metadata(metadata.get(METADATA_KEY), force.tz)


def stated_by(profile: Profile, keys: tuple[str, ...], metadata: Mapping[str, str], force: Force) -> datetime | None:
    """Read what the export's name, else its archive's, else the object's metadata, state for one profile."""
    said = profile.export.exported_at
    named = (_of_name(key, said.text, force.tz) for key in keys) if said.way == "name" else iter(())
    found = next((at for at in named if at), None)
    return found or _of_metadata(metadata.get(said.text if said.way == "metadata" else METADATA_KEY), force.tz)


def on_the_day(stated: datetime | None, arrived_at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the stated instant; of an export that arrives on the day its name states, the arrival.

    A date means the end of its day (docs/decisions/0007): a nightly job that drops its file the same evening is not in
    the future.
    """
    midnight = local_midnight(arrived_at.astimezone(zone).date() + timedelta(days=1), zone)
    return arrived_at if stated == midnight - _MS else stated


def _of_name(key: str, form: str, zone: ZoneInfo) -> datetime | None:
    name = key.rsplit("/", 1)[-1]
    found = None
    for text in re.findall(rf"(?<!\d){_pattern(form)}(?!\d)", name):
        try:
            parsed = datetime.strptime(text, form)  # noqa: DTZ007 (its zone is added below)
        except ValueError:
            continue
        # The last one: a name that holds the days covered has the day it was taken after them.
        found = _instant(parsed, zone, whole_day=not any(directive in form for directive in _TIME_OF_DAY))
    return found


def _pattern(form: str) -> str:
    parts = re.split(r"%([A-Za-z%])", form)
    return "".join(
        re.escape(part) if place % 2 == 0 else _PADDED.get(part) or _DIRECTIVES.get(part, ".+?")
        for place, part in enumerate(parts)
    )


def _of_metadata(text: str | None, zone: ZoneInfo) -> datetime | None:
    """Read an ISO instant, an ISO wall clock or a date."""
    if not text:
        return None
    try:
        return _instant(datetime.fromisoformat(text), zone, whole_day=re.fullmatch(r"[\d-]+", text) is not None)
    except ValueError:
        return None


def _instant(parsed: datetime, zone: ZoneInfo, *, whole_day: bool) -> datetime:
    if whole_day:
        return local_midnight(parsed.date() + timedelta(days=1), zone) - _MS
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC)


def stated_days(keys: tuple[str, ...], profile: Profile, force: Force) -> tuple[datetime, datetime] | None:
    """First and last instant of the days or months that an export's name, else its archive's, states.

    The date that says when the export was taken is left out where there is another.
    """
    named = (list(_days(key.rsplit("/", 1)[-1])) for key in keys)
    days = next((found for found in named if found), [])
    if profile.export.exported_at.way == "name" and len(days) > 1:
        days = days[:-1]
    if not days:
        return None
    first, last = min(start for start, _ in days), max(end for _, end in days)
    return local_midnight(first, force.tz), local_midnight(last, force.tz) - _MS


def _days(name: str) -> Iterator[tuple[date, date]]:
    """Each date or month of a name as its first day and the day after its last."""
    for found in _DAY.finditer(name):
        try:
            if found[1]:
                day = date(int(found[1]), int(found[3]), int(found[4]))
                yield day, day + timedelta(days=1)
            else:
                first = date(int(found[5]), int(found[6]), 1)
                yield first, (first + timedelta(days=32)).replace(day=1)
        except ValueError:
            continue
