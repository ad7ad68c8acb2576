"""What is kept of the files that were laid out is what opening them all gives, whatever changed in between."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from callclock.columns import Column, Kind, Table
from callclock.contracts import METRIC_VALUES
from callclock.engine import quote
from callclock.laid import lay_kept

ASKED = {"metric": ["calls.offered"], "period_kind": ["day"]}
KEPT = "kept"


def write(folder: Path, name: str, **values: object) -> Path:
    """One file of one row; it lies under a name that tells its content, as a function keeps it."""
    path = folder / name
    cells = {"metric": "calls.offered", "period_kind": "day", **values}
    chosen = ", ".join(f"{quote(str(value))} AS {key}" for key, value in cells.items())
    duckdb.execute(f"COPY (SELECT {chosen}) TO {quote(str(path))} (FORMAT parquet)")
    return path


def labels(folder: Path, *files: Path, asked: dict[str, list[str]] = ASKED, table: Table = METRIC_VALUES) -> list[str]:
    with duckdb.connect() as db:
        lay_kept(db, table, files, asked, folder / KEPT)
        names = [name for name, *_ in db.execute(f"DESCRIBE {table.name}").fetchall()]
        assert names == [column.name for column in table.columns], "no column tells of the keeping"
        return sorted(label for (label,) in db.execute(f"SELECT period_label FROM {table.name}").fetchall())


def test_rows_come_and_go_with_their_files(tmp_path: Path) -> None:
    old, new = (write(tmp_path, f"a.parquet@{n}", period_label=n) for n in ("old", "new"))
    other = write(tmp_path, "b.parquet@1", period_label="other")
    assert labels(tmp_path, old, other) == ["old", "other"]
    assert labels(tmp_path, old, other) == ["old", "other"]
    assert labels(tmp_path, other, new) == ["new", "other"]
    assert labels(tmp_path, new) == ["new"]
    assert labels(tmp_path) == []
    assert labels(tmp_path, old, other) == ["old", "other"], "what had gone is read again"


def test_a_file_that_was_read_is_not_opened_again_though_none_of_its_rows_is_asked_for(tmp_path: Path) -> None:
    rows = write(tmp_path, "a.parquet@1", period_label="a")
    none = write(tmp_path, "b.parquet@1", period_label="b", metric="calls.answered")
    assert labels(tmp_path, rows, none) == ["a"]
    rows.write_bytes(b"not opened again")
    none.write_bytes(b"not opened again")
    assert labels(tmp_path, rows, none) == ["a"]
    with pytest.raises(duckdb.Error):
        labels(tmp_path, rows, none, asked={**ASKED, "metric": ["calls.answered"]})


def test_what_is_asked_and_the_columns_tell_what_counts_and_one_file_is_kept(tmp_path: Path) -> None:
    file = write(tmp_path, "a.parquet@1", period_label="a", metric="calls.answered")
    more = replace(METRIC_VALUES, columns=(*METRIC_VALUES.columns, Column("added", Kind.TEXT, "New.")))
    assert labels(tmp_path, file) == []
    assert labels(tmp_path, file, asked={**ASKED, "metric": ["calls.answered"]}) == ["a"]
    assert labels(tmp_path, file, asked={**ASKED, "metric": ["calls.answered"]}, table=more) == ["a"]
    assert len(list((tmp_path / KEPT).iterdir())) == 1


def test_what_was_left_half_written_does_not_count(tmp_path: Path) -> None:
    file = write(tmp_path, "a.parquet@1", period_label="a")
    assert labels(tmp_path, file) == ["a"]
    [kept] = (tmp_path / KEPT).iterdir()
    kept.rename(kept.with_suffix(".part")).write_bytes(b"PAR1 cut off")
    assert labels(tmp_path, file) == ["a"]
    assert list((tmp_path / KEPT).iterdir()) == [kept]
