"""What stands of a force against what it is when it is made anew, and having measure make anew what differs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from callclock import layout, state
from callclock.bookkeeping import COVERAGE
from callclock.clock import Month, format_instant
from callclock.contracts import CURATED, TABLES
from callclock.engine import connect
from callclock.lake.curate import CuratedMonth
from callclock.ledger import Mark
from callclock.objects import Bucket, ChangedMeanwhileError
from callclock.operations.differences import Difference, difference
from callclock.operations.rebuild import MEASURED, Rebuilt, Said, months_below
from callclock.operations.stack import Stack
from callclock.state import ForceState


@dataclass(frozen=True)
class Comparison:
    """What comparing found.

    Attributes
    ----------
    months, objects
        Curated months and result objects that were compared.
    waiting
        Exports that measure has still to fold: what they touch is due, and differs.
    stopped
        What measure's checks would not release, so that nothing could be compared with it.
    """

    force_code: str
    months: int
    objects: int
    differences: tuple[Difference, ...]
    waiting: int
    stopped: str

    @property
    def is_equal(self) -> bool:
        """Whether all that stands is what it is when it is made anew."""
        return not self.differences and not self.stopped


def compare(stack: Stack, rebuilt: Rebuilt, folder: Path, said: Said) -> Comparison:
    """Compare every curated month, coverage and every value with what was made anew.

    Raises
    ------
    ChangedMeanwhileError
        Measure was at work on the force meanwhile: do it once more.
    """
    force_code = rebuilt.force_code
    waiting = len(stack.marks.of(Mark.UNFOLDED, force_code))
    standing, read = state.load(stack.lake, force_code)
    work = _Comparing(stack, rebuilt, standing, folder, said)
    months, objects = work.months(), work.objects()
    found = (*work.curated(months), *work.covered(), *work.measured(objects))
    after = state.load(stack.lake, force_code)[1]
    if (after and after.etag) != (read and read.etag):
        raise ChangedMeanwhileError(f"{force_code}: measure was at work meanwhile, so nothing can be compared")
    return Comparison(force_code, len(months), len(objects), found, waiting, rebuilt.stopped)


@dataclass(frozen=True)
class _Comparing:
    stack: Stack
    rebuilt: Rebuilt
    standing: ForceState
    folder: Path
    said: Said

    def months(self) -> Sequence[tuple[str, Month]]:
        """Table and month of everything curated, on either side."""
        found = set()
        for table in CURATED:
            prefix = layout.curated_prefix(table.name, self.rebuilt.force_code)
            for lake in (self.stack.lake, self.rebuilt.lake):
                found |= {(table.name, month) for month in months_below(lake, prefix)}
        return sorted(found)

    def objects(self) -> Sequence[tuple[str, Month, str]]:
        """Table, month and family of every result object, on either side."""
        found = set()
        for table in MEASURED:
            prefix = f"internal/{table.name}/force_code={self.rebuilt.force_code}/"
            for results in (self.stack.results, self.rebuilt.results):
                for listed in results.list(prefix):
                    month, file = listed.key.removeprefix(prefix).split("/")
                    home = Month.parse(month.removeprefix("month="))
                    found.add((table.name, home, file.removesuffix(".parquet")))
        return sorted(found)

    def curated(self, months: Sequence[tuple[str, Month]]) -> Iterator[Difference]:
        """What differs in curated months, and in what is known of them."""
        with connect(self.folder / "duckdb") as db:
            for table, month in months:
                self.said(f"comparing {table} {month}")
                key = layout.curated(table, self.rebuilt.force_code, month)
                files = self._both(self.stack.lake, self.rebuilt.lake, key)
                found = difference(db, TABLES[table], *files, month=str(month))
                stood, anew = (of.curated.get(table, {}).get(month) for of in (self.standing, self.rebuilt.state))
                if found.is_none and _is_known_otherwise(stood, anew):
                    # The rows are right; what values go by is not, so a value may have been left as it was.
                    found = replace(found, changed=1, columns=("state",))
                if not found.is_none:
                    yield replace(found, due=bool(stood and anew and stood.version != anew.version))

    def covered(self) -> Iterator[Difference]:
        """What differs in coverage."""
        with connect(self.folder / "duckdb") as db:
            key = layout.coverage(self.rebuilt.force_code)
            found = difference(db, COVERAGE, *self._both(self.stack.results, self.rebuilt.results, key), month=None)
            if not found.is_none:
                yield found

    def measured(self, objects: Sequence[tuple[str, Month, str]]) -> Iterator[Difference]:
        """What differs in values, curves and matrices."""
        with connect(self.folder / "duckdb") as db:
            for table, home, family in objects:
                self.said(f"comparing {family} {home}")
                key = layout.measured(table, self.rebuilt.force_code, home, family)
                files = self._both(self.stack.results, self.rebuilt.results, key)
                found = difference(db, TABLES[table], *files, month=str(home), family=family)
                if not found.is_none:
                    stood, anew = (of.values.get(family, {}).get(home) for of in (self.standing, self.rebuilt.state))
                    yield replace(found, due=stood != anew)

    def _both(self, standing: Bucket, rebuilt: Bucket, key: str) -> tuple[Path | None, Path | None]:
        one, other = self.folder / "standing.parquet", self.folder / "rebuilt.parquet"
        return (one if standing.fetch(key, one) else None), (other if rebuilt.fetch(key, other) else None)


def put_right(stack: Stack, found: Comparison, now: datetime) -> None:
    """Have measure make anew what differs, whatever it was made from; restatements say what had been published.

    Raises
    ------
    ChangedMeanwhileError
        Measure was at work on the force meanwhile: compare once more.
    """
    known, read = state.load(stack.lake, found.force_code)
    known = replace(known, rebuilt=format_instant(now))
    for one in found.differences:
        if one.family is not None:
            known = known.without_value(one.family, Month.parse(str(one.month)))
        elif one.month is not None:
            known = known.with_curated(one.table, {Month.parse(one.month): CuratedMonth("", 0, None)})
        for export_id in one.exports:
            stack.marks.put(Mark.UNFOLDED, found.force_code, export_id)
    state.save(stack.lake, found.force_code, known, read)
    stack.measure.send(found.force_code, {"force_code": found.force_code, "now": format_instant(now)})


def is_put_right(stack: Stack, found: Comparison, rebuilt: Rebuilt) -> bool:
    """Whether measure has made again all that :func:`put_right` asked for."""
    known, _ = state.load(stack.lake, found.force_code)
    values = [(str(one.family), Month.parse(str(one.month))) for one in found.differences if one.family is not None]
    wanted = [(family, home) for family, home in values if home in rebuilt.state.values.get(family, {})]
    return not known.to_fold() and all(home in known.values.get(family, {}) for family, home in wanted)


def _is_known_otherwise(stood: CuratedMonth | None, anew: CuratedMonth | None) -> bool:
    """Whether what values go by in a month is not what it should be; how it was folded does not matter to them."""
    if stood is None or anew is None:
        return stood is not anew
    return replace(stood, version="") != replace(anew, version="")
