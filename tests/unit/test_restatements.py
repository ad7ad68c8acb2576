"""What made a value differ, and that time alone makes none."""

import pytest

from callclock.restatements import cause

OLD = {
    "curated": {"incidents/2026-03": "a"},
    "as_at": "2026-04-05T00:00:00Z",
    "sources": {"incidents/cad": "2026-04-05T00:00:00Z"},
    "holes": ["month:2026-03"],
    "configuration": "c",
    "definition": "1",
    "sql": "s",
    "code": "0.1.0",
}


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"curated": {"incidents/2026-03": "b"}}, "export"),
        ({"configuration": "d", "as_at": "2026-05-05T00:00:00Z"}, "configuration"),
        ({"definition": "2", "configuration": "d"}, "definition"),
        ({"sql": "t"}, "definition"),
        ({"code": "0.2.0"}, "definition"),
    ],
)
def test_what_differs_names_the_cause(changed: dict[str, object], word: str) -> None:
    found = cause(OLD, {**OLD, **changed})
    assert found is not None
    assert found[0] == word
    assert all(f"{name}: " in found[1] for name in changed)


@pytest.mark.parametrize("name", ["as_at", "sources", "holes"])
def test_time_alone_is_no_cause(name: str) -> None:
    assert cause(OLD, {**OLD, name: "later"}) is None
    assert cause(OLD, OLD) is None


def test_inputs_that_were_never_written_are_a_cause() -> None:
    found = cause({}, OLD)
    assert found is not None
    assert found[0] == "definition"
