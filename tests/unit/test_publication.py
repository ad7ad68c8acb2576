"""What becomes public of a force's values, year after year and correction after correction, proven by linear programmes."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

import pytest

from callclock.metrics.catalogue import families
from callclock.publication import Released, Row, Year, is_shown, row_id
from callclock.publish import FAMILIES
from local.audit_public import audit
from tests.support.public_world import (
    AS_AT,
    LABELS,
    QUARTERS,
    YEAR,
    Call,
    Incident,
    World,
    draw,
    incident,
    of_subject,
)

LIMIT = 4


@dataclass
class Desk:
    """One subject published again and again: what stands, and what was ever shown."""

    subject: str
    released: Released = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    known: dict[tuple[object, ...], Row] = field(default_factory=dict)

    def publish(self, world: World, until: str = LABELS[-1], *, year: bool = False) -> None:
        current = of_subject(world.released(until, year=year), self.subject)
        found = Year(YEAR, LABELS, QUARTERS, LIMIT, tuple(self.known.values())).publish(current, self.released)
        self.released, self.rows = found.released, found.rows
        self.known |= {row_id(row): row for row in found.rows if is_shown(row)}

    def leaks(self, *more: Row) -> list[str]:
        ever = {row_id(row): row for row in (*self.rows, *self.known.values(), *more)}
        truth = [row for rows in self.released.values() for row in rows]
        return [str(leak) for leak in audit(ever.values(), truth, LIMIT)]

    def one(self, metric: str, period: str, **keys: str) -> Row:
        """The one row of a metric and period; keys that are not said are all."""
        wanted = {"grade": "all", "population": "all", "area": "all", "stage": "all", "line": "all", **keys}
        found = [
            row
            for row in self.rows
            if row["metric"] == metric
            and row["period_label"] == period
            and all(row[key] == value for key, value in wanted.items())
        ]
        assert len(found) == 1, f"{len(found)} rows of {metric} {period} {keys}"
        return found[0]


def published(subject: str, world: World, **more: Any) -> Desk:
    desk = Desk(subject)
    desk.publish(world, **more)
    return desk


def counted(rows: Sequence[Row]) -> list[int]:
    """Every count that public rows print."""
    found = [row[column] for row in rows for column in ("n", "numerator", "denominator")]
    found += [row["value"] for row in rows if row["unit"] == "count"]
    found += [
        row["denominator"] - row["numerator"]  # type: ignore[operator]
        for row in rows
        if row["numerator"] is not None
    ]
    return [int(n) for n in found if isinstance(n, int | float)]


@pytest.mark.parametrize(
    ("subject", "seed", "size"),
    [
        ("attendance", 3, 2000),
        *((of, seed, size) for of in ("calls", "safeguarding") for seed, size in [(1, 40), (3, 600)]),
    ],
)
def test_nothing_small_follows_from_a_year(subject: str, seed: int, size: int) -> None:
    desk = published(subject, draw(random.Random(seed), size), year=True)
    shown = [row for row in desk.rows if is_shown(row)]
    assert shown, "a force of this size has something to publish"
    assert {row["period_kind"] for row in shown} >= {"month", "fy_to_date"} or subject == "safeguarding"
    assert not [n for n in counted(shown) if 1 <= n <= LIMIT]
    assert desk.leaks() == []


@pytest.mark.parametrize("subject", ["attendance", "calls", "safeguarding"])
def test_month_by_month_with_late_records_nothing_follows_from_any_version(subject: str) -> None:
    chance = random.Random(5)
    # Attendance takes seconds a year: its property test draws short ones.
    months = LABELS[:4] if subject == "attendance" else LABELS
    world, desk = draw(chance, 120, months), Desk(subject)
    for place, label in enumerate(months):
        late = chance.choice(LABELS[: place + 1])
        for _ in range(chance.choice([0, 2, 30])):
            world.incidents.append(incident(chance, late, {"1": 0.3, "2": 1.0, "3": 0.05}))
            world.calls.append(Call(late, "101", "answered", heard=True, quick=True))
            world.victims.append((late, "attended", "assessed"))
        desk.publish(world, label, year=label == LABELS[-1])
        shown = {row_id(row) for row in desk.rows if is_shown(row)}
        assert shown == desk.known.keys(), "what was shown once stays shown"
        if label in {"2025-07", "2025-11", LABELS[-1]}:
            assert desk.leaks() == []


def world_of(counts: dict[tuple[str, str, str], int], kind: str = "in 4 h") -> World:
    """Incidents by month, population and area, all of grade 2."""
    return World([
        Incident(month, "2", population, area, kind, targeted=True, within_target=True)
        for (month, population, area), n in counts.items()
        for _ in range(n)
    ])  # fmt: skip


def test_a_planted_leak_is_found() -> None:
    """The other of two hidden cells, shown in a row of its own: what is left of the month is one small count."""
    counts = {(month, population, "North"): 40 for month in LABELS[:2] for population in ("domestic_abuse", "other")}
    counts[LABELS[0], "domestic_abuse", "North"] = 3
    desk = published("attendance", world_of(counts), until=LABELS[1])
    assert desk.leaks() == []
    abuse, other = (desk.one("attendance.incidents", LABELS[0], population=p) for p in ("domestic_abuse", "other"))
    assert not is_shown(abuse)
    assert not is_shown(other)
    found = desk.leaks({**other, "value": 40.0, "n": 40, "notes": ""})
    assert any("incidents" in leak and "it is 3" in leak and "leave only 3 to 3" in leak for leak in found)
    contradicting = desk.leaks({**other, "value": 90.0, "n": 90, "notes": ""})
    assert any("contradict" in leak for leak in contradicting)


def test_means_and_shares_go_with_their_counts() -> None:
    counts = {(month, population, "North"): 40 for month in LABELS[:2] for population in ("domestic_abuse", "other")}
    counts[LABELS[0], "domestic_abuse", "North"] = 3
    desk = published("attendance", world_of(counts), until=LABELS[1])
    for metric in ("mean_s", "median_s", "within_4h", "within_target"):
        for population in ("domestic_abuse", "other"):
            row = desk.one(f"attendance.{metric}", LABELS[0], population=population)
            told = ("value", "n", "numerator", "denominator", "ci_low", "ci_high")
            assert [row[column] for column in told] == [None] * 6, metric
            assert [row[f"n_{side}"] for side in ("immature", "unknown", "excluded", "clock_fallback")] == [None] * 4


@pytest.mark.parametrize(("n", "shown"), [(9, []), (10, ["median_s"]), (19, ["median_s"]), (20, ["median_s", "p90_s"])])
def test_percentiles_need_enough_records(n: int, shown: list[str]) -> None:
    desk = published("attendance", world_of({(LABELS[0], "other", "North"): n}), until=LABELS[0])
    assert is_shown(desk.one("attendance.mean_s", LABELS[0]))
    found = [wait for wait in ("median_s", "p90_s") if is_shown(desk.one(f"attendance.{wait}", LABELS[0]))]
    assert found == shown


def test_none_or_all_of_few_is_hidden_below_force_level() -> None:
    counts = {(LABELS[0], "other", area): n for area, n in (("North", 9), ("South", 10))}
    desk = published("attendance", world_of(counts), until=LABELS[0])
    areas = {area: is_shown(desk.one("attendance.within_4h", LABELS[0], area=area)) for area in ("North", "South")}
    assert areas == {"North": False, "South": True}
    assert is_shown(desk.one("attendance.incidents", LABELS[0], area="North"))


def more(world: World, n: int, area: str = "North") -> World:
    late = [Incident(LABELS[0], "2", "other", area, "in 4 h", True, True) for _ in range(n)]
    return World([*world.incidents, *late])


@pytest.mark.parametrize(("late", "figure"), [(0, 12.0), (1, 12.0), (4, 12.0), (5, 17.0), (8, 20.0)])
def test_a_published_count_is_corrected_by_none_or_by_five_and_more(late: int, figure: float) -> None:
    world = world_of({(LABELS[0], "other", "North"): 12, (LABELS[0], "other", "South"): 30})
    desk = published("attendance", world, until=LABELS[0])
    desk.publish(more(world, late), LABELS[0])
    assert desk.one("attendance.incidents", LABELS[0], area="North")["value"] == figure
    assert desk.one("attendance.incidents", LABELS[0])["value"] == figure + 30


def test_no_row_tells_the_moment_of_the_last_that_was_heard_of_its_records() -> None:
    """Settled rows know until 28 days after their last event: of three records that would be somebody's arrival."""
    world = world_of({(LABELS[0], "other", "North"): 12, (LABELS[0], "other", "South"): 30})
    current = of_subject(world.released(LABELS[0]), "attendance")
    later = {
        at: tuple({**row, "as_at": AS_AT + timedelta(days=n, seconds=n)} for n, row in enumerate(rows))
        for at, rows in current.items()
    }
    rows = Year(YEAR, LABELS, QUARTERS, LIMIT, ()).publish(later, {}).rows
    newest = max(row["as_at"] for rows in later.values() for row in rows)  # type: ignore[type-var]
    assert {row["as_at"] for row in rows} == {datetime(newest.year, newest.month, 1)}  # noqa: DTZ001


def test_a_month_is_corrected_whole() -> None:
    """Eight more in one area alone would show; with two more in the other, the sum would give the two away."""
    world = world_of({(LABELS[0], "other", "North"): 12, (LABELS[0], "other", "South"): 30})
    desk = published("attendance", world, until=LABELS[0])
    desk.publish(more(more(world, 8), 2, "South"), LABELS[0])
    assert desk.one("attendance.incidents", LABELS[0], area="North")["value"] == 12.0
    assert desk.one("attendance.incidents", LABELS[0])["value"] == 42.0


def test_a_published_count_that_becomes_small_keeps_its_figure() -> None:
    world = world_of({(LABELS[0], "other", "North"): 12, (LABELS[0], "other", "South"): 30})
    desk = published("attendance", world, until=LABELS[0])
    desk.publish(World(world.incidents[9:]), LABELS[0])
    assert desk.one("attendance.incidents", LABELS[0], area="North")["value"] == 12.0
    assert desk.leaks() == []


def test_the_year_is_the_sum_of_its_months_as_they_were_published() -> None:
    world = world_of({(month, "other", "North"): 30 for month in LABELS})
    desk = Desk("attendance")
    desk.publish(world, LABELS[-1])
    assert {row["period_kind"] for row in desk.rows} == {"month"}, "the year is not over"
    desk.publish(more(world, 2), year=True)
    assert desk.one("attendance.incidents", LABELS[0])["value"] == 30.0
    whole = desk.one("attendance.within_4h", YEAR)
    assert (whole["numerator"], whole["denominator"], whole["value"]) == (360, 360, 1.0)
    assert (whole["ci_high"], whole["ci_low"]) == (1.0, pytest.approx(1 / (1 + 1.959964**2 / 360)))


def test_a_month_that_is_not_complete_is_not_public_and_counts_for_its_year() -> None:
    world = world_of({(month, "other", area): 30 for month in LABELS for area in ("North", "South")})
    world.incidents += world_of({(LABELS[4], "other", "Isle"): 3}).incidents
    world.holes.add(LABELS[4])
    desk = Desk("attendance")
    desk.publish(world, LABELS[-1])
    assert LABELS[4] not in {row["period_label"] for row in desk.rows}
    desk.publish(world, year=True)
    assert LABELS[4] not in {row["period_label"] for row in desk.rows}
    assert desk.one("attendance.incidents", YEAR)["value"] == 723.0
    assert not is_shown(desk.one("attendance.incidents", YEAR, area="Isle"))
    assert desk.leaks() == []


def test_quarters_stand_for_months_that_would_all_be_hidden() -> None:
    """The worked example: in the first month nothing is small and all of it would have to go."""
    table = {"Isle": (12, 3, 0), "North": (25, 30, 8), "South": (7, 11, 2)}
    counts = {(LABELS[n], "other", area): row[n] for area, row in table.items() for n in range(3)}
    desk = published("attendance", world_of(counts), until=LABELS[2])
    assert desk.one("attendance.incidents", LABELS[0])["value"] == 44.0
    areas = [row for row in desk.rows if row["area"] != "all" and row["metric"] == "attendance.incidents"]
    assert {(row["area"], row["period_label"], row["value"]) for row in areas} == {
        ("Isle", "2025-Q2", 15.0),
        ("North", "2025-Q2", 63.0),
        ("South", "2025-Q2", 20.0),
    }
    assert desk.leaks() == []


def rate_is_hidden(row: Callable[..., Row]) -> bool:
    return not is_shown(row("calls.abandonment_rate", LABELS[0], line="999"))


def test_stages_go_with_the_rate_that_they_add_up_to() -> None:
    calls = [Call(month, "999", "answered", heard=True, quick=True) for month in LABELS[:2] for _ in range(60)]
    calls += [Call(month, "999", "failed", heard=False, quick=False) for month in LABELS[:2] for _ in range(9)]
    calls += [Call(LABELS[0], "999", "ivr", heard=False, quick=False) for _ in range(3)]
    desk = published("calls", World(calls=calls), until=LABELS[1])
    assert rate_is_hidden(desk.one)
    assert is_shown(desk.one("calls.offered", LABELS[0], line="999"))
    for stage in ("answered", "failed", "ivr"):
        assert not is_shown(desk.one("calls.stage_share", LABELS[0], line="999", stage=stage))
    assert is_shown(desk.one("calls.stage_share", LABELS[1], line="999", stage="failed"))
    assert desk.leaks() == []


def test_waits_of_calls_do_not_tell_how_many_were_answered() -> None:
    calls = [Call(LABELS[0], "101", "answered", heard=True, quick=False) for _ in range(60)]
    row = published("calls", World(calls=calls), until=LABELS[0]).one(
        "calls.wait_first_median_s", LABELS[0], line="101"
    )
    assert (row["value"], row["n"]) == (40.0, None)


def test_every_family_with_a_published_metric_is_read() -> None:
    """But those of counts by interval: they are never mixed with records."""
    sql = (resources.files("callclock") / "publishable.sql").read_text("utf-8")
    wanted = set(re.findall(r"'([a-z]+\.[a-z0-9_]+)'", sql))
    told = {family.name for family in families() if wanted & {metric.name for metric in family.metrics}}
    read = {family + year for family in FAMILIES for year in ("", "_year")}
    assert told - read == {"calls_intervals", "calls_intervals_year"}
    assert read <= told
