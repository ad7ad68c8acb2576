"""A month's partition of values: which of its families were made from other inputs than they should have been. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product

from callclock import __version__, plan
from callclock.clock import Month, PeriodKind, format_at_most, local_midnight
from callclock.lake.curate import CuratedMonth
from callclock.metrics.catalogue import Family, Relation
from callclock.metrics.known import Known
from callclock.settings import Force, digest

type Inputs = Mapping[str, object]
"""All that a family's values in one partition depend on; comparable, and written into the file that holds them."""


@dataclass(frozen=True)
class Partition:
    """The values that lie in one month's partition, of the families that read the same tables.

    Attributes
    ----------
    configured
        Hash of what is configured.
    """

    force: Force
    configured: str
    families: tuple[Family, ...]
    home: Month
    months: Mapping[str, Mapping[Month, CuratedMonth]]
    known: Known

    @property
    def tables(self) -> tuple[str, ...]:
        """Curated tables that its families read."""
        return self.families[0].tables

    def stale(self, made_from: Mapping[str, Mapping[Month, str]]) -> "Stale | None":
        """Families whose values were not made from the inputs that they should have; None where there is none."""
        found = [
            (family, inputs)
            for family in self.families
            if made_from.get(family.name, {}).get(self.home) != digest(inputs := self.inputs(family))
            and self.counts(family)
        ]
        forgotten = frozenset(family.name for family, _ in found if self.home not in made_from.get(family.name, {}))
        return Stale(self, found, forgotten) if found else None

    def months_in(self, family: Family) -> Sequence[Month]:
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

    def inputs(self, family: Family) -> Inputs:
        """All that the family's values here depend on."""
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
            "configuration": self.configured,
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
        first = local_midnight(plan.seen(self.home, family)[0], self.force.tz)

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
        return max([local_midnight(end, self.force.tz) + timedelta(days=family.settled_after), *events])


@dataclass(frozen=True)
class Stale:
    """Families of a partition that are to be made again.

    Attributes
    ----------
    found
        With the inputs from which they are to be made.
    forgotten
        Names of those of which nobody knows what the values that stand were made from.
    """

    partition: Partition
    found: Sequence[tuple[Family, Inputs]]
    forgotten: frozenset[str]

    @property
    def home(self) -> Month:
        """Month in whose partition they lie."""
        return self.partition.home

    @property
    def steps(self) -> Iterator["MonthOfStep"]:
        """Each month of each monthly step that they rest on.

        All of them for each family: one may have no month of its own where another has, and what lies outside its
        periods is left out as it reads them.
        """
        for family, _ in self.found:
            for step, month in product(family.monthly, self.partition.months_in(family)):
                yield MonthOfStep(replace(self.partition, home=month), family, step)


@dataclass(frozen=True)
class MonthOfStep:
    """The rows of a monthly step for one month: years are put together of them."""

    partition: Partition
    family: Family
    step: Relation

    @property
    def of_month(self) -> Family:
        """The family as if it were worked out for months alone."""
        return replace(self.family, kinds=(PeriodKind.MONTH,))

    @property
    def file(self) -> str:
        """Name of the file that holds them, which tells all that they depend on."""
        inputs = self.partition.inputs(self.of_month)
        rests_on = {key: inputs[key] for key in ("curated", "sources", "linked", "configuration", "code")}
        version = digest([rests_on, self.step.lineage])[:32]
        return f"{self.step.name}-{self.partition.home}@{version}.parquet"
