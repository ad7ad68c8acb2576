"""Which cells a measure has values in: a rule on any other would be accepted and tell nobody.

The SQL says it in joins; here it is said once more, in a form that can be asked. A test works every measure out and
holds the two against each other.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from callclock.clock import PeriodKind
from callclock.contracts import STAGES

_EVERY: Final = frozenset(PeriodKind)
_LONG: Final = _EVERY - {PeriodKind.DAY, PeriodKind.WEEK}
_MONTH: Final = frozenset({PeriodKind.MONTH})
_DAY: Final = frozenset({PeriodKind.DAY})


@dataclass(frozen=True)
class Cells:
    """Cells of a measure.

    Attributes
    ----------
    always
        Keys that it is never summed over: lines, sources, windows.
    together
        Further keys that its values are broken down by together, each as well as not, and for which kinds of period.
    """

    always: frozenset[str]
    together: tuple[tuple[frozenset[str], frozenset[PeriodKind]], ...]

    def kinds(self, keys: Collection[str]) -> frozenset[PeriodKind]:
        """Kinds of period for which there are values that are broken down by exactly these keys."""
        if not self.always <= set(keys):
            return frozenset()
        found = [kinds for further, kinds in self.together if set(keys) - self.always <= further]
        return frozenset(kind for kinds in found for kind in kinds)

    def fault(self, keys: Collection[str], kind: PeriodKind) -> str | None:
        """Say why no value is ever broken down by exactly these keys; None where there can be some."""
        missing = sorted(self.always - set(keys))
        if missing:
            return f"it is never summed over {' and '.join(missing)}: name one of each"
        kinds = self.kinds(keys)
        if kind in kinds:
            return None
        by = " and ".join(sorted(set(keys) - self.always))
        if not kinds:
            return f"it is never broken down by {by} together: leave one out"
        return f"by {by} it is measured by {', '.join(sorted(kinds))}, never by {kind}"


def _cells(always: str, *together: tuple[str, frozenset[PeriodKind]]) -> Cells:
    return Cells(frozenset(always.split()), tuple((frozenset(keys.split()), kinds) for keys, kinds in together))


def _graded(reason: str = "") -> Cells:
    return _cells(
        "",
        (f"grade population {reason}", _EVERY),
        (f"grade population area {reason}", _LONG),
        (f"grade hour_of_week {reason}", _MONTH),
    )


_BY_HOUR = _cells("line", ("", _EVERY), ("hour_of_week", _MONTH))
_BY_CALLER = _cells("line", ("", _EVERY))
_TO_HANG_UP = _cells("line", ("queue stage", _EVERY), ("stage hour_of_week", _MONTH))
_BY_STAGE = _cells("line stage", ("queue", _EVERY), ("hour_of_week", _MONTH))
_BY_WINDOW = _cells("line window_label", ("stage", _LONG))
_BY_CHANCE = _cells("line window_label", ("outcome", _LONG))
_BY_PROMPT = _cells("line outcome window_label", ("", _LONG))
_BY_RISK = _cells("outcome", ("risk_level", _EVERY))
_OF_MEASURE: Final = {
    "attendance.backlog": _cells("", ("grade population age_band", _DAY)),
    "attendance.closed_unattended": _graded("reason"),
    "attendance.excluded": _graded("reason"),
    "calls.abandon_time_median_s": _TO_HANG_UP,
    "calls.abandon_time_mean_s": _TO_HANG_UP,
    "calls.abandoned_share": _BY_STAGE,
    "calls.stage_share": _BY_STAGE,
    "calls.callers_abandoned": _BY_HOUR,
    "calls.high_volume_call_share": _BY_CALLER,
    "calls.high_volume_callers": _BY_CALLER,
    "calls.repeat_callers": _BY_CALLER,
    "calls.hung_up_again": _BY_WINDOW,
    "followthrough.delay_median_s": _cells("line window_label", ("stage", _LONG), ("outcome", _LONG)),
    "followthrough.share": _cells("line outcome window_label", ("stage", _LONG)),
    "followthrough.linkable_contact_share": _cells("channel", ("", _LONG)),
    "followthrough.unlinkable_share": _cells("line", ("stage", _LONG)),
    "followthrough.no_contact_found_share": _BY_WINDOW,
    "followthrough.no_contact_found_share_of_all": _BY_WINDOW,
    "followthrough.placebo_share": _BY_CHANCE,
    "followthrough.excess_share": _BY_CHANCE,
    "followthrough.prompted_online_share": _BY_PROMPT,
    "followthrough.prompted_online_placebo_share": _BY_PROMPT,
    "safeguarding.shared_share": _BY_RISK,
    "safeguarding.time_to_share_median_s": _BY_RISK,
}
_OF_FAMILY: Final = {
    "attendance.gap_": _cells("population", ("grade", _EVERY), ("grade area", _LONG)),
    "attendance.": _graded(),
    "calls.": _cells("line", ("queue", _EVERY), ("hour_of_week", _MONTH)),
    "safeguarding.": _cells("outcome", ("", _EVERY)),
    "feed.": _cells("source", ("", _DAY)),
}
_STAGES: Final = (STAGES - {"callback"}) | {"callback_served", "callback_unserved", "callback_pending"}
_WORDS: Final = {
    "population": frozenset({"domestic_abuse", "other", "unknown"}),
    "grade_basis": frozenset({"initial", "final"}),
    "age_band": frozenset({"under_4h", "under_24h", "under_7d", "over_7d"}),
    "window_label": frozenset({"15m", "1h", "4h", "24h", "72h"}),
    "hour_of_week": frozenset(f"{hour:03d}" for hour in range(168)),
    "stage": _STAGES,
}
_OUTCOMES: Final = {
    "safeguarding.": frozenset({"attended", "never_attended"}),
    "followthrough.prompted_": frozenset({"prompted", "not_prompted"}),
    "followthrough.": frozenset({
        "callback", "answered_101", "call_999", "online_report", "webchat", "email_social", "front_counter",
        "incident_logged", "none_found",
    }),
}  # fmt: skip
UNASKED: Final = frozenset({"basis", "grade_basis", "grade_scheme"})
"""Keys that a rule finds without naming them."""


def cells_of(metric: str, by_interval: bool = False) -> Cells:
    """Cells of a measure; counts by interval have names of records, and cells of their own."""
    if by_interval:
        return _BY_HOUR
    named = _OF_MEASURE.get(metric)
    return named or next(cells for start, cells in _OF_FAMILY.items() if metric.startswith(start))


def words_of(metric: str, key: str) -> frozenset[str]:
    """All that a key of a measure ever holds; nothing where a force's own names or its source's codes decide."""
    if key == "outcome":
        return next((words for start, words in _OUTCOMES.items() if metric.startswith(start)), frozenset())
    if key == "population" and metric.startswith("attendance.gap_"):
        return frozenset({"domestic_abuse"})
    return _WORDS.get(key, frozenset())
