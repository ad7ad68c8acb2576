"""The Athena query behind each table: named, so that it can be saved, and printed on the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from callclock.engine import quote
from callclock.scorecard import shown

_FORCE = "{force}"


@dataclass(frozen=True)
class Query:
    """A named query; ``sql`` has ``{force}`` where the force code stands."""

    id: str
    title: str
    sql: str

    def of(self, force_code: str) -> str:
        """SQL for one force."""
        return self.sql.replace(_FORCE, quote(force_code))

    @property
    def asking(self) -> str:
        """SQL whose one parameter is the force code, as it is saved in Athena."""
        return self.sql.replace(_FORCE, "?")


_CHOSEN = ("month", "fy_to_date", "rolling_12m")
"""Kinds of the periods that the reader of the page can choose."""


def _values(
    name: str, title: str, metrics: Sequence[str], *, kinds: Sequence[str] = _CHOSEN, by_hour: bool = False
) -> Query:
    """Query of metric values at the grain of the page, every figure with what it rests on."""
    wanted = ",\n    ".join(quote(metric) for metric in metrics)
    return Query(
        name,
        title,
        f"""SELECT metric, period_kind, period_label, period_end, grade, grade_scheme, population, area, line, stage,
    channel, hour_of_week, outcome, age_band, window_label, risk_level, value, unit, n, numerator, denominator,
    n_immature, n_unknown, complete, target, as_at
FROM results.metric_values
WHERE force_code = {_FORCE} AND period_kind IN ({", ".join(quote(kind) for kind in kinds)})
  AND metric IN (
    {wanted}
  )
  AND grade_basis IN ('all', 'initial') AND queue = 'all' AND reason = 'all' AND source = 'all' AND basis = 'record'
  AND hour_of_week {"<>" if by_hour else "="} 'all'
ORDER BY metric, period_kind, period_end, grade, grade_scheme, population, area, line, stage, channel, hour_of_week,
    outcome, age_band, window_label, risk_level""",
    )


def _whole(table: str, title: str, newest_by: str, condition: str = "") -> Query:
    return Query(
        table,
        title,
        f"SELECT *\nFROM results.{table}\nWHERE force_code = {_FORCE}{condition}\nORDER BY {newest_by} DESC",
    )


_CURVE = Query(
    "attendance-curve",
    "Attendance by time since the call",
    f"""SELECT period_kind, period_label, grade, population, area, after_s, attended_share, closed_share, n, n_immature,
    n_unknown, complete, as_at
FROM results.attendance_curve
WHERE force_code = {_FORCE} AND period_kind IN ('month', 'fy_to_date', 'rolling_12m')
  AND grade_basis IN ('all', 'initial')
ORDER BY period_kind, period_end, grade, population, area, after_s""",
)


def history(metric: str) -> str:
    """Name of the query that gives a charted metric over its whole history."""
    return f"history-{metric.replace('.', '-').replace('_', '-')}"


QUERIES: Final[Mapping[str, Query]] = {
    query.id: query
    for query in (
        _values("attendance-by-month", "Attendance by month, year to date and rolling year", tuple(shown.ATTENDANCE)),
        _CURVE,
        _values("calls-by-month", "Calls by month, year to date and rolling year", tuple(shown.CALLS)),
        _values(
            "calls-by-stage",
            "Calls by stage, month, year to date and rolling year",
            ("calls.stage_share", "calls.abandon_time_median_s"),
        ),
        _values(
            "hung-up-by-hour",
            "Hung up by hour of the week",
            ("calls.abandonment_rate",),
            kinds=("month",),
            by_hour=True,
        ),
        _values(
            "after-the-hang-up", "After the hang-up, by month, year to date and rolling year", tuple(shown.FOLLOWED)
        ),
        _values(
            "safeguarding",
            "Safeguarding by month, year to date and rolling year",
            tuple(metric for metric, _ in shown.SAFEGUARDING),
        ),
        _values("backlog", "Backlog by day", (shown.BACKLOG,), kinds=("day",)),
        *(_values(history(metric), f"History of {metric}", (metric,), kinds=("month",)) for metric in shown.CHARTED),
        _whole("coverage", "Coverage of every export", "exported_at"),
        _whole("receipts", "What was read of each export", "arrived_at"),
        _whole("notices", "Notices sent", "decided_at"),
        _whole("restatements", "Restatements of monthly figures", "restated_at", " AND period_kind = 'month'"),
    )
}
"""Every query that the page can name."""
