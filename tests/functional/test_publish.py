"""What report writes below public/, run after run, and what the audit says of it."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from callclock import layout
from callclock.clock import Month
from callclock.contracts import METRIC_VALUES, PUBLIC_VALUES
from callclock.engine import connect, quote, rows_of
from callclock.objects import Bucket
from callclock.publication import SUPPRESSED
from callclock.publish import rows_from
from callclock.report import Report, draw
from local import cli
from tests.support import page_rows
from tests.support.public_world import LABELS, Incident, Row, World
from tests.support.public_world import draw as drawn

PUBLIC, APRIL = "public/metric_values/force_code=SIM/", Month(2025, 4)


@dataclass
class Force:
    """A force whose values lie in buckets, as measure leaves them."""

    report: Report
    folder: Path

    def measured(self, world: World, until: str = LABELS[-1], *, year: bool = False) -> None:
        rows = [row for found in world.released(until, year=year).values() for row in found]
        path = self.folder / "values.parquet"
        with connect(self.folder / "duckdb") as db:
            page_rows.lay(db, METRIC_VALUES, rows)
            db.execute(f"COPY metric_values TO {quote(str(path))} (FORMAT parquet)")
        self.report.results.put(layout.values("SIM", APRIL, "attendance_counts"), path)
        draw("SIM", self.report)

    def left(self, out: Path) -> Path:
        """Bring the results to a folder, as a run leaves them."""
        for found in list(self.report.results.list("")):
            self.report.results.fetch(found.key, out / "results" / found.key)
        return out

    def public(self) -> list[Row]:
        paths = []
        for found in list(self.report.results.list(PUBLIC)):
            paths.append(self.folder / "public" / found.key)
            self.report.results.fetch(found.key, paths[-1])
        with connect(self.folder / "duckdb") as db:
            return list(rows_from(db, rows_of(PUBLIC_VALUES.columns, paths)))

    def value(self, area: str, period: str = LABELS[0]) -> object:
        [row] = [
            row
            for row in self.public()
            if (row["metric"], row["area"], row["period_label"]) == ("attendance.incidents", area, period)
            and (row["grade"], row["population"]) == ("all", "all")
        ]
        return row["value"]


@pytest.fixture
def force(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Force]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with mock_aws():
        s3 = boto3.client("s3")
        for bucket in ("lake", "results"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
        yield Force(Report(lake=Bucket("lake", s3), results=Bucket("results", s3)), tmp_path)


@pytest.fixture
def written(force: Force) -> Callable[[], list[str]]:
    """Say which keys were written since it was last asked."""
    keys: list[str] = []
    client: Any = force.report.results._s3
    client.meta.events.register("before-call.s3.PutObject", lambda params, **_: keys.append(params["url_path"]))

    def asked() -> list[str]:
        found = [key for key in keys if "/public/" in key or "/published/" in key]
        keys.clear()
        return found

    return asked


def two_areas(north: int = 12, south: int = 30) -> World:
    counts = {"North": north, "South": south}
    return World(
        [Incident(LABELS[0], "2", "other", a, "in 4 h", True, True) for a, n in counts.items() for _ in range(n)]
    )


def audited(out: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.app, ["audit-public", "--out", str(out), *options])
    return done.exit_code, done.output


def test_a_year_lies_below_public_and_nothing_small_follows(force: Force, tmp_path: Path) -> None:
    force.measured(drawn(random.Random(4), 600), year=True)
    rows = force.public()
    assert {row["period_label"] for row in rows} >= {"2025/26", *LABELS}
    hidden = [row for row in rows if row["notes"] == SUPPRESSED]
    assert hidden
    assert {row["metric"] for row in rows} & {"attendance.incidents", "calls.offered", "safeguarding.assessed_share"}
    assert len(hidden) < len(rows)
    assert not [row for row in hidden if row["value"] is not None or row["n"] is not None]
    [march] = [
        row
        for row in rows
        if row["period_label"] == "2025/26" and row["metric"] == "calls.offered" and row["line"] == "101"
    ]
    assert march["value"] is not None
    out = force.left(tmp_path / "out")
    pack = out / "results" / layout.public_release("SIM", "2025/26", "")
    assert {file.name for file in pack.iterdir()} == {"attendance.csv", "areas.csv", "calls.csv", "release.xlsx"}
    code, said = audited(out, "--json")
    found = json.loads(said)
    assert (code, found["force_code"], found["year"], found["leaks"]) == (0, "SIM", "2025/26", [])
    assert (found["rows"], found["suppressed"]) == (len(rows), len(hidden))


def test_the_command_names_what_follows(force: Force, tmp_path: Path) -> None:
    """One of two hidden areas is put back where it was: the other follows, and the command says so."""
    force.measured(two_areas(south=3))
    assert force.value("South") is None
    out = force.left(tmp_path / "out")
    [file] = (out / "results" / PUBLIC).rglob("*.parquet")
    with connect(tmp_path / "spoil") as db:
        rows = [
            {**row, "value": 12.0, "n": 12, "notes": ""}
            if (row["metric"], row["area"]) == ("attendance.incidents", "North")
            else row
            for row in rows_from(db, rows_of(PUBLIC_VALUES.columns, [file]))
        ]
        page_rows.lay(db, METRIC_VALUES, rows)
        db.execute(f"COPY metric_values TO {quote(str(file))} (FORMAT parquet)")
    code, said = audited(out)
    assert code == cli.EXIT_HELD
    assert "area South, 2025-04: it is 3, and the public figures leave only 3 to 3" in " ".join(said.split())


def test_where_nothing_was_published_the_command_says_so(tmp_path: Path) -> None:
    code, said = audited(tmp_path)
    assert code == cli.EXIT_USAGE
    assert "nothing was published below" in said


def test_the_same_values_are_written_once(force: Force, written: Callable[[], list[str]]) -> None:
    force.measured(two_areas())
    assert len(written()) == 7, "what is known, one month, four files of the pack, and the mark that it is done"
    draw("SIM", force.report)
    assert written() == []


def test_what_was_shown_is_remembered_from_run_to_run(force: Force, written: Callable[[], list[str]]) -> None:
    force.measured(two_areas())
    force.measured(two_areas(north=13))
    assert force.value("North") == 12.0, "one more would give a person away"
    force.measured(two_areas(north=20))
    assert force.value("North") == 20.0
    force.measured(two_areas(north=18, south=3))
    assert (force.value("North"), force.value("South")) == (20.0, 30.0), "what became small had been shown"


def test_a_run_that_died_is_made_good(force: Force, monkeypatch: pytest.MonkeyPatch) -> None:
    put = Bucket.put

    def dies(self: Bucket, key: str, *args: Any, **more: Any) -> None:
        if key.startswith("public/"):
            raise ConnectionError("the function's time was over")
        put(self, key, *args, **more)

    monkeypatch.setattr(Bucket, "put", dies)
    with pytest.raises(ConnectionError):
        force.measured(two_areas())
    monkeypatch.setattr(Bucket, "put", put)
    draw("SIM", force.report)
    assert force.value("North") == 12.0


def test_a_higher_limit_takes_back_what_it_would_have_hidden(force: Force) -> None:
    force.measured(two_areas(north=7))
    assert force.value("North") == 7.0
    force.report.lake.put(
        layout.CONFIGURATION,
        json.dumps({"hash": "x", "files": {"force.toml": '[forces.SIM]\nname = "Simulated"\nsuppress_below = 10\n'}}),
    )
    draw("SIM", force.report)
    assert force.public() == [], "nothing can hide now what was known: the year is taken back whole"
