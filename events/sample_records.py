"""Calls and incidents of the simulated force of exports/, as they happened (make_exports.py writes them down)."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
NUMBERS = 1000  # 07700 900000 to 900999
CALLS_101, CALLS_999 = 700, 180


@dataclass(frozen=True)
class Month:
    """What is told of one month."""

    start: datetime
    end: datetime
    exported: datetime
    abandoned: int
    domestic_median_h: float

    @property
    def name(self) -> str:
        """``YYYY-MM``."""
        return f"{self.start.astimezone(LONDON):%Y-%m}"


def local(year: int, month: int, day: int, hour: int = 0) -> datetime:
    """UTC instant of a London wall clock."""
    return datetime(year, month, day, hour, tzinfo=LONDON).astimezone(UTC)


MONTHS = (
    Month(local(2026, 1, 1), local(2026, 2, 1), local(2026, 2, 3, 6), abandoned=168, domestic_median_h=22),
    Month(local(2026, 2, 1), local(2026, 3, 1), local(2026, 3, 3, 6), abandoned=42, domestic_median_h=6),
    Month(local(2026, 3, 1), local(2026, 4, 1), local(2026, 4, 3, 6), abandoned=28, domestic_median_h=6),
)
JANUARY_CORRECTED = local(2026, 3, 2, 6)
SPRING_CALL = datetime(2026, 3, 29, 0, 58, 30, tzinfo=UTC)  # a minute and a half before the clock jumps to 02:00


@dataclass(frozen=True)
class Call:
    """One call as it happened; instants are UTC."""

    line: str
    start: datetime
    number: str
    ivr_in: datetime | None = None
    web_message: datetime | None = None
    ivr_out: datetime | None = None
    switchboard_queue: datetime | None = None
    switchboard_answer: datetime | None = None
    queue_in: datetime | None = None
    queue: str = ""
    ringing: datetime | None = None
    answer: datetime | None = None
    callback_asked: datetime | None = None
    callback_made: datetime | None = None
    end: datetime | None = None
    result: str = "Answered"
    direction: str = "In"


@dataclass(frozen=True)
class Incident:
    """One incident as it happened; instants are UTC. ``wrong_start`` stood in it until ``corrected``."""

    number: str
    start: datetime
    created: datetime
    origin: str
    caller: str = ""
    online: bool = False
    opening: str = "Public order – nuisance"
    grade: str = "Grade 2"
    grade_final: str = "Grade 2"
    domestic: str = "N"
    area: str = "North"
    appointment: datetime | None = None
    dispatched: datetime | None = None
    arrived: datetime | None = None
    closed: datetime | None = None
    closure: str = ""
    closing: str = "CLOSED"
    corrected: datetime | None = None
    wrong_start: datetime | None = None
    wrong_domestic: str = ""


def later(start: datetime, seconds: float) -> datetime:
    """Instant so many whole seconds after ``start``."""
    return start + timedelta(seconds=round(seconds))


def random_start(rng: random.Random, month: Month) -> datetime:
    """Instant in the month, few in the small hours of the night."""
    while True:
        start = later(month.start, rng.random() * ((month.end - month.start).total_seconds() - 1))
        if start.astimezone(LONDON).hour >= 7 or rng.random() < 0.3:
            return start


def written(rng: random.Random, number: int) -> str:
    """Write a number as one of the ways systems do; about one in twelve is withheld."""
    forms = ("07700{n}", "+447700{n}", "07700 {n}", "Withheld")
    form = rng.choices(forms, (70, 15, 7, 8))[0]
    return form.format(n=900000 + number)


def hung_up(rng: random.Random, call: Call) -> Call:
    """Let a 101 caller give up before anybody answers: in the message, in the switchboard's queue, while it rings."""
    entered = later(call.start, 1)
    patience = rng.random()
    if patience < 0.2:
        end = later(entered, 4 + 24 * rng.random())
        return replace(call, ivr_in=entered, ivr_out=end, end=end, result="Abandoned")
    prompted = later(entered, 30)
    if patience < 0.45:
        end = later(prompted, 1 + 14 * rng.random())
        return replace(call, ivr_in=entered, web_message=prompted, ivr_out=end, end=end, result="Abandoned")
    queued = later(entered, 46)
    end = later(queued, 5 + rng.expovariate(1 / 150))
    ringing = later(end, -4) if patience > 0.9 else None
    return replace(
        call, ivr_in=entered, web_message=prompted, ivr_out=queued, switchboard_queue=queued,
        ringing=ringing, end=end, result="Abandoned",
    )  # fmt: skip


def answered_101(rng: random.Random, call: Call) -> Call:
    """Let the switchboard answer; it helps, or puts the caller through to a queue, a callback or another body."""
    entered = later(call.start, 1)
    queued = later(entered, 46)
    switchboard = later(queued, 3 + rng.expovariate(1 / 70))
    call = replace(
        call, ivr_in=entered, web_message=later(entered, 30), ivr_out=queued, switchboard_queue=queued,
        switchboard_answer=switchboard,
    )  # fmt: skip
    fate = rng.random()
    if fate < 0.02:
        return replace(call, switchboard_queue=None, switchboard_answer=None, end=queued, result="IVR Complete")
    if fate < 0.12:
        return replace(call, end=later(switchboard, 40 + rng.expovariate(1 / 120)))
    put_through = later(switchboard, 35 + 40 * rng.random())
    if fate < 0.15:
        return replace(call, end=put_through, result="Transferred")
    call = replace(call, queue_in=put_through, queue=rng.choice(("Crime Desk", "Response Desk", "Custody")))
    waited = later(put_through, 4 + rng.expovariate(1 / 240))
    if fate < 0.21:
        return replace(call, end=waited, result="Abandoned")
    if fate < 0.26:
        made = later(waited, 3600 * (0.5 + 30 * rng.random())) if rng.random() < 0.8 else None
        return replace(call, callback_asked=waited, callback_made=made, end=later(waited, 12), result="Callback")
    answer = later(waited, 3 + 6 * rng.random())
    return replace(call, ringing=waited, answer=answer, end=later(answer, 60 + rng.expovariate(1 / 420)))


def call_999(rng: random.Random, call: Call) -> Call:
    """Answer a 999 call, mostly within ten seconds; one in fifty hangs up first."""
    queued = later(call.start, 1)
    call = replace(call, queue_in=queued, queue="999")
    if rng.random() < 0.02:
        return replace(call, end=later(queued, 3 + 20 * rng.random()), result="Abandoned")
    answer = later(queued, 1 + rng.expovariate(1 / 5))
    return replace(call, ringing=queued, answer=answer, end=later(answer, 45 + rng.expovariate(1 / 200)))


def make_calls(rng: random.Random, month: Month) -> list[Call]:
    """Calls of one month in order of start; exactly ``month.abandoned`` of the 101 calls reach nobody."""
    spring = [SPRING_CALL] if month.start <= SPRING_CALL < month.end else []
    starts = sorted(spring + [random_start(rng, month) for _ in range(CALLS_101 - len(spring))])
    numbers = [written(rng, rng.randrange(NUMBERS)) for _ in starts]
    giving_up = set(rng.sample(range(CALLS_101), month.abandoned))
    for index in sorted(giving_up):
        # Two in five try again: the next call of the month is theirs.
        if rng.random() < 0.4 and index + 1 < CALLS_101:
            numbers[index + 1] = numbers[index]
    calls = [
        (hung_up if index in giving_up else answered_101)(rng, Call("101", start, numbers[index]))
        for index, start in enumerate(starts)
    ]
    desperate = [calls[index] for index in sorted(giving_up) if rng.random() < 0.06]
    for index in range(CALLS_999):
        if index < len(desperate):
            first = desperate[index]
            calls.append(call_999(rng, Call("999", later(first.end or first.start, 90), first.number)))
        else:
            number = written(rng, rng.randrange(NUMBERS))
            calls.append(call_999(rng, Call("999", random_start(rng, month), number)))
    for _ in range(12):
        start = random_start(rng, month)
        calls.append(Call("101", start, written(rng, rng.randrange(NUMBERS)), end=later(start, 240), direction="Out"))
    return sorted(calls, key=lambda call: (call.start, call.line, call.number))


def attended(rng: random.Random, incident: Incident, median_h: float, spread: float, never: float) -> Incident:
    """Send somebody after a lognormal wait, or (share ``never``) close the incident, or leave it open, unattended."""
    if rng.random() < never:
        if rng.random() < 0.1:
            return incident
        closed = later(incident.start, 3600 * (2 + rng.expovariate(1 / 90)))
        reason = rng.choice(("Resolved by telephone", "No reply", "Cancelled by caller", "Other"))
        return replace(incident, closed=closed, closure=reason)
    wait = 3600 * median_h * rng.lognormvariate(0, spread)
    arrived = later(incident.start, max(wait, 100))
    return replace(
        incident, dispatched=max(later(arrived, -60 - 0.2 * min(wait, 2400)), incident.created), arrived=arrived,
        closed=later(arrived, 600 + rng.expovariate(1 / 5400)),
    )  # fmt: skip


def respond(rng: random.Random, incident: Incident, month: Month) -> Incident:
    """Attend an incident as its grade, and this month, would have it."""
    match incident.grade:
        case "Grade 1":
            return attended(rng, incident, 0.18, 0.5, 0.02)
        case "Grade 2" if incident.domestic == "Y":
            return attended(rng, incident, month.domestic_median_h, 0.6, 0.12)
        case "Grade 2":
            return attended(rng, incident, 5, 1.0, 0.15)
        case "Grade 3":
            return attended(rng, incident, 30, 0.9, 0.3)
    slot = (incident.start + timedelta(days=2)).replace(hour=14, minute=0, second=0)
    visit = replace(incident, appointment=slot)
    return replace(visit, arrived=later(slot, 600), closed=later(slot, 4200)) if rng.random() < 0.8 else visit


PUBLIC_OPENINGS = ("Public order – nuisance", "Burglary – dwelling", "Road collision", "Theft", "Concern for safety")


def make_incidents(rng: random.Random, month: Month, calls: list[Call]) -> list[Incident]:
    """Incidents of one month in order of creation: most come of answered calls, the rest of other origins."""
    raised: list[tuple[datetime, datetime, str, str]] = []
    for call in calls:
        answer = call.answer or call.switchboard_answer
        if answer and call.direction == "In" and rng.random() < (0.62 if call.line == "999" else 0.26):
            origin = "999 call" if call.line == "999" else "101 call"
            raised.append((call.start, later(answer, 20 + 60 * rng.random()), origin, call.number))
    others = (("Online", 26), ("Front counter", 12), ("Police generated", 46), ("Other force", 8), ("", 5))
    for origin, count in others:
        for _ in range(count):
            start = random_start(rng, month)
            caller = written(rng, rng.randrange(NUMBERS)) if origin == "Online" else ""
            raised.append((start, later(start, 900 if origin == "Online" else 5), origin, caller))
    raised = [row for row in sorted(raised) if row[1] < month.end]
    return [make_incident(rng, month, order, row) for order, row in enumerate(raised, 1)]


def make_incident(
    rng: random.Random, month: Month, order: int, raised: tuple[datetime, datetime, str, str]
) -> Incident:
    """One incident, graded and responded to; ``raised`` is (clock start, created, origin, caller's number)."""
    start, created, origin, caller = raised
    weights = {"999 call": (40, 42, 14, 4), "Online": (2, 30, 50, 18)}.get(origin, (6, 46, 33, 15))
    grade = f"Grade {rng.choices((1, 2, 3, 4), weights)[0]}"
    domestic = rng.choices(("Y", "N", ""), (34, 63, 3))[0] if origin.endswith("call") else "N"
    incident = Incident(
        number=f"{month.name.replace('-', '')}{order:05d}", start=start, created=created, origin=origin,
        caller=caller, online=origin == "Online", grade=grade, grade_final=grade, domestic=domestic,
        area=rng.choices(("North", "South", "Moorland", ""), (32, 33, 32, 3))[0],
        opening="Domestic incident" if domestic == "Y" else rng.choice(PUBLIC_OPENINGS),
    )  # fmt: skip
    incident = respond(rng, incident, month)
    if origin == "Police generated":
        return replace(incident, dispatched=created, arrived=start, closed=later(start, 1800))
    if grade == "Grade 2" and rng.random() < 0.06:
        incident = replace(incident, grade_final="Grade 3")
    return odd_incident(incident, order)


def odd_incident(incident: Incident, order: int) -> Incident:
    """Now and then: no public demand, or a clock that is odd. Never domestic abuse, so that no figure moves."""
    if incident.domestic != "N":
        return incident
    oddities = {
        7: replace(incident, opening="TRAINING", closed=later(incident.start, 3600)),
        17: replace(incident, closing="DUPLICATE", dispatched=None, arrived=None, closed=later(incident.start, 900)),
        27: replace(incident, opening="Pre-planned event"),
    }
    if incident.arrived:
        oddities[37] = replace(incident, dispatched=None, arrived=incident.start)
        oddities[47] = replace(incident, dispatched=None, arrived=later(incident.start, -420))
    return oddities.get(order % 50, incident)


def corrections(january: list[Incident]) -> list[Incident]:
    """What the corrected January file mends: three abuse flags, and two starts typed a month or a day too early."""
    done = list(january)
    plain = [i for i, incident in enumerate(done) if incident.domestic == "Y" and incident.grade == "Grade 3"]
    for index in plain[:3]:
        done[index] = replace(done[index], corrected=JANUARY_CORRECTED, wrong_domestic="N")
    starts = [i for i, incident in enumerate(done) if incident.origin == "101 call" and incident.grade == "Grade 4"]
    for index, wrong_by in zip((starts[0], starts[-1]), (timedelta(days=31), timedelta(days=1)), strict=True):
        wrong = done[index].start - wrong_by
        done[index] = replace(done[index], corrected=JANUARY_CORRECTED, wrong_start=wrong)
    return done
