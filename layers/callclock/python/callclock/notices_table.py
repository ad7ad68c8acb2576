"""The table of notices that Athena reads: what was sent, and what was held back and why."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb

from callclock import layout
from callclock.bookkeeping import NOTICES
from callclock.clock import parse_instant
from callclock.engine import connect, quote, rows_of
from callclock.ledger import DeliveredLog
from callclock.objects import Bucket, ChangedMeanwhileError
from callclock.settings import digest

_ATTEMPTS = 5
_HELD_BEFORE = (resources.files("callclock") / "held_before.sql").read_text("utf-8")

Row = Mapping[str, object]
"""Value of every column of the contract ``notices``."""


@dataclass(frozen=True)
class NoticesTable:
    """The notices of one force. The log of what was delivered is the truth; this is its copy for people who ask.

    A row is owed from the moment SNS has accepted its notice until it lies in the table
    (docs/decisions/0035-rows-that-are-owed.md), so a run that dies in between leaves it to the next.
    """

    results: Bucket
    log: DeliveredLog
    force_code: str

    @property
    def _owed(self) -> str:
        return f"{self.force_code}#owed-rows"

    def owe(self, row: Row) -> None:
        """List a notice that was sent as owed to the table; the same one again is listed once.

        To be done before the notice goes into the log: after that nobody would look at it again.
        """
        text = json.dumps(row, default=str, sort_keys=True)
        self.log.record(self._owed, parse_instant(f"{row['decided_at']}Z"), digest(text)[:16], {"row": text})

    def write_owed(self) -> None:
        """Write what is owed, of whatever run, and take it off the list last.

        Raises
        ------
        ChangedMeanwhileError
            Others kept writing: the message comes again.
        """
        if owed := self.log.of_story(self._owed):
            self._add([json.loads(entry["row"]) for entry in owed])
            self.log.forget(self._owed, [entry["at"] for entry in owed])

    def keep_held_back(self, row: Row) -> None:
        """Add one that was held back: once for each frontier and reason, however often its rule is looked at.

        Nothing owes it: the next run decides it again.

        Raises
        ------
        ChangedMeanwhileError
            Others kept writing: the message comes again.
        """
        self._add([row])

    def _add(self, rows: Sequence[Row]) -> None:
        key = layout.notices(self.force_code)
        with tempfile.TemporaryDirectory(prefix="callclock-") as name, connect(Path(name) / "duckdb") as db:
            before, after = Path(name) / "before.parquet", Path(name) / "after.parquet"
            for _ in range(_ATTEMPTS):
                was = self.results.fetch(key, before)
                known = rows_of(NOTICES.columns, [before] if was else [])
                new = [row for row in rows if not (row["held_back"] and _held_before(db, known, row))]
                if not new:
                    return
                _merge(db, known, new, after)
                try:
                    self.results.replace(key, after, was)
                except ChangedMeanwhileError:
                    continue
                return
        raise ChangedMeanwhileError(f"{key}: others kept writing; the message comes again")


def _merge(db: duckdb.DuckDBPyConnection, known: str, new: Sequence[Row], path: Path) -> None:
    """Write the rows that are known and the new ones; UNION keeps each once."""
    columns = ", ".join(f"CAST(${c.name} AS {c.kind.duckdb}) AS {c.name}" for c in NOTICES.columns)
    db.execute(f"CREATE OR REPLACE TEMP TABLE kept AS {known}")
    for row in new:
        db.execute(f"CREATE OR REPLACE TEMP TABLE kept AS SELECT * FROM kept UNION SELECT {columns}", dict(row))
    db.execute(f"COPY (SELECT * FROM kept ORDER BY decided_at, rule_id) TO {quote(str(path))} (FORMAT parquet)")


def _held_before(db: duckdb.DuckDBPyConnection, known: str, row: Row) -> bool:
    named = {name: row[name] for name in ("rule_id", "revision", "frontier_end", "held_back")}
    return bool(db.execute(_HELD_BEFORE.format(known=known), named).fetchall())
