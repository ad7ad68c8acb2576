"""Wall clocks to UTC in SQL against the standard library's zoneinfo, every quarter of an hour of the years around."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest

from callclock.clock import Month, local_midnight
from callclock.exports.clocks import Clock

STEP = timedelta(minutes=15)


def expected(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime, str | None]:
    utc = ZoneInfo("UTC")
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(utc).replace(tzinfo=None) for fold in (0, 1))
    exists = early.replace(tzinfo=utc).astimezone(zone).replace(tzinfo=None) == wall
    if not exists:
        return early, early, "N"  # PEP 495: the offset before the gap
    return early, late, "A" if early != late else None


def changes(zone: ZoneInfo, first: int, last: int) -> list[datetime]:
    """Wall clocks within two days of every change of offset, and one a week besides."""
    found, day = set(), datetime(first, 1, 1)  # noqa: DTZ001 (a wall clock)
    while day.year < last:
        after = day + timedelta(days=1)
        if day.replace(tzinfo=zone).utcoffset() != after.replace(tzinfo=zone).utcoffset():
            start = day - timedelta(days=1)
            found |= {start + STEP * n for n in range(4 * 24 * 4)}
        if day.weekday() == 2:
            found.add(day + timedelta(hours=day.day))
        day = after
    return sorted(found)


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("Europe/London", 1996, 2051),
        ("America/New_York", 1996, 2051),
        ("Australia/Lord_Howe", 2000, 2051),
        ("Asia/Jerusalem", 1999, 2003),
        ("UTC", 2024, 2026),
        ("Asia/Kolkata", 2024, 2026),
    ],
)
def test_both_readings_and_the_flag_are_zoneinfos(zone: str, first: int, last: int) -> None:
    walls = changes(ZoneInfo(zone), first, last)
    assert len(walls) > 100
    clock = Clock(zone)
    reading = clock.read("w", "u", "f")
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        db.execute("CREATE TABLE walls (w TIMESTAMP)")
        db.execute("INSERT INTO walls SELECT unnest($1::TIMESTAMP[])", [walls])
        rows = db.execute(
            f"SELECT w, {reading.first}, {reading.second}, f FROM (SELECT *, {clock.flag('w', 'u')} AS f "
            f"FROM (SELECT w, {clock.anchor('w')} AS u FROM walls)) ORDER BY w"
        ).fetchall()
        back = db.execute(
            f"SELECT w, {clock.wall('u')} FROM (SELECT w, {clock.anchor('w')} AS u FROM walls) ORDER BY w"
        ).fetchall()
    assert [row[1:] for row in rows] == [expected(row[0], ZoneInfo(zone)) for row in rows]
    gone = {row[0] for row in rows if row[3] == "N"}
    assert all(wall == again for wall, again in back if wall not in gone)
    if zone in {"Europe/London", "America/New_York"}:
        assert {row[3] for row in rows} == {None, "A", "N"}


@pytest.mark.parametrize("zone", ["Europe/London", "Europe/Paris", "UTC"])
def test_the_wall_of_a_month_is_zoneinfos(zone: str) -> None:
    """On its first and last hour, and where clocks change within it."""
    clock, tz, utc = Clock(zone), ZoneInfo(zone), ZoneInfo("UTC")
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        for month in (Month(year, number) for year in (1996, 2025, 2050) for number in range(1, 13)):
            begin, end = (
                local_midnight(day, tz).replace(tzinfo=None) for day in (month.first_day, month.next_first_day)
            )
            steps = [begin + timedelta(hours=n) for n in range(int((end - begin).total_seconds() // 3600))]
            found = db.execute(
                f"SELECT {clock.wall_in('i', month)} FROM (SELECT unnest($1::TIMESTAMP[]) AS i)", [steps]
            ).fetchall()
            assert [wall for (wall,) in found] == [
                at.replace(tzinfo=utc).astimezone(tz).replace(tzinfo=None) for at in steps
            ]
