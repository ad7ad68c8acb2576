"""Refresh: which values should have other inputs than they were made from, and making those again."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

from callclock import __version__, layout, plan
from callclock.clock import Month, Period, format_instant, local_midnight, periods_of
from callclock.engine import connect
from callclock.lake.coverage import Coverage, periods_with_holes
from callclock.lake.curate import CuratedMonth
from callclock.metrics.catalogue import Family
from callclock.metrics.evaluate import Known, evaluate, prepare
from callclock.objects import Bucket, Read
from callclock.restatements import cause, restate
from callclock.results import kv_metadata
from callclock.settings import Force, Targets, digest
from callclock.state import ForceState

# METRICS, "What is known": nothing that is not open changes by time alone later than this.
SETTLED_AFTER = timedelta(days=28)
# A week or a quarter lies in the partition of its first month, which may come before the first record.
_MONTHS_BEFORE_FIRST = 2


@dataclass(frozen=True)
class Refresh:
    """What one refresh of a force works with and speaks of.

    Attributes
    ----------
    coverage
        What the exports of the force cover.
    now
        Time of the event that set the work off.
    """

    force_code: str
    force: Force
    targets: Targets
    coverage: Coverage
    now: datetime
    lake: Bucket
    results: Bucket
    workdir: Path

    def run(self, state: ForceState, families: Sequence[Family]) -> Iterator[ForceState]:
        """Make again every value object whose inputs have changed; the rest is not touched.

        Yields
        ------
        ForceState
            With the inputs of what was made so far, after each partition: a run that ends early (a Lambda lives fifteen
            minutes, a first backlog may be years) goes on from there. Equal inputs are not computed again (DESIGN 1).
        """
        by_table = sorted(families, key=lambda family: family.table)
        for table, group in groupby(by_table, key=lambda family: family.table):
            months = state.curated.get(table, {})
            as_at = self.coverage.table_as_at(table, self.force.retired, self.now)
            if not months or as_at is None:
                continue
            mine = tuple(group)
            sources, holes = self.coverage.sources_known(table), self.coverage.holes(table, self.force)
            for home in _homes(months):
                touched = periods_with_holes(holes, periods_of(home), self.force.tz)
                partition = _Partition(self, table, home, months, Known(as_at, sources, touched))
                made = self._make(partition, mine, state)
                for family, inputs in made:
                    state = state.with_value(family.name, home, digest(inputs))
                if made:
                    yield state

    def _make(
        self, partition: "_Partition", families: Sequence[Family], state: ForceState
    ) -> Sequence[tuple[Family, Mapping[str, object]]]:
        wanted = [(family, partition.inputs(family)) for family in families]
        stale = [
            (family, inputs)
            for family, inputs in wanted
            if state.values.get(family.name, {}).get(partition.home) != digest(inputs) and inputs["curated"]
        ]
        if stale:
            partition.make(stale)
        return stale


def _homes(months: Mapping[Month, CuratedMonth]) -> Iterator[Month]:
    home, last = min(months).plus(-_MONTHS_BEFORE_FIRST), max(months)
    while home <= last:
        yield home
        home = home.plus(1)


def _moment(as_at: datetime, settled: datetime | None) -> str:
    return format_instant(min(as_at, settled) if settled else as_at)


@dataclass(frozen=True)
class _Partition:
    """The values that lie in one month's partition, of one table."""

    refresh: Refresh
    table: str
    home: Month
    months: Mapping[Month, CuratedMonth]
    known: Known

    def needed(self, family: Family) -> Sequence[Month]:
        """Curated months that there are among those the family needs."""
        return [month for month in plan.needed(self.home, family) if month in self.months]

    def inputs(self, family: Family) -> Mapping[str, object]:
        """All that the family's values here depend on; comparable, and written into the file that holds them."""
        months = self.needed(family)
        settled = self._settled_after(months)
        return {
            "curated": {str(month): self.months[month].version for month in months},
            "as_at": _moment(self.known.as_at, settled),
            "sources": {source.source: _moment(source.as_at, settled) for source in self.known.sources},
            "holes": sorted(f"{hole.kind}:{hole.label}" for hole in self.known.holes if hole.kind in family.kinds),
            "configuration": digest([repr(self.refresh.force), repr(self.refresh.targets)]),
            "definition": family.definition_version,
            "sql": digest([family.select, *(step.sql for step in family.relations)])[:16],
            "code": __version__,
        }

    def _settled_after(self, months: Sequence[Month]) -> datetime | None:
        """Moment after which time alone changes nothing here any more; None while something is open."""
        if any(self.months[month].open for month in months):
            return None
        last: Period = max(periods_of(self.home), key=lambda period: period.end)
        events = [event for month in months if (event := self.months[month].last_event)]
        return max([local_midnight(last.end, self.refresh.force.tz), *events]) + SETTLED_AFTER

    def make(self, stale: Sequence[tuple[Family, Mapping[str, object]]]) -> None:
        """Evaluate families over the months they need and put the values in place of the older ones."""
        here = self.refresh.workdir / self.table / str(self.home)
        here.mkdir(parents=True, exist_ok=True)
        months = sorted({month for family, _ in stale for month in self.needed(family)})
        with connect(self.refresh.workdir / "duckdb") as db:
            prepare(
                db,
                self.table,
                [path for month in months if (path := self._curated(month))],
                home=self.home,
                force=self.refresh.force,
                targets=self.refresh.targets,
                known=self.known,
            )
            for family, inputs in stale:
                key = layout.values(self.refresh.force_code, self.home, family.name)
                old, new = here / f"{family.name}-was.parquet", here / f"{family.name}.parquet"
                # Read before the work, so that a newer run that comes between is not overwritten by this one.
                was: Read | None = self.refresh.results.fetch(key, old)
                rows = evaluate(db, family, new, metadata={"inputs": json.dumps(inputs, sort_keys=True)})
                if was is not None:
                    restate(
                        db,
                        self.refresh.results,
                        force_code=self.refresh.force_code,
                        month=self.home,
                        family=family.name,
                        old=old,
                        new=new,
                        why=cause(json.loads(kv_metadata(db, old).get("inputs", "{}")), inputs),
                        now=self.refresh.now,
                        workdir=here,
                    )
                if rows or was is not None:
                    self.refresh.results.replace(key, new, was)

    def _curated(self, month: Month) -> Path | None:
        """Curated file of one month, kept while the function is warm: many partitions look back at it."""
        folder = Path(tempfile.gettempdir()) / "callclock-kept" / self.refresh.lake.name / self.refresh.force_code
        stem = f"{self.table}-{month}@"
        path = folder / f"{stem}{self.months[month].version}.parquet"
        if path.exists():
            return path
        for old in folder.glob(f"{stem}*"):
            old.unlink()
        key = layout.curated(self.table, self.refresh.force_code, month)
        part = path.with_suffix(".part")
        return part.rename(path) if self.refresh.lake.fetch(key, part) else None
