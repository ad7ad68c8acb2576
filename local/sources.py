"""``callclock sources check``: what intake would make of a file, without dropping it."""

import difflib
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from callclock import layout
from callclock.engine import connect, name, parquet_list, quote
from callclock.exports.archive import ArchiveError, look_through, unpack
from callclock.exports.callers import CallerSecret
from callclock.exports.profile import Profile, fillable, parse_profiles
from callclock.exports.receipt import Receipt
from callclock.exports.recognise import Recognition, recognise
from callclock.exports.source import open_source
from callclock.exports.stage import Export, Staging, stage
from callclock.exports.tabular import FileKind, kind_of
from callclock.exports.text import UnreadableError
from callclock.reasons import ExportReason, ExportStatus
from callclock.settings import Force, Settings, assemble
from local.draft.layout import lay_out

_SHOWN = 5
_SOURCES = "sources/"
_DRAFT = re.compile(r"^draft\s*=\s*true\s*(#.*)?$", re.MULTILINE)
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
    """A contract column that the profile fills.

    Attributes
    ----------
    source
        Columns of the file that it is made from; empty for a constant.
    nulls
        Share of the kept rows in which it is empty; None where no row is kept.
    rejects
        Share of all records that are rejected because of it.
    """

    column: str
    kind: str
    source: tuple[str, ...]
    nulls: float | None
    rejects: float


@dataclass(frozen=True)
class ForTable:
    """What one profile makes of the file.

    Attributes
    ----------
    why
        Why the profile matches.
    draft
        The profile is a draft: intake refuses it as it stands.
    unread
        Columns of the file that the profile does not read.
    """

    profile: Profile
    why: str
    draft: bool
    receipt: Receipt
    filled: Sequence[Filled]
    unread: Sequence[str]
    bad: Sequence[BadRow]


@dataclass(frozen=True)
class Checked:
    """What intake would make of a file, or of one file of an archive.

    Attributes
    ----------
    similar
        Where no profile matches: columns of the file by the missing column whose name is like theirs.
    left_out
        Files of the archive that no export is of the kind of.
    """

    file: Path
    key: str
    recognition: Recognition
    tables: Sequence[ForTable] = ()
    member: str | None = None
    similar: Mapping[str, Sequence[str]] = field(default_factory=dict)
    left_out: Sequence[str] = ()

    @property
    def would_be_read(self) -> bool:
        """Whether intake would read it for every table it feeds."""
        return bool(self.tables) and all(t.receipt.status is ExportStatus.READ and not t.draft for t in self.tables)

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints."""
        return {
            "file": str(self.file),
            "member": self.member,
            "key": self.key,
            "fault": self.recognition.fault,
            "message": self.recognition.message,
            "nearest": self.recognition.nearest.name if self.recognition.nearest else None,
            "missing": list(self.recognition.missing),
            "left_out": list(self.left_out),
            "similar": {column: list(names) for column, names in self.similar.items()},
            "tables": [_table_as_json(table) for table in self.tables],
        }


def _table_as_json(t: ForTable) -> dict[str, object]:
    return {
        "profile": t.profile.name,
        "draft": t.draft,
        "why": t.why,
        "table": t.profile.table,
        "status": t.receipt.status,
        "message": t.receipt.message,
        "records": t.receipt.records_read,
        "reasons": dict(t.receipt.reasons),
        "columns": {
            f.column: {"from": list(f.source), "kind": f.kind, "nulls": f.nulls, "rejects": f.rejects} for f in t.filled
        },
        "unread": list(t.unread),
        "bad": [{"record": b.record_no, "reasons": b.reasons, "raw": b.raw} for b in t.bad],
    }


def check(file: Path, *, config: Path | None, key: str | None) -> tuple[Checked, ...]:
    """Recognise and stage ``file`` with the packaged profiles and those of ``config``, and throw the rows away.

    Returns
    -------
    tuple of Checked
        One; of an archive one for each file in it.

    Raises
    ------
    ConfigurationError
        A file of ``config`` is wrong; the text names file, key and reason.
    """
    said = (
        {p.relative_to(config).as_posix(): p.read_text("utf-8") for p in sorted(config.rglob("*.toml"))}
        if config
        else {}
    )
    drafts = frozenset(file for file, text in said.items() if file.startswith(_SOURCES) and _DRAFT.search(text))
    settings = assemble({file: _DRAFT.sub("", text) if file in drafts else text for file, text in said.items()})
    code = next(iter(settings.forces), "CHECK")
    with tempfile.TemporaryDirectory(prefix="callclock-") as folder:
        checking = _Checking(file, key or _key_of(file, code), settings, drafts, Path(folder))
        return tuple(checking.run())


def _key_of(file: Path, code: str) -> str:
    parts = file.resolve().parts
    if "incoming" in parts[:-2]:
        return "/".join(parts[len(parts) - 1 - parts[::-1].index("incoming") :])
    return f"{layout.INCOMING}{code}/{file.name}"


@dataclass(frozen=True)
class _Checking:
    """One file being checked."""

    file: Path
    key: str
    settings: Settings
    drafts: frozenset[str]
    workdir: Path

    def run(self) -> Iterator[Checked]:
        if not kind_of(self.file).packs:
            yield self._one(self.file, None, self.workdir)
            return
        try:
            contents = look_through(self.file, self.workdir / "look")
            for place, member in enumerate(contents.exports if contents else (None,)):
                path = self.workdir / f"{place}" / "export"
                path.parent.mkdir(parents=True)
                unpack(self.file, member, path)
                one = self._one(path, member, path.parent)
                yield replace(one, left_out=contents.skipped) if contents else one
        except ArchiveError as fault:
            refused = Recognition(fault=ExportReason.BAD_ARCHIVE, message=f"{self.key}: {fault}.")
            yield Checked(self.file, self.key, refused)

    def _one(self, path: Path, member: str | None, workdir: Path) -> Checked:
        recognition = recognise(self.key, path, parse_profiles(self.settings.profiles), member)
        if recognition.fault:
            similar = _similar(path, recognition.missing, workdir)
            return Checked(self.file, self.key, recognition, (), member, similar)
        tables = [self._table(path, member, profile, workdir / profile.table) for profile in recognition.profiles]
        return Checked(self.file, self.key, recognition, tables, member)

    def _table(self, path: Path, member: str | None, profile: Profile, workdir: Path) -> ForTable:
        code = layout.force_of(self.key) or "CHECK"
        export = Export(
            force_code=code,
            key=self.key,
            path=path,
            metadata={},
            arrived_at=datetime.now(UTC),
            exported_at=None,
            member=member,
        )
        staging = stage(
            export,
            profile,
            force=self.settings.force(code) or Force(name=code),
            secret=_THROWN_AWAY,
            config_hash=self.settings.hash,
            workdir=workdir,
        )
        return ForTable(
            profile=profile,
            why=_why(profile, self.key),
            draft=profile.file in self.drafts,
            receipt=staging.receipt,
            filled=_filled(profile, staging, workdir),
            unread=_unread(path, profile, workdir / "again"),
            bad=_bad(staging, workdir),
        )


def _why(profile: Profile, key: str) -> str:
    needed = len(profile.match.header) or len(profile.reads)
    where = ", and its [match] where holds for the first row" if profile.match.where else ""
    return f"its path {profile.match.path} fits {key}, the file has all {needed} columns that it needs{where}"


def _similar(path: Path, missing: Sequence[str], workdir: Path) -> dict[str, Sequence[str]]:
    """Columns of the file that may be the missing ones under another name."""
    if not missing:
        return {}
    try:
        names = {name.lower(): name for name in lay_out(path, workdir / "similar").header.places}
    except UnreadableError:
        return {}
    found = {column: difflib.get_close_matches(column.lower(), names, cutoff=0.5) for column in missing}
    return {column: [names[match] for match in matches] for column, matches in found.items() if matches}


def _filled(profile: Profile, staging: Staging, workdir: Path) -> list[Filled]:
    columns = [column for target, column in fillable(profile.contract).items() if target in profile.targets]
    shares: Sequence[float | None] = [None] * len(columns)
    if staging.parts:
        asked = ", ".join(f"avg(({name(column.name)} IS NULL)::INT)" for column in columns)
        with connect(workdir / "check") as db:
            [shares] = db.execute(
                f"SELECT {asked} FROM read_parquet({parquet_list([*staging.parts.values()])})"
            ).fetchall()
    receipt = staging.receipt
    records = max(receipt.records_read, 1)
    rejected = {
        column.name: sum(n for reason, n in receipt.reasons.items() if reason.endswith(f":{column.name}"))
        for column in columns
    }
    return [
        Filled(
            column=column.name,
            kind=column.kind,
            source=_sources_of(profile, column.name),
            nulls=None if share is None else round(share, 4),
            rejects=round(rejected[column.name] / records, 4),
        )
        for column, share in zip(columns, shares, strict=True)
    ]


def _sources_of(profile: Profile, target: str) -> tuple[str, ...]:
    rules = (entry[target] for entry in profile.entries if target in entry)
    return tuple(dict.fromkeys(" or ".join(columns) for rule in rules for columns in rule.columns))


def _unread(path: Path, profile: Profile, workdir: Path) -> tuple[str, ...]:
    """Columns of the file that the profile leaves alone."""
    try:
        # Of JSON only the fields that a profile reads are laid out.
        is_json = kind_of(path) is FileKind.JSON
        header = lay_out(path, workdir).header if is_json else open_source(path, profile, workdir).header
    except UnreadableError:
        return ()
    read = {header.find(columns) for columns in profile.reads}
    return tuple(name for name, place in header.places.items() if place not in read)


def _bad(staging: Staging, workdir: Path) -> list[BadRow]:
    if not staging.quarantine:
        return []
    with connect(workdir / "check") as db:
        rows = db.execute(
            f"SELECT record_no, reasons, raw FROM read_parquet({quote(str(staging.quarantine))}) "
            f"ORDER BY record_no LIMIT {_SHOWN}"
        ).fetchall()
    return [BadRow(*row) for row in rows]
