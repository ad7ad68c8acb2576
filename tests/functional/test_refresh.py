"""Only what an export touched, or a moved as_at can change, is worked out again; what changed after it was complete is restated."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from callclock import layout
from callclock.clock import Month
from callclock.contracts import INCIDENTS
from callclock.exports.receipt import CoverageRow
from callclock.lake.coverage import Coverage
from callclock.lake.curate import Curator
from callclock.metrics.catalogue import Family, families, family
from callclock.metrics.evaluate import ImpossibleFiguresError
from callclock.refresh import Refresh
from callclock.settings import Force, Targets, assemble
from callclock.state import ForceState
from tests.support.memory_lake import MemoryBucket, instant, write_staged

WAITS = tuple(f for f in families() if f.name in {"attendance_waits", "attendance_waits_year"})
FORCE = Force(name="Example")


class Lake:
    """A force in memory: stage, curate, refresh, and say which value objects were written."""

    def __init__(self, tmp_path: Path, measured: Sequence[Family] = WAITS) -> None:
        self.families = measured
        self.lake, self.results, self.tmp = MemoryBucket("lake"), MemoryBucket("results"), tmp_path
        self.state = ForceState()
        self.coverage: tuple[CoverageRow, ...] = ()

    def export(self, name: str, month: str, *, exported: str, closed: bool = True, hours: float = 1) -> None:
        start = instant(f"{month}-10T10:00:00Z")
        rows = [
            {
                "record_key": f"{month}-{n}", "incident_id": f"{month}-{n}", "origin": "public", "grade_initial": "1",
                "grade_scheme": "standard", "service": "police", "call_received_at": start + timedelta(days=n), "export_id": name, "record_no": n + 1,
                "exported_at": instant(exported), "first_arrived_at": start + timedelta(days=n, hours=hours) if closed else None,
                "closed_at": start + timedelta(days=n, hours=9) if closed else None,
            }
            for n in range(3)
        ]  # fmt: skip
        part = write_staged(self.tmp / "part.parquet", INCIDENTS, rows)
        self.lake.put(layout.staged("incidents", "EX", Month.parse(month), name), part)
        covered = CoverageRow(
            source="ex", table_name="incidents", export_id=name, covered_from=instant(f"{month}-01T00:00:00Z"),
            covered_to=instant(f"{month}-28T23:00:00Z"), exported_at=instant(exported), resend="delta", selected_by="start", covers="span",
        )  # fmt: skip
        self.coverage = (*self.coverage, covered)
        curator = Curator(self.lake, INCIDENTS, "EX", "Europe/London", 2.0, self.tmp / f"fold-{name}")
        report = curator.curate([Month.parse(month)], self.state.curated.get("incidents", {}))
        self.state = self.state.with_curated("incidents", report.months)

    def refresh(self, targets: Targets | None = None, now: str = "2026-12-01T00:00:00Z") -> set[str]:
        before = dict(self.results.objects)
        work = Refresh(
            force_code="EX", force=FORCE, targets=targets or assemble({}).targets, coverage=Coverage(self.coverage), now=instant(now),
            lake=self.lake, results=self.results, workdir=self.tmp / "refresh",
        )  # fmt: skip
        for state in work.run(self.state, self.families):
            self.state = state
        return {
            key.split("month=")[1].removesuffix(".parquet")
            for key, found in self.results.objects.items()
            if "metric_values" in key and before.get(key) != found
        }

    def rows(self, sql: str, prefix: str) -> list[tuple]:
        found = []
        for key, (content, _) in self.results.objects.items():
            if key.startswith(prefix):
                path = self.tmp / "read.parquet"
                path.write_bytes(content)
                found += duckdb.sql(sql.format(path=path)).fetchall()
        return found


@pytest.fixture(autouse=True)
def own_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Curated files are kept between runs below the temporary folder: give each test its own."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def settled(tmp_path: Path) -> Lake:
    """Three months, all closed, known until long after: nothing moves by time alone."""
    lake = Lake(tmp_path)
    for n, month in enumerate(("2026-01", "2026-02", "2026-03")):
        lake.export(f"e{n}", month, exported="2026-06-01T00:00:00Z")
    assert lake.refresh()
    return lake


def test_nothing_new_makes_nothing(tmp_path: Path) -> None:
    assert settled(tmp_path).refresh() == set()


def test_a_corrected_month_touches_its_own_values_and_the_years_that_hold_it(tmp_path: Path) -> None:
    lake = settled(tmp_path)
    lake.export("again", "2026-02", exported="2026-06-02T00:00:00Z", hours=5)
    made = lake.refresh()
    # January's partition holds the quarter and the week that runs into February.
    assert made == {
        "2026-01/attendance_waits",
        "2026-02/attendance_waits",
        "2026-02/attendance_waits_year",
        "2026-03/attendance_waits_year",
    }


def test_a_moved_as_at_changes_only_what_is_open(tmp_path: Path) -> None:
    lake = settled(tmp_path)
    lake.export("open", "2026-04", exported="2026-06-03T00:00:00Z", closed=False)
    lake.refresh()
    lake.export("late", "2026-05", exported="2026-07-01T00:00:00Z")
    made = lake.refresh()
    assert {key.split("/")[0] for key in made} >= {"2026-04", "2026-05"}
    assert not {key for key in made if key.startswith(("2026-01", "2026-02"))}, "closed months stay as they were"


def test_what_stood_open_on_a_day_long_past_is_not_counted_again_while_it_is_open(tmp_path: Path) -> None:
    lake = Lake(tmp_path, [family("attendance_backlog")])
    lake.export("open", "2026-01", exported="2026-06-01T00:00:00Z", closed=False)
    lake.export("closed", "2026-05", exported="2026-06-01T00:00:00Z")
    assert lake.refresh() == {f"2026-0{month}/attendance_backlog" for month in range(1, 6)}
    lake.export("late", "2026-06", exported="2026-07-01T00:00:00Z")
    assert lake.refresh() == {"2026-05/attendance_backlog", "2026-06/attendance_backlog"}
    lake.export("again", "2026-01", exported="2026-07-02T00:00:00Z")
    assert lake.refresh() == {f"2026-0{month}/attendance_backlog" for month in range(1, 7)}


def in_wrong_seconds(of: Family) -> Family:
    """A fault in the code: a mean that takes milliseconds for microseconds."""
    assert "c.attend_mean_ms AS DOUBLE) / 1000.0E0" in of.sql
    return replace(
        of, sql=of.sql.replace("attend_mean_ms AS DOUBLE) / 1000.0E0", "attend_mean_ms AS DOUBLE) / 1000000.0E0")
    )


def test_figures_that_cannot_be_stop_their_partition_and_no_other(tmp_path: Path) -> None:
    broken = in_wrong_seconds(family("attendance_waits"))
    lake = Lake(tmp_path, [family("attendance_counts"), broken])
    # Nobody waited longer than a quarter of an hour: no mean is too small for that.
    lake.export("quick", "2026-03", exported="2026-06-01T00:00:00Z", hours=0.1)
    lake.export("slow", "2026-04", exported="2026-06-01T00:00:00Z", hours=5)
    with pytest.raises(ImpossibleFiguresError) as fault:
        lake.refresh()
    told = str(fault.value)
    assert told.startswith("EX 2026-04 not released: attendance_waits: ")
    assert "metric attendance.mean_s, value 18.0, waited_longer_than 15m, so_many 1, of_attended 1" in told
    released = {key.split("month=")[1] for key in lake.results.objects}
    assert {"2026-03/attendance_counts.parquet", "2026-03/attendance_waits.parquet"} <= released
    assert not {key for key in released if key.startswith("2026-04")}
    # It does not count as made: the code put right makes it.
    lake.families = [family("attendance_counts"), family("attendance_waits")]
    assert lake.refresh() >= {"2026-04/attendance_counts", "2026-04/attendance_waits"}


def test_new_targets_reach_old_months(tmp_path: Path) -> None:
    lake = settled(tmp_path)
    changed = assemble({"targets.toml": '[[grades]]\ngrade = "1"\n'}).targets
    assert {key.split("/")[0] for key in lake.refresh(changed)} >= {"2026-01", "2026-02", "2026-03"}


def test_a_value_that_had_been_complete_is_restated_with_its_cause(tmp_path: Path) -> None:
    lake = settled(tmp_path)
    lake.export("again", "2026-02", exported="2026-06-02T00:00:00Z", hours=5)
    lake.refresh(now="2026-06-02T08:00:00Z")
    found = lake.rows(
        "SELECT old_value, new_value, cause, restated_at FROM '{path}' WHERE metric = 'attendance.median_s' AND period_kind = 'month' "
        "AND grade = '1' AND grade_basis = 'initial' AND population = 'all' AND area = 'all' AND hour_of_week = 'all'",
        "internal/restatements/",
    )
    assert found == [(3600.0, 18000.0, "export", datetime(2026, 6, 2, 8, tzinfo=UTC).replace(tzinfo=None))]
    lake.refresh(now="2026-06-03T08:00:00Z")
    assert len(lake.rows("SELECT DISTINCT restated_at FROM '{path}'", "internal/restatements/")) == len(
        [key for key in lake.results.objects if key.startswith("internal/restatements/")]
    ), "told once"


def test_partitions_worked_out_together_give_what_each_gives_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_incidents = [found for found in families() if found.tables == ("incidents",)]
    given, restated = [], []
    # One by one, two by two, all of them, and all of them with long periods apart from short ones.
    for together, long_work in ((1, 999), (2, 999), (6, 999), (6, 0)):
        monkeypatch.setattr("callclock.refresh._TOGETHER", together)
        monkeypatch.setattr("callclock.refresh._LONG_WORK", long_work)
        folder = tmp_path / f"{together}-{long_work}"
        folder.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(folder))
        lake = Lake(folder, of_incidents)
        # A week, a quarter and a financial year that run over the ends of months; February is corrected afterwards.
        for n, month in enumerate(("2026-01", "2026-02", "2026-03", "2026-04")):
            lake.export(f"e{n}", month, exported="2026-06-01T00:00:00Z", hours=n + 1)
        lake.refresh()
        lake.export("again", "2026-02", exported="2026-06-02T00:00:00Z", hours=30)
        lake.refresh(now="2026-06-02T08:00:00Z")
        of_months = "SELECT * EXCLUDE (cause_detail) FROM '{path}'"
        restated.append(sorted(map(str, lake.rows(of_months, "internal/restatements/"))))
        given.append({key: lake.rows("FROM '{path}'", key) for key in lake.results.objects if "restate" not in key})
    assert len({key.split("month=")[1][:7] for key in given[0]}) == 4
    assert len(restated[0]) > 50
    assert given[0] == given[1] == given[2] == given[3]
    assert restated[0] == restated[1] == restated[2] == restated[3]
