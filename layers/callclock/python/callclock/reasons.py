"""Every reason the system gives, in one place: SQL, receipts, mails, documentation and tests use these words."""

from collections.abc import Mapping
from enum import StrEnum


class Exclusion(StrEnum):
    """Why an incident stands outside the headline population, in the order that decides (METRICS "Readings")."""

    OFFICER_MADE = "officer_made"
    TRAINING = "training"
    PRE_PLANNED = "pre_planned"
    DUPLICATE = "duplicate"
    EXTERNAL = "external"
    ORIGIN_UNKNOWN = "origin_unknown"
    OTHER_SERVICE = "other_service"
    APPOINTMENT = "appointment"
    ATTENDANCE_NOT_EXPECTED = "attendance_not_expected"
    ALREADY_ON_SCENE = "already_on_scene"
    NEGATIVE_INTERVAL = "negative_interval"


class RowReason(StrEnum):
    """Why a record went to quarantine. Those that concern a column are followed by ``:column``."""

    MISSING = "missing"
    BAD_INSTANT = "bad_instant"
    BAD_MS = "bad_ms"
    BAD_INT = "bad_int"
    BAD_BOOL = "bad_bool"
    UNMAPPED = "unmapped"
    FUTURE = "future"
    TOO_FEW_CELLS = "too_few_cells"
    TOO_MANY_CELLS = "too_many_cells"
    BAD_QUOTE = "bad_quote"
    BAD_ENCODING = "bad_encoding"
    TOO_LONG = "too_long"
    SCIENTIFIC = "scientific"
    BAD_JSON = "bad_json"
    TOO_DEEP = "too_deep"


class ExportStatus(StrEnum):
    """What became of an export (DESIGN 2, the ledger)."""

    LANDED = "landed"
    READ = "read"
    HELD = "held"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ExportReason(StrEnum):
    """Why a whole export was held or refused."""

    EMPTY_FILE = "empty_file"
    NOT_TEXT = "not_text"
    NO_PROFILE = "no_profile"
    TWO_PROFILES = "two_profiles"
    UNKNOWN_FORCE = "unknown_force"
    EXPORTED_IN_FUTURE = "exported_in_future"
    UNREADABLE = "unreadable"
    TRUNCATED = "truncated"
    BAD_ARCHIVE = "bad_archive"
    TOO_MUCH_QUARANTINED = "too_much_quarantined"
    DURATIONS_DISAGREE = "durations_disagree"
    LOST_AM_PM = "lost_am_pm"
    REPEATED_KEYS = "repeated_keys"
    BAD_CONFIGURATION = "bad_configuration"


NEXT_STEP: Mapping[ExportReason, str] = {
    ExportReason.EMPTY_FILE: "Ask the owner of the source whether the export ran, and drop the file again.",
    ExportReason.NOT_TEXT: "Export it as CSV, XLSX, ODS or Parquet, not as a picture or a PDF, and drop it again.",
    ExportReason.NO_PROFILE: "If columns were renamed, mend the nearest profile in config/sources/; for a new system "
    "draft one with `callclock sources new FILE`. Check with `callclock sources check FILE`, then replay the export.",
    ExportReason.TWO_PROFILES: "Make the `match` of one of the two profiles narrower, then replay the export.",
    ExportReason.UNKNOWN_FORCE: "Drop it under incoming/<force>/ with a force code of force.toml, or add the force.",
    ExportReason.EXPORTED_IN_FUTURE: "Correct the export time that the file or its name states, or the clock of the "
    "machine that wrote it, and drop the file again.",
    ExportReason.UNREADABLE: "Open the file where it was made; export it anew and drop it again.",
    ExportReason.TRUNCATED: "The file ends in the middle of a record: copy it again, whole, and drop it again.",
    ExportReason.BAD_ARCHIVE: "Pack the exports again as a plain zip or gz, without a password and without archives in "
    "it, or drop them unpacked.",
    ExportReason.TOO_MUCH_QUARANTINED: "Look at the quarantined rows and their reasons; mend the profile (or, where "
    "the rows are truly bad, its limit), then replay the export.",
    ExportReason.DURATIONS_DISAGREE: "The profile reads the wrong column or the wrong zone for a time: mend it, then "
    "replay the export.",
    ExportReason.LOST_AM_PM: "Times after noon have lost their PM, as spreadsheets do: export it anew with hours from "
    "0 to 23 and drop it again.",
    ExportReason.REPEATED_KEYS: "The key columns of the profile do not name one record: mend them, then replay it.",
    ExportReason.BAD_CONFIGURATION: "Mend the file and drop it again; until then the last good one stays in force.",
}
"""What a person does about it: the receipt and the mail say the same."""


class State(StrEnum):
    """State of one threshold over one series (METRICS "Who is told, and when")."""

    OK = "ok"
    PENDING = "pending"
    BREACH = "breach"
    RECOVERING = "recovering"
    NO_DATA = "no_data"


class NoticeReason(StrEnum):
    """Why somebody is told, or is not."""

    FIRST_BREACH = "first_breach"
    STILL_IN_BREACH = "still_in_breach"
    WORSENED = "worsened"
    RECOVERED = "recovered"
    CORRECTED = "corrected"
    PAST_BREACH_FOUND = "past_breach_found"
    NO_DATA = "no_data"
    DATA_BACK = "data_back"
    SIGNAL = "signal"
    RULE_CHANGED = "rule_changed"
    HISTORY = "history"
    NOTHING = "nothing"


class HeldBack(StrEnum):
    """Why nobody is told of what a rule finds."""

    MAINTENANCE = "maintenance"
    """Planned downtime: told when it is over, as things then stand."""
    TOLD_BEFORE = "told_before"
    """The breach was told, and the interval after which it is told again has not passed."""
    NOT_ENOUGH_PERIODS = "not_enough_periods"
    """Fewer than M of the last N periods breach."""
    TOO_FEW_RECORDS = "too_few_records"
    """The newest period breaches, but rests on fewer records than the rule asks for."""
    HISTORY = "history"
    """Older breaches, seen for the first time and over by now."""
