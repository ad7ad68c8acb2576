"""Real exports, read by profile alone through the real template: our tables give the reference figures.

The reference answers (`expected.json`) were worked out in plain Python from the raw files, for *all* rows; our headline
population leaves some of them out by definition. So each set is compared on the curated rows, all of them, and then the
published values on the cohorts where the two definitions agree.
"""

import json
import os
import statistics
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from callclock import layout
from callclock.contracts import TABLES
from callclock.exports.callers import CallerSecret
from callclock.exports.profile import parse_profiles
from callclock.exports.receipt import Receipt
from callclock.exports.stage import Export, stage
from callclock.lake.curate import Curator
from callclock.settings import assemble
from local.athena import query_directory
from local.cli import app
from tests.support.memory_lake import MemoryBucket, read_rows

REAL = os.environ.get("CALLCLOCK_REAL_DATA")
pytestmark = pytest.mark.skipif(REAL is None, reason="CALLCLOCK_REAL_DATA names no folder of real exports")
HERE = Path(__file__).parent


class Left:
    """What one run of the whole system over a real set left, and the reference answers to it."""

    def __init__(self, name: str, out: Path) -> None:
        folder = Path(str(REAL)) / name
        config = configured(name, out.parent / f"config-{name}")
        files = [str(path) for path in exports_of(name)]
        command = ["run", *files, "--config", str(config), "--out", str(out), "--json"]
        result = CliRunner().invoke(app, command, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        self.report = json.loads(result.stdout)
        self.expected = json.loads((folder / "expected.json").read_text())
        self.out = out

    def ask(self, sql: str) -> list[dict[str, Any]]:
        names, rows = query_directory(sql, self.out)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def files(self, folder: str) -> list[dict[str, Any]]:
        """Rows of every Parquet file below a folder: the tables' projection begins in 2010, before which Athena sees none."""
        return [row for path in sorted((self.out / folder).rglob("*.parquet")) for row in read_rows(path)]


def configured(name: str, config: Path) -> Path:
    """Lay the profile and settings of a set out as ``config/``."""
    (config / "sources").mkdir(parents=True)
    for file in (HERE / name).glob("*.toml"):
        target = config / "sources" / f"{name}.toml" if file.name == "profile.toml" else config / file.name
        target.write_bytes(file.read_bytes())
    return config


def exports_of(name: str) -> list[Path]:
    return [path for path in sorted((Path(str(REAL)) / name).iterdir()) if path.name != "expected.json"]


def curated(name: str, tmp_path: Path) -> tuple[list[dict[str, Any]], dict[str, Any], list[Receipt]]:
    """Rows of a set that spans many years, staged and curated by the library alone; reference answers; receipts."""
    overrides = {
        f"sources/{name}.toml" if file.name == "profile.toml" else file.name: file.read_text("utf-8")
        for file in (HERE / name).glob("*.toml")
    }
    settings = assemble(overrides)
    [(code, force)] = settings.forces.items()
    [profile] = [p for p in parse_profiles(settings.profiles) if p.name == name]
    lake, months, receipts = MemoryBucket(), set(), []
    for file in exports_of(name):
        export = Export(code, f"incoming/{code}/{file.name}", file, {}, datetime.now(UTC), None)
        secret = CallerSecret(epoch="1", secret=b"test")
        staging = stage(export, profile, force=force, secret=secret, config_hash="x", workdir=tmp_path / file.name)
        receipts.append(staging.receipt)
        for month, part in staging.parts.items():
            lake.put(layout.staged(profile.table, code, month, staging.receipt.export_id), part)
            months.add(month)
    Curator(lake, TABLES[profile.table], code, force.zone, force.clock_tolerance_s, tmp_path / "fold").curate(
        sorted(months), {}
    )
    rows = []
    for listed in lake.list(layout.curated_prefix(profile.table, code)):
        lake.fetch(listed.key, tmp_path / "month.parquet")
        rows += read_rows(tmp_path / "month.parquet")
    return rows, json.loads((Path(str(REAL)) / name / "expected.json").read_text()), receipts


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made: dict[str, Left] = {}

    def of(name: str) -> Left:
        if name not in made:
            made[name] = Left(name, tmp_path_factory.mktemp("real") / name)
        return made[name]

    return of


def figures(waits_ms: Iterable[int | None]) -> dict[str, Any]:
    """The reference's own figures of a group, from our waits: counts exactly, times in seconds."""
    all_ = list(waits_ms)
    waits = sorted(w / 1000 for w in all_ if w is not None)

    def percentile(p: float) -> float:
        place = (len(waits) - 1) * p
        low = int(place)
        high = min(low + 1, len(waits) - 1)
        return waits[low] + (waits[high] - waits[low]) * (place - low)

    found: dict[str, Any] = {
        "records": len(all_),
        "no_time_to_attend": len(all_) - len(waits),
        "zero": sum(w == 0 for w in waits),
        "measured": len(waits),
        "n_within_15min": sum(w <= 900 for w in waits),
        "n_within_60min": sum(w <= 3600 for w in waits),
        "n_within_4h": sum(w <= 14400 for w in waits),
        "n_over_7d": sum(w > 604800 for w in waits),
    }
    if waits:
        found |= {
            "mean_s": statistics.fmean(waits),
            "median_s": percentile(0.5),
            "p90_s": percentile(0.9),
            "max_s": waits[-1],
        }
    return found


def naive(rows: Sequence[dict[str, Any]], zone: str) -> list[dict[str, Any]]:
    """The reference subtracts wall clocks. Ours are UTC, so a wait that spans the end of summer time is an hour longer
    here, which is right; both are worked out, and every difference must be that hour."""
    local = ZoneInfo(zone)

    def wall(instant: datetime) -> datetime:
        return instant.replace(tzinfo=UTC).astimezone(local).replace(tzinfo=None)

    found = []
    for row in rows:
        ours = row["attend_ms"]
        theirs = None
        if ours is not None:
            theirs = (wall(row["first_arrived_at"]) - wall(row["clock_start_at"])) // timedelta(milliseconds=1)
            assert ours - theirs in {0, 3_600_000, -3_600_000}
        found.append({**row, "attend_ms": theirs, "hour_differs": ours != theirs})
    return found


def check(rows: Sequence[dict[str, Any]], expected: dict[str, Any], where: str) -> None:
    found = figures(row["attend_ms"] for row in rows)
    for name, value in found.items():
        if isinstance(value, int):
            assert value == expected[name], f"{where}: {name}"
        else:
            assert value == pytest.approx(expected[name], abs=1e-3), f"{where}: {name}"


def check_groups(
    rows: Sequence[dict[str, Any]], by: str, expected: dict[str, dict[str, Any]], names: dict[str, str] | None = None
) -> None:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((names or {}).get(str(row[by]), str(row[by])), []).append(row)
    assert set(groups) == set(expected)
    for name, group in groups.items():
        check(group, expected[name], f"{by} {name}")


DOMESTIC = {"True": "domestic", "False": "other"}
INCIDENTS = "SELECT * FROM curated.incidents"


def test_decc_cad_all_rows(left: Any) -> None:
    made = left("decc-cad")
    rows = naive(made.ask(INCIDENTS), "America/New_York")
    assert sum(row["hour_differs"] for row in rows) == 4, "waits that span 2 November 2025, 02:00"
    expected = made.expected
    assert len(rows) == expected["rows"]
    assert sum(row["reopened"] for row in rows) == expected["reopened"]
    weeks = {r["export_id"]: r["object_key"][-6:-4] for r in made.report["receipts"] if r["table_name"] == "incidents"}
    for row in rows:
        row["week"] = weeks[row["export_id"]]
        row["both"] = f"{row['grade_initial']}|{DOMESTIC[str(row['domestic_abuse'])]}"
    police = [row for row in rows if row["service"] == "police"]
    public = [row for row in police if row["origin"] == "public"]
    for name, mine in (("all_agencies", rows), ("police", police), ("police_from_public", public)):
        wanted = expected[name]
        check(mine, wanted["overall"], name)
        check_groups(mine, "grade_initial", wanted["by_priority"])
        check_groups(mine, "domestic_abuse", wanted["domestic_vs_other"], DOMESTIC)
        check_groups(mine, "both", wanted["by_priority_and_domestic"])
        check_groups(mine, "week", wanted["by_week"])
    # Officers already there: the reference takes their zero for no time at all.
    later = [{**row, "attend_ms": row["attend_ms"] or None} for row in police]
    check(later, expected["police"]["excluding_zero_time_to_attend"], "police, not at once")


def test_decc_cad_published_values_where_the_definitions_agree(left: Any) -> None:
    """Police incidents from the public, by priority: ours leave out arrivals at zero seconds (already on scene), so the
    groups without any are equal to the millisecond, and of the others the counts differ by exactly those. A wait that spans
    the end of summer time is an hour longer here, and moves the mean by exactly that."""
    made = left("decc-cad")
    rows = made.ask(
        """SELECT metric, grade, value, n FROM results.metric_values WHERE period_kind = 'rolling_12m' AND period_label = '2025-11'
           AND population = 'all' AND area = 'all' AND grade_basis = 'initial' AND grade <> 'all' AND reason = 'all'"""
    )
    found = {(row["metric"], row["grade"]): row for row in rows}
    counted = [
        row
        for row in naive(made.ask(INCIDENTS), "America/New_York")
        if row["service"] == "police" and not row["exclusion"]
    ]
    longer = [row for row in counted if row["hour_differs"]]
    compared = 0
    for grade, expected in made.expected["police_from_public"]["by_priority"].items():
        attended = found[("attendance.attended", grade)]["value"]
        assert attended == expected["measured"] - expected["zero"], grade
        if expected["zero"]:
            continue
        mine = [row for row in longer if row["grade_initial"] == grade]
        mean = expected["mean_s"] + 3600 * len(mine) / expected["measured"]
        assert found[("attendance.mean_s", grade)]["value"] == pytest.approx(mean, abs=1e-3), grade
        if mine:
            continue
        compared += 1
        for metric, name in (("attendance.median_s", "median_s"), ("attendance.p90_s", "p90_s")):
            assert found[(metric, grade)]["value"] == pytest.approx(expected[name], abs=1e-3), (metric, grade)
    assert compared >= 1


def test_sffd_units_are_incidents(tmp_path: Path) -> None:
    found, expected, [receipt] = curated("sffd-units", tmp_path)
    rows = naive(found, "America/Los_Angeles")
    assert len(rows) == expected["incidents"]
    check(rows, expected["overall"], "all")
    check_groups(rows, "grade_final", expected["by_final_priority"])
    check_groups(rows, "opening_code", expected["by_call_type"])
    by_year = [{**row, "year": str(row["local_date"])[:4]} for row in rows]
    check_groups(by_year, "year", expected["by_year_received"])
    sent = [
        {"attend_ms": (row["first_dispatched_at"] - row["call_received_at"]) // timedelta(milliseconds=1)}
        for row in rows
    ]
    check(sent, expected["received_to_first_dispatch"], "received to first dispatch")
    assert receipt.records_read == expected["unit_rows"] == receipt.accepted + receipt.folded


def test_spd_calls(tmp_path: Path) -> None:
    found, expected, _ = curated("spd-calls-222", tmp_path)
    rows = naive(found, "America/Los_Angeles")
    assert len(rows) == expected["rows"]
    check(rows, expected["overall"], "all")
    check([row for row in rows if row["origin"] != "officer"], expected["excluding_ONVIEW"], "without ONVIEW")
    check_groups(rows, "grade_initial", expected["by_priority"])
    check_groups(rows, "domestic_abuse", expected["domestic_vs_other"], DOMESTIC)
    by_year = [{**row, "year": str(row["local_date"])[:4]} for row in rows]
    check_groups(by_year, "year", expected["by_year"])
    domestic = {row["incident_id"] for row in rows if row["domestic_abuse"]}
    assert domestic == set(expected["domestic_rows"])


# One call was queued at midnight sharp, where the export's 0:00:00 means "never queued" (its q_time of 27 s gives it away).
# The reference takes the sentinel at its word, and so does the profile: both count it as not queued.
def calls_figures(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    ivr = sum(row["stage"] == "ivr" for row in rows)
    queue = sum(row["stage"] == "queue" for row in rows)
    return {
        "calls": len(rows),
        "answered": sum(row["stage"] == "answered" for row in rows),
        "abandoned": ivr + queue,
        "abandoned_in_vru": ivr,
        "abandoned_in_queue": queue,
        "joined_queue": sum(row["queued_at"] is not None for row in rows),
    }


def check_calls(rows: Sequence[dict[str, Any]], by: str, expected: dict[str, dict[str, Any]]) -> None:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(str(row[by]), []).append(row)
    assert set(groups) == set(expected)
    for name, group in groups.items():
        for figure, value in calls_figures(group).items():
            assert value == expected[name][figure], (by, name, figure)


def test_anonbank_calls(left: Any) -> None:
    made = left("anonbank-1999-02")
    expected = made.expected
    rows = made.files("lake/curated/calls")
    for name, value in calls_figures(rows).items():
        assert value == expected["overall"][name], name
    check_calls(rows, "queue", expected["by_type"])
    check_calls(rows, "priority", expected["by_priority"])
    dated = [
        {**row, "day": str(row["local_date"])[2:].replace("-", ""), "hour": str(row["local_hour"])} for row in rows
    ]
    check_calls(dated, "day", expected["by_date"])
    check_calls(dated, "hour", expected["by_hour_of_vru_entry"])
    answered = [row for row in rows if row["stage"] == "answered"]
    reported = {
        "vru_time_all_nonneg": [row["reported_ivr_ms"] for row in rows],
        "wait_answered_incl_zero": [row["reported_queue_ms"] or 0 for row in answered],
        "wait_answered_queued_only": [row["reported_queue_ms"] for row in answered if row["queued_at"]],
        "wait_abandoned_in_queue": [row["reported_queue_ms"] for row in rows if row["stage"] == "queue"],
        "service_time_answered_positive": [row["reported_talk_ms"] or None for row in answered],
    }
    for name, waits in reported.items():
        found, wanted = figures(waits), expected[name]
        assert found["measured"] == wanted["n"], name
        for figure in ("mean_s", "median_s", "p90_s", "max_s"):
            assert found[figure] == pytest.approx(wanted[figure], abs=1e-3), (name, figure)
    for seconds, shares in expected["answered_within"].items():
        quick = sum((row["reported_queue_ms"] or 0) <= int(seconds) * 1000 for row in answered)
        assert quick / len(answered) == pytest.approx(shares["of_answered"], abs=5e-7), seconds


def test_anonbank_published_rates(left: Any) -> None:
    made = left("anonbank-1999-02")
    rows = [
        row
        for row in made.files("results/internal/metric_values")
        if (row["period_kind"], row["period_label"], row["line"]) == ("month", "1999-02", "101")
        and (row["hour_of_week"], row["stage"]) == ("all", "all")
    ]
    found = {(row["metric"], row["queue"]): row for row in rows}
    for queue, expected in {**made.expected["by_type"], "all": made.expected["overall"]}.items():
        rate = found[("calls.abandonment_rate", queue)]
        assert (rate["numerator"], rate["denominator"]) == (expected["abandoned"], expected["calls"]), queue
        assert rate["value"] == pytest.approx(expected["abandonment_rate"], abs=5e-7)
        queued = found[("calls.abandonment_rate_queued", queue)]
        assert (queued["numerator"], queued["denominator"]) == (
            expected["abandoned_in_queue"],
            expected["joined_queue"],
        ), queue


def test_decc_phone_published_counts(left: Any) -> None:
    """Hourly counts of two lines, from 26 October to 1 November: added up over the days and over the hours."""
    found = left("decc-phone")
    rows = found.ask(
        "SELECT metric, period_kind, line, hour_of_week, numerator, denominator, value FROM results.metric_values "
        "WHERE force_code = 'DECC' AND basis = 'interval' AND period_kind IN ('day', 'month')"
    )
    expected = found.expected["week_44"]
    for line, name in (("999", "911"), ("101", "ADM")):
        days = [row for row in rows if row["line"] == line and row["period_kind"] == "day"]
        for metric, figure in (("offered", "total_column"), ("answered", "answered"), ("abandoned", "abandoned")):
            counted = sum(row["value"] for row in days if row["metric"] == f"calls.{metric}")
            assert counted == expected[name][figure], f"{line} {metric}"
    hours: dict[str, list[int]] = {}
    for row in rows:
        if row["metric"] == "calls.abandonment_rate" and row["hour_of_week"] != "all" and row["line"] == "999":
            sums = hours.setdefault(str(int(row["hour_of_week"]) % 24), [0, 0])
            sums[0] += int(row["numerator"])
            sums[1] += int(row["denominator"])
    by_hour = {hour: round(k / n, 6) for hour, (k, n) in hours.items()}
    assert by_hour == expected["911_abandonment_rate_by_hour"]


def test_every_export_was_read_and_nothing_failed(left: Any) -> None:
    for name in ("decc-cad", "decc-phone", "anonbank-1999-02"):
        report = left(name).report
        assert report["faults"] == []
        assert {r["status"] for r in report["receipts"]} == {"read"}
