"""The table of notices that Athena reads: what was sent, and what was held back and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb

from callclock import layout
from callclock.bookkeeping import NOTICES
from callclock.engine import quote, rows_of
from callclock.objects import Bucket, ChangedMeanwhileError

_ATTEMPTS = 5
_HELD_BEFORE = (resources.files("callclock") / "held_before.sql").read_text("utf-8")


@dataclass(frozen=True)
class NoticesTable:
    """The notices of one force. The log of what was delivered is the truth; this is its copy for people who ask."""

    results: Bucket
    force_code: str
    db: duckdb.DuckDBPyConnection
    workdir: Path

    def keep(self, row: Mapping[str, object]) -> None:
        """Add one notice; the same one again changes nothing.

        What is held back stands there once for each frontier and reason, however often the rule is looked at.

        Parameters
        ----------
        row
            Value of every column of the contract ``notices``.

        Raises
        ------
        ChangedMeanwhileError
            Others kept writing: the message comes again.
        """
        key = layout.notices(self.force_code)
        before, after = self.workdir / "notices-before.parquet", self.workdir / "notices.parquet"
        columns = ", ".join(f"CAST(${c.name} AS {c.kind.duckdb}) AS {c.name}" for c in NOTICES.columns)
        for _ in range(_ATTEMPTS):
            was = self.results.fetch(key, before)
            known = rows_of(NOTICES.columns, [before] if was else [])
            if row["held_back"] and self._held_before(known, row):
                return
            self.db.execute(f"CREATE OR REPLACE TEMP TABLE kept AS {known} UNION SELECT {columns}", dict(row))
            self.db.execute(
                f"COPY (SELECT * FROM kept ORDER BY decided_at, rule_id) TO {quote(str(after))} (FORMAT parquet)"
            )
            try:
                self.results.replace(key, after, was)
            except ChangedMeanwhileError:
                continue
            return
        raise ChangedMeanwhileError(f"{key}: others kept writing; the message comes again")

    def _held_before(self, known: str, row: Mapping[str, object]) -> bool:
        named = {name: row[name] for name in ("rule_id", "revision", "frontier_end", "held_back")}
        return bool(self.db.execute(_HELD_BEFORE.format(known=known), named).fetchall())
