"""Refresh: which values should have other inputs than they were made from, and making those again."""

import json
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby, product
from pathlib import Path

import duckdb

from callclock import __version__, layout, plan
from callclock.clock import Month, PeriodKind, format_at_most, local_midnight
from callclock.contracts import METRIC_VALUES
from callclock.engine import beside, connect, cores
from callclock.kept import forget_older, forget_others
from callclock.lake.coverage import NEVER, Coverage, touched_in
from callclock.lake.curate import CuratedMonth
from callclock.lake.feeds import feeds_by_month
from callclock.metrics.catalogue import Family, Relation, steps_below
from callclock.metrics.evaluate import ImpossibleFiguresError, Known, evaluate, prepare, work_out_month
from callclock.objects import Bucket
from callclock.restatements import REBUILT, Versions, cause, restate
from callclock.results import kv_metadata
from callclock.settings import Force, Targets, digest
from callclock.state import ForceState


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
            With the inputs of what was made so far, after each partition: a run that ends early (a Lambda lives fifteen
            minutes, a first backlog may be years) goes on from there. Equal inputs are not computed again (DESIGN 1).

        Raises
        ------
        ImpossibleFiguresError
            A check stopped the release of a partition; raised after all others were made.
        """
        forget_others(self.kept)
        stale = [
            (partition, found)
            for partition in self._partitions(state, families)
            if (found := partition.stale(state.values))
        ]
        if not stale:
            return
        months = {month.path: month for partition, found in stale for month in partition.months_of_steps(found)}
        # One partition a core: each is small, so that cores within one are soon idle, and requests overlap. Each has a
        # connection of its own, whose statements run in the thread that asks.
        with (
            connect(self.workdir / "duckdb", threads=1) as db,
            ThreadPoolExecutor(max_workers=cores()) as workers,
        ):
            steps = [workers.submit(month.make, db) for month in months.values()]
            stale.sort(key=lambda one: any(family.monthly for family, _ in one[1]))
            made = []
            for partition, found in stale:
                if any(family.monthly for family, _ in found):
                    # Those that are put together of months come last, when the months are there.
                    for step in steps:
                        step.result()
                forgotten = {f.name for f, _ in found if partition.home not in state.values.get(f.name, {})}
                made.append(workers.submit(partition.make, db, found, forgotten))
            stopped: list[ImpossibleFiguresError] = []
            for (partition, found), future in zip(stale, made, strict=True):
                try:
                    future.result()
                except ImpossibleFiguresError as fault:
                    stopped.append(fault)
                    continue
                for family, inputs in found:
                    state = state.with_value(family.name, partition.home, digest(inputs))
                yield state
        if stopped:
            raise ImpossibleFiguresError("; ".join(map(str, stopped)))

    def _partitions(self, state: ForceState, families: Sequence[Family]) -> Iterator["_Partition"]:
        """Every partition of the families that read the same tables, for each set of tables that was ever sent."""
        by_tables = sorted(families, key=lambda family: family.tables)
        for tables, group in groupby(by_tables, key=lambda family: family.tables):
            months = {table: state.curated.get(table, {}) for table in tables}
            mine = tuple(group)
            if mine[0].each_source:
                feeds = feeds_by_month(self.coverage, months, state.values.get(mine[0].name, ()), self.force)
                yield from (_Partition(self, mine, home, months, known) for home, known in feeds)
                continue
            known = self._known(tables)
            if not months[tables[0]]:
                continue
            holes = [hole for table in tables for hole in self.coverage.holes(table, self.force)]
            for home in plan.homes(months[tables[0]]):
                yield _Partition(self, mine, home, months, replace(known, holes=touched_in(home, holes, self.force.tz)))

    def _known(self, tables: Sequence[str]) -> Known:
        """What is known of these tables: nothing, where all exports of the first, which is counted, are withdrawn."""
        found = {table: self.coverage.table_as_at(table, self.force, self.now) for table in tables}
        as_at = [instant for instant in found.values() if instant is not None]
        known = min(as_at) if found[tables[0]] is not None else NEVER
        return Known(known, tuple(s for table in tables for s in self.coverage.sources_known(table, self.force)))


def _was(folder: Path, family: Family) -> Path:
    return folder / f"{family.name}-was.parquet"


def _new(folder: Path, family: Family) -> Path:
    return folder / f"{family.name}.parquet"


@dataclass(frozen=True)
class _Partition:
    """The values that lie in one month's partition, of the families that read the same tables."""

    refresh: Refresh
    families: tuple[Family, ...]
    home: Month
    months: Mapping[str, Mapping[Month, CuratedMonth]]
    known: Known

    @property
    def tables(self) -> tuple[str, ...]:
        """Curated tables that its families read."""
        return self.families[0].tables

    def stale(self, made_from: Mapping[str, Mapping[Month, str]]) -> Sequence[tuple[Family, Mapping[str, object]]]:
        """Families whose values were not made from the inputs that they should have, with these inputs."""
        return [
            (family, inputs)
            for family in self.families
            if made_from.get(family.name, {}).get(self.home) != digest(inputs := self.inputs(family))
            and self.counts(family)
        ]

    def months_of_steps(self, stale: Sequence[tuple[Family, Mapping[str, object]]]) -> Iterator["_MonthOfStep"]:
        """Each month of each monthly step that these families rest on."""
        for family, _ in stale:
            for step, month in product(family.monthly, self._months_in(family)):
                yield _MonthOfStep(replace(self, home=month), family, step)

    def _months_in(self, family: Family) -> Sequence[Month]:
        """Months of the family's periods that have records of its own table."""
        months = plan.months_of(*plan.counted(self.home, family))
        return [month for month in months if month in self.months[self.tables[0]]]

    def counts(self, family: Family) -> bool:
        """Whether there is any month whose records the family would count, or sources whose days it would tell of."""
        own = self.months[self.tables[0]]
        return family.each_source or any(month in own for month in plan.needed(self.home, family))

    def needed(self, family: Family) -> Sequence[tuple[str, Month]]:
        """Tables and their curated months, those that there are among those the family needs."""
        wanted = plan.needed(self.home, family)
        return [(table, month) for table in self.tables for month in wanted if month in self.months[table]]

    def inputs(self, family: Family) -> Mapping[str, object]:
        """All that the family's values here depend on; comparable, and written into the file that holds them."""
        first, end = plan.seen(self.home, family)
        needed = self.needed(family)
        settled = self._settled_after(family, needed)
        return {
            "curated": {
                f"{table}/{month}": self.months[table][month].seen(first, end, looked_up=table != family.table)
                for table, month in needed
            },
            "as_at": format_at_most(self.known.as_at, settled),
            "sources": {f"{s.table_name}/{s.source}": format_at_most(s.as_at, settled) for s in self.known.sources},
            "linked": self._linked(family, settled),
            "heard": [s.feed for s in self.known.sources] if family.each_source else [],
            "holes": sorted(f"{hole.kind}:{hole.label}" for hole in self.known.holes if hole.kind in family.kinds),
            "configuration": self.refresh.configured,
            "definition": family.definition_version,
            "sql": family.text_digest,
            "code": __version__,
        }

    def _linked(self, family: Family, settled: datetime | None) -> Sequence[str]:
        """When each source is linked and what it does not cover, for a family whose windows rest on that.

        As far as the months go that the family needs: what was covered before or is covered later changes nothing.
        """
        if not family.reads("source_gaps"):
            return []
        first = local_midnight(plan.seen(self.home, family)[0], self.refresh.force.tz)

        def span(start: datetime | None, end: datetime | None) -> str:
            return "..".join(format_at_most(max(at, first), settled) if at else "" for at in (start, end))

        found = []
        for s in self.known.sources:
            gaps = [span(*gap) for gap in s.gaps if gap[1] > first and (settled is None or gap[0] < settled)]
            found.append(f"{s.table_name}/{s.source} {span(s.covered_from, s.retired_at)} but {' '.join(gaps)}")
        return sorted(found)

    def _settled_after(self, family: Family, needed: Sequence[tuple[str, Month]]) -> datetime | None:
        """Moment after which time alone changes no value of the family here any more; None while something is open."""
        first, end = plan.counted(self.home, family)
        counted = plan.within(first, end)
        # Of its own table the records counted speak; of the others also what lies behind and ahead (an assessment).
        curated = [
            self.months[table][month]
            for table, month in needed
            if table in family.settled_by and (table != family.table or month in counted)
        ]
        if any(month.open for month in curated):
            return None
        events = [month.last_event + timedelta(days=family.events_settle) for month in curated if month.last_event]
        return max([local_midnight(end, self.refresh.force.tz) + timedelta(days=family.settled_after), *events])

    @contextmanager
    def prepared(
        self,
        db: duckdb.DuckDBPyConnection,
        families: Sequence[Family],
        steps: Sequence[Relation],
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Connection on which these steps stand ready, over the records that these families see in the partition."""
        needed = sorted({month for family in families for month in self.needed(family)})
        with beside(db) as own:
            prepare(
                own,
                {
                    table: [path for of, month in needed if of == table and (path := self._curated(table, month))]
                    for table in self.tables
                },
                home=self.home,
                force=self.refresh.force,
                targets=self.refresh.targets,
                known=self.known,
                steps=steps,
            )
            yield own

    def make(
        self,
        db: duckdb.DuckDBPyConnection,
        stale: Sequence[tuple[Family, Mapping[str, object]]],
        forgotten: Collection[str],
    ) -> None:
        """Evaluate families over the months they need and put the values in place of the older ones.

        Nothing is put in place before all of it is worked out and checked.

        Parameters
        ----------
        forgotten
            Names of families of which nobody knows what the values that stand were made from.
        """
        here = self.refresh.workdir / "-".join(self.tables) / str(self.home)
        here.mkdir(parents=True, exist_ok=True)
        families = [family for family, _ in stale]
        kept = self._kept_months(families)
        steps = steps_below([name for family in families for name in family.read], ready=kept)
        with self.prepared(db, families, steps) as own:
            # Read before the work, so that a newer run that comes between is not overwritten by this one.
            were = {f.name: self.refresh.results.fetch(self._key(f), _was(here, f)) for f in families}
            rows = {}
            for family, inputs in stale:
                out, metadata = _new(here, family), {"inputs": json.dumps(inputs, sort_keys=True)}
                try:
                    rows[family.name] = evaluate(own, family, out, metadata=metadata, months=kept)
                except ImpossibleFiguresError as fault:
                    raise ImpossibleFiguresError(
                        f"{self.refresh.force_code} {self.home} not released: {fault}"
                    ) from fault
            replaced = [(family, inputs) for family, inputs in stale if were[family.name]]
            self._restate(own, replaced, forgotten, here)
            for family in families:
                was = were[family.name]
                if rows[family.name] or was is not None:
                    self.refresh.results.replace(self._key(family), _new(here, family), was)

    def _restate(
        self,
        db: duckdb.DuckDBPyConnection,
        replaced: Sequence[tuple[Family, Mapping[str, object]]],
        forgotten: Collection[str],
        here: Path,
    ) -> None:
        """Say what had been complete and is another now, before it is put in place of the older."""
        versions = []
        for family, inputs in replaced:
            if family.result is METRIC_VALUES:
                old = _was(here, family)
                why = cause(json.loads(kv_metadata(db, old).get("inputs", "{}")), inputs)
                # What was complete does not change by time alone. Where it did, what stood was no work of measure's.
                if why or family.name in forgotten:
                    versions.append(Versions(family.name, old, _new(here, family), why or REBUILT))
        restate(
            db,
            self.refresh.results,
            versions,
            force_code=self.refresh.force_code,
            month=self.home,
            now=self.refresh.now,
            workdir=here,
        )

    def _key(self, family: Family) -> str:
        return layout.measured(family.result.name, self.refresh.force_code, self.home, family.name)

    def _kept_months(self, families: Sequence[Family]) -> Mapping[str, Sequence[Path]]:
        """Files of the monthly steps that these families rest on, where there are any.

        All of them for each family: one may have no month of its own where another has, and what lies outside its
        periods is left out as it reads them.
        """
        found: dict[str, dict[Path, None]] = {}
        for family in families:
            for step, month in product(family.monthly, self._months_in(family)):
                found.setdefault(step.name, {})[_MonthOfStep(replace(self, home=month), family, step).path] = None
        return {name: list(paths) for name, paths in found.items()}

    def _curated(self, table: str, month: Month) -> Path | None:
        """Curated file of one month, kept while the function is warm: many partitions look back at it."""
        path = self.refresh.kept / f"{table}-{month}@{self.months[table][month].version}.parquet"
        if path.exists():
            return path
        forget_older(path)
        key = layout.curated(table, self.refresh.force_code, month)
        # Partitions side by side may look back at the same month: each brings it under a name of its own.
        part = path.with_suffix(f".{self.home}.part")
        return part.rename(path) if self.refresh.lake.fetch(key, part) else None


@dataclass(frozen=True)
class _MonthOfStep:
    """The rows of a monthly step for one month, kept while the function is warm: years are put together of them."""

    partition: _Partition
    family: Family
    step: Relation

    @property
    def path(self) -> Path:
        """File that holds them, named by all that they depend on."""
        of_month = replace(self.family, kinds=(PeriodKind.MONTH,))
        inputs = self.partition.inputs(of_month)
        rests_on = {key: inputs[key] for key in ("curated", "sources", "linked", "configuration", "code")}
        version = digest([rests_on, self.step.lineage])[:32]
        return self.partition.refresh.kept / f"{self.step.name}-{self.partition.home}@{version}.parquet"

    def make(self, db: duckdb.DuckDBPyConnection) -> None:
        """Work them out, unless they are kept."""
        path = self.path
        if path.exists():
            return
        forget_older(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        of_month = replace(self.family, kinds=(PeriodKind.MONTH,))
        with self.partition.prepared(db, [of_month], steps_below(self.step.inputs)) as own:
            part = path.with_suffix(".part")
            work_out_month(own, self.step, of_month, part)
            part.rename(path)
