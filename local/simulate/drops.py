"""Which export is taken when, and when it is dropped: monthly, and the ways in which real feeds go wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from local.simulate import story

SYSTEMS = {
    "incidents": "cad_incidents",
    "regrades": "cad_regrades",
    "risk": "cad_risk",
    "calls": "acd_calls",
    "contacts": "online_contacts",
}
RECORDS_DAY, RECORDS_HOUR = 4, 6
"""Command and control writes what changed up to the midnight that ends the month, the others the month days later."""
UPLOADED_AFTER = 1800  # seconds; one script then uploads what all of them exported
LOST_HOUR = story.epoch(date(2023, 9, 12), 14)


@dataclass(frozen=True)
class Drop:
    """One file dropped.

    Attributes
    ----------
    system
        Key of ``SYSTEMS``.
    name
        File name; holds the local wall clock at which the export was taken.
    exported, arrives
        Seconds since 1970: when it was taken, and when it reaches the bucket.
    since, until
        Export before and this one (of a ``delta`` system), or first start covered and the end of what is covered (of a
        ``snapshot`` system); seconds since 1970.
    why
        What a reader should know of it; empty for an ordinary export.
    """

    system: str
    name: str
    exported: int
    arrives: int
    since: int
    until: int
    why: str = ""

    @property
    def key(self) -> str:
        """Object key in the exports bucket."""
        return f"incoming/{story.FORCE}/{self.name}"


def drops() -> list[Drop]:
    """All files of the year in order of arrival."""
    found: list[Drop] = []
    since = story.epoch(story.YEAR_START)
    month = story.YEAR_START
    while month < story.YEAR_END:
        following = _next_month(month)
        over, later = story.epoch(following), story.epoch(following.replace(day=RECORDS_DAY), RECORDS_HOUR)
        for system in SYSTEMS:
            exported, first = (later, story.epoch(month)) if system in {"calls", "contacts"} else (over, since)
            name = file_name(system, month, exported)
            found.append(Drop(system, name, exported, later + UPLOADED_AFTER, first, over))
        month, since = following, over
    found += [_again(found), _recorder_mended()]
    found = [_late(drop) if drop.name.startswith("online_contacts_2023-11") else drop for drop in found]
    found += _closing(since)
    return sorted(found, key=lambda drop: (drop.arrives, drop.name))


def file_name(system: str, month: date, exported: int) -> str:
    """Name as the systems write it: ``acd_calls_2023-04_20230504T0600.csv``."""
    taken = datetime.fromtimestamp(exported, UTC).astimezone(story.ZONE)
    return f"{SYSTEMS[system]}_{month:%Y-%m}_{taken:%Y%m%dT%H%M}.csv"


def _next_month(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _again(monthly: list[Drop]) -> Drop:
    july = next(drop for drop in monthly if drop.name.startswith("acd_calls_2023-07"))
    name = july.name.replace(".csv", " (1).csv")
    return Drop(
        july.system, name, july.exported, july.arrives + 86400, july.since, july.until, "the same bytes a day later"
    )


def _recorder_mended() -> Drop:
    exported = story.epoch(date(2023, 10, 20), RECORDS_HOUR)
    arrives = story.epoch(date(2023, 11, RECORDS_DAY), RECORDS_HOUR) + UPLOADED_AFTER
    name = file_name("calls", date(2023, 9, 1), exported)
    why = "September and what followed once more: the answers of one hour of the 12th had been lost"
    return Drop("calls", name, exported, arrives, story.epoch(date(2023, 9, 1)), exported, why)


def _late(drop: Drop) -> Drop:
    arrives = story.epoch(date(2024, 1, RECORDS_DAY), RECORDS_HOUR) + UPLOADED_AFTER
    return Drop(
        drop.system, drop.name, drop.exported, arrives, drop.since, drop.until, "reaches the bucket a month late"
    )


def _closing(since: int) -> list[Drop]:
    """Every system once more on 30 April 2024: March's incidents have had their 28 days, its last callers theirs."""
    exported = story.epoch(date(2024, 4, 30), RECORDS_HOUR)
    arrives, why = (
        exported + UPLOADED_AFTER,
        "what has changed since March, and calls and contacts of April's first days",
    )
    return [
        Drop(system, file_name(system, date(2024, 4, 1), exported), exported, arrives, since, exported, why)
        for system in SYSTEMS
    ]
