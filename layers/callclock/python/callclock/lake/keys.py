"""The key index of a correctable table: which months hold versions of a record (DESIGN 2).

Shards by ranges of the key and one small list of their first keys; entries are only ever added. A run reads the shards
its own keys fall into, so for keys that ascend neither requests nor bytes grow with history.

A shard that has outgrown its size gives its upper keys to a new one and then names it as the next after itself, in one
conditional write: that write alone decides. The list only shortens the way, so a run that saw an older list, or a crash
before the list was written, loses nothing: it goes on from shard to shard.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import uuid4

import duckdb

from callclock import layout
from callclock.clock import Month
from callclock.columns import Table
from callclock.engine import parquet_list, quote
from callclock.objects import Bucket, Read

SHARD_KEYS = 50_000
_LIST = "shards.json"
_NEXT = "next"

Key = tuple[str, str]
"""Source and record key."""


@dataclass(frozen=True)
class Link:
    """Where a shard begins: its first key, and its name."""

    first: Key
    shard: str


_FIRST = Link(("", ""), "first")


@dataclass(frozen=True)
class _Shard:
    name: str
    entries: Mapping[Key, frozenset[Month]]
    after: Link | None
    read: Read | None

    def holds(self, key: Key) -> bool:
        return self.after is None or key < self.after.first


class KeyIndex:
    """The key index of one table and force.

    Parameters
    ----------
    shard_keys
        Keys a shard may hold before it is split.
    """

    def __init__(
        self,
        lake: Bucket,
        table: Table,
        force_code: str,
        db: duckdb.DuckDBPyConnection,
        workdir: Path,
        *,
        shard_keys: int = SHARD_KEYS,
    ) -> None:
        self._lake = lake
        self._prefix = layout.keys_prefix(table.name, force_code)
        self._db = db
        self._workdir = workdir
        self._shard_keys = shard_keys

    def add(self, entries: Mapping[Key, Iterable[Month]]) -> Mapping[Key, frozenset[Month]]:
        """Add entries and return every month that holds a version of these keys, the new ones included.

        Raises
        ------
        ChangedMeanwhileError
            Another run wrote the same shard: repeat from the start.
        """
        links, was = self._links()
        known = dict.fromkeys(links)
        found: dict[Key, frozenset[Month]] = {}
        todo = _by_shard(entries, links)
        while todo:
            name, keys = todo.popitem()
            shard = self._read(name)
            here = {key: frozenset(entries[key]) for key in keys if shard.holds(key)}
            if shard.after:
                known[shard.after] = None
                beyond = [key for key in keys if not shard.holds(key)]
                if beyond:
                    todo.setdefault(shard.after.shard, []).extend(beyond)
            merged = {key: shard.entries.get(key, frozenset()) | months for key, months in here.items()}
            found |= merged
            if any(shard.entries.get(key) != months for key, months in merged.items()):
                known |= dict.fromkeys(self._write(shard, {**shard.entries, **merged}))
        if len(known) > len(links):
            self._save_links(known, was)
        return found

    def _links(self) -> tuple[Sequence[Link], Read | None]:
        was = self._lake.text(self._prefix + _LIST)
        if was is None:
            return (_FIRST,), None
        return tuple(Link((source, key), shard) for source, key, shard in json.loads(was[0])), was[1]

    def _save_links(self, links: Iterable[Link], was: Read | None) -> None:
        ordered = sorted(links, key=lambda link: link.first)
        text = json.dumps([[*link.first, link.shard] for link in ordered])
        self._lake.replace(self._prefix + _LIST, text, was)

    def _read(self, name: str) -> _Shard:
        path = self._workdir / f"keys-{name}.parquet"
        read = self._lake.fetch(self._key(name), path)
        if read is None:
            return _Shard(name, {}, None, None)
        rows = self._db.execute(
            "SELECT source, record_key, list(month ORDER BY month) "
            f"FROM read_parquet({parquet_list([path])}) GROUP BY ALL"
        ).fetchall()
        entries = {(source, record_key): _months(tuple(months)) for source, record_key, months in rows}
        after = json.loads(read.metadata[_NEXT]) if _NEXT in read.metadata else None
        link = Link((after[0], after[1]), after[2]) if after else None
        return _Shard(name, entries, link, read)

    def _write(self, shard: _Shard, entries: Mapping[Key, frozenset[Month]]) -> Sequence[Link]:
        """Write a shard, in even pieces where it has outgrown its size; return the links to the new ones.

        From the last piece to the first: a piece is named by the one before it only when it is there. Names are never
        used twice, so that two runs that split at once cannot write over each other.
        """
        ordered = sorted(entries)
        pieces = -(-len(ordered) // self._shard_keys)
        size = -(-len(ordered) // pieces)
        after, made = shard.after, []
        for n in range(pieces - 1, 0, -1):
            piece = {key: entries[key] for key in ordered[n * size : (n + 1) * size]}
            name = uuid4().hex
            self._lake.put(self._key(name), self._file(piece), _metadata(after))
            after = Link(min(piece), name)
            made.append(after)
        kept = {key: entries[key] for key in ordered[:size]}
        self._lake.replace(self._key(shard.name), self._file(kept), shard.read, _metadata(after))
        return made

    def _file(self, entries: Mapping[Key, frozenset[Month]]) -> Path:
        rows = [(*key, text) for key, months in sorted(entries.items()) for text in _texts(months)]
        path = self._workdir / "keys-new.parquet"
        self._db.execute("CREATE OR REPLACE TEMP TABLE entries (source VARCHAR, record_key VARCHAR, month VARCHAR)")
        columns = [list(column) for column in zip(*rows, strict=True)]
        self._db.execute("INSERT INTO entries SELECT unnest(?), unnest(?), unnest(?)", columns)
        self._db.execute(f"COPY (FROM entries) TO {quote(str(path))} (FORMAT parquet, COMPRESSION zstd)")
        return path

    def _key(self, name: str) -> str:
        return f"{self._prefix}{name}.parquet"


@cache
def _months(texts: tuple[str, ...]) -> frozenset[Month]:
    """Months by their texts: tens of thousands of keys have the same few."""
    return frozenset(map(Month.parse, texts))


@cache
def _texts(months: frozenset[Month]) -> tuple[str, ...]:
    return tuple(map(str, sorted(months)))


def _by_shard(keys: Iterable[Key], links: Sequence[Link]) -> dict[str, list[Key]]:
    """Keys by the shard in whose range the list says they fall."""
    firsts = [link.first for link in links]
    found: dict[str, list[Key]] = {}
    for key in keys:
        found.setdefault(links[bisect_right(firsts, key) - 1].shard, []).append(key)
    return found


def _metadata(after: Link | None) -> Mapping[str, str]:
    # JSON escapes what is not ASCII, as metadata must be.
    return {_NEXT: json.dumps([*after.first, after.shard])} if after else {}
