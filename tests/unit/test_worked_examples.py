"""METRICS' worked examples, to the millisecond and the fraction, from staged records through the real SQL."""

import json
from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from callclock.clock import Month
from callclock.contracts import CALLS as CALLS_TABLE
from callclock.contracts import CONTACTS, INCIDENTS, Table
from callclock.engine import connect
from callclock.lake.fold import fold_month
from callclock.metrics.catalogue import families
from callclock.metrics.evaluate import FOR_EVER, SourceKnown
from tests.support.curated import at, one, values_of
from tests.support.staged import local_month, write_staged

EXAMPLES = json.loads((Path(__file__).parents[1] / "fixtures" / "worked-examples.json").read_text("utf-8"))
EXAMPLE = {example["id"]: example for example in EXAMPLES["examples"]}
ATTENDANCE = [f for f in families() if f.tables == ("incidents",) and not f.name.endswith("_year")]
CALLS = [f for f in families() if f.tables == ("calls",) and not f.name.endswith("_year")]
FOLLOWTHROUGH = [f for f in families() if f.name.startswith("followthrough_") and not f.name.endswith("_year")]


def folded(table: Table, rows: list[dict[str, Any]], workdir: Path) -> list[Path]:
    """Curated files of the months that the records fall in, through the fold's own SQL."""
    months: dict[Month, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        months[local_month(table, row)].append(row)
    paths = []
    for month, mine in months.items():
        part = write_staged(workdir / f"part-{month}.parquet", table, mine)
        out = workdir / f"curated-{month}.parquet"
        with connect(workdir / "duckdb") as db:
            fold_month(db, table, month=month, zone="Europe/London", tolerance_s=2, here=[part], out=out)
        paths.append(out)
    return paths


@pytest.fixture(scope="module")
def marks(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    example, workdir = EXAMPLE["attendance_marks"], tmp_path_factory.mktemp("marks")
    as_at = at(example["as_at"])
    rows = [
        {
            "incident_id": record["id"],
            "record_key": record["id"],
            "exported_at": as_at,
            "origin": record["origin"],
            "grade_initial": example["grade"],
            "call_received_at": at(record["call"]),
            "first_arrived_at": record["arrived"] and at(record["arrived"]),
            "closed_at": record["closed"] and at(record["closed"]),
        }
        for record in example["records"]
    ]
    return values_of(ATTENDANCE, folded(INCIDENTS, rows, workdir), Month(2026, 3), workdir, as_at=as_at)


def test_counts(marks: pd.DataFrame) -> None:
    expected = EXAMPLE["attendance_marks"]["expected"]
    for metric in ("attendance.incidents", "attendance.attended", "attendance.open", "attendance.closed_unattended"):
        assert one(marks, metric=metric, grade="2")["value"] == expected[metric]
    reasons = {"officer": "officer_made", "already_on_scene": "already_on_scene"}
    for said, reason in reasons.items():
        row = one(marks, metric="attendance.excluded", grade="2", reason=reason)
        assert row["value"] == expected["excluded"][said]
    everything = one(marks, metric="attendance.excluded", grade="2")
    assert everything["value"] == sum(expected["excluded"].values())
    assert one(marks, metric="attendance.incidents", grade="2")["n_excluded"] == everything["value"]


@pytest.mark.parametrize("metric", ["attendance.mean_s", "attendance.median_s", "attendance.p90_s"])
def test_waits(marks: pd.DataFrame, metric: str) -> None:
    expected = EXAMPLE["attendance_marks"]["expected"]
    row = one(marks, metric=metric, grade="2")
    assert row["value"] == pytest.approx(expected[metric], rel=1e-12)
    assert row["n"] == expected["attendance.attended"]
    assert row["complete"] == expected["complete"][metric.removeprefix("attendance.")]
    assert str(row["period_start"]) == expected["period_start"]
    assert str(row["period_end"]) == expected["period_end"]


def test_mean_hides_unattended(marks: pd.DataFrame) -> None:
    example = EXAMPLE["attendance_marks"]["expected"]
    mean = one(marks, metric="attendance.mean_s", grade="2")
    assert mean["notes"] == example["notes"]
    # Markov's bound: over the attended alone it holds, over all (the unattended included) it does not.
    attended = list(example["attended_seconds"].values())
    later = sum(s > 7 * 86400 for s in attended) / len(attended)
    assert later * 7 * 86400 == pytest.approx(example["markov_attended"]["bound_s"])
    assert later * 7 * 86400 <= mean["value"]
    over = one(marks, metric="attendance.over_7d", grade="2")["value"]
    assert over * 7 * 86400 == example["markov_over_all_is_wrong"]["bound_s"] > mean["value"]


@pytest.mark.parametrize("mark", ["15m", "60m", "4h", "24h", "7d"])
def test_marks(marks: pd.DataFrame, mark: str) -> None:
    expected = EXAMPLE["attendance_marks"]["expected"]["marks"][mark]
    for kind in ("within", "closed_unattended_within", "over"):
        row = one(marks, metric=f"attendance.{kind}_{mark}", grade="2")
        key = "closed_unattended_within" if kind == "closed_unattended_within" else kind
        numerator, denominator = map(int, expected[key].split("/"))
        assert (row["numerator"], row["denominator"]) == (numerator, denominator)
        assert row["value"] == pytest.approx(float(Fraction(expected[key])), abs=1e-15)
        assert row["n_immature"] == expected["immature"]
        assert row["complete"] == EXAMPLE["attendance_marks"]["expected"]["complete"][mark]


@pytest.fixture(scope="module")
def waterfall(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    example, workdir = EXAMPLE["stage_waterfall"], tmp_path_factory.mktemp("waterfall")
    start, exported_at = at("2026-03-10T09:00:00Z"), at("2026-03-12T09:00:00Z")
    causes = {"abandoned": "hung_up", "callback": "callback", "flow_ended": "flow_ended", "answered": "answered"}

    def row(record: dict[str, Any]) -> dict[str, Any]:
        def instant(key: str) -> Any:
            return None if record.get(key) is None else start + timedelta(seconds=record[key])

        return {
            "call_id": str(record["id"]),
            "record_key": str(record["id"]),
            "exported_at": exported_at,
            "tells": "alternative_offered_at",
            "line": example["line"],
            "call_started_at": start,
            "ivr_entered_at": instant("ivr"),
            "alternative_offered_at": instant("alternative"),
            "switchboard_queued_at": instant("queued_switchboard"),
            "skill_queued_at": instant("queued_skill"),
            "ringing_at": instant("ringing"),
            "first_answered_at": instant("first_answer"),
            "final_answered_at": instant("final_answer"),
            "callback_asked_at": instant("callback_asked"),
            "callback_connected_at": instant("callback_connected"),
            "ended_at": instant("ended"),
            "end_cause": causes[record["outcome"]],
        }

    paths = folded(CALLS_TABLE, [row(record) for record in example["records"]], workdir)
    return values_of(CALLS, paths, Month(2026, 3), workdir, as_at=exported_at)


def test_stages_sum_to_offered(waterfall: pd.DataFrame) -> None:
    expected = EXAMPLE["stage_waterfall"]["expected"]
    shares = waterfall[(waterfall.metric == "calls.stage_share") & (waterfall.period_kind == "month")]
    shares = shares[(shares.queue == "all") & (shares.hour_of_week == "all")]
    assert dict(zip(shares.stage, shares.numerator, strict=True)) == {k: v for k, v in expected["stages"].items() if v}
    assert shares.numerator.sum() == one(waterfall, metric="calls.offered", line="101")["value"] == 12
    assert shares.value.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    "metric",
    [
        "calls.abandonment_rate",
        "calls.abandonment_rate_before_help",
        "calls.abandonment_rate_queued",
        "calls.abandonment_rate_adjusted_10s",
        "calls.no_person_reached_share",
        "calls.answered_within_10s",
    ],
)
def test_rates(waterfall: pd.DataFrame, metric: str) -> None:
    row = one(waterfall, metric=metric, line="101")
    assert f"{row['numerator']:.0f}/{row['denominator']:.0f}" == EXAMPLE["stage_waterfall"]["expected"][metric]


@pytest.mark.parametrize("wait", ["first", "final"])
def test_waits_for_an_answer(waterfall: pd.DataFrame, wait: str) -> None:
    expected = EXAMPLE["stage_waterfall"]["expected"]
    row = one(waterfall, metric=f"calls.wait_{wait}_median_s", line="101")
    assert row["value"] == pytest.approx(expected[f"calls.wait_{wait}_median_s"], rel=1e-12)
    assert row["n"] == expected[f"wait_{wait}_n"]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    example, workdir = EXAMPLE["followthrough"], tmp_path_factory.mktemp("followthrough")
    as_at = at("2026-04-10T00:00:00Z")
    calls: list[dict[str, Any]] = []
    contacts: list[dict[str, Any]] = []
    incidents: list[dict[str, Any]] = []
    for hung in example["episodes"]:
        ended = at(hung["hangup"])
        calls.append(phone(hung["id"], hung["key"], "101", ended - timedelta(minutes=3), ended, "hung_up"))
    for number, contact in enumerate(example["contacts"]):
        key, instant, kind = contact["key"], at(contact["at"]), contact["kind"]
        who = {"caller_key": key, "key_epoch": "1", "record_key": f"c{number}", "exported_at": as_at}
        if kind in {"answered_101", "call_999"}:
            line = "101" if kind == "answered_101" else "999"
            calls.append(phone(f"c{number}", key, line, instant, instant + timedelta(minutes=5), "answered"))
        elif kind == "incident_logged":
            said = {"incident_id": f"c{number}", "origin": "public", "created_at": instant, "call_received_at": instant}
            incidents.append({**who, **said})
        else:
            contacts.append({**who, "contact_id": f"c{number}", "channel": kind, "submitted_at": instant})
    tables = {CALLS_TABLE: calls, CONTACTS: contacts, INCIDENTS: incidents}
    paths = {table.name: folded(table, rows, workdir / table.name) for table, rows in tables.items()}
    spans = {table: (at(example["covered_from"][table]), at(example["covered_to"][table])) for table in paths}
    sources = [
        SourceKnown(table, "cad", as_at, "snapshot", covered_from=start, covered_to=end, gaps=((end, FOR_EVER),))
        for table, (start, end) in spans.items()
    ]
    first = paths.pop("calls")
    return values_of(FOLLOWTHROUGH, first, Month(2026, 3), workdir, as_at=as_at, also=paths, sources=sources)


def phone(record: str, key: str | None, line: str, start: Any, end: Any, cause: str) -> dict[str, Any]:
    """One staged call."""
    return {
        "call_id": record,
        "record_key": record,
        "exported_at": at("2026-04-10T00:00:00Z"),
        "line": line,
        "caller_key": key,
        "key_epoch": "1" if key else None,
        "call_started_at": start,
        "skill_queued_at": start,
        "final_answered_at": start if cause == "answered" else None,
        "ended_at": end,
        "end_cause": cause,
    }


def shown(row: pd.Series) -> str:
    return f"{row['numerator']:.0f}/{row['denominator']:.0f}"


@pytest.mark.parametrize("window", ["72h", "1h", "15m"])
def test_first_contact_after_the_hang_up(followed: pd.DataFrame, window: str) -> None:
    key = {"72h": "share_72h_all_mature", "1h": "share_1h_of_72h_mature", "15m": "share_15m_of_72h_mature"}[window]
    due = EXAMPLE["followthrough"]["expected"][key]
    shares = followed[(followed.metric == "followthrough.share") & (followed.period_kind == "month")]
    shares = shares[(shares.stage == "all") & (shares.window_label == window) & (shares.numerator > 0)]
    found = {row["outcome"]: shown(row) for _, row in shares.iterrows()}
    if window != "72h":  # the example does not list who was not found within the shorter windows
        assert found.pop("none_found") == f"{6 - len(due)}/6"
    assert found == due
    assert shares.value.sum() == pytest.approx(1.0)
    assert set(shares.n_immature) == {1}  # v
    assert set(shares.n_unknown) == {1}  # t
    assert not shares.complete.any()


@pytest.mark.parametrize(
    ("metric", "window"),
    [
        ("followthrough.no_contact_found_share", "72h"),
        ("followthrough.unlinkable_share", "all"),
        ("followthrough.placebo_share", "72h"),
    ],
)
def test_followthrough_shares(followed: pd.DataFrame, metric: str, window: str) -> None:
    row = one(followed, metric=metric, line="101", outcome="all", window_label=window)
    assert shown(row) == EXAMPLE["followthrough"]["expected"][metric]


def test_excess_and_delay(followed: pd.DataFrame) -> None:
    due = EXAMPLE["followthrough"]["expected"]
    excess = one(followed, metric="followthrough.excess_share", line="101", outcome="all", window_label="72h")
    assert excess["value"] == pytest.approx(float(Fraction(due["followthrough.excess_share"])))
    assert excess["n"] == due["placebo_n_72h"]
    assert pd.isna(excess["ci_low"])  # under thirty callers
    delay = one(followed, metric="followthrough.delay_median_s", line="101", outcome="all", window_label="72h")
    assert delay["value"] == due["followthrough.delay_median_s"]
    assert delay["n"] == due["delay_n"]


@pytest.mark.parametrize("month", ["2026-02", "2026-03"])
def test_callers_abandoned(month: str, tmp_path: Path) -> None:
    example = EXAMPLE["episodes"]
    calls = [
        phone(
            str(r["id"]),
            r["key"],
            example["line"],
            at(r["start"]),
            at(r["end"]),
            "answered" if r["answered"] else "hung_up",
        )
        for r in example["records"]
    ]
    found = values_of(
        CALLS, folded(CALLS_TABLE, calls, tmp_path), Month.parse(month), tmp_path, as_at=at("2026-04-10T00:00:00Z")
    )
    row = one(found, metric="calls.callers_abandoned", line="101")
    assert shown(row) == example["expected"]["calls.callers_abandoned"][month]
    if month == "2026-03":
        assert row["n_unknown"] == example["expected"]["unlinkable_calls"]
        rate = one(found, metric="calls.abandonment_rate", line="101")
        assert shown(rate) == example["expected"]["calls_abandoned_per_call_2026_03"]
