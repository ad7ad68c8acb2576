"""A partition that is not released for a fault in the code: the run fails, and what was made is told of all the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from callclock.metrics.evaluate import ImpossibleFiguresError
from callclock.refresh import Refresh
from callclock.state import ForceState
from tests.support.monthly import CONFIG, monthly
from tests.support.pipeline import FORCE, Pipeline, only_monthly_abandonment


def test_the_run_fails_and_what_was_made_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with only_monthly_abandonment(tmp_path):
        pipeline = Pipeline(**CONFIG)
        pipeline.drop(*monthly("2026-01", 1))
        drawn_before, real = len(pipeline.drawn), Refresh.run

        def stopped(self: Refresh, state: ForceState, families: object) -> Iterator[ForceState]:
            yield from real(self, state, families)  # type: ignore[arg-type]
            raise ImpossibleFiguresError("EX 2026-02 not released")

        with monkeypatch.context() as patch:
            patch.setattr(Refresh, "run", stopped)
            with pytest.raises(ImpossibleFiguresError, match="EX 2026-02 not released"):
                pipeline.run()
        assert pipeline.state().values["calls_outcomes"]
        pipeline.run()
        assert pipeline.drawn[drawn_before:] == [FORCE]
