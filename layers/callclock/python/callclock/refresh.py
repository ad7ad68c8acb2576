"""Refresh: making again the values that should have other inputs than they were made from."""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import batched, groupby
from pathlib import Path
from threading import get_ident

import duckdb

from callclock import layout, plan
from callclock.clock import Month
from callclock.contracts import METRIC_VALUES
from callclock.engine import beside, connect, cores
from callclock.kept import forget_older, forget_others
from callclock.lake.coverage import NEVER, Coverage, touched_in
from callclock.lake.feeds import feeds_by_month
from callclock.metrics.catalogue import LONG, Family, Relation, steps_below
from callclock.metrics.evaluate import ImpossibleFiguresError, Ready, prepare
from callclock.metrics.known import Known
from callclock.objects import Bucket, Read
from callclock.partition import MonthOfStep, Partition, Stale
from callclock.restatements import REBUILT, Versions, cause, restate
from callclock.results import kv_metadata
from callclock.settings import Force, Targets, digest
from callclock.state import ForceState

# What a few months see is not much more than what the last of them does, whose years reach back twelve.
_TOGETHER = 6
# Objects from which on short and long periods are two pieces of work: the last core is not to wait for one long piece.
_LONG_WORK = 30


@dataclass(frozen=True)
class Refresh:
    """What one refresh of a force works with and speaks of.

    Attributes
    ----------
    coverage
        What the exports of the force cover.
    now
        Time of the event that set the work off.
    rebuilt
        When an operator last had things made anew: what was kept from before that is left alone.
    kept_below
        Folder for what is kept while the function is warm; None for one below the temporary folder.
    """

    force_code: str
    force: Force
    targets: Targets
    coverage: Coverage
    now: datetime
    lake: Bucket
    results: Bucket
    workdir: Path
    rebuilt: str = ""
    kept_below: Path | None = None

    @cached_property
    def configured(self) -> str:
        """Hash of what is configured: every partition there ever was asks for it."""
        return digest([repr(self.force), repr(self.targets)])

    @property
    def kept(self) -> Path:
        """Folder of what is kept while the function is warm."""
        below = self.kept_below or Path(tempfile.gettempdir()) / "callclock-kept"
        return below / self.lake.name / self.force_code / digest(self.rebuilt)[:16]

    def run(self, state: ForceState, families: Sequence[Family]) -> Iterator[ForceState]:
        """Make again every value object whose inputs have changed; the rest is not touched.

        Yields
        ------
        ForceState
            With the inputs of what was made so far, after every few partitions: a run that ends early (a Lambda lives
            fifteen minutes, a first backlog may be years) goes on from there. Equal inputs are not computed again
            (DESIGN 1).

        Raises
        ------
        ImpossibleFiguresError
            A check stopped the release of a partition; raised after all others were made.
        """
        forget_others(self.kept)
        stale = [found for one in self._partitions(state, families) if (found := one.stale(state.values))]
        if not stale:
            return
        # What takes longest begins first, so that no core waits long for the last of it.
        work = sorted(self._together(stale), key=lambda one: -one.size)
        stopped: list[str] = []
        # One piece of work a core: each is small, so that cores within one are soon idle, and requests overlap. Each
        # has a connection of its own, whose statements run in the thread that asks.
        with (
            connect(self.workdir / "duckdb", threads=1) as db,
            ThreadPoolExecutor(max_workers=cores()) as workers,
        ):
            months = {month.file: month for one in stale for month in one.steps}
            steps = [workers.submit(self._make_month, month, db) for month in months.values()]
            made = []
            for one in work:
                # What is put together of months waits for them; they were asked for first.
                if one.monthly:
                    for step in steps:
                        step.result()
                made.append(workers.submit(one.make, db))
            for one, future in zip(work, made, strict=True):
                faults = future.result()
                stopped += faults.values()
                for partition in one.stale:
                    if partition.home not in faults:
                        for family, inputs in partition.found:
                            state = state.with_value(family.name, partition.home, digest(inputs))
                yield state
        if stopped:
            raise ImpossibleFiguresError("; ".join(stopped))

    def _partitions(self, state: ForceState, families: Sequence[Family]) -> Iterator[Partition]:
        """Every partition of the families that read the same tables, for each set of tables that was ever sent."""
        by_tables = sorted(families, key=lambda family: family.tables)
        for tables, group in groupby(by_tables, key=lambda family: family.tables):
            months = {table: state.curated.get(table, {}) for table in tables}
            mine = tuple(group)
            if mine[0].each_source:
                feeds = feeds_by_month(self.coverage, months, state.values.get(mine[0].name, ()), self.force)
                yield from (Partition(self.force, self.configured, mine, home, months, known) for home, known in feeds)
                continue
            known = self._known(tables)
            if not months[tables[0]]:
                continue
            holes = [hole for table in tables for hole in self.coverage.holes(table, self.force)]
            for home in plan.homes(months[tables[0]]):
                of_home = replace(known, holes=touched_in(home, holes, self.force.tz))
                yield Partition(self.force, self.configured, mine, home, months, of_home)

    def _known(self, tables: Sequence[str]) -> Known:
        """What is known of these tables: nothing, where all exports of the first, which is counted, are withdrawn."""
        found = {table: self.coverage.table_as_at(table, self.force, self.now) for table in tables}
        as_at = [instant for instant in found.values() if instant is not None]
        known = min(as_at) if found[tables[0]] is not None else NEVER
        return Known(known, tuple(s for table in tables for s in self.coverage.sources_known(table, self.force)))

    def _together(self, stale: Sequence[Stale]) -> Iterator["_Together"]:
        """Put partitions together that read the same tables and know the same of them."""
        for _, same in groupby(
            stale, key=lambda one: (one.partition.tables, one.partition.known.as_at, one.partition.known.sources)
        ):
            for some in batched(same, _TOGETHER):
                together = _Together(self, some)
                yield from together.parted() if together.size > _LONG_WORK else [together]

    def _make_month(self, month: MonthOfStep, db: duckdb.DuckDBPyConnection) -> None:
        """Work out the rows of a monthly step for a month, unless they are kept."""
        path = self.kept / month.file
        if path.exists():
            return
        forget_older(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        alone = _Together(self, (Stale(month.partition, [(month.of_month, {})], frozenset()),))
        with alone.ready(db, steps_below(month.step.inputs)) as ready:
            part = path.with_suffix(".part")
            ready.work_out_month(month.step, month.of_month, part)
            part.rename(path)

    def curated(self, partition: Partition, table: str, month: Month) -> Path | None:
        """Curated file of one month, kept while the function is warm: many partitions look back at it."""
        path = self.kept / f"{table}-{month}@{partition.months[table][month].version}.parquet"
        if path.exists():
            return path
        forget_older(path)
        key = layout.curated(table, self.force_code, month)
        # Work side by side may look back at the same month: each brings it under a name of its own.
        part = path.with_suffix(f".{get_ident()}.part")
        return part.rename(path) if self.lake.fetch(key, part) else None

    def key(self, home: Month, family: Family) -> str:
        """Key of the object that holds a family's values in a partition."""
        return layout.measured(family.result.name, self.force_code, home, family.name)


@dataclass(frozen=True)
class _Together:
    """Stale partitions of the same tables, next to each other: their records are made ready once.

    Opening files, planning and judging records costs as much for one month as for a few; where a force sends once a
    month, that is a third of all work.
    """

    refresh: Refresh
    stale: Sequence[Stale]

    @property
    def size(self) -> int:
        """Objects that it makes."""
        return sum(len(one.found) for one in self.stale)

    @property
    def monthly(self) -> bool:
        """Whether any of it is put together of months."""
        return any(family.monthly for one in self.stale for family, _ in one.found)

    def parted(self) -> Iterator["_Together"]:
        """Part what is worked out for short periods from what is for long ones, which see a dozen months."""
        for long in (False, True):
            parts = (
                replace(one, found=[pair for pair in one.found if (pair[0].kinds[0] in LONG) is long])
                for one in self.stale
            )
            if stale := [part for part in parts if part.found]:
                yield _Together(self.refresh, stale)

    def make(self, db: duckdb.DuckDBPyConnection) -> Mapping[Month, str]:
        """Work values out and put them in place of the older ones.

        Of a partition nothing is put in place before all that is worked out of it here is checked.

        Returns
        -------
        dict
            Why partitions are not released, of which the check of a family found figures that cannot be.
        """
        steps = dict.fromkeys(
            step
            for one in self.stale
            for step in steps_below([name for family, _ in one.found for name in family.read], ready=self._kept([one]))
        )
        with self.ready(db, tuple(steps)) as ready:
            # Read before the work, so that a newer run that comes between is not overwritten by this one.
            were = {
                (one.home, family.name): self.refresh.results.fetch(
                    self.refresh.key(one.home, family), self._was(one.home, family)
                )
                for one in self.stale
                for family, _ in one.found
            }
            rows: dict[tuple[Month, str], int] = {}
            faults: dict[Month, str] = {}
            for some in self._at_once():
                ready.turn_to([one.home for one in some])
                self._work_out(ready, some, rows, faults)
            released = [one for one in self.stale if one.home not in faults]
            self._restate(ready.con, released, were)
            for one in released:
                for family, _ in one.found:
                    was = were[one.home, family.name]
                    if rows[one.home, family.name] or was is not None:
                        self.refresh.results.replace(
                            self.refresh.key(one.home, family), self._new(one.home, family), was
                        )
        return faults

    @contextmanager
    def ready(self, db: duckdb.DuckDBPyConnection, steps: Sequence[Relation]) -> Iterator[Ready]:
        """Connection on which these steps stand ready, over the records that the families see in the partitions."""
        partition = self.stale[-1].partition
        needed = sorted(
            {month for one in self.stale for family, _ in one.found for month in one.partition.needed(family)}
        )
        seen = [plan.seen(one.home, family) for one in self.stale for family, _ in one.found]
        known = replace(
            partition.known, holes=frozenset(hole for one in self.stale for hole in one.partition.known.holes)
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        with beside(db) as own:
            yield prepare(
                own,
                {
                    table: [
                        path
                        for of, month in needed
                        if of == table and (path := self.refresh.curated(partition, table, month))
                    ]
                    for table in partition.tables
                },
                homes=[one.home for one in self.stale],
                force=self.refresh.force,
                targets=self.refresh.targets,
                known=known,
                days=(min(first for first, _ in seen), max(end for _, end in seen)),
                steps=steps,
            )

    def _at_once(self) -> Iterator[Sequence[Stale]]:
        """Rounds in which families are worked out: first those that are for all partitions at once.

        Within a round what is alike in its kinds of period comes together.
        """

        def part(one: Stale, *, at_once: bool) -> Stale:
            found = [(f, inputs) for f, inputs in one.found if _for_all_at_once(f) == at_once]
            return replace(one, found=sorted(found, key=lambda pair: pair[0].kinds))

        first = [some for one in self.stale if (some := part(one, at_once=True)).found]
        if first:
            yield first
        for one in self.stale:
            if (alone := part(one, at_once=False)).found:
                yield [alone]

    def _work_out(
        self, ready: Ready, some: Sequence[Stale], rows: dict[tuple[Month, str], int], faults: dict[Month, str]
    ) -> None:
        """Work out each family for those of some partitions in which it is stale, and check what comes of it."""
        kept = self._kept(some)
        families = {family.name: family for one in some for family, _ in one.found}
        for family in families.values():
            wanted = {one.home: inputs for one in some for of, inputs in one.found if of.name == family.name}
            outs = {home: self._new(home, family) for home in wanted}
            metadata = {home: {"inputs": json.dumps(inputs, sort_keys=True)} for home, inputs in wanted.items()}
            for home, count in ready.evaluate(family, outs, metadata=metadata, months=kept).items():
                rows[home, family.name] = count
                try:
                    ready.check(family, outs[home])
                except ImpossibleFiguresError as fault:
                    faults.setdefault(home, f"{self.refresh.force_code} {home} not released: {fault}")

    def _restate(
        self,
        db: duckdb.DuckDBPyConnection,
        released: Sequence[Stale],
        were: Mapping[tuple[Month, str], Read | None],
    ) -> None:
        """Say what had been complete and is another now, before it is put in place of the older."""
        versions = []
        for one in released:
            for family, inputs in one.found:
                if family.result is METRIC_VALUES and were[one.home, family.name]:
                    old = self._was(one.home, family)
                    why = cause(json.loads(kv_metadata(db, old).get("inputs", "{}")), inputs)
                    # What was complete does not change by time alone: else what stood was no work of measure's.
                    if why or family.name in one.forgotten:
                        new = self._new(one.home, family)
                        versions.append(Versions(family, one.home, old, new, why or REBUILT))
        restate(
            db,
            self.refresh.results,
            versions,
            force_code=self.refresh.force_code,
            now=self.refresh.now,
            workdir=self._folder,
        )

    def _kept(self, some: Iterable[Stale]) -> Mapping[str, Sequence[Path]]:
        """Files of the monthly steps that these rest on, where there are any."""
        found: dict[str, dict[Path, None]] = {}
        for one in some:
            for month in one.steps:
                found.setdefault(month.step.name, {})[self.refresh.kept / month.file] = None
        return {name: list(paths) for name, paths in found.items()}

    @property
    def _folder(self) -> Path:
        [(first, _), *_] = self.stale[0].found
        return self.refresh.workdir / first.name / str(self.stale[0].home)

    def _was(self, home: Month, family: Family) -> Path:
        return self._folder / f"{home}-{family.name}-was.parquet"

    def _new(self, home: Month, family: Family) -> Path:
        return self._folder / f"{home}-{family.name}.parquet"


def _for_all_at_once(family: Family) -> bool:
    """Whether the values of several partitions may be worked out in one go: see :meth:`Ready.turn_to`."""
    return not family.reads("reach") and not any(kind in LONG for kind in family.kinds)
