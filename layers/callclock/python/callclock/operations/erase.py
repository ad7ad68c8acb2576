"""Erasing a caller: every trace by which a number, or what was made of it, could be found (docs/decisions/0024).

The number and its keys are never part of a message, a name or a receipt.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import duckdb

from callclock import columns, layout, state
from callclock.clock import Month, format_instant
from callclock.contracts import CURATED, TABLES
from callclock.engine import connect, name, parquet_list, quote
from callclock.exports.callers import CallerSecret, key_of
from callclock.exports.grammar import CALLER_KEY
from callclock.exports.traces import Number, OpaqueError
from callclock.lake.curate import CuratedMonth
from callclock.objects import Bucket, Version
from callclock.operations.stack import Stack

ERASED = "(erased)"
_KEYED = tuple(table.name for table in CURATED if CALLER_KEY in table.by_name)

Said = Callable[[str], None]


class Kind(StrEnum):
    """What an object is that holds a trace, and so what becomes of it."""

    RAW = "raw export"
    QUARANTINE = "quarantine"
    STAGED = "staged rows"
    CURATED = "curated month"
    ANSWER = "answer of a query"
    OTHER = "other"


@dataclass(frozen=True)
class Caller:
    """Who is to be erased: never shown.

    Attributes
    ----------
    keys
        What the number became under every secret that is still known.
    epochs
        Names of those secrets.
    """

    number: Number
    keys: tuple[str, ...] = field(repr=False)
    epochs: tuple[str, ...]

    @classmethod
    def of(cls, e164: str, secrets: Sequence[CallerSecret]) -> "Caller":
        """From a number in E.164 form."""
        return cls(Number.of(e164), tuple(key_of(e164, s) for s in secrets), tuple(s.epoch for s in secrets))

    def is_in_text(self, text: str) -> bool:
        """Whether the number or a key of it stands in a text."""
        return self.number.is_in(text) or any(key in text for key in self.keys)


@dataclass(frozen=True)
class Trace:
    """One version of an object that holds a trace.

    Attributes
    ----------
    rows
        Rows that hold it, where it has rows.
    """

    kind: Kind
    version: Version
    rows: int = 0


@dataclass(frozen=True)
class Traces:
    """Where a caller stands.

    Attributes
    ----------
    opaque
        Keys of raw exports that nobody can look into.
    other_epochs
        Epochs of rows whose secret is gone: whether one of them is this caller's nobody can tell any more.
    unread
        Keys of raw exports that hold the number and of which no row is staged: other people's records go with them.
    """

    found: tuple[Trace, ...]
    opaque: tuple[str, ...]
    other_epochs: tuple[str, ...]
    unread: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing is known to be left; answers of queries come and go."""
        return not self.opaque and all(trace.kind is Kind.ANSWER for trace in self.found)

    def of(self, kind: Kind) -> tuple[Trace, ...]:
        """Traces of one kind."""
        return tuple(trace for trace in self.found if trace.kind is kind)


@dataclass(frozen=True)
class Erasure:
    """Erasing a caller from what is kept of one force.

    Attributes
    ----------
    folder
        For files while they are looked into; it holds personal data, so remove it afterwards.
    """

    stack: Stack
    force_code: str
    caller: Caller
    folder: Path
    said: Said

    def look(self) -> Traces:
        """Find every version of every object that holds the number or a key of it; nothing is changed."""
        epochs: set[str] = set()
        exports: set[str] = set()
        with connect(self.folder / "duckdb") as db:
            db.execute("CREATE TEMP TABLE erased (caller_key VARCHAR)")
            db.execute("INSERT INTO erased SELECT unnest(?)", [list(self.caller.keys)])
            staged = tuple(self._in_rows(db, "staged", Kind.STAGED, epochs))
            curated = tuple(self._in_rows(db, "curated", Kind.CURATED, epochs))
            exports |= layout.export_ids(trace.version.key for trace in staged)
            quarantine = tuple(self._in_quarantine(db))
        opaque: list[str] = []
        raw = tuple(self._in_raw(exports, opaque))
        answers = tuple(Trace(Kind.ANSWER, v) for v in self.stack.results.versions(layout.ANSWERS))
        entries = list(self.stack.entries(self.force_code))
        staged_of = {(entry.object_key, entry.version_id) for entry in entries if entry.months}
        unread = {t.version.key for t in raw if t.version.is_latest and not _is_staged(t.version, staged_of)}
        others = sorted(epochs - set(self.caller.epochs))
        found = (*raw, *quarantine, *staged, *curated, *answers, *self._elsewhere())
        return Traces(found, tuple(opaque), tuple(others), tuple(sorted(unread)))

    def _in_rows(self, db: duckdb.DuckDBPyConnection, area: str, kind: Kind, epochs: set[str]) -> Iterator[Trace]:
        for table in _KEYED:
            for version in self.stack.lake.versions(f"{area}/{table}/force_code={self.force_code}/"):
                path = self._fetched(self.stack.lake, version)
                if path is None:
                    continue
                rows = f"read_parquet({parquet_list([path])}, union_by_name = true)"
                counted = db.execute(
                    f"SELECT key_epoch, count(*), count(e.caller_key) FROM {rows} AS r "
                    "LEFT JOIN (SELECT DISTINCT caller_key FROM erased) AS e USING (caller_key) "
                    "WHERE caller_key IS NOT NULL GROUP BY key_epoch"
                ).fetchall()
                epochs.update(str(epoch) for epoch, _, _ in counted)
                if mine := sum(n for _, _, n in counted):
                    yield Trace(kind, version, mine)
                if kind is Kind.STAGED and self._is_elsewhere_in(db, table, rows):
                    yield Trace(Kind.OTHER, version)

    def _is_elsewhere_in(self, db: duckdb.DuckDBPyConnection, table: str, rows: str) -> bool:
        """Whether the number stands in a text of staged rows where a profile should not have put it."""
        texts = [c.name for c in TABLES[table].staged if c.kind is columns.Kind.TEXT and c.name != CALLER_KEY]
        path = self.folder / "texts"
        db.execute(f"COPY (SELECT {', '.join(map(name, texts))} FROM {rows}) TO {quote(str(path))} (FORMAT csv)")
        return self.caller.number.is_in_file(path, self.folder / "inside")

    def _in_quarantine(self, db: duckdb.DuckDBPyConnection) -> Iterator[Trace]:
        for version in self.stack.exports.versions(layout.QUARANTINE):
            mine = f"/force_code={self.force_code}/" in version.key
            path = self._fetched(self.stack.exports, version) if mine else None
            if path and (rows := self._numbered(db, path)):
                yield Trace(Kind.QUARANTINE, version, len(rows))

    def _numbered(self, db: duckdb.DuckDBPyConnection, path: Path) -> Sequence[int]:
        """Records in quarantine whose text holds the number."""
        found = db.execute(f"SELECT record_no, raw FROM read_parquet({quote(str(path))})")
        numbered: list[int] = []
        while batch := found.fetchmany(10_000):
            numbered += [record_no for record_no, raw in batch if self.caller.number.is_in(raw)]
        return numbered

    def _in_raw(self, exports: set[str], opaque: list[str]) -> Iterator[Trace]:
        """Raw exports that hold the number, and those that staged a row of it, however that is written there."""
        read = {
            (entry.object_key, entry.version_id)
            for entry in self.stack.entries(self.force_code)
            if entry.export_id in exports
        }
        for version in self.stack.exports.versions(f"{layout.INCOMING}{self.force_code}/"):
            path = self._fetched(self.stack.exports, version)
            if path is None:
                continue
            try:
                is_in = _is_staged(version, read) or self.caller.number.is_in_file(path, self.folder / "inside")
            except OpaqueError:
                opaque.append(version.key)
                continue
            if is_in:
                yield Trace(Kind.RAW, version)

    def _elsewhere(self) -> Iterator[Trace]:
        """Receipts, and names of objects, which nothing here may change: somebody must see to them."""
        for version in self.stack.results.versions(layout.receipts_of_force(self.force_code)):
            path = self._fetched(self.stack.results, version)
            if path and self.caller.is_in_text(path.read_text("utf-8")):
                yield Trace(Kind.OTHER, version)

    def _fetched(self, bucket: Bucket, version: Version) -> Path | None:
        if version.is_marker:
            return None
        self.said(f"{self.force_code}: looked into {version.key.partition('/')[0]}")
        path = self.folder / "looked-at"
        return path if bucket.fetch(version.key, path, version.version_id) else None

    def erase(self, traces: Traces, now: datetime) -> None:
        """Take out what :meth:`look` found, but for curated months: measure folds these anew without the caller.

        Rows stay: of staged ones the caller goes, of those in quarantine the text. Raw exports and answers go whole.

        Raises
        ------
        ChangedMeanwhileError
            Something was written meanwhile: look again.
        """
        # First: by its staged rows alone an export is known whose number is written as nobody would look for it.
        for trace in traces.of(Kind.RAW):
            self.stack.exports.erase(trace.version)
        with connect(self.folder / "duckdb") as db:
            db.execute("CREATE TEMP TABLE erased (caller_key VARCHAR)")
            db.execute("INSERT INTO erased SELECT unnest(?)", [list(self.caller.keys)])
            for trace in traces.of(Kind.STAGED):
                self._rewrite(self.stack.lake, trace, lambda path: self._without_caller(db, path))
            for trace in traces.of(Kind.QUARANTINE):
                self._rewrite(self.stack.exports, trace, lambda path: self._without_text(db, path))
        for trace in traces.of(Kind.ANSWER):
            self.stack.results.erase(trace.version)
        self._fold(traces, now)

    def erase_old_months(self, traces: Traces) -> None:
        """Take out the older versions of curated months, once measure has folded them anew."""
        for trace in traces.of(Kind.CURATED):
            if not trace.version.is_latest:
                self.stack.lake.erase(trace.version)

    def _rewrite(self, bucket: Bucket, trace: Trace, change: Callable[[Path], Path]) -> None:
        """Replace what readers get, then delete the version that held the trace."""
        if trace.version.is_latest:
            path = self.folder / "to-rewrite"
            read = bucket.fetch(trace.version.key, path)
            if read:
                bucket.replace(trace.version.key, change(path), read, read.metadata)
        bucket.erase(trace.version)

    def _without_caller(self, db: duckdb.DuckDBPyConnection, path: Path) -> Path:
        mine = f"{CALLER_KEY} IN (FROM erased)"
        return self._copied(
            db,
            path,
            f"* REPLACE (CASE WHEN {mine} THEN NULL ELSE key_epoch END AS key_epoch, "
            f"CASE WHEN {mine} THEN NULL ELSE {CALLER_KEY} END AS {CALLER_KEY})",
        )

    def _without_text(self, db: duckdb.DuckDBPyConnection, path: Path) -> Path:
        numbered = ", ".join(map(str, self._numbered(db, path)))
        return self._copied(
            db, path, f"* REPLACE (CASE WHEN record_no IN ({numbered}) THEN {quote(ERASED)} ELSE raw END AS raw)"
        )

    def _copied(self, db: duckdb.DuckDBPyConnection, path: Path, columns: str) -> Path:
        told = db.execute(f"SELECT decode(key), decode(value) FROM parquet_kv_metadata({quote(str(path))})").fetchall()
        kept = ", ".join(f"{key}: {quote(value)}" for key, value in told if str(key).isidentifier())
        out = path.with_suffix(".new")
        db.execute(
            f"COPY (SELECT {columns} FROM read_parquet({quote(str(path))})) TO {quote(str(out))} "
            f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1{f', KV_METADATA {{{kept}}}' if kept else ''})"
        )
        return out

    def _fold(self, traces: Traces, now: datetime) -> None:
        """Have measure fold every month that holds the caller, or did, and keep nothing from before."""
        months: dict[str, set[Month]] = {}
        for trace in (*traces.of(Kind.STAGED), *traces.of(Kind.CURATED)):
            _, table, _, month, *_ = trace.version.key.split("/")
            months.setdefault(table, set()).add(Month.parse(month.removeprefix("month=")))
        known, read = state.load(self.stack.lake, self.force_code)
        made = replace(known, rebuilt=format_instant(now))
        for table, of_table in months.items():
            there = of_table & set(known.curated.get(table, {}))
            made = made.with_curated(table, {month: CuratedMonth("", 0, None) for month in there})
        if made.to_fold():
            state.save(self.stack.lake, self.force_code, made, read)
            hint = {"force_code": self.force_code, "now": format_instant(now)}
            self.stack.measure.send(self.force_code, hint)

    def is_folded(self) -> bool:
        """Whether measure has folded what it was told to."""
        return not state.load(self.stack.lake, self.force_code)[0].to_fold()


def counted(traces: Traces) -> Mapping[str, Mapping[str, int]]:
    """Versions and rows by what they are; rows of what readers get alone."""
    versions, rows = Counter[str](), Counter[str]()
    for trace in traces.found:
        versions[trace.kind] += 1
        rows[trace.kind] += trace.rows if trace.version.is_latest else 0
    return {kind: {"versions": versions[kind], "rows": rows[kind]} for kind in Kind if versions[kind]}


def file_receipt(stack: Stack, force_code: str, before: Traces, after: Traces, *, now: datetime, by: str) -> str:
    """Keep a receipt of an erasure: when, by whom, how much, what is left. Nothing of the caller.

    Returns
    -------
    str
        Its key in the results bucket.
    """
    key = layout.erasure(force_code, now)
    told = {
        "force_code": force_code,
        "erased_at": format_instant(now),
        "by": by,
        "erased": counted(before),
        "left": counted(after),
        "raw_exports_removed": len({trace.version.key for trace in before.of(Kind.RAW)}),
        "could_not_be_looked_into": len(after.opaque),
        "epochs_without_secret": list(after.other_epochs),
    }
    stack.results.put(key, json.dumps(told, indent=1, sort_keys=True))
    return key


def _is_staged(version: Version, read: set[tuple[str, str | None]]) -> bool:
    """Whether an export that was read is this version; one that was read before versions were kept in mind is any."""
    return (version.key, version.version_id) in read or (version.key, None) in read
