"""Every attendance value, in every cell and period, against a second reading of METRICS in plain Python."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from callclock.clock import Month, Period, PeriodKind, periods_of
from callclock.contracts import METRIC_VALUES
from callclock.metrics.catalogue import families, family
from callclock.metrics.known import SourceKnown
from callclock.settings import ConfigurationError, Force, Grade, MetricTarget, Targets
from tests.support.against_oracle import same_values
from tests.support.attendance_cases import AREA_TYPES, ATTENDANCE, CHANGE, GRADES, random_rows, world
from tests.support.attendance_oracle import LONDON, World, expected
from tests.support.backlog_oracle import expected_backlog
from tests.support.curated import at, incident, values
from tests.support.curve_oracle import Expected, expected_curve, expected_matrix

FAMILIES = [
    of for of in families() if of.tables == ("incidents",) and of.result is METRIC_VALUES and of.look_behind == 0
]
TABLES: dict[str, Expected] = {"attendance_curve": expected_curve, "regrade_matrix": expected_matrix}


def check(rows: list[dict[str, Any]], home: Month, around: World, holes: Sequence[Period], workdir: Path) -> int:
    """Compare all values of a partition with the oracle's; the number compared."""
    sources = [SourceKnown("incidents", s, around.as_at, s) for s in ("delta", "snapshot")]
    whole = {
        "as_at": around.as_at,
        "sources": sources,
        "holes": frozenset(holes),
        "force": Force(name="Test", unknown_origin_is_public=around.unknown_origin_is_public, area_types=AREA_TYPES),
        "targets": Targets(grades=GRADES, attendance=ATTENDANCE),
    }
    mine = {(p.kind.value, p.label, p.end.isoformat()) for p in periods_of(home)}
    if datetime(home.year, home.month, 1, tzinfo=LONDON) > around.as_at:
        mine = {period for period in mine if period[0] not in {"fy_to_date", "rolling_12m"}}
    due = expected(rows, around, mine)
    keys = ("metric", "period_kind", "period_label", "period_end", "grade_basis", "grade_scheme", "grade")
    found = values(FAMILIES, rows, home, workdir, **whole)
    same_values(found, due, (*keys, "population", "area", "hour_of_week", "reason"))
    for table, oracle in TABLES.items():
        own = [of for of in families() if of.result.name == table]
        period, cell = ("period_kind", "period_label", "period_end"), own[0].keys
        same_values(values(own, rows, home, workdir, **whole), oracle(rows, around, mine), (*period, *cell))
    backlog = [of for of in families() if of.name == "attendance_backlog"]
    keys = ("period_label", "grade_basis", "grade_scheme", "grade", "population", "age_band")
    same_values(values(backlog, rows, home, workdir, **whole), expected_backlog(rows, around, home), keys)
    return len(due)


@pytest.mark.parametrize("seed", range(3))
def test_random_records(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    as_at = at(chance.choice(["2026-04-03T12:00:00Z", "2026-04-27T23:00:00Z", "2026-05-20T00:00:00Z"]))
    rows = random_rows(chance, 90, at("2026-02-20T00:00:00Z"), 40, as_at)
    rows += random_rows(chance, 40, at("2025-04-01T00:00:00Z"), 300, as_at)
    holes = [Period(PeriodKind.MONTH, date(2026, 3, 1), date(2026, 4, 1))] if seed % 2 else []
    around = world(as_at, counts_unknown=seed == 2, holes=holes)
    for home in ((Month(2025, 10),), (Month(2026, 3), Month(2026, 1)), (Month(2026, 3),))[seed]:
        assert check(rows, home, around, holes, tmp_path / str(home)) > 1000


NOBODY = {"first_arrived_at": None, "closed_at": None}


@pytest.mark.parametrize(
    ("count", "change"),
    # Of 24 twelve are in each group: enough for the interval of a ratio, and no two of them waited equally long.
    [
        (1, {}),
        (24, {}),
        (12, NOBODY),
        (12, {"first_arrived_at": None}),
        (12, {"origin": "officer"}),
        (12, {"call_received_at": None}),
        (12, {"outcome": "unknown", **NOBODY}),
    ],
    ids=["one", "all attended", "all open", "none attended", "all excluded", "created clock", "unknown outcome"],
)
def test_groups_without_variety(count: int, change: dict[str, Any], tmp_path: Path) -> None:
    as_at = at("2026-06-01T00:00:00Z")
    start = at("2026-03-29T00:30:00Z")
    rows = [
        incident(
            as_at,
            **{
                "source": "snapshot",
                "created_at": start + timedelta(hours=n),
                "call_received_at": start + timedelta(hours=n),
                "first_arrived_at": start + timedelta(hours=n, minutes=17 * (n + 1)),
                "closed_at": start + timedelta(hours=n + 30),
                "domestic_abuse": n % 2 == 0,
                **change,
            },
        )
        for n in range(count)
    ]
    assert check(rows, Month(2026, 3), world(as_at), [], tmp_path) > 0


def test_an_empty_month_has_no_rows(tmp_path: Path) -> None:
    assert values(FAMILIES, [], Month(2026, 3), tmp_path, as_at=at("2026-06-01T00:00:00Z")).empty


def test_two_targets_on_one_day_are_refused(tmp_path: Path) -> None:
    targets = Targets(grades=(Grade(grade="2", until=date(2026, 4, 1)), Grade(grade="2", since=CHANGE)))
    with pytest.raises(ConfigurationError, match=r"targets\.toml: grades: grade '2' of scheme 'standard': two entries"):
        values(FAMILIES[:1], [], Month(2026, 3), tmp_path, as_at=at("2026-06-01T00:00:00Z"), targets=targets)


def test_a_target_of_the_metric_stands_beside_its_values(tmp_path: Path) -> None:
    as_at = at("2026-06-01T00:00:00Z")
    rows = [incident(as_at, call_received_at=at("2026-03-10T10:00:00Z"), first_arrived_at=at("2026-03-10T11:00:00Z"))]
    targets = Targets(
        grades=(Grade(grade="2"),),
        metrics=(
            MetricTarget(metric="attendance.median_s", target=7200.0, until=CHANGE),
            MetricTarget(metric="attendance.median_s", target=3600.0, since=CHANGE),
        ),
    )
    two = [family("attendance_waits"), family("attendance_marks")]
    found = values(two, rows, Month(2026, 3), tmp_path, as_at=as_at, targets=targets)
    medians = found[found.metric == "attendance.median_s"]
    assert set(medians.target) == {7200.0}
    assert found[found.metric != "attendance.median_s"].target.isna().all()


def test_where_unknown_origin_counts_the_later_reasons_still_apply(tmp_path: Path) -> None:
    as_at, start = at("2026-06-01T00:00:00Z"), at("2026-03-10T10:00:00Z")
    arrivals = {"already_on_scene": [0, -1, -2000], "negative_interval": [-2001], None: [1]}
    rows = [
        incident(
            as_at,
            origin="unknown",
            call_received_at=start,
            first_arrived_at=start + timedelta(milliseconds=arrival),
        )
        for found in arrivals.values()
        for arrival in found
    ]
    rows += [incident(as_at, origin="unknown", call_received_at=start, service="fire")]

    two = [family("attendance_counts"), family("attendance_waits")]

    def excluded(force: Force) -> tuple[dict[str, float], pd.DataFrame]:
        found = values(two, rows, Month(2026, 3), tmp_path, as_at=as_at, force=force)
        whole = found[(found.period_kind == "month") & (found.grade == "all") & (found.grade_basis == "initial")]
        whole = whole[(whole.population == "all") & (whole.area == "all") & (whole.hour_of_week == "all")]
        reasons = whole[(whole.metric == "attendance.excluded") & (whole.reason != "all")]
        return dict(zip(reasons.reason, reasons.value, strict=True)), whole

    reasons, whole = excluded(Force(name="Test"))
    assert reasons == {"origin_unknown": 6}
    assert set(whole.metric) == {"attendance.excluded"}
    reasons, whole = excluded(Force(name="Test", unknown_origin_is_public=True))
    assert reasons == {"already_on_scene": 3, "negative_interval": 1, "other_service": 1}
    mean = whole[whole.metric == "attendance.mean_s"].iloc[0]
    assert (mean.value, mean.n, mean.n_excluded, mean.notes) == (0.001, 1, 5, "unknown_origin_counted")
