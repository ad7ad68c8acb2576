"""The inspectors' 38 %: on the exports of the simulated year, read, folded and measured as the functions do it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callclock import measure, notify
from callclock.clock import PeriodKind
from callclock.metrics.catalogue import family
from local.simulate import simulate
from tests.support.pipeline import FORCE, Pipeline


def test_of_those_offered_an_assessment_38_percent_declined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = simulate(tmp_path / "exports", rows=8000).parent
    year, configured = out / "incoming" / "SIM", out / "config"
    # The pipeline in memory knows one force, EX.
    config = {
        path.stem if path.parent == configured else f"source_{path.stem}": path.read_text()
        .replace("forces.SIM", f"forces.{FORCE}")
        .replace("incoming/SIM", f"incoming/{FORCE}")
        for path in configured.rglob("*.toml")
    }
    to_date = (replace(family("safeguarding_outcomes_year"), kinds=(PeriodKind.FY_TO_DATE,)),)
    monkeypatch.setattr(measure, "families", lambda: to_date)
    monkeypatch.setattr(notify, "families", lambda: to_date)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    force = Pipeline(**config)
    for path in sorted([*year.glob("cad_incidents_*.csv"), *year.glob("cad_risk_*.csv")]):
        force.drop(f"incoming/{FORCE}/{path.name}", path.read_bytes(), datetime(2024, 5, 10, 6, tzinfo=UTC))
    force.run()
    where = "metric = 'safeguarding.declined_share' AND outcome = 'attended' AND period_end = DATE '2024-04-01'"
    ((label, declined),) = force.values(where, tmp_path / "asked")
    assert label == "2023/24"
    assert declined == pytest.approx(0.38, rel=0.02)
