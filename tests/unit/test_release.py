"""The release pack against pandas and openpyxl, which read what was written."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pytest

from callclock.contracts import METRIC_VALUES
from callclock.engine import connect
from callclock.scorecard.release import Pack, packs, write_workbook
from tests.support import page_rows


@pytest.fixture(scope="module")
def values() -> pd.DataFrame:
    extra = [
        page_rows.row(metric, period, "count", 7, grade="1", grade_scheme="standard", population="domestic_abuse")
        for month in page_rows.months()
        for period in page_rows.periods(month)
        for metric in ("attendance.attended", "attendance.unknown")
    ]
    nasty = [page_rows.row("calls.offered", page_rows.periods(page_rows.NEWEST)[0], "count", 3, line="=cmd()")]
    return pd.DataFrame([*page_rows.families_a_and_b(), *extra, *nasty])


@pytest.fixture(scope="module")
def db(values: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(tmp_path_factory.mktemp("release")) as db:
        page_rows.lay(db, METRIC_VALUES, values.to_dict("records"))
        yield db


@pytest.fixture(scope="module")
def years(db: duckdb.DuckDBPyConnection) -> dict[str, Pack]:
    return {pack.year: pack for pack in packs(db, "Simulated")}


def table(pack: Pack, name: str) -> pd.DataFrame:
    [found] = [table for table in pack.tables if table.name == name]
    return pd.read_csv(io.StringIO(found.csv()), dtype={"grade": str, "line": str})


def test_there_is_a_pack_for_every_financial_year(years: dict[str, Pack]) -> None:
    # 26 months to March 2026: February and March 2024 are of 2023/24.
    assert list(years) == ["2023/24", "2024/25", "2025/26"]
    assert list(table(years["2023/24"], "calls")["period"].unique()) == [
        "2024-02",
        "2024-03",
        "2023/24 to the end of 2024-03",
    ]
    assert len(table(years["2025/26"], "calls")["period"].unique()) == 13


def test_attendance_is_what_was_measured(years: dict[str, Pack], values: pd.DataFrame) -> None:
    months = values[(values.period_kind == "month") & (values.area == "all")]
    populations = {"all incidents": "all", "yes": "domestic_abuse", "no": "other"}
    released = table(years["2025/26"], "attendance")
    released = released[released.period.str.len() == 7]
    assert len(released) == 12 * 4 * 3
    for row in released.itertuples():
        mine = months[
            (months.period_label == row.period)
            & (months.grade == row.grade)
            & (months.population == populations[row.domestic_abuse])
        ]
        measured = mine.set_index("metric")["value"].to_dict()
        assert row.incidents == measured["attendance.incidents"]
        assert row.median_s == pytest.approx(measured["attendance.median_s"], abs=0.001)
        assert row.p90_s == pytest.approx(measured["attendance.p90_s"], abs=0.001)
        assert row.outside_target == 400 - round(400 * measured["attendance.within_target"])
        assert row.never_attended == 40
        assert row.complete == ("no" if row.period == "2026-03" else "yes")
        assert (row.attended == 7) if (row.grade, row.domestic_abuse) == ("1", "yes") else pd.isna(row.attended)


def test_no_area_and_no_stage_is_in_it(years: dict[str, Pack]) -> None:
    text = "".join(table.csv() for pack in years.values() for table in pack.tables)
    assert page_rows.NASTY not in text
    assert "North" not in text
    assert "skill_queue" not in text


def test_text_is_no_formula(years: dict[str, Pack], tmp_path: Path) -> None:
    [calls] = [table for table in years["2025/26"].tables if table.name == "calls"]
    assert "'=cmd()" in [row["line"] for row in csv.DictReader(io.StringIO(calls.csv()))]
    write_workbook(years["2025/26"], tmp_path / "a.xlsx")
    [cell] = [
        c
        for row in openpyxl.load_workbook(tmp_path / "a.xlsx")["Calls"].iter_rows()
        for c in row
        if c.value == "=cmd()"
    ]
    assert cell.data_type == "s"


def test_the_workbook_holds_definitions_and_the_same_figures(years: dict[str, Pack], tmp_path: Path) -> None:
    pack = years["2024/25"]
    write_workbook(pack, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["Definitions", "Attendance", "Calls"]
    said = [[cell.value for cell in row] for row in book["Definitions"].iter_rows()]
    assert "Small numbers are NOT suppressed" in said[1][0]
    defined = {(line[0], line[1]) for line in said[6:]}
    for found in pack.tables:
        sheet = book[found.name.capitalize()]
        headings = [cell.value for cell in sheet[1]]
        assert {(found.name, c.heading) for c in found.columns if c.metric} <= defined
        assert sheet.max_row == len(found.rows) + 1
        for line, row in enumerate(found.rows, start=2):
            for column, value, place in zip(found.columns, row, range(1, len(headings) + 1), strict=True):
                cell = sheet.cell(line, place).value
                if isinstance(value, str) or value is None:
                    assert cell == value
                elif column.kind == "seconds":
                    assert days(cell) == pytest.approx(value, abs=0.01)
                else:
                    assert cell == pytest.approx(value)


def days(cell: object) -> float:
    """Seconds of a cell formatted as [h]:mm:ss, however openpyxl reads it."""
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    assert isinstance(cell, int | float), cell
    return cell * 86_400


def test_the_same_pack_is_the_same_file(years: dict[str, Pack], tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_workbook(years["2025/26"], tmp_path / f"{name}.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
