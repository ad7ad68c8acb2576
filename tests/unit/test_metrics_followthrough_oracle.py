"""What became of those who hung up: every value against a second reading of METRICS "C" in plain loops."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from callclock.clock import Month, periods_of
from callclock.metrics.catalogue import Family, families, family
from callclock.metrics.known import FOR_EVER, SourceKnown
from tests.support.against_oracle import same_values
from tests.support.calls_oracle import HUNG_UP
from tests.support.curated import at, call, contact, incident, values, write_numbered
from tests.support.followthrough_oracle import WINDOWS, Linked, expected

FAMILIES = [of for of in families() if of.name.startswith("followthrough_")]
SHARES, CHANCE, PROMPT, REACH = (family(f"followthrough_{name}") for name in ("shares", "chance", "prompt", "reach"))
KEYS = ("metric", "period_kind", "period_label", "period_end", "line", "stage", "outcome", "channel", "window_label")
MARCH = Month(2026, 3)
LONG_AGO = at("2024-01-01T00:00:00Z")
Rows = list[dict[str, Any]]


def known(linked: Sequence[Linked], as_at: datetime) -> list[SourceKnown]:
    """Sources as coverage knows them: gaps as evaluation is told of them."""

    def gaps(source: Linked) -> tuple[tuple[datetime, datetime], ...]:
        end = source.retired_at or FOR_EVER
        last = [(source.covered_to, end)] if end - source.covered_to > timedelta(hours=6) else []
        return (*source.holes, *last)

    return [
        SourceKnown(
            s.table,
            s.name,
            as_at,
            s.resend,
            covered_from=s.covered_from,
            covered_to=s.covered_to,
            retired_at=s.retired_at,
            gaps=gaps(s),
        )
        for s in linked
    ]


def check(
    calls: Rows, contacts: Rows, incidents: Rows, linked: Sequence[Linked], as_at: datetime, workdir: Path,
    of: Sequence[Family] = FAMILIES,
) -> pd.DataFrame:  # fmt: skip
    """Compare all values of a partition with the oracle's; the values."""
    tables = [[{"record_key": str(n), **row} for n, row in enumerate(rows)] for rows in (calls, contacts, incidents)]
    also = {
        name: [write_numbered(name, rows, workdir)]
        for name, rows in zip(("contacts", "incidents"), tables[1:], strict=True)
    }
    found = values(of, tables[0], MARCH, workdir, as_at=as_at, also=also, sources=known(linked, as_at))
    mine = {
        (p.kind.value, p.label, p.end.isoformat()) for p in periods_of(MARCH) if p.kind in {*of[0].kinds, *of[-1].kinds}
    }
    delta = {s.name: as_at for s in linked if s.resend == "delta"}
    due = expected(*tables, linked, as_at=as_at, known_until=delta, wanted=mine)
    measures = {measure.name for one in of for measure in one.metrics}
    same_values(found, {key: figures for key, figures in due.items() if key[0] in measures}, KEYS)
    return found


def random_calls(chance: random.Random, as_at: datetime, callers: Sequence[str | None], starts: list[datetime]) -> Rows:
    """Calls in clusters, so that episodes join and split at the millisecond."""
    rows = []
    for first in starts:
        start = first
        caller = chance.choice(callers)
        epoch = chance.choice(["1", "1", "1", "2"]) if caller else None
        for _ in range(chance.choice([1, 1, 1, 2, 2, 3, 5])):
            stage = chance.choice(
                [*sorted(HUNG_UP), *sorted(HUNG_UP), "answered", "answered", "callback", "failed", None]
            )
            end = start + timedelta(milliseconds=chance.choice([1, 5000, 60_000, 900_000, chance.randrange(2_000_000)]))
            said: dict[str, Any] = {"stage": stage, "caller_key": caller, "key_epoch": epoch, "line": "101"}
            said["source"] = said["resend"] = "delta"
            said["line"] = chance.choices(["101", "999", "minicom"], [12, 3, 1])[0]
            said["direction"] = chance.choices(["inbound", "outbound"], [20, 1])[0]
            said["ended_at"] = end if chance.random() < 0.97 else None
            said["set_aside"] = chance.choices([None, "training"], [30, 1])[0]
            said["call_id"] = chance.choice(["a", "b", None])
            said["tells"] = chance.choice(["alternative_offered_at", None])
            if chance.random() < 0.8:
                said["ivr_entered_at"] = start
                said["alternative_offered_at"] = chance.choice([None, end, end + timedelta(milliseconds=1), start])
            if stage == "answered" and chance.random() < 0.9:
                said["first_answered_at"] = chance.choice([start, end, start + (end - start) / 2])
            elif chance.random() < 0.1:
                said["switchboard_answered_at"] = start
            if stage == "callback":
                asked = said["callback_asked_at"] = end
                connected = asked + timedelta(hours=chance.choice([1, 24, 30]))
                said["callback_connected_at"] = chance.choice([None, connected]) if connected <= as_at else None
            rows.append(call(min(end + timedelta(days=1), as_at), call_started_at=start, **said))
            pause = chance.choice([0, 1_799_999, 1_800_000, 1_800_001, 600_000, -3000])
            start = end + timedelta(milliseconds=pause)
    return rows


def around(chance: random.Random, calls: Rows) -> tuple[str | None, str | None, datetime]:
    """A caller and an instant at which a contact decides something: at a hang-up, at the end of a window, in between."""
    row = chance.choice(calls)
    after = row["ended_at"] or row["call_started_at"]
    week = timedelta(hours=chance.choice([0, 0, 168]))
    edges = [timedelta(), *WINDOWS.values()]
    delay = chance.choice([*edges, timedelta(milliseconds=int(1000 * 300_000 ** chance.random()))])
    return (
        row["caller_key"],
        row["key_epoch"],
        after - week + delay + timedelta(milliseconds=chance.choice([-1, 0, 0, 1])),
    )


def random_contacts(chance: random.Random, as_at: datetime, calls: Rows, count: int) -> tuple[Rows, Rows]:
    contacts, incidents = [], []
    for _ in range(count):
        key, epoch, instant = around(chance, calls)
        said = {"caller_key": key, "key_epoch": epoch}
        channel = chance.choice(["online_report", "webchat", "email_social", "front_counter"])
        aside = chance.choices([None, "training"], [15, 1])[0]
        if chance.random() < 0.7:
            contacts.append(contact(as_at, submitted_at=instant, channel=channel, set_aside=aside, **said))
        if chance.random() < 0.4:
            origin = chance.choice(["public", "public", "public", "officer", "external", "alarm", "unknown"])
            incidents.append(incident(as_at, created_at=instant, origin=origin, set_aside=aside, **said))
    return contacts, incidents


def starts(chance: random.Random, count: int) -> list[datetime]:
    edges = [at(t) for t in ("2026-03-29T00:59:59.999Z", "2026-03-29T01:00:00Z", "2026-03-31T22:59:59.999Z")]
    edges += [at(t) for t in ("2026-03-01T00:00:00Z", "2026-02-28T23:40:00Z", "2026-03-31T22:50:00Z")]
    base = at("2026-02-15T00:00:00Z")
    found = [base + timedelta(milliseconds=chance.randrange(50 * 86_400_000)) for _ in range(count)]
    found += [at("2025-04-01T00:00:00Z") + timedelta(hours=chance.randrange(8000)) for _ in range(count // 4)]
    return found + [chance.choice(edges) for _ in range(count // 10)]


@pytest.mark.parametrize("seed", range(4))
def test_random_lives(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    as_at = at("2026-05-01T00:00:00Z")
    # Many callers, or few with much to tell apart; more or fewer who cannot be linked.
    callers = [None] * chance.choice([1, 9]) + [f"k{n}" for n in range(chance.choice([6, 60]))]
    calls = random_calls(chance, as_at, callers, starts(chance, 150))
    contacts, incidents = random_contacts(chance, as_at, calls, 250)
    linked = [
        Linked("calls", "delta", LONG_AGO, at("2026-04-25T00:00:00Z"), resend="delta"),
        Linked("contacts", "web", at("2026-02-20T10:00:00Z"), at("2026-04-02T12:00:00Z")),
        Linked("incidents", "cad", LONG_AGO, at("2026-04-03T00:00:00Z")),
    ]
    extra = [
        Linked("incidents", "old", LONG_AGO, at("2026-03-10T21:00:00Z"), retired_at=at("2026-03-11T00:00:00Z")),
        Linked(
            "contacts",
            "desk",
            LONG_AGO,
            at("2026-04-25T00:00:00Z"),
            holes=[(at("2026-03-20T00:00:00Z"), at("2026-03-21T09:00:00Z"))],
        ),
        Linked("contacts", "gone", LONG_AGO, at("2026-03-10T12:00:00Z"), retired_at=at("2026-03-12T00:00:00Z")),
    ]
    found = check(calls, contacts, incidents, [*linked, *extra[:seed]], as_at, tmp_path)
    assert len(found) > 700


AS_AT = at("2026-05-01T00:00:00Z")
ALL_COVERED = [Linked(table, table, LONG_AGO, AS_AT) for table in ("calls", "contacts", "incidents")]
NOON = at("2026-03-28T12:00:00Z")  # the clocks change in the night that follows
HOUR = timedelta(hours=1)


def hung_up(instant: datetime, caller: str | None = "k", **said: Any) -> dict[str, Any]:
    """A call on 101 of two minutes that ends in a hang-up at this instant."""
    stage = {"stage": "queue", "source": "calls", "caller_key": caller, "key_epoch": "1" if caller else None}
    return call(AS_AT, call_started_at=instant - HOUR / 30, ended_at=instant, **{**stage, **said})


def spoken(instant: datetime, line: str = "101", caller: str | None = "k", **said: Any) -> dict[str, Any]:
    """A call that is answered at once."""
    row = {"stage": "answered", "source": "calls", "caller_key": caller, "key_epoch": "1" if caller else None}
    end = instant + HOUR / 60
    return call(
        AS_AT, call_started_at=instant, ended_at=end, line=line, **{"first_answered_at": instant, **row, **said}
    )


def sent(instant: datetime, channel: str, caller: str | None = "k", **said: Any) -> dict[str, Any]:
    return contact(AS_AT, submitted_at=instant, channel=channel, caller_key=caller, key_epoch="1", **said)


def found_in(frame: pd.DataFrame, metric: str, **keys: str) -> pd.Series:
    """The one row of March with these keys."""
    chosen = frame[(frame.metric == metric) & (frame.period_kind == "month")]
    for key, value in {"stage": "all", "channel": "all", **keys}.items():
        chosen = chosen[chosen[key] == value]
    assert len(chosen) == 1, keys
    return chosen.iloc[0]


def outcome(frame: pd.DataFrame, window: str = "72h") -> dict[str, int]:
    """What was found first, and of how many."""
    shares = frame[(frame.metric == "followthrough.share") & (frame.period_kind == "month") & (frame.stage == "all")]
    shares = shares[(shares.window_label == window) & (shares.numerator > 0)]
    return dict(zip(shares.outcome, shares.numerator.astype(int), strict=True))


LATER = NOON + HOUR
FOLLOWED: dict[str, tuple[Rows, Rows, Rows, dict[str, int]]] = {
    "nothing": ([hung_up(NOON)], [], [], {"none_found": 1}),
    "at the very instant is not after": ([hung_up(NOON)], [sent(NOON, "webchat")], [], {"none_found": 1}),
    "one instant, every way: the order decides": (
        [hung_up(NOON), spoken(LATER, "999"), spoken(LATER, call_id="b", caller="k")],
        [sent(LATER, "webchat"), sent(LATER, "online_report")],
        [incident(AS_AT, created_at=LATER, caller_key="k", key_epoch="1")],
        {"answered_101": 1},
    ),
    "the incident of a 999 call does not compete": (
        [hung_up(NOON), spoken(LATER, "999")],
        [],
        [incident(AS_AT, created_at=LATER + HOUR / 60, caller_key="k", key_epoch="1")],
        {"call_999": 1},
    ),
    "72 h across the change of the clocks are 72 h": (
        [hung_up(NOON)],
        [sent(NOON + timedelta(hours=72), "front_counter")],
        [],
        {"front_counter": 1},
    ),
    "and one millisecond more is too late": (
        [hung_up(NOON)],
        [sent(NOON + timedelta(hours=72, milliseconds=1), "front_counter")],
        [],
        {"none_found": 1},
    ),
    "keys of two epochs never match": ([hung_up(NOON), spoken(LATER, key_epoch="2")], [], [], {"none_found": 1}),
    "no key meets no key": (
        [hung_up(NOON, None), hung_up(NOON)],
        [sent(LATER, "webchat", None)],
        [],
        {"none_found": 1},
    ),
    "a further hang-up is no contact": ([hung_up(NOON), hung_up(NOON + 2 * HOUR)], [], [], {"none_found": 2}),
    "a 999 call that nobody answered is none either": (
        [hung_up(NOON), hung_up(LATER, line="999")],
        [],
        [],
        {"none_found": 1},
    ),
    "a redial within the episode is a contact": (
        [hung_up(NOON), hung_up(NOON + HOUR / 4), spoken(NOON + HOUR / 2)],
        [],
        [],
        {"answered_101": 1},
    ),
    "answered before: nothing to follow": ([spoken(NOON - HOUR / 4), hung_up(NOON)], [], [], {}),
    "answered at the instant of the hang-up, on two telephones": (
        [hung_up(NOON), spoken(NOON - HOUR / 60, first_answered_at=NOON)],
        [],
        [],
        {},
    ),
    "overlapping, answered a moment after the hang-up": (
        [hung_up(NOON), spoken(NOON - HOUR / 60, first_answered_at=NOON + HOUR / 3600), spoken(LATER)],
        [],
        [],
        {"answered_101": 1},
    ),
    "a callback counts when it is connected": (
        [
            call(
                AS_AT,
                call_started_at=NOON - HOUR / 3,
                ended_at=NOON - HOUR / 4,
                stage="callback",
                source="calls",
                caller_key="k",
                key_epoch="1",
                callback_asked_at=NOON - HOUR / 4,
                callback_connected_at=NOON + 3 * HOUR,
            ),
            hung_up(NOON),
        ],
        [sent(NOON + 4 * HOUR, "webchat")],
        [],
        {"callback": 1},
    ),
    "what an officer logged is no contact": (
        [hung_up(NOON)],
        [],
        [incident(AS_AT, created_at=LATER, origin="officer", caller_key="k", key_epoch="1")],
        {"none_found": 1},
    ),
    "hung up after the switchboard had answered": (
        [hung_up(NOON, switchboard_answered_at=NOON - HOUR / 60)],
        [],
        [],
        {},
    ),
    "on another line": ([hung_up(NOON, line="999")], [], [], {}),
}


@pytest.mark.parametrize("case", FOLLOWED)
def test_hand_worked(case: str, tmp_path: Path) -> None:
    calls, contacts, incidents, due = FOLLOWED[case]
    found = check(calls, contacts, incidents, ALL_COVERED, AS_AT, tmp_path, [SHARES])
    assert outcome(found) == due
    assert found.complete.all()


def test_nobody_called(tmp_path: Path) -> None:
    assert check([], [], [], ALL_COVERED, AS_AT, tmp_path).empty


def test_the_episode_belongs_to_the_month_of_its_first_call(tmp_path: Path) -> None:
    midnight = at("2026-03-31T23:00:00Z")  # the end of March in London
    episode = [hung_up(midnight - HOUR / 60, stage="callback"), hung_up(midnight + HOUR / 4)]
    assert outcome(check(episode, [], [], ALL_COVERED, AS_AT, tmp_path, [SHARES])) == {"none_found": 1}
    assert outcome(check(episode[1:], [], [], ALL_COVERED, AS_AT, tmp_path, [SHARES])) == {}


@pytest.mark.parametrize(("unlinkable", "note", "value"), [(2, "", 1.0), (3, "not_measurable", None)])
def test_under_half_linkable_is_not_measurable(unlinkable: int, note: str, value: float | None, tmp_path: Path) -> None:
    calls = [hung_up(NOON), hung_up(NOON, "j"), *(hung_up(NOON, None) for _ in range(unlinkable))]
    found = check(calls, [], [], ALL_COVERED, AS_AT, tmp_path, [REACH])
    for metric in ("followthrough.no_contact_found_share", "followthrough.no_contact_found_share_of_all"):
        row = found_in(found, metric)
        assert row.notes == note
        assert pd.isna(row.value) == (value is None)
    assert found_in(found, "followthrough.unlinkable_share").value == unlinkable / (2 + unlinkable)


@pytest.mark.parametrize(("callers", "told"), [(29, False), (30, True)])
def test_no_interval_of_the_excess_under_thirty_callers(callers: int, told: bool, tmp_path: Path) -> None:
    calls = [hung_up(NOON, f"k{n}") for n in range(callers)]
    calls += [hung_up(NOON + 5 * HOUR, "k0"), spoken(NOON + 6 * HOUR, caller="k0")]
    found = check(calls, [], [], ALL_COVERED, AS_AT, tmp_path, [CHANCE])
    row = found_in(found, "followthrough.excess_share", outcome="all", window_label="72h")
    assert row.value == pytest.approx(2 / (callers + 1))
    assert pd.notna(row.ci_low) == told
    if told:
        # 30 callers, 31 hang-ups, both of one caller followed: D = 2/31; (2 - 2D)^2 + 29 D^2, under the root, / 31.
        d = 2 / 31
        assert row.ci_high - row.value == pytest.approx(1.959964 * ((2 - 2 * d) ** 2 + 29 * d * d) ** 0.5 / 31)


@pytest.mark.parametrize("late", [0, 1])
def test_any_online_contact_within_24_hours_of_a_prompt(late: int, tmp_path: Path) -> None:
    after = timedelta(hours=24, milliseconds=late)
    message = {"ivr_entered_at": NOON - HOUR / 30, "tells": "alternative_offered_at"}
    calls = [
        hung_up(NOON, "told", alternative_offered_at=NOON, **message),
        hung_up(NOON, "not", alternative_offered_at=NOON + HOUR / 3600_000, **message),
        spoken(LATER, caller="told"),  # the first contact, yet not the one asked for
    ]
    contacts = [
        sent(NOON + after, "online_report", "told"),
        sent(NOON - timedelta(hours=168) + after, "webchat", "not"),
    ]
    found = check(calls, contacts, [], ALL_COVERED, AS_AT, tmp_path, [PROMPT])

    def numerators(metric: str) -> list[int]:
        return [
            int(found_in(found, metric, outcome=group, window_label="24h").numerator)
            for group in ("prompted", "not_prompted")
        ]

    hit = 1 - late
    assert numerators("followthrough.prompted_online_share") == [hit, 0]
    assert numerators("followthrough.prompted_online_placebo_share") == [0, hit]
    assert "not_causal" in found_in(found, "followthrough.prompted_online_share", outcome="prompted").notes


def test_a_source_counts_from_its_first_coverage_to_its_retirement(tmp_path: Path) -> None:
    """A window is known where each source that is linked in it is known; a placebo needs the same sources twice."""
    week = timedelta(hours=168)

    def status(*linked: Linked) -> tuple[int, int]:
        found = check([hung_up(NOON)], [], [], [*ALL_COVERED, *linked], AS_AT, tmp_path, [SHARES, CHANCE])
        both = [
            found_in(found, metric, outcome=outcome, window_label="72h")
            for metric, outcome in (("followthrough.share", "none_found"), ("followthrough.placebo_share", "all"))
        ]
        return int(both[0].denominator), int(both[1].denominator)

    three_days = timedelta(hours=72)
    assert status() == (1, 1)
    assert status(Linked("contacts", "new", NOON - week, AS_AT)) == (1, 1)
    assert status(Linked("contacts", "new", NOON - HOUR, AS_AT)) == (1, 0)
    assert status(Linked("contacts", "new", NOON + HOUR, AS_AT)) == (1, 0)
    assert status(Linked("contacts", "new", NOON + three_days + HOUR, AS_AT)) == (1, 1)
    assert status(Linked("contacts", "web", LONG_AGO, NOON + three_days)) == (1, 1)
    assert status(Linked("contacts", "web", LONG_AGO, NOON + three_days - HOUR)) == (0, 0)
    retired = NOON + 12 * HOUR
    assert status(Linked("contacts", "old", LONG_AGO, retired - HOUR, retired_at=retired)) == (1, 0)
    assert status(Linked("contacts", "old", LONG_AGO, retired - 7 * HOUR, retired_at=retired)) == (0, 0)
    hole = [(NOON - 24 * HOUR, NOON - 12 * HOUR)]
    assert status(Linked("contacts", "web", LONG_AGO, AS_AT, holes=hole)) == (1, 1)
    hole = [(NOON - week + HOUR, NOON - week + 9 * HOUR)]
    assert status(Linked("contacts", "web", LONG_AGO, AS_AT, holes=hole)) == (1, 0)
    hole = [(NOON + HOUR, NOON + 9 * HOUR)]
    assert status(Linked("contacts", "web", LONG_AGO, AS_AT, holes=hole)) == (0, 0)


@pytest.mark.parametrize("moment", [0, 1])
@pytest.mark.parametrize("weeks", [0, 1], ids=["window", "placebo"])
def test_a_hole_reaches_into_a_window_or_ends_where_it_begins(weeks: int, moment: int, tmp_path: Path) -> None:
    """Both ends of a hole are covered, and a window holds its end and not its beginning."""
    begins, day = NOON - timedelta(hours=168) * weeks, 24 * HOUR
    ends, late = begins + 3 * day, moment * timedelta(milliseconds=1)
    for hole in ((begins - day, begins + late), (ends - late, ends + day)):
        web = Linked("contacts", "web", LONG_AGO, AS_AT, holes=[hole])
        found = check([hung_up(NOON)], [], [], [*ALL_COVERED, web], AS_AT, tmp_path, [SHARES, CHANCE])
        share = found_in(found, "followthrough.share", outcome="none_found", window_label="72h")
        placebo = found_in(found, "followthrough.placebo_share", outcome="all", window_label="72h")
        covered = (moment == 0 or weeks == 1, moment == 0)
        assert (share.denominator == 1, placebo.denominator == 1) == covered


def test_what_else_is_at_hand_changes_nothing(tmp_path: Path) -> None:
    """A robot that listens to the message every twenty minutes and hangs up once, after we have stopped looking."""
    first = at("2026-03-30T00:00:00Z")
    calls = [hung_up(first + HOUR / 3 * n, stage="ivr_contained", record_key=str(n)) for n in range(72 * 65)]
    calls.append(hung_up(calls[-1]["ended_at"] + HOUR / 4, record_key="last"))
    calls.append(hung_up(NOON, "j", record_key="other"))
    near = [row for row in calls if row["local_date"] < date(2026, 6, 1)]
    assert len(near) < len(calls)
    two = [
        values([SHARES], rows, MARCH, tmp_path / str(len(rows)), as_at=AS_AT, sources=known(ALL_COVERED, AS_AT))
        for rows in (calls, near)
    ]
    pd.testing.assert_frame_equal(*two)
    assert outcome(two[0]) == {"none_found": 1}
