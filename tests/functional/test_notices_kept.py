"""Wherever notify falls over, the table of notices ends with every notice that people were sent, each once."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from callclock import layout
from callclock.bookkeeping import NOTICES
from callclock.engine import connect, rows_of
from tests.support.monthly import CONFIG, FORCE, monthly
from tests.support.pipeline import Pipeline, only_monthly_abandonment

JANUARY = monthly("2025-01", 6)
MONDAY = datetime.fromisoformat("2025-02-10T05:15:00Z")
LEAPS = CONFIG | {
    "force": FORCE + "[forces.EX.quarantine_leap]\nrecords = 5\n",
    "source_switch": CONFIG["source_switch"].replace("[export]", "[export]\nquarantine_max = 0.9"),
}


class FellOverError(Exception):
    """Notify died here."""


@pytest.fixture(scope="module", autouse=True)
def few_families(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with only_monthly_abandonment(tmp_path_factory.mktemp("kept")):
        yield


def breach() -> Pipeline:
    pipeline = Pipeline(**CONFIG)
    pipeline.drop(*JANUARY)
    return pipeline


def refusal() -> Pipeline:
    pipeline = Pipeline(**CONFIG)
    pipeline.drop("incoming/EX/letter.csv", b"Dear,Sir\nI,write\n", JANUARY[2])
    return pipeline


def leap() -> Pipeline:
    """Three clean exports, then one of whose twenty calls six start at no time."""
    pipeline = Pipeline(**LEAPS)
    for month in ("2025-01", "2025-02", "2025-03"):
        pipeline.drop(*monthly(month, 1))
        pipeline.run()
    key, content, arrives = monthly("2025-04", 1)
    lines = content.split(b"\n")
    pipeline.drop(key, b"\n".join([line.replace(b"/", b"|", 1) for line in lines[:7]] + lines[7:]), arrives)
    return pipeline


def digest() -> Pipeline:
    """The breach was told on the Monday before."""
    pipeline = breach()
    pipeline.run()
    pipeline.tick(MONDAY)
    return pipeline


# What sets each kind of notice off, and when the next tick comes.
KINDS: dict[str, tuple[Callable[[], Pipeline], str]] = {
    "breach": (breach, "2025-02-04"),
    "refusal": (refusal, "2025-02-04"),
    "leap": (leap, "2025-05-04"),
    "digest": (digest, "2025-02-11"),
}
OWED = "EX#owed-rows"
# Of what notify works with: what it calls at each step, and whether a call with such a first argument is that step.
STEPS: dict[str, tuple[str, str, Callable[[str], bool]]] = {
    "before it is listed as owed": ("log", "record", lambda story: story == OWED),
    "before it is logged": ("log", "record", lambda story: story != OWED),
    "before it is in the table": ("results", "replace", lambda key: key == layout.notices("EX")),
    "before it is off the list": ("log", "forget", lambda story: story == OWED),
}


def fall_over(patch: pytest.MonkeyPatch, pipeline: Pipeline, step: str) -> None:
    """Let notify die before a step, once it has sent something."""
    part, method, is_step = STEPS[step]
    worker: Any = getattr(pipeline, part)
    real, before = getattr(worker, method), read(pipeline)

    def stumbling(name: str, *rest: object) -> object:
        if is_step(name) and read(pipeline) != before:
            raise FellOverError(step)
        return real(name, *rest)

    patch.setattr(worker, method, stumbling)


def run_into(pipeline: Pipeline, patch: pytest.MonkeyPatch, step: str) -> Sequence[str]:
    """Run until notify dies, and return the messages that it had taken."""
    taken: list[str] = []
    real = pipeline._tell

    def tell(batch: Sequence[str]) -> None:
        taken[:] = batch
        real(batch)

    patch.setattr(pipeline, "_tell", tell)
    fall_over(patch, pipeline, step)
    with pytest.raises(FellOverError):
        pipeline.run()
    return taken


def sent(pipeline: Pipeline, tmp_path: Path) -> list[tuple[str, str]]:
    """Day and subject of every row of a notice that was sent."""
    path = tmp_path / "notices.parquet"
    assert pipeline.results.fetch(layout.notices("EX"), path)
    with connect(tmp_path / "duckdb") as db:
        known = rows_of(NOTICES.columns, [path])
        return db.execute(
            f"SELECT strftime(decided_at, '%Y-%m-%d'), subject FROM ({known}) WHERE held_back IS NULL ORDER BY ALL"
        ).fetchall()


def read(pipeline: Pipeline) -> list[tuple[str, str]]:
    """Day and subject of everything that people were sent; a digest's subject is the first line of what is kept."""
    return sorted({*pipeline.mails, *((day, text.partition("\n")[0]) for day, text in pipeline.digests)})


@pytest.mark.parametrize("lost", [False, True], ids=["its message comes again", "its message is lost"])
@pytest.mark.parametrize("step", list(STEPS))
@pytest.mark.parametrize("kind", list(KINDS))
def test_the_next_run_writes_what_one_that_died_had_sent(
    kind: str, step: str, lost: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, next_day = KINDS[kind]
    pipeline = begin()
    with monkeypatch.context() as patch:
        taken = run_into(pipeline, patch, step)
    before = read(pipeline)
    assert before, "people had been told"
    if lost:
        pipeline.tick(datetime.fromisoformat(f"{next_day}T05:15:00Z"))
    else:
        pipeline.queues["notify"][:0] = taken
    pipeline.run()
    rows, mails = sent(pipeline, tmp_path), read(pipeline)
    if lost and step == "before it is listed as owed":
        # Nobody can know whether SNS took it: it is told again, and has the row of its repeat.
        first = before[-1]
        assert sorted([*rows, first]) == mails
        assert first[1] in {subject for _, subject in rows}
    else:
        assert rows == mails
    assert pipeline.log.of_story(OWED) == ()
