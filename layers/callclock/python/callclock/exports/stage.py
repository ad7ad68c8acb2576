"""One export read by one profile: staged parts, quarantine and receipt, a pure function of its arguments (DESIGN 1)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb

from callclock.clock import Month, format_instant
from callclock.engine import connect
from callclock.exports.archive import known_by
from callclock.exports.callers import CallerSecret
from callclock.exports.exported_at import on_the_day, stated_by, stated_days, stated_exported_at
from callclock.exports.flags import Flag, flags
from callclock.exports.hold import hold
from callclock.exports.json_source import JsonSource
from callclock.exports.judge import Judged, judge
from callclock.exports.profile import Profile
from callclock.exports.quarantine import Quarantine, write_quarantine
from callclock.exports.read import Scanned, scan_export
from callclock.exports.receipt import Counts, CoverageRow, Receipt
from callclock.exports.repeats import Folded, fold
from callclock.exports.source import Source, open_source
from callclock.exports.tally import Tally, tally
from callclock.exports.text import UnreadableError
from callclock.exports.totals import add_up
from callclock.exports.write import Lineage, write_parts
from callclock.reasons import ExportReason, ExportStatus
from callclock.settings import Force

__all__ = ["Export", "Staging", "export_id", "stage", "stated_exported_at"]

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Export:
    """One object that was dropped.

    Attributes
    ----------
    path
        The file.
    exported_at
        When it was taken, as found when it was first seen (the ledger keeps it); None the first time.
    export_id
        Its identity, where a file feeds several tables by profiles of which not all read when it was taken; None: by
        this profile's reading.
    member
        Which file of the archive ``key``, unpacked to ``path``; None for a file of its own.
    """

    force_code: str
    key: str
    path: Path
    metadata: Mapping[str, str]
    arrived_at: datetime
    exported_at: datetime | None
    export_id: str | None = None
    member: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys by which profiles know it."""
        return known_by(self.key, self.member)


@dataclass(frozen=True)
class Staging:
    """What one profile made of an export: files in the working directory, to be put where layout says."""

    receipt: Receipt
    parts: Mapping[Month, Path] = field(default_factory=dict)
    quarantine: Path | None = None
    coverage: CoverageRow | None = None


def export_id(force_code: str, path: Path, stated: datetime | None) -> str:
    """SHA-256 of force, bytes and the exported_at that name or metadata stated, in hex (DESIGN 2)."""
    digest = hashlib.sha256(f"{force_code}\0{format_instant(stated) if stated else ''}\0".encode())
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def stage(
    export: Export, profile: Profile, *, force: Force, secret: CallerSecret, config_hash: str, workdir: Path
) -> Staging:
    """Read an export by a profile.

    Parameters
    ----------
    export
        The file and what is known of it.
    profile
        One that ``recognise`` found.
    force
        Its zone decides local days and months.
    secret
        Key of the hash of callers.
    config_hash
        Of the configuration in force, for the receipt.
    workdir
        Empty directory for everything that is written.

    Returns
    -------
    Staging
        Refused: neither parts nor quarantine. Held: quarantine, no parts.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    stated = stated_by(profile, export.keys, export.metadata, force)
    blank = Receipt(
        force_code=export.force_code,
        export_id=export.export_id or export_id(export.force_code, export.path, stated),
        table_name=profile.table,
        object_key=export.key,
        status=ExportStatus.READ,
        arrived_at=export.arrived_at,
        config_hash=config_hash,
        profile=profile.name,
        profile_hash=profile.hash,
        member=export.member,
        columns=tuple(" or ".join(columns) for columns in profile.reads),
    )
    stated = on_the_day(stated, export.arrived_at, force.tz)
    if stated and stated > export.arrived_at:
        return Staging(_refused(blank, stated))
    try:
        with connect(workdir / "duckdb") as db:
            source = open_source(export.path, profile, workdir)
            scanned = scan_export(db, source, workdir)
            judged = judge(db, scanned, stated=stated, kept=export.exported_at, arrived_at=export.arrived_at)
            if judged.taken.at > export.arrived_at:
                return Staging(_refused(blank, judged.taken.at))
            return _Stager(db, export, source, scanned, judged, blank, workdir).run(force, secret)
    except UnreadableError as fault:
        return Staging(_told(blank, ExportStatus.HELD, ExportReason.UNREADABLE, f"{blank.shown}: {fault}."))


@dataclass(frozen=True)
class _Stager:
    """An export whose rows have been judged."""

    db: duckdb.DuckDBPyConnection
    export: Export
    source: Source
    scanned: Scanned
    judged: Judged
    blank: Receipt
    workdir: Path

    def run(self, force: Force, secret: CallerSecret) -> Staging:
        quarantine = write_quarantine(
            self.judged.bad,
            self.source.raw([number for number, _ in self.judged.bad], self.scanned.records),
            lines=self.source.lines,
            object_key=self.blank.shown,
            export_id=self.blank.export_id,
            out=self.workdir / "quarantine.parquet",
        )
        folded = fold(self.db, self.scanned.scan, self.judged.good, rows=self.judged.rows)
        standing = tally(self.db, self.scanned.scan, folded.sql, force)
        flagged = flags(self.db, self.source, self.scanned)
        receipt = replace(
            self._receipt(quarantine, folded, standing), flags={flag.word: flag.records for flag in flagged}
        )
        receipt.balance()
        held = hold(self.db, self.scanned, self.judged.good, receipt, repeated=folded.repeated, force=force)
        if held:
            told = _told(receipt, ExportStatus.HELD, held.reason, held.message)
            return Staging(told, quarantine=quarantine.path)
        coverage = self._coverage(standing, receipt.counts, force)
        parts = write_parts(
            self.db,
            self.scanned,
            folded,
            standing.months,
            lineage=Lineage(self.blank.export_id, self.judged.taken.at),
            force=force,
            secret=secret,
            workdir=self.workdir,
        )
        staged = add_up(self.db, self.scanned.scan, self.judged.good, [*parts.values()], rows=standing.rows)
        read = replace(
            receipt,
            months=tuple(parts),
            coverage=coverage,
            message=_read_message(receipt, flagged),
            watermark=staged.watermark,
            totals=staged.totals,
        )
        return Staging(read, parts, quarantine.path, coverage)

    def _receipt(self, quarantine: Quarantine, folded: Folded, standing: Tally) -> Receipt:
        accepted, aside = standing.records, standing.aside
        # Legs of one record are folded into it; else a record that fills several rows is one all the same.
        legs = standing.rows if self.scanned.scan.has_legs else accepted
        collapse = self.scanned.scan.profile.repeats == "collapse"
        skipped = self.source.skipped
        counts = Counts(
            records_read=self.scanned.records + skipped,
            accepted=accepted,
            set_aside=sum(aside.values()),
            folded=self.judged.rows - accepted if collapse else legs - accepted,
            superseded=0 if collapse else self.judged.rows - legs,
            quarantined=quarantine.records,
            dropped=sum(self.judged.dropped.values()),
            layout_skipped=skipped + self.judged.headers + quarantine.blank,
        )
        return replace(
            self.blank,
            counts=counts,
            exported_at=self.judged.taken.at,
            reasons=quarantine.reasons,
            set_aside_reasons=aside,
            dropped_reasons=self.judged.dropped,
            conflicts=folded.conflicts,
            missing_columns=self.source.absent if isinstance(self.source, JsonSource) else (),
        )

    def _coverage(self, standing: Tally, counts: Counts, force: Force) -> CoverageRow | None:
        profile = self.scanned.scan.profile
        if not counts.accepted:
            return None
        if profile.export.covers == "name":
            days = stated_days(self.export.keys, profile, force)
            first, last = days or (None, None)
        else:
            first, last = standing.first, standing.last
        return CoverageRow(
            source=profile.name,
            table_name=profile.table,
            export_id=self.blank.export_id,
            covered_from=first,
            covered_to=last,
            exported_at=self.judged.taken.at,
            resend=profile.export.resend,
            selected_by=profile.export.selected_by,
            covers=profile.export.covers,
            arrived_at=self.blank.arrived_at,
            records=counts.judged,
            quarantined=counts.quarantined,
        )


def _told(receipt: Receipt, status: ExportStatus, reason: ExportReason, message: str) -> Receipt:
    return replace(receipt, status=status, reason=reason, message=message)


def _refused(receipt: Receipt, stated: datetime) -> Receipt:
    message = (
        f"{receipt.shown}: it says that it was taken at {format_instant(stated)}, but it arrived at "
        f"{format_instant(receipt.arrived_at)}. A date without a time means the end of that day. Look at "
        "export.exported_at of the profile and at the clock of the system, then drop the file again."
    )
    return _told(receipt, ExportStatus.REFUSED, ExportReason.EXPORTED_IN_FUTURE, message)


def _read_message(receipt: Receipt, flagged: Sequence[Flag]) -> str:
    counts = receipt.counts
    if not counts.records_read:
        return f"{receipt.shown} was read: it holds no record."
    told = f"{receipt.shown} was read: {counts.accepted} of {counts.records_read} records are kept"
    if counts.quarantined:
        told += f", {counts.quarantined} are in quarantine: look at their reasons there and mend them at the source"
    looks = [f"Look at this: {flag.sentence}." for flag in flagged]
    if receipt.missing_columns:
        absent = ", ".join(receipt.missing_columns)
        looks.append(f"No record has {absent}: nothing of the kind happened, or the profile spells it otherwise.")
    return " ".join([f"{told}.", *looks])
