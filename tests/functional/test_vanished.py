"""A record that a later snapshot does not hold: kept, counted in the feed, restated, and no longer counted once it is back."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from callclock import measure, notify
from callclock.clock import PeriodKind
from callclock.metrics.catalogue import families
from tests.support.monthly import CALLS, CONFIG, monthly
from tests.support.pipeline import Pipeline

DAY = timedelta(days=1)


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    monthly_calls = [replace(f, kinds=(PeriodKind.MONTH,)) for f in families() if f.name == "calls_outcomes"]
    few = (*monthly_calls, *(f for f in families() if f.name == "feed"))
    for module in (measure, notify):
        monkeypatch.setattr(module, "families", lambda: few)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return Pipeline(**CONFIG)


def drop(pipeline: Pipeline, nights: int, *, without: int | None) -> None:
    """The month once more, some nights later; a call may be missing from it."""
    key, content, arrives = monthly("2026-03", 2)
    lines = content.decode().splitlines(keepends=True)
    kept = [line for line in lines if without is None or not line.startswith(f"2026-03-{without:02d},")]
    again = f"{key.rpartition('_')[0]}_{date(2026, 4, 2) + DAY * nights:%Y%m%d}.csv"
    pipeline.drop(again, "".join(kept).encode(), arrives + DAY * nights)
    pipeline.run()


def test_a_call_that_a_later_snapshot_misses(pipeline: Pipeline, tmp_path: Path) -> None:
    def vanished() -> list[tuple[str, float]]:
        found = pipeline.values("metric = 'feed.vanished' AND value > 0 AND complete", tmp_path / "db")
        return [(str(label), float(value)) for label, value in found]

    drop(pipeline, 0, without=None)
    assert vanished() == []
    drop(pipeline, 1, without=10)
    [(day, count)] = vanished()
    assert ("2026-03-15" < day < "2026-03-18", count) == (True, 1)
    offered = "metric = 'calls.offered' AND period_label = '2026-03' AND line = '101' AND queue = 'all'"
    assert {value for _, value in pipeline.values(f"{offered} AND hour_of_week = 'all'", tmp_path / "db")} == {CALLS}
    # Missing still, it is counted once.
    drop(pipeline, 2, without=10)
    assert vanished() == [(day, 1)]
    drop(pipeline, 3, without=None)
    assert vanished() == []
    assert restated(pipeline, tmp_path) == [(0.0, 1.0, "export"), (1.0, 0.0, "export")]


def restated(pipeline: Pipeline, tmp_path: Path) -> list[tuple[float, float, str]]:
    found = []
    for key, (content, _) in sorted(pipeline.results.objects.items()):
        if "/restatements/" in f"/{key}":
            (tmp_path / "restated.parquet").write_bytes(content)
            rows = duckdb.sql(
                "SELECT restated_at, old_value, new_value, cause "
                f"FROM read_parquet('{tmp_path / 'restated.parquet'}') WHERE metric = 'feed.vanished'"
            )
            found += rows.fetchall()
    return [(old, new, cause) for _, old, new, cause in sorted(found)]
