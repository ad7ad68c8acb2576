"""Everything made anew beside what stands is what stands, and what was tampered with is found, told and put right."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from callclock import layout, measure, state
from callclock.clock import Month
from callclock.ledger import Mark
from callclock.objects import ChangedMeanwhileError
from callclock.operations import rebuild as rebuilding
from callclock.operations.compare import Comparison, compare, is_put_right, put_right
from callclock.operations.differences import Difference
from callclock.operations.rebuild import Rebuilt, rebuild
from callclock.operations.withdraw import withdraw
from tests.functional.test_withdraw import CORRECTED, FEBRUARY, JANUARY, entry, figures
from tests.support.monthly import CONFIG
from tests.support.pipeline import FORCE, Pipeline, only_monthly_abandonment

NOW = datetime.fromisoformat("2025-03-10T09:00:00Z")
CURATED = layout.curated("calls", FORCE, Month(2025, 1))
VALUES = layout.values(FORCE, Month(2025, 1), "calls_outcomes")
RATE = "calls.abandonment_rate"


@pytest.fixture(scope="module", autouse=True)
def few_families(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with only_monthly_abandonment(tmp_path_factory.mktemp("kept")), pytest.MonkeyPatch.context() as patch:
        patch.setattr(rebuilding, "families", measure.families)
        yield


@pytest.fixture(scope="module")
def three_exports() -> Pipeline:
    made = Pipeline(**CONFIG)
    for drop in (JANUARY, FEBRUARY, CORRECTED):
        made.drop(*drop)
        made.run()
    return made


@pytest.fixture
def pipeline(three_exports: Pipeline) -> Iterator[Pipeline]:
    """Three exports read and measured; afterwards everything is put back as it was."""
    buckets = (three_exports.exports, three_exports.lake, three_exports.results)
    were = [dict(bucket.objects) for bucket in buckets], dict(three_exports.ledger.entries)
    yield three_exports
    for bucket, was in zip(buckets, were[0], strict=True):
        bucket.objects = was
    three_exports.ledger.entries = were[1]
    three_exports.marks.tokens.clear()
    three_exports.lose.clear()


def compared(pipeline: Pipeline, folder: Path, said: Callable[[str], None] = lambda _: None) -> Comparison:
    return compare(pipeline.stack, made_anew(pipeline, folder), folder, said)


def made_anew(pipeline: Pipeline, folder: Path) -> Rebuilt:
    return rebuild(pipeline.stack, FORCE, NOW, folder, lambda _: None)


def tamper(pipeline: Pipeline, key: str, change: Callable[[pa.Table], pa.Table], *, results: bool = False) -> None:
    """Put a file in place of one that stands, with the same metadata, as nobody should."""
    bucket = pipeline.results if results else pipeline.lake
    content, told = bucket.objects[key]
    changed, out = change(pq.read_table(io.BytesIO(content))), io.BytesIO()
    pq.write_table(changed, out)
    bucket.objects[key] = (out.getvalue(), told)


def with_column(table: pa.Table, name: str, column: object) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), column)


def answered_late(table: pa.Table) -> pa.Table:
    """Every answer of the month a second later."""
    return with_column(table, "wait_first_ms", pc.add(table["wait_first_ms"], 1000))


def all_answered(table: pa.Table) -> pa.Table:
    """Nobody hung up: the rate of the month is nought."""
    value = pc.if_else(pc.equal(table["metric"], RATE), 0.0, table["value"])
    return with_column(table, "value", value)


def test_what_stands_is_what_it_is_made_anew_and_nothing_is_touched(pipeline: Pipeline, tmp_path: Path) -> None:
    before = [dict(bucket.objects) for bucket in (pipeline.exports, pipeline.lake, pipeline.results)]
    said: list[str] = []
    found = compared(pipeline, tmp_path, said.append)
    assert found.is_equal
    assert (found.months, found.differences, found.waiting) == (2, (), 0)
    assert found.objects == sum("metric_values" in key for key in pipeline.results.objects)
    assert [dict(bucket.objects) for bucket in (pipeline.exports, pipeline.lake, pipeline.results)] == before
    assert f"comparing calls {Month(2025, 2)}" in said


def test_so_it_is_after_a_withdrawal(pipeline: Pipeline, tmp_path: Path) -> None:
    withdraw(pipeline.stack, entry(pipeline, CORRECTED[0]), NOW)
    pipeline.run()
    assert compared(pipeline, tmp_path).is_equal


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t.slice(1), {"only_rebuilt": 1}),
        (lambda t: pa.concat_tables([t, t.slice(0, 1)]), {"only_standing": 1}),
        (answered_late, {"changed": 18, "columns": ("wait_first_ms",)}),
        (lambda t: t.slice(0, 0), {"only_rebuilt": 20}),
    ],
    ids=["a row taken away", "a row twice", "answers later", "no row left"],
)
def test_a_curated_file_that_was_tampered_with_is_found(
    change: Callable[[pa.Table], pa.Table], told: dict[str, object], pipeline: Pipeline, tmp_path: Path
) -> None:
    tamper(pipeline, CURATED, change)
    assert compared(pipeline, tmp_path).differences == (Difference("calls", "2025-01", **told),)  # type: ignore[arg-type]


def test_a_file_that_is_none_any_more_is_found(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline.lake.objects[CURATED] = (b"PAR1 no more", pipeline.lake.objects[CURATED][1])
    assert compared(pipeline, tmp_path).differences == (Difference("calls", "2025-01", unreadable=True),)


def test_a_value_that_was_tampered_with_is_found_by_its_name(pipeline: Pipeline, tmp_path: Path) -> None:
    tamper(pipeline, VALUES, all_answered, results=True)
    [found] = compared(pipeline, tmp_path).differences
    assert (found.table, found.month, found.family) == ("metric_values", "2025-01", "calls_outcomes")
    assert (found.told, found.columns, found.due) == ((f"{RATE} month 2025-01",), ("value",), False)
    assert found.changed > 0


def test_a_last_bit_of_a_sum_is_no_difference(pipeline: Pipeline, tmp_path: Path) -> None:
    tamper(pipeline, VALUES, lambda t: with_column(t, "value", pc.multiply(t["value"], 1 + 2e-16)), results=True)
    assert compared(pipeline, tmp_path).is_equal
    tamper(pipeline, VALUES, lambda t: with_column(t, "value", pc.multiply(t["value"], 1 + 1e-9)), results=True)
    assert not compared(pipeline, tmp_path).is_equal


def test_coverage_and_what_is_known_of_a_month_are_compared_too(pipeline: Pipeline, tmp_path: Path) -> None:
    tamper(pipeline, layout.coverage(FORCE), lambda t: t.slice(1), results=True)
    known, read = state.load(pipeline.lake, FORCE)
    month = known.curated["calls"][Month(2025, 2)]
    state.save(pipeline.lake, FORCE, known.with_curated("calls", {Month(2025, 2): replace(month, open=1)}), read)
    found = compared(pipeline, tmp_path).differences
    assert [(d.table, d.only_rebuilt, d.columns) for d in found] == [("calls", 0, ("state",)), ("coverage", 1, ())]


def test_what_measure_has_still_to_do_is_told_as_that(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline.lose = {"measure"}
    withdraw(pipeline.stack, entry(pipeline, CORRECTED[0]), NOW)
    pipeline.run()
    found = compared(pipeline, tmp_path)
    assert found.waiting == 1
    assert {d.due for d in found.differences if d.table != "coverage"} == {True}


def test_measure_at_work_meanwhile_is_not_compared_with(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stirred(*_: object) -> None:
        known, read = state.load(pipeline.lake, FORCE)
        state.save(pipeline.lake, FORCE, replace(known, rebuilt=known.rebuilt + "."), read)

    with pytest.raises(ChangedMeanwhileError, match="at work meanwhile"):
        rebuild(pipeline.stack, FORCE, NOW, tmp_path, stirred)
    made = made_anew(pipeline, tmp_path)
    with pytest.raises(ChangedMeanwhileError, match="at work meanwhile"):
        compare(pipeline.stack, made, tmp_path, stirred)


def test_what_differs_is_put_right_by_measure_and_what_had_been_published_is_restated(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The values were made from what was tampered with, and the function still keeps that month while it is warm."""
    whole = figures(pipeline, tmp_path / "a")
    curated = pipeline.lake.objects[CURATED]
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    tamper(pipeline, CURATED, lambda t: with_column(t, "stage", pa.array(["answered"] * len(t))))
    known, read = state.load(pipeline.lake, FORCE)
    state.save(pipeline.lake, FORCE, known.without_value("calls_outcomes", Month(2025, 1)), read)
    pipeline.tick(NOW)
    pipeline.run()
    tamper(pipeline, layout.coverage(FORCE), lambda t: t.slice(1), results=True)
    assert figures(pipeline, tmp_path / "b") == [("2025-01", 0.0), *whole[1:]]
    made = made_anew(pipeline, tmp_path / "made")
    found = compare(pipeline.stack, made, tmp_path / "made", lambda _: None)
    assert len(found.differences) == 3
    put_right(pipeline.stack, found, NOW + timedelta(hours=1))
    assert not is_put_right(pipeline.stack, found, made)
    pipeline.run()
    assert is_put_right(pipeline.stack, found, made)
    assert compare(pipeline.stack, made, tmp_path / "made", lambda _: None).is_equal
    assert pipeline.lake.objects[CURATED] == curated
    assert figures(pipeline, tmp_path / "c") == whole
    key = layout.restatements(FORCE, Month(2025, 1), "calls_outcomes")
    rows = pq.read_table(io.BytesIO(pipeline.results.objects[key][0])).to_pylist()
    wanted = {"cause": "rebuild", "metric": RATE, "line": "101", "queue": "all", "hour_of_week": "all"}
    rates = [row for row in rows if wanted.items() <= row.items()]
    said = [(row["old_value"], row["new_value"]) for row in sorted(rates, key=lambda row: row["restated_at"])]
    assert said == [(0.1, 0.0), (0.0, 0.1)], "to what was wrong, and back"
    assert not pipeline.marks.of(Mark.UNFOLDED, FORCE)
