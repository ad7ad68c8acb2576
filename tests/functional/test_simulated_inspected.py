"""What the inspectors found, on exports of the simulated year that are read, folded and measured as the functions do."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callclock import measure, notify
from callclock.clock import PeriodKind
from callclock.metrics.catalogue import family
from local.simulate import simulate
from tests.support.pipeline import FORCE, Pipeline

# Few enough to be quick, enough for each of the figures to be in them to two in a hundred.
ROWS = 60_000
FAMILIES = ("attendance_waits_year", "attendance_marks_year", "calls_outcomes_year", "safeguarding_outcomes_year")
GRADE_2 = {"grade": "2", "grade_basis": "initial", "population": "all", "area": "all"}
ABUSE = {**GRADE_2, "population": "domestic_abuse"}
FOUND = [
    pytest.param("attendance.median_s", GRADE_2, 11 * 3600, id="grade 2 attended in 11 h"),
    pytest.param("attendance.median_s", ABUSE, 22 * 3600, id="domestic abuse attended in 22 h"),
    pytest.param("attendance.within_4h", ABUSE, 0.08, id="8 % of domestic abuse within 4 h"),
    pytest.param("attendance.over_7d", ABUSE, 0.41, id="41 % of domestic abuse not within 7 d"),
    pytest.param("calls.abandonment_rate", {"line": "101", "queue": "all"}, 0.244, id="24.4 % of 101 calls given up"),
    pytest.param("safeguarding.declined_share", {"outcome": "attended"}, 0.38, id="38 % of assessments declined"),
]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A force that has dropped its incidents, assessments and calls, measured for the financial year to date only."""
    tmp_path = tmp_path_factory.mktemp("year")
    out = simulate(tmp_path / "exports", rows=ROWS).parent
    exports, configured = out / "incoming" / "SIM", out / "config"
    # The pipeline in memory knows one force, EX.
    config = {
        path.stem if path.parent == configured else f"source_{path.stem}": path.read_text()
        .replace("forces.SIM", f"forces.{FORCE}")
        .replace("incoming/SIM", f"incoming/{FORCE}")
        for path in configured.rglob("*.toml")
    }
    to_date = tuple(replace(family(name), kinds=(PeriodKind.FY_TO_DATE,)) for name in FAMILIES)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(measure, "families", lambda: to_date)
        patched.setattr(notify, "families", lambda: to_date)
        patched.setattr("tempfile.tempdir", str(tmp_path))
        force = Pipeline(**config)
        for path in sorted(
            found for kind in ("cad_incidents", "cad_risk", "acd_calls") for found in exports.glob(f"{kind}_*")
        ):
            force.drop(f"incoming/{FORCE}/{path.name}", path.read_bytes(), datetime(2024, 5, 10, 6, tzinfo=UTC))
        force.run()
    return force


@pytest.mark.parametrize(("metric", "where", "found"), FOUND)
def test_what_inspectors_found(
    year: Pipeline, metric: str, where: Mapping[str, str], found: float, tmp_path: Path
) -> None:
    keys = {"metric": metric, "hour_of_week": "all", **where}
    asked = " AND ".join(f"{key} = '{value}'" for key, value in keys.items())
    ((label, value),) = year.values(f"{asked} AND period_end = DATE '2024-04-01'", tmp_path / "asked")
    assert label == "2023/24"
    assert value == pytest.approx(found, rel=0.02)
