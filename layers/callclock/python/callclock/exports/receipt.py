"""The receipt of an export: what was read by which profile, what was not and why, and what to do next (DESIGN 2)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Self

from callclock import __version__
from callclock.clock import Month, format_instant, parse_instant
from callclock.reasons import NEXT_STEP, ExportReason, ExportStatus

# What SQL reads of what is no plain column.
_FOR_SQL = (
    "covered_from", "covered_to", "next_step", "quarantine_reasons", "months_touched", "durations_read_ms",
    "durations_staged_ms",
)  # fmt: skip

NO_TABLE = "none"
"""Table name of a receipt of an export that no profile could read."""


@dataclass(frozen=True)
class Total:
    """Sum over the good rows of the file, and over the rows staged from them; NULL counts for nothing."""

    read: int
    staged: int


@dataclass(frozen=True)
class CoverageRow:
    """What one export covers of one table, and what was judged of it; the columns of ``contracts.COVERAGE``.

    Instants are UTC. An older reading does not say when it arrived, nor how many records were judged.
    """

    source: str
    table_name: str
    export_id: str
    covered_from: datetime | None
    covered_to: datetime | None
    exported_at: datetime
    resend: str
    selected_by: str
    covers: str
    arrived_at: datetime | None = None
    records: int | None = None
    quarantined: int | None = None


@dataclass(frozen=True)
class Counts:
    """Where every record of a file went. ``set_aside`` is part of ``accepted``.

    Attributes
    ----------
    folded
        Rows that became part of another row's record (``repeats = "collapse"``).
    superseded
        Rows replaced by a higher version of the same key within the file.
    dropped
        Rows that a rule says are no record of the table.
    layout_skipped
        Title rows above the header.
    """

    records_read: int = 0
    accepted: int = 0
    set_aside: int = 0
    folded: int = 0
    superseded: int = 0
    quarantined: int = 0
    dropped: int = 0
    layout_skipped: int = 0

    @property
    def judged(self) -> int:
        """Records that were accepted or not: all but title rows and those that a rule drops."""
        return self.records_read - self.layout_skipped - self.dropped

    def check(self) -> None:
        """Check that nothing was lost.

        Raises
        ------
        AssertionError
            When the parts do not add up to what was read: a fault in the code, never in an export.
        """
        parts = self.accepted + self.folded + self.superseded + self.quarantined + self.dropped + self.layout_skipped
        if parts != self.records_read or self.set_aside > self.accepted:
            raise AssertionError(f"records do not add up: {self}: this is a fault in callclock, nothing was staged")


@dataclass(frozen=True)
class Receipt:
    """What became of one export for one table; the columns of ``contracts.RECEIPTS`` and what explains them.

    Attributes
    ----------
    reasons
        Quarantined records by reason; a record with two reasons counts under each.
    set_aside_reasons, dropped_reasons
        Records by the reason of the rule that decided.
    conflicts
        Under ``repeats = "collapse"``: records whose rows disagree, by column.
    columns
        Columns of the file that the profile reads.
    missing_columns
        Columns that the nearest profile misses, where none matched; of JSON, fields read that no record has.
    member
        Which file of the archive ``object_key``; None for a file of its own.
    flags
        Records in which something looks wrong that was not repaired, by word and column of the export.
    watermark
        Newest instant of something that happened, among the rows kept.
    totals
        Control totals by what was added up.
    code_version
        Version of callclock that read it.
    """

    force_code: str
    export_id: str
    table_name: str
    object_key: str
    status: ExportStatus
    arrived_at: datetime
    config_hash: str
    reason: ExportReason | None = None
    message: str = ""
    profile: str | None = None
    profile_hash: str | None = None
    exported_at: datetime | None = None
    counts: Counts = field(default_factory=Counts)
    reasons: Mapping[str, int] = field(default_factory=dict)
    set_aside_reasons: Mapping[str, int] = field(default_factory=dict)
    dropped_reasons: Mapping[str, int] = field(default_factory=dict)
    conflicts: Mapping[str, int] = field(default_factory=dict)
    months: tuple[Month, ...] = ()
    coverage: CoverageRow | None = None
    columns: tuple[str, ...] = ()
    missing_columns: tuple[str, ...] = ()
    member: str | None = None
    flags: Mapping[str, int] = field(default_factory=dict)
    watermark: datetime | None = None
    totals: Mapping[str, Total] = field(default_factory=dict)
    code_version: str = __version__

    @property
    def shown(self) -> str:
        """The file for a message: its key, and which file of an archive."""
        return f"{self.object_key} ({self.member})" if self.member else self.object_key

    @classmethod
    def of_whole(
        cls,
        *,
        force_code: str,
        export_id: str,
        object_key: str,
        status: ExportStatus,
        reason: ExportReason | None,
        message: str,
        config_hash: str,
        arrived_at: datetime,
        profile: str | None = None,
        missing_columns: tuple[str, ...] = (),
        member: str | None = None,
    ) -> Self:
        """Make the receipt of an object no row of which was looked at; ``profile`` is then the nearest one."""
        return cls(
            force_code=force_code,
            export_id=export_id,
            table_name=NO_TABLE,
            object_key=object_key,
            status=status,
            arrived_at=arrived_at,
            config_hash=config_hash,
            reason=reason,
            message=message,
            profile=profile,
            missing_columns=missing_columns,
            member=member,
        )

    @property
    def covered_from(self) -> datetime | None:
        """First instant covered, inclusive."""
        return self.coverage.covered_from if self.coverage else None

    @property
    def covered_to(self) -> datetime | None:
        """Last instant covered, inclusive."""
        return self.coverage.covered_to if self.coverage else None

    @property
    def next_step(self) -> str | None:
        """What a person does about an export that was refused or held."""
        return NEXT_STEP[self.reason] if self.reason else None

    @property
    def quarantine_reasons(self) -> str:
        """Quarantined records by reason, the most first: ``bad_instant:closed_at 6; missing:key 2``."""
        most = sorted(self.reasons.items(), key=lambda found: (-found[1], found[0]))
        return "; ".join(f"{reason} {n}" for reason, n in most)

    @property
    def months_touched(self) -> str:
        """Local months of the records kept: ``2026-01; 2026-02``."""
        return "; ".join(map(str, self.months))

    @property
    def durations_read_ms(self) -> int:
        """Sum of every duration of the good rows, ms."""
        return sum(total.read for what, total in self.totals.items() if what.endswith("_ms"))

    @property
    def durations_staged_ms(self) -> int:
        """Sum of every duration of the rows staged, ms."""
        return sum(total.staged for what, total in self.totals.items() if what.endswith("_ms"))

    @property
    def records_read(self) -> int:
        """Records in the file."""
        return self.counts.records_read

    @property
    def accepted(self) -> int:
        """Records kept, those set aside included."""
        return self.counts.accepted

    @property
    def set_aside(self) -> int:
        """Records kept outside the headline population by a rule."""
        return self.counts.set_aside

    @property
    def folded(self) -> int:
        """Unit rows and call legs that became part of a record."""
        return self.counts.folded

    @property
    def superseded(self) -> int:
        """Rows replaced by a higher version within the file."""
        return self.counts.superseded

    @property
    def quarantined(self) -> int:
        """Records not accepted."""
        return self.counts.quarantined

    @property
    def dropped(self) -> int:
        """Rows that are no record of the table."""
        return self.counts.dropped

    @property
    def layout_skipped(self) -> int:
        """Title rows."""
        return self.counts.layout_skipped

    def balance(self) -> None:
        """Check that the counts add up; see :meth:`Counts.check`."""
        self.counts.check()

    def to_json(self) -> str:
        """Write as one line of JSON: what Athena reads as a row of ``receipts``. It holds no raw value."""
        flat: dict[str, object] = {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name != "counts"}
        flat |= {f.name: getattr(self.counts, f.name) for f in fields(Counts)}
        flat |= {column: _plain(getattr(self, column)) for column in _FOR_SQL}
        return json.dumps(flat, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote."""
        data = json.loads(text)
        covered = data["coverage"]
        return cls(
            force_code=data["force_code"],
            export_id=data["export_id"],
            table_name=data["table_name"],
            object_key=data["object_key"],
            status=ExportStatus(data["status"]),
            arrived_at=parse_instant(data["arrived_at"]),
            config_hash=data["config_hash"],
            reason=ExportReason(data["reason"]) if data["reason"] else None,
            message=data["message"],
            profile=data["profile"],
            profile_hash=data["profile_hash"],
            exported_at=_instant(data["exported_at"]),
            counts=Counts(**{f.name: data[f.name] for f in fields(Counts)}),
            reasons=data["reasons"],
            set_aside_reasons=data["set_aside_reasons"],
            dropped_reasons=data["dropped_reasons"],
            conflicts=data["conflicts"],
            months=tuple(Month.parse(month) for month in data["months"]),
            coverage=_coverage(covered) if covered else None,
            columns=tuple(data["columns"]),
            missing_columns=tuple(data["missing_columns"]),
            member=data.get("member"),
            flags=data.get("flags", {}),
            watermark=_instant(data.get("watermark")),
            totals={what: Total(**total) for what, total in data.get("totals", {}).items()},
            code_version=data.get("code_version", ""),
        )


def _plain(value: object) -> object:
    match value:
        case datetime():
            return format_instant(value)
        case Month():
            return str(value)
        case tuple():
            return [_plain(item) for item in value]
        case CoverageRow() | Total():
            return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case _:
            return value


def _instant(text: str | None) -> datetime | None:
    return parse_instant(text) if text else None


def _coverage(data: Mapping[str, Any]) -> CoverageRow:
    return CoverageRow(
        source=data["source"],
        table_name=data["table_name"],
        export_id=data["export_id"],
        covered_from=_instant(data["covered_from"]),
        covered_to=_instant(data["covered_to"]),
        exported_at=parse_instant(data["exported_at"]),
        resend=data["resend"],
        selected_by=data["selected_by"],
        covers=data["covers"],
        arrived_at=_instant(data.get("arrived_at")),
        records=data.get("records"),
        quarantined=data.get("quarantined"),
    )
