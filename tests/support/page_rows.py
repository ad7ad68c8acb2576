"""Made-up results of one force, in the shape of the contracts: what the page and the release pack are tested on.

Figures follow a fixed arithmetic, so that a test can work them out anew; none comes from a real force.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import duckdb
import pandas as pd

from callclock.bookkeeping import COVERAGE, NOTICES, RECEIPTS
from callclock.clock import Month, Period, PeriodKind, periods_of
from callclock.columns import Table
from callclock.contracts import ATTENDANCE_CURVE, METRIC_VALUES, RESTATEMENTS, VALUE_KEYS
from callclock.engine import connect, name
from callclock.scorecard import facts

NEWEST = Month(2026, 3)
MONTHS = 26
AS_AT = datetime(2026, 4, 3, 6, 0)  # noqa: DTZ001 - as DuckDB hands it out
NASTY = "<script>alert('area')</script>"
AREAS = ("North", "South", NASTY)
STAGES = {
    "answered": 0.7,
    "skill_queue": 0.15,
    "ivr_before_alternative": 0.05,
    "switchboard_queue": 0.06,
    "failed": 0.04,
}
SLOWER = {"all": 1.0, "domestic_abuse": 2.0, "other": 0.9}
CURVE_TIMES = (900.0, *(3600.0 * hour for hour in range(1, 25)), *(3600.0 * hour for hour in range(30, 169, 6)))

type Row = dict[str, object]


def months() -> list[Month]:
    return [NEWEST.plus(-back) for back in reversed(range(MONTHS))]


def periods(month: Month) -> list[Period]:
    wanted = {PeriodKind.MONTH, PeriodKind.FY_TO_DATE, PeriodKind.ROLLING_12M}
    return [period for period in periods_of(month) if period.kind in wanted]


def wave(month: Month) -> float:
    """Between -1 and 1, another one every month, the same in every run."""
    return math.sin(month.year * 12 + month.month)


def row(metric: str, period: Period, unit: str, value: float | None, **more: object) -> Row:
    keys: Row = dict.fromkeys(VALUE_KEYS, "all")
    keys |= {"metric": metric, "period_kind": period.kind.value, "period_label": period.label, "basis": "record"}
    if metric.startswith("attendance."):
        keys["grade_basis"] = "initial"
    figures: Row = {
        "period_start": period.start, "period_end": period.end, "value": value, "unit": unit, "n": 400,
        "numerator": None, "denominator": None, "n_immature": 0, "n_unknown": 0, "n_excluded": 3, "n_clock_fallback": 0,
        "complete": True, "ci_low": None, "ci_high": None, "target": None, "as_at": AS_AT, "definition_version": "1", "notes": "",
    }  # fmt: skip
    if unit == "share" and value is not None:
        figures |= {"numerator": round(400 * value), "denominator": 400}
    return {**keys, **figures, **more}


def attendance() -> Iterator[Row]:
    for month in months():
        # Waits settle 28 days after the month, marks of seven days seven days after it.
        settled = month < NEWEST
        for period in periods(month):
            for grade in ("all", "1", "2", "unknown"):
                for population, factor in SLOWER.items():
                    for area in ("all", *AREAS) if month > NEWEST.plus(-13) else ("all",):
                        cell: Row = {"grade": grade, "population": population, "area": area}
                        cell["grade_scheme"] = "all" if grade == "all" else "standard"
                        wait = 40_000 * factor * (1 + 0.1 * wave(month)) * (2 if month == Month(2026, 1) else 1)
                        late = {"complete": settled, "n_immature": 0 if settled else 21}
                        yield row("attendance.incidents", period, "count", 400 if area == "all" else 130, **cell)
                        yield row("attendance.mean_s", period, "s", wait * 1.5, **cell, **late)
                        yield row("attendance.median_s", period, "s", wait, **cell, **late)
                        yield row("attendance.p90_s", period, "s", wait * 4, **cell, **late)
                        yield row("attendance.within_target", period, "share", 0.4 / factor, **cell, **late)
                        yield row("attendance.within_4h", period, "share", 0.35 / factor, **cell, **late)
                        yield row("attendance.over_7d", period, "share", 0.1 * factor, **cell, **late)
                        yield row("attendance.open", period, "count", 0 if settled else 17, **cell)
                        yield row("attendance.closed_unattended", period, "count", 40, **cell)


def curve_share(population: str, after_s: float) -> float:
    """Share attended by a time: slower for domestic abuse, four in five of all in the end."""
    return 0.8 * min(1.0, math.log1p(after_s / 900) / math.log1p(CURVE_TIMES[-1] / 900)) / SLOWER[population]


def curves() -> Iterator[Row]:
    """Curves of attendance. In the newest month some are open: from a day on not settled, in the South unknown then."""
    for month in months()[-14:]:
        for period in periods(month):
            for population in SLOWER:
                for grade, area in (("all", "all"), ("1", "all"), ("all", "South"), ("all", NASTY)):
                    for after_s in CURVE_TIMES:
                        late = month == NEWEST and after_s > 86_400
                        yield {
                            "period_kind": period.kind.value, "period_label": period.label, "period_start": period.start, "period_end": period.end,
                            "grade_basis": "initial", "grade_scheme": "all" if grade == "all" else "standard", "grade": grade,
                            "population": population, "area": area, "after_s": after_s, "closed_share": 0.1,
                            "attended_share": None if late and area == "South" else curve_share(population, after_s),
                            "n": 400, "n_immature": 3 if late else 0, "n_unknown": 0, "n_excluded": 3, "n_clock_fallback": 0,
                            "complete": not late, "as_at": AS_AT, "definition_version": "1", "notes": "",
                        }  # fmt: skip


def calls() -> Iterator[Row]:
    for month in months():
        for period in periods(month):
            for line, offered in (("999", 20_000), ("101", 28_000)):
                cell: Row = {"line": line, "n": offered}
                rate = (0.24 if line == "101" else 0.01) * (1 + 0.2 * wave(month))
                yield row("calls.offered", period, "count", offered, **cell)
                yield row("calls.answered", period, "count", offered * 0.7, **cell)
                yield row(
                    "calls.abandonment_rate", period, "share", rate, target=0.05 if line == "101" else None, **cell
                )
                yield row("calls.abandonment_rate_queued", period, "share", rate * 0.9, **cell)
                yield row("calls.callers_abandoned", period, "share", rate * 0.8, **cell)
                yield row("calls.wait_first_mean_s", period, "s", 300 + 40 * wave(month), **cell)
                yield row("calls.wait_first_median_s", period, "s", 120 + 20 * wave(month), **cell)
                yield row("calls.wait_first_p90_s", period, "s", 900, **cell)
                yield row(
                    "calls.answered_within_10s", period, "share", 0.85, target=0.9 if line == "999" else None, **cell
                )
                for stage, share in STAGES.items():
                    yield row("calls.stage_share", period, "share", share, stage=stage, **cell)
                    if stage != "answered":
                        yield row("calls.abandon_time_median_s", period, "s", 95.5, stage=stage, **cell)
                if period.kind is PeriodKind.MONTH:
                    for hour in range(168):
                        hourly = min(1.0, rate * (1 + hour % 24 / 24))
                        yield row(
                            "calls.abandonment_rate", period, "share", hourly, **{**cell, "hour_of_week": f"{hour:03d}"}
                        )  # type: ignore[arg-type]


def after_the_hang_up() -> Iterator[Row]:
    """Families C and D and the backlog, under the key columns that METRICS gives them."""
    found = {"answered_101": 0.4, "call_999": 0.05, "online_report": 0.1, "none_found": 0.45}
    for month in months():
        for period in periods(month):
            for window in ("15m", "1h", "4h", "24h", "72h"):
                for outcome, share in found.items():
                    key: Row = {"line": "101", "outcome": outcome, "window_label": window}
                    yield row("followthrough.share", period, "share", share, **key)
                    yield row("followthrough.placebo_share", period, "share", share * 0.1, **key)
                    yield row("followthrough.excess_share", period, "share", share * 0.9, **key)
                any_contact: Row = {"line": "101", "window_label": window}
                yield row("followthrough.placebo_share", period, "share", 0.055, **any_contact)
            within: Row = {"line": "101", "window_label": "72h"}
            yield row("followthrough.no_contact_found_share", period, "share", 0.45, **within)
            yield row("followthrough.no_contact_found_share_of_all", period, "share", 0.27, **within)
            yield row("followthrough.linkable_contact_share", period, "share", 0.8, channel="online_report")
            prompted: Row = {"line": "101", "outcome": "prompted", "window_label": "24h"}
            yield row("followthrough.prompted_online_share", period, "share", 0.12, **prompted)
            yield row("followthrough.unlinkable_share", period, "share", 0.4, line="101")
            yield row("followthrough.prompted_online_placebo_share", period, "share", 0.01, **prompted)
            for stage in ("skill_queue", "ivr_before_alternative"):
                yield row("followthrough.no_contact_found_share", period, "share", 0.5, **within, stage=stage)
                yield row("followthrough.no_contact_found_share_of_all", period, "share", 0.3, **within, stage=stage)
                yield row("followthrough.unlinkable_share", period, "share", 0.53, line="101", stage=stage)
            for outcome in ("attended", "never_attended"):
                key = {"outcome": outcome, "population": "domestic_abuse"}
                yield row("safeguarding.assessed_share", period, "share", 0.55, **key)
                yield row("safeguarding.declined_share", period, "share", 0.38, **key)
                yield row("safeguarding.shared_share", period, "share", 0.29, **key)
                yield row("safeguarding.shared_share", period, "share", 0.92, **key, risk_level="high")
    for day in range(1, 32):
        start = date(2026, 3, day)
        period = Period(PeriodKind.DAY, start, NEWEST.next_first_day if day == 31 else date(2026, 3, day + 1))
        for band, number in (("under_4h", 30), ("under_24h", 60), ("under_7d", 80), ("over_7d", 25)):
            yield row("attendance.backlog", period, "count", number + day, age_band=band)


def coverage() -> Iterator[Row]:
    for source, table in (("sim_cad", "incidents"), ("sim_acd", "calls")):
        yield {
            "source": source, "table_name": table, "export_id": f"{source}-1", "covered_from": datetime(2026, 3, 1),  # noqa: DTZ001
            "covered_to": datetime(2026, 3, 31, 22, 59), "exported_at": AS_AT, "resend": "snapshot", "selected_by": "start", "covers": "span",  # noqa: DTZ001
        }  # fmt: skip


def receipts() -> Iterator[Row]:
    for source, table, status in (
        ("sim_cad", "incidents", "read"),
        ("sim_acd", "calls", "read"),
        ("sim_cad", "none", "refused"),
    ):
        read = {"records_read": 1000, "accepted": 990, "set_aside": 5, "quarantined": 10}
        yield {
            "export_id": f"{source}-{1 if status == 'read' else 2}", "table_name": table, "object_key": f"incoming/SIM/{NASTY}.csv",
            "status": status, "reason": None, "message": None if status == "read" else "No profile matches: write one.", "profile": source,
            "profile_hash": "p", "config_hash": "c", "arrived_at": AS_AT, "exported_at": AS_AT,
            "folded": 0, "superseded": 0, "dropped": 0, "layout_skipped": 0, **read,
        }  # fmt: skip


def notices() -> Iterator[Row]:
    yield {
        "rule_id": "abandoned-101", "revision": "r1", "decided_at": AS_AT, "reason": "first_breach", "state": "breach", "severity": "critical",
        "since": date(2026, 2, 1), "frontier_end": date(2026, 4, 1), "metric": "calls.abandonment_rate", "value": 0.244,
        "subject": "101: 24.4 % hung up & nobody <answered>",
    }  # fmt: skip


def restatements() -> Iterator[Row]:
    """One of a measure that the page shows, and one of a measure that it does not."""
    february = Period(PeriodKind.MONTH, date(2026, 2, 1), date(2026, 3, 1))
    for metric, old, new in (("attendance.median_s", 39_600.0, 40_000.0), ("attendance.excluded", 48.0, 50.0)):
        said = row(metric, february, "s", 1.0)
        keys = {key: said[key] for key in (*VALUE_KEYS, "period_start", "period_end")}
        told = {"old_value": old, "new_value": new, "restated_at": AS_AT, "cause": "export", "cause_detail": "x"}
        yield {**keys, **told}


def results(db: duckdb.DuckDBPyConnection, values: Sequence[Row]) -> None:
    """Lay the tables that the page's SQL reads, with the types of their contracts."""
    for table, rows in (
        (METRIC_VALUES, values),
        (ATTENDANCE_CURVE, list(curves()) if any(v["metric"] == "attendance.incidents" for v in values) else []),
        (COVERAGE, list(coverage())),
        (RECEIPTS, list(receipts())),
        (NOTICES, list(notices())),
        (RESTATEMENTS, list(restatements())),
    ):
        lay(db, table, rows)


def lay(db: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Row]) -> None:
    columns = ", ".join(f"{name(c.name)} {c.kind.duckdb}" for c in table.columns)
    db.execute(f"CREATE TABLE {name(table.name)} ({columns})")
    if rows:
        frame = pd.DataFrame(rows, columns=[c.name for c in table.columns])  # noqa: F841 - DuckDB reads it by name
        db.execute(f"INSERT INTO {name(table.name)} SELECT * FROM frame")


def families_a_and_b() -> list[Row]:
    return [*attendance(), *calls()]


def everything() -> list[Row]:
    return [*families_a_and_b(), *after_the_hang_up()]


def gathered(workdir: Path, values: Sequence[Row]) -> facts.Facts:
    """What report would hand to the page."""
    with connect(workdir) as db:
        results(db, values)
        return facts.gather(db)
