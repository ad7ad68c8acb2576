"""Measure: folds the months that exports touch and works out again what those months, or a moved as_at, can change.

The only writer of ``curated/`` and of values, one force at a time (DESIGN 1). Exports are named by hints; what is true
stands in S3. A run compares, for every value object, the inputs it should have with those it was made from
(docs/decisions/0001), so a run that died, a new target or a definition that changed heals by itself at the next run.
Along with the exports that are hinted it folds those that intake has marked and nobody has folded yet: a lost hint
heals at the next run, the daily tick at the latest (docs/decisions/0011).
"""

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from callclock import configuration, layout, state
from callclock.clock import Month, format_instant, parse_instant
from callclock.contracts import TABLES
from callclock.engine import cores
from callclock.exports.receipt import Receipt
from callclock.lake.coverage import Coverage
from callclock.lake.curate import CurateReport, Curator
from callclock.lake.folds import keep_folds
from callclock.lake.leaps import leaps
from callclock.ledger import Mark, Marks
from callclock.metrics.catalogue import families
from callclock.metrics.evaluate import ImpossibleFiguresError
from callclock.objects import Bucket
from callclock.outbox import Hints
from callclock.reasons import ExportStatus
from callclock.refresh import Refresh
from callclock.settings import Force

# A run that is cut short does the work of the last seconds again; to write the state after each of dozens of partitions
# costs more than that.
_SAVE_EVERY_S = 5.0


@dataclass(frozen=True)
class Measure:
    """What measure works with."""

    lake: Bucket
    results: Bucket
    marks: Marks
    measure: Hints
    notify: Hints
    report: Hints
    force_codes: frozenset[str]


@dataclass(frozen=True)
class Hint:
    """One message of the measure queue: an export to fold, a tick for one force, or the daily tick for all."""

    force_code: str | None
    export_id: str | None
    now: datetime
    tick: bool = False


def parse_hint(body: str) -> Hint:
    """Read a message: ``{force_code, export_id, now}``, ``{force_code, now}``, ``{force_code, tick}`` or ``{tick}``."""
    data: Mapping[str, str] = json.loads(body)
    now = parse_instant(data.get("tick") or data["now"])
    return Hint(data.get("force_code"), data.get("export_id"), now, "tick" in data)


def work(hints: Sequence[Hint], measure: Measure) -> None:
    """Do what the hints of one message group ask for, as one piece of work.

    ``now`` is the newest of theirs: the work was set off by all of them together.
    """
    now = max(hint.now for hint in hints)
    if any(hint.force_code is None for hint in hints):
        for force_code in sorted(measure.force_codes):
            measure.measure.send(force_code, {"force_code": force_code, "tick": format_instant(now)})
        for no_force in layout.NO_FORCES:
            measure.notify.send(no_force, {"force_code": no_force, "now": format_instant(now)})
    for force_code in sorted({hint.force_code for hint in hints if hint.force_code}):
        exports = tuple(sorted({h.export_id for h in hints if h.force_code == force_code and h.export_id}))
        ticks = any(hint.tick for hint in hints if hint.force_code == force_code)
        measure_force(force_code, exports, now, measure, ticks=ticks)


def measure_force(
    force_code: str, export_ids: Sequence[str], now: datetime, measure: Measure, *, ticks: bool = False
) -> None:
    """Fold what these exports touch, and those that are marked; refresh what follows; tell notify and report.

    ``ticks`` says that the force's daily tick is among what set it off, which notify is told. The hints of a backlog
    come ten at a time, but all of it is marked: one run folds whatever is staged. Raises ``ChangedMeanwhileError`` when
    another run was at the force: the message comes again and everything is repeated.
    """
    settings = configuration.in_force(measure.lake)
    force = settings.force(force_code) or Force(name=force_code)
    unfolded = measure.marks.of(Mark.UNFOLDED, force_code)
    with tempfile.TemporaryDirectory(prefix="callclock-") as name:
        workdir = Path(name)
        was, read = state.load(measure.lake, force_code)
        receipts = _receipts(force_code, sorted({*export_ids, *unfolded}), measure)
        withdrawn = layout.export_ids(found.key for found in measure.lake.list(layout.withdrawn_prefix(force_code)))
        known = _fold(was, force_code, receipts, withdrawn, force, measure, workdir / "fold")
        coverage = Coverage.load(measure.results, force_code, workdir / "coverage")
        covered = coverage.with_receipts(receipts, withdrawn)
        if covered != coverage:
            covered.save(measure.results, force_code, workdir / "coverage")
        refresh = Refresh(
            force_code=force_code,
            force=force,
            targets=settings.targets,
            coverage=covered,
            now=now,
            lake=measure.lake,
            results=measure.results,
            workdir=workdir / "refresh",
            rebuilt=known.rebuilt,
        )
        if known != was:
            read = state.save(measure.lake, force_code, known, read)
        for leap in leaps(covered, {receipt.export_id for receipt in receipts}, force.quarantine_leap):
            measure.marks.put(Mark.UNTOLD, force_code, leap.row.export_id)
            told = {"force_code": force_code, "export_id": leap.row.export_id, "now": format_instant(now)}
            measure.notify.send(force_code, told)
        measure.marks.clear(Mark.UNFOLDED, force_code, unfolded)
        stopped: ImpossibleFiguresError | None = None
        saved, saved_at, made = known, time.monotonic(), known
        try:
            for made in refresh.run(known, families()):
                if time.monotonic() - saved_at > _SAVE_EVERY_S:
                    read = state.save(measure.lake, force_code, made, read)
                    saved, saved_at = made, time.monotonic()
        except ImpossibleFiguresError as fault:
            # All else was made, and is to be told of.
            stopped = fault
        if made != saved:
            state.save(measure.lake, force_code, made, read)
    # Always: the tick must reach notify even when no value changed, and a hint lost before may have been ours.
    measure.notify.send(force_code, {"force_code": force_code, "tick" if ticks else "now": format_instant(now)})
    measure.report.send(force_code, {"force_code": force_code, "now": format_instant(now)})
    if stopped:
        raise stopped


def _receipts(force_code: str, export_ids: Sequence[str], measure: Measure) -> Sequence[Receipt]:
    found = []
    for export_id in export_ids:
        prefix = layout.receipts_prefix(force_code, export_id)
        for listed in measure.results.list(prefix):
            text = measure.results.text(listed.key)
            if text:
                found.append(Receipt.from_json(text[0]))
    return [receipt for receipt in found if receipt.status in {ExportStatus.READ, ExportStatus.WITHDRAWN}]


def _fold(
    known: state.ForceState,
    force_code: str,
    receipts: Sequence[Receipt],
    withdrawn: frozenset[str],
    force: Force,
    measure: Measure,
    workdir: Path,
) -> state.ForceState:
    touched: dict[str, set[Month]] = {table: set(months) for table, months in known.to_fold().items()}
    for receipt in receipts:
        touched.setdefault(receipt.table_name, set()).update(receipt.months)

    def curate(table: str) -> CurateReport:
        curator = Curator(
            lake=measure.lake,
            table=TABLES[table],
            force_code=force_code,
            zone=force.zone,
            tolerance_s=force.clock_tolerance_s,
            workdir=workdir / table,
            withdrawn=withdrawn,
        )
        return curator.curate(sorted(touched[table]), known.curated.get(table, {}))

    # What touches most months takes longest, and begins first.
    tables = sorted((table for table, months in touched.items() if months), key=lambda table: -len(touched[table]))
    with ThreadPoolExecutor(max_workers=cores()) as workers:
        reports = dict(zip(tables, workers.map(curate, tables), strict=True))
    for table, report in reports.items():
        known = known.with_curated(table, report.months)
    keep_folds(measure.results, force_code, {table: report.folds for table, report in reports.items()}, workdir)
    return known
