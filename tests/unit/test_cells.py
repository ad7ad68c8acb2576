"""Where configuration is told that there are values there are, and nowhere else: every measure is worked out."""

import re
from pathlib import Path

import pytest

from callclock.clock import PeriodKind
from callclock.contracts import METRIC_VALUES, STAGES, VALUE_KEYS
from callclock.engine import connect
from callclock.metrics.catalogue import Family, families, family, relation
from callclock.metrics.cells import UNASKED, Cells, cells_of, words_of
from tests.unit.test_portable_sql import evaluated

KEYS = [key for key in VALUE_KEYS if key not in UNASKED | {"metric", "period_kind", "period_label"}]


@pytest.mark.parametrize("of", [f for f in families() if f.result is METRIC_VALUES], ids=lambda of: of.name)
def test_every_cell_that_is_named_is_filled_and_no_other(of: Family, tmp_path: Path) -> None:
    """Of sixty records and the kinds of period that the fixture asks for; a quarter has the cells of a month."""
    with connect(tmp_path / "duckdb") as con:
        evaluated(con, of, tmp_path)
        broken_down = ", ".join(f"{key} <> 'all'" for key in KEYS)
        rows = con.execute(f"SELECT DISTINCT metric, period_kind, basis, {broken_down} FROM ({of.select})").fetchall()
        for key in KEYS:
            held = con.execute(f"SELECT DISTINCT metric, {key} FROM ({of.select}) WHERE {key} <> 'all'").fetchall()
            assert [(name, word) for name, word in held if (words := words_of(name, key)) and word not in words] == []
    found = {(row[0], row[1], frozenset(key for key, by in zip(KEYS, row[3:], strict=True) if by)) for row in rows}
    assert {name for name, _, _ in found} == {measure.name for measure in of.metrics}
    by_interval = {basis for _, _, basis in (row[:3] for row in rows)} != {"record"}
    expected = {
        (measure.name, kind, keys)
        for measure in of.metrics
        for kind in {kind for _, kind, _ in found}
        for keys in combinations(cells_of(measure.name, by_interval))
        if kind in cells_of(measure.name, by_interval).kinds(keys)
    }
    assert found == expected


def combinations(cells: Cells) -> set[frozenset[str]]:
    """Every set of keys that any cell could be broken down by."""
    further = sorted({key for keys, _ in cells.together for key in keys})
    sets: list[frozenset[str]] = [frozenset()]
    for key in further:
        sets += [{*found, key} for found in sets]  # type: ignore[list-item]
    return {frozenset(found) | cells.always for found in sets}


@pytest.mark.parametrize(
    ("metric", "keys", "kind", "said"),
    [
        ("calls.abandonment_rate", {"line", "hour_of_week"}, PeriodKind.MONTH, None),
        ("calls.abandonment_rate", {"line", "hour_of_week"}, PeriodKind.WEEK, "by hour_of_week it is measured by month, never by week"),
        ("calls.abandonment_rate", set(), PeriodKind.MONTH, "it is never summed over line: name one of each"),
        ("attendance.median_s", {"area", "grade"}, PeriodKind.DAY, "by area and grade it is measured by fy_to_date, month, quarter, rolling_12m, never by day"),
        ("attendance.median_s", {"area", "hour_of_week"}, PeriodKind.MONTH, "it is never broken down by area and hour_of_week together: leave one out"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(metric: str, keys: set[str], kind: PeriodKind, said: str | None) -> None:
    assert cells_of(metric).fault(keys, kind) == said


def test_the_words_are_those_of_the_definitions() -> None:
    """A word that is left out here would have a rule refused that somebody needs."""
    contacts = set(re.findall(r"\(\d, '(\w+)'\)", relation("followthrough_outcomes").sql))
    assert words_of("followthrough.share", "outcome") == contacts | {"none_found"}
    stated = relation("calls_stated").sql
    assert words_of("calls.stage_share", "stage") == (STAGES - {"callback"}) | set(
        re.findall(r"'(callback_\w+)'", stated)
    )
    assert words_of("attendance.backlog", "age_band") == set(
        re.findall(r"'((?:under|over)_\w+)'", family("attendance_backlog").sql)
    )
    assert words_of("followthrough.share", "window_label") == set(
        re.findall(r"'(\d+[mh])'", relation("followthrough_windows").sql)
    )
