"""Every reason the system gives, in one place: SQL, receipts, mails, documentation and tests use these words."""

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
