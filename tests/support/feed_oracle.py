"""The feed's figures by plain loops over records and exports, a second reading of METRICS "E" that shares no code."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
LIMIT = timedelta(hours=6)
BEFORE, AFTER = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Sent:
    """An export: what it covers, when it was taken and came, what was judged of it and refused."""

    source: str
    table: str
    covered: tuple[datetime, datetime] | None
    exported_at: datetime
    arrived_at: datetime
    records: int
    quarantined: int
    resend: str = "snapshot"
    selected_by: str = "start"


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), LONDON).astimezone(UTC)


def uncovered(sent: Sequence[Sent]) -> Iterator[tuple[datetime, datetime]]:
    """Stretches of which these exports say nothing."""
    spans = sorted(s.covered for s in sent if s.covered)
    if not spans:
        yield BEFORE, AFTER
        return
    known: list[list[datetime]] = []
    for start, end in spans:
        if known and start - known[-1][1] <= LIMIT:
            known[-1][1] = max(known[-1][1], end)
        else:
            known.append([start, end])
    yield BEFORE, _at_midnight_before(known[0][0])
    for (_, end), (start, _) in pairwise(known):
        first, last = _at_midnight_after(end), _at_midnight_before(start)
        yield (first, last) if first < last else (end, start)
    newest = max(s.exported_at for s in sent)
    reached = known[-1][1]
    yield (_at_midnight_after(reached) if newest - reached > LIMIT else newest), AFTER


def _at_midnight_after(at: datetime) -> datetime:
    then = midnight(at.astimezone(LONDON).date() + DAY)
    return then if then - at <= LIMIT else at


def _at_midnight_before(at: datetime) -> datetime:
    then = midnight(at.astimezone(LONDON).date())
    return then if at - then <= LIMIT else at


def feed(
    records: Sequence[tuple[str, Mapping[str, Any]]],
    sent: Sequence[Sent],
    days: Sequence[date],
    retired: Mapping[str, date],
) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Figures by metric, day and source; ``records`` with the name of their table."""
    heard = max(s.arrived_at for s in sent)
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for day in days:
        start, end = midnight(day), midnight(day + DAY)
        if start >= heard:
            continue
        for source in {s.source for s in sent}:
            mine = [
                (t, r) for t, r in records if r["source"] == source and r["started_at"].astimezone(LONDON).date() == day
            ]
            theirs = [s for s in sent if s.source == source]
            over = {"complete": end <= heard, "as_at": min(heard, end + 3 * DAY), "n_immature": 0}
            came = [s for s in theirs if start <= s.arrived_at < end]
            before = [s.exported_at for s in theirs if s.arrived_at < end]
            if before and not (source in retired and day >= retired[source]):
                age = (min(end, heard) - max(before)).total_seconds()
                found["feed.age_s", str(day), source] = {"value": age, "n": None, **over}
            judged, refused = sum(s.records for s in came), sum(s.quarantined for s in came)
            if judged:
                shares = {"value": refused / judged, "n": judged, "numerator": refused, "denominator": judged}
                found["feed.quarantine_rate", str(day), source] = {**shares, **over}
            holes = list(uncovered(theirs))
            if not mine and any(a <= start and b >= end for a, b in holes):
                continue
            if any(a < end and b > start for a, b in holes):
                over |= {"complete": False, "n_immature": 1}
            shown = {
                (start + timedelta(minutes=m)).astimezone(LONDON).hour
                for m in range(0, 25 * 60, 5)
                if start + timedelta(minutes=m) < end
            }
            rung = {r["started_at"].astimezone(LONDON).hour for _, r in mine}
            disputed = sum(r.get("conflicts") or 0 for _, r in mine)
            found["feed.rows", str(day), source] = {"value": len(mine), "n": len(mine), **over}
            found["feed.conflicts", str(day), source] = {"value": disputed, "n": len(mine), **over}
            found["feed.hours_missing", str(day), source] = {"value": len(shown - rung), "n": len(shown), **over}
            brought = [r for _, r in mine if r.get("resend") == "snapshot"]
            if brought:
                gone = sum(_vanished(r, theirs) for r in brought)
                found["feed.vanished", str(day), source] = {"value": gone, "n": len(brought), **over}
            timed = [is_late for t, r in mine if (is_late := _backwards(t, r)) is not None]
            if timed:
                shares = {"value": sum(timed) / len(timed), "numerator": sum(timed), "denominator": len(timed)}
                found["feed.negative_interval_share", str(day), source] = {**shares, "n": len(timed), **over}
    return found


def _vanished(record: Mapping[str, Any], sent: Sequence[Sent]) -> bool:
    """Whether any snapshot taken after the record was last seen covers its start."""
    return any(
        s.covered is not None
        and s.covered[0] <= record["started_at"] <= s.covered[1]
        and s.exported_at > record["observed_at"]
        for s in sent
        if s.resend == "snapshot" and s.selected_by == "start"
    )


def _backwards(table: str, record: Mapping[str, Any]) -> bool | None:
    """Whether an interval of a record ends before it begins; None where it has none."""
    if table == "incidents":
        arrived = record.get("first_arrived_at")
        return None if arrived is None else arrived < record["started_at"] - timedelta(seconds=2)
    if table == "calls":
        ends = [record[k] for k in ("final_answered_at", "ended_at") if record.get(k)]
        return min(ends) < record["started_at"] if ends else None
    return None
