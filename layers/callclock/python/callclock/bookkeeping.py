"""Tables of what callclock did itself: what exports cover, how each was read and folded, and who was told.

They are part of the contracts, and grow as those do.
"""

from callclock.columns import Column, Kind, Table, text
from callclock.reasons import HeldBack

COVERAGE = Table(
    "coverage",
    "What each export covers: one row per export and table",
    (
        text("source", "Profile", nullable=False),
        text("table_name", "Table fed", nullable=False),
        text("export_id", "The export", nullable=False),
        Column("covered_from", Kind.INSTANT, "First instant covered, inclusive; NULL for an export without rows"),
        Column("covered_to", Kind.INSTANT, "Last instant covered, inclusive"),
        Column("exported_at", Kind.INSTANT, "When the export was taken", nullable=False),
        text("resend", "snapshot or delta", nullable=False),
        text("selected_by", "start or closing", nullable=False),
        text("covers", "span (first to newest start) or name (dates in the object's key)", nullable=False),
        Column("arrived_at", Kind.INSTANT, "When the object was created in the bucket; NULL in coverage of an older version, as are the counts"),
        Column("records", Kind.INT, "Records that were judged: all but title rows and those that a rule drops"),
        Column("quarantined", Kind.INT, "Those of them that were not accepted"),
    ),
    partitions=("force_code",),
)  # fmt: skip

RECEIPTS = Table(
    "receipts",
    "What was read of each export, by which profile, and what was not",
    (
        text("export_id", "The export", nullable=False),
        text("table_name", "Table fed; none where no profile matched", nullable=False),
        text("object_key", "Key of the raw object", nullable=False),
        text("status", "read, held or refused", nullable=False),
        text("reason", "Why it was held or refused"),
        text("message", "What became of it, in a plain sentence"),
        text("profile", "Profile that read it, or the nearest one"),
        text("profile_hash", "Hash of that profile"),
        text("config_hash", "Hash of the configuration in force"),
        Column("arrived_at", Kind.INSTANT, "When the object was created in the bucket", nullable=False),
        Column("exported_at", Kind.INSTANT, "When the export was taken"),
        Column("records_read", Kind.INT, "Records in the file", nullable=False),
        Column("accepted", Kind.INT, "Records kept, those set aside included", nullable=False),
        Column("set_aside", Kind.INT, "Records kept outside the headline population by a rule", nullable=False),
        Column("folded", Kind.INT, "Unit rows and call legs that became part of a record", nullable=False),
        Column("superseded", Kind.INT, "Rows replaced by a higher version within the file", nullable=False),
        Column("quarantined", Kind.INT, "Records not accepted", nullable=False),
        Column("dropped", Kind.INT, "Rows that are no record of the table", nullable=False),
        Column("layout_skipped", Kind.INT, "Title and total rows", nullable=False),
        text("member", "Which file of the archive; NULL for a file of its own"),
        text("next_step", "What to do about one that was refused or held"),
        text("quarantine_reasons", "Records not accepted by reason, the most first; one with two counts under each"),
        text("months_touched", "Local months of the records kept, joined by ;"),
        Column("covered_from", Kind.INSTANT, "First instant covered, inclusive"),
        Column("covered_to", Kind.INSTANT, "Last instant covered, inclusive"),
        Column("watermark", Kind.INSTANT, "Newest instant of something that happened, among the records kept"),
        Column("durations_read_ms", Kind.MS, "Control total: sum of every duration of the good rows of the file"),
        Column("durations_staged_ms", Kind.MS, "The same of the rows staged; less where rows were superseded or folded"),
        text("code_version", "Version of callclock that read it"),
    ),
    partitions=("force_code",),
)  # fmt: skip

FOLDS = Table(
    "folds",
    "What the fold did with the rows of each export, month by month, whatever the order of arrival: the second half of its receipt. Rows are inserted, replaced or unchanged",
    (
        text("export_id", "The export", nullable=False),
        text("table_name", "Table fed", nullable=False),
        text("in_month", "Local month in which the rows began", nullable=False),
        Column("inserted", Kind.INT, "Rows that are the first version of their record", nullable=False),
        Column("replaced", Kind.INT, "Rows that say something else than the version before them", nullable=False),
        Column("unchanged", Kind.INT, "Rows that say the same as the version before them", nullable=False),
        Column("outdated", Kind.INT, "Rows, of all these, that a later version has displaced since", nullable=False),
        Column("moved", Kind.INT, "Rows whose record began in another month by the version before them", nullable=False),
        Column("conflicts", Kind.INT, "Rows that contradict another version of the very same time", nullable=False),
    ),
    partitions=("force_code",),
)  # fmt: skip

NOTICES = Table(
    "notices",
    "Every notice that was sent or held back: what, why and about which value",
    (
        text(
            "rule_id",
            "Rule of thresholds.toml; weekly-digest of a digest, export of what operations were told of an export",
            nullable=False,
        ),
        text(
            "revision",
            "Revision of the rule; of a digest or an export the version of the shape of its notice",
            nullable=False,
        ),
        Column("decided_at", Kind.INSTANT, "now of the decision", nullable=False),
        text("reason", "Why it was told, or would have been", nullable=False),
        text(
            "state",
            "State of the rule; of a digest the worst that any rule was in, of an export its status",
            nullable=False,
        ),
        text("severity", "Severity, where there is one"),
        Column("since", Kind.DATE, "First period of the breach"),
        Column("frontier_end", Kind.DATE, "Period end of the newest complete value"),
        text("metric", "Metric; all of a digest and of an export that was not read", nullable=False),
        Column("value", Kind.DOUBLE, "Value at the frontier"),
        text("subject", "Subject of the mail", nullable=False),
        text("held_back", "Why nobody was told; NULL where somebody was", values=frozenset(HeldBack)),
    ),
    partitions=("force_code",),
)
