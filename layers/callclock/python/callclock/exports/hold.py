"""Whether an export that could be read is held back all the same, and what a person is to do then (DESIGN 1)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from callclock.exports.archive import known_by
from callclock.exports.checks import disagreement, lost_am_pm
from callclock.exports.exported_at import stated_days
from callclock.exports.profile import Profile
from callclock.exports.read import Scanned
from callclock.exports.receipt import Receipt
from callclock.exports.workbook import ROWS_A_SHEET
from callclock.reasons import ExportReason
from callclock.settings import Force

_SHOWN = 3


@dataclass(frozen=True)
class Held:
    """Why an export is held, and the same in plain sentences with what to do next."""

    reason: ExportReason
    message: str


def hold(
    db: duckdb.DuckDBPyConnection, scanned: Scanned, good: str, receipt: Receipt, *, repeated: int, force: Force
) -> Held | None:
    """Tell why an export is held; None when it is not.

    Parameters
    ----------
    good
        SQL of the good rows.
    receipt
        Its counts and reasons.
    repeated
        Keys that more than one good row has.
    """
    profile = scanned.scan.profile
    reasons = (
        *_of_file(scanned, receipt),
        *_of_rows(profile, receipt, repeated),
        *(_of_keys(db, profile, good, receipt) if repeated else ()),
        *_of_times(db, profile, good, receipt.shown),
        *_of_name(profile, receipt, force),
    )
    return next(iter(reasons), None)


def _of_file(scanned: Scanned, receipt: Receipt) -> Iterator[Held]:
    if scanned.truncated:
        yield Held(
            ExportReason.TRUNCATED,
            f"{receipt.shown}: the file ends inside record {scanned.records}: it was cut while it was written or "
            "sent. Export it again and drop the whole file.",
        )
    if scanned.last_row == ROWS_A_SHEET:
        yield Held(
            ExportReason.TRUNCATED,
            f"{receipt.shown}: it ends in row {ROWS_A_SHEET:,}, the last that a spreadsheet can hold, so most likely "
            "more was cut off there. Export shorter periods, or straight from the system to CSV, and drop each.",
        )


def _of_rows(profile: Profile, receipt: Receipt, repeated: int) -> Iterator[Held]:
    counts, limit = receipt.counts, profile.export.quarantine_max
    if counts.quarantined > limit * counts.judged:
        most = ", ".join(f"{reason} ({n})" for reason, n in Counter(receipt.reasons).most_common(_SHOWN))
        yield Held(
            ExportReason.TOO_MUCH_QUARANTINED,
            f"{receipt.shown}: {counts.quarantined} of {counts.judged} records cannot be accepted by {profile.file}, "
            f"more than its quarantine_max of {limit:g}: {most}. Most likely the profile is wrong: mend it "
            "(or raise the limit), then drop the file again.",
        )
    if profile.repeats == "error" and repeated:
        yield Held(
            ExportReason.REPEATED_KEYS,
            f"{receipt.shown}: {repeated} keys stand more than once, and {profile.file} says repeats = 'error'. "
            "Look at export.key there, or say what repeated rows are (newest or collapse), then drop the file again.",
        )


def _of_keys(db: duckdb.DuckDBPyConnection, profile: Profile, good: str, receipt: Receipt) -> Iterator[Held]:
    [[keys, restarted]] = db.execute(
        "SELECT count(*), count(*) FILTER (days > 1) FROM (SELECT record_key, count(DISTINCT started_at::DATE) AS days "
        f"FROM ({good}) GROUP BY record_key)"
    ).fetchall()
    if restarted > profile.export.quarantine_max * keys:
        yield Held(
            ExportReason.REPEATED_KEYS,
            f"{receipt.shown}: {restarted} of {keys} keys stand for records that began on different days, as numbers "
            f"do that begin anew each day. Add the day to the key in {profile.file}, as a column of export.key or as "
            '{ join = [...], day = "..." }, then drop the file again.',
        )


def _of_times(db: duckdb.DuckDBPyConnection, profile: Profile, good: str, shown: str) -> Iterator[Held]:
    worst = disagreement(db, f"({good})", profile)
    if worst and worst.share > profile.export.duration_disagree_max:
        yield Held(
            ExportReason.DURATIONS_DISAGREE,
            f"{shown}: in {worst.share:.1%} of the {worst.rows} rows that give both, {worst.column} is not what the "
            f"instants say, more than duration_disagree_max of {profile.export.duration_disagree_max:g}. Look at "
            f"time.formats, time.zone and the unit of {worst.column} in {profile.file}, then drop the file again.",
        )
    lost = lost_am_pm(db, f"({good})", profile)
    if lost:
        yield Held(
            ExportReason.LOST_AM_PM,
            f"{shown}: nothing in {' and '.join(lost)} is from 13 to 23 o'clock, and intervals are 12 hours short: AM "
            "and PM were lost, most likely in a spreadsheet or by %I without %p. Nobody can tell them apart any more: "
            "export it again from the system itself, with hours from 0 to 23, and drop that.",
        )


def _of_name(profile: Profile, receipt: Receipt, force: Force) -> Iterator[Held]:
    keys = known_by(receipt.object_key, receipt.member)
    if profile.export.covers == "name" and not stated_days(keys, profile, force):
        yield Held(
            ExportReason.UNREADABLE,
            f"{receipt.shown}: {profile.file} says covers = 'name', and the name holds no date (as 2026-03, 2026-03-01 "
            "or 20260301). Drop the file under a name that says which days it covers, or say covers = 'span'.",
        )
