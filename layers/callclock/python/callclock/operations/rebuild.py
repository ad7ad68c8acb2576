"""Making everything of a force anew beside what stands, to compare the two (docs/decisions/0022-rebuild.md)."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from callclock import configuration, layout, state
from callclock.bookkeeping import COVERAGE
from callclock.clock import Month
from callclock.contracts import ATTENDANCE_CURVE, CURATED, METRIC_VALUES, REGRADE_MATRIX
from callclock.exports.receipt import Receipt
from callclock.lake.coverage import Coverage
from callclock.lake.curate import Curator
from callclock.metrics.catalogue import families
from callclock.metrics.evaluate import ImpossibleFiguresError
from callclock.objects import Bucket, ChangedMeanwhileError
from callclock.operations.beside import Beside
from callclock.operations.stack import Stack
from callclock.reasons import ExportStatus
from callclock.refresh import Refresh
from callclock.settings import Force, Settings
from callclock.state import ForceState

MEASURED = (METRIC_VALUES, ATTENDANCE_CURVE, REGRADE_MATRIX)
_LAKE_ANEW = ("curated/", "keys/", "state/")
_RESULTS_ANEW = tuple(f"internal/{name}/" for name in (*(t.name for t in (*MEASURED, COVERAGE)), "restatements"))
_AT_ONCE = 8

Said = Callable[[str], None]


@dataclass(frozen=True)
class Rebuilt:
    """A force made anew.

    Attributes
    ----------
    lake, results
        As they would be; what is not made anew is read where it stands.
    state
        What the values made anew rest on.
    stopped
        What measure's checks would not release; empty when they had nothing to say.
    """

    force_code: str
    lake: Bucket
    results: Bucket
    state: ForceState
    stopped: str


def rebuild(stack: Stack, force_code: str, now: datetime, folder: Path, said: Said) -> Rebuilt:
    """Make curated months, coverage and values anew from staged rows and receipts, one month at a time.

    Parameters
    ----------
    now
        Decides which sources are retired.
    folder
        Where all of it is put; it holds pseudonymous rows, so remove it afterwards.
    said
        Is told what is being done.

    Raises
    ------
    ChangedMeanwhileError
        Measure was at work on the force meanwhile: do it once more.
    """
    standing, read = state.load(stack.lake, force_code)
    work = _Work(
        stack,
        force_code,
        configuration.in_force(stack.lake),
        Beside(stack.lake, folder / "lake", _LAKE_ANEW),
        Beside(stack.results, folder / "results", _RESULTS_ANEW),
        folder,
        said,
    )
    made, stopped = work.measure(work.fold(standing), work.cover(), now)
    after = state.load(stack.lake, force_code)[1]
    if (after and after.etag) != (read and read.etag):
        raise ChangedMeanwhileError(f"{force_code}: measure was at work meanwhile, so nothing can be compared")
    return Rebuilt(force_code, work.lake, work.results, made, stopped)


@dataclass(frozen=True)
class _Work:
    stack: Stack
    force_code: str
    settings: Settings
    lake: Bucket
    results: Bucket
    folder: Path
    said: Said
    withdrawn: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        listed = self.stack.lake.list(layout.withdrawn_prefix(self.force_code))
        object.__setattr__(self, "withdrawn", layout.export_ids(found.key for found in listed))

    @property
    def force(self) -> Force:
        return self.settings.force(self.force_code) or Force(name=self.force_code)

    def fold(self, standing: ForceState) -> ForceState:
        """Fold every month of every table from all rows staged for it, and those that shared a record with it."""
        made = ForceState()
        for table in CURATED:
            staged = months_below(self.stack.lake, f"staged/{table.name}/force_code={self.force_code}/")
            curated = months_below(self.stack.lake, layout.curated_prefix(table.name, self.force_code))
            for month in sorted({*staged, *curated, *standing.curated.get(table.name, {})}):
                self.said(f"{table.name} {month}")
                workdir = self.folder / "fold"
                curator = Curator(
                    lake=self.lake,
                    table=table,
                    force_code=self.force_code,
                    zone=self.force.zone,
                    tolerance_s=self.force.clock_tolerance_s,
                    workdir=workdir,
                    withdrawn=self.withdrawn,
                )
                report = curator.curate([month], made.curated.get(table.name, {}))
                made = made.with_curated(table.name, report.months)
                shutil.rmtree(workdir)
        return made

    def cover(self) -> Coverage:
        """Work coverage out from every receipt.

        Of an export whose last reading was held an earlier one counts, and only what stands still says what it covers.
        """
        receipts = list(self._receipts())
        held = {(r.export_id, r.table_name) for r in receipts if r.status is ExportStatus.HELD}
        standing = Coverage.load(self.stack.results, self.force_code, self.folder / "coverage-standing")
        kept = [row for row in standing.rows if (row.export_id, row.table_name) in held]
        told = [r for r in receipts if r.status in {ExportStatus.READ, ExportStatus.WITHDRAWN}]
        made = Coverage().with_rows(kept).with_receipts(told, self.withdrawn)
        if made.rows:
            made.save(self.results, self.force_code, self.folder / "coverage")
        return made

    def _receipts(self) -> Iterator[Receipt]:
        listed = self.stack.results.list(layout.receipts_of_force(self.force_code))
        with ThreadPoolExecutor(_AT_ONCE) as workers:
            for found in workers.map(lambda one: self.stack.results.text(one.key), listed):
                if found:
                    yield Receipt.from_json(found[0])

    def measure(self, folded: ForceState, coverage: Coverage, now: datetime) -> tuple[ForceState, str]:
        """Work out every value from what was folded; and what the checks would not release."""
        refresh = Refresh(
            force_code=self.force_code,
            force=self.force,
            targets=self.settings.targets,
            coverage=coverage,
            now=now,
            lake=self.lake,
            results=self.results,
            workdir=self.folder / "refresh",
            kept_below=self.folder / "kept",
        )
        made = folded
        try:
            for after in refresh.run(folded, families()):
                made = after
                self.said("values")
        except ImpossibleFiguresError as fault:
            return made, str(fault)
        return made, ""


def months_below(bucket: Bucket, prefix: str) -> Sequence[Month]:
    """Months in the folders ``month=`` below a prefix."""
    return [Month.parse(folder.removeprefix("month=")) for folder in bucket.folders(prefix)]
