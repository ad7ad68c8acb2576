"""What was said in April about March: the question of the runbook, asked of what a run left."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from local.athena import query_directory
from local.cli import app
from tests.support import projection
from tests.support.monthly import CALLS, CONFIG, monthly
from tests.support.pipeline import Pipeline, only_monthly_abandonment
from tests.support.template import Template

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
GIVEN = {"ForceCodes": "EX", "LakeBucket": "lake", "ResultsBucket": "results"}


def asked(day: str) -> str:
    """The query of the runbook, for another day."""
    [found] = [
        sql
        for sql in re.findall(r"```sql\n(.*?)```", RUNBOOK.read_text("utf-8"), flags=re.DOTALL)
        if "said_then" in sql
    ]
    return str(found).replace("2026-04-30", day)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """March is said in April, corrected in May and again in June; everything left as a run leaves it."""
    out = tmp_path_factory.mktemp("left")
    with only_monthly_abandonment(tmp_path_factory.mktemp("kept")):
        pipeline = Pipeline(**CONFIG)
        for drop in (
            monthly("2026-03", 6),
            monthly("2026-03", 4, ("2026-04", 5)),
            monthly("2026-03", 3, ("2026-04", 5), ("2026-05", 2)),
        ):
            pipeline.drop(*drop)
            pipeline.run()
    for key, (content, _) in pipeline.results.objects.items():
        path = out / "results" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    tables = [
        {**table, "DatabaseName": name.partition(".")[0]}
        for name, table in projection.tables(Template(), GIVEN).items()
        if name.startswith("results.")
    ]
    now = datetime(2026, 6, 4, tzinfo=UTC).isoformat()
    (out / "glue.json").write_text(json.dumps({"buckets": {"results": "results"}, "now": now, "tables": tables}))
    return out


@pytest.mark.parametrize(
    ("day", "hung_up"), [("2026-04-30", 6), ("2026-05-20", 4), ("2026-06-30", 3)], ids=["April", "May", "June"]
)
def test_what_was_said_then_and_what_is_said_now(left: Path, day: str, hung_up: int) -> None:
    names, rows = query_directory(asked(day), left)
    [row] = [dict(zip(names, row, strict=True)) for row in rows]
    assert row["period_label"] == "2026-03"
    assert row["said_then"] == pytest.approx(hung_up / CALLS)
    assert row["says_now"] == pytest.approx(3 / CALLS)


def test_callclock_query_prints_it(left: Path) -> None:
    done = CliRunner().invoke(app, ["query", asked("2026-04-30"), "--out", str(left)])
    assert done.exit_code == 0, done.output
    assert "0.3" in done.output
    assert "0.15" in done.output
