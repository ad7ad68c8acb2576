"""The release pack that is ready to send, against the public rows that it is made of."""

import csv
import io
import random
from pathlib import Path

import openpyxl
import pytest

from callclock.scorecard.release import Pack, write_workbook
from callclock.scorecard.release_public import CONFIDENTIAL, pack
from tests.support.public_world import LABELS, YEAR, draw
from tests.unit.test_publication import LIMIT, Desk, is_shown, published

type Lines = list[dict[str, str]]


@pytest.fixture(scope="module")
def desks() -> list[Desk]:
    world = draw(random.Random(11), 300, LABELS[:3])
    return [published(subject, world, until=LABELS[2]) for subject in ("attendance", "calls", "safeguarding")]


@pytest.fixture(scope="module")
def made(desks: list[Desk]) -> Pack:
    return pack([row for desk in desks for row in desk.rows], "Simulated", YEAR, LIMIT)


def lines(made: Pack, name: str) -> Lines:
    [table] = [table for table in made.tables if table.name == name]
    return list(csv.DictReader(io.StringIO(table.csv())))


def test_attendance_says_what_the_public_rows_say(desks: list[Desk], made: Pack) -> None:
    populations = {"all incidents": "all", "yes": "domestic_abuse", "no": "other", "not known": "unknown"}
    found = lines(made, "attendance")
    assert {line["period"] for line in found} >= set(LABELS[:3])
    assert any(line["incidents"] == CONFIDENTIAL for line in found)
    for line in found:
        keys = {"grade": line["grade"], "population": populations[line["domestic_abuse"]]}
        counts = {of: desks[0].one(f"attendance.{of}", line["period"], **keys) for of in ("incidents", "attended")}
        for of, row in counts.items():
            assert line[of] == (f"{row['value']:.0f}" if is_shown(row) else CONFIDENTIAL)
        if CONFIDENTIAL in {line["incidents"], line["attended"]}:
            assert line["never_attended"] == CONFIDENTIAL
        else:
            assert int(line["never_attended"]) == int(line["incidents"]) - int(line["attended"])


def test_no_small_count_stands_in_it(made: Pack) -> None:
    columns = ("incidents", "attended", "never_attended", "outside_target", "with_target")
    columns = (*columns, "offered", "answered", "abandoned")
    told = [
        line.get(column)
        for name in ("attendance", "areas", "calls")
        for line in lines(made, name)
        for column in columns
    ]
    counts = [int(text) for text in told if text and text != CONFIDENTIAL]
    assert len(counts) > 20
    assert not [n for n in counts if 1 <= n <= LIMIT]


def test_each_period_stands_once_by_area_and_line(made: Pack) -> None:
    for name, key in (("areas", "area"), ("calls", "line")):
        found = [(line["period"], line[key]) for line in lines(made, name)]
        assert found
        assert len(found) == len(set(found))


def test_the_workbook_says_what_is_hidden(made: Pack, tmp_path: Path) -> None:
    write_workbook(made, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["Definitions", "Attendance", "Areas", "Calls"]
    said = [str(cell.value) for row in book["Definitions"].iter_rows() for cell in row]
    assert any("a count of 1 to 4" in text for text in said)
    assert not any("NOT suppressed" in text for text in said)
    assert CONFIDENTIAL in {cell.value for row in book["Attendance"].iter_rows() for cell in row}
