"""The rows of a file never seen, as texts in a table."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from callclock.contracts import INCIDENTS
from callclock.engine import connect
from callclock.exports.profile import Profile
from callclock.exports.profile_sections import ExportBlock, Match, TimeReading
from callclock.exports.source import open_source
from local.draft.layout import Layout

MOST_ROWS = 200_000
"""Rows looked at: what no record of these shows, the profile must still learn."""


_LAST = 3


@dataclass(frozen=True)
class Loaded:
    """An open database with the table ``cells``.

    Attributes
    ----------
    columns
        SQL column of the table by name of the file's column.
    rows
        Rows in the table.
    rejected
        Records that are not among them: too few or too many cells, a stray quote, bytes of no encoding.
    last_rejected
        Texts of the last of those.
    """

    db: duckdb.DuckDBPyConnection
    columns: Mapping[str, str]
    rows: int
    rejected: int
    last_rejected: tuple[str, ...]


@contextmanager
def loaded(path: Path, layout: Layout, workdir: Path) -> Iterator[Loaded]:
    """Load the rows of a file by its layout alone."""
    reader = Profile(
        file="the draft",
        name="draft",
        hash="",
        contract=INCIDENTS,
        match=Match(),
        format=layout.format,
        time=TimeReading(),
        # A profile that reads every column: what it fills does not matter here.
        export=ExportBlock(key=tuple(layout.header.places)),
        columns={},
    )
    workdir.mkdir(parents=True, exist_ok=True)
    with connect(workdir / "duckdb") as db:
        source = open_source(path, reader, workdir)
        places = {name: source.header.places[name] for name in layout.header.places}
        sql = source.sql(sorted(places.values()))
        db.execute(f"CREATE TABLE cells AS SELECT * FROM ({sql}) LIMIT {MOST_ROWS}")
        [[rows]] = db.execute("SELECT count(*) FROM cells").fetchall()
        rejected: Sequence[tuple[str]] = []
        if db.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'").fetchall():
            rejected = db.execute(
                "SELECT any_value(csv_line) FROM reject_errors GROUP BY line ORDER BY line DESC"
            ).fetchall()
        last = tuple(text or "" for [text] in rejected[:_LAST])
        yield Loaded(db, {name: f"c{place}" for name, place in places.items()}, rows, len(rejected), last)
