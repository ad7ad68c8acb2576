"""Intake: from a dropped object to staged rows, quarantine, receipt and hint (DESIGN 1).

Every key depends on content only, so a redelivery repeats all of it and always sends again; the only early exit is the
ledger entry that was written last. What the next function owes is marked before it is told (docs/decisions/0011).
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from callclock import configuration, layout
from callclock.clock import format_instant, parse_instant
from callclock.exports.archive import ArchiveError, known_by, look_through, unpack
from callclock.exports.callers import CallerSecret
from callclock.exports.profile import Profile, parse_profiles
from callclock.exports.receipt import Receipt
from callclock.exports.recognise import Recognition, recognise
from callclock.exports.stage import Export, export_id, stage, stated_exported_at
from callclock.exports.tabular import kind_of
from callclock.layout import CONFIGURATION_FORCE, UNKNOWN_FORCE
from callclock.ledger import Entry, Ledger, Mark, Marks
from callclock.objects import Bucket
from callclock.outbox import Hints, Wakes
from callclock.outdated import reread_by
from callclock.reasons import ExportReason, ExportStatus
from callclock.restage import STAYS, Restaging
from callclock.settings import ConfigurationError, Force, Settings, digest
from callclock.sweep import owner_of, sweep


@dataclass(frozen=True)
class Drop:
    """One object that arrived in the exports bucket; ``arrived_at`` is the event's time, the ``now`` of its work.

    ``again`` names the export that an operator wants it to be read as once more.
    """

    key: str
    version_id: str | None
    arrived_at: datetime
    again: str | None = None


@dataclass(frozen=True)
class Intake:
    """What intake works with."""

    exports: Bucket
    lake: Bucket
    results: Bucket
    ledger: Ledger
    marks: Marks
    wakes: Wakes
    measure: Hints
    notify: Hints
    secret: CallerSecret
    force_codes: frozenset[str]


def receive(body: str, intake: Intake) -> tuple[Receipt, ...]:
    """Do what one message asks for: take an object in, or ``{tick}``: look for objects that no event told of."""
    message: Mapping[str, str] = json.loads(body)
    if "tick" in message:
        sweep(parse_instant(message["tick"]), intake.exports, intake.marks, intake.wakes, intake.force_codes)
        return ()
    drop = parse_drop(body)
    return take_in(drop, intake) if drop else ()


def parse_drop(body: str) -> Drop | None:
    """Read the EventBridge event in a queue message; None for a folder (a key that ends in ``/``).

    The key is taken raw: EventBridge does not URL-encode it, and decoding it would lose ``a+b.csv``.
    """
    event = json.loads(body)
    made = event["detail"]["object"]
    if made["key"].endswith("/"):
        return None
    return Drop(made["key"], made.get("version-id"), parse_instant(event["time"]), event.get("again"))


def take_in(drop: Drop, intake: Intake) -> tuple[Receipt, ...]:
    """Read one dropped object and report what became of it.

    Returns
    -------
    tuple of Receipt
        One per table fed, one where nothing could be read; empty when the object is gone or was read before.
    """
    with tempfile.TemporaryDirectory(prefix="callclock-") as name:
        workdir = Path(name)
        path = workdir / "export" / Path(drop.key).name
        found = intake.exports.fetch(drop.key, path, drop.version_id)
        if found is None:
            return ()
        if drop.key.startswith(layout.CONFIG):
            receipts: tuple[Receipt, ...] = (_configure(drop, path, intake),)
        else:
            receipts = _read(
                _Reading(replace(drop, version_id=found.version_id), path, found.metadata, workdir, intake)
            )
    intake.marks.put(Mark.TAKEN, owner_of(drop.key, intake.force_codes), drop.key, found.etag)
    return receipts


def _read(whole: "_Reading") -> tuple[Receipt, ...]:
    if whole.force_code in whole.intake.force_codes and kind_of(whole.path).packs:
        return _unpacked(whole)
    return whole.run()


def _unpacked(whole: "_Reading") -> tuple[Receipt, ...]:
    """Read each file of an archive as an export of its own, once all of them are known to be sound."""
    try:
        contents = look_through(whole.path, whole.workdir)
    except ArchiveError as fault:
        return whole.refuse(ExportReason.BAD_ARCHIVE, f"{whole.drop.key}: {fault}.")
    receipts: list[Receipt] = []
    for member in contents.exports if contents else (None,):
        with tempfile.TemporaryDirectory(dir=whole.workdir) as name:
            workdir = Path(name)
            file = workdir / "export"
            unpack(whole.path, member, file)
            receipts += replace(whole, path=file, workdir=workdir, member=member).run()
    if contents and contents.skipped:
        receipts.append(whole.name_skipped(contents.skipped))
    return tuple(receipts)


def _configure(drop: Drop, path: Path, intake: Intake) -> Receipt:
    name = drop.key.removeprefix(layout.CONFIG)
    try:
        settings = configuration.accept(intake.lake, name, path.read_text("utf-8"))
        status, message, config_hash = ExportStatus.READ, _in_force(name, settings, intake), settings.hash
    except (ConfigurationError, UnicodeDecodeError) as fault:
        status = ExportStatus.REFUSED
        message = f"{fault}\nThe last good configuration stays in force: mend the file and drop it again."
        config_hash = configuration.in_force(intake.lake).hash
    identity = digest([drop.key, path.read_bytes().hex()])
    receipt = Receipt.of_whole(
        force_code=CONFIGURATION_FORCE,
        export_id=identity,
        object_key=drop.key,
        status=status,
        reason=None if status is ExportStatus.READ else ExportReason.BAD_CONFIGURATION,
        message=message,
        config_hash=config_hash,
        arrived_at=drop.arrived_at,
    )
    _file(receipt, intake)
    now = format_instant(drop.arrived_at)
    if status is ExportStatus.READ:
        # New targets and thresholds reach old months: measure compares the inputs of every value.
        for force_code in sorted(intake.force_codes):
            intake.measure.send(force_code, {"force_code": force_code, "now": now})
    else:
        _tell(receipt, now, intake)
    return receipt


def _in_force(name: str, settings: Settings, intake: Intake) -> str:
    """What is said of an accepted file: of a profile, which exports it would read differently too."""
    message = f"{name} is in force."
    profiles = parse_profiles(settings.profiles)
    if any(profile.file == name for profile in profiles):
        entries = (entry for code in sorted(intake.force_codes) for entry in intake.ledger.of_force(code))
        message = "\n".join(filter(None, [message, reread_by(name, profiles, entries)]))
    return message


def _file(receipt: Receipt, intake: Intake) -> None:
    intake.results.put(layout.receipt(receipt.force_code, receipt.export_id, receipt.table_name), receipt.to_json())


def _tell(receipt: Receipt, now: str, intake: Intake) -> None:
    intake.marks.put(Mark.UNTOLD, receipt.force_code, receipt.export_id)
    hint = {"force_code": receipt.force_code, "export_id": receipt.export_id, "now": now}
    intake.notify.send(receipt.force_code, hint)


@dataclass(frozen=True)
class _Reading:
    """One export on its way in."""

    drop: Drop
    path: Path
    metadata: Mapping[str, str]
    workdir: Path
    intake: Intake
    member: str | None = None

    @property
    def force_code(self) -> str | None:
        return layout.force_of(self.drop.key)

    def run(self) -> tuple[Receipt, ...]:
        settings = configuration.in_force(self.intake.lake)
        force_code = self.force_code
        if force_code is None or force_code not in self.intake.force_codes:
            return self._refuse_force(force_code, settings)
        recognition = recognise(self.drop.key, self.path, parse_profiles(settings.profiles), self.member)
        return self._run(force_code, recognition, settings)

    def refuse(self, reason: ExportReason, message: str) -> tuple[Receipt, ...]:
        """Refuse the file whatever it holds."""
        refused = Recognition(fault=reason, message=message)
        return self._run(str(self.force_code), refused, configuration.in_force(self.intake.lake))

    def name_skipped(self, skipped: tuple[str, ...]) -> Receipt:
        """File a receipt of the archive itself, which names the files in it that are no exports."""
        receipt = Receipt.of_whole(
            force_code=str(self.force_code),
            export_id=export_id(str(self.force_code), self.path, None),
            object_key=self.drop.key,
            status=ExportStatus.READ,
            reason=None,
            message=(
                f"{self.drop.key}: left out, because no export is of their kind: {', '.join(skipped)}. What else it "
                "holds has receipts of its own."
            ),
            config_hash=configuration.in_force(self.intake.lake).hash,
            arrived_at=self.drop.arrived_at,
        )
        _file(receipt, self.intake)
        return receipt

    def _run(self, force_code: str, recognition: Recognition, settings: Settings) -> tuple[Receipt, ...]:
        force = settings.force(force_code) or Force(name=force_code)
        before = self._asked_for(force_code)
        if before is None:
            keys = known_by(self.drop.key, self.member)
            stated = stated_exported_at(keys, self.metadata, recognition.profiles, force)
            identity = export_id(force_code, self.path, stated)
            before = self.intake.ledger.find(force_code, identity)
        entry = replace(
            before or self._landed(force_code, identity, settings),
            object_key=self.drop.key,
            member=self.member,
            version_id=self.drop.version_id,
        )
        if before and _nothing_new(before, recognition.profiles, settings):
            if entry != before and before.status is not ExportStatus.WITHDRAWN:
                # The same export lies elsewhere too: the copy that came last is the one that is kept longest.
                self.intake.ledger.keep(entry)
            return ()
        if before is None:
            self.intake.ledger.keep(entry)
        if recognition.fault:
            receipts: tuple[Receipt, ...] = (self._refused(entry, recognition, settings),)
        else:
            entry, receipts = self._stage_all(entry, recognition.profiles, force, settings)
        self._send(receipts)
        self.intake.ledger.keep(_settled(entry, receipts, recognition.profiles, settings))
        return receipts

    def _asked_for(self, force_code: str) -> Entry | None:
        """Entry of the export that is to be read once more, where this is the very file.

        Its id stays, though a profile that was mended may read another export time off its name than the one did, or
        did not, that its id was made from.
        """
        found = self.intake.ledger.find(force_code, self.drop.again) if self.drop.again else None
        same = found and found.again and (found.member, found.version_id) == (self.member, self.drop.version_id)
        return found if same else None

    def _landed(self, force_code: str, identity: str, settings: Settings) -> Entry:
        return Entry(
            force_code=force_code,
            export_id=identity,
            status=ExportStatus.LANDED,
            object_key=self.drop.key,
            arrived_at=self.drop.arrived_at,
            exported_at=None,
            config_hash=settings.hash,
            profiles={},
            months={},
        )

    def _stage_all(
        self, entry: Entry, profiles: tuple[Profile, ...], force: Force, settings: Settings
    ) -> tuple[Entry, tuple[Receipt, ...]]:
        export = Export(
            force_code=entry.force_code,
            key=self.drop.key,
            path=self.path,
            metadata=self.metadata,
            arrived_at=entry.arrived_at,
            exported_at=entry.exported_at,
            export_id=entry.export_id,
            member=self.member,
        )
        stagings = [
            stage(
                export,
                profile,
                force=force,
                secret=self.intake.secret,
                config_hash=settings.hash,
                workdir=self.workdir / profile.table,
            )
            for profile in profiles
        ]
        store = Restaging(entry, self.intake.exports, self.intake.lake, self.intake.results, self.intake.ledger)
        return store.put(stagings)

    def _refused(self, entry: Entry, recognition: Recognition, settings: Settings) -> Receipt:
        receipt = Receipt.of_whole(
            force_code=entry.force_code,
            export_id=entry.export_id,
            object_key=self.drop.key,
            status=ExportStatus.REFUSED,
            reason=recognition.fault,
            message=recognition.message + (STAYS if entry.months else ""),
            config_hash=settings.hash,
            arrived_at=entry.arrived_at,
            profile=recognition.nearest.name if recognition.nearest else None,
            missing_columns=recognition.missing,
            member=self.member,
        )
        _file(receipt, self.intake)
        return receipt

    def _refuse_force(self, force_code: str | None, settings: Settings) -> tuple[Receipt, ...]:
        named = force_code or "none"
        known = ", ".join(sorted(self.intake.force_codes)) or "none"
        receipt = Receipt.of_whole(
            force_code=UNKNOWN_FORCE,
            export_id=export_id(named, self.path, None),
            object_key=self.drop.key,
            status=ExportStatus.REFUSED,
            reason=ExportReason.UNKNOWN_FORCE,
            message=(
                f"{self.drop.key}: force {named!r} is not configured; there are {known}. Drop the file under "
                "incoming/<force>/, or add the force to the stack's parameter ForceCodes and to config/force.toml."
            ),
            config_hash=settings.hash,
            arrived_at=self.drop.arrived_at,
        )
        _file(receipt, self.intake)
        _tell(receipt, format_instant(self.drop.arrived_at), self.intake)
        return (receipt,)

    def _send(self, receipts: tuple[Receipt, ...]) -> None:
        now = format_instant(self.drop.arrived_at)
        first = receipts[0]
        if any(receipt.status is ExportStatus.READ for receipt in receipts):
            self.intake.marks.put(Mark.UNFOLDED, first.force_code, first.export_id)
            hint = {"force_code": first.force_code, "export_id": first.export_id, "now": now}
            self.intake.measure.send(first.force_code, hint)
        if any(receipt.status is not ExportStatus.READ for receipt in receipts):
            _tell(first, now, self.intake)


def _nothing_new(before: Entry, profiles: tuple[Profile, ...], settings: Settings) -> bool:
    """Tell a redelivery from a file that is to be read again: its profile was mended or first written, or it is asked.

    What was withdrawn stays so, however often it is dropped; only an operator brings it back.
    """
    if before.status is ExportStatus.WITHDRAWN:
        return True
    if before.status is ExportStatus.LANDED or before.again:
        return False
    if not profiles and before.config_hash != settings.hash:
        return False
    return dict(before.profiles) == {profile.table: profile.hash for profile in profiles}


def _settled(entry: Entry, receipts: tuple[Receipt, ...], profiles: tuple[Profile, ...], settings: Settings) -> Entry:
    statuses = {receipt.status for receipt in receipts}
    worst = next(s for s in (ExportStatus.REFUSED, ExportStatus.HELD, ExportStatus.READ) if s in statuses)
    taken = [receipt.exported_at for receipt in receipts if receipt.exported_at]
    return replace(
        entry,
        status=worst,
        exported_at=entry.exported_at or (min(taken) if taken else None),
        config_hash=settings.hash,
        profiles={profile.table: profile.hash for profile in profiles},
        sources={profile.table: profile.name for profile in profiles},
        again=False,
    )
