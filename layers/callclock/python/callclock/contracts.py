"""The one source of every table: names, types, meaning, sensitivity.

The Parquet schema, the Glue columns, the documentation and the Athena check are made from here (DESIGN 3).
Contracts only ever gain nullable columns; :data:`CONTRACT_VERSION` grows when they do and is written into every file.
"""

from dataclasses import replace

from callclock.bookkeeping import COVERAGE, FOLDS, NOTICES, RECEIPTS
from callclock.columns import Column, Kind, Sensitivity, Table, derived, lineage, milestone, text
from callclock.reasons import Exclusion

CONTRACT_VERSION = 4

_CALLER = (
    text("caller_key", "Keyed hash of the caller; NULL when withheld, missing or a switchboard: unlinkable", sensitivity=Sensitivity.PSEUDONYMOUS),
    lineage("key_epoch", Kind.TEXT, "Which secret made caller_key; keys of two epochs never match", sensitivity=Sensitivity.PSEUDONYMOUS),
)  # fmt: skip

# Every curated table carries these (DESIGN 2). force_code and month are partition keys, so they are not in the files.
LINEAGE = (
    lineage("source", Kind.TEXT, "Profile that read the record", nullable=False),
    lineage("record_key", Kind.TEXT, "Key columns of the profile, joined: with force and source it names the record", nullable=False),
    lineage("started_at", Kind.INSTANT, "When the record began; decides its month", nullable=False),
    lineage("local_date", Kind.DATE, "Local date of started_at in the force's zone", nullable=False),
    lineage("local_hour", Kind.INT, "Local hour of started_at, 0 to 23", nullable=False),
    lineage("record_updated_at", Kind.INSTANT, "When the source last changed the record, where it says so"),
    lineage("exported_at", Kind.INSTANT, "When the export was taken", nullable=False),
    lineage("export_id", Kind.TEXT, "SHA-256 of force, bytes and stated exported_at", nullable=False),
    lineage("record_no", Kind.INT, "Record number in the export, the header not counted", nullable=False),
    lineage("observed_at", Kind.INSTANT, "Newest exported_at of an export that held the record", nullable=False),
    lineage("resend", Kind.TEXT, "How the source re-sends: snapshot or delta", nullable=False, values=frozenset({"snapshot", "delta"})),
    lineage("selected_by", Kind.TEXT, "What the export was selected by: start or closing", nullable=False, values=frozenset({"start", "closing"})),
    lineage("retracts", Kind.BOOL, "A later NULL of this source takes a milestone back", nullable=False),
    lineage("set_aside", Kind.TEXT, "Reason of the profile's rule that set the record aside"),
    lineage("tells", Kind.TEXT, "Which columns among closed_at, outcome, alternative_offered_at the profile maps, joined by ;: without a mapped closing nobody can say open, without a mapped alternative nobody can say before or after it"),
    derived("conflicts", Kind.INT, "Times at which versions of the record are equal (record_updated_at, exported_at) and differ in content, so that chance decides; NULL where there is none"),
    lineage("time_flags", Kind.TEXT, "Columns whose local time was ambiguous (A) or did not exist (N), with its text in the export: col=A 25/10/2026 01:30;..."),
)  # fmt: skip

INCIDENTS = Table(
    "incidents",
    "One row per incident: what was asked for, how it was graded, when somebody came",
    (
        text("incident_id", "The source's own number of the incident", nullable=False),
        milestone("created_at", "Incident log created"),
        milestone("call_received_at", "Call received in the control room"),
        milestone("call_answered_at", "Call answered, where the system that logs incidents knows it"),
        milestone("submitted_at", "Online report sent by the person"),
        text("grade_initial", "Grade first given: 1, 2, ... or NULL"),
        text("grade_final", "Grade last given"),
        text("grade_scheme", "Which set of grades: grades of two schemes are never in one row"),
        Column("appointment_slot", Kind.INSTANT, "Start of the slot agreed with the caller"),
        Column("domestic_abuse", Kind.BOOL, "Domestic abuse; NULL = the source does not say"),
        text("domestic_abuse_source", "Which field said so"),
        text("opening_code", "What it was opened as"),
        text("closing_code", "What it was closed as"),
        text("service", "police, fire, ambulance, ..."),
        text("area", "Area of the force"),
        text("origin", "Who raised it", values=frozenset({"public", "alarm", "officer", "external", "unknown"})),
        *_CALLER,
        milestone("first_dispatched_at", "First unit sent"),
        milestone("first_arrived_at", "First unit at the scene"),
        milestone("closed_at", "Incident closed"),
        text("closure_reason", "Why it was closed without attendance", values=frozenset({"phone_resolved", "no_reply", "cancelled", "other"})),
        text("outcome", "What became of it; mapped only where the source has no closing time of its own", values=frozenset({"attended", "closed_unattended", "open", "unknown"})),
        Column("reopened", Kind.BOOL, "Closed and opened again"),
        Column("reported_dispatch_ms", Kind.MS, "Source's own time from call to dispatch"),
        Column("reported_arrival_ms", Kind.MS, "Source's own time from call to arrival"),
        lineage("tolerance_ms", Kind.MS, "How far the source's clocks may differ, where its profile says so; NULL: what force.toml says"),
        derived("clock_start_at", Kind.INSTANT, "Where the wait begins: submitted, else call received, else created", nullable=False),
        derived("clock_fallback", Kind.BOOL, "The wait begins at created_at because nothing better is known", nullable=False),
        derived("attend_ms", Kind.MS, "clock start to first arrival; NULL when not attended or negative_interval"),
        derived("close_ms", Kind.MS, "clock start to closing"),
        derived("call_to_answer_ms", Kind.MS, "call_received_at to call_answered_at"),
        derived("created_to_dispatch_ms", Kind.MS, "created_at to first dispatch"),
        derived("dispatch_to_arrival_ms", Kind.MS, "first dispatch to first arrival"),
        derived("exclusion", Kind.TEXT, "First reason, by METRICS' order, that the record itself gives for standing outside the headline population", values=frozenset(Exclusion)),
        *LINEAGE,
    ),
    starts=("submitted_at", "call_received_at", "created_at"),
    correctable=True,
)  # fmt: skip

REGRADES = Table(
    "regrades",
    "One row per change of an incident's grade",
    (
        text("incident_id", "The source's own number of the incident", nullable=False),
        Column("regraded_at", Kind.INSTANT, "When the grade changed", nullable=False),
        text("grade_from", "Grade before"),
        text("grade_to", "Grade after"),
        *LINEAGE,
    ),
    starts=("regraded_at",),
)

STAGES = frozenset([
    "network", "ivr", "ivr_before_alternative", "ivr_after_alternative", "ivr_contained", "queue", "switchboard_queue", "skill_queue",
    "ringing", "answered", "transferred_out", "failed", "callback", "unknown",
])  # fmt: skip
END_CAUSES = frozenset(["answered", "hung_up", "flow_ended", "transferred_out", "failed", "callback", "unknown"])

CALLS = Table(
    "calls",
    "One row per telephone call, with every leg that its source knows",
    (
        text("call_id", "The source's own number of the call", nullable=False),
        text("line", "999, 101, ...", nullable=False),
        text("direction", "inbound unless the source says otherwise", values=frozenset({"inbound", "outbound", "internal"})),
        Column("call_started_at", Kind.INSTANT, "Start of the call", nullable=False),
        *_CALLER,
        milestone("ivr_entered_at", "Recorded message began"),
        milestone("alternative_offered_at", "Another way (website, chat, callback) was offered"),
        milestone("ivr_left_at", "Recorded message left"),
        milestone("queued_at", "Queue entered, where the source has one queue and no more"),
        milestone("queue_left_at", "That queue left"),
        milestone("switchboard_queued_at", "Switchboard queue entered"),
        milestone("switchboard_answered_at", "Switchboard answered"),
        milestone("skill_queued_at", "Queue for the person who can help entered"),
        milestone("last_queued_at", "Last queue of any kind entered, where a call may enter more than one of a kind"),
        milestone("ringing_at", "A handler's telephone rang"),
        milestone("first_answered_at", "First live answer"),
        milestone("final_answered_at", "Answer by the person who can help"),
        milestone("callback_asked_at", "Callback asked for"),
        milestone("callback_connected_at", "Callback connected"),
        milestone("ended_at", "Call ended; NULL while unfinished"),
        text("end_cause", "What ended it", values=END_CAUSES),
        text("queue", "The last queue entered; none where no queue was"),
        text("priority", "Priority in the queue"),
        text("stage", "Where the call ended (METRICS B); mapped only where the source says it better than its instants do", values=STAGES),
        Column("reported_ivr_ms", Kind.MS, "Source's own time in the recorded message"),
        Column("reported_queue_ms", Kind.MS, "Source's own time in the queue"),
        Column("reported_talk_ms", Kind.MS, "Source's own talk time"),
        lineage("leg", Kind.TEXT, "Which leg of the call, where the source has a record for each; of a folded call the last"),
        derived("legs", Kind.INT, "Legs that the call was folded from; NULL where the source does not tell them apart"),
        derived("first_queued_at", Kind.INSTANT, "First queue entry of any kind"),
        derived("wait_first_ms", Kind.MS, "Start of the call to the first live answer"),
        derived("wait_final_ms", Kind.MS, "Start of the call to the person who can help"),
        derived("queue_wait_first_ms", Kind.MS, "First queue entry to the first live answer"),
        derived("end_ms", Kind.MS, "Start of the call to its end"),
        *LINEAGE,
    ),
    starts=("call_started_at",),
)  # fmt: skip

CONTACTS = Table(
    "contacts",
    "One row per contact that was not a telephone call",
    (
        text("contact_id", "The source's own number of the contact", nullable=False),
        text("channel", "How", nullable=False, values=frozenset({"online_report", "webchat", "email_social", "front_counter"})),
        Column("submitted_at", Kind.INSTANT, "When the person sent it, not when it was keyed again", nullable=False),
        *_CALLER,
        text("incident_id", "Incident made from it"),
        *LINEAGE,
    ),
    starts=("submitted_at",),
)  # fmt: skip

SAFEGUARDING = Table(
    "safeguarding",
    "One row per risk assessment of a domestic abuse incident",
    (
        text("incident_id", "The incident assessed", nullable=False),
        text("tool", "DASH, DARA, ..."),
        text("level", "Risk level found"),
        milestone("assessed_at", "Assessment made"),
        milestone("declined_at", "Assessment offered and declined"),
        milestone("referral_shared_at", "Referral shared with partners"),
        text("shared_with", "Partners it was shared with"),
        *LINEAGE,
    ),
    starts=("assessed_at", "declined_at"),
    correctable=True,
)

_BANDS = tuple(
    Column(f"answered_within_{s}s", Kind.INT, f"Answered within {s} s; NULL where the system has no such band")
    for s in (5, 10, 15, 20, 30, 40, 60, 120, 300)
)
CALL_INTERVALS = Table(
    "call_intervals",
    "Counts of calls by interval, where only counts exist",
    (
        text("provider", "Who counted", nullable=False),
        text("line", "999, 101, ...", nullable=False),
        text("queue", "Queue, or all", nullable=False),
        Column("interval_start", Kind.INSTANT, "Start, inclusive", nullable=False),
        Column("interval_end", Kind.INSTANT, "End, exclusive", nullable=False),
        Column("offered", Kind.INT, "Calls offered", nullable=False),
        Column("answered", Kind.INT, "Calls answered"),
        Column("abandoned", Kind.INT, "Calls abandoned"),
        *_BANDS,
        text("band_bound", "Whether a band holds its own bound", values=frozenset({"inclusive", "strict"})),
        derived("unaccounted", Kind.INT, "offered - answered - abandoned; may be negative"),
        *LINEAGE,
    ),
    starts=("interval_start",),
)

CURATED = (INCIDENTS, REGRADES, CALLS, CONTACTS, SAFEGUARDING, CALL_INTERVALS)

# DESIGN 5: keys first, text and never NULL ("all" where a value is not broken down), then dates, then figures.
VALUE_KEYS = (
    "metric", "period_kind", "period_label", "grade", "grade_basis", "grade_scheme", "population", "area", "line", "queue",
    "stage", "channel", "source", "hour_of_week", "outcome", "reason", "age_band", "window_label", "risk_level", "basis",
)  # fmt: skip

METRIC_VALUES = Table(
    "metric_values",
    "One row per metric, period and cell, with what was counted and what was left out",
    (
        *(text(name, f"Key of the value: {name.replace('_', ' ')}; all where not broken down", nullable=False, sensitivity=Sensitivity.OPEN) for name in VALUE_KEYS),
        Column("period_start", Kind.DATE, "First local day", nullable=False, sensitivity=Sensitivity.OPEN),
        Column("period_end", Kind.DATE, "Local day after the last", nullable=False, sensitivity=Sensitivity.OPEN),
        Column("value", Kind.DOUBLE, "Seconds, a share from 0 to 1, or a count; NULL where nothing is mature"),
        text("unit", "s, share, count or ratio", nullable=False, sensitivity=Sensitivity.OPEN),
        Column("n", Kind.INT, "Records the value speaks of"),
        Column("numerator", Kind.INT, "Numerator of a share"),
        Column("denominator", Kind.INT, "Denominator of a share"),
        Column("n_immature", Kind.INT, "Records too young to count", nullable=False),
        Column("n_unknown", Kind.INT, "Records whose outcome the source cannot tell", nullable=False),
        Column("n_excluded", Kind.INT, "Records of the cell outside the population", nullable=False),
        Column("n_clock_fallback", Kind.INT, "Records whose clock starts at created_at", nullable=False),
        Column("complete", Kind.BOOL, "The period is over, nothing is immature, no hole (METRICS, Maturity)", nullable=False),
        Column("ci_low", Kind.DOUBLE, "Lower bound of the 95 % interval"),
        Column("ci_high", Kind.DOUBLE, "Upper bound of the 95 % interval"),
        Column("target", Kind.DOUBLE, "Target, in the unit of the value"),
        Column("as_at", Kind.INSTANT, "Until when the value knows", nullable=False),
        text("definition_version", "Version of the definition", nullable=False),
        text("notes", "Codes joined by ;", nullable=False),
    ),
)  # fmt: skip

_PERIOD = (
    text("period_kind", "month, quarter, fy_to_date or rolling_12m", nullable=False, sensitivity=Sensitivity.OPEN),
    text("period_label", "Label of the period", nullable=False, sensitivity=Sensitivity.OPEN),
)
_SETTLED = (
    Column("period_start", Kind.DATE, "First local day", nullable=False, sensitivity=Sensitivity.OPEN),
    Column("period_end", Kind.DATE, "Local day after the last", nullable=False, sensitivity=Sensitivity.OPEN),
)
_KNOWN = (
    Column(
        "complete", Kind.BOOL, "The period is over, nothing is immature, no hole (METRICS, Maturity)", nullable=False
    ),
    Column("as_at", Kind.INSTANT, "Until when the row knows", nullable=False),
    text("notes", "Codes joined by ;", nullable=False),
    text("definition_version", "Version of the definition", nullable=False),
)

ATTENDANCE_CURVE = Table(
    "attendance_curve",
    "How many of all incidents had been attended, and how many closed unattended, by time since the call (Aalen-Johansen): at 15 min, each hour to 24 h, each sixth to 7 d",
    (
        *_PERIOD,
        text("grade_basis", "initial or final", nullable=False, sensitivity=Sensitivity.OPEN),
        text("grade_scheme", "Set of grades; all where grade is all", nullable=False, sensitivity=Sensitivity.OPEN),
        text("grade", "Grade, or all", nullable=False, sensitivity=Sensitivity.OPEN),
        text("population", "domestic_abuse, other, unknown or all", nullable=False, sensitivity=Sensitivity.OPEN),
        text("area", "Area of the force, or all", nullable=False, sensitivity=Sensitivity.OPEN),
        Column("after_s", Kind.DOUBLE, "Seconds since the clock started", nullable=False, sensitivity=Sensitivity.OPEN),
        *_SETTLED,
        Column("attended_share", Kind.DOUBLE, "Share attended by then; NULL past the last known time where an incident was open at it"),
        Column("closed_share", Kind.DOUBLE, "Share closed by then and never attended"),
        Column("n", Kind.INT, "Incidents of known outcome", nullable=False),
        Column("n_immature", Kind.INT, "Incidents last seen open before then", nullable=False),
        Column("n_unknown", Kind.INT, "Incidents whose outcome the source cannot tell, left out", nullable=False),
        Column("n_excluded", Kind.INT, "Incidents of the cell outside the population", nullable=False),
        Column("n_clock_fallback", Kind.INT, "Incidents whose clock starts at created_at", nullable=False),
        *_KNOWN,
    ),
)  # fmt: skip

REGRADE_MATRIX = Table(
    "regrade_matrix",
    "Incidents by the grade first given and the grade last given",
    (
        *_PERIOD,
        text("grade_scheme", "Set of grades", nullable=False, sensitivity=Sensitivity.OPEN),
        text("grade_initial", "Grade first given", nullable=False, sensitivity=Sensitivity.OPEN),
        text("grade_final", "Grade last given; unknown where there is none", nullable=False, sensitivity=Sensitivity.OPEN),
        text("population", "domestic_abuse, other, unknown or all", nullable=False, sensitivity=Sensitivity.OPEN),
        text("area", "Area of the force, or all", nullable=False, sensitivity=Sensitivity.OPEN),
        *_SETTLED,
        Column("incidents", Kind.INT, "Incidents that count", nullable=False),
        Column("of_initial", Kind.INT, "Incidents with the same initial grade", nullable=False),
        Column("share", Kind.DOUBLE, "incidents / of_initial", nullable=False),
        *_KNOWN,
    ),
)  # fmt: skip

RESTATEMENTS = Table(
    "restatements",
    "Values that had been published as complete and have changed since",
    (
        *(text(name, f"Key of the value: {name.replace('_', ' ')}", nullable=False) for name in VALUE_KEYS),
        Column("period_start", Kind.DATE, "First local day", nullable=False),
        Column("period_end", Kind.DATE, "Local day after the last", nullable=False),
        Column("old_value", Kind.DOUBLE, "Value as it had been published"),
        Column("new_value", Kind.DOUBLE, "Value now"),
        Column("restated_at", Kind.INSTANT, "now of the run that changed it", nullable=False),
        text(
            "cause", "export, configuration or definition; rebuild where it was made anew from the same", nullable=False
        ),
        text("cause_detail", "Export ids, hashes or versions that differ", nullable=False),
    ),
)

# What a small number hides is hidden whole: of the counts beside it nothing is told.
PUBLIC_VALUES = replace(
    METRIC_VALUES,
    meaning="Values that may be published: months and whole financial years, small numbers NULL and noted suppressed",
    columns=tuple(
        replace(column, nullable=column.nullable or column.name.startswith("n_")) for column in METRIC_VALUES.columns
    ),
)

RESULTS = (METRIC_VALUES, ATTENDANCE_CURVE, REGRADE_MATRIX, COVERAGE, RECEIPTS, FOLDS, NOTICES, RESTATEMENTS)
TABLES = {table.name: table for table in (*CURATED, *RESULTS)}
