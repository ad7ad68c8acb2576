"""Percentiles asked for at once are those asked for one by one."""

import re

import duckdb
import pytest

from callclock.metrics.catalogue import relations
from callclock.metrics.evaluate import all_at_once

ONE_BY_ONE = """
SELECT g, quantile_cont(a, 0.5) AS a50, quantile_cont(b, 0.9) AS b90, quantile_cont(a, 0.95) AS a95, quantile_cont(a, 0.5) AS again
FROM t GROUP BY g ORDER BY g
"""


def test_the_text_names_each_column_s_shares_in_one_list() -> None:
    assert all_at_once("quantile_cont(a, 0.5), quantile_cont(b, 0.9), quantile_cont(a, 0.95)") == (
        "quantile_cont(a, [0.5, 0.95])[1], quantile_cont(b, [0.9])[1], quantile_cont(a, [0.5, 0.95])[2]"
    )
    assert all_at_once("SELECT 1") == "SELECT 1"


def test_the_answers_are_the_same_with_ties_nulls_and_empty_groups() -> None:
    with duckdb.connect() as db:
        db.execute(
            "CREATE TABLE t AS SELECT i % 7 AS g, CASE WHEN i % 3 > 0 THEN (i * 37) % 11 END AS a, "
            "CASE WHEN i % 7 <> 2 THEN i * i END AS b FROM range(400) AS r(i)"
        )
        rows = db.execute(ONE_BY_ONE).fetchall()
        assert db.execute(all_at_once(ONE_BY_ONE)).fetchall() == rows
        assert any(row[2] is None for row in rows)


@pytest.mark.parametrize("name", [name for name, step in relations().items() if "quantile_cont" in step.sql])
def test_no_percentile_of_the_measures_is_asked_for_by_itself(name: str) -> None:
    assert re.findall(r"quantile_cont\([^\[]*?\)", all_at_once(relations()[name].sql)) == []
