"""What the fold did with each export, kept beside the receipts for whoever asks what became of a file (DESIGN 2)."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from callclock import layout
from callclock.bookkeeping import FOLDS
from callclock.clock import Month
from callclock.engine import connect, name, quote, rows_of
from callclock.lake.fold import ExportFold
from callclock.objects import Bucket

type Folded = Mapping[str, Mapping[Month, Sequence[ExportFold]]]
"""Tables, months and what became of each export in them."""


@dataclass(frozen=True)
class Fate:
    """What became of the rows of one export in one table, its months together; as :class:`ExportFold`."""

    inserted: int
    replaced: int
    unchanged: int
    outdated: int
    moved: int
    conflicts: int


def keep_folds(results: Bucket, force_code: str, folded: Folded, workdir: Path) -> None:
    """Put what a run found of the months it folded in place of what was known of these months.

    An export that no longer has rows in them, or was withdrawn, is no longer told of there. It is done before the state
    is saved: a run that dies in between folds these months once more, and finds the same.

    Raises
    ------
    ChangedMeanwhileError
        Another run was here.
    """
    months = [(table, str(month)) for table, of in folded.items() for month in of]
    if not months:
        return
    key, before, after = layout.folds(force_code), workdir / "folds-before.parquet", workdir / "folds.parquet"
    was = results.fetch(key, before)
    told = [
        (fold.export_id, table, str(month), *astuple(fold)[1:])
        for table, of in folded.items()
        for month, folds in of.items()
        for fold in folds
    ]
    columns = ", ".join(f"{name(c.name)} {c.kind.duckdb}" for c in FOLDS.columns)
    with connect(workdir / "duckdb") as db:
        db.execute(f"CREATE TABLE told ({columns})")
        if told:
            db.execute(f"INSERT INTO told SELECT {', '.join('unnest(?)' for _ in FOLDS.columns)}", _columns(told))
        db.execute("CREATE TABLE anew (table_name VARCHAR, in_month VARCHAR)")
        db.execute("INSERT INTO anew SELECT unnest(?), unnest(?)", _columns(months))
        kept = f"({rows_of(FOLDS.columns, [before] if was else [])}) ANTI JOIN anew USING (table_name, in_month)"
        db.execute(
            f"COPY (SELECT * FROM {kept} UNION ALL FROM told ORDER BY in_month, table_name, export_id) "
            f"TO {quote(str(after))} (FORMAT parquet, COMPRESSION zstd)"
        )
    results.replace(key, after, was)


def fates(path: Path, workdir: Path) -> Mapping[tuple[str, str], Fate]:
    """Read what became of every export of a force from the file that :func:`keep_folds` wrote, by export and table."""
    sums = ", ".join(f"CAST(sum({name(field.name)}) AS BIGINT)" for field in fields(Fate))
    with connect(workdir / "duckdb") as db:
        rows = rows_of(FOLDS.columns, [path])
        found = db.execute(f"SELECT export_id, table_name, {sums} FROM ({rows}) GROUP BY ALL").fetchall()
    return {(export_id, table): Fate(*counts) for export_id, table, *counts in found}


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
