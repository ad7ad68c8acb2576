"""Publish: writes what of a force's values is public, one financial year at a time (docs/decisions/0025).

What each year was released with and every row that was ever shown are kept with the internal results: what is hidden
next depends on what is known already. They are written before anything is shown, so a run that dies in between has at
worst kept as known what nobody saw.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Final

import duckdb

from callclock import __version__, layout
from callclock.clock import Month, Period, PeriodKind, financial_year_start
from callclock.columns import Column, Kind
from callclock.contracts import CONTRACT_VERSION, METRIC_VALUES, PUBLIC_VALUES
from callclock.engine import name, quote, rows_of
from callclock.objects import Bucket
from callclock.publication import Block, Released, Year, is_shown, row_id
from callclock.published import Row, day_of, subject
from callclock.results import fetch_values
from callclock.scorecard import release_files, release_public
from callclock.settings import Force, digest

KEPT_AS: Final = "kept_as"
RELEASED, SHOWN = "released", "shown"
KEPT_COLUMNS: Final = (Column(KEPT_AS, Kind.TEXT, "released, or shown"), *PUBLIC_VALUES.columns)
_SQL: Final = (resources.files("callclock") / "publishable.sql").read_text("utf-8")
FAMILIES: Final = (
    *("attendance_counts", "attendance_marks", "attendance_waits"),
    *("calls_outcomes", "calls_stages", "calls_waits", "safeguarding_outcomes"),
)
"""Families whose metrics are published."""
SUBJECTS: Final = ("attendance", "calls", "safeguarding")


def publish(db: duckdb.DuckDBPyConnection, force_code: str, force: Force, results: Bucket, workdir: Path) -> None:
    """Write the public values of every financial year of a force.

    A year whose settled values, limit and code are those it was last written from is left alone.

    Raises
    ------
    ChangedMeanwhileError
        Another run was publishing the same year: this one is to be repeated from the start.
    """
    values = fetch_values(results, force_code, [family + year for family in FAMILIES for year in ("", "_year")])
    db.execute(f"CREATE OR REPLACE TEMP VIEW publishable AS {rows_of(METRIC_VALUES.columns, values)}")
    for start, rows in groupby(rows_from(db, _SQL), key=_year_of):
        _YearOfForce(db, force_code, force, start, results, workdir).write(tuple(_settled(rows)))


def rows_from(db: duckdb.DuckDBPyConnection, sql: str) -> Sequence[Row]:
    """Rows of a query, by column."""
    found = db.execute(sql)
    columns = [column[0] for column in found.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def _settled(rows: Iterable[Row]) -> Iterable[Row]:
    """Rows of periods that are complete in all they publish; with a complete year go all its months."""
    found = list(rows)
    open_ones = {_block(row) for row in found if not row["complete"]}
    over = {of for of, kind, _ in map(_block, found) if kind == PeriodKind.FY_TO_DATE} - {
        of for of, kind, _ in open_ones if kind == PeriodKind.FY_TO_DATE
    }
    return (row for row in found if subject(row) in over or _block(row) not in open_ones)


def _block(row: Row) -> tuple[str, str, str]:
    return subject(row), str(row["period_kind"]), str(row["period_label"])


def _year_of(row: Row) -> Month:
    return financial_year_start(Month.of(day_of(row, "period_start")))


@dataclass(frozen=True)
class _YearOfForce:
    """One financial year of a force."""

    db: duckdb.DuckDBPyConnection
    force_code: str
    force: Force
    start: Month
    results: Bucket
    workdir: Path

    def write(self, current: Sequence[Row]) -> None:
        """Publish a year of which the settled rows of ``publishable.sql`` are ``current``."""
        if not current:
            return
        inputs = [[list(row.values()) for row in current], self._limit, __version__]
        mark = layout.published(self.force_code, self.label, "inputs.txt")
        if (done := self.results.text(mark)) and done[0] == digest([inputs, self._written()]):
            return
        self._publish(current)
        # Last: as long as it is not there everything is written again.
        self.results.put(mark, digest([inputs, self._written()]))

    def _written(self) -> Sequence[tuple[str, str]]:
        """Key and ETag of every object of the year that is public: somebody may have removed or changed one."""
        keys = {layout.public_values(self.force_code, month) for month in self._months}
        listed = self.results.list(layout.public_prefix(self.force_code))
        packed = self.results.list(layout.public_release(self.force_code, self.label, ""))
        return [*((it.key, it.etag) for it in listed if it.key in keys), *((it.key, it.etag) for it in packed)]

    @property
    def label(self) -> str:
        """``2025/26``."""
        return Period(PeriodKind.FY_TO_DATE, self.start.first_day, self.start.plus(12).first_day).label

    @property
    def _limit(self) -> int:
        return self.force.suppress_below - 1

    @property
    def _months(self) -> tuple[Month, ...]:
        return tuple(self.start.plus(n) for n in range(12))

    def _publish(self, current: Sequence[Row]) -> None:
        key, path = layout.published(self.force_code, self.label, "kept.parquet"), self.workdir / "kept.parquet"
        was = self.results.fetch(key, path)
        kept = rows_from(self.db, rows_of(KEPT_COLUMNS, [path] if was else []))
        before = [_without_mark(row) for row in kept if row[KEPT_AS] == RELEASED]
        known = {row_id(row): _without_mark(row) for row in kept if row[KEPT_AS] == SHOWN}
        released: list[Row] = []
        public: list[Row] = []
        for of in SUBJECTS:
            year = self._year([row for row in known.values() if subject(row) == of])
            found = year.publish(_by_block(current, of), _by_block(before, of))
            released += [row for rows in found.released.values() for row in rows]
            public += found.rows
        known |= {row_id(row): row for row in public if is_shown(row)}
        marked = [{**row, KEPT_AS: RELEASED} for row in released] + [{**row, KEPT_AS: SHOWN} for row in known.values()]
        self.results.replace(key, self._file(KEPT_COLUMNS, marked), was)
        self._write(public)
        if public:
            pack = release_public.pack(public, self.force.name, self.label, self._limit)
            key_of = partial(layout.public_release, self.force_code, self.label)
            release_files.write(pack, key_of, self.results, self.workdir)

    def _year(self, known: Sequence[Row]) -> Year:
        quarters = {
            Period(PeriodKind.QUARTER, first.first_day, first.plus(3).first_day).label: tuple(
                str(first.plus(n)) for n in range(3)
            )
            for first in self._months[::3]
        }
        return Year(self.label, tuple(map(str, self._months)), quarters, self._limit, known)

    def _write(self, public: Iterable[Row]) -> None:
        """Write the public rows, each in the month in which its internal row lies."""
        by_home: dict[Month, list[Row]] = {}
        for row in public:
            kind = PeriodKind(str(row["period_kind"]))
            home = Period(kind, day_of(row, "period_start"), day_of(row, "period_end")).home
            by_home.setdefault(home, []).append(row)
        for month in self._months:
            key = layout.public_values(self.force_code, month)
            if month in by_home or self.results.holds(key):
                self.results.put(key, self._file(PUBLIC_VALUES.columns, by_home.get(month, [])))

    def _file(self, columns: Sequence[Column], rows: Sequence[Mapping[str, object]]) -> Path:
        """Write rows to a Parquet file, in their order."""
        path = self.workdir / "public.parquet"
        lists = ", ".join(f"unnest(CAST(? AS {c.kind.duckdb}[])) AS {name(c.name)}" for c in columns)
        self.db.execute(
            f"CREATE OR REPLACE TEMP TABLE public_rows AS SELECT {lists}",
            [[row[c.name] for row in rows] for c in columns],
        )
        self.db.execute(
            f"COPY public_rows TO {quote(str(path))} (FORMAT parquet, COMPRESSION zstd, "
            f"KV_METADATA {{contract_version: '{CONTRACT_VERSION}'}})"
        )
        return path


def _without_mark(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != KEPT_AS}


def _by_block(rows: Iterable[Row], of: str) -> Released:
    """Rows of one subject by kind and label of their period."""
    found: dict[Block, list[Row]] = {}
    for row in rows:
        if subject(row) == of:
            found.setdefault((str(row["period_kind"]), str(row["period_label"])), []).append(row)
    return {block: tuple(rows) for block, rows in found.items()}
