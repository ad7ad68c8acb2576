"""docs/metrics.md: every example through the real SQL, and the committed file as it would be written today."""

import math
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from callclock.clock import Month
from callclock.metrics.catalogue import Family, families, read_family
from callclock.metrics.known import FOR_EVER, ExportKnown, SourceKnown
from local import definitions, explained
from tests.support import worked
from tests.support.curated import (
    Row,
    assessment,
    call,
    contact,
    incident,
    interval,
    one,
    regrade,
    values_of,
    write_numbered,
)

ROOT = Path(__file__).parents[2]
EXAMPLES = tomllib.loads((ROOT / "docs" / "examples.toml").read_text("utf-8"))
MARCH = Month(2026, 3)
BUILT: dict[str, Callable[..., Row]] = {
    "incidents": incident,
    "calls": call,
    "call_intervals": interval,
    "contacts": contact,
    "safeguarding": assessment,
    "regrades": regrade,
}
WORKED: dict[str, Callable[[Path], pd.DataFrame]] = {
    "attendance_marks": worked.marks,
    "stage_waterfall": worked.waterfall,
    "episodes": lambda workdir: worked.rung("2026-03", workdir),
    "followthrough": worked.followed,
}


def _repeated(scene: dict[str, Any]) -> list[Row]:
    """Records of a scene; one of them may stand for the same on several days."""
    records = list(scene["records"])
    again = scene.get("repeat")
    if again:
        first = next(r for r in records if r["call_id"] == again["of"])
        for n in range(1, again["times"]):
            later = timedelta(days=again["days"] * n)
            moved = {k: v + later if isinstance(v, datetime) else v for k, v in first.items()}
            records.append({**moved, "call_id": f"{first['call_id']}{n}"})
    return records


def _values(scene: dict[str, Any], wanted: set[str], workdir: Path) -> pd.DataFrame:
    as_at, also, table = scene["as_at"], scene.get("also", {}), scene["table"]
    rows = [BUILT[table](as_at, **{"record_key": str(n), **said}) for n, said in enumerate(_repeated(scene))]
    others = {
        name: [write_numbered(name, [BUILT[name](as_at, **said) for said in records], workdir / name)]
        for name, records in also.items()
    }
    path = write_numbered(table, rows, workdir)
    tables = (table, *also)
    since = datetime(2026, 2, 1, tzinfo=UTC)
    sources = [SourceKnown(t, "test", as_at, "snapshot", covered_from=since, covered_to=as_at) for t in tables]
    if "exports" in scene:
        exports = tuple(ExportKnown(**said) for said in scene["exports"])
        snapshots = tuple((s["covers_from"], s["covers_until"], s["exported_at"]) for s in scene["snapshots"])
        sources = [replace(sources[0], exports=exports, snapshots=snapshots, holes=((as_at, FOR_EVER),))]
    found = [f for f in families() if f.tables == tables and f.name == f.file and wanted & {m.name for m in f.metrics}]
    return values_of(found, [path], MARCH, workdir, as_at=as_at, sources=sources, also=others)


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], pd.DataFrame]:
    @cache
    def of(name: str) -> pd.DataFrame:
        wanted = {figure["metric"] for figure in EXAMPLES["figures"] if figure["scene"] == name}
        scene, workdir = EXAMPLES["scenes"][name], tmp_path_factory.mktemp(name)
        return WORKED[scene["worked"]](workdir) if "worked" in scene else _values(scene, wanted, workdir)

    return of


@pytest.mark.parametrize("figure", EXAMPLES["figures"], ids=lambda f: f"{f['metric']} {f['scene']}")
def test_an_example_comes_out_of_the_sql(figure: dict[str, Any], values: Callable[[str], pd.DataFrame]) -> None:
    row = one(values(figure["scene"]), metric=figure["metric"], **figure["where"])
    due = figure["value"]
    if isinstance(due, str):
        assert f"{row['numerator']:.0f}/{row['denominator']:.0f}" == due
        due = float(Fraction(due))
    assert math.isclose(row["value"], due, rel_tol=1e-12)


def test_the_page_is_what_the_headers_say() -> None:
    assert explained.PAGE.read_text("utf-8") == explained.render(), "docs/metrics.md is out of date: run make docs"


def test_every_figure_has_an_example_and_every_example_a_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    known = explained.examples()
    monkeypatch.setattr(explained, "examples", lambda: known[1:])
    with pytest.raises(ValueError, match=re.escape(f"no example of {known[0].metric} (basis record)")):
        explained.render()
    monkeypatch.setattr(explained, "examples", lambda: (*known, replace(known[0], metric="calls.sung")))
    with pytest.raises(ValueError, match=re.escape("calls.sung (basis record) is measured nowhere")):
        explained.render()


def test_no_definition_has_changed_under_its_version() -> None:
    lock = definitions.locked(definitions.held(), definitions.one_of_each())
    assert definitions.text(lock) == definitions.LOCK.read_text("utf-8"), "the lock is out of date: run make docs"


def changed(old: str, new: str) -> Family:
    """The family calls_waits with a text in place of another."""
    file = ROOT / "layers" / "callclock" / "python" / "callclock" / "metrics" / "calls_waits.sql"
    text = file.read_text("utf-8")
    assert old in text
    return read_family(file.name, text.replace(old, new, 1))[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [("Offered", "Answered"), ("CROSS JOIN", "LEFT JOIN"), ("-- look_ahead: 0", "-- look_ahead: 1")],
    ids=["header", "text", "months"],
)
def test_a_change_needs_a_new_version(old: str, new: str) -> None:
    before = definitions.held()
    family = changed(old, new)
    with pytest.raises(
        definitions.DefinitionChangedError, match=r"(?s)calls_waits\.sql: .* still 1\nraise definition_version"
    ):
        definitions.locked(before, [family])
    raised = definitions.locked(before, [replace(family, definition_version="2")])["calls_waits"]
    assert (raised.definition_version, raised.same_meaning) == ("2", ())
    same = definitions.locked(before, [family], "read once, not twice")["calls_waits"]
    assert (same.definition_version, same.same_meaning[-1]) == ("1", "read once, not twice")
    assert same.sha256 == raised.sha256 != before["calls_waits"].sha256


def test_a_step_below_counts_and_a_comment_does_not() -> None:
    before = definitions.held()
    family = next(f for f in definitions.one_of_each() if f.file == "calls_waits")
    first, *others = family.relations
    assert definitions.locked(before, [replace(family, sql=f"{family.sql} -- said")]) == {
        "calls_waits": before["calls_waits"]
    }
    deeper = replace(family, relations=(replace(first, sql=f"{first.sql} LIMIT 1"), *others))
    with pytest.raises(definitions.DefinitionChangedError):
        definitions.locked(before, [deeper])
