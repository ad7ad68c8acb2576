"""What became of those who hung up, worked out a second time, person by person, from METRICS "C" and in plain loops.

Shares no code with the SQL: nothing is sorted by time to find what comes next, every contact of a person is looked at.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from tests.support.attendance_oracle import DAYS_3, LONDON, Figures, Key, midnight, periods, wilson
from tests.support.calls_oracle import HUNG_UP, hear

ORDER = (
    "callback",
    "answered_101",
    "call_999",
    "online_report",
    "webchat",
    "email_social",
    "front_counter",
    "incident_logged",
)
WINDOWS = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "24h": timedelta(hours=24),
    "72h": timedelta(hours=72),
}
THREE_DAYS, WEEK = timedelta(hours=72), timedelta(hours=168)
HALF_HOUR, QUARTER_DAY = timedelta(minutes=30), timedelta(hours=6)
KINDS = {"month", "quarter", "fy_to_date", "rolling_12m"}
Row = Mapping[str, Any]
Caller = tuple[str, str]
Period = tuple[str, str, date]


@dataclass(frozen=True)
class Linked:
    """A source: what it covers, how it re-sends, and when it stopped."""

    table: str
    name: str
    covered_from: datetime
    covered_to: datetime
    holes: Sequence[tuple[datetime, datetime]] = ()
    retired_at: datetime | None = None
    resend: str = "snapshot"

    def covers(self, start: datetime, end: datetime) -> bool:
        """Tell whether it covers what of (start, end] it is linked in."""
        start = max(start, self.covered_from)
        last = self.covered_to
        if self.retired_at:
            end = min(end, self.retired_at)
            # Its last record within six hours of the retirement is not the end of what is known.
            last = self.retired_at if self.retired_at - last <= QUARTER_DAY else last
        if start >= end:
            return True
        return end <= last and not any(start < b and end > a for a, b in self.holes)

    def changes_within(self, start: datetime, end: datetime) -> bool:
        """Tell whether it was first heard of, or last, in (start, end]."""
        return any(start < at <= end for at in (self.covered_from, self.retired_at) if at)


@dataclass(frozen=True)
class Episode:
    """One hang-up that is followed."""

    caller: Caller | None
    day: date
    at: datetime
    stage: str
    prompt: str
    mature: bool = False
    with_placebo: bool = False
    first: tuple[str, timedelta] | None = None
    placebo: tuple[str, timedelta] | None = None
    online: bool = False
    placebo_online: bool = False
    again: timedelta | None = None


def caller_of(row: Row) -> Caller | None:
    return (row["caller_key"], row.get("key_epoch") or "") if row.get("caller_key") else None


def episodes_of(calls: Iterable[Row]) -> list[list[Row]]:
    """Calls of one caller on one line that follow each other by 30 minutes or less; each call without a key alone.

    Of an episode that goes on for days stand the calls to the end of the second day after its first (decision 34).
    """
    alone: list[list[Row]] = []
    together: dict[tuple[Caller, str], list[list[Row]]] = defaultdict(list)
    for row in sorted(
        calls, key=lambda r: (r["call_started_at"], r.get("call_id") or "", r["source"], r["record_key"])
    ):
        caller = caller_of(row)
        if caller is None:
            alone.append([row])
            continue
        mine = together[caller, row["line"]]
        if mine and row["call_started_at"] - max(_holds_until(r) for r in mine[-1]) <= HALF_HOUR:
            mine[-1].append(row)
        else:
            mine.append([row])
    return [*alone, *(_first_days(episode) for mine in together.values() for episode in mine)]


def _holds_until(call: Row) -> datetime:
    return min(call["ended_at"], call["call_started_at"] + timedelta(hours=48))


def _first_days(episode: list[Row]) -> list[Row]:
    days = [row["call_started_at"].astimezone(LONDON).date() for row in episode]
    return [row for row, day in zip(episode, days, strict=True) if day <= days[0] + timedelta(days=2)]


def contacts_of(
    calls: Iterable[Row], contacts: Iterable[Row], incidents: Iterable[Row], known_until: Mapping[str, datetime]
) -> Iterator[tuple[Caller | None, str, datetime, date]]:
    """Every contact: whose, what, when, and the local day of its record."""
    for row in calls:
        call = hear(row, known_until)
        if row.get("callback_connected_at"):
            yield caller_of(row), "callback", row["callback_connected_at"], call.local.date()
        if call.live and row["line"] in {"101", "999"}:
            kind = "answered_101" if row["line"] == "101" else "call_999"
            yield caller_of(row), kind, row["call_started_at"], call.local.date()
    for row in contacts:
        if not row.get("set_aside"):
            yield caller_of(row), row["channel"], row["submitted_at"], row["submitted_at"].astimezone(LONDON).date()
    for row in incidents:
        if row["origin"] == "public" and row.get("set_aside") not in {"training", "pre_planned", "officer_made"}:
            start = row["started_at"]
            yield caller_of(row), "incident_logged", start, start.astimezone(LONDON).date()


def follow(
    calls: Sequence[Row],
    contacts: Sequence[Row],
    incidents: Sequence[Row],
    linked: Sequence[Linked],
    known_until: Mapping[str, datetime],
) -> list[Episode]:
    """Every followed hang-up with what came of it."""
    heard = [(row, hear(row, known_until)) for row in calls]
    counted = [row for row, call in heard if call.counts]
    call_of = {id(row): call for row, call in heard}
    theirs: dict[Caller | None, list[tuple[str, datetime]]] = defaultdict(list)
    for caller, kind, at, _ in contacts_of(counted, contacts, incidents, known_until):
        theirs[caller].append((kind, at))
    hang_ups: dict[Caller | None, list[datetime]] = defaultdict(list)
    for row in counted:
        if call_of[id(row)].stage in HUNG_UP and not call_of[id(row)].live:
            hang_ups[caller_of(row)].append(row["call_started_at"])

    def first(caller: Caller, start: datetime, within: timedelta, kinds: Collection[str]) -> Any:
        found = [
            (at, ORDER.index(kind)) for kind, at in theirs[caller] if kind in kinds and start < at <= start + within
        ]
        return (ORDER[min(found)[1]], min(found)[0] - start) if found else None

    result = []
    for calls_of_it in episodes_of(row for row in counted if row["line"] == "101"):
        episode = _index(calls_of_it, call_of)
        if episode is None:
            continue
        start, before = episode.at, episode.at - WEEK
        mature = all(source.covers(start, start + THREE_DAYS) for source in linked)
        comparable = all(source.covers(before, before + THREE_DAYS) for source in linked) and not any(
            source.changes_within(before, start + THREE_DAYS) for source in linked
        )
        episode = replace(episode, mature=mature, with_placebo=mature and comparable)
        if episode.caller:
            online = {"online_report", "webchat"}
            again = [at - start for at in hang_ups[episode.caller] if at > start]
            episode = replace(
                episode,
                first=first(episode.caller, start, THREE_DAYS, ORDER),
                placebo=first(episode.caller, before, THREE_DAYS, ORDER),
                online=first(episode.caller, start, timedelta(hours=24), online) is not None,
                placebo_online=first(episode.caller, before, timedelta(hours=24), online) is not None,
                again=min(again, default=None),
            )
        result.append(episode)
    return result


def _index(calls: Sequence[Row], call_of: Mapping[int, Any]) -> Episode | None:
    """The earliest hang-up of an episode, unless somebody had spoken to the caller at or before it."""
    given_up = [row for row in calls if call_of[id(row)].stage in HUNG_UP and not call_of[id(row)].live]
    if not given_up:
        return None
    row = min(given_up, key=lambda r: (r["ended_at"], r["call_started_at"], r["source"], r["record_key"]))
    for other in calls:
        if call_of[id(other)].live:
            told = [
                other[k] for k in ("switchboard_answered_at", "first_answered_at", "final_answered_at") if other.get(k)
            ]
            if min(told, default=other["call_started_at"]) <= row["ended_at"]:
                return None
    offered = row.get("alternative_offered_at")
    if not row.get("ivr_entered_at"):
        prompt = "no_message"
    elif offered and offered <= row["ended_at"]:
        prompt = "prompted"
    else:
        prompt = "not_prompted" if "alternative_offered_at" in (row.get("tells") or "") else "unknown"
    return Episode(
        caller=caller_of(row),
        day=min(r["call_started_at"] for r in calls).astimezone(LONDON).date(),
        at=row["ended_at"],
        stage=call_of[id(row)].stage,
        prompt=prompt,
    )


def expected(
    calls: Sequence[Row],
    contacts: Sequence[Row],
    incidents: Sequence[Row],
    linked: Sequence[Linked],
    *,
    as_at: datetime,
    known_until: Mapping[str, datetime],
    wanted: Collection[tuple[str, str, str]],
) -> dict[Key, Figures]:
    """Every value that is due, by (metric, kind, label, period_end, line, stage, outcome, channel, window_label)."""
    grouped: dict[Period, list[Episode]] = defaultdict(list)
    for episode in follow(calls, contacts, incidents, linked, known_until):
        for period in _longer_periods(episode.day, wanted):
            grouped[period].append(episode)
    found: dict[Key, Figures] = {}
    for period, episodes in grouped.items():
        for stage in {"all", *(e.stage for e in episodes)}:
            mine = [e for e in episodes if stage in {"all", e.stage}]
            for (metric, outcome, window), said in _figures(mine, stage):
                of_it = [e for e in mine if outcome not in {"prompted", "not_prompted"} or e.prompt == outcome]
                key = (metric, *_named(period), "101", stage, outcome, "all", window)
                found[key] = _finished(said, period, max(e.at for e in of_it), as_at)
    heard = [row for row in calls if hear(row, known_until).counts]
    channels: dict[tuple[Period, str], list[tuple[bool, datetime]]] = defaultdict(list)
    for caller, kind, at, day in contacts_of(heard, contacts, incidents, known_until):
        for period in _longer_periods(day, wanted):
            channels[period, kind].append((caller is not None, at))
    for (period, kind), seen in channels.items():
        said = _share(sum(known for known, _ in seen), len(seen))
        key = ("followthrough.linkable_contact_share", *_named(period), "all", "all", "all", kind, "all")
        found[key] = _finished(said, period, max(at for _, at in seen), as_at)
    return found


def _longer_periods(day: date, wanted: Collection[tuple[str, str, str]]) -> Iterator[Period]:
    for kind, label, _, end in periods(day):
        if kind in KINDS and (kind, label, end.isoformat()) in wanted:
            yield kind, label, end


def _named(period: Period) -> tuple[str, str, str]:
    return period[0], period[1], period[2].isoformat()


def _finished(said: Figures, period: Period, last: datetime, as_at: datetime) -> Figures:
    over = midnight(period[2])
    figures = {"n_immature": 0, "n_unknown": 0, "notes": [], **said, "as_at": min(as_at, max(over, last) + DAYS_3)}
    return {**figures, "complete": as_at >= over and not figures["n_immature"]}


def _figures(episodes: Sequence[Episode], stage: str) -> Iterator[tuple[tuple[str, str, str], Figures]]:
    mature = [e for e in episodes if e.mature]
    cohort = [e for e in mature if e.caller]
    known = [e for e in episodes if e.caller]
    unlinkable = len(mature) - len(cohort)
    common: Figures = {"n_immature": len(known) - len(cohort), "n_unknown": unlinkable}
    measurable = 2 * len(cohort) >= len(mature)
    for window, within in WINDOWS.items():
        if stage != "all" and window != "72h":
            continue
        first = [e.first[0] if e.first and e.first[1] <= within else "none_found" for e in cohort]
        for outcome in (*ORDER, "none_found"):
            share = _share(first.count(outcome), len(cohort), measurable)
            yield ("followthrough.share", outcome, window), {**share, **common}
        again = sum(e.again is not None and e.again <= within for e in cohort)
        yield ("calls.hung_up_again", "all", window), {"value": again, "n": again, **common}
        if stage == "all":
            yield from _chance(known, window, within, unlinkable, measurable)
    for outcome in ("all", *ORDER) if stage == "all" else ("all",):
        delays = [e.first[1].total_seconds() for e in cohort if e.first and outcome in {"all", e.first[0]}]
        value = median(delays) if delays and measurable else None
        notes = [] if measurable else ["not_measurable"]
        yield (
            ("followthrough.delay_median_s", outcome, "72h"),
            {"value": value, "n": len(delays), **common, "notes": notes},
        )
    nothing = sum(e.first is None for e in cohort)
    immature = len(episodes) - len(mature)
    yield ("followthrough.no_contact_found_share", "all", "72h"), {**_share(nothing, len(cohort), measurable), **common}
    of_all = {**_share(nothing, len(mature), measurable), "n_immature": immature}
    yield ("followthrough.no_contact_found_share_of_all", "all", "72h"), of_all
    yield ("followthrough.unlinkable_share", "all", "all"), {**_share(unlinkable, len(mature)), "n_immature": immature}
    if stage == "all":
        yield from _prompted(episodes)


def _chance(
    known: Sequence[Episode], window: str, within: timedelta, unlinkable: int, measurable: bool
) -> Iterator[tuple[tuple[str, str, str], Figures]]:
    pairs = [e for e in known if e.with_placebo]
    common: Figures = {"n_immature": len(known) - len(pairs), "n_unknown": unlinkable}
    for outcome in ("all", *ORDER):

        def hit(found: tuple[str, timedelta] | None, outcome: str = outcome) -> int:
            return int(found is not None and found[1] <= within and outcome in {"all", found[0]})

        placebo = sum(hit(e.placebo) for e in pairs)
        yield ("followthrough.placebo_share", outcome, window), {**_share(placebo, len(pairs), measurable), **common}
        value = low = high = None
        if pairs and measurable:
            differences = [hit(e.first) - hit(e.placebo) for e in pairs]
            value = sum(differences) / len(pairs)
            by_caller: dict[Any, float] = defaultdict(float)
            for e, d in zip(pairs, differences, strict=True):
                by_caller[e.caller] += d - value
            margin = 1.959964 * math.sqrt(math.fsum(s * s for s in by_caller.values())) / len(pairs)
            low, high = (value - margin, value + margin) if len(by_caller) >= 30 else (None, None)
        said = {"value": value, "n": len(pairs), "ci_low": low, "ci_high": high, "numerator": None, "denominator": None}
        notes = [] if measurable else ["not_measurable"]
        yield ("followthrough.excess_share", outcome, window), {**said, **common, "notes": notes}


def _prompted(episodes: Sequence[Episode]) -> Iterator[tuple[tuple[str, str, str], Figures]]:
    untold = sum(e.mature and e.prompt == "unknown" for e in episodes)
    for prompt in ("prompted", "not_prompted"):
        mine = [e for e in episodes if e.prompt == prompt]
        if not mine:
            continue
        mature = [e for e in mine if e.mature]
        cohort = [e for e in mature if e.caller]
        pairs = [e for e in cohort if e.with_placebo]
        known = sum(e.caller is not None for e in mine)
        measurable = 2 * len(cohort) >= len(mature)
        notes = {"notes": ["not_causal"] if measurable else ["not_causal", "not_measurable"]}
        unknown = {"n_unknown": len(mature) - len(cohort) + untold}
        for name, hits, n in (
            ("", sum(e.online for e in cohort), len(cohort)),
            ("_placebo", sum(e.placebo_online for e in pairs), len(pairs)),
        ):
            share = {**_share(hits, n, measurable), "n_immature": known - n, **unknown, **notes}
            yield (f"followthrough.prompted_online{name}_share", prompt, "24h"), share


def _share(k: int, n: int, measurable: bool = True) -> Figures:
    if not measurable:
        unsaid = dict.fromkeys(("value", "numerator", "denominator", "ci_low", "ci_high"))
        return {**unsaid, "n": n, "notes": ["not_measurable"]}
    low, high = wilson(k, n) if n else (None, None)
    return {"value": k / n if n else None, "n": n, "numerator": k, "denominator": n, "ci_low": low, "ci_high": high}
