"""Curating: folds the months that exports touch and puts each in place of what stood there, on condition."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

import duckdb

from callclock import layout
from callclock.clock import Month
from callclock.columns import Table
from callclock.engine import connect, cores, parquet_list
from callclock.lake.chains import Chains
from callclock.lake.fold import FOLD_VERSION, ExportFold, by_export, fold_month, left, summarise
from callclock.lake.keys import SHARD_KEYS, Key, KeyIndex
from callclock.objects import Bucket, ChangedMeanwhileError, Listed, Read

_VERSION = "version"
_WITH = "with"


@dataclass(frozen=True)
class CuratedMonth:
    """One curated month as values see it.

    Attributes
    ----------
    version
        Hash of all that it was folded from.
    open
        Records still open: their values move with every as_at.
    last_event
        Last arrival, closing or end in it: some days later nothing in it can change by time alone (METRICS, Maturity).
    days
        For each local day that has records (``2026-03-01``), a hash of what values count of them: which export brought
        them is no part of it. Empty for a month curated before there were such hashes.
    looked_up
        The same of what values of other tables look up in it; empty where that is all of it.
    last_seen
        Of the records that snapshots of each source brought: when they were last seen, with a hash of which they are.
        None for a month curated before that was kept.
    """

    version: str
    open: int
    last_event: datetime | None
    days: Mapping[str, str] = field(default_factory=dict)
    looked_up: Mapping[str, str] = field(default_factory=dict)
    last_seen: Mapping[str, Mapping[datetime, str]] | None = None

    def seen(self, first: date, end: date, *, looked_up: bool) -> str:
        """Hash of what values see in the days from ``first`` up to ``end``.

        Parameters
        ----------
        looked_up
            As values of another table see it.
        """
        days = self.looked_up if looked_up and self.looked_up else self.days
        if not days:
            return self.version
        from_day, to_day, whole = self._whole[days is self.looked_up]
        if first <= from_day and to_day < end:
            return whole
        return _of_days({day: found for day, found in days.items() if str(first) <= day < str(end)})

    @cached_property
    def _whole(self) -> Mapping[bool, tuple[date, date, str]]:
        """First and last of its days, and the hash of all; of those looked up under True. A dozen partitions ask."""
        both = {False: self.days, True: self.looked_up}
        return {
            looked_up: (date.fromisoformat(min(days)), date.fromisoformat(max(days)), _of_days(days))
            for looked_up, days in both.items()
            if days
        }


def _of_days(days: Mapping[str, str]) -> str:
    return hashlib.sha256("\n".join(f"{day} {found}" for day, found in sorted(days.items())).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class CurateReport:
    """What curating did, by month: the month as values see it; of those folded anew, what became of each export."""

    months: Mapping[Month, CuratedMonth] = field(default_factory=dict)
    folds: Mapping[Month, Sequence[ExportFold]] = field(default_factory=dict)


@dataclass(frozen=True)
class Curator:
    """Curates one table of one force.

    Attributes
    ----------
    zone
        The force's zone: a record's month is its local month.
    tolerance_s
        See :func:`callclock.lake.fold.fold_month`.
    withdrawn
        Exports whose parts count for nothing: months are what they would be had those never come.
    """

    lake: Bucket
    table: Table
    force_code: str
    zone: str
    tolerance_s: float
    workdir: Path
    shard_keys: int = SHARD_KEYS
    withdrawn: frozenset[str] = frozenset()

    def curate(self, touched: Sequence[Month], known: Mapping[Month, CuratedMonth]) -> CurateReport:
        """Fold the touched months, and those that a corrected start takes a record out of.

        Parameters
        ----------
        touched
            Months in which exports staged rows.
        known
            Months as they were last curated; one whose parts are the same is not written again.

        Raises
        ------
        ChangedMeanwhileError
            Another run was here: repeat from the start.
        """
        self.workdir.mkdir(parents=True, exist_ok=True)
        with connect(self.workdir / "duckdb", shared_by=cores()) as db:
            gathered = self._gather(db, touched)
            months: dict[Month, CuratedMonth] = {}
            folded: list[_FoldedMonth] = []
            for month in sorted(gathered.was):
                version = self._version(month, gathered)
                if month in known and known[month].version == version:
                    months[month] = known[month]
                    continue
                folded.append(self._fold(db, month, gathered, version))
            # Months that lose a record come last: at no moment is a moved record in neither.
            for made in sorted(folded, key=lambda made: (made.left > 0, made.month)):
                self._put(made)
                months[made.month] = made.curated
            return CurateReport(months, {made.month: made.folds for made in folded})

    def _gather(self, db: duckdb.DuckDBPyConnection, touched: Sequence[Month]) -> "_Gathered":
        """Bring together all that the touched months, and those that share a record with one of them, are folded from.

        A month that shares a record needs its other shared records whole too, else its fold would take back one that
        had been corrected into a third month. That third month is read and not folded: nothing in it changes.
        """
        made = _Gathered()
        chains = Chains(db, self.table, lambda month: self._fetch_all([*self._parts(month)]))
        self._take(db, touched, made, chains)
        neighbours = made.others()
        self._take(db, sorted(neighbours), made, chains)
        for month in sorted(made.others()):
            made.parts[month] = tuple(self._parts(month))
        if neighbours:
            self._check_unchanged(touched, made)
        return made

    def _take(self, db: duckdb.DuckDBPyConnection, months: Sequence[Month], made: "_Gathered", chains: Chains) -> None:
        for month in months:
            # The curated month before its parts: a run that curates in between makes our own write fail.
            before = self.workdir / f"{month}-before.parquet"
            made.was[month] = self.lake.fetch(layout.curated(self.table.name, self.force_code, month), before)
            made.parts[month] = tuple(self._parts(month))
        if self.table.correctable:
            made.know(self._homes(db, {month: made.parts[month] for month in months}))
        if self.table.has_legs:
            for month in months:
                made.know(chains.across(month))

    def _check_unchanged(self, touched: Sequence[Month], made: "_Gathered") -> None:
        """Make sure that the touched months still have the parts that other months are about to be folded with."""
        for month in touched:
            if tuple(self._parts(month)) != made.parts[month]:
                raise ChangedMeanwhileError(
                    f"{layout.staged_prefix(self.table.name, self.force_code, month)} was added to by another run"
                )

    def _parts(self, month: Month) -> Iterator[Listed]:
        for part in self.lake.list(layout.staged_prefix(self.table.name, self.force_code, month)):
            if not layout.export_ids([part.key]) & self.withdrawn:
                yield part

    def _fetch(self, listed: Listed) -> Path | None:
        path = self.workdir / listed.key
        return path if path.exists() or self.lake.fetch(listed.key, path) else None

    def _fetch_all(self, listed: Sequence[Listed]) -> list[Path]:
        return [path for part in listed if (path := self._fetch(part))]

    def _homes(
        self, db: duckdb.DuckDBPyConnection, parts: Mapping[Month, Sequence[Listed]]
    ) -> Mapping[Key, frozenset[Month]]:
        """Months of every key staged in these months that has versions in more than one."""
        entries: dict[Key, set[Month]] = {}
        for month, listed in parts.items():
            paths = self._fetch_all(listed)
            if paths:
                files = f"read_parquet({parquet_list(paths)}, union_by_name = true)"
                for source, key in db.execute(f"SELECT DISTINCT source, record_key FROM {files}").fetchall():
                    entries.setdefault((source, key), set()).add(month)
        if not entries:
            return {}
        index = KeyIndex(self.lake, self.table, self.force_code, db, self.workdir, shard_keys=self.shard_keys)
        return {key: months for key, months in index.add(entries).items() if len(months) > 1}

    def _version(self, month: Month, gathered: "_Gathered") -> str:
        """Hash of all that the month is folded from: rows, settings, and what the fold itself says."""
        version = hashlib.sha256(f"{FOLD_VERSION} {self.zone} {self.tolerance_s}\n".encode())
        for other in (month, *gathered.elsewhere(month)):
            for part in gathered.parts[other]:
                version.update(f"{part.key} {part.etag}\n".encode())
        for key in gathered.shared(month):
            version.update("\x1f".join(key).encode() + b"\n")
        return version.hexdigest()

    def _fold(self, db: duckdb.DuckDBPyConnection, month: Month, gathered: "_Gathered", version: str) -> "_FoldedMonth":
        out = self.workdir / f"{month}.parquet"
        fold_month(
            db,
            self.table,
            month=month,
            zone=self.zone,
            tolerance_s=self.tolerance_s,
            here=self._fetch_all(gathered.parts[month]),
            elsewhere=[p for other in gathered.elsewhere(month) for p in self._fetch_all(gathered.parts[other])],
            moved_keys=gathered.shared(month),
            out=out,
        )
        was = gathered.was[month]
        gone = left(db, self.table, self.workdir / f"{month}-before.parquet" if was else None)
        folds = by_export(db, self.table, month)
        summary = summarise(db, self.table)
        curated = CuratedMonth(
            version, summary.open, summary.last_event, summary.days, summary.looked_up, summary.last_seen
        )
        return _FoldedMonth(month, curated, folds, gone, out, was, summary.records, gathered.elsewhere(month))

    def _put(self, made: "_FoldedMonth") -> None:
        if made.was is not None or made.records or made.others:
            key = layout.curated(self.table.name, self.force_code, made.month)
            told = {_VERSION: made.curated.version}
            if made.others:
                told[_WITH] = ",".join(map(str, made.others))
            self.lake.replace(key, made.path, made.was, told)


@dataclass(frozen=True)
class _FoldedMonth:
    month: Month
    curated: CuratedMonth
    folds: Sequence[ExportFold]
    left: int
    path: Path
    was: Read | None
    records: int
    others: Sequence[Month]


def _with(read: Read) -> Sequence[Month]:
    """Months whose parts a curated month was folded with."""
    return [Month.parse(month) for month in read.metadata.get(_WITH, "").split(",") if month]


@dataclass(frozen=True)
class _Gathered:
    """What a run folds from.

    Attributes
    ----------
    was
        The months to fold: their curated objects as they stood before their parts were listed.
    parts
        Staged parts, also of months that are read and not folded.
    homes
        Months of every key, among those staged in the months to fold, that has versions in more than one.
    """

    was: dict[Month, Read | None] = field(default_factory=dict)
    parts: dict[Month, Sequence[Listed]] = field(default_factory=dict)
    homes: dict[Key, frozenset[Month]] = field(default_factory=dict)

    def shared(self, month: Month) -> Sequence[Key]:
        """Keys with versions in ``month`` and in others."""
        return sorted(key for key, months in self.homes.items() if month in months)

    def elsewhere(self, month: Month) -> Sequence[Month]:
        """Other months that hold versions of the records staged in ``month``."""
        return sorted({other for months in self.homes.values() if month in months for other in months} - {month})

    def know(self, homes: Mapping[Key, frozenset[Month]]) -> None:
        """Add months in which keys have versions."""
        for key, months in homes.items():
            self.homes[key] = self.homes.get(key, frozenset()) | months

    def others(self) -> set[Month]:
        """Months that share a record with one taken so far, or did when that was last folded, and are not brought yet.

        Where an export was withdrawn, a month no longer shares a record that the other must get back, or lose.
        """
        shared = {other for months in self.homes.values() for other in months}
        return (shared | {other for was in self.was.values() if was for other in _with(was)}) - set(self.parts)
