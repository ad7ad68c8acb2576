"""Write what a second engine needs to work every family out again: ``python -m tests.portable FOLDER``.

One folder for a family: its inputs and its values as Parquet, its texts as JSON. ``on_chdb.py`` reads them, in an
environment of its own: chDB unpacks to over half a gigabyte.
"""

import json
import sys
from pathlib import Path

from callclock.engine import connect, quote
from callclock.metrics.catalogue import INPUTS, Family, families
from tests.unit.test_portable_sql import evaluated, unseen


def write(family: Family, folder: Path) -> None:
    """Write one family."""
    folder.mkdir(parents=True)
    with connect(folder / "duckdb") as con:
        evaluated(con, family, folder)
        if nothing := unseen(con, family):
            raise SystemExit(
                f"{family.name}: nothing to compare of {', '.join(nothing)}: give `evaluated` such records"
            )
        there = {str(row[0]) for row in con.execute("SELECT table_name FROM information_schema.tables").fetchall()}
        for name in sorted(there & INPUTS):
            con.execute(
                f"COPY (SELECT * FROM {name}) TO {quote(str(folder / f'input-{name}.parquet'))} (FORMAT parquet)"
            )
        con.execute(f"COPY ({family.select}) TO {quote(str(folder / 'values.parquet'))} (FORMAT parquet)")
    texts = {**{step.name: step.sql for step in family.relations}, family.name: family.select}
    (folder / "texts.json").write_text(json.dumps(texts), "utf-8")


if __name__ == "__main__":
    for found in families():
        write(found, Path(sys.argv[1]) / found.name)
