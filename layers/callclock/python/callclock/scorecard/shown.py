"""Which measures the page shows, under which name, and the words for what their keys hold."""

from typing import Final

MONTHS_SHOWN: Final = 13

ATTENDANCE: Final = {
    "attendance.incidents": "Incidents",
    "attendance.mean_s": "Mean",
    "attendance.median_s": "Median",
    "attendance.p90_s": "90th percentile",
    "attendance.within_target": "Within target",
    "attendance.within_4h": "Within 4 h",
    "attendance.over_7d": "Nobody within 7 d",
    "attendance.open": "Still open",
    "attendance.closed_unattended": "Closed, nobody came",
}
CURVE_SAID: Final = (3600.0, 14_400.0, 86_400.0, 604_800.0)
"""Seconds since the call at which a sentence says how far the curves of attendance have come."""
CALLS: Final = {
    "calls.offered": "Offered",
    "calls.answered": "Answered",
    "calls.abandonment_rate": "Hung up",
    "calls.abandonment_rate_queued": "Hung up, of queued",
    "calls.callers_abandoned": "Callers never answered",
    "calls.wait_first_mean_s": "Mean wait",
    "calls.wait_first_median_s": "Median wait",
    "calls.wait_first_p90_s": "90th percentile",
    "calls.answered_within_10s": "Answered in 10 s",
}
POPULATIONS: Final = {"domestic_abuse": "Domestic abuse", "other": "Other", "all": "All"}
STAGES: Final = {
    "network": "Before the call connected",
    "ivr": "Hung up: recorded message",
    "ivr_before_alternative": "Hung up: recorded message",
    "ivr_after_alternative": "Hung up: other way offered",
    "ivr_contained": "Ended by the recorded message",
    "queue": "Hung up: queue",
    "switchboard_queue": "Hung up: switchboard queue",
    "skill_queue": "Hung up: call handler queue",
    "ringing": "Hung up: ringing",
    "callback_served": "Called back within 24 h",
    "callback_unserved": "Asked for a callback, none came",
    "callback_pending": "Callback still due",
    "transferred_out": "Passed to another service",
    "failed": "Failed technically",
    "unknown": "Not known",
    "answered": "Answered",
}
OUTCOMES: Final = {
    "callback": "Called back",
    "answered_101": "Rang 101 again and was answered",
    "call_999": "Rang 999",
    "online_report": "Reported online",
    "webchat": "Used web chat",
    "email_social": "Wrote by e-mail or social media",
    "front_counter": "Went to a front counter",
    "incident_logged": "Stands in an incident log",
    "none_found": "No contact found",
}
WINDOWS: Final = {"15m": "15 min", "1h": "1 h", "4h": "4 h", "24h": "24 h", "72h": "72 h"}
CHANCE: Final = {"share": "Found", "placebo": "A week earlier (placebo)", "excess": "More than by chance"}
REACH: Final = {
    "followthrough.no_contact_found_share_of_all": "Nothing found, of all (lower bound)",
    "followthrough.no_contact_found_share": "Nothing found, of the linkable (upper bound)",
    "followthrough.unlinkable_share": "Cannot be linked",
}
KNOWN: Final = ("linkable_contact_share", "prompted_online_share", "prompted_online_placebo_share")
PROMPTS: Final = {"prompted": "Had offered another way", "not_prompted": "Had not offered another way"}
FOLLOWED: Final = (
    "followthrough.share",
    "followthrough.placebo_share",
    "followthrough.excess_share",
    *REACH,
    *(f"followthrough.{name}" for name in KNOWN),
)
SAFEGUARDING: Final = {
    ("safeguarding.assessed_share", ""): "Risk assessed",
    ("safeguarding.assessed_within_24h", ""): "Assessed within 24 h",
    ("safeguarding.declined_share", ""): "Declined by the victim",
    ("safeguarding.no_record_share", ""): "Neither assessed nor declined",
    ("safeguarding.shared_share", "high"): "High risk shared with partners",
}
"""Headings by metric and level of risk; no level where all are meant."""
VICTIMS: Final = {"attended": "Victims who were attended", "never_attended": "Victims never attended"}
BACKLOG: Final = "attendance.backlog"
AGE_BANDS: Final = {
    "under_4h": "Under 4 h",
    "under_24h": "4 to 24 h",
    "under_7d": "1 to 7 d",
    "over_7d": "7 d and over",
}
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

CHARTED: Final = (
    "attendance.median_s",
    "attendance.within_4h",
    "attendance.over_7d",
    "calls.wait_first_median_s",
    "calls.wait_first_mean_s",
    "calls.abandonment_rate",
    "calls.answered_within_10s",
)
"""Measures read as XmR charts over their whole history (METRICS "Signals over time")."""

METRICS: Final = tuple(
    dict.fromkeys(
        (
            *ATTENDANCE,
            *CALLS,
            "calls.stage_share",
            "calls.abandon_time_median_s",
            *FOLLOWED,
            *(metric for metric, _ in SAFEGUARDING),
            BACKLOG,
            *CHARTED,
        )
    )
)
"""Every measure that the page shows."""

NAMES: Final = {
    **{metric: f"Attendance: {name[:1].lower()}{name[1:]}" for metric, name in ATTENDANCE.items()},
    **{metric: f"Calls: {name[:1].lower()}{name[1:]}" for metric, name in CALLS.items()},
    **{metric: f"Safeguarding: {name[:1].lower()}{name[1:]}" for (metric, _), name in SAFEGUARDING.items()},
    "calls.stage_share": "Calls: where they ended",
    "calls.abandon_time_median_s": "Calls: median time until people hung up",
    "followthrough.share": "After the hang-up: first contact found",
    "followthrough.placebo_share": "After the hang-up: found a week earlier",
    "followthrough.excess_share": "After the hang-up: more than by chance",
    **{metric: f"After the hang-up: {name[:1].lower()}{name[1:]}" for metric, name in REACH.items()},
}
"""What a measure is called where it stands alone."""
