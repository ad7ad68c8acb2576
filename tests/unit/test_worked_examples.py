"""METRICS' worked examples, to the millisecond and the fraction, from staged records through the real SQL."""

from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from tests.support import worked
from tests.support.curated import one
from tests.support.worked import EXAMPLE


@pytest.fixture(scope="module")
def marks(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return worked.marks(tmp_path_factory.mktemp("marks"))


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
    return worked.waterfall(tmp_path_factory.mktemp("waterfall"))


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
    return worked.followed(tmp_path_factory.mktemp("followed"))


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
    found = worked.rung(month, tmp_path)
    row = one(found, metric="calls.callers_abandoned", line="101")
    assert shown(row) == example["expected"]["calls.callers_abandoned"][month]
    if month == "2026-03":
        assert row["n_unknown"] == example["expected"]["unlinkable_calls"]
        rate = one(found, metric="calls.abandonment_rate", line="101")
        assert shown(rate) == example["expected"]["calls_abandoned_per_call_2026_03"]


HUNG_UP = ["p", "q", "r", "s", "u", "v", "w"]


@pytest.mark.parametrize("who", HUNG_UP)
def test_what_became_of_each(who: str, tmp_path: Path) -> None:
    due = EXAMPLE["followthrough"]["expected"]
    assert due["first_contact"].keys() == due["status_72h"].keys() == set(HUNG_UP)
    found = worked.followed(tmp_path, who)
    shares = found[(found.metric == "followthrough.share") & (found.period_kind == "month")]
    shares = shares[(shares.stage == "all") & (shares.window_label == "72h")]
    mature = int(due["status_72h"][who] == "mature")
    assert set(zip(shares.denominator, shares.n_immature, strict=True)) == {(mature, 1 - mature)}
    outcome, after = due["first_contact"][who] or ("none_found", None)
    if after and after > 72 * 3600:
        outcome, after = "none_found", None
    assert list(shares[shares.numerator > 0].outcome) == [outcome] * mature
    delay = one(found, metric="followthrough.delay_median_s", line="101", outcome="all", window_label="72h")
    assert pd.isna(delay["value"]) if after is None else delay["value"] == after
    placebo = one(found, metric="followthrough.placebo_share", line="101", outcome="all", window_label="72h")
    assert placebo["denominator"] == int(bool(mature) and due["placebo_status_72h"].get(who) != "uncovered")


def test_chance_is_a_week_earlier_and_no_mirror_of_the_window(followed: pd.DataFrame) -> None:
    due = EXAMPLE["followthrough"]["expected"]
    keys = {"line": "101", "outcome": "all", "window_label": "72h"}
    placebo = one(followed, metric="followthrough.placebo_share", **keys)["value"]
    excess = one(followed, metric="followthrough.excess_share", **keys)["value"]
    assert placebo + excess == pytest.approx(float(Fraction(due["any_contact_72h_on_placebo_cohort"])))
    assert placebo != pytest.approx(float(Fraction(due["mirror_before_is_wrong"]["share"])))
