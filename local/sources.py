"""``callclock sources check``: what intake would make of a file, without dropping it."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from callclock import layout
from callclock.engine import connect, quote
from callclock.exports.callers import CallerSecret
from callclock.exports.profile import Profile, parse_profiles
from callclock.exports.receipt import Receipt
from callclock.exports.recognise import Recognition, recognise
from callclock.exports.stage import Export, stage
from callclock.reasons import ExportStatus
from callclock.settings import Force, Settings, assemble

_SHOWN = 5
# Checked on the analyst's own machine and thrown away with the temporary folder: no key of the deployment is needed.
_THROWN_AWAY = CallerSecret(epoch="check", secret=b"sources check keeps nothing")


@dataclass(frozen=True)
class BadRow:
    """A record that would go to quarantine."""

    record_no: int
    reasons: str
    raw: str


@dataclass(frozen=True)
class Filled:
    """A contract column that the profile fills, and how often it is empty in this file."""

    column: str
    kind: str
    nulls: float


@dataclass(frozen=True)
class ForTable:
    """What one profile makes of the file."""

    profile: Profile
    receipt: Receipt
    filled: Sequence[Filled]
    bad: Sequence[BadRow]


@dataclass(frozen=True)
class Checked:
    """What intake would make of a file."""

    file: Path
    key: str
    recognition: Recognition
    tables: Sequence[ForTable]

    @property
    def would_be_read(self) -> bool:
        """Whether intake would read it for every table it feeds."""
        return bool(self.tables) and all(t.receipt.status is ExportStatus.READ for t in self.tables)

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints."""
        return {
            "file": str(self.file),
            "key": self.key,
            "fault": self.recognition.fault,
            "message": self.recognition.message,
            "nearest": self.recognition.nearest.name if self.recognition.nearest else None,
            "missing": list(self.recognition.missing),
            "tables": [
                {
                    "profile": t.profile.name,
                    "table": t.profile.table,
                    "status": t.receipt.status,
                    "message": t.receipt.message,
                    "records": t.receipt.records_read,
                    "reasons": dict(t.receipt.reasons),
                    "columns": {f.column: {"kind": f.kind, "nulls": round(f.nulls, 4)} for f in t.filled},
                    "bad": [{"record": b.record_no, "reasons": b.reasons, "raw": b.raw} for b in t.bad],
                }
                for t in self.tables
            ],
        }


def check(file: Path, *, config: Path | None, key: str | None) -> Checked:
    """Recognise and stage ``file`` with the packaged profiles and those of ``config``, and throw the rows away.

    Raises
    ------
    ConfigurationError
        A file of ``config`` is wrong; the text names file, key and reason.
    """
    overrides = (
        {p.relative_to(config).as_posix(): p.read_text("utf-8") for p in sorted(config.rglob("*.toml"))}
        if config
        else {}
    )
    settings = assemble(overrides)
    code = next(iter(settings.forces), "CHECK")
    key = key or _key_of(file, code)
    force = settings.force(layout.force_of(key) or code) or Force(name=code)
    recognition = recognise(key, file, parse_profiles(settings.profiles))
    if recognition.fault:
        return Checked(file, key, recognition, ())
    with tempfile.TemporaryDirectory(prefix="callclock-") as name:
        tables = [
            _table(file, key, profile, force, settings, Path(name) / profile.table) for profile in recognition.profiles
        ]
    return Checked(file, key, recognition, tables)


def _key_of(file: Path, code: str) -> str:
    parts = file.resolve().parts
    if "incoming" in parts[:-2]:
        return "/".join(parts[len(parts) - 1 - parts[::-1].index("incoming") :])
    return f"{layout.INCOMING}{code}/{file.name}"


def _table(file: Path, key: str, profile: Profile, force: Force, settings: Settings, workdir: Path) -> ForTable:
    export = Export(
        force_code=layout.force_of(key) or "CHECK",
        key=key,
        path=file,
        metadata={},
        arrived_at=datetime.now(UTC),
        exported_at=None,
    )
    staging = stage(export, profile, force=force, secret=_THROWN_AWAY, config_hash=settings.hash, workdir=workdir)
    with connect(workdir / "check") as db:
        filled: list[Filled] = []
        if staging.parts:
            parts = "[" + ", ".join(quote(str(part)) for part in staging.parts.values()) + "]"
            for column in profile.contract.mapped:
                if column.name in profile.columns or any(column.name in entry for entry in profile.rows):
                    found = db.execute(
                        f"SELECT coalesce(avg(({column.name} IS NULL)::INT), 0) FROM read_parquet({parts})"
                    ).fetchone()
                    filled.append(Filled(column.name, column.kind, float(found[0]) if found else 0.0))
        bad: list[BadRow] = []
        if staging.quarantine:
            rows = db.execute(
                f"SELECT record_no, reasons, raw FROM read_parquet({quote(str(staging.quarantine))}) "
                f"ORDER BY record_no LIMIT {_SHOWN}"
            ).fetchall()
            bad = [BadRow(*row) for row in rows]
    return ForTable(profile, staging.receipt, filled, bad)
