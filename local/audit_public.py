"""``callclock audit-public``: whether what a run has published can be used to work out a small count."""

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from callclock import layout
from callclock.clock import Month
from callclock.contracts import PUBLIC_VALUES
from callclock.engine import connect, rows_of
from callclock.publication import SUPPRESSED, row_id
from callclock.publish import KEPT_AS, KEPT_COLUMNS, RELEASED, SHOWN, rows_from
from callclock.published import Row, day_of
from callclock.settings import Force, assemble
from local.disclosure import Leak
from local.disclosure_systems import Knowledge, figures, group_of, place_of

_WAITS = ("mean_s", "median_s", "p90_s")


class NothingPublishedError(Exception):
    """There is nothing to look into; the text says where it was looked for."""


@dataclass(frozen=True)
class Audited:
    """One force and financial year: public rows, how many of them are hidden, and what follows from the others."""

    force_code: str
    year: str
    rows: int
    suppressed: int
    leaks: Sequence[str]

    def as_json(self) -> Mapping[str, object]:
        """For ``--json``."""
        return {**self.__dict__, "leaks": list(self.leaks)}

    def text(self) -> str:
        """Say it in a line, and a line for every leak."""
        said = f"{self.force_code} {self.year}: {self.rows:,} public rows, {self.suppressed:,} of them suppressed: "
        if not self.leaks:
            return said + "nothing small follows from them"
        return "\n".join([f"{said}{len(self.leaks)} leaks", *(f"  {leak}" for leak in self.leaks)])


def audit_directory(out: Path) -> list[Audited]:
    """Look into every year that a run published below ``out/results``, with the limits of its configuration.

    Raises
    ------
    NothingPublishedError
        No year was.
    """
    configured = out / "lake" / layout.CONFIGURATION
    files = json.loads(configured.read_text("utf-8"))["files"] if configured.exists() else {}
    settings = assemble(files)
    found = []
    for kept in sorted((out / "results").glob(layout.published("*", "*", "kept.parquet"))):
        force_code, year = (part.partition("=")[2] for part in kept.parts[-3:-1])
        force = settings.force(force_code) or Force(name=force_code)
        found.append(_audit_year(out, force_code, year, kept, force.suppress_below - 1))
    if not found:
        raise NothingPublishedError(f"nothing was published below {out / 'results'}: was it left there by a run?")
    return found


def _audit_year(out: Path, force_code: str, year: str, kept: Path, limit: int) -> Audited:
    first = Month(int(year[:4]), 4)
    keys = [layout.public_values(force_code, first.plus(n)) for n in range(12)]
    with tempfile.TemporaryDirectory(prefix="callclock-") as folder, connect(Path(folder)) as db:
        files = [path for key in keys if (path := out / "results" / key).exists()]
        public = rows_from(db, rows_of(PUBLIC_VALUES.columns, files))
        before = rows_from(db, rows_of(KEPT_COLUMNS, [kept]))
    ever = {row_id(row): row for row in before if row[KEPT_AS] == SHOWN}
    # What is public now is the newest version, and may hold what was never noted as shown.
    ever |= {row_id(row): row for row in public if row["notes"] != SUPPRESSED or row_id(row) not in ever}
    leaks = audit(ever.values(), [row for row in before if row[KEPT_AS] == RELEASED], limit)
    suppressed = sum(row["notes"] == SUPPRESSED for row in public)
    return Audited(force_code, year.replace("-", "/"), len(public), suppressed, [str(leak) for leak in leaks])


def audit(shown: Iterable[Row], released: Iterable[Row], limit: int) -> list[Leak]:
    """Look for small counts that follow from public rows of one force and financial year.

    Parameters
    ----------
    shown
        Every row that was ever public, the newest version of each; hidden figures are noted ``suppressed``.
    released
        The rows of its months that they were made from, nothing hidden.
    """
    rows, truth = list(shown), [row for row in released if row["period_kind"] == "month"]
    found: list[Leak] = []
    for group in sorted({group_of(row) for row in rows}):
        mine = [row for row in rows if group_of(row) == group]
        found += _knowledge(group, mine, [row for row in truth if group_of(row) == group]).leaks(limit)
    return found


def _knowledge(group: str, rows: Sequence[Row], truth: Sequence[Row]) -> Knowledge:
    shorter = [row for row in rows if row["period_kind"] != "fy_to_date"]
    there = {(place_of(row), month) for row in shorter for month in months_of(row)}
    dark = [row for row in rows if row["period_kind"] == "fy_to_date"]
    there |= {(place_of(row), m) for row in dark for m in months_of(row) if not any(at == m for _, at in there)}
    true = {
        (figure.what, figure.where, month): figure.count
        for row in truth
        if not str(row["metric"]).endswith(_WAITS)
        for month in months_of(row)
        for figure in figures(row, (month,))
    }
    told = [figure for row in rows if row["notes"] != SUPPRESSED for figure in figures(row, months_of(row))]
    longer = {str(row["period_label"]): months_of(row) for row in rows if row["period_kind"] != "month"}
    stands = frozenset((place_of(row), str(row["period_label"])) for row in rows)
    return Knowledge(group, told, frozenset(there), stands, true, longer)


def months_of(row: Row) -> tuple[str, ...]:
    """Months of a row's period."""
    end, month = day_of(row, "period_end"), Month.of(day_of(row, "period_start"))
    found: list[str] = []
    while month.first_day < end:
        found.append(str(month))
        month = month.plus(1)
    return tuple(found)
