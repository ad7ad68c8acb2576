"""Report: draws the page of a force from its values, and writes its release packs and what of them is public."""

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from callclock import configuration, layout
from callclock.bookkeeping import COVERAGE, NOTICES, RECEIPTS
from callclock.columns import Kind
from callclock.contracts import ATTENDANCE_CURVE, METRIC_VALUES, RESTATEMENTS
from callclock.engine import connect, name, rows_of
from callclock.objects import Bucket
from callclock.publish import publish
from callclock.results import fetch_curves, fetch_listed, fetch_restatements, fetch_values
from callclock.scorecard import facts, release, release_files
from callclock.scorecard.page import libraries, page
from callclock.scorecard.shown import MONTHS_SHOWN
from callclock.settings import Force, digest

_RECEIPTS = 200
"""Receipts shown at most: one small object each, and the page tells of the newest."""


@dataclass(frozen=True)
class Report:
    """What report works with."""

    lake: Bucket
    results: Bucket


def draw(force_code: str, report: Report) -> str:
    """Draw the page of a force, write its release packs and public values; return the page's key in the results bucket.

    A warm function that sees what it drew last, and what from, does nothing: most daily ticks change neither.
    """
    force = configuration.in_force(report.lake).force(force_code) or Force(name=force_code)
    read, drawn = _read(force_code, report.results), _drawn_file(force_code, report.results)
    if drawn.exists() and drawn.read_text("utf-8") == digest([repr(force), read, _written(force_code, report.results)]):
        return layout.page(force_code)
    with tempfile.TemporaryDirectory(prefix="callclock-") as folder:
        workdir = Path(folder)
        with connect(workdir / "duckdb") as db:
            _lay(db, force_code, report.results, workdir)
            shown = facts.gather(db)
            packs = release.packs(db, force.name)
            publish(db, force_code, force, report.results, workdir)
        # The page is the same for the same values, so writing it again after a redelivery changes nothing.
        html = page(force_code, force, shown, libraries(), layout.saved_queries(report.results.region))
        report.results.put(layout.page(force_code), html, content_type="text/html; charset=utf-8")
        for pack in packs:
            release_files.write(pack, partial(layout.release, force_code, pack.year), report.results, workdir)
    drawn.parent.mkdir(parents=True, exist_ok=True)
    drawn.write_text(digest([repr(force), read, _written(force_code, report.results)]), "utf-8")
    return layout.page(force_code)


def _read(force_code: str, results: Bucket) -> Sequence[tuple[str, str]]:
    """Key and ETag of every object that the page is drawn from."""
    prefixes = (
        *(layout.values_prefix(force_code), layout.curves_prefix(force_code), layout.restatements_prefix(force_code)),
        *(layout.coverage(force_code), layout.notices(force_code), _receipts_prefix(force_code)),
    )
    return [(found.key, found.etag) for prefix in prefixes for found in results.list(prefix)]


def _written(force_code: str, results: Bucket) -> Sequence[tuple[str, str]]:
    """Key and ETag of all that is written: somebody may have removed or changed one."""
    prefixes = (
        *(layout.page(force_code), layout.releases_prefix(force_code)),
        *(layout.public_prefix(force_code), layout.public_releases_prefix(force_code)),
    )
    return [(found.key, found.etag) for prefix in prefixes for found in results.list(prefix)]


def _drawn_file(force_code: str, results: Bucket) -> Path:
    """File in which a warm function keeps what it drew from what."""
    return Path(tempfile.gettempdir()) / "callclock-kept" / results.name / f"drawn-{force_code}"


def _lay(db: duckdb.DuckDBPyConnection, force_code: str, results: Bucket, workdir: Path) -> None:
    """Make the views that the page is read from."""
    coverage, notices = workdir / "coverage.parquet", workdir / "notices.parquet"
    relations = {
        METRIC_VALUES: fetch_values(results, force_code),
        ATTENDANCE_CURVE: fetch_curves(results, force_code, MONTHS_SHOWN),
        RESTATEMENTS: fetch_restatements(results, force_code),
        COVERAGE: [coverage] if results.fetch(layout.coverage(force_code), coverage) else [],
        NOTICES: [notices] if results.fetch(layout.notices(force_code), notices) else [],
    }
    for table, paths in relations.items():
        db.execute(f"CREATE VIEW {name(table.name)} AS {rows_of(table.columns, paths)}")
    columns = RECEIPTS.columns
    db.execute(f"CREATE TABLE receipts ({', '.join(f'{name(c.name)} {c.kind.duckdb}' for c in columns)})")
    given = [[receipt.get(c.name) for c in columns] for receipt in _receipts(db, force_code, results)]
    if given:
        places = ", ".join(f"CAST(? AS {c.kind.duckdb})" for c in columns)
        db.executemany(f"INSERT INTO receipts VALUES ({places})", given)


def _receipts(db: duckdb.DuckDBPyConnection, force_code: str, results: Bucket) -> Iterable[Mapping[str, object]]:
    """Receipts of the newest exports that were read, and of those that were not (which coverage does not know)."""
    newest = db.execute("SELECT export_id, table_name FROM coverage ORDER BY exported_at DESC, export_id").fetchall()
    read = [layout.receipt(force_code, str(export_id), str(table)) for export_id, table in newest]
    listed = {found.key: found for found in results.list(_receipts_prefix(force_code))}
    others = sorted(listed.keys() - set(read))
    for key in (*read[:_RECEIPTS], *others[:_RECEIPTS]):
        if (found := listed.get(key)) and (path := fetch_listed(results, found)):
            receipt: Mapping[str, object] = json.loads(path.read_text("utf-8"))
            yield {
                c.name: _instant(receipt.get(c.name)) if c.kind is Kind.INSTANT else receipt.get(c.name)
                for c in RECEIPTS.columns
            }


def _receipts_prefix(force_code: str) -> str:
    return layout.receipt(force_code, "", "").partition(f"force_code={force_code}/")[0] + f"force_code={force_code}/"


def _instant(value: object) -> object:
    """UTC instant as DuckDB's TIMESTAMP reads it, without the zone."""
    return value.removesuffix("Z") if isinstance(value, str) else value
