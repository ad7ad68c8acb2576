"""Every safeguarding value against a second reading of METRICS "D", and cases worked out by hand."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

from callclock.clock import Month, Period, PeriodKind, periods_of
from callclock.metrics.catalogue import families
from callclock.metrics.known import SourceKnown
from tests.support.against_oracle import same_values
from tests.support.attendance_oracle import World
from tests.support.curated import TARGETS, assessment, at, incident, one, values, write_numbered
from tests.support.safeguarding_oracle import expected

FAMILIES = [of for of in families() if of.tables == ("incidents", "safeguarding")]
MARCH = Month(2026, 3)
KEYS = ("metric", "period_kind", "period_label", "period_end", "outcome", "risk_level")
FIRST_SENT = at("2026-02-10T09:30:00Z")
Row = dict[str, Any]


def sources(
    incidents: datetime, safeguarding: datetime | None, since: datetime | None = FIRST_SENT
) -> list[SourceKnown]:
    found = [SourceKnown("incidents", s, incidents, s) for s in ("delta", "snapshot")]
    if safeguarding is not None:
        found.append(SourceKnown("safeguarding", "dash", safeguarding, "delta", covered_from=since, covered_to=since))
    return found


def measured(
    incidents: Sequence[Row],
    assessments: Sequence[Row],
    workdir: Path,
    *,
    known: Sequence[SourceKnown],
    home: Month = MARCH,
    holes: Sequence[Period] = (),
) -> pd.DataFrame:
    path = write_numbered("safeguarding", assessments, workdir / "also")
    as_at = min(source.as_at for source in known)
    return values(
        FAMILIES,
        incidents,
        home,
        workdir,
        as_at=as_at,
        sources=known,
        holes=frozenset(holes),
        also={"safeguarding": [path]},
    )


def abuse(number: str, call: str, **said: Any) -> Row:
    known = at("2026-05-20T00:00:00Z")
    start = at(call)
    return incident(
        known,
        incident_id=number,
        call_received_at=start,
        created_at=start,
        **{"domestic_abuse": True, "source": "delta", **said},
    )


def assessed(number: str, **said: Any) -> Row:
    return assessment(at("2026-05-20T00:00:00Z"), incident_id=number, source="dash", **said)


def random_case(chance: random.Random, number: int, start: datetime, as_at: datetime) -> tuple[Row, list[Row]]:
    def after(days: float, since: datetime = start) -> datetime:
        return since + timedelta(milliseconds=int(chance.triangular(-0.02, days, 0) * 86_400_000))

    arrived = chance.choice([None, after(0.2), after(3), after(40), start + timedelta(days=28)])
    said: Row = {
        "incident_id": f"I{number}",
        "source": chance.choice(["delta", "snapshot"]),
        "domestic_abuse": chance.choices([True, False, None], [8, 1, 1])[0],
        "first_arrived_at": arrived,
        "closed_at": chance.choice([None, after(20)]),
        "call_received_at": chance.choice([start, None]),
        "created_at": start,
        "origin": chance.choices(["public", "officer", "unknown"], [8, 1, 1])[0],
        "grade_initial": chance.choice(["1", "2", "3"]),
    }
    if chance.random() < 0.1:
        said |= {"outcome": "unknown", "first_arrived_at": None, "closed_at": None}
    if chance.random() < 0.03:
        said |= {"outcome": "attended", "first_arrived_at": None}
    observed = max([as_at - timedelta(days=chance.choice([0, 0, 9, 30])), start])
    rows = []
    for place in range(chance.choice([0, 1, 1, 2])):
        made = chance.choice(
            [None, after(1), after(20), start + timedelta(days=28), after(45), start - timedelta(days=9)]
        )
        row: Row = {
            "incident_id": f"I{number}",
            "record_key": f"{number}-{place}",
            "source": "dash",
            "assessed_at": made,
            "declined_at": chance.choice([None, after(10), after(50)]) if made else after(40),
            "level": chance.choice(["high", "medium", " ", None, "standard"]),
            "set_aside": "training" if chance.random() < 0.05 else None,
        }
        if made and chance.random() < 0.7:
            row["referral_shared_at"] = chance.choice([after(2, made), after(40, made), made + timedelta(days=28)])
        rows.append(assessment(as_at, **row))
    return incident(observed, **said), rows


@pytest.mark.parametrize("seed", range(3))
def test_random_records(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    as_at = at(chance.choice(["2026-04-12T12:00:00Z", "2026-04-28T23:00:00Z", "2026-06-20T00:00:00Z"]))
    until = as_at - timedelta(days=chance.choice([0, 3]))
    incidents, assessments = [], []
    for number in range(150):
        start = at("2026-02-01T00:00:00Z") + timedelta(milliseconds=chance.randrange(70 * 86_400_000))
        row, rows = random_case(chance, number, start, as_at)
        incidents.append(row)
        assessments += rows
    holes = [Period(PeriodKind.MONTH, date(2026, 3, 1), date(2026, 4, 1))] if seed % 2 else []
    found = measured(incidents, assessments, tmp_path, known=sources(as_at, until), holes=holes)
    world = World(
        as_at=until,
        delta={"delta": as_at},
        grades=[(g.grade, g.scheme, g.attendance_expected, g.appointment, date.min, date.max) for g in TARGETS.grades],
        holes=frozenset((hole.kind.value, hole.label) for hole in holes),
    )
    mine = {(p.kind.value, p.label, p.end.isoformat()) for p in periods_of(MARCH)}
    due = expected(incidents, assessments, world, mine, until=until, since=FIRST_SENT.date())
    same_values(found, due, KEYS)
    assert len(due) > 200
    assert sum(figures["value"] is not None for figures in due.values()) > 100


def share(frame: pd.DataFrame, name: str, outcome: str = "attended", **keys: str) -> tuple[int, int, int, bool]:
    row = one(frame, metric=f"safeguarding.{name}", outcome=outcome, **keys)
    return row["numerator"], row["denominator"], row["n_immature"], row["complete"]


def test_by_hand(tmp_path: Path) -> None:
    """Six attended and two never attended, on the edges of 24 h and 28 d and across the spring clock change."""
    came = {"first_arrived_at": at("2026-03-28T13:00:00Z")}
    incidents = [
        abuse("made", "2026-03-28T12:00:00Z", **came),  # 24 h to the ms after arrival, across the clock change
        abuse("late", "2026-03-28T12:00:00Z", **came),  # 1 ms more
        abuse("too late", "2026-03-28T12:00:00Z", **came),  # 28 d and 1 ms after the start: does not count
        abuse("both", "2026-03-28T12:00:00Z", **came),  # declined first, assessed in the end
        abuse("refused", "2026-03-28T12:00:00Z", **came),
        abuse("nothing", "2026-03-28T12:00:00Z", **came),
        abuse("long", "2026-03-01T00:00:00Z", first_arrived_at=at("2026-03-29T00:00:00.001Z")),  # came after 28 d
        abuse("nobody", "2026-03-31T22:59:59.999Z", closed_at=at("2026-04-02T00:00:00Z")),
        abuse("other", "2026-03-28T12:00:00Z", domestic_abuse=False, **came),
        abuse("officer", "2026-03-28T12:00:00Z", origin="officer", **came),
    ]
    assessments = [
        assessed(
            "made", assessed_at=at("2026-03-29T13:00:00Z"), level="high", referral_shared_at=at("2026-03-29T14:00:00Z")
        ),
        assessed("late", assessed_at=at("2026-03-29T13:00:00.001Z"), level="high"),
        assessed("too late", assessed_at=at("2026-04-25T12:00:00.001Z"), level="high"),
        assessed("both", declined_at=at("2026-03-28T14:00:00Z")),
        assessed(
            "both",
            assessed_at=at("2026-04-25T12:00:00Z"),
            level="standard",
            referral_shared_at=at("2026-04-25T18:00:00Z"),
        ),
        assessed("refused", declined_at=at("2026-03-28T14:00:00Z")),
        assessed("nobody", assessed_at=at("2026-04-05T00:00:00Z")),
        assessed("other", assessed_at=at("2026-03-28T14:00:00Z")),
        assessed("no such incident", declined_at=at("2026-03-28T14:00:00Z")),
    ]
    found = measured(
        incidents, assessments, tmp_path, known=sources(at("2026-05-20T00:00:00Z"), at("2026-05-20T00:00:00Z"))
    )
    assert share(found, "assessed_share") == (3, 6, 0, True)
    assert share(found, "offered_share") == (4, 6, 0, True)
    assert share(found, "declined_share") == (1, 4, 0, True)
    assert share(found, "no_record_share") == (2, 6, 0, True)
    assert share(found, "assessed_within_24h") == (1, 6, 0, True)
    assert share(found, "shared_share", risk_level="high") == (1, 2, 0, True)
    assert share(found, "shared_share", risk_level="standard") == (0, 1, 0, True)  # shared 28 d and 6 h after the start
    assert share(found, "shared_share") == (1, 3, 0, True)
    assert share(found, "assessed_share", "never_attended") == (1, 2, 0, True)
    assert share(found, "shared_share", "never_attended", risk_level="unknown") == (0, 1, 0, True)
    row = one(found, metric="safeguarding.assessed_share", outcome="attended")
    assert row["n_excluded"] == 1
    assert set(found["outcome"]) == {"attended", "never_attended"}
    # 1 h, 6 h and one never shared: half of three are reached at 6 h.
    assert one(found, metric="safeguarding.time_to_share_median_s", outcome="attended")["value"] == 6 * 3600
    high = one(found, metric="safeguarding.time_to_share_median_s", outcome="attended", risk_level="high")
    assert (high["value"], high["n"], high["complete"]) == (3600, 2, True)
    standard = one(found, metric="safeguarding.time_to_share_median_s", outcome="attended", risk_level="standard")
    assert standard["value"] == 6 * 3600


@pytest.mark.parametrize("seed", range(4))
def test_the_median_to_share_is_that_of_lifelines(seed: int, tmp_path: Path) -> None:
    """Ties, referrals never made, and assessments too young for 28 days: those that are known to wait count as long."""
    chance, known = random.Random(seed), at("2026-04-20T00:00:00Z")
    incidents, made, seen = [], [], []
    for number in range(60):
        start = at("2026-03-01T08:00:00Z") + timedelta(hours=12 * number)
        judged = start + timedelta(hours=2)
        took = timedelta(days=chance.choice([1, 2, 2, 5, 9, 14, 28, 40]))
        shared = took <= timedelta(days=28) and judged + took <= known and chance.random() < 0.8
        incidents.append(abuse(f"{number}", start.isoformat(), first_arrived_at=start + timedelta(hours=1)))
        said = {"referral_shared_at": judged + took} if shared else {}
        made.append(assessed(f"{number}", record_key=f"{number}", assessed_at=judged, level="high", **said))
        seen.append((took if shared else min(known - judged, timedelta(days=28)), shared))
    found = measured(incidents, made, tmp_path, known=sources(at("2026-05-31T00:00:00Z"), known))
    row = one(found, metric="safeguarding.time_to_share_median_s", outcome="attended")
    fitted = KaplanMeierFitter().fit([t.total_seconds() for t, _ in seen], [shared for _, shared in seen])
    # Its own median asks for half of a product of rounded numbers; METRICS leaves 1e-9.
    left = fitted.survival_function_["KM_estimate"]
    assert row["n"] == 60
    assert row["value"] == left.index[left <= 0.5 + 1e-9][0]


def test_what_is_too_young_or_not_covered_is_in_neither_side(tmp_path: Path) -> None:
    came = {"first_arrived_at": at("2026-03-30T13:00:00Z")}
    incidents = [
        abuse("old", "2026-03-05T12:00:00Z", first_arrived_at=at("2026-03-05T13:00:00Z")),
        abuse("young", "2026-03-30T12:00:00Z", **came),
    ]
    made = [assessed(number, assessed_at=at("2026-03-30T18:00:00Z"), level="high") for number in ("old", "young")]
    # Incidents are known to the end of May, safeguarding only to the end of April's 20th.
    known = sources(at("2026-05-31T00:00:00Z"), at("2026-04-20T00:00:00Z"))
    found = measured(incidents, made, tmp_path, known=known)
    assert share(found, "assessed_share") == (1, 1, 1, False)
    assert share(found, "assessed_within_24h") == (1, 2, 0, True)
    waiting = one(found, metric="safeguarding.time_to_share_median_s", outcome="attended")
    assert (pd.isna(waiting["value"]), waiting["n_immature"]) == (True, 2)
    # Sent since the 6th of March only: what came before cannot be told.
    known = sources(at("2026-05-31T00:00:00Z"), at("2026-05-31T00:00:00Z"), since=at("2026-03-06T08:00:00Z"))
    found = measured(incidents, made, tmp_path, known=known)
    assert share(found, "assessed_share") == (1, 1, 1, False)


def test_a_force_that_never_sent_safeguarding_has_no_value(tmp_path: Path) -> None:
    rows = [abuse("a", "2026-03-05T12:00:00Z", first_arrived_at=at("2026-03-05T13:00:00Z"))]
    found = measured(rows, [], tmp_path, known=sources(at("2026-05-31T00:00:00Z"), None))
    assert found.empty


def test_nobody_assessed_and_nobody_attended(tmp_path: Path) -> None:
    rows = [abuse("a", "2026-03-05T12:00:00Z")]
    found = measured(rows, [], tmp_path, known=sources(at("2026-05-31T00:00:00Z"), at("2026-05-31T00:00:00Z")))
    assert set(found["outcome"]) == {"never_attended"}
    assert share(found, "no_record_share", "never_attended") == (1, 1, 0, True)
    declined = one(found, metric="safeguarding.declined_share", outcome="never_attended")
    assert (pd.isna(declined["value"]), declined["n"]) == (True, 0)
    assert "safeguarding.shared_share" not in set(found["metric"])


@pytest.mark.parametrize(
    ("until", "day_old", "mature"), [("2026-04-02T12:00:00Z", 1, 1), ("2026-04-02T11:59:59.999Z", 0, 0)]
)
def test_a_mark_is_reached_to_the_millisecond(until: str, day_old: int, mature: int, tmp_path: Path) -> None:
    """Arrived 24 h, and begun 28 d, before the last that is known."""
    rows = [abuse("a", "2026-03-05T12:00:00Z", first_arrived_at=at("2026-04-01T12:00:00Z"))]
    made = [assessed("a", assessed_at=at("2026-04-02T12:00:00Z"))]
    found = measured(rows, made, tmp_path, known=sources(at("2026-05-31T00:00:00Z"), at(until)))
    assert share(found, "assessed_within_24h")[:2] == (day_old, day_old)
    assert share(found, "assessed_share")[:2] == (mature, mature)


def test_a_record_of_a_later_month_says_nothing_of_this_one(tmp_path: Path) -> None:
    """It lies in May by its assessment; March's values read April and no further, the year's would read it."""
    rows = [abuse("a", "2026-03-05T12:00:00Z", first_arrived_at=at("2026-03-05T13:00:00Z"))]
    made = [assessed("a", declined_at=at("2026-03-05T14:00:00Z"), assessed_at=at("2026-05-02T12:00:00Z"))]
    found = measured(rows, made, tmp_path, known=sources(at("2026-06-30T00:00:00Z"), at("2026-06-30T00:00:00Z")))
    for kind, label in (("month", "2026-03"), ("fy_to_date", "2025/26")):
        assert share(found, "no_record_share", period_kind=kind, period_label=label)[:2] == (1, 1)
